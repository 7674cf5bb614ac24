"""Rows without a code: what links by itself, what waits for a person, and that a decision stands for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from bench.linkage import measured, objects_of, truth_of
from spark_jobs import pipeline
from spark_jobs.building.base import build_base
from spark_jobs.engine.session import connect, forget, query
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import read
from spark_jobs.linking.cascade import answers
from spark_jobs.linking.decisions import candidates, decide
from spark_jobs.linking.link import link, mention_of
from tests.silver_rows import deliver, lake

FIRM, NEAR, ELSEWHERE, CODED, LATER = (f"9142010{number}MA4K00010R" for number in range(5))
NAMES = {
    FIRM: ("武汉样本大药房有限公司", "420103"),
    NEAR: ("武汉万松园商贸有限公司", "420103"),
    ELSEWHERE: ("宜昌样本大药房有限公司", "420502"),
    CODED: ("武汉另一商贸有限公司", "420103"),
}
LICENCES = {
    "as registered": ("武汉 样本大药房有限公司", "420103"),
    "form and division": ("样本大药房有限责任公司", "420500"),
    "wrong character": ("武汉万松圆商贸有限公司", "420103"),
    "a person": ("张三", "420103"),
    "unknown": ("荆州某某五金加工厂", "421000"),
}


def _licence(number: str, name: str, region: str, uscc: str | None = None) -> dict[str, Any]:
    said = {"licence_kind": "YP01", "licence_no": number, "holder_name": name, "region_code": region, "uscc": uscc}
    return {**said, "issued_date": date(2026, 1, 1)}


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("linkage")) as made:
        firms = [{"uscc": code, "object_name": name, "region_code": place} for code, (name, place) in NAMES.items()]
        deliver(made, "scjg_enterprise", "scjg", "2026-01-01", firms)
        rows = [_licence(number, *said) for number, said in LICENCES.items()]
        rows.append(_licence("coded", "武汉样本大药房有限公司", "420103", CODED))
        deliver(made, "yjj_drug_trade_licence", "yjj", "2026-01-02", rows)
        build_base(made)
        yield made


def _linked(home: Home) -> dict[str, tuple[str | None, str | None]]:
    rows = read(home.table("base", "licence")).to_pylist()
    return {row["licence_no"]: (row["object_id"], row["object_link"]) for row in rows}


EXPECTED = {
    "as registered": (FIRM, "name"),
    "form and division": (ELSEWHERE, "core"),
    "wrong character": (None, None),
    "a person": (None, None),
    "unknown": (None, None),
    "coded": (CODED, None),
}


def test_only_the_first_two_steps_link_and_a_delivered_code_is_left_alone(home: Home) -> None:
    assert link(home) == 2
    assert _linked(home) == EXPECTED
    assert link(home) == 0


def test_the_rest_has_candidates_with_reasons(home: Home) -> None:
    link(home)
    [offered] = candidates(home)
    assert (offered["object_id"], offered["rank"]) == (NEAR, 1)
    assert offered["candidate_reasons"] == "字号差一字；组织形式相同；市州相同"


def test_a_full_rebuild_comes_to_the_same_links(home: Home) -> None:
    link(home)
    build_base(home, full=True)
    assert _linked(home)["as registered"] == (None, None)
    link(home)
    assert _linked(home) == EXPECTED


def test_a_firm_that_comes_later_re_links_nothing(home: Home) -> None:
    link(home)
    rival = {"uscc": LATER, "object_name": "武汉样本大药房有限公司", "region_code": "420103"}
    deliver(home, "scjg_enterprise", "scjg", "2026-02-01", [rival])
    deliver(home, "yjj_drug_trade_licence", "yjj", "2026-02-02", [_licence("new", "武汉样本大药房有限公司", "420103")])
    build_base(home)
    link(home)
    assert _linked(home) == {**EXPECTED, "new": (FIRM, "name")}


def test_what_was_open_links_when_its_firm_comes(home: Home) -> None:
    link(home)
    came = {"uscc": LATER, "object_name": "荆州某某五金加工厂", "region_code": "421000"}
    deliver(home, "scjg_enterprise", "scjg", "2026-02-01", [came])
    build_base(home)
    assert link(home) == 1
    assert _linked(home)["unknown"] == (LATER, "name")


def test_a_row_that_gets_its_code_keeps_that(home: Home) -> None:
    link(home)
    coded = _licence("as registered", "武汉样本大药房有限公司", "420103", CODED)
    deliver(home, "yjj_drug_trade_licence", "yjj", "2026-02-01", [coded])
    build_base(home)
    link(home)
    assert _linked(home)["as registered"] == (CODED, None)


def _run(home: Home) -> None:
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        assert stage(home).warnings == []


def test_a_person_decides_by_a_delivery_that_stands_through_a_rebuild(home: Home) -> None:
    link(home)
    [offered] = candidates(home)
    with pytest.raises(Refused, match="no object"):
        decide(home, offered["mention"], "91420600MA4873X97K", "样本甲", "一致")
    with pytest.raises(Refused, match="why"):
        decide(home, offered["mention"], NEAR, "样本甲", " ")
    decide(home, offered["mention"][:8], NEAR, "样本甲", "地址一致")
    decide(home, mention_of("武汉样本大药房有限公司", "420100"), None, "样本甲", "不是这家")
    _run(home)
    decided = {**EXPECTED, "wrong character": (NEAR, "person"), "as registered": (None, None)}
    assert _linked(home) == decided
    assert candidates(home) == []
    build_base(home, full=True)
    link(home)
    assert _linked(home) == decided
    [row] = read(home.table("base", "link_decision"), where=[("mention", "=", offered["mention"])]).to_pylist()
    assert (row["decided_by"], row["decided_why"], row["object_id"]) == ("样本甲", "地址一致", NEAR)


COMPLAINED = {
    "as registered": ("武汉样本大药房有限公司", None),
    "near": ("武汉万松圆商贸有限公司", None),
    "coded": ("武汉样本大药房有限公司", CODED),
    "masked": ("武汉***商贸有限公司", None),
    "somebody": ("武汉样本某某", None),
    "a person": ("张三", None),
}


def _complaint(number: str, name: str, code: str | None) -> dict[str, Any]:
    said = {"complaint_no": number, "complaint_kind": "1", "complained_name": name, "complained_uscc": code}
    return {**said, "region_code": "420103", "received_date": date(2026, 1, 5)}


def _complained(home: Home) -> dict[str, tuple[str | None, str | None]]:
    rows = read(home.table("base", "complaint")).to_pylist()
    return {row["complaint_no"]: (row["object_id"], row["object_link"]) for row in rows}


def test_a_complaint_about_a_firm_by_its_name_comes_to_the_firm(home: Home) -> None:
    masked = {"uscc": "91420105MA4K00010R", "object_name": "武汉***商贸有限公司", "region_code": "420103"}
    deliver(home, "scjg_enterprise", "scjg", "2026-01-03", [masked])
    deliver(home, "complaint", "scjg", "2026-01-06", [_complaint(number, *said) for number, said in COMPLAINED.items()])
    build_base(home)
    link(home)
    nothing = dict.fromkeys(COMPLAINED, (None, None))
    linked = {**nothing, "as registered": (FIRM, "name"), "coded": (CODED, None)}
    assert _complained(home) == linked
    [offered] = candidates(home)
    assert (offered["object_id"], offered["mentioned_rows"]) == (NEAR, 2)  # a licence and a complaint: one mention
    decide(home, offered["mention"], NEAR, "样本甲", "地址一致")
    _run(home)
    build_base(home, full=True)
    link(home)
    assert _complained(home) == {**linked, "near": (NEAR, "person")}


def test_the_next_run_reads_what_was_linked(home: Home) -> None:
    """Which learns anew what the columns of a table promise: what every feed states in words never holds nothing."""
    certified = {"person_name": "样本甲", "id_card": "420106199001011231", "region_code": "420103"}
    certified |= {"issued_date": date(2025, 1, 1), "valid_to": date(2027, 12, 31), "employer_name": NAMES[FIRM][0]}
    deliver(home, "wlt_guide", "wlt", "2026-01-06", [{**certified, "practice_certificate_no": "1"}])
    driver = {**certified, "practice_certificate_no": "2", "practice_category": "JY01"}
    deliver(home, "jtys_driver", "jtys", "2026-01-06", [driver])
    build_base(home)
    assert link(home) == 4
    forget(connect(home), home, "base", "person_licence")
    kinds = query(home, "select person_licence_kind, object_id from base.person_licence").collect()
    assert sorted(map(tuple, kinds)) == [("RY01", FIRM), ("RY05", FIRM)]


def test_a_mention_that_nobody_knows_cannot_be_decided(home: Home) -> None:
    link(home)
    with pytest.raises(Refused, match="no mention"):
        decide(home, "0123456789ABCDEF", NEAR, "样本甲", "一致")


@pytest.mark.parametrize(
    ("written", "registered", "is_linked"),
    [
        ("武汉样本楚商贸有限公司", "武汉样本楚商贸有限责任公司", True),
        ("样本楚商贸有限公司", "武汉样本楚商贸有限公司", True),
        ("样本楚(武汉)商贸有限公司", "武汉样本楚商贸有限公司", False),  # two firms, as names are registered
        ("样本楚商贸有限公司", "样本楚(武汉)商贸有限公司", False),
        ("样本楚超市", "武汉市硚口区样本楚超市", False),  # the next district may have one, too
        ("武汉市硚口区样本楚超市", "硚口样本楚超市", False),
        ("样本楚川味饭店", "武汉市硚口区样本楚川味饭店", True),
    ],
)
def test_a_core_links_where_it_can_be_no_other_firm(written: str, registered: str, is_linked: bool) -> None:
    mention = pa.table({"mention": ["1"], "name": [written], "place": ["420100"]})
    known = pa.table({"object_id": [FIRM], "name": [registered], "place": ["420100"]})
    assert answers(mention, known).links.num_rows == is_linked


def test_silent_links_among_corrupted_names_are_right() -> None:
    objects = objects_of(None, 20_000)
    mentions = truth_of(objects, 2_500, 7)
    figures = measured(objects, mentions)
    linked, right = (sum(kind[name] for kind in figures.values()) for name in ("linked", "right"))
    assert len(mentions) == 2_500
    assert right / linked >= 0.999
    for kind in ("as registered", "full width and blanks"):
        assert figures[kind]["right"] == figures[kind]["present"]
    assert figures["division dropped"]["right"] > 0.7 * figures["division dropped"]["present"]
    wrong = figures["one wrong character"]
    assert wrong["linked"] == 0
    assert wrong["offered"] > 0.8 * wrong["present"]
