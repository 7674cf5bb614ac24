"""What a person decides about a delivery, and what mending a contract changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.contract import SCHEMAS
from spark_jobs import pipeline
from spark_jobs.judging import decide
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.ledger import Delivery, read_ledger
from spark_jobs.lake.tables import read
from tests.declaring import FROZEN
from tests.drops import FIRMS, GOOD, HEADINGS, OTHER, drop, receipt, table

pytestmark = pytest.mark.usefixtures("six_feeds")


def state(home: Home, name: str) -> str:
    [found] = [one for one in read_ledger(home) if one.file_name == name]
    return found.state


def objects(home: Home) -> set[str]:
    return set(read(home.table("base", "supervised_object"), ["object_id"]).column(0).to_pylist())


def test_a_held_delivery_is_loaded_when_it_is_released_and_says_who_and_why(home: Home) -> None:
    drop(home, "少.csv", table(GOOD, OTHER))
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)
    assert (state(home, "少.csv"), objects(home)) == ("held", set())
    released = decide.release(home, "少.csv", "王科长", "本月只有两家新设")
    assert (released.decided_by, released.decided_why) == ("王科长", "本月只有两家新设")
    pipeline.base(home)
    assert objects(home) == {GOOD.split(",")[0], OTHER.split(",")[0]}
    assert receipt(home, "少.csv")["状态"] == "已接收"
    assert "王科长" in (home.receipts / "scjg" / "enterprise" / "少.csv.receipt.json").read_text()
    assert not pipeline.base(home).changed


def test_a_receipt_of_a_released_delivery_says_no_longer_that_it_is_held(home: Home) -> None:
    drop(home, "少.csv", table(GOOD, OTHER))
    pipeline.land(home)
    pipeline.conform(home)
    assert "行数为 2，低于约定的 5，整批暂缓入库；" in str(receipt(home, "少.csv")["说明"])
    decide.release(home, "少.csv", "王科长", "本月只有两家新设")
    told = str(receipt(home, "少.csv")["说明"])
    assert "暂缓" not in told
    assert "提醒：行数为 2，低于约定的 5；提醒：" in told
    assert "暂缓" not in (home.receipts / "scjg" / "enterprise" / "少.csv.receipt.html").read_text()


@pytest.mark.parametrize("decision", [decide.release, decide.reject])
def test_base_has_to_look_again_whoever_decided(home: Home, decision: Callable[..., Delivery]) -> None:
    """By `wakes` Airflow's conform emits silver, so that base runs although landing found nothing."""
    drop(home, "少.csv", table(GOOD, OTHER))
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)
    assert [pipeline.conform(home).wakes for _ in range(2)] == [False, False]
    decision(home, "少.csv", "王科长", "本月只有两家新设")
    report = pipeline.conform(home)
    assert (report.changed, report.wakes) == (False, True)
    pipeline.base(home)
    assert not pipeline.conform(home).wakes


def test_a_build_that_fails_is_asked_for_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "多.csv", table(*FIRMS))
    pipeline.land(home)
    pipeline.conform(home)
    with monkeypatch.context() as patch:
        patch.delenv("SPARK_REMOTE", raising=False)
        patch.setenv("LAKEWARDEN_ENGINE", "none")
        with pytest.raises(Refused):
            pipeline.base(home)
    assert pipeline.conform(home).wakes


def test_a_rejected_delivery_never_reaches_base_and_is_not_judged_again(home: Home) -> None:
    drop(home, "少.csv", table(GOOD))
    pipeline.land(home)
    pipeline.conform(home)
    [held] = read_ledger(home)
    decide.reject(home, held.delivery[:10], "王科长", "重复统计")
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        assert not stage(home).changed
    assert (state(home, "少.csv"), objects(home)) == ("rejected", set())
    with pytest.raises(Refused, match="not held"):
        decide.release(home, "少.csv", "王科长", "再想想")


def test_what_cannot_be_decided_says_what_to_do(home: Home) -> None:
    drop(home, "少.csv", table(GOOD))
    pipeline.land(home)
    pipeline.conform(home)
    with pytest.raises(Refused, match="--why"):
        decide.release(home, "少.csv", "王科长", " ")
    with pytest.raises(Refused, match="no delivery is called"):
        decide.release(home, "多.csv", "王科长", "好")


def lakewarden(home: Home, *words: str, schemas: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which reads its contracts anew."""
    command = [sys.executable, "-m", "spark_jobs.command.cli", "--home", str(home.path), *words]
    environment = {**os.environ, "LAKEWARDEN_SCHEMAS": str(schemas or "")}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


def test_mending_contract_and_code_list_loads_what_waited_for_it_once(home: Home, tmp_path: Path) -> None:
    """A row with an unknown place, a file with an unknown heading and a file below its number of rows."""
    wide = f"{HEADINGS},行政区划代码"
    rows = [f"{row},420100" for row in FIRMS[1:]]
    drop(home, "街道.csv", table(f"{GOOD},未来城", *rows, headings=wide))
    drop(home, "新表头.csv", table(f"{OTHER},城区", headings=f"{HEADINGS},所在城区"))
    drop(home, "少.csv", table(FIRMS[2]))
    assert lakewarden(home, "run").returncode == 1
    assert {name: state(home, name) for name in ("街道.csv", "新表头.csv", "少.csv")} == {
        "街道.csv": "accepted",
        "新表头.csv": "refused",
        "少.csv": "held",
    }
    assert receipt(home, "街道.csv")["退回行数"] == 1

    mended = tmp_path / "mended"
    (mended / "codes").mkdir(parents=True)
    regions = (SCHEMAS / "codes" / "region.csv").read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(regions) if line.startswith("420100,"))
    code, label, aliases, rest = regions[place].split(",", 3)
    regions[place] = f"{code},{label},{'|'.join(filter(None, [aliases, '未来城']))},{rest}"
    (mended / "codes" / "region.csv").write_text("\n".join(regions) + "\n", encoding="utf-8")
    contract = (FROZEN / "feeds" / "scjg" / "enterprise.yaml").read_text(encoding="utf-8")
    contract = contract.replace("ignore: [", "ignore: [所在城区, ").replace("rows: {min: 5}", "rows: {min: 1}")
    (mended / "feeds" / "scjg").mkdir(parents=True)
    (mended / "feeds" / "scjg" / "enterprise.yaml").write_text(contract, encoding="utf-8")

    ended = lakewarden(home, "replay", schemas=mended)
    assert ended.returncode == 0, ended.stderr
    assert {one.file_name: one.state for one in read_ledger(home)} == dict.fromkeys(
        ("街道.csv", "新表头.csv", "少.csv"), "accepted"
    )
    assert receipt(home, "街道.csv")["退回行数"] == 0
    silver = read(home.table("silver", "scjg_enterprise"), ["_delivery", "_line"]).to_pylist()
    assert len(silver) == len({tuple(row.values()) for row in silver}) == 7
    assert read(home.table("quarantine", "scjg_enterprise")).num_rows == 0
    assert objects(home) == {row.split(",")[0] for row in FIRMS}
    again = lakewarden(home, "replay", schemas=mended)
    assert again.returncode == 0, again.stderr
    assert read(home.table("silver", "scjg_enterprise")).num_rows == 7


def test_a_file_that_came_before_its_contract_is_loaded_once_there_is_one(home: Home, tmp_path: Path) -> None:
    drop(home, "个体户.csv", table(*FIRMS), folder="scjg/shop")
    assert lakewarden(home, "run").returncode == 1
    assert state(home, "个体户.csv") == "refused"

    feed = tmp_path / "promised" / "feeds" / "scjg" / "shop.yaml"
    feed.parent.mkdir(parents=True)
    feed.write_bytes((FROZEN / "feeds" / "scjg" / "enterprise.yaml").read_bytes())
    for _ in range(2):
        ended = lakewarden(home, "replay", schemas=tmp_path / "promised")
        assert ended.returncode == 0, ended.stderr + ended.stdout
        assert [(one.feed, one.state) for one in read_ledger(home)] == [("scjg_shop", "accepted")]
    assert receipt(home, "个体户.csv", "scjg/shop")["状态"] == "已接收"
    assert objects(home) == {row.split(",")[0] for row in FIRMS}
