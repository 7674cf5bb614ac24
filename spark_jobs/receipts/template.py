"""A feed's contract flows in; a workbook to fill flows out, which lands as it is filled, without a doubt.

The first page has the headings and nothing else. What explains it stands on pages that nobody can take for data: the
columns are told one below the other, and no row of them has two of the headings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from schemas.contract import FeedContract
from spark_jobs.receipts.filling import Filling, fillings

EXPLAINED, LISTED = "填写说明", "代码表"
# Rows of the data page that have a list to choose from; every cell below has its format too.
ROWS = 20_000
# What Excel allows in a list that stands in the cell's own rule.
LONGEST_LIST = 255
# Of a list so many are shown among the explanations.
SHOWN = 12
# Excel's own number of the format that keeps what is typed.
TEXT = 49
WIDTHS = {"date": 13, "timestamp": 20, "integer": 10}
# The same file from the same contract, whenever it is made.
MADE = datetime(2026, 1, 1)


def template(contract: FeedContract) -> bytes:
    """The workbook of a feed as a file's content."""
    import xlsxwriter

    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": contract.title, "created": MADE})
        columns = fillings(contract)
        data = book.add_worksheet(_page_name(contract.title))
        explained, listed = book.add_worksheet(EXPLAINED), book.add_worksheet(LISTED)
        ranges = _write_lists(book, listed, columns)
        _write_headings(book, data, columns, ranges)
        _write_explanations(book, explained, contract, columns)
    return content.getvalue()


def _page_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", title)[:31]


def _write_headings(book: Any, page: Any, columns: Sequence[Filling], ranges: dict[str, str]) -> None:
    """The page to fill: headings, and of each column a format that keeps what is typed, a list, and a word of help."""
    usual = {"bold": True, "border": 1, "text_wrap": True, "valign": "vcenter"}
    required = book.add_format(usual | {"bg_color": "#FFD966"})
    optional = book.add_format(usual | {"bg_color": "#E7E6E6"})
    page.freeze_panes(1, 0)
    for place, filling in enumerate(columns):
        width = WIDTHS.get(str(filling.column.type), max(12, 2 * len(filling.heading) + 2))
        page.set_column(place, place, width, book.add_format({"num_format": _number_format(filling)}))
        page.write_string(0, place, filling.heading, required if filling.is_required else optional)
        page.data_validation(1, place, ROWS, place, _rule(filling, ranges))


def _number_format(filling: Filling) -> str | int:
    """Text for whatever is no date and no number, so that codes keep their zeros and long ones their digits."""
    kinds = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm:ss", "integer": "0"}
    is_text = filling.column.type in ("string", "list", "boolean")
    return TEXT if is_text else kinds.get(str(filling.column.type), "0.00")


def _rule(filling: Filling, ranges: dict[str, str]) -> dict[str, Any]:
    help_ = {"input_title": filling.heading[:32], "input_message": _help(filling)[:255]}
    if not filling.allowed:
        return {"validate": "any", **help_}
    source = ranges.get(filling.heading) or list(filling.allowed)
    # Of several values in one cell Excel cannot say whether each is in the list.
    severity = "information" if filling.column.type == "list" else "stop"
    wrong = {"error_type": severity, "error_title": "不在列表中", "error_message": f"“{filling.heading}”请从列表中选。"}
    return {"validate": "list", "source": source, **wrong, **help_}


def _help(filling: Filling) -> str:
    return f"{'必填。' if filling.is_required else ''}{filling.form}。"


def _write_lists(book: Any, page: Any, columns: Sequence[Filling]) -> dict[str, str]:
    """The lists that are too long for a cell's rule, one a column; returns where each lies, by heading.

    Above each stands “… 的可填内容”, which is nobody's heading.
    """
    ranges: dict[str, str] = {}
    text, bold = book.add_format({"num_format": TEXT}), book.add_format({"bold": True})
    for filling in columns:
        is_short = len(",".join(filling.allowed)) <= LONGEST_LIST and not any("," in one for one in filling.allowed)
        if not filling.allowed or is_short:
            continue
        place = len(ranges)
        page.set_column(place, place, 30, text)
        page.write_string(0, place, f"“{filling.heading}”的可填内容", bold)
        for row, value in enumerate(filling.allowed, 1):
            page.write_string(row, place, value, text)
        name = _column_name(place)
        ranges[filling.heading] = f"='{LISTED}'!${name}$2:${name}${len(filling.allowed) + 1}"
    if not ranges:
        page.write_string(0, 0, "列表都在单元格的下拉框中。", bold)
    return ranges


def _column_name(place: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(place))


def _write_explanations(book: Any, page: Any, contract: FeedContract, columns: Sequence[Filling]) -> None:
    """Each column in a row of its own, with an example; what is true of the whole stands below.

    No cell is a heading as such: “A 列：企业名称”, “标准名称：…”.
    """
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    page.set_column(0, 0, 30, wrapped)
    page.set_column(1, 5, 30, wrapped)
    page.set_column(2, 2, 10, wrapped)
    for place, word in enumerate(("列", "含义", "是否必填", "填写形式", "可填内容（部分）", "填写示例")):
        page.write_string(0, place, word, bold)
    for row, filling in enumerate(columns):
        for place, word in enumerate(_explained(row, filling)):
            page.write_string(row + 1, place, word)
    for row, note in enumerate(_notes(contract), len(columns) + 2):
        page.merge_range(row, 0, row, 5, note, wrapped)
        page.set_row(row, 32)


def _explained(place: int, filling: Filling) -> tuple[str, ...]:
    more = f" 等 {len(filling.allowed)} 项" if len(filling.allowed) > SHOWN else ""
    return (
        f"{_column_name(place)} 列：{filling.heading}",
        f"标准名称：{filling.column.label}" if filling.column.label else "",
        "必填" if filling.is_required else "",
        filling.form,
        "、".join(filling.allowed[:SHOWN]) + more,
        filling.example,
    )


def _notes(contract: FeedContract) -> list[str]:
    notes = [
        f"{contract.title}：只在第一页从第 2 行起填写，一行一条，不要改动列名，不要合并单元格。",
        f"“{EXPLAINED}”和“{LISTED}”两页不是数据，可以保留。",
        "黄色列名为必填列。编号、证号、电话已设为文本格式，直接输入即可，开头的 0 和末位数字不会丢失。",
    ]
    return [*notes, "本数据集每次报送全量：没有填写的记录会被撤下。"] if contract.is_snapshot else notes
