"""Separated text of other worlds: what their programs write that ours does not."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from schemas.contract import feeds
from spark_jobs.lake.headings import UNITS, scale_of
from spark_jobs.landing.formats.quotes import Doubled
from spark_jobs.landing.formats.sheet import Unreadable
from tests.files import GOOD, HEAD, HEADINGS, OTHER, USCC, land

NAME = "武汉样本商贸有限公司"
ROW = (USCC, NAME, "2016-03-01")
HALF = "有残缺的字符（“�”处只有半个字），请对照原件补全"
FINES = feeds()["punish_action"]


@pytest.mark.parametrize("more", [1, 2])
def test_a_separator_too_many_at_every_rows_end_is_nothing(tmp_path: Path, more: int) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n" + f"{GOOD}{',' * more}\n" * 4)
    assert (landed.cells, landed.lines) == ([ROW] * 4, [2, 3, 4, 5])


def test_a_separator_too_many_in_some_rows_is_nothing_and_a_cell_too_many_is_named(tmp_path: Path) -> None:
    rows = [GOOD, f"{GOOD},", f"{GOOD},,", GOOD, f"{GOOD},x", "少,格"]
    landed = land(tmp_path, "a.csv", "\n".join([HEAD, *rows]))
    assert landed.cells[:4] == [ROW] * 4
    assert landed.lines == [2, 3, 4, 5, 6, 7]
    assert landed.faults == dict.fromkeys((6, 7), "列数与表头不一致")


def test_headings_may_have_separators_too_many_that_the_rows_have_not(tmp_path: Path) -> None:
    assert land(tmp_path, "a.csv", f"{HEAD},,\n{GOOD}\n{GOOD}\n{GOOD},,\n").cells == [ROW] * 3


def test_a_mark_behind_a_backslash_is_a_character(tmp_path: Path) -> None:
    head = ",".join(f'"{heading}"' for heading in HEADINGS)
    texts = ['商家说"假一赔十"，拒不履行', '商家说"假一赔十",拒不履行', '"三无"产品', '他说"好"']
    rows = [f'"{USCC}","{text.replace(chr(34), chr(92) + chr(34))}","2016-03-01"' for text in texts]
    landed = land(tmp_path, "a.csv", "\n".join([head, *rows, ""]))
    assert [name for _, name, _ in landed.cells] == texts
    assert not landed.faults


def test_a_backslash_at_a_cells_end_stays_one(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f'{HEAD}\n"{USCC}","D:\\档案\\","2016-03-01"\n"{USCC}","甲 ""乙""\\","x"\n')
    assert [name for _, name, _ in landed.cells] == ["D:\\档案\\", '甲 "乙"\\']


def test_many_escaped_marks_are_read_over_all_blocks(tmp_path: Path) -> None:
    rows = "".join(f'"{USCC}","第 {number} 家\\"分店\\"，甲","2016-03-01"\n' for number in range(150_000))
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{rows}")
    assert [name for _, name, _ in landed.cells] == [f'第 {number} 家"分店"，甲' for number in range(150_000)]


LONE_MARKS = [
    '武汉"样本"公司',
    '他说"好"',
    '"三无"产品',
    '13"显示器',
    '甲""乙"丙"',
    '"甲"',
    "甲",
    "",
    '甲 "乙" 丙',
    '甲"',
    '甲",乙',
]


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-le"])
def test_marks_that_nothing_marks_belong_to_their_value(tmp_path: Path, codec: str) -> None:
    """`"武汉"样本"公司"` came out as 武汉样本"公司"."""
    texts = LONE_MARKS[:4]
    rows = [f'"{USCC}","{text}","2016-03-01"' for text in texts]
    landed = land(tmp_path, "a.csv", "\n".join([HEAD, *rows, '"1","甲" ,"2016-03-01"', ""]).encode(codec))
    assert [name.strip() for _, name, _ in landed.cells if name] == [*texts, "甲"]
    assert not landed.faults


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16-le"])
def test_marks_that_are_doubled_stay_what_they_are_beside_others(tmp_path: Path, codec: str) -> None:
    rows = [
        "{},{},{}".format(*(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in (USCC, text, "2016-03-01")))
        for text in [*LONE_MARKS, '甲\n乙","丙']
    ]
    rows.append(f'{USCC},13"显示器,2016-03-01')
    landed = land(tmp_path, "a.csv", "\n".join([HEAD, *rows, f'"{USCC}","甲"乙"丙","x"']).encode(codec))
    assert [name for _, name, _ in landed.cells] == [*LONE_MARKS, '甲\n乙","丙', '13"显示器', '甲"乙"丙']


def test_marks_that_nothing_marks_are_read_over_all_blocks(tmp_path: Path) -> None:
    rows = "".join(f'"{USCC}","第 {number} 家"分店"，甲","2016-03-01"\n' for number in range(150_000))
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{rows}")
    assert [name for _, name, _ in landed.cells] == [f'第 {number} 家"分店"，甲' for number in range(150_000)]


@pytest.mark.parametrize("marks", ['"a' * 2_000_000, '"' * 4_000_000, '""a' * 1_500_000, '"a""' * 1_000_000])
def test_marks_without_an_end_take_no_longer_than_their_file(marks: str) -> None:
    began = time.process_time()
    text = f'"{marks}'.encode()
    read = Doubled(are_escaped=False, are_lone=True)
    assert len(read.read(text[:4_000_000], False) + read.read(text[4_000_000:], True)) >= len(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_utf16_needs_no_mark(tmp_path: Path, codec: str, name: str) -> None:
    row = json.dumps(dict(zip(HEADINGS, ROW, strict=True)), ensure_ascii=False)
    text = f"{HEAD}\r\n{GOOD}\r\n" if name == "a.csv" else f"{row}\n"
    landed = land(tmp_path, name, text.encode(codec))
    assert (landed.cells, landed.staged.encoding) == ([ROW], "utf-16")


@pytest.mark.parametrize(("encoding", "mark"), [("gb18030", b""), ("utf-8", b""), ("utf-8", b"\xef\xbb\xbf")])
def test_half_a_character_turns_away_its_row_and_no_other(tmp_path: Path, encoding: str, mark: bytes) -> None:
    lines = [f"{USCC},武汉样本第{number}商贸有限公司,2016-03-01".encode(encoding) for number in range(40)]
    lines[19] = lines[19].replace("司".encode(encoding), "司".encode(encoding)[:1])
    landed = land(tmp_path, "a.csv", mark + b"\n".join([HEAD.encode(encoding), *lines, b""]))
    assert landed.faults == {21: HALF}
    assert landed.rows[19]["_raw"] == f"{USCC},武汉样本第19商贸有限公�,2016-03-01"
    assert len(landed.cells) == 40


def test_many_broken_places_are_another_encoding(tmp_path: Path) -> None:
    row = f"{USCC},武汉样本商贸有限公".encode("gb18030") + b"\xcb,2016-03-01\n"
    with pytest.raises(Unreadable, match=r"GB18030 在第 .* 字节处出错"):
        land(tmp_path, "a.csv", HEAD.encode("gb18030") + b"\n" + row * 30)


def test_headings_again_in_the_middle_are_passed_over_and_told(tmp_path: Path) -> None:
    again = f"{HEAD}\n{GOOD}\n"
    landed = land(tmp_path, "a.csv", f"{again}{again}\ufeff{again}")
    assert (landed.cells, landed.lines) == ([ROW] * 3, [2, 4, 6])
    assert landed.staged.remarks == ["表中重复出现的表头未作为数据读取：第 3 行、第 5 行。"]


def test_other_headings_in_the_middle_refuse_the_file(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="第 4 行又是一行表头，与上面的表头不同"):
        land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n{GOOD}\n企业名称,统一社会信用代码,注册日期\n甲,{USCC},2016-03-01\n")


@pytest.mark.parametrize("begin", [0, 1])
@pytest.mark.parametrize("heading", ["", "Unnamed: 0"])
def test_a_column_without_a_heading_that_numbers_the_rows_is_passed_over(
    tmp_path: Path, begin: int, heading: str
) -> None:
    rows = "".join(f"{number},{GOOD}\n" for number in range(begin, begin + 30))
    assert land(tmp_path, "a.csv", f"{heading},{HEAD}\n{rows}").cells == [ROW] * 30


def test_a_column_without_a_heading_that_holds_anything_else_is_named(tmp_path: Path) -> None:
    rows = "".join(f"{number},{GOOD}\n" for number in range(30))
    landed = land(tmp_path, "a.csv", f",{HEAD}\n{rows}甲,{GOOD}\n31,,,\n")
    assert landed.faults == {32: "没有列名的列里有内容，又不是序号"}
    assert landed.lines[-1] == 32
    with pytest.raises(Unreadable, match="表头第 1 列没有列名，其中有“7”"):
        land(tmp_path, "a.csv", f",{HEAD}\n7,{GOOD}\n3,{GOOD}\n5,{GOOD}\n")


def test_headings_in_two_rows_are_one(tmp_path: Path) -> None:
    text = f"企业登记表,,\n统一社会信用代码,登记信息,\n,企业名称,注册日期\n{GOOD}\n{OTHER},乙,2018-05-01\n"
    landed = land(tmp_path, "a.csv", text)
    assert (landed.cells[0], landed.lines) == (ROW, [4, 5])


def test_sums_and_signatures_below_are_passed_over_and_told(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n合计,1 户,\n填表人：张三\n")
    assert (landed.cells, landed.faults) == ([ROW], {})
    assert landed.staged.remarks == ["表中的合计、落款、附注未作为数据读取：第 4 行“填表人:张三”、第 3 行“合计”。"]


def fines(*above: str, below: str = "", end: str = "") -> str:
    """A table of fines with these lines above and below its headings, and at its end."""
    headings = [*dict.fromkeys(column.headings[0].heading for column in FINES.columns if column.headings)]
    row = ["x"] * len(headings)
    return "\n".join([*above, ",".join(headings), *filter(None, [below]), ",".join(row), end])


@pytest.mark.parametrize(
    ("line", "unit"),
    [
        ("金额单位：万元", "万元"),
        ("（单位:千元）", "千元"),
        ("单位：人民币元", "元"),
        ("单位：件、万元", "万元"),
        ("（以万元为单位）", "万元"),
        ("处罚情况表（万元）", "万元"),
        ("单位：万", "万元"),
        ("单位：RMB万元", "万元"),
        ("金额：万元", "万元"),
        ("单位：万人", None),
        ("填报单位：万元村委会", None),
        ("单位：户", None),
        ("币种：人民币", None),
    ],
)
def test_a_unit_above_the_headings_is_that_of_amounts_without_one(tmp_path: Path, line: str, unit: str | None) -> None:
    landed = land(tmp_path, "a.csv", fines(f"处罚表,{line}"), FINES)
    scale = scale_of(FINES.column("fine_cny"), landed.staged.columns["fine_cny"])
    assert scale == (UNITS[unit] if unit else 1)
    told = [f"表格上方写着“{line}”：列名没有写单位的金额按{unit}读取。"] if unit else []
    assert landed.staged.remarks == told


def test_a_unit_may_stand_in_the_cell_beside_in_another_heading_or_in_the_files_name(tmp_path: Path) -> None:
    other = fines().replace("\n", ",备注（金额单位：万元）\n", 1).replace("x\n", "x,无\n")
    for name, content in (("a.csv", fines("单位,万元,,")), ("a.csv", other), ("处罚（单位：万元）.csv", fines())):
        landed = land(tmp_path, name, content, FINES)
        assert scale_of(FINES.column("fine_cny"), landed.staged.columns["fine_cny"]) == 10_000
        assert len(landed.staged.remarks) == 1


@pytest.mark.parametrize("line", ["单位：万元", "注：金额单位为万元", "注：以上金额以万元为单位", "（金额均为万元）"])
@pytest.mark.parametrize("width", [1, 0])
def test_a_unit_below_the_table_refuses_it(tmp_path: Path, line: str, width: int) -> None:
    end = line + width * "," * fines().split("\n", 1)[0].count(",")
    with pytest.raises(Unreadable, match=f"第 3 行写着“{line}”，表中的金额却没有写单位"):
        land(tmp_path, "a.csv", fines(end=end), FINES)
    landed = land(tmp_path, "a.csv", fines("单位：万元", end=end), FINES)
    assert scale_of(FINES.column("fine_cny"), landed.staged.columns["fine_cny"]) == 10_000


def test_a_signature_with_separators_is_passed_over_too(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", fines(end="填表人：张三" + "," * fines().split("\n", 1)[0].count(",")), FINES)
    assert landed.lines == [2]
    assert landed.staged.remarks == ["表中的合计、落款、附注未作为数据读取：第 3 行“填表人:张三”。"]


@pytest.mark.parametrize("line", ["金额单位：万美元", "币种：美元", "单位：万港元"])
def test_a_unit_that_is_not_understood_refuses_the_file(tmp_path: Path, line: str) -> None:
    with pytest.raises(Unreadable, match=f"“{line}”，平台不认识这个金额单位"):
        land(tmp_path, "a.csv", fines(line), FINES)


@pytest.mark.parametrize("unit", ["万元", "（万元）", "(万元)"])
def test_a_unit_in_a_row_of_its_own_below_the_headings_is_part_of_them(tmp_path: Path, unit: str) -> None:
    headings = [*dict.fromkeys(column.headings[0].heading for column in FINES.columns if column.headings)]
    below = ",".join(unit if heading == "罚款金额" else "" for heading in headings)
    landed = land(tmp_path, "a.csv", fines(below=below), FINES)
    assert scale_of(FINES.column("fine_cny"), landed.staged.columns["fine_cny"]) == 10_000
    assert landed.lines == [3]


def test_a_text_that_ends_in_half_a_character_was_not_sent_whole(tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030"):
        with pytest.raises(Unreadable, match="读到末尾只剩半个字，很可能没有传完整"):
            land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n{USCC},武汉样本商贸有限公司".encode(encoding)[:-1])


@pytest.mark.parametrize("name", ["a.xls", "a.xlsx", "a.csv"])
def test_a_web_page_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(Unreadable, match=r"网页（HTML）。请用 Excel 或 WPS 打开后另存为 \.xlsx"):
        land(tmp_path, name, "<html><table><tr><td>统一社会信用代码</td></tr></table></html>")


@pytest.mark.parametrize("separator", ["\x01", "^", "~", "|"])
def test_separators_of_other_programs_are_known(tmp_path: Path, separator: str) -> None:
    text = f"{HEAD}\n{GOOD}\n{GOOD}\n".replace(",", separator)
    assert land(tmp_path, "a.txt", text).cells == [ROW] * 2


@pytest.mark.parametrize("separator", ["，", "    ", "、"])
def test_headings_in_one_cell_are_called_that(tmp_path: Path, separator: str) -> None:
    with pytest.raises(Unreadable, match="几个列名连在一格里"):
        land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n".replace(",", separator))
    with pytest.raises(Unreadable, match="整行不要放在一对引号里"):
        land(tmp_path, "a.csv", f'"{HEAD}"\n"{GOOD}"\n')


def test_a_separator_that_is_said_and_not_used_does_no_harm(tmp_path: Path) -> None:
    assert land(tmp_path, "a.csv", f"sep=;\n{HEAD}\n{GOOD}\n").cells == [ROW]


def test_rows_may_begin_with_their_number_and_headings_not(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f'{HEAD}\n"1",{GOOD}\n"2",{GOOD}\n')
    assert (landed.cells, landed.faults) == ([ROW] * 2, {})


@pytest.mark.parametrize(
    "head", [f"{HEAD},检查人员", "统一社会信用代码,企业名称", "企业名称,统一社会信用代码,注册日期"]
)
def test_other_headings_in_the_middle_are_refused_and_no_row_is_lost(tmp_path: Path, head: str) -> None:
    with pytest.raises(Unreadable, match="第 4 行又是一行表头"):
        land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n{GOOD}\n{head}\n" + f"{'x,' * head.count(',')}x\n" * 4)


def test_lines_of_blanks_and_an_old_end_are_no_rows(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n \t\n{GOOD}\n , ,\t\n\u3000\n{GOOD}\n\x1a")
    assert (landed.cells, landed.lines, landed.faults) == ([ROW] * 2, [3, 6], {})


@pytest.mark.parametrize(
    "note",
    [
        *(
            "# 第二批",
            "注：以上数据截至 2026-10-31,,",
            "导出时间：2026-11-01 10:00,,",
            "(5 rows affected)",
            "共 5 条,,",
        ),
        *("-----,-----,-----", "说明：本表由某科填报,,", "数据来源：某系统"),
    ],
)
@pytest.mark.parametrize("place", [0, 9])
def test_notes_are_passed_over_and_told(tmp_path: Path, note: str, place: int) -> None:
    rows = [GOOD] * 9
    rows.insert(place, note)
    landed = land(tmp_path, "a.csv", "\n".join([HEAD, *rows, ""]))
    assert (landed.cells, landed.faults) == ([ROW] * 9, {})
    assert f"第 {place + 2} 行“" in landed.staged.remarks[0]


def test_a_firm_is_no_note(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{USCC},注：某公司,\n,导出公司,\n{USCC},共享 5 家,\n")
    assert landed.lines == [2, 3, 4]


def test_a_pair_of_stray_marks_swallows_no_row(tmp_path: Path) -> None:
    swallowing = f'{USCC},"武汉样本,2016-03-01\n{USCC},武汉"样本,2016-03-01'
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n{swallowing}\n{GOOD}\n")
    assert landed.faults == {3: "单元格内含有整行数据，引号没有成对"}
    text = land(tmp_path, "b.csv", f'{HEAD}\n{USCC},"武汉\n样本",2016-03-01\n')
    assert text.cells == [(USCC, "武汉\n样本", "2016-03-01")]
