"""Workbooks as departments fill them: several pages, hidden ones, two rows of headings, units in formats."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from schemas.contract import feeds
from spark_jobs.lake.columns import LINES_A_PAGE, place
from spark_jobs.landing.formats.number_formats import seen
from spark_jobs.landing.formats.sheet import Unreadable
from tests.files import GOOD, HEADINGS, OTHER, USCC, Landed, Shown, land, xls
from tests.test_formats import page, workbook

ROW = tuple(GOOD.split(","))
SECOND = (OTHER, "西陵区样本小吃店", "2018-05-01")
FIRMS = feeds()["scjg_enterprise"]
NO_RESULT = "单元格是公式，文件里没有它的结果；请用 Excel 或 WPS 打开后保存"
Sheet = xlsxwriter.worksheet.Worksheet


def sheets(**fills: Callable[[Sheet], None]) -> bytes:
    """A workbook with a page for each name."""

    def fill(book: xlsxwriter.Workbook) -> None:
        for name, fill_page in fills.items():
            fill_page(book.add_worksheet(name))

    return workbook(fill)


def rows(*rows: tuple[object, ...], top: int = 0, left: int = 0) -> Callable[[Sheet], None]:
    """Writes these rows."""

    def fill(sheet: Sheet) -> None:
        for number, row in enumerate(rows, top):
            sheet.write_row(number, left, row)

    return fill


def changed(content: bytes, *changes: tuple[str, str], part: str = "sheet1.xml") -> bytes:
    """A workbook in one part of which texts are others."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename.endswith(part):
                for before, after in changes:
                    assert before.encode() in data, before
                    data = data.replace(before.encode(), after.encode())
            new.writestr(info.filename, data)
    return buffer.getvalue()


# --- pages


def test_every_visible_page_with_the_promised_headings_is_read(tmp_path: Path) -> None:
    content = sheets(
        说明=rows(("请勿改动表头",)),
        江岸区=rows(HEADINGS, ROW, ROW),
        江汉区=rows(("江汉区登记表",), (HEADINGS[1], HEADINGS[0]), (SECOND[1], SECOND[0])),
        汇总=rows(("区", "企业数"), ("江岸区", 2)),
    )
    landed = land(tmp_path, "a.xlsx", content)
    assert landed.cells == [ROW, ROW, (SECOND[0], SECOND[1], "")]
    assert [row["_page"] for row in landed.rows] == ["江岸区", "江岸区", "江汉区"]
    assert landed.lines == [2, 3, LINES_A_PAGE + 3]
    assert [place(row["_line"], row["_page"]) for row in landed.rows][-1] == "江汉区 第 3 行"
    assert landed.staged.pages == {"江岸区": 2, "江汉区": 1}
    assert landed.staged.remarks == [
        "读取的工作表：“江岸区”、“江汉区”。",
        "未读取的工作表：“说明”（没有约定的主键列，1 行）、“汇总”（没有约定的主键列，2 行）。",
    ]


def test_a_single_page_needs_no_name_beside_its_lines(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.xlsx", sheets(数据=rows(HEADINGS, ROW)))
    assert (landed.rows[0]["_page"], landed.staged.remarks, landed.staged.pages) == (None, [], {"数据": 1})


@pytest.mark.parametrize("hide", ["hide", "very_hidden"])
def test_a_hidden_page_never_wins_over_a_visible_one(tmp_path: Path, hide: str) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        old, new = book.add_worksheet("备份"), book.add_worksheet("十月")
        rows((*HEADINGS, "检查人员"), (*ROW, "张三"), (*ROW, "张三"))(old)
        rows(HEADINGS, SECOND)(new)
        new.activate()
        getattr(old, hide)()

    landed = land(tmp_path, "a.xlsx", workbook(fill))
    assert landed.cells == [SECOND]
    assert landed.staged.remarks == ["读取的工作表：“十月”。", "未读取的工作表：“备份”（隐藏，2 行）。"]


def test_hidden_pages_alone_are_read_only_if_it_is_clear_which(tmp_path: Path) -> None:
    def hidden(sheet: Sheet) -> None:
        rows(HEADINGS, ROW)(sheet)
        sheet.hide()

    landed = land(tmp_path, "a.xlsx", sheets(说明=rows(("看数据页",)), 数据=hidden))
    assert landed.cells == [ROW]
    assert landed.staged.remarks[0] == "读取的工作表：“数据”（隐藏）。"
    with pytest.raises(Unreadable, match="都是隐藏的：“甲”、“乙”"):
        land(tmp_path, "a.xlsx", sheets(说明=rows(("看数据页",)), 甲=hidden, 乙=hidden))


def test_a_page_that_does_not_go_with_the_others_refuses_the_file_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="工作表“乙”：表头中有未约定的列：“星座”"):
        land(tmp_path, "a.xlsx", sheets(甲=rows(HEADINGS, ROW), 乙=rows((*HEADINGS, "星座"), (*ROW, "x"))))
    names = ("统一社会信用代码", "企业名称")
    pages = {"甲": rows((*names, "注册资金"), ROW), "乙": rows((*names, "注册资金（元）"), ROW)}
    with pytest.raises(Unreadable, match="工作表“乙”的“注册资金（元）”与前面工作表的“注册资金”单位不同"):
        land(tmp_path, "a.xlsx", sheets(**pages), FIRMS)


def test_a_page_that_goes_on_without_headings_refuses_the_file(tmp_path: Path) -> None:
    told = "工作表“二”没有表头，看上去是“一”的续表（2 行）"
    with pytest.raises(Unreadable, match=told):
        land(tmp_path, "a.xlsx", sheets(一=rows(HEADINGS, ROW), 二=rows(SECOND, SECOND)))
    other = rows(("填报须知", "统一填写", "x"), ("1", "2", "3"), ("4", "5", "6"))
    assert land(tmp_path, "a.xlsx", sheets(一=rows(HEADINGS, ROW), 二=other)).cells == [ROW]


def test_hidden_rows_are_read_and_told(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(("登记表",), HEADINGS, ROW, ROW, SECOND)(sheet)
        sheet.set_row(0, None, None, {"hidden": True})
        sheet.set_row(3, None, None, {"hidden": True})

    landed = land(tmp_path, "a.xlsx", sheets(表=fill))
    assert landed.lines == [3, 4, 5]
    assert landed.staged.remarks == ["隐藏的行已一并读取：第 4 行。"]


def test_hidden_columns_are_read_and_told(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(("", *HEADINGS), ("", *ROW))(sheet)
        sheet.set_column(2, 2, None, None, {"hidden": True})
        sheet.set_column(20, 16_383, None, None, {"hidden": True})

    landed = land(tmp_path, "a.xlsx", sheets(表=fill))
    assert landed.cells == [ROW]
    assert landed.staged.remarks == [f"隐藏的列已一并读取：“{HEADINGS[1]}”。"]


def test_a_fault_names_its_page_too(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.xlsx", sheets(甲=rows(HEADINGS, ROW), 乙=rows(HEADINGS, ROW, (*ROW, "", "x"))))
    assert landed.faults == {LINES_A_PAGE + 3: "列数与表头不一致"}
    assert landed.rows[-1]["_page"] == "乙"


# --- headings, sums and signatures


def test_two_rows_of_headings_with_merged_ones_are_one(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        sheet.merge_range(0, 0, 0, 3, "企业登记表")
        sheet.merge_range(1, 0, 2, 0, "统一社会信用代码")
        sheet.merge_range(1, 1, 1, 2, "登记信息")
        sheet.write_row(2, 1, HEADINGS[1:])
        sheet.write_row(3, 0, ROW)

    landed = land(tmp_path, "a.xlsx", sheets(表=fill))
    assert (landed.cells, landed.lines) == ([ROW], [4])


def test_a_group_above_is_part_of_a_heading_where_that_was_promised(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        sheet.write_row(0, 0, ["统一社会信用代码", "企业", "", "注册"])
        sheet.write_row(1, 1, ["名称", "", "日期"])
        sheet.write_row(2, 0, [USCC, "甲", "", "2016-03-01"])

    assert land(tmp_path, "a.xlsx", sheets(表=fill)).cells == [(USCC, "甲", "2016-03-01")]


def test_sums_and_signatures_are_passed_over_and_told(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(HEADINGS, ROW)(sheet)
        sheet.merge_range(2, 0, 2, 1, "合　计")
        sheet.write(2, 2, 1)
        rows(("制表人：张三", "", "审核：李四"), ("单位负责人（签字）：",), top=3)(sheet)

    landed = land(tmp_path, "a.xlsx", sheets(表=fill))
    assert (landed.cells, landed.faults) == ([ROW], {})
    told = "第 3 行“合计”、第 4 行“制表人:张三”、第 5 行“单位负责人(签字):”"
    assert landed.staged.remarks == [f"表中的合计、落款、附注未作为数据读取：{told}。"]


def test_headings_again_in_the_middle_are_told_and_other_ones_refuse_the_file(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, ROW, HEADINGS, SECOND)))
    assert landed.cells == [ROW, SECOND]
    assert landed.staged.remarks == ["表中重复出现的表头未作为数据读取：第 3 行。"]
    with pytest.raises(Unreadable, match="第 3 行又是一行表头"):
        land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, ROW, HEADINGS[::-1], SECOND[::-1])))


def test_a_cell_merged_over_two_columns_belongs_to_neither(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(HEADINGS, ROW)(sheet)
        sheet.write(2, 0, USCC)
        sheet.merge_range(2, 1, 2, 2, "同上")

    landed = land(tmp_path, "a.xlsx", sheets(表=fill))
    assert landed.faults == {3: "合并单元格横跨了几列，不知道内容属于哪一列；请取消合并后逐格填写"}


@pytest.mark.parametrize("first", [0, 1])
def test_a_column_without_a_heading_that_numbers_the_rows_is_passed_over(tmp_path: Path, first: int) -> None:
    numbered = [(number, *ROW) for number in range(first, first + 5)]
    landed = land(tmp_path, "a.xlsx", sheets(表=rows(("", *HEADINGS), *numbered, (9, "", "", ""))))
    assert (landed.cells, landed.faults) == ([ROW] * 5, {})
    with pytest.raises(Unreadable, match="表头第 1 列没有列名，其中有“甲”"):
        land(tmp_path, "a.xlsx", sheets(表=rows(("", *HEADINGS), ("甲", *ROW), ("乙", *ROW))))


# --- cells far away


@pytest.mark.parametrize(("row", "column"), [(1048575, 16383), (5, 16383), (1048575, 2)])
@pytest.mark.parametrize("on", ["表", "说明"])
def test_a_blank_far_away_costs_and_changes_nothing(tmp_path: Path, row: int, column: int, on: str) -> None:
    def with_blank(fill: Callable[[Sheet], None]) -> Callable[[Sheet], None]:
        def both(sheet: Sheet) -> None:
            fill(sheet)
            sheet.write_string(row, column, " \u3000")

        return both

    pages = {"说明": rows(("看下一页",)), "表": rows(HEADINGS, ROW)}
    pages[on] = with_blank(pages[on])
    landed = land(tmp_path, "a.xlsx", sheets(**pages))
    assert (landed.cells, landed.lines) == ([ROW], [2])


def test_a_value_far_away_is_named(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(HEADINGS, *[ROW] * 300)(sheet)
        sheet.write(1048575, 16383, "x")

    with pytest.raises(Unreadable, match="工作表“表”的单元格 XFD1048576 里有内容，离其他数据太远"):
        land(tmp_path, "a.xlsx", sheets(表=fill))


# --- formulas, formats, numbers


@pytest.mark.parametrize("empty", ["<v></v>", "<v/>", ""])
def test_a_formula_without_a_saved_result_is_told(tmp_path: Path, empty: str) -> None:
    def fill(sheet: Sheet) -> None:
        rows(HEADINGS, ROW, ROW)(sheet)
        sheet.write_formula(2, 1, "=B9", None, 77)

    landed = land(tmp_path, "a.xlsx", changed(sheets(表=fill), ("<v>77</v>", empty)))
    assert landed.faults == {3: NO_RESULT}


def test_a_zero_that_nobody_worked_out_is_no_result_and_an_empty_text_is_one(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(HEADINGS, ROW, ROW, ROW)(sheet)
        sheet.write_formula(2, 1, "=B9")
        sheet.write_formula(3, 1, '=""', None, "x")

    content = changed(sheets(表=fill), ("<v>x</v>", "<v></v>"))
    landed = land(tmp_path, "a.xlsx", content)
    assert landed.faults == {3: NO_RESULT}
    assert landed.cells[2][1] == ""
    saved = changed(content, (' fullCalcOnLoad="1"', ""), part="workbook.xml")
    assert [name for _, name, _ in land(tmp_path, "a.xlsx", saved).cells] == [ROW[1], "0", ""]


def capital(cell: object, shape: str, heading: str = "注册资金") -> bytes:
    """A firm whose capital is a number in that format."""

    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("表")
        rows(("统一社会信用代码", "企业名称", heading, "行业代码"), (USCC, "甲"))(sheet)
        sheet.write_number(1, 2, cell, book.add_format({"num_format": shape}))
        sheet.write_number(1, 3, 111)

    return workbook(fill)


@pytest.mark.parametrize(
    ("stored", "shape", "text"),
    [
        (500000, '0"."0,"万元"', "500000元"),
        (510500, '0!.0,"万元"', "510500元"),
        (500000, '[>=10000]0\\.0,"万元";0"元"', "500000元"),
        (500, '[>=10000]0\\.0,"万元";0"元"', "500元"),
        (500000, '#,##0.00"元"', "500000元"),
        (50, '0.00"万元"', "50万元"),
        (-50, '0.00"万元";[Red]-0.00"万元"', "-50万元"),
        (50, '0.00"(万元)"', "50万元"),
        (500000, '#,##0.00,"千元"', "500000元"),
        (500, '0"千元"', "500000元"),
        (500000, "#,##0,", "500000元"),
        (5, '0.00"美元"', "5美元"),
        (50, "#,##0.00", "50"),
        (50, "[$¥-804]#,##0.00", "50"),
        (50, '_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', "50"),
        (5, 'General"万"', "5万"),
        (5, 'G/通用格式"万元"', "5万元"),
    ],
)
def test_a_unit_in_a_number_format_is_applied_once(tmp_path: Path, stored: float, shape: str, text: str) -> None:
    landed = land(tmp_path, "a.xlsx", capital(stored, shape), FIRMS_OF)
    assert landed.rows[0]["capital_amount"] == text
    is_number = text == f"{stored:g}"
    assert landed.rows[0]["_numbers"] == (
        ",capital_amount,capital_currency,industry_code," if is_number else ",industry_code,"
    )


FIRMS_OF = FIRMS.model_copy(
    update={
        "columns": tuple(
            c
            for c in FIRMS.columns
            if c.name in {"uscc", "object_name"} or "capital" in c.name or c.name == "industry_code"
        )
    }
)


def test_a_format_that_shows_another_amount_turns_its_row_away(tmp_path: Path) -> None:
    for stored, shape in ((50_000_000, '0.00,,"亿"'), (0.5, "0.00%"), (0.5, '0.0"占"%'), (0.5, "0%")):
        landed = land(tmp_path, "a.xlsx", capital(stored, shape), FIRMS_OF)
        assert list(landed.faults) == [2], shape
        assert "数字格式显示的金额，与单元格里的数不一致" in landed.faults[2]


def test_number_formats_of_older_workbooks_are_seen_too(tmp_path: Path) -> None:
    names = ("统一社会信用代码", "企业名称", "注册资金", "行业代码")
    cells = [
        (USCC, "甲", Shown(500000, '0!.0,"万元"'), Shown(111, "0000")),
        (OTHER, "乙", Shown(50, '0.00"万元"'), 5219),
        (USCC, "丙", Shown(0.5, "0%"), 5219),
    ]
    landed = land(tmp_path, "a.xls", xls([names, *cells]), FIRMS_OF)
    assert [(row["capital_amount"], row["industry_code"]) for row in landed.rows[:2]] == [
        ("500000元", "0111"),
        ("50万元", "5219"),
    ]
    assert "数字格式显示的金额" in landed.faults[4]


@pytest.mark.parametrize(
    ("shape", "text"), [("0000", "0111"), ('"CF-"0000', "CF-0111"), ("0", "111"), ("0.00", "111"), ("@", "111")]
)
def test_zeros_that_a_format_shows_are_part_of_a_code(shape: str, text: str) -> None:
    assert seen(shape, "111", False, True) == text


def test_what_was_a_number_and_what_was_text_is_handed_on(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        rows(("统一社会信用代码", "企业名称", "行业代码"), (USCC, "甲"), (USCC, "乙"), (USCC, "丙"), (USCC, 5))(sheet)
        sheet.write_number(1, 2, 111)
        sheet.write_string(2, 2, "0111")
        sheet.write_number(3, 2, 111, book.add_format({"num_format": "0000"}))

    landed = land(tmp_path, "a.xlsx", workbook(fill), FIRMS_OF)
    assert [(row["industry_code"], row["_numbers"]) for row in landed.rows] == [
        ("111", ",industry_code,"),
        ("0111", None),
        ("0111", None),
        ("", ",object_name,"),
    ]


def test_a_unit_above_the_headings_is_that_of_amounts_without_one(tmp_path: Path) -> None:
    def landed_under(*above: tuple[object, ...]) -> Landed:
        table = (("统一社会信用代码", "企业名称", "注册资金"), (USCC, "甲", 50))
        return land(tmp_path, "a.xlsx", sheets(表=rows(*above, *table)), FIRMS_OF)

    landed = landed_under(("企业登记表",), ("", "", "金额单位：元"))
    assert landed.staged.columns["capital_amount"] == "注册资金（元）"
    assert landed.staged.remarks == ["表格上方写着“金额单位：元”：列名没有写单位的金额按元读取。"]
    assert landed_under(("企业登记表",)).staged.columns["capital_amount"] == "注册资金"


def test_a_unit_in_the_name_of_a_page_is_that_of_amounts_without_one(tmp_path: Path) -> None:
    names = ("统一社会信用代码", "企业名称", "注册资金")
    landed = land(tmp_path, "a.xlsx", sheets(**{"企业（千元）": rows(names, (USCC, "甲", 50))}), FIRMS)
    assert landed.staged.remarks == ["工作表名里写着“企业（千元）”：列名没有写单位的金额按千元读取。"]


@pytest.mark.parametrize("below", [("单位：千元",), ("注：表中金额单位为千元", "2026年10月"), ("单位", "千元")])
def test_a_unit_below_the_table_refuses_it(tmp_path: Path, below: tuple[str, ...]) -> None:
    names, row = ("统一社会信用代码", "企业名称", "注册资金"), (USCC, "甲", 50)
    with pytest.raises(Unreadable, match=r"第 4 行写着“.*千元”，表中的金额却没有写单位"):
        land(tmp_path, "a.xlsx", sheets(表=rows(names, row, (), below)), FIRMS)
    above = sheets(表=rows(("单位：千元",), names, row, below))
    assert land(tmp_path, "a.xlsx", above, FIRMS).rows[0]["capital_amount"] == "50"
    as_agreed = sheets(
        表=rows(names, row, (below[0].replace("千元", "万元"), *(c.replace("千", "万") for c in below[1:])))
    )
    assert land(tmp_path, "a.xlsx", as_agreed, FIRMS).rows[0]["capital_amount"] == "50"


@pytest.mark.parametrize("numbers", [("1", "2", "3"), (1, 2, 3), ("甲", "乙", 1), ("（1）", "（2）", "（3）")])
def test_a_row_that_numbers_the_columns_is_passed_over_and_told(tmp_path: Path, numbers: tuple[object, ...]) -> None:
    landed = land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, numbers, ROW)))
    assert (landed.cells, landed.staged.remarks) == ([ROW], ["表中的合计、落款、附注未作为数据读取：第 2 行“栏次”。"])
    below = land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, ROW, numbers)))
    assert len(below.rows) == 2
    told = land(tmp_path, "a.csv", "\n".join([*(",".join(map(str, row)) for row in (HEADINGS, numbers, ROW)), ""]))
    assert (told.cells, told.staged.remarks) == ([ROW], landed.staged.remarks)


def test_notes_and_page_numbers_below_are_passed_over_and_told(tmp_path: Path) -> None:
    notes = [("备注：数据来源登记系统",), ("第1页，共1页",), ("2026年11月1日",), ("2、以登记为准",)]
    landed = land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, ROW, *notes)))
    assert landed.cells == [ROW]
    assert landed.staged.remarks[-1] == (
        "表中的合计、落款、附注未作为数据读取：第 3 行“备注:数据来源登记系统”、第 4 行“第1页,共1页”、"
        "第 5 行“2026年11月1日”、第 6 行“2、以登记为准”。"
    )


@pytest.mark.parametrize("cells", [("", "--", "2016-03-01"), ("--", "", "2016-03-01"), ("", "2026年1月", "2016-03-01")])
def test_a_row_without_its_key_is_no_note(tmp_path: Path, cells: tuple[str, ...]) -> None:
    """It was told as one and counted as no row, where `--` stood for nothing (found by seed 4 of test_fill)."""
    landed = land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, ROW, cells)))
    assert (len(landed.rows), landed.staged.remarks) == (2, [])


def test_a_workbook_that_says_nothing_to_report_has_no_rows(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="每次报送全量"):
        land(tmp_path, "a.xlsx", sheets(表=rows(HEADINGS, ("本期无数据",))))
    with pytest.raises(Unreadable, match="文件只有表头，没有数据行"):
        land(tmp_path, "a.xlsx", page())


def test_a_value_at_the_right_edge_turns_its_row_away_in_no_time(tmp_path: Path) -> None:
    def fill(sheet: Sheet) -> None:
        rows(HEADINGS, ROW, ROW)(sheet)
        sheet.write(2, 16383, "x")

    began = time.process_time()
    assert land(tmp_path, "a.xlsx", sheets(表=fill)).faults == {3: "列数与表头不一致"}
    assert time.process_time() - began < 3
