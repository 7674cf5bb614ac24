"""Headings as departments dress them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter

from schemas.contract import Column, feeds
from spark_jobs.lake.headings import Promised, _plain, _undressed, scale_of, undressed
from spark_jobs.landing.formats.sheet import Unreadable
from tests.files import GOOD, HEAD, HEADINGS, USCC, land

FIRMS = feeds()["scjg_enterprise"]


@pytest.mark.parametrize(
    ("heading", "base", "unit"),
    [
        ("*企业名称", "企业名称", None),
        ("企业名称 *", "企业名称", None),
        ("企业名称（必填）", "企业名称", None),
        ("【必填】企业名称", "企业名称", None),
        ("企业名称(选填)：", "企业名称", None),
        ("成立日期（格式：2026-01-01）", "成立日期", None),
        ("成立日期(YYYY-MM-DD)", "成立日期", None),
        ("注册资金\n(万元)", "注册资金", 10_000),
        ("注册资金（单位：人民币万元）", "注册资金", 10_000),
        ("*注册资金/千元", "注册资金", 1_000),
        ("注册资本万元", "注册资本", 10_000),
        ("罚款金额(元)", "罚款金额", 1),
        ("注册资金（万）", "注册资金", 10_000),
        ('="企业名称"', "企业名称", None),
        ("'企业名称", "企业名称", None),
        ("企业\u200b名\u2060称\xa0\ufeff", "企业名称", None),
        ("\u200e企业名称\u202c", "企业名称", None),
        ("1.企业名称", "企业名称", None),
        ("（1）企业名称", "企业名称", None),
        ("①企业名称", "企业名称", None),
        ("一、企业名称", "企业名称", None),
        ("1. *企业名称（必填）：", "企业名称", None),
        ("企业名称 必填", "企业名称", None),
        ("企业名称（全称）", "企业名称", None),
        ("企业名称（与营业执照一致）", "企业名称", None),
        ("企业名称(Enterprise Name)", "企业名称", None),
        ("企业名称/Name", "企业名称", None),
        ("企业名称\nName", "企业名称", None),
        ("企业名称[object_name]", "企业名称", None),
        ("代码（18位数字或字母）", "代码", None),
        ("注册资金，万元", "注册资金", 10_000),
        ("注册资金（RMB 万元）", "注册资金", 10_000),
        ("注册资金(USD)", "注册资金(USD)", None),
        ("注册资金（万美元）", "注册资金(万美元)", None),
        ("双随机一公开计划id", "双随机一公开计划id", None),
        ("企业名称（曾用名）", "企业名称(曾用名)", None),
        ("人数（万人）", "人数(万人)", None),
    ],
)
def test_what_dresses_a_heading_is_taken_off_and_its_unit_kept(heading: str, base: str, unit: int | None) -> None:
    assert undressed(heading) == (base, unit)


@pytest.mark.parametrize(
    ("heading", "scale"),
    [
        ("注册资金", 10_000),
        ("注册资金 ", 10_000),
        ("注册资金(万元)", 10_000),
        ("注册资金（元）", 1),
        ("*注册资金（千元）", 1_000),
        ("注册资本（元）", 1),
        ("注册资本(万元)", 10_000),
        ("注册资本万元", 10_000),
        ("注册资本（亿元）", 100_000_000),
    ],
)
def test_the_unit_of_a_heading_is_that_of_the_bare_numbers_below(heading: str, scale: int) -> None:
    assert scale_of(FIRMS.column("capital_amount"), heading) == scale


def test_dressed_headings_are_recognised_and_recorded_as_delivered(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f'*{HEADINGS[0]},\u200b企业名称（必填）,"注册日期\n："\n{GOOD}\n')
    assert landed.cells == [(USCC, "武汉样本商贸有限公司", "2016-03-01")]
    assert landed.staged.columns == {
        "uscc": "*统一社会信用代码",
        "name": "\u200b企业名称（必填）",
        "founded": "注册日期\n：",
    }


def test_one_column_under_two_dresses_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"企业名称同时有多列：企业名称、\*企业名称"):
        land(tmp_path, "a.csv", f"{HEAD},*企业名称\n{GOOD},x\n")


@pytest.mark.parametrize(
    ("heading", "likely"),
    [
        ("企业名", "企业名称"),
        ("企业名秤", "企业名称"),
        ("企业名称（章）", "企业名称"),
        ("name", "企业名称"),
        ("检察人员", "检查人员"),
        ("注册时间", "注册日期"),
    ],
)
def test_an_unknown_heading_is_asked_for_by_likeness(tmp_path: Path, heading: str, likely: str) -> None:
    with pytest.raises(Unreadable, match=f"是否就是“{likely}”？"):
        land(tmp_path, "a.csv", f"{HEADINGS[0]},{heading}\n{USCC},x\n")


@pytest.mark.parametrize("heading", ["注销日期", "编号", "企业名称（曾用名）", "企业名称类型", "企业名称是否变更"])
def test_a_heading_that_means_something_else_is_not_asked_for(tmp_path: Path, heading: str) -> None:
    with pytest.raises(Unreadable) as refused:
        land(tmp_path, "a.csv", f"{HEADINGS[0]},{heading}\n{USCC},x\n")
    assert "是否就是" not in str(refused.value)


def test_a_column_that_the_file_has_is_not_asked_for(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="未约定的列：“企业名”。请按约定"):
        land(tmp_path, "a.csv", f"{HEAD},企业名\n{GOOD},x\n")


def test_beside_unknown_headings_those_that_lack_are_named(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="未约定的列：“单位”。缺少必需的列：“统一社会信用代码”。"):
        land(tmp_path, "a.csv", "单位,注册日期\nx,2016-03-01\n")


def test_headings_too_far_down_are_found_and_told(tmp_path: Path) -> None:
    above = "说明,,\n" * 22
    with pytest.raises(Unreadable, match=r"第 23 行看上去是表头（统一社会信用代码、.*前 20 行之内。请删去"):
        land(tmp_path, "a.csv", f"{above}{HEAD}\n{GOOD}\n")
    buffer = BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate([*[["说明"]] * 22, HEAD.split(","), GOOD.split(",")]):
            sheet.write_row(number, 0, line)
    with pytest.raises(Unreadable, match=r"第 23 行看上去是表头（统一社会信用代码、.*前 20 行之内。请删去"):
        land(tmp_path, "b.xlsx", buffer.getvalue())


def test_misread_headings_are_called_that(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="表头是用错编码读出的乱码"):
        land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n".encode().decode("gbk", "replace"))


def test_an_unknown_unit_is_no_other_heading(tmp_path: Path) -> None:
    head = "统一社会信用代码,企业名称,注册资金（万美元）"
    with pytest.raises(Unreadable, match="“注册资金（万美元）”（不认识这个单位，请换算成元或万元"):
        land(tmp_path, "a.csv", f"{head}\n{USCC},x,5\n", FIRMS)


@pytest.mark.parametrize("quote", ["'", '"', "“"])
def test_marks_that_stand_around_every_cell_are_not_taken_off_headings_alone(tmp_path: Path, quote: str) -> None:
    cells = ", ".join(f"{quote}{heading}{quote}" for heading in HEADINGS)
    with pytest.raises(Unreadable, match="是否就是“企业名称”？"):
        land(tmp_path, "a.csv", f"{cells}\n{GOOD}\n")


@pytest.mark.parametrize("numbering", ["#", "No.", "序", "序号（自动生成）"])
def test_a_column_that_numbers_is_known_where_序号_is(tmp_path: Path, numbering: str) -> None:
    assert land(tmp_path, "a.csv", f"{numbering},统一社会信用代码,企业名称\n1,{USCC},x\n", FIRMS).lines == [2]


def test_a_heading_like_none_is_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="未约定的列：“星座”。"):
        land(tmp_path, "a.csv", f"{HEAD},星座\n{GOOD},x\n")


def test_a_unit_makes_no_amount_of_a_column_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="未约定的列：“企业名称（万元）”（是否就是“企业名称”？）"):
        land(tmp_path, "a.csv", f"{HEADINGS[0]},企业名称（万元）\n{USCC},x\n")


def test_data_beyond_the_headings_is_no_second_row_of_them(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{GOOD},more\n{GOOD}\n")
    assert landed.faults == {2: "列数与表头不一致"}
    assert landed.lines == [2, 3]


def test_headings_that_differ_in_their_dress_alone_are_told_apart() -> None:
    columns = [
        Column.model_validate({"name": name, "from": heading, "type": "string"})
        for name, heading in (("hygiene", "Score (Hygiene)"), ("structural", "Score (Structural)"), ("kind", "Kind"))
    ]
    promised = Promised.of(tuple(columns))
    assert list(promised.scales("score (Hygiene)")) == []
    assert [list(promised.scales(heading)) for heading in ("Score (Structural)", "Score", "Kind (all)")] == [
        ["structural"],
        [],
        ["kind"],
    ]


def test_a_bracket_behind_a_column_that_is_no_amount_is_no_unit(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"“检查人员（两名）”（是否就是“检查人员”？）"):
        land(tmp_path, "a.csv", f"{HEAD},检查人员（两名）\n{GOOD},x\n")


def test_cells_that_are_too_long_for_a_heading_are_not_kept() -> None:
    """A reader goes on with other departments' files: what one of them held may not fill its memory."""
    kept = _undressed.cache_info().currsize, _plain.cache_info().currsize
    assert undressed(f"*{'长' * 5_000}（必填）") == ("长" * 5_000, None)
    assert (_undressed.cache_info().currsize, _plain.cache_info().currsize) == kept
