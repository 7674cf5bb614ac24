"""An Excel file flows in; the headings and rows of its page flow out, each cell as the person meant it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from spark_jobs.formats.sheet import WRONG_WIDTH, Faulty, Promised, Sheet, Unreadable, batched

# Excel keeps 15 digits of a number.
LOST = 1e15
LOST_DIGITS = "数字超过 15 位，Excel 已丢失末位，请将该列设为文本格式后重新填写"


def open_spreadsheet(path: Path, promised: Promised) -> Sheet:
    """Opens the page of an Excel file that holds promised headings."""
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
        sheet = Sheet(
            headings, batched(_rows(rows, len(headings), (page.start or (0, 0))[0] + 2), len(headings)), "xlsx"
        )
        if headings and promised(headings):
            return sheet
        first = first or (sheet if headings else None)
    if first is None:
        raise Unreadable("工作簿里没有任何内容。请把列名放在第一行、数据从第二行开始。")
    return first


def _rows(rows: Iterator[list[object]], width: int, first_line: int) -> Iterator[tuple[int, list[str]] | Faulty]:
    for line, row in enumerate(rows, first_line):
        texts = [_cell_text(cell) for cell in row]
        if any(texts[width:]):
            yield Faulty(line, ",".join(texts), WRONG_WIDTH)
        elif any(isinstance(cell, float) and abs(cell) >= LOST for cell in row):
            yield Faulty(line, ",".join(texts), LOST_DIGITS)
        elif any(texts):
            yield line, texts[:width]


def _cell_text(cell: object) -> str:
    """A cell as the person who typed it meant it: whole numbers without `.0`, dates without midnight."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < LOST:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell)
