"""HJ 212 frames, one a line, become readings; whatever is wrong with one, it is kept with the reason. Wide rows too."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas.contract import feeds
from spark_jobs.landing.formats.hj212 import crc16
from spark_jobs.landing.formats.sheet import Source
from spark_jobs.landing.formats.staging import Origin, stage

ORIGIN = Origin("d" * 64, "sthj", datetime(2026, 1, 6, tzinfo=UTC))
HOUR = "CP=&&DataTime=20260105080000;w01018-Avg=42.5,w01018-Cou=1.27,w01018-Flag=N;w21003-Avg=3.1,w21003-Flag=n&&"
STATION = "QN=20260105090003123;ST=32;CN=2061;PW=123456;MN=HB42010300001;Flag=4;"
Cells = dict[str, str | None]


def frame(data: str) -> bytes:
    """The data with its length before it and its checksum behind it."""
    return f"##{len(data):04d}{data}{crc16(data.encode()):04X}\r\n".encode()


def landed(path: Path, content: bytes, feed: str = "sthj_hj212", name: str = "data.txt") -> list[Cells]:
    """The rows that a file of these bytes becomes in bronze."""
    source, target = path / name, path / "bronze.parquet"
    source.write_bytes(content)
    stage(Source(source, name, feeds()[feed]), ORIGIN, target)
    rows: list[Cells] = pq.read_table(target).to_pylist()
    return rows


def faults(rows: list[Cells]) -> list[str | None]:
    return [row["_fault"] for row in rows]


def test_the_checksum_is_that_of_the_standards_own_example() -> None:
    data = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"
    assert (len(data), crc16(data)) == (101, 0x1C80)


def test_a_frame_is_a_row_for_each_of_its_factors(tmp_path: Path) -> None:
    rows = landed(tmp_path, frame(STATION + HOUR))
    read = [(row["device_code"], row["indicator_code"], row["reading_period"], row["reading_time"]) for row in rows]
    assert read == [("HB42010300001", code, "2061", "20260105080000") for code in ("w01018", "w21003")]
    assert [(row["reading_value"], row["reading_sum"], row["validity"]) for row in rows] == [
        ("42.5", "1.27", "N"),
        ("3.1", "", "n"),
    ]
    assert {row["cd_time"] for row in rows} == {"20260105090003"}  # what is sent again later is the newer statement
    assert len({row["_line"] for row in rows}) == 2
    assert faults(rows) == [None, None]


@pytest.mark.parametrize("name", ["data.hj212", "data.log", "data.txt"])
def test_frames_come_under_every_name_that_they_may_have(tmp_path: Path, name: str) -> None:
    """报文.hj212 was taken for a workbook that is text."""
    assert len(landed(tmp_path, frame(STATION + HOUR), name=name)) == 2


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        (frame(STATION + HOUR)[:-8] + b"\r\n", "报文残缺"),
        (frame(STATION + HOUR).replace(b"42.5", b"42.6"), "CRC 校验不符"),
        (frame(STATION + HOUR).replace(b"##0", b"##1"), "报文长度不符"),
        (b"##" + bytes(range(1, 10)) + b"\xff\xfe\r\n", "报文残缺"),
        (b"hello \x00 world\r\n", "不是 HJ 212 报文"),
        (frame(STATION + "CP=&&DataTime=20260105080000&&"), "没有监测因子"),
        (frame(STATION + "CP=&&w01018-Avg=1&&"), "没有 DataTime"),
        (frame(STATION + "CP=&&DataTime=20260105080000;w01018-Avg=1"), "没有完整的"),
        (frame(STATION.replace("MN=HB42010300001;", "") + HOUR), "没有 MN"),
        (frame(STATION + HOUR.replace("w21003-Avg", "w01018-Avg")), "出现两次"),
        (frame(STATION + HOUR.replace("w21003-Avg", "w21003-Average")), "看不懂"),
        (frame(STATION + HOUR.replace("w21003-Avg=3.1", "w21003")), "看不懂"),
        (b"##0005" + b"9" * 3_000_000 + b"\r\n", "报文"),
    ],
)
def test_a_broken_frame_is_kept_with_its_reason_and_the_others_go_on(tmp_path: Path, spoiled: bytes, said: str) -> None:
    rows = landed(tmp_path, frame(STATION + HOUR) + spoiled + frame(STATION + HOUR))
    assert len(rows) == 5
    [fault] = [row for row in rows if row["_fault"]]
    assert said in str(fault["_fault"])
    assert fault["_line"] == 2
    assert fault["_raw"]


def test_two_frames_on_one_line_are_two(tmp_path: Path) -> None:
    later = HOUR.replace("080000", "090000")
    rows = landed(tmp_path, frame(STATION + HOUR).strip() + frame(STATION + later))
    assert [row["reading_time"] for row in rows] == ["20260105080000"] * 2 + ["20260105090000"] * 2
    assert len({row["_line"] for row in rows}) == 4


def test_whatever_is_sent_no_line_is_lost(tmp_path: Path) -> None:
    rng = random.Random(5)
    for _ in range(60):
        content = bytearray(frame(STATION + HOUR) * 3)
        for _ in range(rng.randrange(1, 12)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        rows = landed(tmp_path, b"##0000X\r\n" + bytes(content))
        lines = (b"##0000X\r\n" + bytes(content)).split(b"\n")
        filled = {number for number, line in enumerate(lines, 1) if line.strip()}
        assert {int(str(row["_line"])) % 10_000_000 for row in rows} == filled


def test_a_row_of_several_readings_becomes_one_row_each(tmp_path: Path) -> None:
    told = (
        "断面名称,监测时间,水温(℃),氨氮,总磷,水质类别\n甲断面,2026-01-05 08:00,9.5,--,,Ⅱ\n乙断面,2026-01-05 08:00,,,,\n"
    )
    rows = landed(tmp_path, told.encode(), "sthj_water_station", "day.csv")
    read = [(row["device_code"], row["indicator_code"], row["unit"], row["reading_value"]) for row in rows]
    assert read == [
        ("甲断面", "w01010", "℃", "9.5"),
        ("乙断面", "w01010", "℃", ""),  # a row without any value is still a row
        ("甲断面", "w21003", "mg/L", "--"),
    ]
    assert [(row["_line"], row["_page"]) for row in rows] == [(2, "水温"), (3, "水温"), (10_000_002, "氨氮")]
