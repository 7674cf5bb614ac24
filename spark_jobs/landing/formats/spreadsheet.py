"""A workbook flows in; the page with the promised headings flows out, each cell as the person who typed it meant it."""

from __future__ import annotations

import datetime as dt
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from spark_jobs.landing.formats.excel_errors import errors_of_xls, errors_of_xlsx
from spark_jobs.landing.formats.packed import refuse_bomb
from spark_jobs.landing.formats.sheet import WRONG_WIDTH, Rows, Sheet, Source, Unreadable, excess, shown

HEADING_ROWS = 20
FIRST_LOST = 10**15
LOST_DIGITS = "数字超过 15 位，Excel 已丢失末位，请将该列设为文本格式后重新填写"
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)
BROKEN = "不是可读的 Excel 文件（{}）。请用 Excel 或 WPS 重新另存为 .xlsx。"

Range = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class _Page:
    """A page, the row its headings are in (from 0), and the cells of that row from the first to the last heading."""

    page: CalamineSheet
    row: int
    left: int
    headings: list[str]
    promised: int


def open_spreadsheet(source: Source) -> Sheet:
    """Opens the page, and on it the row, with the most promised headings; a hidden page may be it."""
    is_zip = zipfile.is_zipfile(source.path)
    if is_zip:
        _refuse_bomb(source)
    with _refusing():
        sheet = _best_page(source, CalamineWorkbook.from_path(str(source.path)))
    if sheet is None:
        raise Unreadable("工作簿里没有任何内容。请把列名放在第一行、数据从第二行开始。")
    if len(sheet.headings) > source.limits.columns:
        raise excess("文件有", len(sheet.headings), source.limits.columns, "列", "columns")
    source.beat()
    with _refusing():
        errors = (errors_of_xlsx if is_zip else errors_of_xls)(source.path, sheet.page.name)
    return Sheet(sheet.headings, _batches(source, sheet, errors), Path(source.name).suffix.lower().lstrip("."))


@contextmanager
def _refusing() -> Iterator[None]:
    """What python-calamine says of a workbook that it cannot read, panics included, as a refusal."""
    try:
        yield
    except PasswordError:
        raise Unreadable("工作簿加了密码，无法读取。请去掉密码后重新报送。") from None
    except (CalamineError, ValueError, *BROKEN_ZIP) as error:
        raise Unreadable(BROKEN.format(shown(str(error), 200))) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a type that pyo3 lets nobody import
            raise
        raise Unreadable(BROKEN.format("已损坏")) from None


def _refuse_bomb(source: Source) -> None:
    """A workbook is a zip: what it says it unpacks to is checked before anything of it is unpacked."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            infos = archive.infolist()
    except (ValueError, *BROKEN_ZIP):
        raise Unreadable(BROKEN.format("已损坏")) from None
    if len(infos) > source.limits.members:
        raise excess("工作簿里有", len(infos), source.limits.members, "个部件", "members")
    refuse_bomb(source.path.stat().st_size, sum(info.file_size for info in infos), source.limits)


def _best_page(source: Source, book: CalamineWorkbook) -> _Page | None:
    """The page with the most promised headings, else the first with anything on it; others are not kept."""
    best: _Page | None = None
    for listed in book.sheets_metadata:
        if listed.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = _headed(source, book.get_sheet_by_name(listed.name))
        if sheet and (best is None or sheet.promised > best.promised):
            best = sheet
        source.beat()
    return best


def _headed(source: Source, page: CalamineSheet) -> _Page | None:
    best: _Page | None = None
    for row, cells in enumerate(islice(page.iter_rows(), HEADING_ROWS)):
        texts = [_text(cell).strip() for cell in cells]
        filled = [position for position, text in enumerate(texts) if text]
        if not filled:
            continue
        headings = texts[filled[0] : filled[-1] + 1]
        promised = source.promised(headings)
        if best is None or promised > best.promised:
            best = _Page(page, row, filled[0], headings, promised)
    return best


def _batches(source: Source, sheet: _Page, errors: Mapping[int, str]) -> Iterator[pa.RecordBatch]:
    rows, left, right = Rows(sheet.headings, source.limits), sheet.left, sheet.left + len(sheet.headings)
    for row, cells in _all_rows(sheet):
        texts = [_text(cell) for cell in cells]
        fault = f"单元格是错误值 {errors[row]}" if row in errors else _fault(cells)
        if not fault and (any(texts[:left]) or any(texts[right:])):
            fault = WRONG_WIDTH
        if fault:
            rows.add_wrong(row + 1, ",".join(texts), fault)
        elif any(texts):
            rows.add(row + 1, texts[left:right])
        yield from rows.take()
    yield from rows.take(is_last=True)


def _all_rows(sheet: _Page) -> Iterator[tuple[int, Sequence[object]]]:
    with _refusing():
        yield from _filled_rows(sheet)


def _filled_rows(sheet: _Page) -> Iterator[tuple[int, Sequence[object]]]:
    """The rows below the headings; a merged range holds its value in all its cells.

    A row that is nothing but the rest of cells merged downwards is, to the eye, no row of its own.
    """
    first_column = (sheet.page.start or (0, 0))[1]
    merged = sorted(sheet.page.merged_cell_ranges or [])
    merged = [cells for cells in merged if cells[0][0] > sheet.row]
    open_: list[tuple[Range, object]] = []
    next_ = 0
    for row, cells in enumerate(sheet.page.iter_rows()):
        if row <= sheet.row:
            continue
        while next_ < len(merged) and merged[next_][0][0] <= row:
            column = merged[next_][0][1] - first_column
            if 0 <= column < len(cells):
                open_.append((merged[next_], cells[column]))
            next_ += 1
        open_ = [(cells_, value) for cells_, value in open_ if cells_[1][0] >= row]
        if open_ and any(cell != "" for cell in cells):
            for ((_, left), (_, right)), value in open_:
                for column in range(left - first_column, min(right - first_column + 1, len(cells))):
                    cells[column] = value
        yield row, cells


def _fault(cells: Sequence[object]) -> str:
    """What is wrong with a row whose cells can be shown."""
    numbers = (cell for cell in cells if isinstance(cell, int | float))
    return LOST_DIGITS if any(abs(number) >= FIRST_LOST for number in numbers) else ""


def _text(cell: object) -> str:
    """A cell as it is meant: whole numbers without `.0`, dates without midnight, no more digits than Excel has."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return _number(cell)
    if isinstance(cell, dt.datetime):
        return _moment(cell)
    if isinstance(cell, dt.time):
        return _moment(dt.datetime.combine(dt.date(1900, 1, 1), cell))[11:] or "00:00:00"
    if isinstance(cell, dt.timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(cell).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _number(number: float) -> str:
    if number.is_integer() and abs(number) < FIRST_LOST:
        return str(int(number))
    return format(Decimal(f"{number:.15g}"), "f")


def _moment(moment: dt.datetime) -> str:
    """To the second: Excel keeps moments as fractions of a day, which hit no second exactly."""
    near = moment + dt.timedelta(milliseconds=500) if moment.year < dt.MAXYEAR else moment
    near = near.replace(microsecond=0)
    return near.date().isoformat() if near.time() == dt.time() else near.isoformat(" ")
