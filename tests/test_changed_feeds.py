"""Contracts change after their first delivery: nothing that was understood is lost, and only what is broken waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.contract.lint import lint
from spark_jobs import pipeline
from spark_jobs.building.base import build_base
from spark_jobs.judging.decide import put_back, to_replay
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.ledger import read_ledger
from spark_jobs.lake.remembered import remember
from spark_jobs.lake.tables import create_tables, read
from spark_jobs.services.doctor import _contracts
from tests.declaring import declare, forget
from tests.drops import drop, receipt, table
from tests.silver_rows import lake

pytestmark = pytest.mark.usefixtures("six_feeds")

# Two feeds of a department that no one else delivers, side by side.
FEED = """
title: 样本
doc: One row a sample.
delivery: {cadence: weekly, mode: change}
key: [complaint_no]
columns:
  - {name: complaint_no, from: 编号, required: true}
  - {name: complained_name, from: 名称, required: true}
  - {name: region_code, from: 区划}
  - {name: capital_amount, from: 金额}
"""
TEXT = "  - {name: note, from: 备注, type: string, label: 备注}\n"
HEADINGS = "编号,名称,区划,金额,备注"
ROWS = ("1,甲,420100,5,8", "2,乙,420500,7,9")
# The feed after its first delivery, and what its second delivery then says of 备注.
CHANGES = {
    "removed": (FEED.replace("columns:", "ignore: [备注]\ncolumns:"), {"note": [None, None]}),
    "renamed": (FEED + TEXT.replace("name: note", "name: remark"), {"note": [None, None], "remark": ["8", "9"]}),
    "added": (FEED + TEXT + TEXT.replace("name: note", "name: second"), {"note": ["8", "9"], "second": ["8", "9"]}),
    "keyed": (FEED.replace("[complaint_no]", "[complaint_no, complained_name]") + TEXT, {"note": ["8", "9"]}),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path / "schemas"))
    declare(tmp_path / "schemas", {"feeds/scjg/sample": FEED + TEXT, "feeds/scjg/beside": FEED + TEXT})
    yield tmp_path / "schemas"
    monkeypatch.undo()
    os.environ["LAKEWARDEN_QUIET"] = "0"
    forget()


def deliver(home: Home, name: str, *rows: str, folder: str = "scjg/sample") -> list[pipeline.StageReport]:
    if rows:
        drop(home, name, table(*rows, headings=HEADINGS), folder)
    return [pipeline.land(home), pipeline.conform(home)]


def silver(home: Home, feed: str, *columns: str) -> list[dict[str, Any]]:
    rows = read(home.table("silver", feed), ["complaint_no", *columns]).to_pylist()
    return sorted(rows, key=lambda row: str(row["complaint_no"]))


@pytest.mark.parametrize("change", CHANGES)
def test_rows_before_and_after_a_change_lie_in_one_table(home: Home, root: Path, change: str) -> None:
    deliver(home, "first.csv", *ROWS)
    text, expected = CHANGES[change]
    declare(root, {"feeds/scjg/sample": text})
    reports = deliver(home, "second.csv", *(row.replace(row[0], f"1{row[0]}", 1) for row in ROWS))
    assert [report.warnings for report in reports] == [[], []]
    assert {one.state for one in read_ledger(home)} == {"accepted"}
    rows = silver(home, "scjg_sample", *expected)
    new = [row for row in rows if len(row["complaint_no"]) == 2]
    assert {name: [row[name] for row in new] for name in expected} == expected
    old = [row for row in rows if row not in new]
    assert [row["note"] for row in old] == ["8", "9"]
    assert all(row[name] is None for row in old for name in expected if name != "note")


def test_a_file_that_waits_is_judged_by_its_headings_whatever_its_columns_are_called_now(
    home: Home, root: Path
) -> None:
    """It was landed by the contract of yesterday: bronze has 备注 as note; 区划 and 名称 have changed places."""
    drop(home, "first.csv", table(*ROWS, headings=HEADINGS), "scjg/sample")
    pipeline.land(home)
    turned = FEED.replace("名称", "X").replace("区划", "名称").replace("X", "区划").replace("金额", "备注")
    declare(root, {"feeds/scjg/sample": turned + TEXT.replace("备注, type", "金额, type")})
    pipeline.conform(home)
    [delivery] = read_ledger(home)
    assert delivery.rows == delivery.rows_accepted + delivery.rows_quarantined == 2
    told = (home.receipts / "scjg" / "sample" / "first.csv.rejected.csv").read_text("utf-8-sig")
    assert "区划" in told.splitlines()[0]
    assert delivery.rows_quarantined == 2  # 甲 is no division
    assert "甲" in told


def test_a_renamed_column_is_found_again_by_a_replay_of_rows_that_lie_among_others(home: Home, root: Path) -> None:
    deliver(home, "first.csv", *ROWS, "3,丙,不知,1,x")
    free = FEED.replace("{name: region_code, from: 区划}", "{name: place, from: 区划, type: string, label: 地}")
    declare(root, {"feeds/scjg/sample": free + TEXT.replace("note", "remark")})
    put_back(home, to_replay(home, None, None))
    pipeline.conform(home)
    rows = silver(home, "scjg_sample", "note", "remark", "place")
    assert rows[2] == {"complaint_no": "3", "note": None, "remark": "x", "place": "不知"}
    assert receipt(home, "first.csv", "scjg/sample")["状态"]


def test_a_column_of_another_type_parks_its_feed_alone_until_it_is_mended(home: Home, root: Path) -> None:
    deliver(home, "first.csv", *ROWS)
    declare(root, {"feeds/scjg/sample": FEED + TEXT.replace("string", "integer")})
    for number, name in enumerate(("sample", "beside"), 7):
        drop(home, f"{name}.csv", table(f"{number},丁,420100,5,8", headings=HEADINGS), f"scjg/{name}")
    pipeline.land(home)
    for _ in range(2):
        report = pipeline.conform(home)
        assert report.figures["parked"] == 1
        [warning] = report.warnings
        assert warning.startswith("scjg_sample is parked: note is long in its contract and string in silver")
        assert "sample.yaml" in warning
    assert {one.file_name: one.state for one in read_ledger(home)} == {
        "first.csv": "accepted",
        "beside.csv": "accepted",
    }
    assert len(silver(home, "scjg_sample")) == 2
    declare(root, {"feeds/scjg/sample": FEED + TEXT.replace("string", "integer").replace("note", "count")})
    assert pipeline.conform(home).warnings == []
    assert [row["count"] for row in silver(home, "scjg_sample", "count")] == [None, None, 8]


def test_files_of_a_feed_whose_contract_is_missing_wait_and_nobody_is_told_that_they_are_wrong(
    home: Home, root: Path
) -> None:
    deliver(home, "first.csv", *ROWS)
    declare(root, {"feeds/scjg/sample": None})
    drop(home, "second.csv", table("3,丙,420100,5,8", headings=HEADINGS), "scjg/sample")
    for _ in range(2):
        land, _ = deliver(home, "other.csv", "4,丁,420100,5,8", folder="scjg/beside")
        [warning] = land.warnings
        assert warning.startswith(f"scjg_sample: known here from the contracts in {root}")
        assert land.figures["parked"] == 1
    assert {one.file_name: one.state for one in read_ledger(home)} == {"first.csv": "accepted", "other.csv": "accepted"}
    [finding] = [one for one in _contracts(home) if one.state == "fail" and "scjg_sample" in one.seen]
    assert str(root) in finding.seen
    declare(root, {"feeds/scjg/sample": FEED + TEXT})
    assert [report.warnings for report in deliver(home, "")] == [[], []]
    assert len(silver(home, "scjg_sample")) == 3


def test_init_forgets_a_feed_that_is_gone_for_good(home: Home, root: Path) -> None:
    deliver(home, "first.csv", *ROWS)
    declare(root, {"feeds/scjg/sample": None})
    remember(home, only=True)
    assert [report.warnings for report in deliver(home, "")] == [[], []]


def test_a_replay_finds_the_files_that_were_refused_for_want_of_their_contract(home: Home, root: Path) -> None:
    """Refused under the name of their folder; who asks for the feed means them too."""
    declare(root, {"feeds/scjg/sample": None})
    remember(home, only=True)
    deliver(home, "first.csv", *ROWS)
    assert [(one.feed, one.state) for one in read_ledger(home)] == [("sample", "refused")]
    declare(root, {"feeds/scjg/sample": FEED + TEXT})
    assert [one.file_name for one in to_replay(home, "scjg_sample", None)] == ["first.csv"]
    assert pipeline.replay("scjg_sample")(home).figures["landed"] == 1
    assert pipeline.conform(home).figures["accepted"] == 2
    assert [(one.feed, one.state) for one in read_ledger(home)] == [("scjg_sample", "accepted")]


@pytest.mark.parametrize(("feed", "department"), [("scjg_smaple", None), (None, "sjcg")])
def test_a_replay_of_what_there_is_none_of_is_refused_and_names_what_was_meant(
    home: Home, root: Path, feed: str | None, department: str | None
) -> None:
    with pytest.raises(Refused, match=r"did you mean .*scjg"):
        pipeline.replay(feed, department)(home)


def test_doctor_names_a_column_whose_type_changed(home: Home, root: Path) -> None:
    deliver(home, "first.csv", *ROWS)
    declare(root, {"feeds/scjg/sample": FEED + TEXT.replace("string", "integer"), "feeds/scjg/beside": None})
    remember(home, only=True)
    [finding] = [one for one in _contracts(home) if one.state == "fail"]
    assert (finding.subject, finding.seen) == ("feed scjg_sample", "note is long in its contract and string in silver")


def test_a_feed_that_states_another_type_than_its_base_table_is_named_by_the_lint_and_parked_alone(
    tmp_path: Path, root: Path
) -> None:
    base = "title: 样本\ndoc: One row.\nkey: [complaint_no]\nmerge: newest\ncolumns: [complaint_no, NOTE]\n"
    fed = {f"base/{name}": base.replace("NOTE", TEXT[4:].strip().replace("from: 备注, ", "")) for name in ("a", "b")}
    feeds = {f"feeds/scjg/{name}": f"into: [{name}]\n{FEED}{TEXT}" for name in ("a", "b")}
    declare(root, {**fed, **feeds})
    assert not any("note is" in sentence for sentence in lint())
    with lake(tmp_path / "lake") as home:
        for name in ("a", "b"):
            deliver(home, f"{name}.csv", *ROWS, f"9,{name},420100,1,1", folder=f"scjg/{name}")
        assert build_base(home).parked == []
        declare(root, {"base/a": fed["base/a"].replace("string", "integer")})
        create_tables(home)
        assert any("note is string in scjg_a and bigint in base.a" in sentence for sentence in lint())
        for name in ("a", "b"):
            deliver(home, f"{name}2.csv", f"3,{name},420100,1,1", folder=f"scjg/{name}")
        [warning] = build_base(home).parked
        assert warning.startswith("scjg_a is parked")
        assert "note is string in scjg_a and bigint in base.a" in warning
        counted = {name: read(home.table("base", name), ["complaint_no"]).num_rows for name in ("a", "b")}
        assert counted == {"a": 3, "b": 4}
