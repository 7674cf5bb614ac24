"""The first rows of separated text flow in; its separator, its headings and what stands above them flow out."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from spark_jobs.landing.formats.heading_rows import (
    SAMPLE,
    Headed,
    Nameless,
    all_known,
    find_headings,
    numbers_rows,
    refuse_headings_above,
    refuse_late_headings,
    says_nothing_to_report,
)
from spark_jobs.landing.formats.matching import tell_unit
from spark_jobs.landing.formats.sheet import RAW_SHOWN, Source, Told, Unreadable, shown

HEADING_ROWS = 20
# The usual ones, and those of programs that fear that a cell holds one of them (Hive: U+0001).
SEPARATORS = ",\t;|\x01^~"
# What stands between headings where people have typed them.
TYPED = re.compile(r"[，、；｜/\s\u3000]+|,")


@dataclass(frozen=True)
class Head:
    """The headings: a cell a column, the separator, the record that they end in (from 1), and the byte after it.

    `width`: the cells that most rows have; those beyond the headings are empty. `nameless`: columns without a heading.
    """

    cells: list[str]
    delimiter: str
    record: int
    end: int
    width: int
    nameless: Nameless

    @property
    def named(self) -> list[int]:
        """The places of the columns that have a heading."""
        return [place for place, heading in enumerate(self.cells) if heading]


@dataclass(frozen=True)
class _Record:
    """The cells of one of the first records, and the byte after it."""

    cells: list[str]
    end: int


def find_head(source: Source, sample: str, told: Told) -> tuple[Head, str]:
    """Of the first rows, split by each separator, those with most of the promised headings; the unit named above."""
    declared = re.match(r'"?sep=([^\r\n"])"?\r?\n', sample, re.IGNORECASE)
    first_line = sample.lstrip("\r\n").split("\n", 1)[0]
    usual = sorted(SEPARATORS, key=first_line.count, reverse=True)
    best: tuple[Headed, str, list[_Record]] | None = None
    for delimiter in dict.fromkeys([declared.group(1), *usual] if declared else usual):
        records = list(_records(sample, delimiter))
        if declared and records:
            records[0] = _Record([], records[0].end)
        found = find_headings(source, [record.cells for record in records[:HEADING_ROWS]])
        if found and (best is None or found.promised > best[0].promised):
            best = found, delimiter, records
        if found and found.promised > 1 and all_known(source, found.cells):
            break
    if best is None:
        raise Unreadable("第 1 行不是可读的表头。请把列名放在第一行，并检查引号是否成对。")
    found, delimiter, records = best
    refuse_late_headings(source, found, [record.cells for record in records[: HEADING_ROWS + SAMPLE]], HEADING_ROWS)
    _refuse_strange_separator(source, found.cells)
    above = [record.cells for record in records[: found.row - found.rows + 1]]
    refuse_headings_above(source, above, f"第 {found.row + 1} 行")
    told.is_nil = any(map(says_nothing_to_report, above))
    rows = [record.cells for record in records[found.row + 1 :]]
    headings = [*([""] if _lacks_numbering(found.cells, rows) else []), *found.cells]
    width = _usual_width(headings, rows)
    cells = (headings + [""] * width)[:width]
    unit = tell_unit(source, above, cells, told)
    return Head(cells, delimiter, found.row + 1, records[found.row].end, width, Nameless.of(cells, rows)), unit


def _refuse_strange_separator(source: Source, headings: list[str]) -> None:
    """Refuses headings of which several stand in one cell, because nothing that separates cells stands between them."""
    for cell in headings:
        if not source.promised([cell]) and source.promised(TYPED.split(cell[:RAW_SHOWN])) > 1:
            raise Unreadable(
                f"几个列名连在一格里：“{shown(cell, 50)}”。"
                "请用英文逗号、制表符、分号或竖线分隔各列，整行不要放在一对引号里。"
            )


def _lacks_numbering(headings: list[str], rows: list[list[str]]) -> bool:
    """Whether all rows begin with their number, which no heading stands above: programs for statistics write so."""
    some = [row for row in rows if any(row)]
    is_wider = bool(some) and all(len(row) == len(headings) + 1 for row in some) and any(row[-1] for row in some)
    return is_wider and all(headings) and numbers_rows([row[0].strip() for row in some])


def _usual_width(headings: list[str], rows: list[list[str]]) -> int:
    """The cells that most rows have, if those that are more or fewer than the headings hold nothing."""
    named = max((place + 1 for place, heading in enumerate(headings) if heading), default=len(headings))
    widths = Counter(
        len(row) for row in rows if len(row) >= named and any(row) and not any(map(str.strip, row[len(headings) :]))
    )
    return widths.most_common(1)[0][0] if widths else len(headings)


def _records(sample: str, delimiter: str) -> Iterator[_Record]:
    """The first records of a text, as far as they can be split."""
    read = 0

    def lines() -> Iterator[str]:
        nonlocal read
        for line in io.StringIO(sample, newline=""):
            read += len(line.encode())
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    try:
        for _, cells in zip(range(HEADING_ROWS + SAMPLE), reader, strict=False):
            yield _Record(cells, read)
    except csv.Error:
        return
