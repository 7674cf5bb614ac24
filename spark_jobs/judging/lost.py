"""What cells say flows in; what a spreadsheet has lost of it flows out: digits, results, and what stood above."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from spark_jobs.judging.arrays import Mask, all_bytes, beginning, cell_bytes, matches, matches_some, pairs_of

POWER = "已变成科学计数法，位数丢失，请把该列设为文本后重新导出"
ZEROS = "15 位以后全是 0，可能是表格软件丢了末几位"
AREA_CODE = "数字单元格存不下开头的 0，可能少了区号的 0"
ERROR = "是表格的错误值或显示不下的井号，内容已丢失，请在原表中改正"
FORMULA = "是公式，文件里没有它的结果，请粘贴为数值后重新导出"
ABOVE = "写的是“同上”，请填写完整内容"
_POWER = r"^[+-]?[0-9]([.][0-9]+)?[ ]?[Ee][ ]?[+]?[0-9]+$|^[0-9][.][0-9]+[ ]?[×xX*][ ]?10\^?[0-9]+$"
_ZEROS = "^[1-9][0-9]{14}0{3,}$"
_ERROR = r"^#(?:VALUE!|REF!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!)$|^#{3,}$"
# =A2&B2, =VLOOKUP(A2,表!A:C,2,0)
_FORMULA = r"^=[ ]?(?:[A-Za-z][A-Za-z0-9.]*[(（].*|[$]?[A-Z]{1,3}[$]?[0-9]+(?:[-+*/&^:].*)?)$"
_SAME = pairs_of("同〃″")
# Digits of a code that may be too many for a spreadsheet.
_LONG = 18
_ABOVE = "^(?:同上|同前|同左|同上行|〃|″)$"


def lost_digits(text: pa.Array) -> Mask:
    """Which codes have become a number in powers of ten, 1.42010E+19."""
    data = all_bytes(text)
    has_power = ((data == ord("E")) | (data == ord("e")) | (data == ord("^"))).any()
    return matches(text, _POWER) if has_power else np.zeros(len(text), bool)


def lost_to_zeros(text: pa.Array) -> Mask:
    """Which codes may have: a spreadsheet keeps fifteen digits, and writes zeros for the others."""
    data, bounds = cell_bytes(text)
    long = np.flatnonzero(np.diff(bounds) >= _LONG)
    ends = bounds[1:][long]
    return matches_some(text, long[(data[ends - 1] == ord("0")) & (data[ends - 2] == ord("0"))], _ZEROS)


def lost_area_codes(text: pa.Array) -> Mask:
    """Which numbers of telephones, as numbers, are none of a mobile, and may have had an area code: 027 8765 4321."""
    return matches(text, "^[2-9][0-9]{8,10}$|^10[0-9]{8}$")


def lost_contents(text: pa.Array, is_key: bool) -> Iterator[tuple[str, Mask]]:
    """Cells that hold no content, whatever their column is; a key never begins as a formula does."""
    data, bounds = cell_bytes(text)
    filled = np.flatnonzero(bounds[1:] > bounds[:-1])
    first = data[bounds[:-1][filled]]
    yield ERROR, matches_some(text, filled[first == ord("#")], _ERROR)
    yield FORMULA, matches_some(text, filled[first == ord("=")], "^=" if is_key else _FORMULA)


def is_ditto(text: pa.Array) -> Mask:
    """Which cells only say that they hold what stands above them."""
    return matches_some(text, beginning(text, _SAME, 12), _ABOVE)
