"""What departments drop, good and bad, and what they read about it."""

from __future__ import annotations

import csv

import pytest
import xlsxwriter
from deltalake import DeltaTable

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import archive_path, pending
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import FILE_COST, WORTH_ANOTHER, land
from tests.drops import GOOD, HEADINGS, OTHER, drop, receipt

BAD_FILES = {
    "空文件.csv": (b"", "文件是空的"),
    "只有表头.csv": (f"{HEADINGS}\n".encode(), "没有数据行"),
    "缺列.csv": ("企业名称,注册日期\n甲,2016-03-01\n".encode(), "表头缺少必需的列：“统一社会信用代码”"),
    "怪列.csv": (f"{HEADINGS},星座\n{GOOD},双鱼\n".encode(), "表头中有未约定的列：“星座”"),
    "重复列.csv": (f"{HEADINGS},企业名称\n{GOOD},乙\n".encode(), "表头重复：企业名称"),
    "两种叫法.csv": (f"{HEADINGS},成立日期\n{GOOD},2016-03-01\n".encode(), "成立日期同时有多列"),
    "混合编码.csv": (f"{HEADINGS}\n{GOOD}\n".encode() + b"\xff\xfe\x80", "既不是 UTF-8 也不是 GB18030"),
    "坏表格.xlsx": (b"this is no spreadsheet", "不是可读的 Excel 文件"),
    "文档.docx": (b"PK", "不接收“.docx”格式"),
}


@pytest.mark.parametrize(("name", "content", "reason"), [(n, c, r) for n, (c, r) in BAD_FILES.items()], ids=BAD_FILES)
def test_a_bad_file_is_refused_with_a_clear_reason(home: Home, name: str, content: bytes, reason: str) -> None:
    drop(home, name, content)
    pipeline.land(home)
    assert receipt(home, name)["状态"] == "已退回"
    assert reason in str(receipt(home, name)["说明"])
    assert pending(home) == {}


def test_mixed_encodings_are_refused_with_the_byte_where_each_fails(home: Home) -> None:
    text = f"{HEADINGS}\n{GOOD}\n".encode()
    drop(home, "混合.csv", text + b"\xff\xfe\x80")
    pipeline.land(home)
    assert f"UTF-8 在第 {len(text)} 字节处出错" in str(receipt(home, "混合.csv")["说明"])


@pytest.mark.parametrize("folder", ["nobody/enterprise", "scjg/horoscope", "scjg", "scjg/enterprise/deeper"])
def test_a_folder_that_promised_nothing_refuses_and_says_where_to_go(home: Home, folder: str) -> None:
    drop(home, "a.csv", f"{HEADINGS}\n{GOOD}\n", folder)
    pipeline.land(home)
    [row] = read(home.table("ops", "delivery")).to_pylist()
    assert row["state"] == "refused"
    assert "目录" in row["reason"]


def test_bad_files_do_not_stop_the_good_one(home: Home) -> None:
    for name, (content, _) in BAD_FILES.items():
        drop(home, name, content)
    drop(home, "好.csv", f"{HEADINGS}\n{GOOD}\n")
    result = land(home_with_tables(home))
    assert [delivery.file_name for delivery in result.accepted] == ["好.csv"]
    assert len(result.turned_away) == len(BAD_FILES)


def home_with_tables(home: Home) -> Home:
    pipeline.publish(home)
    return home


def test_what_an_interrupted_pass_left_in_the_archive_is_swept_away(home: Home) -> None:
    """`make crash` with seed 21, moment 39: killed while an archive was being unpacked."""
    unpacking, copying = home.archive / ".unpacked.part", home.archive / ".4711.part"
    unpacking.mkdir(parents=True)
    (unpacking / ".member.part").write_text("")
    copying.write_text("")
    drop(home, "a.csv", f"{HEADINGS}\n{GOOD}\n")
    assert pipeline.land(home).changed
    assert list(home.archive.glob(".*.part")) == []


def bronze_lines(home: Home) -> list[tuple[int, str | None, str | None]]:
    rows = read(home.table("bronze", "scjg_enterprise"), ["_line", "uscc", "_raw"]).to_pylist()
    return sorted((row["_line"], row["uscc"], row["_raw"]) for row in rows)


def test_a_row_of_another_width_keeps_its_line_and_its_text(home: Home) -> None:
    drop(home, "a.csv", f"{HEADINGS}\n{GOOD}\n\n{OTHER},多一格\n少,一格\n{OTHER}\n")
    pipeline.land(home)
    assert bronze_lines(home) == [
        (2, "91420100MA4K00010R", None),
        (4, None, f"{OTHER},多一格"),
        (5, None, "少,一格"),
        (6, "92420502MA4L0TE52G", None),
    ]


def test_lines_stay_right_over_many_blocks(home: Home) -> None:
    wide = "x" * 200
    rows = [f"{GOOD}{wide}" if number % 7 else f"{GOOD},{wide}" for number in range(60_000)]
    drop(home, "a.csv", "\n".join([HEADINGS, *rows]))
    pipeline.land(home)
    found = bronze_lines(home)
    assert [line for line, _, _ in found] == list(range(2, 60_002))
    assert [line for line, _, raw in found if raw] == list(range(2, 60_002, 7))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encoding_is_found_and_recorded(home: Home, encoding: str) -> None:
    drop(home, "a.csv", f"{HEADINGS}\r\n{GOOD}\r\n".encode(encoding))
    pipeline.land(home)
    [[delivery]] = pending(home).values()
    assert delivery.encoding == encoding.removesuffix("-sig")
    assert read(home.table("bronze", "scjg_enterprise"), ["object_name"]).to_pylist() == [
        {"object_name": "武汉样本商贸有限公司"}
    ]


def test_a_spreadsheet_is_read_as_its_author_meant_it(home: Home) -> None:
    path = home.landing / "scjg" / "enterprise" / "表.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("说明").write_row(0, 0, ["请看第二页"])
        page = book.add_worksheet("数据")
        page.write_row(0, 0, [*HEADINGS.split(","), "行政区划代码"])
        page.write_row(1, 0, ["91420100MA4K00010R", "武汉样本商贸有限公司"])
        page.write_number(1, 2, 42430, book.add_format({"num_format": "yyyy-mm-dd"}))
        page.write_number(1, 3, 420103)
    pipeline.land(home)
    [row] = read(home.table("bronze", "scjg_enterprise")).to_pylist()
    assert (row["_line"], row["established_date"], row["region_code"]) == (2, "2016-03-01", "420103")


def test_the_same_content_counts_once_under_any_name(home: Home) -> None:
    drop(home, "一.csv", f"{HEADINGS}\n{GOOD}\n")
    assert land(home_with_tables(home)).rows == 1
    drop(home, "二.csv", f"{HEADINGS}\n{GOOD}\n")
    pipeline.land(home)
    assert len(bronze_lines(home)) == 1
    assert receipt(home, "二.csv")["状态"] == "重复报送"
    assert "scjg/scjg_enterprise/一.csv" in str(receipt(home, "二.csv")["说明"])


def test_of_files_read_at_the_same_time_the_same_content_counts_once_and_a_refusal_does_not(home: Home) -> None:
    """Copies stand beside each other, so the second is looked at while the first is being read."""
    kinds = {"好": f"{HEADINGS}\n{GOOD}\n", "坏": f"{HEADINGS},星座\n{GOOD},双鱼\n"}
    for number in range(WORTH_ANOTHER // FILE_COST // 4 + 1):
        for kind, text in kinds.items():
            for copy in "12":
                drop(home, f"{number:03}{kind}{copy}.csv", f"{text}{'x' * (number + 1)}\n")
    land(home_with_tables(home))
    rows = read(home.table("ops", "delivery")).to_pylist()
    turned_away = {row["file_name"][3:5]: row["state"] for row in rows}
    assert turned_away == {"好2": "duplicate", "坏1": "refused", "坏2": "refused"}
    names = [delivery.file_name for delivery in pending(home)["scjg_enterprise"]]
    assert names == [f"{number:03}好1.csv" for number in range(len(rows) // 3)]


def test_nothing_new_is_seen_even_when_the_cache_is_lost(home: Home) -> None:
    drop(home, "好.csv", f"{HEADINGS}\n{GOOD}\n")
    drop(home, "坏.csv", "甲\n乙\n")
    pipeline.land(home)
    before = read(home.table("ops", "delivery")).num_rows
    (home.state / "landing.json").unlink()
    assert not pipeline.land(home).changed
    assert read(home.table("ops", "delivery")).num_rows == before
    assert len(bronze_lines(home)) == 1


def test_unfinished_files_are_left_alone(home: Home) -> None:
    for name in (".hidden.csv", "a.csv.part", "b.csv.tmp"):
        drop(home, name, f"{HEADINGS}\n{GOOD}\n")
    assert not pipeline.land(home).changed
    assert read(home.table("ops", "delivery")).num_rows == 0


def test_the_archive_keeps_every_file_unchanged(home: Home) -> None:
    content = f"{HEADINGS}\n{GOOD}\n".encode()
    drop(home, "a.csv", content)
    pipeline.land(home)
    [[delivery]] = pending(home).values()
    assert archive_path(home, delivery.delivery).read_bytes() == content


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A delivery with good, doubtful and bad rows, and one that its gate must hold."""
    home = Home(tmp_path_factory.mktemp("judged"))
    home.create()
    rows = [
        GOOD,
        OTHER,
        "91420100MA4K0001OR,=1+1,2016-02-30",
        f"{GOOD},多一格",
        ",,2016-03-01",
        "92420502MA4L0TE52G,-甲,2018-05-01",
    ]
    drop(home, "混.csv", "\n".join([HEADINGS, *rows]))
    drop(home, "少.csv", f"{HEADINGS}\n{OTHER}\n")
    for stage in (pipeline.land, pipeline.conform, pipeline.validate):
        stage(home)
    return home


def test_every_row_is_accounted_for(judged: Home) -> None:
    for row in read(judged.table("ops", "reconciliation")).to_pylist():
        assert row["rows_in"] == row["rows_out"] + row["rows_aside"]
    for row in read(judged.table("ops", "delivery")).to_pylist():
        assert row["rows_delivered"] == row["rows_accepted"] + row["rows_quarantined"]


def test_the_receipt_names_column_problem_value_and_line(judged: Home) -> None:
    told = receipt(judged, "混.csv")
    assert (told["报送行数"], told["接收行数"], told["退回行数"]) == (6, 3, 3)
    problems = told["问题示例"]
    assert isinstance(problems, list)
    assert {"行": 4, "列": "注册日期", "问题": "不是有效日期", "值": "2016-02-30"} in problems
    assert {"行": 5, "列": "整行", "问题": "列数与表头不一致", "值": f"{GOOD},多一格"} in problems


def test_rejected_rows_come_back_with_reasons_and_run_no_formula(judged: Home) -> None:
    text = (judged.receipts / "scjg" / "enterprise" / "混.csv.rejected.csv").read_text(encoding="utf-8-sig")
    headings, *rows = csv.reader(text.splitlines())
    assert headings[:5] == [*HEADINGS.split(","), "行号", "退回原因"]
    assert ["91420100MA4K0001OR", "'=1+1", "2016-02-30", "4"] in [row[:4] for row in rows]


def test_a_delivery_below_its_promise_is_held_and_says_why(judged: Home) -> None:
    rows = {row["file_name"]: row for row in read(judged.table("ops", "delivery")).to_pylist()}
    assert rows["少.csv"]["state"] == "held"
    assert (
        rows["少.csv"]["reason"]
        == "行数为 1，低于约定的 5，整批暂缓入库；提醒：行政区划代码填报率为 0%，低于约定的 90%。"
    )
    assert "行政区划代码填报率为 0%，低于约定的 90%" in rows["少.csv"]["reason"]
    assert receipt(judged, "少.csv")["状态"] == "暂缓入库"


def test_expectations_are_a_table_and_data_docs(judged: Home) -> None:
    found = {(row["expectation"], row["is_met"]) for row in read(judged.table("ops", "expectation")).to_pylist()}
    assert ("rows", False) in found
    assert ("duplicate_keys", True) in found
    assert (judged.docs / "quality" / "index.html").exists()


def test_an_interrupted_run_leaves_no_double(judged: Home) -> None:
    before = read(judged.table("silver", "scjg_enterprise")).num_rows
    DeltaTable(judged.table("ops", "delivery")).delete()
    report = pipeline.conform(judged)
    assert report.changed
    assert read(judged.table("silver", "scjg_enterprise")).num_rows == before
    assert read(judged.table("ops", "reconciliation")).num_rows == 4
