"""A delivery flows in; a CSV or XLSX file on disk, and the truth about its dirty cells, flow out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import xlsxwriter

from schemas.contract import Column, Heading
from simulate.deliveries import SimulatedFile
from simulate.dirt import MORE, Fault, soil
from simulate.mess import write_cells
from simulate.style import Style
from simulate.word_lists import Array, random_for

TRUTH_COLUMNS = ("department", "feed", "file", "line", "column", "kind", "verdict", "value")
SAVED = datetime(2020, 1, 1)
NUMBERED = "序号"
LINE_BREAKS = 0.004
# The line of a file's first row: behind the headings, where the format has a line of them.
FIRST_LINES = {"json": 1, "parquet": 1}


@dataclass(frozen=True)
class Truth:
    """One dirty cell, or one dirty file; `line` counts the file's records from 1, the headings included."""

    department: str
    feed: str
    file: str
    line: int | None
    column: str
    kind: str
    verdict: str
    value: str


def write_delivery(delivery: SimulatedFile, out: Path, seed: int) -> list[Truth]:
    """Writes one file below `out`; returns what is wrong with it."""
    rng = random_for(seed, delivery.department, delivery.folder, delivery.stem)
    headings = dict(_headings(delivery))
    cells = {
        column.name: write_cells(delivery.contract, column, heading, delivery.rows, delivery.style, rng)
        for column, heading in headings.values()
    }
    if "complaint_matter" in cells and delivery.style.suffix == "csv":
        delivery.rows["complaint_matter"] = delivery.rows["complaint_matter"].copy()
        _break_lines((cells["complaint_matter"], delivery.rows["complaint_matter"]), rng)
    faults = soil(delivery.contract, delivery.rows, cells, delivery.style, rng)
    ignored = _ignored(delivery)
    table = [*ignored.values(), *cells.values()]
    rows = [list(row) for row in zip(*table, strict=True)]
    first_line = FIRST_LINES.get(delivery.style.suffix, 2)
    for fault in faults:
        if fault.kind == "width":
            _change_width(rows[fault.row], fault.value, rng)
    path = out / delivery.department / delivery.folder / delivery.file
    path.parent.mkdir(parents=True, exist_ok=True)
    WRITERS[delivery.style.suffix](path, [*ignored, *headings], rows, delivery.style)
    if delivery.contract.delivery and delivery.contract.delivery.marker == "ready":
        path.with_name(f"{path.name}.ready").touch()
    return [
        _truth(delivery, fault, first_line) for fault in sorted(faults, key=lambda fault: (fault.row, fault.column))
    ]


def _truth(delivery: SimulatedFile, fault: Fault, first_line: int) -> Truth:
    return Truth(
        department=delivery.department,
        feed=delivery.folder,
        file=delivery.file,
        line=fault.row + first_line,
        column=fault.column,
        kind=fault.kind,
        verdict=fault.verdict,
        value=fault.value,
    )


def _headings(delivery: SimulatedFile) -> Iterator[tuple[str, tuple[Column, Heading]]]:
    """The contract's columns that the delivery has, each under one of its headings; a shared heading comes once.

    A currency has no heading of its own: it stands in the cells of an amount.
    """
    taken = set()
    for column in delivery.contract.columns:
        if column.name in delivery.rows and column.parse != "currency":
            wanted = delivery.headings.get(column.name, delivery.style.headings)
            heading = column.headings[min(wanted, len(column.headings) - 1)]
            if heading.heading not in taken:
                taken.add(heading.heading)
                yield heading.heading, (column, heading)


def _ignored(delivery: SimulatedFile) -> dict[str, Array]:
    """Columns that contracts ignore: a running number in files saved by hand, and what the rows carry besides."""
    count = len(next(iter(delivery.rows.values())))
    promised = {column.name for column in delivery.contract.columns}
    extra = {name: column for name, column in delivery.rows.items() if name in set(delivery.contract.ignore) - promised}
    is_numbered = NUMBERED in delivery.contract.ignore and (delivery.style.quote_all or delivery.style.is_typed)
    return {
        **({NUMBERED: np.arange(1, count + 1).astype(str).astype(object)} if is_numbered else {}),
        **extra,
    }


def _break_lines(written_and_meant: tuple[Array, Array], rng: np.random.Generator) -> None:
    """Some complainants write in paragraphs: the record goes on in the next line, inside quotes, and it means that."""
    for row in np.flatnonzero(rng.random(len(written_and_meant[0])) < LINE_BREAKS):
        for texts in written_and_meant:
            texts[row] = str(texts[row]).replace("，", "，\n", 1)


def _change_width(row: list[object], how: str, rng: np.random.Generator) -> None:
    """A stray separator cut a cell in two, or a cell was lost."""
    place = int(rng.integers(1, len(row) - 1))
    if how == MORE:
        row.insert(place, "多余")
        row[-1] = row[-1] or "多余"  # an empty cell behind the last is read as a separator that ends the line
    else:
        del row[place]


def _write_csv(path: Path, headings: Sequence[str], rows: list[list[object]], style: Style) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, lineterminator=style.newline, quoting=csv.QUOTE_ALL if style.quote_all else csv.QUOTE_MINIMAL
    )
    writer.writerow(headings)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(style.encoding))


def _write_json(path: Path, headings: Sequence[str], rows: list[list[object]], style: Style) -> None:
    """JSON Lines: what is empty is null, everything else text."""
    objects = ({name: _text(cell) for name, cell in zip(headings, row, strict=True)} for row in rows)
    lines = [json.dumps(item, ensure_ascii=False) for item in objects]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_parquet(path: Path, headings: Sequence[str], rows: list[list[object]], style: Style) -> None:
    import pyarrow as pa  # late: hardly any department sends Parquet, and importing it takes a third of a second
    from pyarrow import parquet

    columns = [pa.array([_text(row[place]) for row in rows], pa.string()) for place in range(len(headings))]
    parquet.write_table(pa.table(columns, names=list(headings)), path)


def _text(cell: object) -> str | None:
    return str(cell) if cell != "" else None


def _write_xlsx(path: Path, headings: Sequence[str], rows: list[list[object]], style: Style) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": SAVED})
        page = book.add_worksheet("Sheet1")
        shown_as_date = book.add_format({"num_format": "yyyy/m/d"})
        for place, heading in enumerate(headings):
            page.write_string(0, place, heading)
        for line, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), shown_as_date)
                elif isinstance(cell, int | float):
                    page.write_number(line, place, cell)
                elif cell:
                    page.write_string(line, place, str(cell))


Writer = Callable[[Path, Sequence[str], list[list[object]], Style], None]
WRITERS: dict[str, Writer] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "json": _write_json,
    "parquet": _write_parquet,
}
