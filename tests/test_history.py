"""A delivery unlike what the department usually sends: told by default, held where the contract says so."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from expectations.bounds import bounds, is_within
from schemas.contract import Bound, feeds
from spark_jobs import pipeline
from spark_jobs.judging import decide
from spark_jobs.judging.figures import Profile
from spark_jobs.judging.history import Opinion, Shape, keep_profiles, opinion, opinions
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, read_ledger, record
from spark_jobs.lake.tables import create_tables, read
from spark_jobs.landing.land import make_landing_zone
from tests.declaring import FROZEN
from tests.drops import FIRMS, GOOD, HEADINGS, drop, receipt, table
from tests.test_decide import lakewarden

CONTRACT = feeds()["check_action"]
pytestmark = pytest.mark.usefixtures("six_feeds")
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
USUAL_CODES = {"check_result": {"01": 0.8, "02": 0.2}}


def shape(day: int = 0, rows: int = 500, codes: dict[str, dict[str, float]] | None = None, **filled: float) -> Shape:
    columns = {"check_mode": 0.9, "check_result": 1.0, "plan_id": 0.1, **filled}
    return Shape(MOMENT + timedelta(days=day), rows, columns, USUAL_CODES if codes is None else codes)


HISTORY = [shape(day) for day in range(6)]


def judged(now: Shape, history: list[Shape] = HISTORY, accepted: int | None = None) -> Opinion:
    return opinion(CONTRACT, now, now.rows if accepted is None else accepted, history, {"check_mode": "检查方式"})


def test_a_usual_delivery_raises_nothing() -> None:
    assert judged(shape()).figures == {"volume": 1.0, "emptied": 0.0, "shift": pytest.approx(0)}


@pytest.mark.parametrize("history", [[], HISTORY[:3], [shape(day, rows=19) for day in range(9)]])
def test_without_a_history_there_is_no_opinion(history: list[Shape]) -> None:
    assert set(judged(shape(rows=1, codes={}, check_mode=0), history).figures.values()) == {None}


def test_the_number_of_rows_is_told_against_the_median() -> None:
    history = [*HISTORY, shape(7, rows=100_000)]
    assert judged(shape(rows=200), history).figures["volume"] == 0.4
    assert judged(shape(rows=200), history).said["volume"] == "行数为通常的 40%（通常约 500 行，本次 200 行）"
    assert judged(shape(rows=2500)).said["volume"] == "行数为通常的 5.0 倍（通常约 500 行，本次 2500 行）"


def test_a_column_that_is_never_full_is_not_missed() -> None:
    assert judged(shape(plan_id=0.0)).figures["emptied"] == 0
    emptied = judged(shape(plan_id=0.0, check_mode=0.0))
    assert emptied.figures["emptied"] == 1
    assert emptied.said["emptied"] == "“检查方式”列以往多有内容，本次全空"


def test_few_rows_may_leave_a_column_empty_by_chance() -> None:
    history = [shape(day, rows=40, check_mode=0.3) for day in range(6)]
    assert judged(shape(rows=12, check_mode=0.0), history).figures["emptied"] == 0
    assert judged(shape(rows=40, check_mode=0.0), history).figures["emptied"] == 1


def test_the_code_that_moved_most_is_named() -> None:
    moved = judged(shape(codes={"check_result": {"01": 0.1, "02": 0.9}}))
    assert moved.figures["shift"] == pytest.approx(0.7)
    assert "“检查结果”的分布与以往差别很大" in moved.said["shift"]
    assert "由 80% 变为 10%" in moved.said["shift"]


@pytest.mark.parametrize("seed", range(30))
def test_chance_alone_is_no_shift(seed: int) -> None:
    """Deliveries drawn from one spread of many or few codes never reach the default bound."""
    dice = random.Random(seed)
    rows, codes = dice.choice([30, 60, 200, 1000]), dice.choice([2, 10, 60, 400])

    def drawn() -> dict[str, dict[str, float]]:
        found = [f"{dice.randrange(codes):03d}" for _ in range(rows)]
        return {"region_code": {code: found.count(code) / rows for code in found}}

    history = [shape(day, rows=rows, codes=drawn(), region_code=1.0) for day in range(12)]
    found = judged(shape(rows=rows, codes=drawn(), region_code=1.0), history).figures["shift"]
    assert is_within(bounds(CONTRACT)["shift"], found)
    assert found is None or found < 0.3
    if rows < 50 or codes > rows:
        assert found is None


def test_a_bound_without_ends_is_not_judged() -> None:
    usual = CONTRACT.expect.usual.model_copy(update={"shift": Bound()})
    contract = CONTRACT.model_copy(update={"expect": CONTRACT.expect.model_copy(update={"usual": usual})})
    assert "shift" not in bounds(contract)
    assert {"volume", "emptied"} <= set(bounds(contract))


def test_one_run_finds_the_same_as_a_run_a_file(home: Home) -> None:
    """Also with a delivery among them that the gate holds (no rows accepted), and in another department."""
    create_tables(home)
    sizes = [500, 520, 480, 500, 0, 490, 200, 510, 3000, 500]
    deliveries = [
        Delivery(
            delivery=f"{number:064x}",
            department=department,
            folder="check_action",
            feed="check_action",
            file_name=f"{number}.csv",
            bytes=1,
            received_at=MOMENT + timedelta(days=number),
            rows=size * scale,
        )
        for scale, department in ((1, "scjg"), (2, "yjj"))
        for number, size in enumerate(sizes, len(sizes) * scale)
    ]
    profiles = {
        one.delivery: Profile(
            {"rows": one.rows, "rows_accepted": one.rows, "quarantined_share": 0.0, "duplicate_keys": 0}
            | {f"filled__{name}": 0.9 for name in CONTRACT.expect.filled},
            shape().filled,
            USUAL_CODES,
        )
        for one in deliveries
    }
    contract = feeds()["check_action"]
    together = opinions(home, contract, deliveries, profiles, read_ledger(home))
    for one in deliveries:
        [alone] = opinions(home, contract, [one], profiles, read_ledger(home)).values()
        assert alone == together[one.delivery]
        keep_profiles(home, [one], profiles)
        record(home, [replace(one, state="accepted" if one.rows else "held")])
    assert read(home.table("ops", "profile")).num_rows == len(deliveries) * len(contract.columns)
    assert together == opinions(home, contract, deliveries, profiles, read_ledger(home))


def firms(number: int, rows: int = 100, state: str = "存续", scope: str = "食品销售") -> str:
    """Rows of a file, nine in ten in one state; `number` makes the content its own."""
    states = [state if line % 10 else "吊销" for line in range(rows)]
    return table(
        *(f"{FIRMS[line % 5]},{states[line]},{number}路{line}号,{scope}" for line in range(rows)),
        headings=f"{HEADINGS},登记状态,注册地址,经营范围",
    )


ODD = {
    "六_少半.csv": ({"rows": 40}, "行数为通常的 40%（通常约 100 行，本次 40 行）"),
    "七_空列.csv": ({"scope": ""}, "“经营范围”列以往多有内容，本次全空"),
    "八_变码.csv": ({"state": "注销"}, "“登记状态”的分布与以往差别很大（最大变化："),
}


def deliver(home: Home) -> None:
    make_landing_zone(home)
    for number in range(5):
        drop(home, f"{number}_往常.csv", firms(number))
    for number, (name, (given, _)) in enumerate(ODD.items(), 6):
        drop(home, name, firms(number, **given))  # type: ignore[arg-type]


def test_what_is_unlike_the_history_is_told_and_recorded(home: Home) -> None:
    deliver(home)
    assert lakewarden(home, "land").returncode == 0
    for name, (_, said) in ODD.items():
        told = receipt(home, name)
        assert told["状态"] == "已接收"
        assert f"提醒：{said}" in str(told["说明"])
    judged = read(home.table("ops", "expectation")).to_pylist()
    unmet = {row["expectation"] for row in judged if not row["is_met"]}
    assert {"volume", "emptied", "shift"} <= unmet
    assert {row["observed"] for row in judged if row["expectation"] == "volume"} == {None, 1.0, 0.4}
    profile = read(home.table("ops", "profile"), where=[("column_name", "=", "registration_state")]).to_pylist()
    assert [dict(row["codes"]) for row in profile].count({"1": 0.9, "2": 0.1}) == 7


def test_the_contract_may_hold_what_is_unlike_and_a_release_stands(home: Home, tmp_path: Path) -> None:
    strict = tmp_path / "strict" / "feeds" / "scjg"
    strict.mkdir(parents=True)
    contract = (FROZEN / "feeds" / "scjg" / "enterprise.yaml").read_text(encoding="utf-8")
    usual = "{volume: {min: 0.5, on: fail}, emptied: {max: 0, on: fail}, shift: {max: 0.5, on: fail}}"
    (strict / "enterprise.yaml").write_text(contract.replace("expect:\n", f"expect:\n  usual: {usual}\n"), "utf-8")
    deliver(home)
    assert lakewarden(home, "land", schemas=tmp_path / "strict").returncode == 1
    for name, (_, said) in ODD.items():
        told = receipt(home, name)
        assert told["状态"] == "暂缓入库"
        assert said in str(told["说明"])
        assert "整批暂缓入库" in str(told["说明"])
    released = decide.release(home, "六_少半.csv", "王科长", "本月只有四十家")
    record(home, [replace(released, state="replay_all")])
    assert lakewarden(home, "land", schemas=tmp_path / "strict").returncode == 0
    told = receipt(home, "六_少半.csv")
    assert (told["状态"], told["接收行数"]) == ("已接收", 40)
    assert "提醒：行数为通常的 40%" in str(told["说明"])
    assert "本月只有四十家" in str(told["处理意见"])
    for name in ("expectation", "reconciliation", "profile"):
        rows = read(home.table("ops", name), where=[("_delivery", "=", released.delivery)]).to_pylist()
        key = {"expectation": "expectation", "reconciliation": "hop", "profile": "column_name"}[name]
        assert len(rows) == len({row[key] for row in rows}), name


def test_statements_of_one_key_are_no_duplicates_and_deletions_need_not_be_filled(home: Home) -> None:
    headings = f"{HEADINGS},cd_operation,cd_time"
    statements = [
        f"{GOOD},I,2026-05-01 08:00:00",
        f"{GOOD},U,2026-05-02 08:00:00",
        "92420502MA4L0TE52G,,,D,2026-05-02 09:00:00",
        *(f"{row},I,2026-05-01 08:00:00" for row in FIRMS[2:]),
    ]
    drop(home, "变更.csv", table(*statements, headings=headings))
    pipeline.land(home)
    pipeline.conform(home)
    pipeline.validate(home)
    found = {row["expectation"]: row["observed"] for row in read(home.table("ops", "expectation")).to_pylist()}
    assert found["duplicate_keys"] == 0
    assert found["filled__established_date"] == 1
