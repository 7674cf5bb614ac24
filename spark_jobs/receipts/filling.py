"""A column of a feed flows in; how people fill it flows out, in Chinese: its form, what it may hold, an example."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import NamedTuple

from schemas.characters import narrowed
from schemas.contract import ENVELOPE, Column, FeedContract, Scale, code_list
from spark_jobs.lake.codes import code_spellings

# What the check of a column asks for, and a value that passes it.
CHECKS = {
    "uscc": ("18 位统一社会信用代码", "91420100MA4K00010R"),
    "id_card": ("18 位身份证号", "420106198001151010"),
    "item_code": ("14 位监管事项编码", "31001001142001"),
    "check_icode": ("清单编码（实施机构代码、层级、事项编码、序号）", ""),
    "certificate": ("执法证号", "17010000001"),
    "plate": ("车牌号码", "鄂A12345"),
}
TYPES = {
    "string": ("文本", "样本"),
    "list": ("文本，多项之间用“、”隔开", "样本甲、样本乙"),
    "date": ("日期，如 2026-03-31", "2026-03-31"),
    "timestamp": ("日期和时间，如 2026-03-31 08:30:00", "2026-03-31 08:30:00"),
    "integer": ("整数", "12"),
    "boolean": ("是或否", "是"),
}
YES_NO = ("是", "否")
# What a heading's scale is called, by how its cells are read.
UNITS: dict[str, dict[Scale, str]] = {
    "amount": {1: "元", 1_000: "千元", 10_000: "万元", 1_000_000: "百万元", 100_000_000: "亿元"},
    "area": {1: "平方米", Fraction(2000, 3): "亩", 10_000: "公顷", 1_000_000: "平方公里"},
}


class Filling(NamedTuple):
    """How a column is filled: under which heading, whether it must be, in which form, from which list."""

    column: Column
    heading: str
    is_required: bool
    form: str
    allowed: tuple[str, ...]
    example: str


def fillings(contract: FeedContract) -> list[Filling]:
    """The columns that people fill, in the contract's order; a heading that is read into two columns stands once.

    The envelope is for programs, and an owner's feed or a standard one is delivered under its first headings.
    """
    found: dict[str, Filling] = {}
    for column in contract.columns:
        if column.name not in ENVELOPE and column.headings[0].heading not in found:
            found[column.headings[0].heading] = _filling(contract, column)
    return list(found.values())


def _filling(contract: FeedContract, column: Column) -> Filling:
    allowed = YES_NO if column.type == "boolean" else choices(column.codes) if column.codes else ()
    words, example = _kind(column)
    limits = [
        "从列表中选" if allowed else words,
        f"与“{_label(contract, column.required_with)}”同填" if column.required_with else "",
        f"须与“{_label(contract, column.fits.column)}”相符" if column.fits else "",
        f"不早于“{_label(contract, column.not_before)}”" if column.not_before else "",
        "不晚于报送当天" if column.not_future else "",
        f"不超过 {column.max_length} 个字" if column.max_length else "",
        f"至少 {column.min_items} 人" if column.min_items else "",
        _bounds(column),
    ]
    return Filling(
        column,
        column.headings[0].heading,
        column.required,
        "；".join(filter(None, limits)),
        allowed,
        allowed[0] if allowed else example,
    )


def _kind(column: Column) -> tuple[str, str]:
    if column.check:
        return CHECKS[column.check]
    if units := UNITS.get(str(column.parse)):
        unit = units.get(column.headings[0].scale or 1, units[1])
        scales = {known.scale for known in column.headings if known.scale}
        return f"数字，单位：{unit}{'（列名写了别的单位的，按列名）' if len(scales) > 1 else ''}", "1234.50"
    if column.pattern:
        return "文本（有格式要求）", ""
    return TYPES.get(str(column.type), ("数字", "1234.50"))


def _bounds(column: Column) -> str:
    if column.parse in UNITS:  # bounds are in yuan and square metres, cells in the heading's unit
        return ""
    unit = " 年" if column.type in ("date", "timestamp") else ""
    least = f"不小于 {column.min:g}{unit}" if column.min is not None else ""
    return "，".join(filter(None, (least, f"不大于 {column.max:g}{unit}" if column.max is not None else "")))


def _label(contract: FeedContract, name: str) -> str:
    return contract.column(name).headings[0].heading


@cache
def choices(codes: str) -> tuple[str, ...]:
    """Of each code in force a spelling that means it and no other: its label, else a longer name, else the code."""
    spellings = code_spellings(codes)
    found = []
    for code in code_list(codes):
        if not code.valid_to and not code.extra.get("successor"):
            words = (code.label, *code.aliases, code.code)
            known = (word for word in words if spellings.get(narrowed(word).strip().upper()) == code.code)
            found.append(next(known, code.code))
    return tuple(found)
