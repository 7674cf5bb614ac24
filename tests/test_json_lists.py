"""JSON of other worlds: lists of rows inside objects, numbers that have lost their zeros, half a character."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

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
