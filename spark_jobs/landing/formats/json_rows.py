"""JSON Lines or a JSON array of objects flows in; its keys as headings and its objects as rows flow out."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from spark_jobs.lake.columns import numbers_mark
from spark_jobs.lake.headings import plain
from spark_jobs.landing.formats.heading_rows import name_says_nothing_to_report, says_nothing_to_report
from spark_jobs.landing.formats.json_text import (
    DECODER,
    Number,
    Object,
    Wrapping,
    after_space,
    find_rows,
    flat,
    words_in,
)
from spark_jobs.landing.formats.sheet import (
    BROKEN,
    HALF_A_CHARACTER,
    RAW_SHOWN,
    Rows,
    Sheet,
    Source,
    Told,
    Unreadable,
    excess,
    shown,
)
from spark_jobs.landing.formats.text import LONGEST, examine
from spark_jobs.landing.formats.utf8_stream import Text

NO_OBJECT = "不是一个 JSON 对象"
WHAT_TO_SEND = "请报送每行一个对象（JSON Lines），或一个对象数组 [{…}, {…}]。"
NIL = '本期确实没有数据的，请报送 {"total": 0, "rows": []}，或在文件名中写明“零报告”。'
# Under these keys programs say how it went.
SAYING = ("msg", "message", "error", "errmsg", "errormsg", "resultmsg")
CHUNK = 1 << 20
WRAPPED = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:\s*[\[{]')
DOUBTFUL = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True)
class _Item:
    """What stands on one line, or at one place of the array; `value` is None where it is no JSON."""

    line: int
    text: str
    value: object


def open_json(source: Source) -> Sheet:
    """Opens a file of JSON objects: in lines, in an array, or in a list inside an object that says something of it."""
    text = examine(source)
    with text.stream() as stream:
        sample = stream.read(CHUNK).decode(errors="ignore")
    told = Told()
    shape = _shape(source, sample, told)
    headings: dict[str, None] = {}
    for item in _items(source, text, shape):
        if isinstance(item.value, Object):
            headings.update(dict.fromkeys(item.value))
            if len(headings) > source.limits.columns:
                raise excess("文件至少有", len(headings), source.limits.columns, "列", "columns")
        if item.line % 10_000 == 0:
            source.beat()
    told.is_nil = told.is_nil or _says_nothing_to_report(source, sample, list(headings))
    if not headings and not told.is_nil:
        raise Unreadable(f"文件里没有任何 JSON 对象。{WHAT_TO_SEND}{NIL}")
    if told.is_nil and not source.promised(list(headings)):
        return Sheet([], iter(()), text.encoding, told)
    _refuse_answer(source, sample, list(headings))
    return Sheet(list(headings), _batches(source, text, shape, list(headings)), text.encoding, told)


def _says_nothing_to_report(source: Source, sample: str, headings: list[str]) -> bool:
    """Whether a file without rows says so, in its name or in a word inside it."""
    if source.promised(headings):
        return False
    if name_says_nothing_to_report(source.name) and not headings:
        return True
    return any(says_nothing_to_report([word]) for word in words_in(_read(sample)))


def _refuse_answer(source: Source, sample: str, headings: list[str]) -> None:
    """Refuses what a program answered instead of data: {"code": 500, "msg": "服务器错误"}."""
    if not source.promised(headings) and (said := next((name for name in headings if name.lower() in SAYING), None)):
        answer = _read(sample)
        words = answer.get(said) if isinstance(answer, Object) else ""
        raise Unreadable(f"文件是接口的一个回答（{said}：{shown(str(words), 100)}），里面没有数据列表。{WHAT_TO_SEND}")


def _shape(source: Source, sample: str, told: Told) -> Wrapping | None:
    """Where the list of rows opens; None for objects in lines. Refuses objects that are written over several lines."""
    begin = after_space(sample, 0)
    if sample[begin : begin + 1] == "[":
        return Wrapping(sample[:begin], source.contract.is_snapshot, told)
    first = sample[begin:].split("\n", 1)[0].strip()
    first = first[:-1] if first.endswith("},") else first
    row = _read(first)
    if isinstance(row, Object) and source.promised(list(flat(row, source.promised))):
        return None
    if sample[begin : begin + 1] == "{" and (opening := find_rows(sample, begin)) is not None:
        return Wrapping(sample[:opening], source.contract.is_snapshot, told)
    if (row is None and first.endswith(("{", "[", ","))) or WRAPPED.match(first):
        raise Unreadable(f"文件是一个包着数据的 JSON 对象，或对象分成了多行。{WHAT_TO_SEND}")
    return None


def _read(text: str) -> object:
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _items(source: Source, text: Text, shape: Wrapping | None) -> Iterator[_Item]:
    for item in _of_array(source, text, shape) if shape else _of_lines(text):
        if isinstance(item.value, Object) and any(isinstance(value, Object) for value in item.value.values()):
            yield replace(item, value=flat(item.value, source.promised))
        else:
            yield item


def _of_lines(text: Text) -> Iterator[_Item]:
    with io.BufferedReader(text.stream(), CHUNK) as lines:
        number = 0
        while line := lines.readline(LONGEST + 1):
            number += 1
            if len(line) > LONGEST:
                raise excess(f"第 {number} 行至少有", len(line), LONGEST, "字节", "cell")
            written = line.decode().strip(" \t\r\n")
            if written.endswith("},"):
                written = written[:-1]
            if written:
                yield _Item(number, written, _read(written))


def _of_array(source: Source, text: Text, shape: Wrapping) -> Iterator[_Item]:
    """The elements one by one; only as much text is held as the longest of them needs."""
    with io.TextIOWrapper(io.BufferedReader(text.stream(), CHUNK), encoding="utf-8", newline="") as file:
        held, number, is_end = file.read(CHUNK), 0, False
        at = len(shape.before) + 1
        while True:
            at = after_space(held, at)
            value, end = _element(held, at, number)
            if end < 0 and not is_end:
                if len(held) - at > LONGEST:
                    raise excess(f"第 {number + 1} 个对象至少有", len(held) - at, LONGEST, "字", "cell")
                more = file.read(max(CHUNK, len(held) - at))
                held, at, is_end = held[at:] + more, 0, not more
                continue
            if end < 0:
                raise Unreadable(f"第 {number + 1} 个对象处不是有效的 JSON，或文件不完整。请重新导出后报送。")
            if value is _END:
                if not shape.ends_with(held[end:] + file.read(LONGEST), number, source.promised):
                    raise Unreadable(f"第 {number} 个对象之后，数组已结束，文件却没有。{WHAT_TO_SEND}")
                return
            number += 1
            yield _Item(number, held[at:end].lstrip(", \t\r\n"), value)
            at = end


_END = object()


def _element(held: str, at: int, number: int) -> tuple[object, int]:
    """The next element and where it ends: -1 if the text held does not say, `_END` for the array's end."""
    if held[at : at + 1] == "]":
        return _END, at + 1
    if number:
        if held[at : at + 1] != ",":
            return None, -1
        at = after_space(held, at + 1)
    try:
        value, end = DECODER.raw_decode(held, at)
    except RecursionError:
        raise Unreadable(f"第 {number + 1} 个对象嵌套过深，超过上限（limits.nesting）。") from None
    except ValueError:
        return None, -1
    return value, end if after_space(held, end) < len(held) else -1


def _batches(source: Source, text: Text, shape: Wrapping | None, headings: list[str]) -> Iterator[pa.RecordBatch]:
    rows, lists = Rows(headings, source.limits), _list_headings(source, headings)
    names = [tuple(source.promises.scales(heading)) for heading in headings]
    for item in _items(source, text, shape):
        try:
            cells = _cells(item, headings, lists, source.limits.nesting)
            rows.add(item.line, cells, numbers=numbers_mark(_numeric(item, headings, names)))
        except _Faulty as fault:
            rows.add_wrong(item.line, item.text[: RAW_SHOWN + 1], str(fault))
        yield from rows.take()
    yield from rows.take(is_last=True)


def _list_headings(source: Source, headings: list[str]) -> frozenset[str]:
    listed = {plain(h.heading) for c in source.contract.columns if c.type == "list" for h in c.headings}
    return frozenset(heading for heading in headings if plain(heading) in listed)


def _numeric(item: _Item, headings: list[str], names: list[tuple[str, ...]]) -> Iterator[str]:
    """The columns whose value is written as a number."""
    assert isinstance(item.value, Object)
    for heading, columns in zip(headings, names, strict=True):
        if isinstance(item.value.get(heading), Number):
            yield from columns


class _Faulty(Exception):
    """Why an element is no row."""


def _cells(item: _Item, headings: list[str], lists: frozenset[str], nesting: int) -> list[str]:
    row = item.value
    if BROKEN in item.text:
        raise _Faulty(HALF_A_CHARACTER)
    if not isinstance(row, Object):
        raise _Faulty(NO_OBJECT)
    if row.doubled is not None:
        raise _Faulty(f"“{shown(row.doubled, 50)}”在同一对象中出现两次")
    cells = [_cell(heading, row.get(heading), heading in lists, nesting) for heading in headings]
    if DOUBTFUL.search(item.text) and any(not _can_be_stored(cell) for cell in cells):
        raise _Faulty("单元格含有空字符（NUL）或不成对的代理字符")
    return cells


def _cell(heading: str, value: object, is_list: bool, nesting: int) -> str:
    if isinstance(value, str):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if is_list and isinstance(value, list) and not any(isinstance(part, list | dict) for part in value):
        return "、".join(_cell(heading, part, False, nesting) for part in value)
    if 1 + _depth(value) > nesting:
        raise _Faulty(f"“{shown(heading, 50)}”嵌套超过上限 {nesting} 层（limits.nesting）")
    raise _Faulty(f"“{shown(heading, 50)}”的值是列表或对象，应为文本或数字")


def _depth(value: object) -> int:
    """Levels of lists and objects."""
    depth, level = 0, [value]
    while level := [part for part in level if isinstance(part, list | dict)]:
        depth += 1
        level = [inner for part in level for inner in (part.values() if isinstance(part, dict) else part)]
    return depth


def _can_be_stored(cell: str) -> bool:
    return "\0" not in cell and not any("\ud800" <= character <= "\udfff" for character in cell)
