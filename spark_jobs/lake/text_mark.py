"""Cells flow in; what a spreadsheet keeps as text, and runs nothing of, flows out, and back again unchanged.

A spreadsheet that opens a CSV file runs `=1+1`, reads 420103199001011234 as 4.20103E+17, 0101 as 101 and 2024-01 as a
month. An apostrophe before such a cell stops all of it in Excel, WPS and LibreOffice, and stays in the file when it is
saved: `unmarked` takes it off when the mended rows are delivered, whatever the format they then come in. Between the
two nothing is lost: unmarked(marked(cell)) is the cell, whatever it holds.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

MARK = "'"
# What the rejected rows' file has beside the department's own columns; knowingly ignored when it comes back.
REJECTED_NOTES = ("行号", "退回原因")
# Cells of a row that could not be split into the file's columns: to be moved to where they belong, and ignored too. The
# row's own cells are left empty, so one that nobody mended is turned away again.
LOOSE_CELLS = tuple(f"原第{number}格" for number in range(1, 61))
REJECTED_HEADINGS = (*REJECTED_NOTES, *LOOSE_CELLS)
# In a delivery's columns: the file has the reasons beside the rows, so it is rejected rows that come back mended.
MENDED = "_mended"

_DIGIT = "[0-9０-９]"
_SIGN = "[-+－＋−]"
_POINT = "[.．,，]"
# Blanks, quotes and signs without a shape do not hide what stands behind them.
_HIDING = (
    r"[\x00-\x20\x7f-\xa0\x{ad}\x{61c}\x{1680}\x{180e}\x{2000}-\x{200f}\x{2028}-\x{202f}"
    r"\x{205f}-\x{206f}\x{3000}\x{feff}'\"＇＂‘’“”]"
)
_OPERATOR = "[-=+@|%＝＋－＠｜％﹦﹢﹣﹫−]"
_FORMULA = rf"(?:{_HIDING}*{_OPERATOR}|[\x00-\x1f])(?s:.*)"
_MONTH = "(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-zA-Z]*"
_TAIL = f"(?:{_POINT}{_DIGIT}*)*(?:[eE]{_SIGN}?{_DIGIT}+)?[%％]?"
# A spreadsheet keeps 15 digits of a number.
_LONG = rf"[(（]?{_SIGN}?(?:{_DIGIT}{_POINT}?){{16,}}(?:[eE]{_SIGN}?{_DIGIT}+)?[%％]?[)）]?"
_RESHAPED = "|".join(
    (
        rf"{_SIGN}?[0０]{_DIGIT}+{_TAIL}",  # 0101 loses its zero,
        rf"{_SIGN}?{_DIGIT}+[.．]{_DIGIT}*[0０]",  # 1.10 too,
        rf"{_SIGN}?(?:{_DIGIT}+(?:[.．]{_DIGIT}*)?|[.．]{_DIGIT}+)[eE]{_SIGN}?{_DIGIT}+",  # 9142E10 a power of ten,
        rf"{_DIGIT}+[-/.．:：－／]{_DIGIT}+(?:[-/.．:：－／]{_DIGIT}+)+(?:[ T].*)?",  # 1-2-3 a date, 10:20 a time,
        rf"{_DIGIT}+[-/:：－／]{_DIGIT}+",
        rf"{_DIGIT}+[-/ ]?{_MONTH}(?:[-/ ]?{_DIGIT}+)?|{_MONTH}[-/ .]?{_DIGIT}+",
        rf"[(（]{_DIGIT}+{_TAIL}[)）]",  # and (12) a negative.
    )
)
# A marked code is still marked when it was mended: '0101 to '91420100MA4K00010R.
_CODE = f"[a-zA-Z]{{0,9}}{_DIGIT}[-a-zA-Z0-9０-９.,/:+]*"
_MARKABLE = f"(?:{_FORMULA}|{_LONG}|{_RESHAPED}|{_CODE})"
# Numbers that are meant as such: -12.5, -1,234.00, +3%, 1.5E-3.
_GROUPED = f"(?:{_DIGIT}{{1,3}}(?:[,，]{_DIGIT}{{3}})+|{_DIGIT}+)"
_NUMBER = rf"(?:{_GROUPED}(?:[.．]{_DIGIT}*)?|[.．]{_DIGIT}+)(?:[eE]{_SIGN}?{_DIGIT}{{1,3}})?[%％]?"


def _compiled(pattern: str) -> re.Pattern[str]:
    """RE2 writes \\x{3000}, Python \\u3000."""
    return re.compile(re.sub(r"\\x\{(\w+)\}", lambda match: rf"\u{int(match[1], 16):04x}", pattern))


_IS_SUSPECT = _compiled(f"(?:{_FORMULA}|{_LONG}|{_RESHAPED})|'(?s:.*)")
_IS_MARKABLE = _compiled(_MARKABLE)
_IS_FORMULA = _compiled(_FORMULA)
_IS_LONG = _compiled(_LONG)
_IS_RESHAPED = _compiled(_RESHAPED)
_IS_NUMBER = _compiled(f"[-+]{_NUMBER}")
_IS_NEGATIVE = _compiled(f"-{_NUMBER}")


def marked(cell: str, is_text: bool = True) -> str:
    """The cell as a spreadsheet may have it: with the mark where it would run, round or reshape it.

    `is_text`: what looks like a number, date or power is a code and must keep its shape; otherwise only digits beyond
    the fifteenth are saved.
    """
    # Most cells are Chinese text: one comparison, not four patterns.
    if not cell or "\u3400" <= cell[0] <= "\u9fff" or not _IS_SUSPECT.fullmatch(cell):
        return cell
    return MARK + cell if _needs_mark(cell, is_text) else cell


def _needs_mark(cell: str, is_text: bool) -> bool:
    if _IS_LONG.fullmatch(cell) or (cell.startswith(MARK) and _IS_MARKABLE.fullmatch(cell.lstrip(MARK))):
        return True
    if is_text and _IS_RESHAPED.fullmatch(cell):
        return True
    number = _IS_NEGATIVE if is_text else _IS_NUMBER
    return bool(_IS_FORMULA.fullmatch(cell)) and not number.fullmatch(cell)


def unmarked(cells: pa.Array) -> pa.Array:
    """The text cells without the mark, and every other cell as it is."""
    if not pc.any(pc.starts_with(cells, MARK)).as_py():
        return cells
    return pc.replace_substring_regex(cells, rf"\A'((?:'*){_MARKABLE})\z", r"\1")
