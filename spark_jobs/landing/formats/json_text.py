"""JSON text flows in; objects that know a key twice, numbers by their digits, and where rows lie, flow out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spark_jobs.landing.formats.sheet import Told, Unreadable

SPACE = re.compile(r"[ \t\r\n]*")
# {"code": 0, "data": {"page": {"list": [...]}}}
DEEPEST = 4
PAGES = ("pages", "totalpages", "totalpage", "pagecount", "pagetotal", "总页数")
MORE, LAST = ("hasnextpage", "hasnext", "hasmore"), ("islastpage", "last", "lastpage")
COUNTS = ("total", "totalcount", "totalnum", "totalelements", "recordstotal", "totalrows", "count", "总数")


class Number(str):
    """A number by its text: no digit is lost on the way."""


class Object(dict[str, object]):
    """A JSON object that knows the key it holds twice."""

    doubled: str | None = None

    @classmethod
    def of(cls, pairs: list[tuple[str, object]]) -> Object:
        """The object of these pairs."""
        made = cls(pairs)
        if len(made) < len(pairs):
            keys = [key for key, _ in pairs]
            made.doubled = next(key for key in keys if keys.count(key) > 1)
        return made


DECODER = json.JSONDecoder(
    object_pairs_hook=Object.of, parse_float=Number, parse_int=Number, parse_constant=Number, strict=False
)


def after_space(held: str, at: int) -> int:
    """The place of the next sign that is no space."""
    blanks = SPACE.match(held, at)
    return blanks.end() if blanks else at


def find_rows(text: str, at: int, depth: int = 1) -> int | None:
    """Where the list of rows opens, in an object that opens at `at`: {"total": 2, "rows": [{…}, {…}]}."""
    try:
        at = after_space(text, at + 1)
        while text[at : at + 1] == '"':
            at = after_space(text, DECODER.raw_decode(text, at)[1])
            at = after_space(text, at + 1)
            if text[at : at + 1] == "[" and text[after_space(text, at + 1)] in "{]":
                return at
            if text[at : at + 1] == "{" and depth < DEEPEST:
                inner = find_rows(text, at, depth + 1)
                if inner is not None:
                    return inner
            at = after_space(text, DECODER.raw_decode(text, at)[1])
            at = after_space(text, at + 1)
    except (ValueError, RecursionError, IndexError):
        return None
    return None


@dataclass(frozen=True)
class Wrapping:
    """What stands around a list of rows: `before` its bracket, which is nothing where the file is the list."""

    before: str
    is_whole: bool
    told: Told

    def ends_with(self, rest: str, rows: int, promised: Callable[[list[str]], int]) -> bool:
        """Whether the file ends as it must behind a list of so many rows; raises Unreadable where rows are missing."""
        try:
            around = DECODER.decode(f"{self.before}[]{rest}")
        except (ValueError, RecursionError):
            return False
        for inside in _objects(around):
            self._compare(inside, rows)
            for value in inside.values():
                if isinstance(value, list) and any(isinstance(item, Object) and promised(list(item)) for item in value):
                    raise Unreadable("文件里有几个数据列表，不知道该读哪一个。请每个列表单独报送一个文件。")
        return True

    def _compare(self, inside: Object, rows: int) -> None:
        stated = [number for key, value in inside.items() if _is_count(key) and (number := _whole(value)) is not None]
        if stated and 0 in stated and not rows:
            self.told.is_nil = True
        if rows in stated:
            return
        if stated:
            said = f"文件里写着共 {stated[0]:,} 条，列表里是 {rows:,} 条。"
        elif any(_says_more(key, value) for key, value in inside.items()):
            said = f"文件里写着还有别的页，列表里只有 {rows:,} 条。"
        else:
            return
        if self.is_whole:
            raise Unreadable(f"{said}可能只是其中一页：这个数据集每次报送全量，请把全部数据放在一个列表里。")
        if said not in self.told.remarks:
            self.told.remarks.append(said)


def _is_count(key: str) -> bool:
    return key.replace("_", "").lower() in COUNTS


def _says_more(key: str, value: object) -> bool:
    """Whether a key and its value say that this is one page of several: pages 10, hasNextPage true."""
    name = key.replace("_", "").lower()
    if name in PAGES:
        return (_whole(value) or 0) > 1
    return (name in MORE and value is True) or (name in LAST and value is False)


def flat(row: Object, promised: Callable[[list[str]], int]) -> Object:
    """A row with what stands in objects inside it that hold promised headings: {"基本信息": {"企业名称": …}}."""
    inner = {
        key: value
        for key, value in row.items()
        if isinstance(value, Object) and not promised([key]) and promised(list(value))
    }
    if not inner:
        return row
    pairs = [(key, value) for key, value in row.items() if key not in inner]
    made = Object.of([*pairs, *(pair for value in inner.values() for pair in flat(value, promised).items())])
    made.doubled = made.doubled or row.doubled or next((one.doubled for one in inner.values() if one.doubled), None)
    return made


def words_in(value: object) -> Iterator[str]:
    """Every text in objects and lists."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from words_in(inner)
    elif isinstance(value, str) and not isinstance(value, Number):
        yield value


def _whole(value: object) -> int | None:
    is_whole = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12
    return int(str(value)) if is_whole else None


def _objects(value: object) -> Iterator[Object]:
    """An object and those inside it."""
    if isinstance(value, Object):
        yield value
        for inner in value.values():
            yield from _objects(inner)
