"""Pages of a workbook from landing to the receipt, and nil reports."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark_jobs import pipeline
from spark_jobs.lake.columns import LINES_A_PAGE
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from spark_jobs.receipts.findings import ROWS, sorter
from tests.drops import FIRMS, HEADINGS, drop, receipt, table
from tests.test_workbooks import rows, sheets

HEAD = tuple(HEADINGS.split(","))
CELLS = [tuple(firm.split(",")) for firm in FIRMS]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("pages") / "lake")
    make_landing_zone(home)
    bad = ("坏的信用代码", "武汉坏样本有限公司", "2016-03-01")
    book = sheets(甲=rows(HEAD, *CELLS[:3]), 乙=rows(HEAD, *CELLS[3:], bad), 说明=rows(("填报说明",)))
    drop(home, "pages.xlsx", book)
    drop(home, "十月零报告.csv", f"{HEADINGS}\n本期无数据\n")
    pipeline.land(home)
    pipeline.conform(home)
    return home


def test_each_row_keeps_its_page_and_its_line_is_its_own(home: Home) -> None:
    silver = read(home.table("silver", "scjg_enterprise")).to_pylist()
    assert {(row["_page"], row["_line"] % LINES_A_PAGE) for row in silver} == {
        *(("甲", line) for line in (2, 3, 4)),
        *(("乙", line) for line in (2, 3)),
    }
    [bad] = read(home.table("quarantine", "scjg_enterprise")).to_pylist()
    assert (bad["_page"], bad["_line"]) == ("乙", LINES_A_PAGE + 4)
    lines = [row["_line"] for row in read(home.table("bronze", "scjg_enterprise")).to_pylist()]
    assert len(lines) == len(set(lines)) == 6


def test_the_receipt_names_pages_read_and_left_out_and_each_rows_place(home: Home) -> None:
    told = receipt(home, "pages.xlsx")
    assert told["工作表"] == [{"工作表": "甲", "行数": 3}, {"工作表": "乙", "行数": 3}]
    assert told["读取情况"] == [
        "读取的工作表：“甲”、“乙”。",
        "未读取的工作表：“说明”（没有约定的主键列，1 行）。",
    ]
    assert told["问题示例"][0]["行"] == "乙 第 4 行"  # type: ignore[index]
    folder = home.receipts / "scjg/enterprise"
    page = (folder / "pages.xlsx.receipt.html").read_text(encoding="utf-8")
    assert "未读取的工作表：“说明”" in page
    assert "“甲”3 行，“乙”3 行" in page
    with next(folder.glob("pages.xlsx*.csv")).open(encoding="utf-8-sig") as file:
        assert next(csv.DictReader(file))["行号"] == "乙 第 4 行"


def test_a_nil_report_is_settled_with_its_receipt_and_waits_for_nothing(home: Home) -> None:
    told = receipt(home, "十月零报告.csv")
    assert (told["状态"], told["报送行数"]) == ("零报告", 0)
    states = {row["file_name"]: row["state"] for row in read(home.table("ops", "delivery")).to_pylist()}
    assert states["十月零报告.csv"] == "nil"


def test_the_same_nil_report_a_month_later_is_told_anew(home: Home) -> None:
    before = receipt(home, "十月零报告.csv")["接收时间"]
    drop(home, "十月零报告.csv", f"{HEADINGS}\n本期无数据\n").touch()
    drop(home, "十一月零报告.csv", f"{HEADINGS}\n本期无数据\n")
    pipeline.land(home)
    assert receipt(home, "十一月零报告.csv")["状态"] == "零报告"
    assert str(receipt(home, "十月零报告.csv")["接收时间"]) >= str(before)


def test_files_from_before_pages_are_read_beside_later_ones(home: Home, tmp_path: Path) -> None:
    pq.write_table(pa.table({"_line": [2]}), tmp_path / "old.parquet")
    pq.write_table(pa.table({"_line": [3], "_page": ["甲"]}), tmp_path / "new.parquet")
    with sorter(home) as reader:
        for files, pages in ((["old"], [None]), (["old", "new"], [None, "甲"])):
            names = [str(tmp_path / f"{name}.parquet") for name in files]
            found = reader.execute(f"select _page from {ROWS} order by _line", [names]).fetchall()
            assert [page for (page,) in found] == pages


def test_an_own_file_from_before_pages_and_numbers_is_judged(tmp_path: Path) -> None:
    home = Home(tmp_path / "lake")
    make_landing_zone(home)
    drop(home, "a.csv", table(*FIRMS))
    pipeline.land(home)
    [own] = home.table("bronze", "scjg_enterprise").glob("*.parquet")
    pq.write_table(pq.read_table(own).drop_columns(["_page", "_numbers"]), own)
    pipeline.conform(home)
    assert len(read(home.table("silver", "scjg_enterprise"))) == len(FIRMS)
