"""A landing folder flows in; its new files flow out as tables of text by contract column.

Files are read whole and two at a time: a hand-written contender needs no limits, receipts or processes of its own.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from python_calamine import CalamineWorkbook

from schemas.contract import FeedContract, feed_of, feeds

LINE, RAW, FAULT = "_line", "_raw", "_fault"
CORES = 2
SKIPPED = (".part", ".tmp", ".crdownload", ".filepart", ".ready", ".sha256")
SEPARATORS = ",\t;|"
WRONG_WIDTH = "列数与表头不一致"
LOST_DIGITS = "数字超过 15 位，Excel 已丢失末位，请将该列设为文本格式后重新填写"
FIRST_LOST = 10**15
RAW_SHOWN = 1_000
BLOCK = 64 << 20
BOMS = {b"\xef\xbb\xbf": "utf-8", b"\x84\x31\x95\x33": "gb18030"}

# Rows that could not be split into cells: line, the row's text, and what is wrong with it.
BrokenRows = list[tuple[int, str, str]]


@dataclass(frozen=True)
class Delivered:
    """A new file: `place` counts the pass's new files from 0, `scales` has the factor of each amount's heading, and
    `headings` the one that each column came under.

    `rows` has a text column for each delivered contract column, `_line` (the header is line 1), `_raw` and `_fault`:
    null, or for a row that has not as many cells as headings its text and what is wrong, its cells being null.
    """

    path: Path
    department: str
    folder: str
    contract: FeedContract
    sha256: str
    bytes: int
    place: int
    rows: pa.Table
    scales: dict[str, int]
    headings: dict[str, str]


def new_files(landing: Path, known: Collection[str]) -> list[Delivered]:
    """The files whose content is not known yet, in the order of their path parts."""
    feeds()  # read once, before two threads ask for it
    paths = [path for path in _files(landing) if len(path.relative_to(landing).parts) > 2]
    with ThreadPoolExecutor(CORES) as pool:
        contents = list(pool.map(_digest, paths))
        first = {digest: path for path, digest in reversed([*zip(paths, contents, strict=True)])}
        fresh = [(path, digest) for path, digest in zip(paths, contents, strict=True) if digest not in known]
        places = {path: place for place, (path, _) in enumerate(fresh)}
        new = [(path, digest) for path, digest in fresh if first[digest] == path]
        return list(pool.map(lambda one: _read(landing, places[one[0]], *one), new))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.lower().endswith(SKIPPED):
            continue
        if path.is_dir():
            yield from _files(path)
        else:
            yield path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(landing: Path, place: int, path: Path, digest: str) -> Delivered:
    department, *folders, _ = path.relative_to(landing).parts
    contract = feed_of(department, "/".join(folders))
    if contract is None:
        raise SystemExit(f"{path}: no contract promises this folder")
    headings, cells, lines, broken = (_read_workbook if path.suffix == ".xlsx" else _read_text)(path)
    found = _find_columns(contract, headings)
    columns = {name: cells[position] for name, (position, _) in found.items()}
    nothing = pa.nulls(len(lines), pa.string())
    rows = pa.table({**columns, LINE: lines, RAW: nothing, FAULT: nothing})
    if broken:
        rows = pa.concat_tables([rows, _broken(broken, rows.schema)])
    scales = {name: scale for name, (_, scale) in found.items() if contract.column(name).parse == "amount"}
    above = {name: headings[position].strip() for name, (position, _) in found.items()}
    size = path.stat().st_size
    return Delivered(path, department, "/".join(folders), contract, digest, size, place, rows, scales, above)


def _broken(broken: BrokenRows, schema: pa.Schema) -> pa.Table:
    lines, texts, faults = zip(*broken, strict=True)
    strings = {RAW: pa.array(texts, pa.string()), FAULT: pa.array(faults, pa.string())}
    known = {LINE: pa.array(lines, pa.int64()), **strings}
    return pa.table({name: known.get(name, pa.nulls(len(lines), pa.string())) for name in schema.names})


def _find_columns(contract: FeedContract, headings: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Which cell each contract column is read from, and the scale of its heading."""
    places = {_plain(heading): place for place, heading in enumerate(headings)}
    return {
        column.name: (places[_plain(h.heading)], h.scale or 1)
        for column in contract.columns
        for h in column.headings
        if _plain(h.heading) in places
    }


@cache
def _plain(heading: str) -> str:
    """A heading for comparison: full-width forms, brackets and spaces do not make it another one."""
    return "".join(unicodedata.normalize("NFKC", heading).split())


def _read_text(path: Path) -> tuple[list[str], list[pa.ChunkedArray], np.ndarray, BrokenRows]:
    content = _as_utf8(path.read_bytes())
    start = content.find(b"\n") + 1
    heading = content[:start].decode()
    delimiter = max(SEPARATORS, key=heading.count)
    headings = next(csv.reader(io.StringIO(heading, newline=""), delimiter=delimiter))
    broken: BrokenRows = []
    skipped: list[int] = []

    def note(row: pacsv.InvalidRow) -> str:
        skipped.append(row.number + 1)
        if row.text.strip(f" \r\n{delimiter}"):
            broken.append((row.number + 1, _shown(row.text), WRONG_WIDTH))
        return "skip"

    names = [str(position) for position in range(len(headings))]
    rows = pacsv.read_csv(
        pa.BufferReader(pa.py_buffer(content).slice(start)),
        # One thread a file: the other is busy with another file, and only so rows have numbers.
        pacsv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names),
        pacsv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=b'"' in content,
            ignore_empty_lines=False,
            invalid_row_handler=note,
        ),
        pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    lines = np.delete(np.arange(2, rows.num_rows + len(skipped) + 2), np.array(skipped, dtype=int) - 2)
    rows, lines = _without_blank(rows, lines)
    return headings, rows.columns, lines, broken


def _shown(text: str) -> str:
    return text if len(text) <= RAW_SHOWN else f"{text[:RAW_SHOWN]}…"


def _as_utf8(content: bytes) -> bytes:
    """The text without its mark; what is not UTF-8 is GB18030."""
    for mark, encoding in BOMS.items():
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding).encode() if encoding != "utf-8" else content[len(mark) :]
    return content if _is_utf8(content) else content.decode("gb18030").encode()


def _is_utf8(content: bytes) -> bool:
    """Arrow's check is four times as fast as decoding, and other threads go on meanwhile."""
    offsets = pa.array([0, len(content)], pa.int32()).buffers()[1]
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(content)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _without_blank(rows: pa.Table, lines: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """Leaves out lines with nothing in any cell: they are not rows, but count as lines."""
    blank = pc.equal(rows.column(0), "")
    for column in rows.columns[1:]:
        if not pc.any(blank).as_py():
            return rows, lines
        blank = pc.and_(blank, pc.equal(column, ""))
    kept = pc.invert(blank)
    return rows.filter(kept), lines[kept.to_numpy()]


def _read_workbook(path: Path) -> tuple[list[str], list[pa.Array], np.ndarray, BrokenRows]:
    book = CalamineWorkbook.from_path(str(path))
    pages = (book.get_sheet_by_index(index).to_python(skip_empty_area=False) for index in range(len(book.sheet_names)))
    heading, *rows = next(page for page in pages if page)
    width = max(place for place, cell in enumerate(heading) if cell != "") + 1
    lines: list[int] = []
    good: list[list[str]] = []
    broken: BrokenRows = []
    for line, cells in enumerate(rows, 2):
        lost = any(type(cell) is float and abs(cell) >= FIRST_LOST for cell in cells)
        texts = [cell if type(cell) is str else _text(cell) for cell in cells]
        if lost or any(texts[width:]):
            broken.append((line, _shown(",".join(texts)), LOST_DIGITS if lost else WRONG_WIDTH))
        elif any(texts):
            lines.append(line)
            good.append(texts)
    columns = [pa.array([row[place] for row in good], pa.string()) for place in range(width)]
    return [_text(cell).strip() for cell in heading[:width]], columns, np.array(lines, dtype=np.int64), broken


def _text(cell: object) -> str:
    """A cell as it is meant: whole numbers without `.0`, dates without midnight, no more digits than Excel has."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < FIRST_LOST:
            return str(int(cell))
        return format(Decimal(f"{cell:.15g}"), "f")
    if isinstance(cell, dt.datetime):
        near = (cell + dt.timedelta(milliseconds=500)).replace(microsecond=0)
        return near.date().isoformat() if near.time() == dt.time() else near.isoformat(" ")
    return str(cell)
