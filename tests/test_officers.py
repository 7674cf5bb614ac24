"""Acts by whom should not have done them are found, counted, and drilled down to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from schemas.contract import indicators
from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

FIRM = "91420100MA4K00010R"
DAY = date(2026, 1, 5)
# Officers by what is to be said of them: the last digits of their licences.
GOOD, ALSO_GOOD, EXPIRED, ASSISTANT, OTHER_ASSISTANT, TAKEN_BACK, RENEWED, TRAVELLER, NOBODY = (
    f"1701000000{number}" for number in range(1, 10)
)


def _check(code: str, officers: list[str], day: date = DAY, region: str = "420103") -> Row:
    party = {"administrative_cp_document": "001", "administrative_cp_code": FIRM, "region_code": region}
    return {
        "check_action_code": code,
        "check_date": day,
        "check_personnel_code": officers,
        "check_result": "01",
        **party,
    }


def _officer(number: str, nature: str = "01", until: date | None = date(2028, 12, 31)) -> Row:
    named = {"officer_name": "样本", "organisation": "样本局", "region_code": "420100"}
    return {"certificate_no": number, "officer_nature": nature, "certificate_expiry_date": until, **named}


def _term(number: str, first: date, last: date, ended: date | None = None) -> Row:
    days = {"certificate_valid_from": first, "certificate_valid_to": last, "certificate_ended_date": ended}
    return {"certificate_no": number, **days, "enforcement_class": "市场监管", "organisation": "样本局"}


OFFICERS = [
    *(_officer(number) for number in (GOOD, ALSO_GOOD, TAKEN_BACK, TRAVELLER)),
    _officer(EXPIRED, until=date(2026, 1, 4)),
    # Its department still states the old term; the issuer has renewed the licence.
    _officer(RENEWED, until=date(2025, 12, 31)),
    _officer(ASSISTANT, "05"),
    _officer(OTHER_ASSISTANT, "05"),
]
TERMS = [
    _term(TAKEN_BACK, date(2023, 1, 1), date(2028, 12, 31), ended=DAY),
    _term(RENEWED, date(2021, 1, 1), date(2025, 12, 31)),
    _term(RENEWED, date(2026, 1, 1), date(2030, 12, 31)),
]
CHECKS = [
    _check("in order", [GOOD, ALSO_GOOD]),
    _check("renewed", [GOOD, RENEWED]),
    _check("names no licence", []),
    _check("an unknown licence", [GOOD, ALSO_GOOD, NOBODY]),
    _check("expired yesterday", [GOOD, EXPIRED]),
    _check("still valid then", [GOOD, EXPIRED], day=date(2026, 1, 4)),
    _check("taken back that day", [GOOD, TAKEN_BACK]),
    _check("taken back the day after", [GOOD, TAKEN_BACK], day=date(2026, 1, 4)),
    _check("one officer twice", [GOOD, GOOD]),
    _check("with an assistant", [GOOD, ASSISTANT]),
    _check("assistants alone", [ASSISTANT, OTHER_ASSISTANT]),
    _check("here", [TRAVELLER, ALSO_GOOD], day=date(2026, 1, 7)),
    _check("and there", [TRAVELLER, GOOD], day=date(2026, 1, 7), region="420502"),
    _check("here, in another county", [ALSO_GOOD, RENEWED], day=date(2026, 1, 7), region="420106"),
]
FAULTS = {
    ("an unknown licence", "01", NOBODY),
    ("expired yesterday", "02", EXPIRED),
    ("expired yesterday", "03", f"{GOOD}、{EXPIRED}"),
    ("taken back that day", "02", TAKEN_BACK),
    ("taken back that day", "03", f"{GOOD}、{TAKEN_BACK}"),
    ("one officer twice", "03", GOOD),
    ("with an assistant", "03", f"{GOOD}、{ASSISTANT}"),
    ("assistants alone", "03", f"{ASSISTANT}、{OTHER_ASSISTANT}"),
    ("assistants alone", "04", f"{ASSISTANT}、{OTHER_ASSISTANT}"),
    ("here", "05", TRAVELLER),
    ("and there", "05", TRAVELLER),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("officers")) as home:
        deliver(home, "officer", "scjg", "2026-01-01", OFFICERS)
        deliver(home, "officer_licence", "sft", "2026-01-02", TERMS)
        deliver(home, "check_action", "scjg", "2026-02-01", CHECKS)
        assert build_base(home).parked == []
        build_themes(home)
        build_gold(home, date(2026, 2, 1))
        yield home


def test_every_fault_is_found_and_nothing_else(built: Home) -> None:
    rows = read(built.table("gold", "officer_fault")).to_pylist()
    assert {(row["check_action_code"], row["officer_fault"], row["certificates"]) for row in rows} == FAULTS
    assert len(rows) == len(FAULTS)


@pytest.mark.parametrize(
    ("figure", "fault"),
    [
        ("unlicensed_rate", "01"),
        ("expired_rate", "02"),
        ("short_staffed_rate", "03"),
        ("assistants_rate", "04"),
        ("two_places_rate", "05"),
    ],
)
def test_an_indicator_counts_the_acts_and_drills_down_to_them(built: Home, figure: str, fault: str) -> None:
    acts = sorted(code for code, kind, _ in FAULTS if kind == fault)
    total = read(built.table("gold", "indicator"), where=[("indicator", "=", figure), ("is_total", "=", True)])
    [month] = [row for row in total.to_pylist() if row["period_kind"] == "month"]
    assert (month["numerator"], month["denominator"]) == (len(acts), len(CHECKS))
    assert month["is_breached"] is True
    rows = query(built, drill_sql(figure, Cell(period="2026-01"))).collect()
    assert sorted(row["check_action_code"] for row in rows) == acts
    assert {row["officer_fault"] for row in rows} == {fault}


def test_the_place_of_an_act_is_that_of_its_figure(built: Home) -> None:
    rows = query(built, drill_sql("two_places_rate", Cell(city="420500"))).collect()
    assert [row["check_action_code"] for row in rows] == ["and there"]


def test_all_figures_of_officers_are_tried() -> None:
    of_officers = {name for name, indicator in indicators().items() if indicator.group == "officer"}
    assert len(of_officers) == len({fault for _, fault, _ in FAULTS})
