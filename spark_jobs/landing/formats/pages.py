"""The pages of a workbook flow in; those that are read flow out, under one list of headings, and why others are not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spark_jobs.lake.headings import plain
from spark_jobs.landing.formats.heading_rows import SUMS, Headed
from spark_jobs.landing.formats.matching import find_columns
from spark_jobs.landing.formats.sheet import Source, Told, Unreadable, shown


@dataclass(frozen=True)
class Page:
    """A page and what its first rows say.

    `headings` of the places `named`; `left`: the page's column (from 0) that its first place is; `above` them stand
    titles; `below`: the first rows of data; `told`: what stands above the headings; `rows` below them, empty ones too.
    """

    name: str
    is_hidden: bool
    headed: Headed
    headings: list[str]
    named: list[int]
    left: int
    above: list[list[str]]
    below: list[list[str]]
    told: Told
    rows: int

    def begins(self, source: Source) -> Iterator[str]:
        """What rows begin with that may be no data."""
        yield from (self.headed.cells[place] for place in self.named)
        yield from (known.heading for column in source.contract.columns for known in column.headings)
        yield from SUMS

    def continues(self, other: Page, source: Source) -> bool:
        """Whether the page, which has no headings, goes on where another one ends: its keys look like that one's."""
        keys = [
            place
            for heading, place in zip(other.headings, other.named, strict=True)
            if source.promises.scales(heading).keys() & set(source.contract.key)
        ]
        looks = {_look(row, keys) for row in other.below} - {None}
        rows = [row for row in (self.headed.cells, *self.below) if any(row)]
        return self.left == other.left and 2 * sum(_look(row, keys) in looks for row in rows) > len(rows)

    def has_keys(self, source: Source) -> bool:
        """Whether the page has every column of the contract's key: without them its rows are none of the feed."""
        columns = {name for heading in self.headings for name in source.promises.scales(heading)}
        return set(source.contract.key) <= columns


def _look(cells: Sequence[str], keys: Sequence[int]) -> tuple[tuple[int, str], ...] | None:
    """How the keys of a row look: about how long they are, and what stands between letters and digits."""
    own = [cells[key].strip() if key < len(cells) else "" for key in keys]
    if not own or not all(key.isascii() and any(sign.isdigit() for sign in key) for key in own):
        return None
    return tuple((len(key) // 4, re.sub("[0-9A-Za-z]", "", key)) for key in own)


def choose(source: Source, pages: Sequence[Page], told: Told) -> list[Page]:
    """The visible pages that have the promised headings; a hidden one only where it is the only one that has."""
    keyed = [page for page in pages if page.has_keys(source)]
    read = [page for page in keyed if not page.is_hidden]
    if not read and len(keyed) > 1:
        names = "、".join(f"“{shown(page.name, 50)}”" for page in keyed)
        raise Unreadable(f"有约定表头的工作表都是隐藏的：{names}。请取消隐藏要报送的工作表，删去其余的。")
    # Where no page has all of the key, the one that comes nearest is refused for what it lacks.
    read = read or keyed or [max(pages, key=lambda page: (not page.is_hidden, page.headed.promised))]
    for page in pages:
        if not page.headed.promised and (before := next((one for one in read if page.continues(one, source)), None)):
            raise Unreadable(
                f"工作表“{shown(page.name, 50)}”没有表头，看上去是“{shown(before.name, 50)}”的续表（{page.rows} 行）。"
                "请给每个工作表补上表头，或并成一个工作表后重新报送。"
            )
    if len(pages) > 1 or read[0].is_hidden:
        told.remarks.append(f"读取的工作表：{_names(read)}。")
    if left_out := [page for page in pages if page not in read]:
        told.remarks.append(f"未读取的工作表：{_names(left_out, source)}。")
    return read


def _names(pages: Sequence[Page], source: Source | None = None) -> str:
    return "、".join(f"“{shown(page.name, 50)}”{_why(page, source)}" for page in pages)


def _why(page: Page, left_out_of: Source | None) -> str:
    """How many rows a page has, that it is hidden, and what keeps it from being read."""
    said = ["隐藏"] if page.is_hidden else []
    if left_out_of and not page.has_keys(left_out_of):
        said.append("没有约定的主键列")
    if left_out_of:
        said.append(f"{page.rows} 行")
    return f"（{'，'.join(said)}）" if said else ""


def arrange(source: Source, pages: Sequence[Page]) -> tuple[list[str], dict[str, list[int | None]]]:
    """One list of headings for all pages, and by page the place of each; refuses pages that do not go together."""
    headings: list[str] = []
    places: list[dict[int, int]] = []
    for page in pages:
        try:
            find_columns(source.contract, page.headings)
        except Unreadable as refusal:
            raise Unreadable(f"工作表“{shown(page.name, 50)}”：{refusal}") if len(pages) > 1 else refusal from None
        mine: dict[int, int] = {}
        for heading, place in zip(page.headings, page.named, strict=True):
            mine[_position(source, headings, heading, page.name)] = place
        places.append(mine)
    by_page = (
        (page.name, [mine.get(position) for position in range(len(headings))])
        for page, mine in zip(pages, places, strict=True)
    )
    return headings, dict(by_page)


def _position(source: Source, headings: list[str], heading: str, page: str) -> int:
    """Where a page's heading stands among those of all; the end, for one that no earlier page has."""
    scales = source.promises.scales(heading)
    for position, other in enumerate(headings):
        others = source.promises.scales(other)
        if plain(other) == plain(heading) or (scales and scales.keys() == others.keys()):
            if scales != others:
                raise Unreadable(
                    f"工作表“{shown(page, 50)}”的“{shown(heading, 50)}”与前面工作表的“{shown(other, 50)}”单位不同。"
                    "请统一单位后重新报送。"
                )
            return position
    headings.append(heading)
    return len(headings) - 1
