"""The distinct cells of coded columns flow in; what they mean, and what is wrong with each, flows out.

Departments repeat themselves: a column of 60,000 codes or dates has some hundred spellings. Each is judged once, all
columns of a kind in one statement. Expressions build on each other in layers, so that none is worked out twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, product

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers.duckdb_deltalake import checks
from bench.peers.files import CORES
from schemas.characters import NARROW, WIDE
from schemas.contract import Column

NOTHING = ("", "N/A", "NA", "无", "-", "--", "/", "NULL", "[已脱敏]", "【已脱敏】")
SPACE = " \u3000\t\r\n"
NUMBER = "[+-]?[0-9]+(?:[.][0-9]+)?"
YUAN = "(万|亿)?(元|人民币|元人民币|人民币元)?"
DAY = "([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
MISSING = "缺少必填内容"
ANY_CASE = pa.array({"".join(way) for word in NOTHING for way in product(*zip(word.lower(), word, strict=True))})
# Between an amount and the scale of its heading.
BY = "\x1f"
# What stands behind the number, without brackets.
UNIT = f"""case when is_number then ''
    else regexp_replace(regexp_replace(number, '[()（） ]', '', 'g'), '^{NUMBER}', '') end"""

# The condition under which a cell breaks a rule, and the rule's words.
Broken = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """The distinct cells of one column; `check` is the kind of code it holds."""

    column: Column
    cells: pa.Array
    check: str | None = None

    @property
    def kind(self) -> str:
        """Which statement judges the cells."""
        if self.column.codes:
            return "code"
        return "amount" if self.column.parse else str(self.column.type).replace("string", "checked")


@dataclass(frozen=True)
class Judged:
    """For each distinct cell its value, and lists of reasons and flags (null if none)."""

    typed: pa.Array
    reasons: pa.Array
    flags: pa.Array

    def __add__(self, other: Judged) -> Judged:
        both = zip((self.typed, self.reasons, self.flags), (other.typed, other.reasons, other.flags), strict=True)
        return Judged(*(pa.concat_arrays(pair) for pair in both))


def judge(con: duckdb.DuckDBPyConnection, asked: list[Asked], spelling: pa.Table) -> list[Judged]:
    """What the cells mean, in the order in which they are asked for."""
    kinds: dict[str, list[int]] = {}
    for number, one in enumerate(asked):
        kinds.setdefault(one.kind, []).append(number)
    found: dict[int, Judged] = {}
    with ThreadPoolExecutor(CORES) as pool:
        chosen = [[asked[number] for number in numbers] for numbers in kinds.values()]
        judged = pool.map(lambda kind, some: _judge(con.cursor(), kind, some, spelling), kinds, chosen)
        for numbers, answers in zip(kinds.values(), judged, strict=True):
            found |= zip(numbers, answers, strict=True)
    return [found[number] for number in range(len(asked))]


def _judge(con: duckdb.DuckDBPyConnection, kind: str, asked: list[Asked], spelling: pa.Table) -> list[Judged]:
    known = {"asked": _questions(asked), "cell": _cells(asked), "spelling": spelling}
    for name, table in known.items():
        con.register(name, table)
    answers = con.execute(_judging_sql(kind)).to_arrow_table().combine_chunks()
    columns = [answers[name].chunk(0) for name in ("typed", "reasons", "flags")]
    ends = list(accumulate(len(one.cells) for one in asked))
    places = [(end - len(one.cells), len(one.cells)) for one, end in zip(asked, ends, strict=True)]
    return [Judged(*(column.slice(*place) for column in columns)) for place in places]


def _questions(asked: list[Asked]) -> pa.Table:
    """What the contract says of each column."""
    columns = [one.column for one in asked]
    return pa.table(
        {
            "question": pa.array(range(len(asked)), pa.int32()),
            "name": [column.name for column in columns],
            "list": pa.array([column.codes for column in columns], pa.string()),
            "check": pa.array([one.check for one in asked], pa.string()),
            "is_currency": [column.parse == "currency" for column in columns],
            "is_yuan": [column.name.endswith("_cny") for column in columns],
            "is_required": [column.required for column in columns],
            "is_doubt": ["check" in column.flag for column in columns],
            "is_excess_doubt": ["max" in column.flag for column in columns],
            "longest": pa.array([column.max_length for column in columns], pa.int64()),
            "fewest": pa.array([column.min_items for column in columns], pa.int64()),
            "least": pa.array([column.min for column in columns], pa.float64()),
            "most": pa.array([column.max for column in columns], pa.float64()),
        }
    )


def _cells(asked: list[Asked]) -> pa.Table:
    """The cells as delivered and without space around them, null where they say nothing."""
    questions = [pa.repeat(pa.scalar(number, pa.int32()), len(one.cells)) for number, one in enumerate(asked)]
    raw = pa.concat_arrays([one.cells for one in asked])
    scale = pa.nulls(len(raw), pa.int64())
    if asked[0].kind == "amount":
        pairs = pc.split_pattern(raw, BY)
        raw, scale = pc.list_element(pairs, 0), pc.list_element(pairs, 1).cast(pa.int64())
    columns = {"question": pa.concat_arrays(questions), "raw": raw, "text": meaning(raw), "scale": scale}
    return pa.table({"id": pa.array(np.arange(len(raw), dtype=np.int32)), **columns})


def _judging_sql(kind: str) -> str:
    """One row a cell, in the order of `cell`."""
    narrow = half_width("text")
    has_form = checks.FORM if kind == "checked" else "null"
    number = f"replace(cell, ',', '') as number, regexp_full_match(number, '{NUMBER}') as is_number"
    sought = f"""
        select *, {_sought(kind)} as sought, {has_form} as has_form
        from (
            select *, {"upper(narrow)" if kind in ("code", "checked") else "narrow"} as cell,
                {number if kind in ("code", "amount") else "null as number"}
            from (select cell.*, asked.* exclude (question), {narrow} as narrow from cell join asked using (question))
        )"""
    if kind == "code":
        same = "spelling.list = cells.list and spelling.spelling = cells.sought"
        sought = f"select cells.*, spelling.code from ({sought}) as cells left join spelling on {same}"
    return f"""
        select typed, {_said(_reasons(kind))} as reasons, {_said(_flags(kind))} as flags
        from (select *, {_typed(kind)} as typed from ({sought})) order by id"""


def half_width(text: str) -> str:
    """The text in half-width characters; few cells have others, and DuckDB's translate is slow."""
    wide, narrow = WIDE.replace("'", "''"), NARROW.replace("'", "''")
    return f"case when regexp_matches({text}, '[！-～　]') then translate({text}, '{wide}', '{narrow}') else {text} end"


def _sought(kind: str) -> str:
    """What is looked up in the code list, of an amount its unit; a currency is what remains of the unit, else yuan."""
    if kind == "amount":
        return UNIT
    if kind != "code":
        return "null"
    word = f"coalesce(nullif(upper(regexp_replace({UNIT}, '^[万亿]', '')), ''), 'CNY')"
    return f"case when not is_currency then cell when regexp_matches(cell, '^[+-]?[0-9]') then {word} end"


def _typed(kind: str) -> str:
    if kind == "code":
        return "code"
    if kind == "amount":
        number = f"try_cast(if(is_number, number, regexp_extract(number, '^{NUMBER}')) as decimal(20,6))"
        factor = "when sought like '亿%' then 100000000 when sought like '万%' then 10000 when sought = '' then scale"
        return f"try_cast({number} * (case {factor} else 1 end)::decimal(9,0) as decimal(20,2))"
    if kind == "date":
        digits = "concat_ws('-', left(cell, 4), substr(cell, 5, 2), substr(cell, 7, 2))"
        parts = f"regexp_replace(cell, '^{DAY}([ T].*)?$', '\\1-\\2-\\3')"
        whole = f"case when regexp_full_match(cell, '[0-9]{{8}}') then {digits} else {parts} end"
        return f"try_cast(regexp_extract({whole}, '^[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}$') as date)"
    if kind == "list":
        pieces = "regexp_split_to_array(cell, '[,，、;；]')"
        return f"list_filter(list_transform({pieces}, lambda piece: trim(piece)), lambda piece: piece <> '')"
    return "cell"


def _said(broken: Iterator[Broken]) -> str:
    """The texts of those rules that the cell breaks; null if none."""
    rules = list(broken)
    if not rules:
        return "null::varchar[]"
    cases = ", ".join(
        f"case when {how} then name || ': ' || {what} || ': ' || left(raw, 80) end" for how, what in rules
    )
    is_any = " or ".join(f"({how})" for how, _ in rules)
    return f"case when {is_any} then list_filter([{cases}], lambda said: said is not null) end"


def _reasons(kind: str) -> Iterator[Broken]:
    """In the order in which they are told."""
    yield "is_required and cell is null", f"'{MISSING}'"
    if kind == "code":
        yield "sought is not null and code is null", "'不在代码表中'"
    elif kind == "date":
        yield "cell is not null and typed is null", "'不是有效日期'"
        yield "year(typed) < least", "'早于 ' || least::int || ' 年'"
    elif kind == "amount":
        wrong = f"typed is null or is_yuan and sought <> '' and not regexp_full_match(sought, '{YUAN}')"
        yield f"cell is not null and ({wrong})", "'不是可识别的金额'"
        yield "typed < least", "'小于 ' || least::bigint"
        yield "typed > most and not is_excess_doubt", "'大于 ' || most::bigint"
    elif kind == "list":
        yield "len(typed) < fewest", "'少于 ' || fewest || ' 人'"
    else:
        for how, what in checks.forms():
            yield f"not is_doubt and {how}", what
        yield "length(cell) > longest", "'超过 ' || longest || ' 个字'"


def _flags(kind: str) -> Iterator[Broken]:
    if kind == "amount":
        yield "typed > most and is_excess_doubt", "'大于 ' || most::bigint"
    if kind == "checked":
        for how, what in checks.forms():
            yield f"is_doubt and {how}", what
        yield from checks.digits()
        yield "cell <> narrow", "'小写字母已改为大写'"


def meaning(cells: pa.Array) -> pa.Array:
    """Text without space around it, null for words that mean nothing."""
    text = pc.utf8_trim(cells, characters=SPACE)
    return pc.if_else(pc.is_in(text, value_set=ANY_CASE), None, text)
