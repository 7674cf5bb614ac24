"""JSON of other worlds: lists of rows inside objects, numbers that have lost their zeros, half a character."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from schemas.contract import FeedContract
from spark_jobs.lake.columns import numbers_mark
from spark_jobs.landing.formats.sheet import Unreadable
from tests.files import GOOD, HEAD, HEADINGS, USCC, land, promise
from tests.test_formats import parquet
from tests.test_separated import HALF, ROW


def test_half_a_character_turns_away_its_json_object(tmp_path: Path) -> None:
    good = json.dumps(dict(zip(HEADINGS, ROW, strict=True)), ensure_ascii=False).encode()
    broken = good.replace("司".encode(), "司".encode()[:2])
    landed = land(tmp_path, "a.jsonl", b"\n".join([good, broken, good]))
    assert landed.faults == {2: HALF}


@pytest.mark.parametrize(
    "wrapped",
    [
        '{"RECORDS": %s}',
        '{"RECORDS":%s\n}\n',
        '{"total": 2, "rows": %s}',
        '{"code": 0, "msg": "ok", "data": {"page": {"pageNo": 1}, "list": %s, "total": 2}, "success": true}',
        '{"columns": ["a", "b"], "data": %s}',
    ],
)
def test_a_list_in_an_object_is_read(tmp_path: Path, wrapped: str) -> None:
    rows = [dict(zip(HEADINGS, ROW, strict=True))] * 2
    landed = land(tmp_path, "a.json", wrapped % json.dumps(rows, ensure_ascii=False, indent=1))
    assert (landed.cells, landed.lines) == ([ROW] * 2, [1, 2])


def test_a_list_that_is_not_all_there_is_told_and_refused_where_it_must_be_whole(tmp_path: Path) -> None:
    text = json.dumps({"total": 500, "rows": [{"统一社会信用代码": USCC}]}, ensure_ascii=False)
    with pytest.raises(Unreadable, match="文件里写着共 500 条，列表里是 1 条。可能只是其中一页"):
        land(tmp_path, "a.json", text)
    whole = promise()
    changes = whole.model_copy(update={"delivery": whole.delivery.model_copy(update={"mode": "change"})})
    assert land(tmp_path, "a.json", text, changes).staged.remarks == ["文件里写着共 500 条，列表里是 1 条。"]


def test_two_lists_in_an_object_are_refused(tmp_path: Path) -> None:
    rows = [{"统一社会信用代码": USCC}]
    with pytest.raises(Unreadable, match="文件里有几个数据列表"):
        land(tmp_path, "a.json", json.dumps({"new": rows, "old": rows}, ensure_ascii=False))


def test_what_the_file_knows_as_numbers_is_handed_on(tmp_path: Path) -> None:
    lines = [{"统一社会信用代码": 111, "企业名称": "0111"}, {"统一社会信用代码": "0111", "企业名称": 5}]
    landed = land(tmp_path, "a.jsonl", "\n".join(json.dumps(line, ensure_ascii=False) for line in lines))
    assert [row["_numbers"] for row in landed.rows] == [",uscc,", ",name,"]
    table = {"统一社会信用代码": pa.array([111, 5]), "企业名称": pa.array(["0111", "x"])}
    landed = land(tmp_path, "a.parquet", parquet(table))
    assert [row["_numbers"] for row in landed.rows] == [",uscc,"] * 2
    assert land(tmp_path, "a.csv", f"{HEAD}\n{GOOD}\n").rows[0]["_numbers"] is None
    assert numbers_mark([]) is None


def changes() -> FeedContract:
    whole = promise()
    return whole.model_copy(update={"delivery": whole.delivery.model_copy(update={"mode": "change"})})


@pytest.mark.parametrize("says", ['"pages": 10', '"hasNextPage": true', '"has_more": true', '"isLastPage": false'])
def test_one_page_of_several_is_told_and_refused_where_it_must_be_whole(tmp_path: Path, says: str) -> None:
    text = f'{{{says}, "list": [{{"统一社会信用代码": "{USCC}"}}]}}'
    with pytest.raises(Unreadable, match="文件里写着还有别的页，列表里只有 1 条。可能只是其中一页"):
        land(tmp_path, "a.json", text)
    assert land(tmp_path, "a.json", text, changes()).staged.remarks == ["文件里写着还有别的页，列表里只有 1 条。"]


@pytest.mark.parametrize("says", ['"pages": 1', '"total": 1, "pages": 3', '"hasNextPage": false', '"last": true'])
def test_the_only_page_is_the_whole(tmp_path: Path, says: str) -> None:
    landed = land(tmp_path, "a.json", f'{{{says}, "list": [{{"统一社会信用代码": "{USCC}"}}]}}')
    assert (landed.lines, landed.staged.remarks) == ([1], [])


def test_columns_in_inner_objects_are_read(tmp_path: Path) -> None:
    row = {"基本信息": {"统一社会信用代码": USCC, "企业名称": ROW[1]}, "登记": {"注册日期": ROW[2]}}
    for text in (json.dumps([row, row], ensure_ascii=False), "\n".join(json.dumps(row) for _ in range(2))):
        assert land(tmp_path, "a.json", text).cells == [ROW] * 2
    with pytest.raises(Unreadable, match="未约定的列：“联系”"):
        land(tmp_path, "a.json", json.dumps([{"统一社会信用代码": USCC, "联系": {"手机": "1"}}]))


def test_a_column_told_twice_in_inner_objects_is_turned_away(tmp_path: Path) -> None:
    row = {"统一社会信用代码": USCC, "甲": {"企业名称": "甲"}, "乙": {"企业名称": "乙"}}
    assert land(tmp_path, "a.json", json.dumps([row])).faults == {1: "“企业名称”在同一对象中出现两次"}


def test_objects_in_lines_may_end_in_commas(tmp_path: Path) -> None:
    row = json.dumps(dict(zip(HEADINGS, ROW, strict=True)), ensure_ascii=False)
    assert land(tmp_path, "a.json", f"{row},\n{row},\n{row}").cells == [ROW] * 3


def test_what_a_program_answered_instead_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="文件是接口的一个回答（msg：服务器错误），里面没有数据列表"):
        land(tmp_path, "a.json", '{"code": 500, "msg": "服务器错误", "data": null}')


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.csv", '[{"统一社会信用代码": "x"}]', "内容其实是 JSON。请把文件名改为以 .json 结尾"),
        ("a.json", '<?xml version="1.0"?><rows/>', "内容其实是 XML 文件"),
        ("a.xls", "MIME-Version: 1.0\nX-Document-Type: Workbook\n", "内容其实是网页（HTML）"),
        ("a.csv", "ID;PWXL;N;E\nC;Y1;X1\n", "内容其实是 SYLK 表格"),
    ],
)
def test_what_is_named_as_another_format_is_called_what_it_is(
    tmp_path: Path, name: str, content: str, what: str
) -> None:
    with pytest.raises(Unreadable, match=what):
        land(tmp_path, name, content)
