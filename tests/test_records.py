"""Rows as a person reads them: a table where it fits, else a record a block; nothing that names a thing is cut."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from rich.cells import cell_len

from spark_jobs.command.records import fold, hang, records
from spark_jobs.command.screen import show_rows

IDENTITY = "0123456789abcdef" * 4
ROWS = pa.table(
    {
        "_delivery": [IDENTITY],
        "object_name": ["武汉市江岸区金辉货运部（个体工商户）" * 8],
        "check_date": [date(2026, 1, 8)],
        "received_at": pa.array([datetime(2026, 1, 8, 9, 30, 1, 5, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
        "check_personnel": [["丁建", "沈清辉"]],
        "plan_id": pa.array([None], pa.string()),
        "claims": [{"name": "2|17|a2", "address": None}],
        "_stated_by": pa.array([[("scjg", "17|a2"), ("yjj", "18|b3")]], pa.map_(pa.string(), pa.string())),
        "reasons": [[{"indicator": "checks", "points": 12.0}, {"indicator": "fines", "points": 4.0}]],
    }
)
LABELS = {"object_name": "监管对象名称", "check_date": "检查时间"}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_record_fits_the_terminal_and_keeps_identities_whole(width: int) -> None:
    lines = list(records(ROWS, LABELS, width))
    assert sum(IDENTITY in line for line in lines) == 1
    assert {line for line in lines if cell_len(line) > width} <= {line for line in lines if IDENTITY in line}
    assert width < 80 or max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "").count("武汉市江岸区金辉货运部（个体工商户）") == 8


def test_a_record_has_a_line_for_each_column_and_entry() -> None:
    lines = [" ".join(line.split()) for line in records(ROWS, LABELS, 120)]
    assert lines[0].startswith("── 1 ──")
    for line in (
        "check_date 检查时间 2026-01-08",
        "received_at 2026-01-08 17:30:01+08:00",
        "check_personnel 丁建、沈清辉",
        "plan_id",
        "claims name 2|17|a2",
        "_stated_by scjg 17|a2",
        "yjj 18|b3",
        "reasons indicator checks, points 12.0",
        "indicator fines, points 4.0",
    ):
        assert line in lines


def test_lines_break_between_words_and_anywhere_in_chinese() -> None:
    assert fold("one two three", 8) == ["one two", "three"]
    assert fold("监管对象名称", 5) == ["监管", "对象", "名称"]
    assert fold("struct<a:string,b:string>", 16) == ["struct<a:string,", "b:string>"]
    assert fold("", 8) == [""]
    assert list(hang("  key  a b c", 10)) == ["  key  a b", "      c"]


def test_rows_are_a_table_as_long_as_the_terminal_has_room(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pa.table({"grade": ["红", "蓝"], "objects": [3, 120], "share": [0.02, 0.98]})
    table = [["grade", "objects", "share"], ["红", "3", "0.02"], ["蓝", "120", "0.98"]]
    monkeypatch.setenv("COLUMNS", "40")
    show_rows(rows, "table")
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == table
    monkeypatch.setenv("COLUMNS", "18")
    show_rows(rows, "table")
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert shown[0] == ["──", "1", "─" * 13]
    assert shown[1:4] == [["grade", "红"], ["objects", "3"], ["share", "0.02"]]
    assert shown[5:] == [["grade", "蓝"], ["objects", "120"], ["share", "0.98"]]
    show_rows(rows, "csv")
    assert capsys.readouterr().out == "grade,objects,share\r\n红,3,0.02\r\n蓝,120,0.98\r\n"
