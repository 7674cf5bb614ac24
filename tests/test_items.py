"""Items: their versions end one another, and what does not fit together is found, as figures and as rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from schemas.citations import citations_in, number_of, short_name
from spark_jobs.building.base import build_base
from spark_jobs.building.drill import Cell, drill_sql
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.engine.session import query
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.silver_rows import Row, deliver, lake

FOOD, UNLISTED, PAUSED, GONE = "31001001100001", "31099001100001", "31002001100001", "31003001100001"
JIANGHAN, XILING, JIANLI = "11420103MB0001038P", "11420502MB00050201", "11421088MB0010882K"
BASIS = "《食品安全法》第一百一十条"


@pytest.mark.parametrize(
    ("numeral", "number"),
    [
        ("十", 10),
        ("一百一十", 110),
        ("一百零五", 105),
        ("一〇五", 105),
        ("一千零二十", 1020),
        ("二十一", 21),
        ("57", 57),
    ]
    + [(wrong, None) for wrong in ("十百", "一百二", "百百", "一千二百零十零", "")],
)
def test_chinese_numerals_are_read_or_not_understood(numeral: str, number: int | None) -> None:
    assert number_of(numeral) == number


@pytest.mark.parametrize(
    ("basis", "cited"),
    [
        ("《中华人民共和国食品安全法》第一百二十四条第一款第五项", ["食品安全法#124#1#5"]),
        ("《食品安全法》（2021年修正）第110条、第一百一十三条第二款", ["食品安全法#110", "食品安全法#113#2"]),
        ("《食品安全法》第十条；《特种设备安全法》第五十七条", ["食品安全法#10", "特种设备安全法#57"]),
        ("《刑法》第一百二十条之一第（二）项", ["刑法#120-1##2"]),
        ("《某办法》第十条至第十二条", ["某办法#10", "某办法#11", "某办法#12"]),
        ("《某办法》第十二、十三条和第 二十 条", ["某办法#12", "某办法#13", "某办法#20"]),
        ("《关于修改〈药品管理法〉的决定》第三条", ["关于修改药品管理法的决定#3"]),
        ("《无证无照经营查处办法》", ["无证无照经营查处办法"]),
        ("《某办法》第十百条", ["某办法#十百"]),
        ("依照有关规定第三条", []),
    ],
)
def test_a_legal_basis_names_its_articles(basis: str, cited: list[str]) -> None:
    assert citations_in(basis) == cited


def test_a_law_is_known_by_its_name_without_what_collections_differ_on() -> None:
    written = ["中华人民共和国食品安全法", "《食品安全法》", "食品安全法（2021年修正）", "中华人民共和国 食品安全法"]
    assert {short_name(name) for name in written} == {"食品安全法"}


def _version(number: str, begins: date, status: str = "01", item: str = FOOD, ends: date | None = None) -> Row:
    named = {"item_name": "检查", "supervision_department": "31", "measure": "1", "item_change": "2", "item_level": "4"}
    days = {"effective_date": begins, "expired_date": ends}
    return {"item_code": item, "item_version": number, "item_status": status, **named, **days}


def _ends(home: Home) -> dict[str, date | None]:
    return {row["item_version"]: row["valid_until"] for row in read(home.table("base", "item_version")).to_pylist()}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("versions")) as home:
        yield home


def test_a_new_version_ends_the_one_before_and_its_deletion_opens_it_again(empty: Home) -> None:
    deliver(empty, "item_change", "scjg", "2026-01-05", [_version("1", date(2020, 1, 1))])
    build_base(empty)
    assert _ends(empty) == {"1": None}
    deliver(empty, "item_change", "scjg", "2026-02-05", [_version("3", date(2026, 3, 1))])
    build_base(empty)
    assert _ends(empty) == {"1": date(2026, 2, 28), "3": None}
    late = _version("2", date(2024, 1, 1), ends=date(2025, 6, 30))
    deliver(empty, "item_change", "scjg", "2026-03-05", [late])
    build_base(empty)
    assert _ends(empty) == {"1": date(2023, 12, 31), "2": date(2025, 6, 30), "3": None}
    deliver(empty, "item_change", "scjg", "2026-04-05", [late | {"cd_operation": "D"}])
    build_base(empty)
    assert _ends(empty) == {"1": date(2026, 2, 28), "2": date(2025, 6, 30), "3": None}
    build_base(empty, full=True)
    assert _ends(empty) == {"1": date(2026, 2, 28), "2": date(2025, 6, 30), "3": None}


def _item(code: str, version: str, begins: date | None, **more: str) -> Row:
    named = {"item_name": "食品检查", "supervision_department": "31", "measure": "1", "item_level": "4"}
    basis = {"legal_basis": BASIS, "legal_citations": citations_in(more.get("legal_basis", BASIS))}
    status = {"item_status": "01", "item_version": version, "effective_date": begins}
    return {"item_code": code, **named, **status, **basis, **more}


def _claim(body: str, region: str, state: str = "1", **more: str) -> Row:
    claimed = {"implement_institution": f"样本局{region}", "region_code": region, "claimed_date": date(2026, 1, 1)}
    named = {"item_name": "食品检查", "measure": "1", "legal_basis": "《中华人民共和国食品安全法》 第一百一十条"}
    return {"item_code": FOOD, "implement_institution_code": body, "claim_state": state, **claimed, **named, **more}


def _act(code: str, item: str, day: date) -> Row:
    party = {"administrative_cp_document": "001", "administrative_cp_code": "91420100MA4K00010R"}
    return {"check_action_code": code, "item_code": item, "check_date": day, "region_code": "420103", **party}


LIMIT = {"limit_code": "JR1", "effective_date": date(2017, 10, 1), "field": "finance", "limit_operator": "at_most"}
CITED = {
    "31011001100001": "《食品安全法》第九百条",
    "31012001100001": "《某失效条例》第一条",
    "31013001100001": "《没有收录的办法》第一条",
    "31014001100001": "依照有关规定",
    "31015001100001": "《食品安全法》",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A catalogue that came twice, claims and checklists of three bodies, acts before, after and without their item."""
    with lake(tmp_path_factory.mktemp("items")) as home:
        first = [_item(FOOD, "1", date(2020, 1, 1)), _item(PAUSED, "1", None, item_status="03")]
        deliver(home, "supervision_item", "scjg", "2026-01-01", [*first, _item(GONE, "1", date(2020, 1, 1))])
        second = [_item(FOOD, "2", date(2026, 3, 1)), _item(PAUSED, "1", None, item_status="03")]
        cited = [_item(code, "", None, legal_basis=basis, measure="2") for code, basis in CITED.items()]
        deliver(home, "supervision_item", "scjg", "2026-03-01", [*second, *cited])
        law = {"law_category": "2", "effective_date": date(2021, 4, 29)}
        gone = {"law_name": "某失效条例", "version_date": date(1990, 1, 1), "expired_date": date(2000, 1, 1)}
        food = {"law_name": "中华人民共和国食品安全法", "version_date": date(2021, 4, 29)}
        old = {"law_name": "食品安全法（2015年修订）", "version_date": date(2015, 4, 24)}
        deliver(home, "law", "sft", "2026-01-01", [law | food, {**old, "effective_date": date(2015, 10, 1)}, gone])
        text = {"article_no": "110", "article_text": "第一百一十条 有权采取下列措施"}
        deliver(home, "law_article", "sft", "2026-01-01", [food | text, old | text | {"article_text": "旧"}])
        limit = {"legal_basis": "《食品安全法》第一百一十条", "legal_citations": ["食品安全法#110"]}
        deliver(home, "theme_limit", "jrj", "2026-01-01", [LIMIT | limit])
        claims = [
            _claim(JIANGHAN, "420103"),
            _claim(XILING, "420502", item_name="食品经营检查", measure="2", legal_basis="《食品安全法》第七十七条"),
            _claim(JIANLI, "421023", state="2"),
            _claim(JIANGHAN, "420103", item_code=UNLISTED),
        ]
        deliver(home, "item_claim", "scjg", "2026-02-01", claims)
        lists = [
            {"check_icode": f"{JIANGHAN}4", "item_code": FOOD, "region_code": "420103"},
            {"check_icode": f"{XILING}4", "item_code": UNLISTED, "region_code": "420502"},
            {"check_icode": f"{JIANLI}4", "item_code": FOOD, "region_code": "421088", "expired_date": date(2020, 1, 1)},
        ]
        deliver(home, "checklist", "scjg", "2026-02-01", lists)
        asked = {"check_icode": f"{JIANGHAN}4", "item_code": FOOD, "check_item_no": "1", "check_item_name": "许可证"}
        deliver(home, "checklist_item", "scjg", "2026-02-01", [asked])
        acts = [
            _act("in force", FOOD, date(2026, 2, 1)),
            _act("in its second version", FOOD, date(2026, 3, 1)),
            _act("before", FOOD, date(2019, 12, 31)),
            _act("paused", PAUSED, date(2026, 2, 1)),
            _act("still listed", GONE, date(2026, 2, 28)),
            _act("no longer listed", GONE, date(2026, 3, 1)),
            _act("never listed", UNLISTED, date(2026, 2, 1)),
        ]
        deliver(home, "check_action", "scjg", "2026-04-01", acts)
        assert build_base(home).parked == []
        build_themes(home)
        build_gold(home, date(2026, 6, 30))
        yield home


def _gold(home: Home, table: str) -> list[Row]:
    rows: list[Row] = read(home.table("gold", table)).to_pylist()
    return rows


def _drilled(home: Home, figure: str, cell: Cell | None = None, below: bool = False) -> list[Row]:
    rows: list[Row] = query(home, drill_sql(figure, cell or Cell(), below)).toArrow().to_pylist()
    return rows


def _total(home: Home, indicator: str) -> tuple[int, int]:
    rows = [row for row in _gold(home, "indicator") if row["indicator"] == indicator and row["is_total"]]
    [row] = [row for row in rows if row["period_kind"] == "year" and row["period"] == date(2026, 1, 1)]
    return int(row["numerator"]), int(row["denominator"])


def test_a_list_that_names_a_new_version_closes_the_old_one(built: Home) -> None:
    versions = read(built.table("base", "item_version")).to_pylist()
    ends = {(row["item_code"], row["item_version"]): row["valid_until"] for row in versions}
    assert ends[FOOD, "1"] == date(2026, 2, 28)
    assert ends[FOOD, "2"] is None
    assert ends[GONE, "1"] == date(2026, 2, 28)  # left out of the list of 1 March


def test_acts_under_an_item_that_did_not_hold_on_their_day_are_found(built: Home) -> None:
    faults = {row["act_code"]: row["item_fault"] for row in _gold(built, "act_item_check")}
    assert faults == {
        "before": "before",
        "paused": "not_in_use",
        "no longer listed": "after",
        "never listed": "unknown",
    }
    assert _total(built, "acts_under_invalid_items") == (3, 6)  # one of both is of 2019
    assert {row["act_code"] for row in _drilled(built, "acts_under_invalid_items")} == {*faults}


def test_claims_that_name_an_item_otherwise_say_in_what(built: Home) -> None:
    found = {(row["item_code"], row["region_code"]): row["differences"] for row in _gold(built, "item_claim_check")}
    assert found == {(FOOD, "420103"): "", (FOOD, "420502"): "名称、依据、类型", (UNLISTED, "420103"): "编码"}
    assert _total(built, "item_uniformity") == (1, 3)
    [row] = _drilled(built, "item_uniformity")
    assert row["implement_institution"] == "样本局420103"
    assert {row["region_code"] for row in _drilled(built, "claims_differing", Cell(city="420500"))} == {"420502"}


def test_divisions_that_do_not_claim_an_item_of_their_level_are_listed(built: Home) -> None:
    due = {
        row["region_code"]: row["claim_due_state"] for row in _gold(built, "item_claim_due") if row["item_code"] == FOOD
    }
    assert {due[region] for region in ("420103", "420502")} == {"claimed"}
    assert due["421088"] == "declined"  # said under the county's former code
    assert due["420102"] == "missing"
    assert "421023" not in due
    assert "420100" not in due  # an item of counties
    made, owed = _total(built, "claim_rate")
    assert made == 2
    assert owed == sum(row["claim_due_state"] != "declined" for row in _gold(built, "item_claim_due"))
    assert len(_drilled(built, "claims_missing", Cell(county="420102"))) == len({*CITED, FOOD})


def test_checklists_and_items_without_each_other_are_found(built: Home) -> None:
    lists = {row["check_icode"]: row for row in _gold(built, "checklist_check")}
    assert {code: row["is_known_item"] for code, row in lists.items()} == {f"{JIANGHAN}4": True, f"{XILING}4": False}
    assert [row["check_items_listed"] for _, row in sorted(lists.items())] == [1, 0]
    assert _total(built, "orphan_checklists") == (1, 2)
    assert _total(built, "checklist_completion") == (1, 1)  # PAUSED is not in use, the others are no inspections


def test_every_citation_leads_to_its_article_in_force_or_says_why_not(built: Home) -> None:
    rows = {row["code"]: row for row in _gold(built, "legal_citation")}
    assert rows[FOOD]["article_text"] == "第一百一十条 有权采取下列措施"
    assert rows[FOOD]["version_date"] == date(2021, 4, 29)
    states = ["no_article", "not_in_force", "unknown_law", "no_citation", "whole_law"]
    assert [rows[code]["citation_state"] for code in CITED] == states
    assert rows["JR1 2017-10-01"]["citation_state"] == "resolved"
    assert _total(built, "citation_resolution") == (4, 7)
    assert {row["code"] for row in _drilled(built, "citations_broken")} == {"31011001100001", "31012001100001"}
