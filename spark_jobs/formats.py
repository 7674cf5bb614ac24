"""A department's file flows in; its headings and batches of text rows flow out, or a reason why it cannot be read."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from python_calamine import CalamineError, CalamineWorkbook

LINE, RAW, FAULT = "_line", "_raw", "_fault"
WRONG_WIDTH = "列数与表头不一致"
ENCODINGS = ("utf-8", "gb18030")
BLOCK = 4 << 20
ROWS_A_BATCH = 50_000


class Unreadable(Exception):
    """A file that cannot be taken; the message is what the department reads."""


@dataclass(frozen=True)
class Sheet:
    """A file opened for one reading: `batches` yields one text column a heading, then `_line`, `_raw` and `_fault`.

    The last two are null for a row that split into as many cells as there are headings; otherwise they are the row's
    text and why it is no row, and the cells are null.
    """

    headings: list[str]
    batches: Iterator[pa.RecordBatch]
    encoding: str


def open_sheet(path: Path, name: str, is_wanted: Callable[[list[str]], bool]) -> Sheet:
    """Opens a file of any accepted format; `is_wanted` picks the spreadsheet page by its headings."""
    if path.stat().st_size == 0:
        raise Unreadable("文件是空的（0 字节）。请重新导出后报送。")
    suffix = Path(name).suffix.lower()
    if suffix == ".csv":
        return _open_csv(path)
    if suffix == ".xlsx":
        return _open_xlsx(path, is_wanted)
    raise Unreadable(f"不接收“{suffix or name}”格式的文件。请报送 .csv 或 .xlsx 文件。")


def find_encoding(path: Path) -> str:
    """The first encoding of the ladder (UTF-8 with or without BOM, GB18030) in which every byte makes sense."""
    failures = []
    for encoding in ENCODINGS:
        failure = _first_failure(path, encoding)
        if failure is None:
            return encoding
        failures.append(failure)
    raise Unreadable(
        "文件既不是 UTF-8 也不是 GB18030 编码："
        f"UTF-8 在第 {failures[0]} 字节处出错，GB18030 在第 {failures[1]} 字节处出错。"
        "请用其中一种编码重新导出。"
    )


def _first_failure(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return read - pending + error.start
            read += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return read
    return None


def _open_csv(path: Path) -> Sheet:
    encoding = find_encoding(path)
    first, delimiter = _first_record(path, encoding)
    headings = [heading.strip() for heading in first]
    return Sheet(headings, _csv_batches(path, encoding, delimiter, len(headings)), encoding)


def _first_record(path: Path, encoding: str) -> tuple[list[str], str]:
    """The heading row and the separator, which is the one that the heading row holds most of."""
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        line = file.readline(1 << 20)
    delimiter = max(",\t;|", key=line.count)
    try:
        return next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=True)), delimiter
    except (csv.Error, StopIteration):
        raise Unreadable("第 1 行不是可读的表头。请把列名放在第一行。") from None


@dataclass
class _Skipped:
    """Rows of another width, noted while the parser passes over them."""

    width: int
    rows: list[tuple[int, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def note(self, row: pacsv.InvalidRow) -> str:
        self.lines.append(row.number)
        if row.text.strip():
            self.rows.append((row.number, row.text))
        return "skip"

    def take(self) -> list[tuple[int, str]]:
        taken, self.rows = self.rows, []
        return taken


def _csv_batches(path: Path, encoding: str, delimiter: str, width: int) -> Iterator[pa.RecordBatch]:
    skipped = _Skipped(width)
    names = [str(position) for position in range(width)]
    try:
        reader = pacsv.open_csv(
            path,
            pacsv.ReadOptions(
                use_threads=False,
                block_size=BLOCK,
                column_names=names,
                skip_rows=1,
                encoding="utf8" if encoding == "utf-8" else encoding,
            ),
            pacsv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=skipped.note
            ),
            pacsv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
        )
        next_line = 2
        for batch in reader:
            lines = _lines(next_line, batch.num_rows, skipped.lines)
            next_line = int(lines[-1]) + 1 if len(lines) else next_line
            yield _without_blank(_with_lines(batch, lines), width)
            if rows := skipped.take():
                yield _unsplit(rows, width)
        if rows := skipped.take():
            yield _unsplit(rows, width)
    except StopIteration:
        return
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return
        raise Unreadable(f"文件无法按行读取（{error}）。请检查引号是否成对、单元格是否过长。") from None


def _lines(first: int, count: int, skipped: list[int]) -> np.ndarray:
    """The line numbers of `count` good rows from `first` on, stepping over skipped lines."""
    later = [line for line in skipped if line >= first]
    candidates = np.arange(first, first + count + len(later))
    return candidates[~np.isin(candidates, later)][:count]


def _without_blank(batch: pa.RecordBatch, width: int) -> pa.RecordBatch:
    """Leaves out lines with nothing in any cell: they are not rows."""
    blank = pc.equal(batch.column(0), "")
    for position in range(1, width):
        if not pc.any(blank).as_py():
            return batch
        blank = pc.and_(blank, pc.equal(batch.column(position), ""))
    return batch.filter(pc.invert(blank))


def _with_lines(batch: pa.RecordBatch, lines: np.ndarray) -> pa.RecordBatch:
    nothing = pa.nulls(batch.num_rows, pa.string())
    arrays = [*batch.columns, pa.array(lines, pa.int64()), nothing, nothing]
    return pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, LINE, RAW, FAULT])


def _unsplit(rows: list[tuple[int, str]], width: int) -> pa.RecordBatch:
    nulls = [pa.nulls(len(rows), pa.string()) for _ in range(width)]
    lines, texts = pa.array([line for line, _ in rows], pa.int64()), pa.array([text for _, text in rows], pa.string())
    faults = pa.repeat(pa.scalar(WRONG_WIDTH), len(rows))
    return pa.RecordBatch.from_arrays([*nulls, lines, texts, faults], names=[*map(str, range(width)), LINE, RAW, FAULT])


def _open_xlsx(path: Path, is_wanted: Callable[[list[str]], bool]) -> Sheet:
    try:
        book = CalamineWorkbook.from_path(path)
        pages = [(name, book.get_sheet_by_name(name)) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable(f"不是可读的 Excel 文件（{error}）。请用 Excel 或 WPS 重新另存为 .xlsx。") from None
    first: Sheet | None = None
    for _, page in pages:
        rows = page.iter_rows()
        headings = [_cell_text(cell).strip() for cell in next(rows, [])]
        while headings and not headings[-1]:
            headings.pop()
        sheet = Sheet(headings, _xlsx_batches(rows, len(headings), (page.start or (0, 0))[0] + 2), "xlsx")
        if headings and is_wanted(headings):
            return sheet
        first = first or (sheet if headings else None)
    if first is None:
        raise Unreadable("工作簿里没有任何内容。请把列名放在第一行、数据从第二行开始。")
    return first


def _xlsx_batches(rows: Iterator[list[object]], width: int, first_line: int) -> Iterator[pa.RecordBatch]:
    cells: list[list[str]] = []
    lines: list[int] = []
    wide: list[tuple[int, str]] = []
    for line, row in enumerate(rows, first_line):
        texts = [_cell_text(cell) for cell in row]
        if not any(texts):
            continue
        if any(texts[width:]):
            wide.append((line, ",".join(texts)))
        else:
            cells.append(texts[:width])
            lines.append(line)
        if len(cells) == ROWS_A_BATCH:
            yield _xlsx_batch(cells, lines, width)
            cells, lines = [], []
    if cells:
        yield _xlsx_batch(cells, lines, width)
    if wide:
        yield _unsplit(wide, width)


def _xlsx_batch(cells: list[list[str]], lines: list[int], width: int) -> pa.RecordBatch:
    arrays = [pa.array([row[column] for row in cells], pa.string()) for column in range(width)]
    names = [str(position) for position in range(width)]
    return _with_lines(pa.RecordBatch.from_arrays(arrays, names=names), np.array(lines))


def _cell_text(cell: object) -> str:
    """A cell as the person who typed it meant it: whole numbers without `.0`, dates without midnight."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)


def plain(heading: str) -> str:
    """A heading for comparison: full-width forms, brackets and spaces do not make it another one."""
    return "".join(unicodedata.normalize("NFKC", heading).split())
