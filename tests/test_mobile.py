"""On-site checks as devices record them: each kind of doubt is found, where officers were is never told."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.contract import code_list, contracts, indicators, table_of, terms
from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

FIRM, FAR_FIRM = "91420100MA4K00010R", "91420100MA4K0007XG"
ITEM, LIST = "31001001142001", "11420103MY10001431310010011420010011"
DAY = datetime(2026, 3, 2, 2, tzinfo=UTC)  # ten o'clock in China
ONE, OTHER = "17010000001", "17010000002"
HERE = (Decimal("114.3"), Decimal("30.6"))
# What a degree is of a metre, north and south.
METRE = Decimal("0.00000899")
# By doubt: the visit that has it, and no other.
DOUBTS = {
    "01": "signed in far away",
    "02": "recorder far from terminal",
    "03": "gone in two minutes",
    "04": "items in a hurry",
    "05": "photo after sign-out",
    "06": "clock is fast",
    "07": "photo used before",
    "08": "came too fast",
    "09": "in two places",
    "10": "item left out",
    "11": "nobody signed",
    "12": "sent two days later",
    "13": "document missing before",
    "14": "piece taken out",
    "15": "kept for a month",
}
GOOD = ("in order", "refused and told", "at the same place meanwhile")
STEPS = {"02": 0, "05": 5, "06": 20, "08": 25, "11": 30}  # minutes after the sign-in


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Told:
    """The rows of the six tables as visits are told."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Row]] = {
            f"{kind}": []
            for kind in (
                "mobile_visit",
                "visit_step",
                "visit_item",
                "visit_evidence",
                "visit_document",
                "visit_signature",
            )
        }

    def visit(self, number: int, name: str, **other: Any) -> None:
        """A visit in order but for what is said otherwise; each by two officers of its own, on a day of its own."""
        begin = other.get("begin", DAY + timedelta(days=number))
        minutes = other.get("minutes", 30)
        officers = other.get("officers", [f"1701{number:07d}", f"1702{number:07d}"])
        said = {"visit_no": name}
        place = {"officer_longitude": HERE[0], "officer_latitude": HERE[1] + METRE * other.get("north", 0)}
        self.rows["mobile_visit"].append(
            said
            | {
                "item_code": ITEM,
                "check_icode": LIST,
                "uscc": FIRM,
                "supervised_object": "样本",
                "region_code": "420103",
            }
            | {"check_personnel_code": officers, "is_scanned": "1", "terminal_no": "Z1"}
            | {"started_at": begin, "ended_at": begin + timedelta(minutes=minutes)}
        )
        for step, after in STEPS.items():
            after = after * minutes / 30
            lasts = other.get("checking", minutes * 20) if step == "05" else 60
            self.rows["visit_step"].append(
                said
                | place
                | {"step_no": int(step), "visit_step": step, "coordinate_system": "2"}
                | {"distance_m": Decimal(other.get("distance", 20)), "clock_skew_s": other.get("skew", -3)}
                | {"started_at": begin + timedelta(minutes=after)}
                | {"ended_at": begin + timedelta(minutes=after, seconds=lasts)}
            )
        for item in ("1", "2")[: other.get("items", 2)]:
            self.rows["visit_item"].append(said | {"check_item_no": item, "check_item_name": "样本", "finding": "1"})
        self._evidence(said, place, begin, minutes, name, other)
        document = other.get("document", f"样本局检〔2026〕{number}号")
        self.rows["visit_document"].append(
            said
            | {"document_no": document, "act_document_kind": "01", "created_at": begin, "file_hash": _hash(document)}
        )
        signed = {"document_no": document, "signer_role": "2", "signer_key": _hash(name).upper()}
        self.rows["visit_signature"].append(
            signed
            | {"signed_at": begin + timedelta(minutes=minutes) * 0.9, "signing_method": "1", "is_refused": "0"}
            | other.get("signature", {})
        )

    def _evidence(self, said: Row, place: Row, begin: datetime, minutes: int, name: str, other: Row) -> None:
        hashes = [_hash(f"{name} {piece}") for piece in range(3)]
        if "first_hash" in other:
            hashes[0] = _hash(other["first_hash"])
        for piece in range(3):
            if piece == other.get("lost"):
                continue
            taken = begin + timedelta(minutes=minutes * 2 / 3, seconds=piece)
            if piece == 2:
                taken += timedelta(minutes=other.get("outside", 0))
            where = {"officer_latitude": place["officer_latitude"] + METRE * other.get("apart", 0)}
            self.rows["visit_evidence"].append(
                said
                | place
                | where
                | {"evidence_no": f"{name} {piece}", "step_no": 6, "evidence_kind": "1", "evidence_name": "照片"}
                | {"evidence_label": "样本", "recorder_no": "J1", "evidence_place": "样本路1号", "storage_key": "样本"}
                | {"started_at": taken, "ended_at": taken}
                | {"saved_at": taken + timedelta(hours=other.get("upload", 1))}
                | {"file_hash": hashes[piece], "previous_hash": hashes[piece - 1] if piece else None}
                | {"retain_until": (taken + timedelta(days=other.get("kept", 1095))).date()}
            )


def _told() -> dict[str, list[Row]]:
    told = Told()
    late = DAY + timedelta(days=40)
    told.visit(1, "in order")
    told.visit(2, DOUBTS["01"], distance=301)
    told.visit(3, DOUBTS["02"], apart=120)
    told.visit(4, DOUBTS["03"], minutes=3, checking=60)
    told.visit(5, DOUBTS["04"], checking=30)
    told.visit(6, DOUBTS["05"], outside=60)
    told.visit(7, DOUBTS["06"], skew=-121)
    told.visit(8, DOUBTS["07"], first_hash="in order 0")
    told.visit(9, DOUBTS["10"], items=1)
    told.visit(10, DOUBTS["11"], signature={"is_refused": "1", "signing_method": None})
    told.visit(11, DOUBTS["12"], upload=25)
    told.visit(13, DOUBTS["13"])  # number 12 of the series is missing
    told.visit(14, DOUBTS["14"], lost=1)
    told.visit(15, DOUBTS["15"], kept=31)
    told.visit(
        16, "refused and told", signature={"is_refused": "1", "signing_method": None, "refusal_note": "有见证人"}
    )
    # One officer: at half past ten done here, fifteen minutes later 40 kilometres away, and there twice at once.
    told.visit(17, "before", officers=[ONE, OTHER], begin=late)
    told.visit(18, DOUBTS["08"], officers=[ONE, "17010000003"], begin=late + timedelta(minutes=45), north=40_000)
    told.visit(19, "at the same place meanwhile", officers=[ONE], begin=late + timedelta(minutes=50), north=40_200)
    told.visit(20, DOUBTS["09"], officers=[OTHER], begin=late + timedelta(minutes=10), north=1_000)
    return told.rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("mobile")) as home:
        asked = [
            {"check_icode": LIST, "item_code": ITEM, "check_item_no": one, "check_item_name": "样本"} for one in "12"
        ]
        deliver(home, "checklist_item", "scjg", "2026-01-01", asked)
        for feed, rows in _told().items():
            deliver(home, feed, "scjg", "2026-05-01", rows)
        assert build_base(home).parked == []
        build_themes(home)
        build_gold(home, date(2026, 5, 1))
        yield home


def test_every_doubt_is_found_and_nothing_else(built: Home) -> None:
    rows = read(built.table("gold", "visit_doubt")).to_pylist()
    assert {(row["visit_doubt"], row["visit_no"]) for row in rows} == {*DOUBTS.items()}
    assert all(row["is_first"] for row in rows)
    assert DOUBTS.keys() == {code.code for code in code_list("visit_doubt")}


def test_every_limit_is_held_against_something_that_is_measured(built: Home) -> None:
    measured = {code.extra["measured"] for code in code_list("visit_doubt")}
    assert measured <= {column.name for column in table_of("gold.visit_check").columns}
    assert all(bool(code.extra["at_least"]) != bool(code.extra["at_most"]) for code in code_list("visit_doubt"))


def test_what_a_visit_in_order_shows(built: Home) -> None:
    [row] = [row for row in read(built.table("gold", "visit_check")).to_pylist() if row["visit_no"] == "in order"]
    assert (row["evidence_pieces"], row["visit_items"], row["dwell_seconds"]) == (3, 2, 1860)
    assert (row["is_recorded"], row["is_signed_on_site"], row["checking_minutes"]) == (True, True, Decimal(10))


FIGURES = {
    "whole_process_rate": (18, 19),
    "scan_rate": (19, 19),
    "presence_rate": (18, 19),
    "on_site_signature_rate": (17, 19),
    "reused_evidence_rate": (1, 56),
    "doubted_rate": (15, 19),
}


@pytest.mark.parametrize("figure", FIGURES)
def test_an_indicator_counts_the_visits(built: Home, figure: str) -> None:
    rows = read(built.table("gold", "indicator")).to_pylist()
    [year] = [r for r in rows if r["indicator"] == figure and r["period_kind"] == "year" and r["is_total"]]
    assert (int(year["numerator"]), int(year["denominator"])) == FIGURES[figure]


def test_all_figures_of_visits_are_tried_and_drill_down_to_them(built: Home) -> None:
    own = {name for name, indicator in indicators().items() if indicator.group == "mobile"}
    assert own - {"minutes_per_item"} == FIGURES.keys()
    drilled = query(built, drill_sql("visit_doubts", Cell(period="2026"))).toArrow()
    assert drilled.num_rows == len(DOUBTS)


def test_where_officers_were_stays_in_base(built: Home) -> None:
    positions = {"officer_longitude", "officer_latitude", "evidence_place"}
    assert all(terms()[name]["sensitivity"] == "personal" for name in positions & terms().keys())
    holding = {name for name, table in contracts().items() if positions & {column.name for column in table.columns}}
    assert holding == {"visit_step", "visit_evidence", "base.visit_step", "base.visit_evidence"}
    told = [str(HERE[0]), str(HERE[1]), "样本路1号"]
    for layer in ("themes", "gold"):
        for path in (built.warehouse / layer).iterdir():
            cells = {str(cell) for row in read(path).to_pylist() for cell in row.values()}
            assert not [cell for cell in cells if any(cell.startswith(text) for text in told)], path
