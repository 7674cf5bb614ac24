"""A text of HJ 212 frames, one a line, flows in; a row for each factor of each frame flows out.

A frame as stations send it (HJ 212-2017, layout unverified): `##`, the length of the data in four digits, the data
`QN=…;ST=32;CN=2061;PW=…;MN=…;Flag=4;CP=&&DataTime=20260105080000;w01018-Avg=42.5,w01018-Flag=N&&`, its CRC in
four hexadecimal digits. Whatever is wrong with a frame, it is kept as it came, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from spark_jobs.lake.columns import LINES_A_PAGE
from spark_jobs.landing.formats.sheet import Rows, Sheet, Source, shown

# A station's clock when it sent the frame (QN) orders what it sends twice; the national envelope calls it 操作时间.
HEADINGS = ("MN", "因子编码", "CN", "DataTime", "Avg", "Min", "Max", "Cou", "ZsAvg", "Flag", "操作时间")
VALUES = HEADINGS[4:10]
# What a frame may say of a factor and no column keeps: real-time values, and what belongs to other instruments.
UNKEPT = ("Rtd", "ZsRtd", "ZsMin", "ZsMax", "EFlag", "SampleTime", "Info", "Data", "DayData", "NightData")
KNOWN = {name.lower(): name for name in (*VALUES, *UNKEPT)}
START = b"##"
MARKS = re.compile(rb"(?:^|\n)##[0-9]{4}[A-Z]")
FRAME = re.compile(rb"##(?P<length>[0-9]{4})(?P<data>.*)(?P<crc>[0-9A-Fa-f]{4})\s*", re.DOTALL)
DATA = re.compile(r"(?P<head>[^&]*)CP=&&(?P<cp>[^&]*)&&")
NAME = re.compile(r"[A-Za-z0-9]+")
# Four digits name the length; a line that is much longer is no frame, nor several.
LONGEST = 1 << 20
MOST_FACTORS = 90  # of the hundred that a line's number has room for (lake/columns.py)


class BrokenFrame(Exception):
    """A frame that cannot be read; the message is what the department reads."""


@dataclass(frozen=True)
class Factor:
    """What a frame says of one factor: a value for some of HEADINGS."""

    code: str
    cells: dict[str, str]


def is_frames(source: Source) -> bool:
    """Whether a text begins like frames; a line or two of something else may stand before."""
    with source.path.open("rb") as file:
        return MARKS.search(file.read(4096).removeprefix(b"\xef\xbb\xbf")) is not None


def open_frames(source: Source) -> Sheet:
    """Opens a text of frames."""
    return Sheet([*HEADINGS], _batches(source), "ascii")


def _batches(source: Source) -> Iterator[pa.RecordBatch]:
    rows = Rows(HEADINGS, source.limits)
    for number, line in _lines(source):
        for place, (frame, fault) in enumerate(_frames(line)):
            _add(rows, number, place, frame, fault)
        yield from rows.take()
    yield from rows.take(is_last=True)


def _lines(source: Source) -> Iterator[tuple[int, bytes]]:
    """The lines that hold anything, counted from 1; of one that is too long its beginning."""
    with source.path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST):
            number += 1
            rest = line
            while not rest.endswith(b"\n") and (rest := file.readline(LONGEST)):
                source.beat()
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line.strip()


def _frames(line: bytes) -> Iterator[tuple[bytes, str]]:
    """The frames of a line, which is one unless a program forgot to end it; with what is wrong where it is none."""
    before, *frames = line.split(START)
    if before.strip() or not frames:
        yield before or line, "不是 HJ 212 报文：报文以“##”开头"
    yield from ((START + frame, "") for frame in frames)


def _add(rows: Rows, number: int, place: int, frame: bytes, fault: str) -> None:
    text = frame.decode("ascii", errors="replace")
    try:
        if fault:
            raise BrokenFrame(fault)
        head, factors = read_frame(frame)
    except BrokenFrame as broken:
        rows.add_wrong(number + place * LINES_A_PAGE, text, str(broken))
        return
    for count, factor in enumerate(factors, place * MOST_FACTORS):
        cells = {**head, **factor.cells, "因子编码": factor.code}
        row = [cells.get(heading, "") for heading in HEADINGS]
        rows.add(number + count * LINES_A_PAGE, row, page=f"因子 {factor.code}")


def read_frame(frame: bytes) -> tuple[dict[str, str], list[Factor]]:
    """What a frame says of its station and of each factor; raises BrokenFrame."""
    data = _checked(frame)
    parts = DATA.fullmatch(data)
    if parts is None:
        raise BrokenFrame("报文的数据段没有完整的“CP=&&…&&”")
    head = _pairs(parts["head"].replace(";", ","))
    station = {"MN": head.get("MN", ""), "CN": head.get("CN", "")}
    if lacking := [name for name, value in station.items() if not value]:
        raise BrokenFrame(f"报文没有 {'、'.join(lacking)}")
    if re.fullmatch("[0-9]{14,17}", head.get("QN", "")):
        station["操作时间"] = head["QN"][:14]
    return _told(station, parts["cp"])


def _told(station: dict[str, str], cp: str) -> tuple[dict[str, str], list[Factor]]:
    said = _pairs(cp.replace(";", ","))
    station["DataTime"] = said.pop("DataTime", "")
    if not station["DataTime"]:
        raise BrokenFrame("报文没有 DataTime")
    factors: dict[str, dict[str, str]] = {}
    for name, value in said.items():
        code, _, suffix = name.partition("-")
        known = KNOWN.get(suffix.lower())
        if known is None:
            raise BrokenFrame(f"报文中的“{shown(name, 50)}”看不懂：应为因子编码和 {'、'.join(VALUES)} 之一")
        factors.setdefault(code, {})[known] = value
    if not factors:
        raise BrokenFrame("报文中没有监测因子")
    if len(factors) > MOST_FACTORS:
        raise BrokenFrame(f"报文中有 {len(factors)} 个监测因子，超过上限 {MOST_FACTORS} 个")
    return station, [Factor(code, cells) for code, cells in factors.items()]


def _pairs(text: str) -> dict[str, str]:
    """`name=value` between commas; raises BrokenFrame for anything else, and for a name that stands twice."""
    pairs: dict[str, str] = {}
    for item in filter(None, text.split(",")):
        name, sign, value = item.partition("=")
        name = name.strip()
        if not sign or not all(NAME.fullmatch(part) for part in name.split("-")):
            raise BrokenFrame(f"报文中的“{shown(item, 50)}”看不懂：应为“名称=值”")
        if name in pairs:
            raise BrokenFrame(f"报文中“{shown(name, 50)}”出现两次")
        pairs[name] = value.strip()
    return pairs


def _checked(frame: bytes) -> str:
    """The data of a frame whose length and CRC are right."""
    parts = FRAME.fullmatch(frame)
    if parts is None:
        raise BrokenFrame("报文残缺：应为“##”、四位长度、数据段、四位 CRC 校验码")
    data = parts["data"]
    if int(parts["length"]) != len(data):
        raise BrokenFrame(f"报文长度不符：写明 {int(parts['length'])} 字节，实有 {len(data)} 字节")
    if int(parts["crc"], 16) != (expected := crc16(data)):
        raise BrokenFrame(f"报文 CRC 校验不符：写明 {parts['crc'].decode()}，应为 {expected:04X}")
    if not data.isascii():
        raise BrokenFrame("报文含有 ASCII 以外的字节")
    return data.decode("ascii")


def crc16(data: bytes) -> int:
    """The checksum of HJ 212-2017, appendix A (unverified): each byte meets the upper half of what went before."""
    crc = 0xFFFF
    for byte in data:
        crc = _CRC[(crc >> 8) ^ byte]
    return crc


def _shifted(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0xA001 if value & 1 else 0)
    return value


_CRC = tuple(map(_shifted, range(256)))
