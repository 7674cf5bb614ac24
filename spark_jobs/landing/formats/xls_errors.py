"""An .xls workbook flows in; the rows of a page that hold an error value such as #N/A flow out.

python-calamine gives such a cell as an empty one: a broken formula would pass for a value that was never filled in.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

FREE, END_OF_CHAIN = 0xFFFFFFFF, 0xFFFFFFFA
BOUND_SHEET, FORMULA, BOOL_ERR, END_OF_PAGE = 0x85, 0x06, 0x205, 0x0A
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def errors_of_xls(path: Path, page: str) -> dict[int, str]:
    """The error value of each row (from 0) that has one; pages are records in one stream of a compound file."""
    errors: dict[int, str] = {}
    try:
        stream = _workbook(path.read_bytes())
        begin = next((at for name, at in _pages(stream) if name == page), None)
        for kind, body in _records(stream, begin) if begin is not None else ():
            if kind == END_OF_PAGE:
                break
            code = _error(kind, body)
            if code is not None:
                errors[struct.unpack_from("<H", body)[0]] = ERRORS.get(code, "#?")
    except (struct.error, IndexError, ValueError):
        return errors
    return errors


def _error(kind: int, body: bytes) -> int | None:
    if kind == BOOL_ERR and body[7]:
        return body[6]
    if kind == FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        return body[8]
    return None


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _pages(stream: bytes) -> Iterator[tuple[str, int]]:
    for kind, body in _records(stream, 0):
        if kind == END_OF_PAGE:
            return
        if kind == BOUND_SHEET:
            is_wide = body[7] & 1
            yield (
                body[8:].decode("utf-16-le" if is_wide else "latin-1", errors="replace"),
                struct.unpack("<I", body[:4])[0],
            )


def _workbook(data: bytes) -> bytes:
    """The stream `Workbook` of a compound file."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    tables = [s for s in struct.unpack_from("<109I", data, 76) if s != FREE]
    more = struct.unpack_from("<I", data, 68)[0]
    while more < END_OF_CHAIN and len(tables) * size < len(data):
        listed = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        tables += [s for s in listed[:-1] if s != FREE]
        more = listed[-1]
    chains = [n for table in tables for n in struct.unpack_from(f"<{size // 4}I", data, (table + 1) * size)]
    folder = _chain(data, chains, struct.unpack_from("<I", data, 48)[0], size, size)
    entries = [folder[at : at + 128] for at in range(0, len(folder), 128)]
    for entry in entries:
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", errors="replace")
        if name in ("Workbook", "Book"):
            first, length = struct.unpack_from("<II", entry, 116)
            if length >= struct.unpack_from("<I", data, 56)[0]:
                return _chain(data, chains, first, size, size)[:length]
            small = _chain(data, chains, struct.unpack_from("<I", data, 60)[0], size, size)
            inner = list(struct.unpack(f"<{len(small) // 4}I", small))
            held = _chain(data, chains, struct.unpack_from("<I", entries[0], 116)[0], size, size)
            return _chain(held, inner, first, 64, 0)[:length]
    raise ValueError("no workbook")


def _chain(data: bytes, chains: list[int], sector: int, size: int, start: int) -> bytes:
    """The bytes of the sectors that follow one another."""
    parts: list[bytes] = []
    while sector < END_OF_CHAIN and len(parts) <= len(chains):
        parts.append(data[start + sector * size : start + (sector + 1) * size])
        sector = chains[sector]
    return b"".join(parts)
