"""Headings as delivered flow in; which cell each column is read from flows out, or the sentence that says why not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from schemas.contract import Column, FeedContract
from spark_jobs.lake.headings import UNITS, Promised, plain, undressed
from spark_jobs.lake.misread import is_misread
from spark_jobs.lake.text_mark import REJECTED_HEADINGS
from spark_jobs.landing.formats.heading_rows import nameless
from spark_jobs.landing.formats.sheet import RAW_SHOWN, Source, Told, Unreadable, shown

# Where 单位 stands before it, 万 is 万元.
_SHORT = ("百万", "千万", "万", "亿")
# Cells of a row that names a unit: 单位：万元 | 2026年10月.
MOST_BESIDE_A_UNIT = 3
_UNIT = "(?:人民币|RMB|CNY)?(" + "|".join(sorted(UNITS, key=len, reverse=True)) + ")"
_END = r"(?:人民币)?(?![\u4e00-\u9fffA-Za-z0-9])"
# 金额单位：万元 · 单位：户、万元 · 单位：万 · 以万元为单位 · 处罚情况表（万元）
UNIT_LINE = re.compile(
    rf"(?:单位|货币|金额)\s*[:：]?[均都]?[为是]?\s*(?:[\u4e00-\u9fff%％]{{1,4}}\s*[、/,，]\s*){{0,3}}{_UNIT}{_END}"
    rf"|单位\s*[:：为是]\s*({'|'.join(_SHORT)}){_END}|[以按]\s*{_UNIT}\s*[为计]|[(（]\s*{_UNIT}\s*[)）]"
)
STRANGE_UNIT = re.compile(
    r"(?:金额|货币|计价)(?:计量)?单位\s*[:：]\s*\S|币种\s*[:：]\s*(?!人民币|CNY|RMB)\S"
    r"|单位\s*[:：]\s*[十百千万亿]*(?:[美欧港日英]元|英镑|美金)|\bunit\s*[:：]\s*\S",
    re.IGNORECASE,
)


def find_columns(contract: FeedContract, delivered: Sequence[str]) -> dict[str, int]:
    """Which cell each contract column is read from; raises Unreadable for a heading that nobody promised."""
    promised = Promised.by(contract, REJECTED_HEADINGS)
    _refuse_strange(contract, promised, delivered)
    cells_of: dict[str, list[int]] = {}
    for cell, heading in enumerate(delivered):
        for name in promised.scales(heading):
            cells_of.setdefault(name, []).append(cell)
    # A file of deletions need hold no more than keys and the envelope; rows that are none are then judged one by one.
    may_delete = contract.has_envelope and "cd_operation" in cells_of
    for column in contract.columns:
        cells = cells_of.get(column.name, [])
        if len(cells) > 1:
            raise Unreadable(
                f"{column.label}同时有多列：{'、'.join(delivered[cell] for cell in cells)}。请只保留一列。"
            )
        if not cells and column.required and (column.name in contract.key or not may_delete):
            raise Unreadable(f"表头缺少必需的列：{_names(column)}（{column.label}）。")
    return {column.name: cells_of[column.name][0] for column in contract.columns if column.name in cells_of}


def _names(column: Column) -> str:
    return "或".join(f"“{h.heading}”" for h in column.headings)


def _refuse_strange(contract: FeedContract, promised: Promised, delivered: Sequence[str]) -> None:
    """Refuses headings that are there twice, empty, or unknown."""
    plains = [plain(heading) for heading in delivered]
    doubled = sorted({heading for heading in plains if heading and plains.count(heading) > 1})
    if doubled:
        raise Unreadable(f"表头重复：{listed(doubled)}。每个列名只能出现一次。")
    if "" in plains:
        raise nameless(plains.index("") + 1)
    unknown = [heading for heading in delivered if not promised.is_known(heading)]
    if not unknown:
        return
    if any(map(is_misread, unknown)):
        raise Unreadable(f"表头是用错编码读出的乱码：{listed(unknown)}。请用 UTF-8 或 GBK 编码重新导出。")
    read = {name for heading in delivered for name in promised.scales(heading)}
    asked = [_asked(promised, heading, read) for heading in unknown]
    lacking = [_names(column) for column in contract.columns if column.required and column.name not in read]
    and_lacks = f"缺少必需的列：{'、'.join(lacking[:10])}。" if lacking else ""
    raise Unreadable(f"表头中有未约定的列：{listed(asked)}。{and_lacks}请按约定的表头报送，或联系平台登记新列。")


def _asked(promised: Promised, heading: str, read: Collection[str]) -> str:
    """An unknown heading, and the one that may be meant by it; `read`: the columns that the file has."""
    if promised.names_strange_unit(heading):
        return f"“{shown(heading, 50)}”（不认识这个单位，请换算成元或万元，写成“（元）”“（万元）”）"
    likely = promised.likely(heading, read)
    return f"“{shown(heading, 50)}”" + (f"（是否就是“{shown(likely, 50)}”？）" if likely else "")


def listed(headings: Sequence[str]) -> str:
    """Headings as a message may name them."""
    return "、".join(shown(heading, 120) for heading in headings[:10])


def tell_unit(
    source: Source, above: Sequence[Sequence[str]], headings: Sequence[str], told: Told, page: str = ""
) -> str:
    """The unit of money that stands beside a table for amounts that name none: 金额单位：万元.

    It stands in a line above the headings, in the heading of another column, or in the name of the page or the file.
    Raises Unreadable for a unit that is not understood: these amounts would be taken for yuan.
    """
    if not any(_lacks_unit(source, heading) for heading in headings):
        return ""
    others = [heading for heading in headings if "单位" in heading and not source.promised([heading])]
    places = {
        "表格上方": list(_texts(above)),
        "另一列的列名里": others,
        "工作表名里": [page],
        "文件名里": [source.name],
    }
    for place, texts in places.items():
        for text in texts:
            if unit := _unit_in(text, f"{place}写着"):
                told.remarks.append(f"{place}写着“{shown(text.strip(), 50)}”：列名没有写单位的金额按{unit}读取。")
                return unit
    return ""


def _texts(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The cells of some rows, and each that ends in 单位 with the next one: 单位 | 万元."""
    for row in rows:
        cells = [cell[:RAW_SHOWN] for cell in row if cell.strip()]
        yield from cells
        for cell, after in pairwise(cells):
            if (word := cell.rstrip(":： ")).endswith("单位"):
                yield f"{word}：{after.strip()}"


def _unit_in(text: str, said: str) -> str:
    """The unit that a text names, if any; `said` begins the refusal of one that is not understood."""
    if unit := UNIT_LINE.search(text):
        name = next(filter(None, unit.groups()))
        return name if name in UNITS else f"{name}元"
    if STRANGE_UNIT.search(text):
        raise Unreadable(
            f"{said}“{shown(text.strip(), 50)}”，平台不认识这个金额单位。请换算成元或万元，并把单位写在列名里。"
        )
    return ""


def refuse_unit_below(
    source: Source, delivered: Sequence[str], headings: Sequence[str], cells: Sequence[str], row: str
) -> None:
    """Refuses a table below whose headings a unit stands by which its amounts were not read; they are read by now.

    `headings` are those delivered, with the unit that stands above the table.
    """
    filled = [cell for cell in cells if cell.strip()]
    if len(filled) > MOST_BESIDE_A_UNIT or not any("元" in cell or "单位" in cell for cell in filled):
        return
    amounts = {column.name for column in source.contract.columns if column.parse == "amount"}
    read_by = {
        scale
        for before, heading in zip(delivered, headings, strict=True)
        if _lacks_unit(source, before)
        for name, scale in source.promises.scales(heading).items()
        if name in amounts
    }
    for text in _texts([filled]) if read_by else ():
        if (unit := _unit_in(text, f"{row}写着")) and read_by != {UNITS[unit]}:
            raise Unreadable(
                f"{row}写着“{shown(text.strip(), 50)}”，表中的金额却没有写单位。"
                f"请把单位写进列名（例如“罚款金额（{unit}）”）后重新报送。"
            )


def _lacks_unit(source: Source, heading: str) -> bool:
    """Whether a heading is that of amounts and names no unit."""
    amounts = {column.name for column in source.contract.columns if column.parse == "amount"}
    return undressed(heading)[1] is None and bool(amounts & source.promises.scales(heading).keys())


def with_unit(source: Source, headings: Sequence[str], unit: str) -> list[str]:
    """The headings, of which those of amounts that name no unit get the one that stands above the table."""
    return [
        f"{heading.strip()}（{unit}）" if unit and _lacks_unit(source, heading) else heading for heading in headings
    ]
