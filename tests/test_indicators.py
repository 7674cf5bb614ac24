"""Indicators of every kind of part: summed from monthly facts, counted anew, and of what stands without a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from schemas.contract import indicators
from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import connect
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

FIRM = "91420100MA4K00010R"
FORMER, TODAY, PROVINCE = "421023", "421088", "420000"
SUMMED = """
code: T1
label: 检查次数
doc: For tests.
source: (ours)
numerator: checks
dimensions: [county]
"""
ANEW = SUMMED.replace("T1", "T2").replace("numerator: checks", "numerator: objects_checked")
ANEW += "unit: count\n"
EXAMPLES = {"checks_summed": SUMMED, "objects_anew": ANEW}


def _check(code: str, item: str | None, day: date, region: str | None = TODAY) -> Row:
    party = {"administrative_cp_document": "001", "administrative_cp_code": FIRM, "region_code": region}
    return {"check_action_code": code, "item_code": item, "check_date": day, "check_result": "02", **party}


def _forget() -> None:
    indicators.cache_clear()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Inspections of one firm, in a county before and after it became a city, with indicators for tests."""
    declared = tmp_path_factory.mktemp("declared")
    folder = declared / "indicators" / "test"
    folder.mkdir(parents=True)
    for name, text in EXAMPLES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched, lake(tmp_path_factory.mktemp("indicators")) as (home, _):
        patched.setenv("LAKEWARDEN_SCHEMAS", str(declared))
        _forget()
        inspected = [
            _check("1", None, date(2026, 1, 5), FORMER),
            _check("2", None, date(2026, 1, 6), TODAY),
            _check("3", None, date(2026, 2, 1), PROVINCE),
            _check("4", None, date(2026, 2, 1), None),
        ]
        deliver(home, "check_action", "yjj", "2026-04-01", inspected)
        build_base(home)
        build_themes(home)
        build_gold(home, date(2026, 6, 30))
        yield home
    _forget()


def _of_the_year(home: Home, indicator: str, *columns: str) -> dict[tuple[str, ...], int]:
    """The numerators of an indicator by these columns; no two of its rows have the same."""
    rows = [row for row in read(home.table("gold", "indicator")).to_pylist() if row["indicator"] == indicator]
    divided = [row for row in rows if row["period_kind"] == "year" and not row["is_total"]]
    found = {tuple(row[column] for column in columns): int(row["numerator"]) for row in divided}
    assert len(found) == len(divided)
    return found


def _drilled(home: Home, figure: str, cell: Cell) -> list[Row]:
    rows: list[Row] = connect(home).sql(drill_sql(figure, cell)).toArrow().to_pylist()
    return rows


def test_a_former_division_counts_under_the_code_of_today_however_it_is_counted(built: Home) -> None:
    assert _of_the_year(built, "checks_summed", "region_code") == {(TODAY,): 2, (PROVINCE,): 2}
    assert _of_the_year(built, "objects_anew", "region_code") == {(TODAY,): 1, (PROVINCE,): 1}
    for county, codes in ((TODAY, {"1", "2"}), (PROVINCE, {"3", "4"})):
        for figure in ("checks_summed", "objects_anew"):
            rows = _drilled(built, figure, Cell(period="2026", county=county))
            assert {row["check_action_code"] for row in rows} == codes


def test_a_figure_cannot_be_asked_by_what_its_table_does_not_have() -> None:
    with pytest.raises(Refused, match=r"base\.supervised_object has no department: it cannot be asked by field"):
        drill_sql("coverage_rate", Cell(field="drug"), is_denominator=True)
