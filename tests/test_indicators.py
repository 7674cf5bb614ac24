"""Indicators of every kind of part: summed from monthly facts, counted anew, and of what stands without a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from schemas.contract import contracts, indicators, measures, table_of
from schemas.contract.indicators import CATALOGUE, COLUMNS, read_indicator, terms_of
from schemas.contract.labels import served_columns
from schemas.contract.lint import figures
from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import query
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
unit: count
dimensions: [county, item_class]
"""
ANEW = SUMMED.replace("T1", "T2").replace("numerator: checks", "numerator: objects_checked")
STOCK = SUMMED.replace("T1", "T3").replace("numerator: checks", "numerator: items").replace("county, ", "")
CLASS_ALONE = SUMMED.replace("T1", "T4").replace("county, ", "")
EXAMPLES = {"checks_summed": SUMMED, "objects_anew": ANEW, "items_standing": STOCK, "checks_by_class": CLASS_ALONE}
COMMON, CHANGED, DROPPED, UNKNOWN = (f"7200100114200{number}" for number in range(1, 5))


def _check(code: str, item: str | None, day: date, region: str | None = TODAY) -> Row:
    party = {"administrative_cp_document": "001", "administrative_cp_code": FIRM, "region_code": region}
    return {"check_action_code": code, "item_code": item, "check_date": day, "check_result": "02", **party}


def _item(code: str, item_class: str = "1") -> Row:
    named = {"item_name": "检查", "supervision_department": "72", "measure": "1"}
    return {"item_code": code, "item_class": item_class, **named}


def _forget() -> None:
    indicators.cache_clear()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Inspections of one firm in a county that became a city, under items of a catalogue that came twice."""
    declared = tmp_path_factory.mktemp("declared")
    folder = declared / "indicators" / "test"
    folder.mkdir(parents=True)
    for name, text in EXAMPLES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched, lake(tmp_path_factory.mktemp("indicators")) as home:
        patched.setenv("LAKEWARDEN_SCHEMAS", str(declared))
        _forget()
        inspected = [
            _check("1", None, date(2026, 1, 5), FORMER),
            _check("2", None, date(2026, 1, 6), TODAY),
            _check("3", None, date(2026, 2, 1), PROVINCE),
            _check("4", None, date(2026, 2, 1), None),
            _check("5", COMMON, date(2026, 2, 2)),
            _check("6", CHANGED, date(2026, 3, 2)),
            _check("7", CHANGED, date(2026, 3, 3)),
            _check("8", DROPPED, date(2026, 3, 4)),
            _check("9", UNKNOWN, date(2026, 3, 5)),
        ]
        deliver(home, "supervision_item", "yjj", "2026-01-01", [_item(COMMON), _item(CHANGED), _item(DROPPED, "2")])
        deliver(home, "supervision_item", "yjj", "2026-02-01", [_item(COMMON), _item(CHANGED, "2")])
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
    rows: list[Row] = query(home, drill_sql(figure, cell)).toArrow().to_pylist()
    return rows


def test_a_former_division_counts_under_the_code_of_today_however_it_is_counted(built: Home) -> None:
    columns = ("region_code", "item_class")
    assert _of_the_year(built, "checks_summed", *columns)[TODAY, ""] == 3
    assert _of_the_year(built, "objects_anew", *columns)[TODAY, ""] == 1
    assert FORMER not in {region for region, _ in _of_the_year(built, "objects_anew", *columns)}


def test_acts_have_the_class_that_the_catalogue_last_gave_their_item(built: Home) -> None:
    """An item with several versions counts an act once; one that was dropped keeps its class; an unknown has none."""
    by_class = {("1",): 1, ("2",): 3, ("",): 5}
    assert _of_the_year(built, "checks_by_class", "item_class") == by_class
    assert _of_the_year(built, "objects_anew", "region_code", "item_class") == {
        (TODAY, "1"): 1,
        (TODAY, "2"): 1,
        (TODAY, ""): 1,
        (PROVINCE, ""): 1,
    }
    assert _of_the_year(built, "items_standing", "item_class") == {("1",): 1, ("2",): 1}


def test_only_indicators_that_name_the_class_are_divided_by_it(built: Home) -> None:
    rows = read(built.table("gold", "indicator")).to_pylist()
    divided = {row["indicator"] for row in rows if row["item_class"]}
    assert divided == {name for name, indicator in indicators().items() if "item_class" in indicator.dimensions}
    assert "problem_rate" in divided
    assert {"item_class", "item_class_name"} < {column.name for column in served_columns(table_of("gold.indicator"))}


@pytest.mark.parametrize("indicator", [*EXAMPLES, "problem_rate"])
def test_the_rows_of_every_cell_are_those_that_its_numerator_counts(built: Home, indicator: str) -> None:
    declared = indicators()[indicator]
    [measure] = (measures()[name][1] for _, name in terms_of(declared.numerator))
    cells = _of_the_year(built, indicator, *(COLUMNS[dimension] for dimension in declared.dimensions))
    assert cells
    for values, numerator in cells.items():
        chosen: dict[str, str] = dict(zip(declared.dimensions, values, strict=True))
        rows = _drilled(built, indicator, Cell(period="2026", **chosen))
        assert numerator == (len({row[measure.distinct] for row in rows}) if measure.distinct else len(rows)), values


def test_a_figure_cannot_be_asked_by_what_its_table_does_not_have() -> None:
    with pytest.raises(Refused, match=r"base\.supervised_object has no department: it cannot be asked by field"):
        drill_sql("coverage_rate", Cell(field="drug"), is_denominator=True)


@pytest.fixture
def linted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What the lint says of an indicator alone."""

    def of(text: str) -> list[str]:
        path = tmp_path / "indicators" / "test" / "example.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        monkeypatch.setattr(figures, "indicators", lambda: {"example": read_indicator(path)})
        return [line.partition("example.yaml: ")[2] for line in figures.broken_indicators()]

    return of


def test_only_acts_under_items_have_a_class_of_items(linted) -> None:
    assert linted(CLASS_ALONE.replace("checks", "checks_with_problem - punishments")) == []


def test_a_share_is_of_something(linted) -> None:
    """Written as a share, 8,239 visitors would stand on the page as 823,900 %."""
    assert linted(CLASS_ALONE.replace("unit: count\n", "")) == [
        "unit: a share needs a denominator; what is counted is unit: count, or yuan"
    ]


@pytest.mark.parametrize(
    ("measure", "table"),
    [
        ("objects", "base.supervised_object"),
        ("credit_punishments", "base.credit_punish"),
        ("complaints_due", "gold.complaint_clock"),
    ],
)
def test_what_has_no_item_cannot_be_divided_by_its_class(linted, measure: str, table: str) -> None:
    said = f"dimensions: item_class: {measure} counts {table}, which has no item_code"
    assert linted(CLASS_ALONE.replace("checks", measure)) == [said]


def test_a_class_needs_a_catalogue_with_one_row_an_item_and_a_column_to_stand_in(linted, monkeypatch) -> None:
    """As contracts of another place may have them, the frozen ones of the bench for example."""
    catalogue, held = contracts()[CATALOGUE], contracts()["gold.indicator"]
    others = {
        CATALOGUE: catalogue.model_copy(update={"key": ("department", "item_code")}),
        held.name: held.model_copy(update={"columns": tuple(c for c in held.columns if c.name != "item_class")}),
    }
    monkeypatch.setattr(figures, "contracts", lambda: {**contracts(), **others})
    assert linted(CLASS_ALONE) == [
        "dimensions: item_class: gold.indicator has no column item_class",
        f"dimensions: item_class: is looked up in {CATALOGUE}, which needs the key item_code and an item_class",
    ]
