"""Workbooks as departments fill them: pages, headings, units and notes where people put them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import xlsxwriter

from tests.fuzz.cases import Draw, Rows

Known = dict[str, object]
Page = xlsxwriter.worksheet.Worksheet


def _book(
    *pages: tuple[str, Sequence[Sequence[str]]], after: Callable[[xlsxwriter.Workbook], None] | None = None
) -> bytes:
    """A workbook of these pages, and what else is done to it."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_urls": False}) as made:
        for name, rows in pages:
            page = made.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, text in enumerate(row):
                    page.write_string(line, column, text)
        if after:
            after(made)
    return target.getvalue()


def pages_alike(draw: Draw, rows: Rows, known: Known) -> bytes:
    """The rows on two pages with the same headings; on the second perhaps in another order."""
    half = len(rows.rows) // 2
    order = list(range(len(rows.headings)))
    if draw.chance(0.5):
        draw.random.shuffle(order)
    other = [[row[place] for place in order] for row in [rows.headings, *rows.rows[half:]]]
    return _book(("江岸区", [rows.headings, *rows.rows[:half]]), ("江汉区", other))


def a_hidden_page_alike(draw: Draw, rows: Rows, known: Known) -> bytes:
    """A page of last month that nobody sees, before or behind the one that counts."""
    pages = [("9月备份", [rows.headings, *rows.rows]), ("10月", [rows.headings, *rows.rows])]
    is_last = draw.chance(0.5)

    def hide(made: xlsxwriter.Workbook) -> None:
        first, second = made.worksheets()
        (first if is_last else second).activate()
        (second if is_last else first).hide()

    return _book(*pages, after=hide)


def two_rows_of_headings(draw: Draw, rows: Rows, known: Known) -> bytes:
    """A title, groups above the headings, and below the headings perhaps their numbers."""
    groups = ["基本信息", *[""] * (len(rows.headings) - 1)]
    numbers = [[str(number) for number in range(1, len(rows.headings) + 1)]] if draw.chance(0.5) else []
    return _book(("报表", [["二〇二六年报表"], groups, rows.headings, *numbers, *rows.rows]))


def sums_and_signatures(draw: Draw, rows: Rows, known: Known) -> bytes:
    """What stands below a table, in its middle too."""
    known.clear()
    below = [["合计", "", "12"], ["填表人：张三", "审核人：李四"], ["备注：数据来源登记系统"], ["第1页，共1页"]]
    middle = len(rows.rows) // 2
    return _book(("表", [rows.headings, *rows.rows[:middle], ["小计"], *rows.rows[middle:], *below]))


def a_unit_somewhere(draw: Draw, rows: Rows, known: Known) -> bytes:
    """Above the table, below it, in a heading or in the page's name."""
    known.clear()
    table = [rows.headings, *rows.rows]
    match draw.random.randrange(4):
        case 0:
            return _book(("表", [["单位：万元"], *table]))
        case 1:
            return _book(("表", [*table, ["单位：万元"]]))
        case 2:
            return _book(("表", [[f"{heading}（万元）" for heading in rows.headings], *rows.rows]))
    return _book(("表（万元）", table))


def a_page_without_headings(draw: Draw, rows: Rows, known: Known) -> bytes:
    """A second page that goes on where the first ended."""
    known.clear()
    half = len(rows.rows) // 2
    return _book(("1", [rows.headings, *rows.rows[:half]]), ("2", rows.rows[half:] or [["x"]]))


def a_cell_far_away(draw: Draw, rows: Rows, known: Known) -> bytes:
    """A blank in the last cell that a page has."""

    def far(made: xlsxwriter.Workbook) -> None:
        [page] = made.worksheets()
        page.write_string(1_048_575, 16_383, " ")

    return _book(("表", [rows.headings, *rows.rows]), after=far)


def hidden_rows(draw: Draw, rows: Rows, known: Known) -> bytes:
    """Rows that a filter hides are rows."""

    def hide(made: xlsxwriter.Workbook) -> None:
        [page] = made.worksheets()
        for line in range(1, len(rows.rows), 2):
            page.set_row(line, None, None, {"hidden": True})

    return _book(("表", [rows.headings, *rows.rows]), after=hide)


USUAL: tuple[Callable[[Draw, Rows, Known], bytes], ...] = (
    *(pages_alike, a_hidden_page_alike, two_rows_of_headings, sums_and_signatures, a_unit_somewhere),
    *(a_page_without_headings, a_cell_far_away, hidden_rows),
)
