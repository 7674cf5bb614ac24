"""Code lists, divisions, departments and the working-day calendar flow in; the tables of layer `codes` flow out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import pyarrow as pa

from schemas.characters import narrowed
from schemas.contract import Code, code_list, code_lists, departments, fed_tables, lists_with_facts, roots
from spark_jobs.lake.home import Home, today
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.regions import REGION, division
from spark_jobs.lake.tables import exists, overwrite, read
from spark_jobs.lake.working_days import is_worked, official_years

# What has codes with labels.
DECLARING = ("codes/*.csv", "*.yaml", "risk/*.yaml", "indicators/*/*.yaml", "clues/*.yaml")
# A code and its label in one cell: 02-罚款, 02罚款, 罚款(02).
CODE_AND_LABEL = re.compile(r"[(\[]?([0-9A-Z]{1,12})[)\]]?[\s:._|-]*([^\s0-9A-Z:._|()-].*)")
LABEL_AND_CODE = re.compile(r"(.*[^\s0-9A-Z:._|(\[-])[\s:._|-]*[(\[]?([0-9A-Z]{1,12})[)\]]?")
FIRST_DAY = date(2000, 1, 1)


def write_codes(home: Home) -> bool:
    """Brings the tables of layer `codes` up to date; does nothing when no list has changed."""
    mark = Mark(home.state / "codes.json", {"lists": codes_fingerprint()})
    if mark.is_current() and (home.warehouse / "codes").exists():
        return False
    for name, rows in _tables().items():
        path = home.table("codes", name)
        path.mkdir(parents=True, exist_ok=True)
        if not exists(path) or not read(path).equals(rows):  # what is built from a table that is written is built anew
            overwrite(path, rows)
    mark.keep()
    return True


def codes_fingerprint() -> str:
    """Lists, what is declared elsewhere and has labels, and what the calendar knows decide what the tables hold."""
    digest = hashlib.sha256(f"{_last_day()} {official_years()[-1]} {_looking()}".encode())
    for root in roots():
        declaring = [path for kind in DECLARING for path in root.glob(kind)]
        for path in sorted(declaring):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _tables() -> dict[str, pa.Table]:
    return {
        "code": labelled_codes(),
        "region": pa.Table.from_pylist(list(regions())),
        "industry": pa.Table.from_pylist(list(_industries())),
        "department": pa.Table.from_pylist(
            [
                {"department": name, "label": entry.label, "title": entry.title, "national": entry.national}
                for name, entry in departments().items()
            ]
        ),
        "working_day": _working_days(_last_day()),
        **{name: _facts(name) for name in lists_with_facts()},
    }


def _looking() -> list[tuple[str, str, str]]:
    """What base tables look up in which list, and as what: the tables of layer `codes` follow from it."""
    columns = [column for table in fed_tables().values() for column in table.columns]
    return sorted((c.lookup.table, c.lookup.give, str(c.type)) for c in columns if c.lookup)


def _facts(name: str) -> pa.Table:
    """What a list says of its codes beside their labels; what base has as a list is several texts, separated by |."""
    looking = [(give, kind) for table, give, kind in _looking() if table == name]
    several = {give for give, kind in looking if kind == "list"}
    codes = code_list(name)
    columns: dict[str, pa.Array] = {"code": [code.code for code in codes], "label": [code.label for code in codes]}
    for extra in codes[0].extra:
        cells = [code.extra[extra] for code in codes]
        if extra in several:
            columns[extra] = pa.array([cell.split("|") if cell else None for cell in cells], pa.list_(pa.string()))
        else:
            columns[extra] = pa.array([cell or None if looking else cell for cell in cells], pa.string())
    return pa.table(columns)


def labelled_codes() -> pa.Table:
    """The label of every code of every list."""
    codes = [
        {"list": name, "code": code.code, "label": code.label} for name in code_lists() for code in code_list(name)
    ]
    return pa.Table.from_pylist(codes)


@cache
def code_spellings(name: str) -> dict[str, str]:
    """Every spelling in a code list that stands for one code; a code's own text wins over other codes' labels."""
    codes = code_list(name)
    meanings: dict[str, dict[str, Code]] = {}
    for code in codes:
        for spelling in {code.label, *code.aliases, _as_number(code.code)} - {""}:
            meanings.setdefault(narrowed(spelling).strip().upper(), {})[code.code] = code
    unambiguous = {
        spelling: meant for spelling, several in meanings.items() if (meant := _meaning([*several.values()]))
    }
    return {**unambiguous, **{code.code.upper(): code.code for code in codes}}


def code_of(name: str, spelling: str) -> str | None:
    """The code that a spelling stands for; also where code and label stand side by side, if they mean the same.

    Of a division also its statistical code (统计用区划代码) and its path of names: 湖北省-武汉市-武昌区.
    """
    known = code_spellings(name)
    if spelling in known:
        return known[spelling]
    if name == REGION:
        return division(spelling, known)
    for pattern in (CODE_AND_LABEL, LABEL_AND_CODE):
        if (both := pattern.fullmatch(spelling)) and (code := known.get(both[1])) and code == known.get(both[2]):
            return code
    return None


def _as_number(code: str) -> str:
    """`01` as a spreadsheet's number 1; longer codes keep their zeros."""
    return code.lstrip("0") if code.isdigit() and len(code) == 2 else ""


def _meaning(codes: list[Code]) -> str | None:
    """The code that a shared spelling stands for: the one in force, else the last of one line of successors."""
    current = [code for code in codes if not code.valid_to and not code.extra.get("successor")]
    if len(current) == 1:
        return current[0].code
    one_line = len({code.extra.get("successor") for code in codes}) == 1 and all(code.valid_to for code in codes)
    return max(codes, key=lambda code: code.valid_to or "").code if not current and one_line else None


def regions() -> Iterator[dict[str, str | bool | None]]:
    """Any code a division ever had, with its code and prefecture of today."""
    by_code = {code.code: code for code in code_list("region")}
    for code in by_code.values():
        current = code
        while current.extra["successor"]:
            current = by_code[current.extra["successor"]]
        city = current
        while city.extra["level"] == "county":
            city = by_code[city.extra["parent"]]
        is_city = city.extra["level"] == "city"
        yield {
            "code": code.code,
            "label": code.label,
            "level": code.extra["level"],
            "is_current": code is current and not code.valid_to,
            "current_code": current.code,
            "current_label": current.label,
            "city_code": city.code if is_city else None,
            "city_name": city.label if is_city else None,
        }


def _industries() -> Iterator[dict[str, str]]:
    """Any class, group or division of GB/T 4754-2017 with its section (门类)."""
    by_code = {code.code: code for code in code_list("industry")}
    for code in by_code.values():
        section = code
        while section.extra["parent"]:
            section = by_code[section.extra["parent"]]
        yield {
            "code": code.code,
            "label": code.label,
            "level": code.extra["level"],
            "section": section.code,
            "section_label": section.label,
        }


def _last_day() -> date:
    return date(today().year + 1, 12, 31)


@cache
def _working_days(last: date) -> pa.Table:
    """Working days up to a day with their running number; past the last notice, weekends are all that is known."""
    days = [FIRST_DAY + timedelta(n) for n in range((last - FIRST_DAY).days + 1)]
    working = [is_worked(day) for day in days]
    numbers, number = [], 0
    for is_working in working:
        number += is_working
        numbers.append(number)
    official = [day.year in official_years() for day in days]
    names = ["date", "is_working_day", "working_day_no", "is_official"]
    return pa.table([pa.array(days), pa.array(working), pa.array(numbers, pa.int64()), pa.array(official)], names=names)
