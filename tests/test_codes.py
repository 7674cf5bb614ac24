"""Code lists as files: every spelling means one code, and every region leads to one of today's."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from spark_jobs.building.views import build_themes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import create_tables, read

CODES = Path(__file__).parent.parent / "schemas" / "codes"
LISTS = sorted(path.stem for path in CODES.glob("*.csv"))
Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (CODES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def aliases(row: Row) -> list[str]:
    return [alias for alias in row["aliases"].split("|") if alias]


def overlap(one: Row, other: Row) -> bool:
    """Whether two rows are ever in force on the same day; `valid_to` is the first day no longer."""
    ends = [row.get("valid_to") or "9999" for row in (one, other)]
    starts = [row.get("valid_from") or "" for row in (one, other)]
    return max(starts) < min(ends)


def regions() -> dict[str, Row]:
    return {row["code"]: row for row in rows("region")}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_plain_text_sorted_by_code(name: str) -> None:
    text = (CODES / f"{name}.csv").read_bytes()
    assert b"\r" not in text
    assert not text.startswith(b"\xef\xbb\xbf")
    assert text.endswith(b"\n")
    assert text.decode("utf-8").startswith("code,label,aliases")
    codes = [row["code"] for row in rows(name)]
    assert codes == sorted(codes)


@pytest.mark.parametrize("name", LISTS)
def test_codes_are_unique_and_every_cell_is_trimmed(name: str) -> None:
    listed = rows(name)
    codes = [row["code"].casefold() for row in listed]
    assert len(codes) == len(set(codes))
    for row in listed:
        assert row["code"]
        assert row["label"]
        assert all(cell == cell.strip() for cell in [*row.values(), *aliases(row)])


@pytest.mark.parametrize("name", LISTS)
def test_an_alias_means_one_code(name: str) -> None:
    spellings: dict[str, list[Row]] = defaultdict(list)
    for row in rows(name):
        for spelling in {row["code"].casefold(), row["label"].casefold()}:
            spellings[spelling].append(row)
    for row in rows(name):
        for alias in aliases(row):
            clashes = [other["code"] for other in spellings[alias.casefold()] if overlap(row, other)]
            assert not clashes, f"{name}: {alias} of {row['code']} also means {clashes}"
            spellings[alias.casefold()].append(row)


@pytest.mark.parametrize("name", LISTS)
def test_validity_is_dates_in_order(name: str) -> None:
    for row in rows(name):
        days = [date.fromisoformat(row[key]) for key in ("valid_from", "valid_to") if row.get(key)]
        assert days == sorted(set(days)), row["code"]


@pytest.mark.parametrize("name", ["region", "industry"])
def test_parents_exist(name: str) -> None:
    listed = {row["code"]: row for row in rows(name)}
    top = {"region": "province", "industry": "section"}[name]
    for row in listed.values():
        assert (row["level"] == top) == (not row["parent"])
        assert not row["parent"] or row["parent"] in listed


def test_a_county_lies_in_a_prefecture_and_a_prefecture_in_the_province() -> None:
    for row in regions().values():
        if row["level"] == "city":
            assert row["parent"] == "420000"
        if row["level"] == "county":
            assert regions()[row["parent"]]["level"] == "city"


def test_a_successor_is_a_current_code() -> None:
    listed = regions()
    for row in listed.values():
        if row["successor"]:
            assert listed[row["successor"]]["successor"] == "" == listed[row["successor"]]["valid_to"]
        else:
            assert not row["valid_to"], f"{row['code']} has ended and leads nowhere"


def test_hubei_has_its_17_prefectures_and_103_counties() -> None:
    current = [row for row in regions().values() if not row["successor"]]
    cities = {row["code"] for row in current if row["level"] == "city"}
    zones = {"421071", "421171"}
    counties = {row["code"] for row in current if row["level"] == "county"} - zones
    direct = {"429004", "429005", "429006", "429021"}
    assert len(cities) == 17
    assert direct < cities
    assert len(counties | direct) == 103
    assert zones < regions().keys()


@pytest.mark.parametrize(
    ("old", "new", "day"), [("421023", "421088", "2020-06-12"), ("420821", "420882", "2018-02-24")]
)
def test_a_county_that_became_a_city_keeps_its_old_code(old: str, new: str, day: str) -> None:
    listed = regions()
    assert listed[old]["successor"] == new
    assert listed[old]["valid_to"] == listed[new]["valid_from"] == day
    assert listed[new]["label"][:2] in aliases(listed[new])
    assert listed[new]["label"][:2] not in aliases(listed[old])


@pytest.mark.parametrize(
    ("code", "today"),
    [("420321", "420304"), ("421302", "421303"), ("420120", "420100"), ("420121", "420100"), ("420303", "420303"),
     ("422422", "421087"), ("422401", "429004"), ("420101", "420100"), ("420803", "420822"), ("429001", "421300")],
)  # fmt: skip
def test_a_code_seen_in_registrations_leads_to_today(code: str, today: str) -> None:
    assert (regions()[code]["successor"] or code) == today


@pytest.mark.parametrize(
    ("spelling", "code"),
    [("武汉", "420100"), ("恩施", "422800"), ("恩施州", "422800"), ("神农架", "429021"), ("江汉", "420103"),
     ("武汉市江汉区", "420103"), ("襄樊市", "420600"), ("湖北省荆州市监利县", "421023")],
)  # fmt: skip
def test_short_former_and_full_names_are_known(spelling: str, code: str) -> None:
    assert spelling in aliases(regions()[code])


def test_the_name_of_no_place_is_no_alias() -> None:
    assert not any("市辖区" in aliases(row) for row in regions().values())


def test_industry_has_its_levels_and_its_leading_zeros() -> None:
    listed = rows("industry")
    patterns = {"section": r"[A-T]", "division": r"\d{2}", "group": r"\d{3}", "class": r"\d{4}"}
    assert all(re.fullmatch(patterns[row["level"]], row["code"]) for row in listed)
    counts = [sum(row["level"] == level for row in listed) for level in patterns]
    assert counts == [20, 97, 473, 1381]
    assert {"01", "011", "0111"} < {row["code"] for row in listed}


@pytest.mark.parametrize(
    ("name", "spelling", "code"),
    [("punish_procedure", "普通程序", "02"), ("check_result", "1", "01"), ("check_mode", "双随机一公开", "1"),
     ("currency", "元人民币", "CNY"), ("registration_state", "在营", "1"), ("yes_no", "有", "1"),
     ("identity_document", "身份证", "111"), ("supervision_department", "4", "04")],
)  # fmt: skip
def test_departments_spellings_are_known(name: str, spelling: str, code: str) -> None:
    assert spelling in aliases(next(row for row in rows(name) if row["code"] == code))


def test_a_home_without_any_delivery_has_its_lists_before_anything_is_built(home: Home) -> None:
    home.create()
    create_tables(home)
    assert build_themes(home)
    assert read(home.table("codes", "code")).num_rows > 0
