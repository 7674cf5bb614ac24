"""Acts of supervision with what stands beside them, as the samples deliver them: what base then knows."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import contracts, feeds, tables, terms
from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from tests.sample_rows import drop
from tests.test_samples import department_of, sample_of

ACTS = ("check_action", "check_finding", "punish_action", "force_action", "other_action", "act_document")
BESIDE = ("sampling_result", "hazard", "accident", "device_alarm")
VISITS = ("mobile_visit", "visit_step", "visit_item", "visit_evidence", "visit_document", "visit_signature")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("acts"))
    make_landing_zone(made)
    for name in (*ACTS, *BESIDE, *VISITS):
        contract = feeds()[name]
        drop(sample_of(contract), made.landing / department_of(contract) / name / "sample.csv")
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        assert stage(made).warnings == []
    return made


def _by(home: Home, table: str, key: str) -> dict[str, Row]:
    return {row[key]: row for row in read(home.table("base", table)).to_pylist()}


def test_what_was_found_stands_beside_the_inspection_that_found_it(home: Home) -> None:
    findings = read(home.table("base", "check_finding")).to_pylist()
    inspections = _by(home, "check_action", "check_action_code")
    assert {row["check_action_code"] for row in findings} <= inspections.keys()
    of_one = {row["check_item_no"]: row["finding"] for row in findings if row["check_action_code"] == "JC-002"}
    assert of_one == {"01": "1", "02": "0", "03": "3", "04": "4"}


def test_an_inspection_keeps_every_column_of_the_standard(home: Home) -> None:
    inspection = _by(home, "check_action", "check_action_code")["JC-001"]
    assert inspection["check_icode"] == "1142000001140000XB431001001100001001"
    assert inspection["administrative_cp_nature"] == "02"


def test_acts_name_their_organisation_and_never_a_person(home: Home) -> None:
    coercions = _by(home, "force_action", "force_action_code")
    assert coercions["QZ-001"]["object_id"] == "92420502MA4L0TE52G"
    assert (coercions["QZ-001"]["force_kind"], coercions["QZ-001"]["force_measure"]) == ("01", "03")
    assert (coercions["QZ-002"]["force_kind"], coercions["QZ-002"]["force_execution"]) == ("02", "05")
    person = _by(home, "check_action", "check_action_code")["JC-003"]
    assert person["object_id"] is None


def test_a_document_belongs_to_an_act_of_its_kind(home: Home) -> None:
    documents = read(home.table("base", "act_document")).to_pylist()
    acts = {
        (kind, row[code])
        for kind, table, code in (
            ("1", "check_action", "check_action_code"),
            ("2", "punish_action", "punish_action_code"),
        )
        for row in read(home.table("base", table)).to_pylist()
    }
    assert {(row["act_kind"], row["act_code"]) for row in documents} <= acts
    assert {row["act_document_kind"] for row in documents} == {"01", "08", "90"}


def test_the_level_of_an_accident_is_told_and_worked_out(home: Home) -> None:
    levels = {
        row["accident_unit"]: (row["accident_level"], row["level_by_harm"])
        for row in read(home.table("base", "accident")).to_pylist()
    }
    assert levels == {
        "武汉样本建筑有限公司": ("4", "4"),
        "武汉样本化工有限公司": ("3", "3"),
        "武汉样本检修有限公司": ("3", "3"),
    }
    assert _by(home, "accident", "accident_unit")["武汉样本建筑有限公司"]["loss_cny"] == 1_200_000


def test_a_hazard_is_late_by_the_day_in_china_and_open_ones_are_neither(home: Home) -> None:
    hazards = _by(home, "hazard", "hazard_code")
    late = {code: (row["is_major"], row["is_late"]) for code, row in hazards.items()}
    assert late == {"YH-0001": (False, False), "YH-0002": (True, None), "YH-0003": (False, True)}


def test_results_of_a_sample_are_kept_as_the_laboratory_writes_them(home: Home) -> None:
    rows = {
        (row["sampling_no"], row["test_item"]): row for row in read(home.table("base", "sampling_result")).to_pylist()
    }
    assert rows["SC26420103001", "菌落总数"]["result_value"] == "1.2×10⁵CFU/g"
    assert rows["YP26-0007", "含量测定"]["conclusion"] == "3"


def test_evidence_leads_back_hash_by_hash_to_the_first_piece_of_its_visit(home: Home) -> None:
    pieces = _by(home, "visit_evidence", "evidence_no")
    by_hash = {row["file_hash"]: number for number, row in pieces.items()}
    chain, place = [], "ZJ-0003"
    while place:
        chain.append(place)
        place = by_hash.get(pieces[place]["previous_hash"], "")
    assert chain == ["ZJ-0003", "ZJ-0002", "ZJ-0001"]
    assert {pieces[number]["visit_no"] for number in chain} == {"XC-0001"}


def test_a_visit_has_its_officers_steps_items_documents_and_signatures_or_their_refusal(home: Home) -> None:
    visits = _by(home, "mobile_visit", "visit_no")
    assert visits["XC-0001"]["check_personnel_code"] == ["17010000001", "17050000002"]
    for table in VISITS[1:5]:
        assert {row["visit_no"] for row in read(home.table("base", table)).to_pylist()} <= visits.keys()
    documents = _by(home, "visit_document", "document_no")
    signatures = read(home.table("base", "visit_signature")).to_pylist()
    assert {row["document_no"] for row in signatures} <= documents.keys()
    assert [row["refusal_note"] for row in signatures if row["is_refused"] == "1"] == ["当事人拒绝签名"]


def test_where_an_officer_was_never_leaves_base() -> None:
    places = [name for name, term in terms().items() if name.startswith("officer_l")]
    assert sorted(places) == ["officer_latitude", "officer_longitude"]
    keeping = [table.name for table in tables("base").values() if {column.name for column in table.columns} & {*places}]
    assert sorted(keeping) == ["base.visit_evidence", "base.visit_step"]
    for name in keeping:
        assert all(contracts()[name].column(place).is_personal for place in places)
    for layer in ("themes", "gold", "detail"):
        for table in tables(layer).values():
            assert not {column.name for column in table.columns} & {*places, "evidence_place"}
