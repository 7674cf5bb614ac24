"""Rows too wide for a table flow in; lines that fit a terminal flow out: a record a block, a column a line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len

from spark_jobs.lake.home import LOCAL
from spark_jobs.receipts.told import padded

if TYPE_CHECKING:
    import pyarrow as pa

# Where nobody's terminal says how wide it is: in a pipe, in a log.
WIDTH_WITHOUT_TERMINAL = 120
INDENT, GAP = "  ", "  "
# What a line may be broken between: words of Latin letters, identities among them, stay whole; Chinese breaks anywhere.
PIECE = re.compile(r"\s+|[!-~]+|[^!-~\s]")
AFTER_COMMA = re.compile(r"[^,]+,?|,")


def terminal_width() -> int:
    """Columns of the terminal, or of COLUMNS."""
    return shutil.get_terminal_size((WIDTH_WITHOUT_TERMINAL, 24)).columns


def fold(text: str, width: int) -> list[str]:
    """Lines of at most so many cells; only a word that is wider itself gets a line that is."""
    lines = [""]
    for piece in PIECE.findall(text):
        for part in [piece] if cell_len(piece) <= width else AFTER_COMMA.findall(piece):
            if cell_len(lines[-1]) + cell_len(part) > width and lines[-1]:
                lines.append("")
            if lines[-1] or not part.isspace():
                lines[-1] += part
    return [line.rstrip() for line in lines]


def hang(line: str, width: int) -> Iterator[str]:
    """The line folded, what follows the first set in deeper."""
    indent = line[: len(line) - len(line.lstrip())]
    first, *rest = fold(line.lstrip(), width - len(indent))
    yield indent + first
    if rest:
        deeper = indent + 2 * INDENT
        yield from (deeper + more for more in fold(line.lstrip()[len(first) :].lstrip(), width - len(deeper)))


def records(rows: pa.Table, labels: Mapping[str, str], width: int) -> Iterator[str]:
    """Each row as a block: column, label where there is one, and value."""
    name_width = max(map(len, rows.column_names))
    label_width = max((cell_len(labels.get(name, "")) for name in rows.column_names), default=0)
    for number, row in enumerate(rows.to_pylist(), 1):
        yield f"── {number} ".ljust(min(width, 60), "─")
        for field in rows.schema:
            label = labels.get(field.name, "")
            heading = f"{INDENT}{field.name:<{name_width}}"
            if label_width:
                heading += f"{GAP}{padded(label, label_width)}"
            yield from beside(heading, _value_lines(row[field.name], field.type), width)


def beside(heading: str, values: list[str], width: int) -> Iterator[str]:
    """The values right of the heading; below it where a word of theirs has no room there."""
    room = width - cell_len(heading) - len(GAP)
    lines = [line for value in values for line in fold(value, max(room, 1))]
    if any(cell_len(line) > room for line in lines):
        yield heading.rstrip()
        below = 2 * INDENT
        yield from (below + line for value in values for line in fold(value, width - len(below)))
        return
    for line in lines or [""]:
        yield f"{heading}{GAP}{line}".rstrip()
        heading = " " * cell_len(heading)


def _value_lines(value: object, kind: pa.DataType) -> list[str]:
    """A struct and a map have a line an entry, a list of structs one a struct; anything else is one line."""
    if value is None or value == []:
        return []
    import pyarrow as pa

    if pa.types.is_struct(kind):
        assert isinstance(value, dict)
        return _aligned({name: text for name, part in value.items() if (text := text_of(part))})
    if pa.types.is_map(kind):
        assert isinstance(value, list)
        return _aligned({str(name): text_of(part) for name, part in value})
    if pa.types.is_list(kind):
        assert isinstance(value, list)
        is_nested = pa.types.is_nested(kind.value_type)
        return [text_of(part) for part in value] if is_nested else ["、".join(map(text_of, value))]
    return [text_of(value)]


def _aligned(entries: Mapping[str, str]) -> list[str]:
    width = max(map(len, entries), default=0)
    return [f"{name:<{width}}{GAP}{text}" for name, text in entries.items()]


def moment(value: datetime) -> str:
    """A moment as clocks in China show it, with the zone; one that names no zone is left as it is."""
    return (value.astimezone(LOCAL) if value.tzinfo else value).isoformat(" ", "seconds")


def text_of(value: object) -> str:
    """A value as people read it."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {text_of(part)}" for name, part in value.items() if part is not None)
    return "" if value is None else str(value)
