"""What measures and fields bring forth: acts counted by object and by month, and the indicators made of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from dbt_project.render import fields as render_fields
from schemas.contract import fields, table_of
from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.lineage import Lineage
from spark_jobs.building.views import build_gold, build_tables, build_themes
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import exists, has_rows, read
from tests.silver_rows import Row, deliver, lake

A, B, C = "91420100MA4K00010R", "92420502MA4L0TE52G", "93421083MA4M00A75M"
MARKET, DRUG = "31001001142001", "72001001142001"


def _check(code: str, item: str | None, day: date, result: str = "02", **more: Any) -> Row:
    party = {"administrative_cp_document": "001", "administrative_cp_code": A, "region_code": "421023"}
    return {"check_action_code": code, "item_code": item, "check_date": day, "check_result": result, **party, **more}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Inspections of two fields, one without a prefecture and one withdrawn; a penalty and complaints."""
    with lake(tmp_path_factory.mktemp("views")) as home:
        firms = [(A, "2710"), (B, "5212"), (C, "2710")]
        registered = [{"uscc": firm, "industry_code": code, "region_code": "421088"} for firm, code in firms]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        nobody = {"administrative_cp_document": "111", "region_code": "420000"}
        inspected = [
            _check("1", DRUG, date(2026, 1, 5)),
            _check("2", DRUG, date(2026, 1, 31), "01"),
            _check("3", MARKET, date(2026, 1, 9), **nobody),
            _check("4", None, date(2026, 3, 9)),
            _check("5", DRUG, date(2026, 2, 5), cd_operation="D", cd_time=None),
        ]
        deliver(home, "check_action", "yjj", "2026-04-01", inspected)
        fined = {**_check("p", MARKET, date(2026, 1, 8)), "punish_action_code": "p", "punish_date": date(2026, 2, 28)}
        del fined["check_action_code"], fined["check_date"], fined["check_result"]
        deliver(home, "punish_action", "scjg", "2026-04-01", [{**fined, "fine_cny": Decimal("500.50")}])
        complained = [("1", date(2026, 1, 12)), ("2", None)]
        complaints = [
            {
                "complaint_no": number,
                "complaint_kind": "1",
                "complained_uscc": B,
                "region_code": "421088",
                "received_date": date(2026, 1, 5),
                "decided_date": decided,
                "closed_date": decided,
            }
            for number, decided in complained
        ]
        deliver(home, "complaint", "scjg", "2026-04-01", complaints)
        build_base(home)
        build_themes(home)
        build_gold(home, date(2026, 6, 30))
        yield home


def _rows(home: Home, table: str, *columns: str) -> set[tuple[Any, ...]]:
    layer, name = table.split(".")
    return {tuple(row[column] for column in columns) for row in read(home.table(layer, name)).to_pylist()}


def test_acts_are_counted_by_place_field_item_and_month(built: Home) -> None:
    """An item names the field, else the department; places are today's; who names no prefecture is the province."""
    columns = (
        "city_code",
        "region_code",
        "field",
        "item_code",
        "month",
        "checks",
        "checks_with_problem",
        "punishments",
    )
    january, february, march = (date(2026, month, 1) for month in (1, 2, 3))
    assert _rows(built, "themes.activity_month", *columns) == {
        ("421000", "421088", "drug", DRUG, january, 2, 1, 0),
        ("420000", "420000", "market", MARKET, january, 1, 1, 0),
        ("421000", "421088", "drug", "", march, 1, 1, 0),
        ("421000", "421088", "market", MARKET, february, 0, 0, 1),
        ("421000", "421088", "market", "", january, 0, 0, 0),
    }
    assert _rows(built, "themes.drug_activity_month", "month", "checks") == {(january, 2), (march, 1)}


def test_acts_on_an_object_are_counted_by_field(built: Home) -> None:
    columns = (
        "object_id",
        "field",
        "checks",
        "punishments",
        "fine_cny",
        "complaints",
        "first_check_date",
        "last_check_date",
    )
    assert _rows(built, "themes.object_activity", *columns) == {
        (A, "drug", 3, 0, Decimal("0.00"), 0, date(2026, 1, 5), date(2026, 3, 9)),
        (A, "market", 0, 1, Decimal("500.50"), 0, None, None),
        (B, "market", 0, 0, Decimal("0.00"), 2, None, None),
    }
    profiles = _rows(built, "themes.object_profile", "object_id", "checks", "punishments", "complaints")
    assert profiles == {(A, 3, 1, 0), (B, 0, 0, 2), (C, 0, 0, 0)}


def test_a_field_has_the_objects_of_its_industries_and_those_it_acted_on(built: Home) -> None:
    assert _rows(built, "themes.drug_profile", "object_id", "checks") == {(A, 3), (C, 0)}
    assert {row[0] for row in _rows(built, "themes.market_profile", "object_id")} == {A, B, C}
    for name in fields():
        read(built.table("themes", f"{name}_profile"))
        read(built.table("themes", f"{name}_activity_month"))


def test_without_a_field_that_names_a_code_an_act_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render_fields, "fields", dict)
    item = "case when item_code is null then '' else '' end"
    assert render_fields.field_of(table_of("base.check_action")) == item
    assert render_fields.field_of(table_of("base.accident")) == "''"


# The indicators of tables in which this lake has a row.
COUNTED = {
    *("problem_rate", "coverage_rate", "fine_per_punishment", "completion_rate", "on_time_rate"),
    *("acts_under_invalid_items", "inspection_coverage_rate", "object_match_rate"),
    *("unlicensed_rate", "expired_rate", "short_staffed_rate", "assistants_rate", "two_places_rate"),
}


def test_indicators_keep_numerator_and_denominator_of_every_period_and_place(built: Home) -> None:
    columns = ("indicator", "period_kind", "period", "city_code", "field", "numerator", "denominator", "is_breached")
    rows = _rows(built, "gold.indicator", *columns)
    assert {row[0] for row in rows} == COUNTED
    january, year = date(2026, 1, 1), date(2026, 1, 1)
    assert ("problem_rate", "month", january, "421000", "drug", 1, 2, None) in rows
    assert ("problem_rate", "year", year, "", "", 3, 4, None) in rows
    assert ("problem_rate", "quarter", january, "421000", "drug", 2, 3, None) in rows
    assert ("on_time_rate", "month", january, "421000", "", 1, 2, True) in rows
    assert ("coverage_rate", "year", year, "421000", "", 1, 3, None) in rows
    assert ("coverage_rate", "month", january, "", "", 1, 3, None) in rows


def test_a_figure_drills_down_to_the_rows_that_it_counts(built: Home) -> None:
    def codes(figure: str, cell: Cell, **side: bool) -> set[str]:
        rows = query(built, drill_sql(figure, cell, **side)).toArrow().to_pylist()
        return {row["check_action_code"] for row in rows}

    january = Cell(period="2026-01", city="421000", department="yjj", field="drug")
    assert codes("problem_rate", january) == {"1"}
    assert codes("problem_rate", january, is_denominator=True) == {"1", "2"}
    assert codes("checks", Cell(period="2026-Q1", county="421088")) == {"1", "2", "4"}
    assert codes("checks", Cell(period="2025")) == set()
    with pytest.raises(Refused, match="nosuch is no figure and no rule; there are "):
        drill_sql("nosuch", Cell())
    with pytest.raises(Refused, match="2026-13 is no period"):
        drill_sql("checks", Cell(period="2026-13"))


def test_gold_waits_for_themes_that_are_not_there_yet(tmp_path: Path) -> None:
    """A day may begin before the first base is built, or before the themes of a new field."""
    with lake(tmp_path / "lake") as home:
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", [{"uscc": A, "object_name": "样本"}])
        build_base(home)
        build_gold(home, date(2026, 6, 30))
        assert not exists(home.table("gold", "risk_score"))
        build_themes(home)
        assert build_gold(home, date(2026, 6, 30))
        assert read(home.table("gold", "risk_score")).num_rows == 1
        assert not build_gold(home, date(2026, 6, 30))


def _types(home: Home, layer: str, name: str) -> dict[str, str]:
    return {column.name: str(column.type) for column in DeltaTable(home.table(layer, name)).schema().fields}


def test_every_model_gives_nothing_from_nothing(tmp_path: Path) -> None:
    """So what reads nothing but empty tables need not be built (Lineage.rowless); as made, it has the same columns."""
    with lake(tmp_path) as home:
        for layer, build in (("themes", build_themes), ("gold", partial(build_gold, as_of=date(2026, 6, 30)))):
            assert build(home)
            lineage = Lineage(home, layer, date(2026, 6, 30))
            rowless = lineage.rowless(lineage.all_tables())
            assert len(rowless) > 0.9 * len(lineage.all_tables())
            made = {name: _types(home, layer, name) for name in rowless}
            build_tables(home, lineage, rowless, full=True)
            assert not [name for name in sorted(rowless) if has_rows(home.table(layer, name))]
            assert {name: _types(home, layer, name) for name in rowless} == made


def test_a_view_is_built_anew_only_where_what_it_reads_has_changed(built: Home) -> None:
    assert not build_themes(built)
    assert not build_gold(built, date(2026, 6, 30))
    assert build_gold(built, date(2026, 7, 1))
    item = {"item_code": DRUG, "item_name": "检查", "supervision_department": "72", "measure": "1"}
    deliver(built, "supervision_item", "yjj", "2026-05-01", [item])
    build_base(built)
    assert not build_themes(built)
