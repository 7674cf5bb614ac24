"""Several feeds flow into one base table: what one of them does never stops, hides or withdraws what others deliver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from schemas.contract import contracts
from schemas.contract.lint import lint
from spark_jobs.building.base import build_base
from spark_jobs.engine.session import connect
from spark_jobs.lake.columns import silver_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import overwrite, read
from tests import declaring
from tests.declaring import FROZEN
from tests.silver_rows import Row, deliver, lake

pytestmark = pytest.mark.usefixtures("six_feeds")

FIRMS = ["91420100MA4K00010R", "92420502MA4L0TE52G", "93421083MA4M00A75M"]
CASE = """
title: 药品投诉举报
doc: Complaints about medicines; one row a case.
into: [complaint]
delivery: {cadence: weekly, mode: change}
key: [complaint_no]
columns:
  - {name: complaint_no, from: 编号, required: true}
  - {name: complaint_kind, from: 类型, required: true}
  - {name: complained_uscc, from: 代码}
  - {name: region_code, from: 区划, required: true}
  - {name: received_date, from: 日期, required: true}
"""
OFFICERS = """
title: 样本执法人员名单
doc: One row a licence.
into: [enforcement_officer]
delivery: {cadence: quarterly, mode: full}
key: [certificate_no]
columns:
  - {name: certificate_no, from: 证号, required: true}
  - {name: officer_name, from: 姓名}
  - {name: region_code, from: 区划, required: true}
"""


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[dict[str, str | None]], None]]:
    """Writes contracts beside the repository's, by their path below schemas/."""
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path / "schemas"))
    yield partial(declaring.declare, tmp_path / "schemas")
    monkeypatch.delenv("LAKEWARDEN_SCHEMAS")
    declaring.forget()


def _complaint(number: str) -> Row:
    return {"complaint_no": number, "complaint_kind": "1", "region_code": "420500", "complained_uscc": FIRMS[0]}


def _standing(home: Home, table: str, key: str) -> dict[str, bool]:
    rows = read(home.table("base", table), [key, "withdrawn_at"]).to_pylist()
    return {row[key]: row["withdrawn_at"] is None for row in rows}


def _hops(home: Home) -> set[tuple[str, str, int, int, int]]:
    rows = read(home.table("ops", "reconciliation")).to_pylist()
    return {(row["feed"], row["hop"], row["rows_in"], row["rows_out"], row["rows_aside"]) for row in rows}


def test_a_second_departments_feed_flows_into_a_table_without_sql(declare, tmp_path: Path) -> None:
    declare({"feeds/yjj/case": CASE})
    assert lint() == []
    with lake(tmp_path / "lake") as home:
        deliver(home, "complaint", "scjg", "2026-01-01", [_complaint("1")])
        deliver(home, "yjj_case", "yjj", "2026-01-02", [_complaint("1"), _complaint("2")])
        build = build_base(home)
        rows = read(
            home.table("base", "complaint"), ["department", "complaint_no", "object_id", "city_code"]
        ).to_pylist()
    assert build.parked == []
    assert {(row["department"], row["complaint_no"]) for row in rows} == {("scjg", "1"), ("yjj", "1"), ("yjj", "2")}
    assert {(row["object_id"], row["city_code"]) for row in rows} == {(FIRMS[0], "420500")}


def test_a_feed_without_the_tables_key_is_found_by_the_lint_and_parked_while_others_go_on(declare, tmp_path) -> None:
    broken = CASE.replace("into: [complaint]", "into: [complaint, supervision_item]")
    declare({"feeds/yjj/case": broken})
    [said] = lint()
    assert "into: supervision_item: its key item_code cannot be read from this feed" in said
    with lake(tmp_path / "lake") as home:
        deliver(home, "yjj_case", "yjj", "2026-01-01", [_complaint("1")])
        deliver(home, "complaint", "scjg", "2026-01-01", [_complaint("2")])
        first = build_base(home)
        second = build_base(home)
        assert _standing(home, "complaint", "complaint_no") == {"1": True, "2": True}
    [warning] = first.parked
    assert warning.startswith("yjj_case is parked: it cannot be merged into base.supervision_item: its key item_code")
    assert (second.figures, second.parked) == ({}, first.parked)


def test_a_feed_whose_silver_table_is_broken_is_parked_and_merged_once_it_is_mended(declare, tmp_path: Path) -> None:
    declare({"feeds/yjj/case": CASE})
    with lake(tmp_path / "lake") as home:
        spark = connect(home)
        deliver(home, "yjj_case", "yjj", "2026-01-01", [_complaint("1")])
        deliver(home, "complaint", "scjg", "2026-01-01", [_complaint("2")])
        path = home.table("silver", "yjj_case")
        whole = read(path)
        overwrite(path, whole.drop_columns(["region_code"]))
        spark.sql("drop table silver.yjj_case")
        spark.sql(f"create table silver.yjj_case using delta location '{path}'")
        parked = build_base(home)
        assert _standing(home, "complaint", "complaint_no") == {"2": True}
        [warning] = parked.parked
        assert "yjj_case is parked: it cannot be merged into base.complaint" in warning
        assert "region_code" in warning
        overwrite(path, pa.table(whole, schema=silver_schema(contracts()["yjj_case"])))
        spark.sql("drop table silver.yjj_case")
        spark.sql(f"create table silver.yjj_case using delta location '{path}'")
        mended = build_base(home)
        assert _standing(home, "complaint", "complaint_no") == {"1": True, "2": True}
    assert mended.parked == []


def test_two_lists_of_one_department_do_not_withdraw_each_others_rows(declare, tmp_path: Path) -> None:
    declare({"feeds/yjj/officer_of_cities": OFFICERS})
    officers = [{"certificate_no": f"1701000000{n}", "region_code": "420100"} for n in range(4)]
    with lake(tmp_path / "lake") as home:
        deliver(home, "officer", "yjj", "2026-01-01", officers[:2])
        deliver(home, "yjj_officer_of_cities", "yjj", "2026-01-02", officers[2:])
        build_base(home)
        assert set(_standing(home, "enforcement_officer", "certificate_no").values()) == {True}
        deliver(home, "yjj_officer_of_cities", "yjj", "2026-01-03", officers[2:3])
        build_base(home)
        grown = _standing(home, "enforcement_officer", "certificate_no")
        build_base(home, full=True)
        assert _standing(home, "enforcement_officer", "certificate_no") == grown
    assert grown == {"17010000000": True, "17010000001": True, "17010000002": True, "17010000003": False}


def test_authority_over_a_column_is_not_the_power_to_withdraw_a_firm(declare, tmp_path: Path) -> None:
    base = (FROZEN / "base" / "supervised_object.yaml").read_text("utf-8")
    listed = (FROZEN / "feeds" / "scjg" / "enterprise.yaml").read_text("utf-8").replace("mode: change", "mode: full")
    declare(
        {
            "base/supervised_object": base.replace(
                "- address_operating", "- {name: address_operating, authority: [yjj]}"
            ),
            "feeds/yjj/drug_firm": listed.replace("[注册地址, 住所]", "注册地址").replace(
                "address_registered", "address_operating"
            ),
        }
    )
    assert lint() == []
    with lake(tmp_path / "lake") as home:
        deliver(
            home, "scjg_enterprise", "scjg", "2026-01-01", [{"uscc": firm, "object_name": "登记"} for firm in FIRMS]
        )
        deliver(home, "yjj_drug_firm", "yjj", "2026-01-02", [{"uscc": FIRMS[0], "address_operating": "药监所知"}])
        deliver(home, "yjj_drug_firm", "yjj", "2026-01-03", [{"uscc": FIRMS[1], "address_operating": "药监所知"}])
        build_base(home)
        rows = read(home.table("base", "supervised_object"), ["object_id", "address_operating", "claims"]).to_pylist()
        assert set(_standing(home, "supervised_object", "object_id").values()) == {True}
    claimed = {row["object_id"]: row["claims"]["address_operating"] for row in rows if row["address_operating"]}
    assert set(claimed) == {FIRMS[0], FIRMS[1]}
    assert all(claim.startswith("2|") for claim in claimed.values())


def test_every_target_of_a_feed_is_reconciled_whatever_their_order(declare, tmp_path: Path) -> None:
    acts = [
        {"check_action_code": "a", "administrative_cp_document": "001", "administrative_cp_code": FIRMS[0]},
        {"check_action_code": "b", "administrative_cp_document": "111", "administrative_cp_code": "42010019900101001X"},
    ]
    turned = (FROZEN / "feeds" / "check_action.yaml").read_text("utf-8")
    declare(
        {"feeds/check_action": turned.replace("[check_action, supervised_object]", "[supervised_object, check_action]")}
    )
    with lake(tmp_path / "lake") as home:
        deliver(home, "check_action", "yjj", "2026-01-01", acts)
        build_base(home)
        assert _hops(home) == {
            ("check_action", "base.check_action", 2, 2, 0),
            ("check_action", "base.supervised_object", 2, 1, 1),
        }
        assert build_base(home).figures == {}


def test_rows_that_a_table_lost_park_their_feed_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lake(tmp_path / "lake") as home:
        deliver(home, "complaint", "scjg", "2026-01-01", [_complaint("1")])
        lost = deliver(
            home, "officer", "yjj", "2026-01-01", [{"certificate_no": "17010000001", "region_code": "420100"}]
        )
        silver = home.table("silver", "officer")
        overwrite(silver, read(silver).slice(0, 0))
        build = build_base(home)
        hops = {hop[1]: hop[2:] for hop in _hops(home)}
        still = build_base(home)
    [warning] = build.parked
    assert warning.startswith("officer is parked")
    assert lost[:12] in warning
    assert hops == {"base.complaint": (1, 1, 0), "base.enforcement_officer": (1, 0, 0)}
    assert still.parked == [warning]
