"""What departments really send, and how each of its cells, rows and faults is read."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from spark_jobs.landing.formats.sheet import Unreadable
from tests.files import GOOD, HEAD, HEADINGS, OTHER, USCC, Error, compound, jsonl, land, promise, xls

NAME = "武汉样本商贸有限公司"
ROW = (USCC, NAME, "2016-03-01")


def refused(tmp_path: Path, name: str, content: bytes | str, **promised: object) -> str:
    folder = tmp_path / "refused"
    folder.mkdir(exist_ok=True)
    with pytest.raises(Unreadable) as refusal:
        land(folder, name, content, promise(**promised))  # type: ignore[arg-type]
    assert [file.name for file in folder.iterdir()] == ["delivered"]
    return str(refusal.value)


# --- separated text


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quoted", [False, True], ids=["bare", "quoted"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_any_separator_quotes_line_end_and_encoding_give_the_same_rows(
    tmp_path: Path, separator: str, quoted: bool, ending: str, encoding: str
) -> None:
    rows = [HEADINGS, list(ROW), [OTHER, "西陵区|小吃店;分店,甲" if quoted else "西陵区小吃店", "2018-05-01"]]
    mark = '"' if quoted else ""
    lines = [separator.join(f"{mark}{cell}{mark}" for cell in row) for row in rows]
    landed = land(tmp_path, "a.txt", (ending.join(lines) + ending).encode(encoding))
    assert landed.cells == [ROW, tuple(rows[2])]
    assert landed.lines == [2, 3]
    assert landed.staged.encoding == encoding.removesuffix("-sig")
    assert landed.staged.columns == {"uscc": HEADINGS[0], "name": HEADINGS[1], "founded": HEADINGS[2]}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt", ".CSV"])
def test_the_separator_is_found_whatever_the_name_says(tmp_path: Path, suffix: str) -> None:
    assert land(tmp_path, f"a{suffix}", f"{HEAD}\n{GOOD}".replace(",", ";")).cells == [ROW]


def test_big_endian_utf16_and_a_gb18030_mark_are_read(tmp_path: Path) -> None:
    text = f"{HEAD}\n{GOOD}\n"
    assert land(tmp_path, "a.csv", b"\xfe\xff" + text.encode("utf-16-be")).cells == [ROW]
    landed = land(tmp_path, "a.csv", b"\x84\x31\x95\x33" + text.encode("gb18030"))
    assert (landed.cells, landed.staged.encoding) == ([ROW], "gb18030")


def test_gb18030_holds_characters_of_four_bytes(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{USCC},𠮷野家㐀,2016-03-01\n".encode("gb18030"))
    assert landed.cells == [(USCC, "𠮷野家㐀", "2016-03-01")]


def test_a_byte_that_no_encoding_allows_is_named(tmp_path: Path) -> None:
    text = f"{HEAD}\n{GOOD}\n".encode()
    told = refused(tmp_path, "a.csv", text + b"\xff\xfe\x80")
    assert f"UTF-8 在第 {len(text)} 字节处出错" in told
    assert "GB18030 在第" in told


@pytest.mark.parametrize("utf8_first", [True, False])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_file_that_mixes_two_encodings_is_refused_with_both_places(
    tmp_path: Path, utf8_first: bool, suffix: str
) -> None:
    first, second = ("utf-8", "gb18030") if utf8_first else ("gb18030", "utf-8")
    # Twelve bytes of UTF-8 are six pairs of GB18030: no decoder sees that this is nonsense.
    line = "x,甲乙丙丁戊己庚辛,y\n"
    content = line.encode(first) + line.encode(second)
    told = refused(tmp_path, f"a{suffix}", content)
    assert "文件混用了两种编码" in told
    chinese = 2 if utf8_first else len(line.encode("gb18030")) + 2
    not_utf8 = len(line.encode()) + 2 if utf8_first else 2
    assert f"第 {not_utf8} 字节处不是 UTF-8" in told
    assert f"第 {chinese} 字节处却是 UTF-8 的汉字" in told


def test_a_mark_that_lies_is_refused(tmp_path: Path) -> None:
    told = refused(tmp_path, "a.csv", b"\xef\xbb\xbf" + f"{HEAD}\n{GOOD}".encode("gb18030"))
    assert "BOM）说它是 UTF-8 编码，但第 7 字节处不是" in told
    assert "UTF-16" in refused(tmp_path, "a.csv", b"\xff\xfe" + f"{HEAD}\n{GOOD}".encode("utf-16-le") + b"\x00\xd8")


def test_a_character_cut_by_the_end_of_the_file_is_no_utf8(tmp_path: Path) -> None:
    told = refused(tmp_path, "a.csv", f"{HEAD}\n{GOOD},甲乙丙丁戊己".encode()[:-1])
    assert "编码" in told


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_a_nul_is_refused_with_its_place(tmp_path: Path, suffix: str) -> None:
    assert "第 3 字节是空字符（NUL）" in refused(tmp_path, f"a{suffix}", b"abc\0def")


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (f'{GOOD}\n{OTHER},"甲,2018-05-01\n{GOOD}\n', 3),
        (f'{GOOD}\n{GOOD}\n{OTHER},甲,"2018-05-01\n{GOOD}\n', 4),
        (f'{GOOD}\n{OTHER},"甲,2018-05-01\n' + f"{GOOD}\n" * 200_000, 3),
        (f'{OTHER},甲,"2018-05-01', 2),
    ],
    ids=["in the middle", "in the last column", "over many blocks", "at the end"],
)
def test_a_quote_that_never_closes_is_refused_with_its_line(tmp_path: Path, rows: str, line: int) -> None:
    assert f"第 {line} 行的引号没有成对" in refused(tmp_path, "a.csv", f"{HEAD}\n{rows}")


def test_a_cell_that_swallowed_rows_is_no_row(tmp_path: Path) -> None:
    swallowed = f'{OTHER},"甲,2018-05-01\n{GOOD}\n{USCC},乙",2019-01-01\n'
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n{swallowed}{GOOD}\n")
    assert landed.faults == {3: "单元格内含有整行数据，引号没有成对"}
    assert landed.cells[0] == landed.cells[2] == ROW
    assert landed.lines == [2, 3, 4]
    assert landed.rows[1]["_raw"].startswith(f"{OTHER},甲,2018-05-01\n")


def test_an_address_on_two_lines_is_one_cell(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f'{HEAD}\n{USCC},"甲\n乙 ""分店""",2016-03-01\n{GOOD}\n')
    assert landed.cells == [(USCC, '甲\n乙 "分店"', "2016-03-01"), ROW]
    assert landed.lines == [2, 3]


def test_a_quote_inside_a_bare_cell_is_a_character(tmp_path: Path) -> None:
    assert land(tmp_path, "a.csv", f'{HEAD}\n{USCC},5" 管,2016-03-01\n{GOOD}\n').cells == [
        (USCC, '5" 管', "2016-03-01"),
        ROW,
    ]


def test_rows_of_another_width_keep_line_and_text_and_blank_lines_are_no_rows(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n\n{GOOD},多\n  \n,,\n少,一格\n,\n{GOOD}\n\n")
    assert landed.lines == [2, 4, 7, 9]
    assert landed.faults == dict.fromkeys((4, 7), "列数与表头不一致")
    assert landed.rows[1]["_raw"] == f"{GOOD},多"


def test_lines_stay_right_when_every_other_row_is_of_another_width(tmp_path: Path) -> None:
    rows = [GOOD if number % 2 else f"{GOOD},多" for number in range(150_000)]
    landed = land(tmp_path, "a.csv", "\n".join([HEAD, *rows]))
    assert landed.lines == list(range(2, 150_002))
    assert set(landed.faults) == set(range(2, 150_002, 2))


@pytest.mark.parametrize(
    "above",
    ["\n", "\r\n\r\n", "湖北省企业登记表\n", "湖北省企业登记表,,\n\n制表：张三\n", "sep=,\n", '"sep=,"\n', "﻿\n"],
)
def test_headings_are_found_below_titles(tmp_path: Path, above: str) -> None:
    landed = land(tmp_path, "a.csv", f"{above}{HEAD}\n{GOOD}\n")
    assert landed.cells == [ROW]
    assert landed.lines == [len(above.splitlines()) + 2]


def test_excels_separator_line_is_honoured(tmp_path: Path) -> None:
    text = f"sep=^\r\n{HEAD}\r\n{GOOD}\r\n".replace(",", "^")
    assert land(tmp_path, "a.csv", text).cells == [ROW]


def test_nameless_columns_at_the_end_may_be_empty(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD},,\n{GOOD},,\n{GOOD},x,\n{GOOD},,\n")
    assert landed.faults == {3: "列数与表头不一致"}
    assert landed.cells[0] == landed.cells[2] == ROW


@pytest.mark.parametrize("content", [HEAD, f"{HEAD}\n", f"{HEAD}\n\n , \n", f"表\n{HEAD}\r\n,,\r\n"])
def test_headings_alone_are_refused(tmp_path: Path, content: str) -> None:
    assert "没有数据行" in refused(tmp_path, "a.csv", content)


@pytest.mark.parametrize("content", ["\n\n\n", " ", '"', '"\n"', ",,,\n,,,\n"])
def test_a_text_without_headings_is_refused(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, "a.csv", content)


@pytest.mark.parametrize(
    ("heading", "reason"),
    [
        (f"{HEAD},星座", "未约定的列：“星座”"),
        (f"{HEAD},企业名称", "表头重复：企业名称"),
        (f"{HEAD},名称", "企业名称同时有多列"),
        ("统一社会信用代码,,注册日期,备注", "第 2 列没有列名"),
        ("企业名称,注册日期", "缺少必需的列：“统一社会信用代码”"),
        (f"{HEAD},{'长' * 5000}", "…”"),
    ],
)
def test_headings_that_nobody_promised_are_refused(tmp_path: Path, heading: str, reason: str) -> None:
    told = refused(tmp_path, "a.csv", f"{heading}\n{','.join('x' * (heading.count(',') + 1))}\n")
    assert reason in told
    assert len(told) < 500


def test_headings_in_full_width_with_spaces_and_ignored_columns_are_known(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"备注, 统一社会 信用代码 ,企业名称\n略,{USCC},甲\n")
    assert landed.cells == [(USCC, "甲", None)]


def test_a_cell_over_the_limit_is_no_row_and_its_text_is_cut(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{USCC},{'甲' * 300},x\n{USCC},{'甲' * 100},x\n", promise({"cell": 100}))
    assert landed.faults == {2: "单元格有 300 个字，超过上限 100 个字（limits.cell）"}
    wide = land(tmp_path, "a.csv", f"{HEAD}\n{USCC},{'甲' * 200_000},x\n{GOOD},{'y' * 5000}\n")
    assert [len(row["_raw"]) for row in wide.rows] == [1001, 1001]
    assert all(row["_raw"].endswith("…") for row in wide.rows)


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_of_fifty_megabytes_ends_in_a_verdict_that_names_the_limit(tmp_path: Path, quote: str) -> None:
    content = f"{HEAD}\n{GOOD}\n{USCC},{quote}{'x' * (50 << 20)}{quote},2016-03-01\n{GOOD}\n"
    try:
        told = str(land(tmp_path, "a.csv", content).faults)
    except Unreadable as refusal:
        told = str(refusal)
    assert "limits.cell" in told


def test_a_long_line_between_short_ones_is_read(tmp_path: Path) -> None:
    note = "x" * (6 << 20)
    landed = land(
        tmp_path, "a.csv", f"{HEAD},备注\n{GOOD},a\n{GOOD},{note}\n{GOOD},c\n" * 1, promise({"cell": 7 << 20})
    )
    assert landed.cells == [ROW] * 3


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"columns": 2}, "文件有 3 列，超过上限 2 列（limits.columns）。"),
        ({"rows": 1}, "行，超过上限 1 行（limits.rows）"),
        ({"bytes": 10}, "字节，超过上限 10 字节（limits.bytes）"),
    ],
)
def test_a_file_over_a_limit_is_refused_with_its_name(tmp_path: Path, limits: dict[str, int], reason: str) -> None:
    assert reason in refused(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n{GOOD}\n", limits=limits)


def test_ten_thousand_columns_are_refused(tmp_path: Path) -> None:
    wide = ",".join(f"列{number}" for number in range(10_000))
    assert "文件有 10,000 列，超过上限 500 列（limits.columns）。" in refused(tmp_path, "a.csv", f"{wide}\n{wide}\n")


# --- what a file really is

DISGUISES = {
    "a.csv": (b"PK\x03\x04....", ".xlsx"),
    "b.csv": (xls([["a"]]), ".xls"),
    "c.csv": (b"PAR1....", "Parquet"),
    "d.csv": (b"\x1f\x8b\x08...", "gzip"),
    "e.xlsx": (f"{HEAD}\n{GOOD}".encode("gb18030"), "文本（例如 CSV）"),
    "f.xls": (b"<html><table><tr><td>x", "网页（HTML）"),
    "g.xls": (f"{HEAD}\n".replace(",", "\t").encode("utf-16"), "文本（例如 CSV）"),
    "h.xls": (b"PK\x03\x04....", ".xlsx"),
    "i.xlsx": (xls([["a"]]), ".xls"),
    "j.parquet": (b"nothing", "不是 Parquet"),
    "k.json": (b"%PDF-1.4", "PDF"),
    "l.xls": (b"\xef\xbb\xbf <?xml version='1.0'?><Workbook>", "XML"),
    "m.xlsx": (bytes(range(256)), "不是可读的 Excel 文件"),
}


@pytest.mark.parametrize("name", DISGUISES)
def test_content_that_is_another_format_is_named(tmp_path: Path, name: str) -> None:
    content, really = DISGUISES[name]
    assert really in refused(tmp_path, name, content)


def test_a_format_that_was_not_agreed_is_refused_with_those_that_were(tmp_path: Path) -> None:
    told = refused(tmp_path, "a.json", "[]", formats=["csv", "parquet"])
    assert "不接收“.json”格式的文件。请报送 .csv、.tsv、.txt、.parquet 文件" in told
    assert "文件名没有扩展名" in refused(tmp_path, "没有后缀", "x")
    assert "请改用 .zip 压缩" in refused(tmp_path, "a.rar", "x")
    assert "请用 Excel 或 WPS 打开后另存为 .xlsx" in refused(tmp_path, "a.et", "x")


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.xls", "a.json", "a.parquet"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    assert "文件是空的（0 字节）" in refused(tmp_path, name, b"")


# --- spreadsheets


def workbook(fill: Callable[[xlsxwriter.Workbook], None], **options: object) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, **options}) as book:
        fill(book)
    return buffer.getvalue()


def page(*rows: list[object], **options: object) -> bytes:
    """A workbook of one page below the headings; a cell may be (value, number format)."""

    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                value, shape = cell if isinstance(cell, tuple) else (cell, None)
                sheet.write(number, column, value, book.add_format({"num_format": shape}) if shape else None)

    return workbook(fill, **options)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ((42430, "yyyy-mm-dd"), "2016-03-01"),
        ((42430, "yyyy/m/d"), "2016-03-01"),
        ((42430, 'yyyy"年"m"月"d"日"'), "2016-03-01"),
        ((42430, '[$-804]yyyy"年"m"月"d"日";@'), "2016-03-01"),
        ((42430.5, "yyyy/m/d h:mm"), "2016-03-01 12:00:00"),
        ((42430 + 34201 / 86400, "yyyy/m/d h:mm:ss"), "2016-03-01 09:30:01"),
        ((0.5, "h:mm"), "12:00:00"),
        ((59, "yyyy-mm-dd"), "1900-02-28"),
        ((61, "yyyy-mm-dd"), "1900-03-01"),
        ((1.5, "[h]:mm:ss"), "36:00:00"),
        (True, "TRUE"),
        (False, "FALSE"),
        (12345, "12345"),
        (-3.0, "-3"),
        (1234.56, "1234.56"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (999999999999999, "999999999999999"),
        ("0012", "0012"),
        ("420103199001011234", "420103199001011234"),
    ],
)
def test_a_cell_is_read_as_the_person_meant_it(tmp_path: Path, cell: object, text: str) -> None:
    landed = land(tmp_path, "a.xlsx", page([USCC, "甲", cell]))
    assert landed.cells == [(USCC, "甲", text)]
    assert landed.lines == [2]
    assert landed.staged.encoding == "xlsx"


def test_dates_counted_from_1904_are_the_same_dates(tmp_path: Path) -> None:
    content = page([USCC, "甲", (dt.datetime(2016, 3, 1), "yyyy-mm-dd")], date_1904=True)
    assert land(tmp_path, "a.xlsx", content).cells == [(USCC, "甲", "2016-03-01")]


@pytest.mark.parametrize("number", [420103199001011234, 1e15, -1e300])
def test_a_number_whose_digits_excel_has_lost_is_no_row(tmp_path: Path, number: float) -> None:
    landed = land(tmp_path, "a.xlsx", page([USCC, "甲", "x"], [number, "甲", "x"]))
    assert landed.faults == {3: "数字超过 15 位，Excel 已丢失末位，请将该列设为文本格式后重新填写"}


def test_a_formula_gives_the_value_that_the_person_saw(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_formula(1, 0, "=A9", None, USCC)
        sheet.write_formula(1, 1, "=1+1", None, 2)

    assert land(tmp_path, "a.xlsx", workbook(fill)).cells == [(USCC, "2", "")]


@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_a_cell_that_is_an_error_is_no_row_and_no_empty_cell(tmp_path: Path, error: str) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("别的").write_formula(1, 0, "=NA()", None, "#NUM!")
        sheet = book.add_worksheet("数据 & <表>")
        sheet.write_row(0, 0, HEADINGS)
        sheet.write_row(1, 0, ROW)
        sheet.write_row(2, 0, ROW)
        sheet.write_formula(2, 1, "=VLOOKUP(A1,B:C,2,0)", None, error)

    landed = land(tmp_path, "a.xlsx", workbook(fill))
    assert landed.faults == {3: f"单元格是错误值 {error}"}
    assert landed.cells[0] == ROW


def test_the_page_and_row_with_the_most_headings_are_found_even_if_hidden(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("说明").write_row(0, 0, ["请看第三页", "企业名称"])
        book.add_chartsheet("图")
        sheet = book.add_worksheet("数据")
        sheet.hide()
        sheet.merge_range(2, 1, 2, 3, "企业登记表")
        sheet.write_row(5, 1, HEADINGS)
        sheet.write_row(7, 1, ROW)
        sheet.write_row(8, 0, ["x", *ROW])
        book.add_worksheet("空")

    landed = land(tmp_path, "a.xlsx", workbook(fill))
    assert landed.cells == [ROW, (None, None, None)]
    assert landed.lines == [8, 9]
    assert landed.faults == {9: "列数与表头不一致"}


def test_merged_cells_hold_their_value_in_every_row(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        sheet.merge_range(1, 1, 3, 1, "总公司")
        for row, day in enumerate(["2016-03-01", "2016-03-02", "2016-03-03"], 1):
            sheet.write(row, 0, USCC)
            sheet.write(row, 2, day)
        for column, value in enumerate(ROW):  # one row that is two lines high
            sheet.merge_range(4, column, 5, column, value)

    landed = land(tmp_path, "a.xlsx", workbook(fill))
    assert landed.cells == [
        (USCC, "总公司", "2016-03-01"),
        (USCC, "总公司", "2016-03-02"),
        (USCC, "总公司", "2016-03-03"),
        ROW,
    ]
    assert landed.lines == [2, 3, 4, 5]


def test_the_older_format_is_read_too(tmp_path: Path) -> None:
    rows = [
        HEADINGS,
        [USCC, "甲", 2016.0],
        [OTHER, True, 0.5],
        [USCC, Error(42), "x"],
        [1e17, "甲", "x"],
        [USCC, 7, ""],
    ]
    landed = land(tmp_path, "a.xls", xls(rows))
    assert landed.cells[:2] == [(USCC, "甲", "2016"), (OTHER, "TRUE", "0.5")]
    assert landed.cells[4] == (USCC, "7", "")
    assert landed.faults[4] == "单元格是错误值 #N/A"
    assert "超过 15 位" in landed.faults[5]
    assert landed.staged.encoding == "xls"


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
def test_a_workbook_with_a_password_is_refused_saying_so(tmp_path: Path, name: str) -> None:
    assert "加了密码" in refused(tmp_path, name, compound("EncryptedPackage", b"x" * 5000))


def test_an_empty_workbook_and_broken_ones_are_refused(tmp_path: Path) -> None:
    good = page([USCC, "甲", "x"])
    assert "工作簿里没有任何内容" in refused(tmp_path, "a.xlsx", workbook(lambda book: book.add_worksheet()))
    assert "没有数据行" in refused(tmp_path, "a.xlsx", page())
    for broken in (good[:200], good[:-30], good[: len(good) // 2]):
        assert "不是可读的 Excel 文件" in refused(tmp_path, "a.xlsx", broken)
    old = xls([HEADINGS, [USCC, "甲", "x"]])
    for broken in (old[:600], old[:1500], old[:512] + b"\xff" * 3000):
        assert refused(tmp_path, "a.xls", broken)


def test_a_wide_sheet_and_a_long_cell_name_their_limits(tmp_path: Path) -> None:
    assert "limits.columns" in refused(tmp_path, "a.xlsx", page([USCC]), limits={"columns": 2})
    landed = land(tmp_path, "a.xlsx", page([USCC, "甲" * 30_000, "x"]), promise({"cell": 1000}))
    assert "limits.cell" in landed.faults[2]
    assert len(landed.rows[0]["_raw"]) == 1001


# --- JSON


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson"])
@pytest.mark.parametrize("shape", ["lines", "array", "array over lines"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_lines_and_arrays_are_told_apart_by_their_first_character(
    tmp_path: Path, suffix: str, shape: str, encoding: str
) -> None:
    rows = [dict(zip(HEADINGS, ROW, strict=True)), {"统一社会信用代码": OTHER, "检查人员": ["张三", "李四"]}]
    text = (
        jsonl(*rows)
        if shape == "lines"
        else json.dumps(rows, ensure_ascii=False, indent=None if shape == "array" else 2)
    )
    landed = land(tmp_path, f"a{suffix}", f"\n {text}".encode(encoding))
    assert landed.cells == [ROW, (OTHER, "", "")]
    assert landed.rows[1]["people"] == "张三、李四"
    assert landed.lines == ([2, 3] if shape == "lines" else [1, 2])


@pytest.mark.parametrize(
    "number", ["420103199001011234", "1.10", "1e5", "-0", "1E-7", "0.1000000000000000055511151231257827", "12" * 3000]
)
@pytest.mark.parametrize("form", ['{{"统一社会信用代码": {0}}}', '[{{"统一社会信用代码": {0}}}]'])
def test_numbers_keep_their_exact_text(tmp_path: Path, number: str, form: str) -> None:
    assert land(tmp_path, "a.json", form.format(number)).cells[0][0] == number


def test_null_true_and_a_missing_key_are_cells(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.jsonl", jsonl({"统一社会信用代码": None, "企业名称": True}, {"统一社会信用代码": USCC}))
    assert landed.cells == [("", "TRUE", None), (USCC, "", None)]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{broken", "不是一个 JSON 对象"),
        ("[1, 2]", "不是一个 JSON 对象"),
        ("7", "不是一个 JSON 对象"),
        ('{"企业名称": 1} {"企业名称": 2}', "不是一个 JSON 对象"),
        ('{"企业名称": "甲", "企业名称": "乙"}', "“企业名称”在同一对象中出现两次"),
        ('{"企业名称": {"a": 1}}', "“企业名称”的值是列表或对象，应为文本或数字"),
        ('{"企业名称": ["a"]}', "“企业名称”的值是列表或对象，应为文本或数字"),
        ('{"检查人员": [["a"]]}', "“检查人员”嵌套超过上限 2 层（limits.nesting）"),
        ('{"企业名称": "a\\u0000b"}', "空字符（NUL）"),
        ('{"企业名称": "\\ud800"}', "代理字符"),
        ("[" * 100_000, "不是一个 JSON 对象"),
    ],
)
def test_a_line_that_is_no_row_says_why(tmp_path: Path, line: str, fault: str) -> None:
    content = jsonl({"统一社会信用代码": USCC}) + line + "\n" + jsonl({"统一社会信用代码": OTHER})
    landed = land(tmp_path, "a.jsonl", content)
    assert list(landed.faults) == [2]
    assert fault in landed.faults[2]
    assert landed.rows[1]["_raw"].startswith(line[:9])
    assert [row["uscc"] for row in landed.rows] == [USCC, None, OTHER]


def test_an_element_that_is_no_object_is_no_row(tmp_path: Path) -> None:
    landed = land(
        tmp_path, "a.json", json.dumps([{"统一社会信用代码": USCC}, 7, None, "x", {"统一社会信用代码": OTHER}])
    )
    assert landed.faults == dict.fromkeys((2, 3, 4), "不是一个 JSON 对象")
    assert [row["_raw"] for row in landed.rows] == [None, "7", "null", '"x"', None]


@pytest.mark.parametrize(
    "content",
    [
        '{"data": [[{"统一社会信用代码": "x"}]]}',
        '{"data": {"rows": [1]}}\n',
        '{\n  "data": {\n    "统一社会信用代码": "x"\n  }\n}',
        '{\n  "统一社会信用代码": "x"\n}\n',
    ],
)
def test_rows_wrapped_in_an_object_are_refused_with_what_to_send(tmp_path: Path, content: str) -> None:
    assert "请报送每行一个对象（JSON Lines），或一个对象数组" in refused(tmp_path, "a.json", content)


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "[{}",
        '[{"a":1}',
        '[{"a":1},]',
        '[{"a":1} {"a":2}]',
        "[{]",
        '[{"a":1}] x',
        "[]",
        "[1,2]",
        "nonsense",
        "[" * 99_999,
    ],
)
def test_a_broken_or_empty_array_is_refused(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, "a.json", content)


def test_unknown_keys_refuse_like_unknown_headings(tmp_path: Path) -> None:
    told = refused(tmp_path, "a.jsonl", jsonl({"统一社会信用代码": USCC}, {"星座": 1}))
    assert "未约定的列：“星座”" in told
    many = refused(tmp_path, "a.jsonl", jsonl(*({f"列{number}": 1} for number in range(600))))
    assert "超过上限 500 列（limits.columns）" in many


def test_a_long_array_is_read_as_a_stream(tmp_path: Path) -> None:
    rows = [{"统一社会信用代码": str(number), "企业名称": "甲" * (number % 97)} for number in range(60_000)]
    landed = land(tmp_path, "a.json", json.dumps(rows, ensure_ascii=False, indent=1))
    assert [row["uscc"] for row in landed.rows] == [str(number) for number in range(60_000)]
    assert landed.lines[-1] == 60_000


# --- Parquet


def parquet(columns: dict[str, pa.Array]) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array(["a", None, ""]), ["a", "", ""]),
        (pa.array(["a", None, "a"]).dictionary_encode(), ["a", "", "a"]),
        (pa.array(["a"], pa.large_string()), ["a"]),
        (pa.array([420103199001011234, None]), ["420103199001011234", ""]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([3.0, 0.1, 1e15, -2.5, 1e-7]), ["3", "0.1", "1" + "0" * 15, "-2.5", "0.0000001"]),
        (pa.array([0.1], pa.float32()), ["0.1"]),
        (pa.array([Decimal("12.30"), None]), ["12.30", ""]),
        (pa.array([True, False, None]), ["TRUE", "FALSE", ""]),
        (pa.array([dt.date(2016, 3, 1)]), ["2016-03-01"]),
        (pa.array([dt.datetime(2016, 3, 1), dt.datetime(2016, 3, 1, 9, 30)]), ["2016-03-01", "2016-03-01 09:30:00"]),
        (pa.array([dt.datetime(2016, 3, 1, 9, 30, 0, 120000)]), ["2016-03-01 09:30:00.12"]),
        (pa.array([0], pa.timestamp("us", "UTC")), ["1970-01-01 08:00:00"]),
        (pa.array([dt.time(9, 30)]), ["09:30:00"]),
        (pa.nulls(1), [""]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_a_parquet_column_is_the_text_a_person_would_write(tmp_path: Path, column: pa.Array, texts: list[str]) -> None:
    content = parquet({"统一社会信用代码": pa.array([USCC] * len(column)), "企业名称": column})
    landed = land(tmp_path, "a.parquet", content)
    assert [row["name"] for row in landed.rows] == texts
    assert landed.lines == list(range(1, len(column) + 1))
    assert landed.staged.encoding == "parquet"


def test_a_floating_number_too_large_to_be_exact_is_no_row(tmp_path: Path) -> None:
    for numbers in (pa.array([3.0, 1.4201e19, float("nan")]), pa.array([3.0, 202611020001.0, 1.5], pa.float32())):
        content = parquet({"统一社会信用代码": pa.array([USCC] * 3), "企业名称": numbers})
        assert land(tmp_path, "a.parquet", content).faults == {
            2: "数字太大，浮点数存不下它的末几位，请把该列存为文本后重新导出"
        }


@pytest.mark.parametrize(
    "column", [pa.array([b"x"]), pa.array([["x"]]), pa.array([{"a": 1}]), pa.array([dt.timedelta(1)])]
)
def test_nested_and_binary_columns_are_refused_by_name(tmp_path: Path, column: pa.Array) -> None:
    content = parquet({"统一社会信用代码": pa.array([USCC]), "企业名称": column})
    assert "以下列不是文本、数字、日期或布尔值：“企业名称”" in refused(tmp_path, "a.parquet", content)


def test_parquet_names_its_limits_and_keeps_faulty_rows_aside(tmp_path: Path) -> None:
    content = parquet({"统一社会信用代码": pa.array(["a" * 300, "b\0c", USCC])})
    landed = land(tmp_path, "a.parquet", content, promise({"cell": 100}))
    assert "limits.cell" in landed.faults[1]
    assert "NUL" in landed.faults[2]
    assert "文件有 3 行，超过上限 2 行（limits.rows）" in refused(tmp_path, "a.parquet", content, limits={"rows": 2})


def test_broken_parquet_is_refused(tmp_path: Path) -> None:
    content = parquet({"统一社会信用代码": pa.array([str(number) for number in range(5000)])})
    broken = [content[:100], content[:-20] + b"\xff" * 20, content[:50] + b"\xff" * 2000 + content[2050:]]
    for wrong in broken:
        assert refused(tmp_path, "a.parquet", wrong)
    text = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    assert "不是 UTF-8 的文本" in refused(tmp_path, "a.parquet", parquet({"统一社会信用代码": text}))
