"""A chunk's cells flow in; every rule of the contract that some of them break flows out, with what is said of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Column, FeedContract, Fits, code_list
from spark_jobs.judging.arrays import Mask, chosen, differs, is_null, is_true, matches
from spark_jobs.judging.cells import READ, TERMS, Cells, Rows
from spark_jobs.judging.check_digits import broken_checks
from spark_jobs.judging.days import days_of, is_term
from spark_jobs.judging.lost import (
    ABOVE,
    AREA_CODE,
    POWER,
    ZEROS,
    is_ditto,
    lost_area_codes,
    lost_contents,
    lost_digits,
    lost_to_zeros,
)
from spark_jobs.judging.odd_days import is_strange_zone
from spark_jobs.judging.several import codes_in
from spark_jobs.judging.texts import CAPITALS, has_small_letter, is_code
from spark_jobs.lake.codes import code_of

MISSING = "缺少必填内容"
POWER_INSIDE = r"[0-9][.][0-9]+[Ee][+][0-9]+"
UNTOLD = "分不清是几个人，请用“、”隔开"
# By how a cell is read, else by the column's type.
EXPECTED = {
    "amount": "不是可识别的金额",
    "area": "不是可识别的面积",
    "degrees": "不是可识别的经纬度",
    "date": "不是有效日期",
    "timestamp": "不是有效时间",
    "integer": "不是整数",
    "boolean": "不是“是”或“否”",
}
PERIOD = "应填一个日期，这里写的是一段期间或长期"
NO_TERM = "期限看不懂：应写明截止日期（不早于起始日期）或“长期”"
# What a cell says that is no date, in the order in which it is asked.
DAY_FAULTS: dict[str, Callable[[str], bool]] = {
    PERIOD: is_term,
    "时区看不懂，请写成 +08:00，或不写时区": is_strange_zone,
}
# Beside a contract's rules: a doubt about reading a cell, and a code whose digits are lost, whatever is flagged.
DOUBT, LOST = "doubt", "lost"
# Characters of an item that are shown.
SHOWN = 40


@dataclass(frozen=True)
class Finding:
    """A rule that rows break: whether it only makes them doubtful, what is said, and the cells that it is said of."""

    column: Column
    is_flag: bool
    words: str
    rows: Rows
    cells: Cells | None


@dataclass(frozen=True)
class Chunk:
    """The rows of a chunk as the rules see them: the cells of each column that was delivered, and the day of receipt.

    `is_deletion`: which rows take a statement back, and need hold no more than their key. `numbers`: the columns whose
    cell was a number in the file (bronze's `_numbers`).
    """

    contract: FeedContract
    columns: Mapping[str, Cells]
    rows: int
    received: pa.Array
    is_deletion: Mask | None
    numbers: pa.Array

    def findings(self) -> list[Finding]:
        """Everything that is found, in the order in which it is told: by the contract's columns and rules."""
        return [finding for column in self.contract.columns for finding in self._findings(column)]

    def _findings(self, column: Column) -> Iterator[Finding]:
        cells = self.columns.get(column.name)
        broken = self._absent(column) if cells is None else self._broken(column, cells)
        for rule, words, is_broken in broken:
            if is_broken.any():
                yield Finding(column, rule in (*column.flag, DOUBT), words, np.flatnonzero(is_broken), cells)

    def _absent(self, column: Column) -> Iterator[tuple[str, str, Mask]]:
        """What the contract says of a column that nobody delivered."""
        if column.required:
            yield "required", MISSING, self._must_hold(column, np.ones(self.rows, bool))
        if column.required_with and (other := self.columns.get(column.required_with)):
            yield "required", f"填写了{other.column.label}，{MISSING}", other.by_row(~is_null(other.text))

    def _broken(self, column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
        """Each rule with its words and the rows that break it."""
        if column.required:
            yield "required", MISSING, self._must_hold(column, cells.by_row(is_null(cells.text)))
        if column.required_with and (other := self.columns.get(column.required_with)):
            is_lacking = cells.by_row(is_null(cells.text)) & ~other.by_row(is_null(other.text))
            yield "required", f"填写了{other.column.label}，{MISSING}", is_lacking
        is_key = column.name in self.contract.key or column.refers is not None
        for words, is_lost in lost_contents(cells.text, is_key):
            yield LOST, words, cells.by_row(is_lost)
        if column.type == "string":
            yield LOST if column.required else DOUBT, ABOVE, cells.by_row(is_ditto(cells.text))
        if not column.parse and (is_code(column) or is_key):
            yield LOST, POWER, cells.by_row(lost_digits(cells.text))
        if column.parse == "licences":
            yield LOST, POWER, cells.by_row(matches(cells.text, POWER_INSIDE))
        if is_key and not is_code(column):
            yield DOUBT, ZEROS, cells.by_row(lost_to_zeros(cells.text))
        for rule, words, is_broken in _broken_alone(column, cells):
            if rule != "codes" or not self._is_told_before(column):
                yield rule, words, cells.by_row(is_broken)
        yield from self._broken_checks(column, cells)
        yield from self._misfits(column, cells)
        for rule, words, is_broken in _out_of_bounds(column, cells):
            yield rule, words, cells.by_row(is_broken)
        if column.not_before and (other := self.columns.get(column.not_before)):
            yield "order", f"早于{other.column.label}", _is_before(cells, other)
        if column.not_future:
            yield "future", "晚于接收日期", self._is_future(column, cells)
        if column.check or column.check_when:
            yield DOUBT, CAPITALS, cells.by_row(has_small_letter(cells.raw) & ~is_null(cells.text))
        for words, is_doubtful in cells.doubts:
            yield DOUBT, words, cells.by_row(is_doubtful)
        if column.codes:
            yield from self._lost_zeros(column, cells)
        if column.name.endswith("_phone") and (is_number := matches(self.numbers, f",{column.name},")).any():
            yield DOUBT, AREA_CODE, cells.by_row(lost_area_codes(cells.text)) & is_number

    def _lost_zeros(self, column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
        """Codes in cells that are numbers, which keep no zero in front: where that would be a code too, either may be
        meant (111 煤炭开采 or 0111 稻谷种植)."""
        is_number = matches(self.numbers, f",{column.name},")
        if not is_number.any():
            return
        for place, cell in enumerate(cells.text.to_pylist()):
            if (
                cell
                and cell.isdigit()
                and code_of(str(column.codes), f"0{cell}") == f"0{cell}" != code_of(str(column.codes), cell)
            ):
                is_cell = np.zeros(len(cells.text), bool)
                is_cell[place] = True
                words = f"数字单元格存不下开头的 0，可能是 {cell}，也可能是 0{cell}"
                yield DOUBT, words, cells.by_row(is_cell) & is_number

    def _is_told_before(self, column: Column) -> bool:
        """Whether a column before it reads the same cells by the same list: of each cell one reason is enough."""
        headings = {known.heading for known in column.headings}
        before = self.contract.columns[: self.contract.columns.index(column)]
        return any(
            other.codes == column.codes and headings & {known.heading for known in other.headings} for other in before
        )

    def _must_hold(self, column: Column, is_empty: Mask) -> Mask:
        """Empty cells that must not be; a deletion need hold no more than its key."""
        if self.is_deletion is None or column.name in self.contract.key:
            return is_empty
        return is_empty & ~self.is_deletion

    def _broken_checks(self, column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
        if column.check:
            for rule, words, is_broken in broken_checks(column.check, cells.text):
                yield rule, words, cells.by_row(is_broken)
        when = column.check_when
        if when and (other := self.columns.get(when.column)):
            for code, check in when.is_.items():
                is_meant = other.by_row(is_true(pc.equal(other.typed, code)))
                if is_meant.any():
                    for rule, words, is_broken in broken_checks(check, cells.text):
                        yield rule, words, cells.by_row(is_broken) & is_meant

    def _misfits(self, column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
        """Codes of the list that do not go with what another column holds."""
        other = self.columns.get(column.fits.column) if column.fits else None
        if column.fits is None or other is None:
            return
        for held, codes in column.fits.allowed.items():
            is_meant = is_true(pc.equal(other.typed, held) if column.fits.is_ else pc.starts_with(other.typed, held))
            is_another = ~is_null(cells.typed) & ~is_true(pc.is_in(cells.typed, pa.array(codes)))
            is_broken = cells.by_row(is_another) & other.by_row(is_meant)
            if is_broken.any():
                yield "fits", _misfit(column, column.fits, other.column, held), is_broken

    def _is_future(self, column: Column, cells: Cells) -> Mask:
        days = days_of(column, cells.typed)
        is_late = is_true(pc.greater(days, pc.min(self.received)))
        if not is_late.any():
            return np.zeros(self.rows, bool)
        return is_true(pc.greater(cells.of_rows(days), self.received))


def _misfit(column: Column, fits: Fits, other: Column, held: str) -> str:
    """What a clerk is told: 统一社会信用代码以“92”开头的，应为个体工商户."""
    how = f"以“{held}”开头的" if fits.begins else f"为“{_label(other, held)}”的"
    return f"{other.label}{how}，应为{'、'.join(_label(column, code) for code in fits.allowed[held])}"


def _label(column: Column, code: str) -> str:
    return next(known.label for known in code_list(column.codes) if known.code == code) if column.codes else code


def _is_before(cells: Cells, other: Cells) -> Mask:
    """Which rows hold an earlier value in the one column than in the other; a moment and a day are compared as days."""
    values, others = cells.typed, other.typed
    if values.type != others.type:
        values, others = days_of(cells.column, values), days_of(other.column, others)
    return is_true(pc.less(cells.of_rows(values), other.of_rows(others)))


def _broken_alone(column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
    """What a cell breaks by itself, but for its check digits and bounds."""
    text, typed = cells.text, cells.typed
    if column.type not in ("string", "list"):
        is_wrong = is_null(typed) & ~is_null(text)
        if is_wrong.any() and column.type in ("date", "timestamp"):
            for words, is_meant in DAY_FAULTS.items():
                is_one = is_wrong.copy()
                is_one[is_wrong] = [is_meant(cell) for cell in chosen(text, is_wrong)]
                is_wrong &= ~is_one
                yield "type", NO_TERM if column.parse in TERMS and words == PERIOD else words, is_one
        if cells.foreign is not None:
            yield "type", "金额单位不是人民币，或无法识别", is_wrong & cells.foreign
            is_wrong &= ~cells.foreign
        yield "type", _expected(column), is_wrong
    if column.codes and column.separator:
        yield from _unknown_items(column, cells)
    elif column.codes:
        yield "codes", "不在代码表中", is_null(typed) & ~is_null(cells.spelled)
    if column.parse in READ:
        yield "type", UNTOLD, is_null(typed) & ~is_null(text)
    if column.pattern:
        yield "pattern", "格式不符", differs(text, f"^(?:{column.pattern})$")


def _unknown_items(column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
    """Each of several codes in a cell that the list does not know, by name."""
    places = np.flatnonzero(is_null(cells.typed) & ~is_null(cells.spelled))
    holding: dict[str, list[int]] = {}
    for place, cell in zip(places.tolist(), cells.spelled.take(pa.array(places)).to_pylist(), strict=True):
        for item in codes_in(column, cell)[1]:
            holding.setdefault(item, []).append(place)
    for item, its_places in holding.items():
        is_held = np.zeros(len(cells.raw), bool)
        is_held[its_places] = True
        yield "codes", f"“{item[:SHOWN]}”不在代码表中{_beside(column, item)}", is_held


def _beside(column: Column, item: str) -> str:
    """What to write where a known value has a note in brackets, whose meaning nobody is to guess: 罚款（5000元）."""
    noted = re.fullmatch(r"([^()（）]+)[(（]([^()（）]*)[)）]", item)
    if not noted or not codes_in(column, noted[1])[0] or codes_in(column, noted[1])[1]:
        return ""
    return f"，请只写“{noted[1][:SHOWN]}”，括号内的“{noted[2][:SHOWN]}”写到相应的列"


def _expected(column: Column) -> str:
    return EXPECTED.get(str(column.parse)) or EXPECTED.get(str(column.type), "不是数字")


def _out_of_bounds(column: Column, cells: Cells) -> Iterator[tuple[str, str, Mask]]:
    """Too many characters, too few items, and what lies outside the bounds of an amount or of a date's year."""
    if column.max_length:
        is_long = is_true(pc.greater(pc.utf8_length(cells.text), column.max_length))
        yield "length", f"超过 {column.max_length} 个字", is_long
    if column.min_items:
        is_short = is_true(pc.less(pc.list_value_length(cells.typed), column.min_items))
        how = "（多人之间请用“、”隔开）" if column.parse in READ else ""
        yield "items", f"少于 {column.min_items} 人{how}", is_short
    is_day = column.type in ("date", "timestamp")
    least, most, unit = ("早于", "晚于", " 年") if is_day else ("小于", "大于", "")
    figure = pc.year(days_of(column, cells.typed)) if is_day else cells.typed
    if pa.types.is_integer(figure.type):
        figure = figure.cast(pa.float64(), safe=False)  # as bounds are
    if column.min is not None:
        yield "min", f"{least} {column.min:.15g}{unit}", is_true(pc.less(figure, _limit(column.min, figure)))
    if column.max is not None:
        yield "max", f"{most} {column.max:.15g}{unit}", is_true(pc.greater(figure, _limit(column.max, figure)))


def _limit(bound: float, figure: pa.Array) -> pa.Scalar:
    return pa.scalar(Decimal(f"{bound:.15g}") if pa.types.is_decimal(figure.type) else bound)
