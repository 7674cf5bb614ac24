"""Small files as departments, and those who wish them ill, would send them, and what reading them gives."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas.contract import FeedContract
from spark_jobs.landing.formats.sheet import Source
from spark_jobs.landing.formats.staging import Origin, Staged, stage

USCC, OTHER = "91420100MA4K00010R", "92420502MA4L0TE52G"
HEADINGS = ["统一社会信用代码", "企业名称", "注册日期"]
HEAD = ",".join(HEADINGS)
GOOD = f"{USCC},武汉样本商贸有限公司,2016-03-01"


def promise(limits: Mapping[str, int] | None = None, formats: Sequence[str] | None = None) -> FeedContract:
    """A contract of one required column and three more, one of them a list."""
    agreed = {"formats": formats} if formats else {}
    columns = [
        {"name": "uscc", "from": "统一社会信用代码", "type": "string", "label": "统一社会信用代码", "required": True},
        {"name": "name", "from": ["企业名称", "名称"], "type": "string", "label": "企业名称"},
        {"name": "founded", "from": "注册日期", "type": "date", "label": "注册日期"},
        {"name": "people", "from": "检查人员", "type": "list", "label": "检查人员", "separator": "[、]"},
    ]
    return FeedContract.model_validate(
        {
            "name": "scjg_firm",
            "layer": "feed",
            "file": "firm.yaml",
            "title": "企业",
            "doc": "one row a firm",
            "key": ["uscc"],
            "columns": columns,
            "department": "scjg",
            "delivery": {"cadence": "daily", "mode": "full", "limits": limits or {}, **agreed},
            "ignore": ["备注"],
        }
    )


ORIGIN = Origin("d" * 64, "scjg", datetime(2026, 11, 23, 8, tzinfo=UTC))


class Landed:
    """What reading a file gave: how it went, and the rows that lie in bronze's file."""

    def __init__(self, staged: Staged, target: Path) -> None:
        self.staged = staged
        self.rows: list[dict[str, Any]] = sorted(pq.read_table(target).to_pylist(), key=lambda row: row["_line"])

    @property
    def cells(self) -> list[tuple[str | None, ...]]:
        """The cells of every row, in the order of the contract's first three columns."""
        return [(row["uscc"], row["name"], row["founded"]) for row in self.rows]

    @property
    def lines(self) -> list[int]:
        """The line of every row."""
        return [row["_line"] for row in self.rows]

    @property
    def faults(self) -> dict[int, str]:
        """What is wrong with each line that is no row."""
        return {row["_line"]: row["_fault"] for row in self.rows if row["_fault"]}


def source_of(folder: Path, name: str, content: bytes, contract: FeedContract | None = None) -> Source:
    """A file of that content."""
    path = folder / "delivered"
    path.write_bytes(content)
    return Source(path, name, contract or promise())


def land(folder: Path, name: str, content: bytes | str, contract: FeedContract | None = None) -> Landed:
    """Reads a file in this process."""
    data = content.encode() if isinstance(content, str) else content
    target = folder / "bronze.parquet"
    return Landed(stage(source_of(folder, name, data, contract), ORIGIN, target), target)


def zipped(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def jsonl(*rows: object) -> str:
    """JSON Lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def record(kind: int, body: bytes = b"") -> bytes:
    """One record of the older Excel format."""
    return struct.pack("<HH", kind, len(body)) + body


def xls(cells: Sequence[Sequence[object]], page: str = "数据", with_stream: str = "Workbook") -> bytes:
    """A workbook of the older format (BIFF8 in a compound file): text, numbers, booleans, `Error` and `Shown`."""
    codes = list(dict.fromkeys(cell.code for row in cells for cell in row if isinstance(cell, Shown)))
    styles = b"".join(
        record(0x41E, struct.pack("<HHB", 164 + n, len(c), 1) + c.encode("utf-16-le")) for n, c in enumerate(codes)
    )
    styles += b"".join(
        record(0xE0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, *range(164, 164 + len(codes)))
    )
    name = record(0x85, struct.pack("<IBBBB", 0, 0, 0, len(page), 1) + page.encode("utf-16-le"))
    bof = struct.pack("<HHHHII", 0x600, 0x5, 0, 1997, 0, 0x600)
    before = len(record(0x809, bof)) + len(styles) + len(name) + len(record(0x0A))
    placed = record(0x85, struct.pack("<IBBBB", before, 0, 0, len(page), 1) + page.encode("utf-16-le"))
    rows = b"".join(_biff(r, c, cell, codes) for r, row in enumerate(cells) for c, cell in enumerate(row))
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 1997, 0, 0x600))
    sheet += record(0x200, struct.pack("<IIHHH", 0, len(cells), 0, max(map(len, cells)), 0)) + rows + record(0x0A)
    return compound(with_stream, record(0x809, bof) + styles + placed + record(0x0A) + sheet)


def _biff(row: int, column: int, cell: object, codes: Sequence[str]) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(cell, Shown):
        return record(0x203, struct.pack("<HHHd", row, column, 1 + codes.index(cell.code), cell.number))
    if isinstance(cell, bool):
        return record(0x205, place + bytes([cell, 0]))
    if isinstance(cell, Error):
        return record(0x205, place + bytes([cell.code, 1]))
    if isinstance(cell, int | float):
        return record(0x203, place + struct.pack("<d", cell))
    text = str(cell).encode("utf-16-le")
    return record(0x204, place + struct.pack("<HB", len(text) // 2, 1) + text)


class Shown:
    """A number with the code of its format."""

    def __init__(self, number: float, code: str) -> None:
        self.number, self.code = number, code


class Error:
    """An error value of a cell, by Excel's code."""

    def __init__(self, code: int) -> None:
        self.code = code


def compound(name: str, content: bytes) -> bytes:
    """A compound file with one stream."""
    content = content.ljust(4096, b"\0")
    content += b"\0" * (-len(content) % 512)
    sectors = len(content) // 512
    fat = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    assert len(fat) <= 128
    fat += [0xFFFFFFFF] * (128 - len(fat))
    head = bytes.fromhex("D0CF11E0A1B11AE1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    folder = _entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + _entry(name, 2, 0xFFFFFFFF, 2, len(content)) + bytes(256)
    return head + struct.pack("<128I", *fat) + folder + content


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBB", len(text), kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", first, size)
    )
