"""Files that say that there is nothing to report."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.contract import FeedContract
from spark_jobs.landing.formats.sheet import Unreadable
from spark_jobs.landing.formats.staging import stage
from tests.files import GOOD, HEAD, HEADINGS, ORIGIN, land, promise, source_of
from tests.test_workbooks import sheets


def change_feed() -> FeedContract:
    """The small contract, of files that say what is new."""
    contract = promise()
    return contract.model_copy(update={"delivery": contract.delivery.model_copy(update={"mode": "change"})})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"{HEAD}\n本期无数据\n"),
        ("a.csv", f"{HEAD}\n无,,\n"),
        ("a.csv", f"本月无新增数据\n{HEAD}\n"),
        ("a.csv", "本期无数据\n"),
        ("10月零报告.csv", f"{HEAD}\n"),
        ("10月（无数据）.csv", f"{HEAD}\n,,\n"),
        ("a.json", '{"code": 0, "data": {"total": 0, "list": []}}'),
        ("a.json", '{"msg": "本期无数据", "rows": []}'),
        ("零报告.json", "[]"),
    ],
)
def test_a_nil_report_is_a_delivery_of_no_rows_that_leaves_no_file(tmp_path: Path, name: str, content: str) -> None:
    source = source_of(tmp_path, name, content.encode(), change_feed())
    assert stage(source, ORIGIN, tmp_path / "bronze.parquet").rows == 0
    assert not (tmp_path / "bronze.parquet").exists()


def test_a_full_list_of_nothing_withdraws_nobody(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="每次报送全量：没有数据行就是撤回全部数据"):
        land(tmp_path, "a.csv", f"{HEAD}\n本期无数据\n")


WORDS = [
    *(
        "本月无新增市场主体",
        "本单位本月无行政处罚",
        "经核查，本期无数据",
        "2026年10月无数据",
        "10月份无数据",
        "第三季度无",
    ),
    *(
        "武汉市市场监督管理局本月无数据",
        "我局本月无新增",
        "本期无数据，特此报告",
        "无新增、无变更",
        "本月无变化（零报告）",
    ),
    *("截至目前无", "不涉及", "未产生", "无更新", "本期数据为空", "本期0条", "no data", "/", "—"),
]


@pytest.mark.parametrize("word", WORDS)
def test_there_are_many_words_for_it(tmp_path: Path, word: str) -> None:
    for content in (f"{HEAD}\n{word},,\n", f"序号,{HEAD}\n1,{word},,\n", f"{HEAD}\n,{word},\n"):
        contract = change_feed().model_copy(update={"ignore": ("序号",)})
        staged = stage(source_of(tmp_path, "a.csv", content.encode(), contract), ORIGIN, tmp_path / "bronze.parquet")
        assert (staged.rows, staged.remarks) == (0, ["写着没有数据的行未作为数据读取：第 2 行。"])


@pytest.mark.parametrize(
    "rows", [[HEADINGS, ["/", "/", "/"]], [HEADINGS, [1, "无"]], [["本期无数据"]], [HEADINGS, ["", "无"]]]
)
def test_a_workbook_says_it_too(tmp_path: Path, rows: list[list[object]]) -> None:
    content = sheets(表=lambda sheet: [sheet.write_row(place, 0, row) for place, row in enumerate(rows)])
    assert stage(source_of(tmp_path, "a.xlsx", content, change_feed()), ORIGIN, tmp_path / "bronze.parquet").rows == 0


@pytest.mark.parametrize("word", ["无锡", "无为县", "无限公司", "零点公司", "0", "目前公司"])
def test_a_name_is_no_word_for_it(tmp_path: Path, word: str) -> None:
    assert land(tmp_path, "a.csv", f"{HEAD}\n{word},,\n", change_feed()).lines == [2]


def test_where_there_are_rows_the_word_is_told(tmp_path: Path) -> None:
    landed = land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n本期无数据,,\n", change_feed())
    assert (landed.lines, landed.staged.remarks) == ([2], ["写着没有数据的行未作为数据读取：第 3 行。"])


@pytest.mark.parametrize("content", [f"{HEAD}\n", f"{HEAD}\n无锡样本商贸有限公司\n", f"{HEAD}\n,,\n"])
def test_headings_alone_are_no_nil_report_and_the_way_to_say_so_is_told(tmp_path: Path, content: str) -> None:
    if "无锡" in content:
        assert land(tmp_path, "a.csv", content, change_feed()).faults == {2: "列数与表头不一致"}
        return
    with pytest.raises(Unreadable, match="没有数据行。本期确实没有数据的，请在表头下一行写“本期无数据”"):
        land(tmp_path, "a.csv", content, change_feed())
