"""An .xls workbook flows in; what python-calamine does not say of a page's cells flows out: errors, and formats.

python-calamine gives an error value such as #N/A as an empty cell: a broken formula would pass for a value that was
never filled in. And it knows no number formats, which show another number than the cell holds, or a unit beside it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from spark_jobs.landing.formats.number_formats import BUILT_IN, changes_what_is_seen
from spark_jobs.landing.formats.xlsx_pages import Marks

FREE, END_OF_CHAIN = 0xFFFFFFFF, 0xFFFFFFFA
BOUND_SHEET, FORMULA, BOOL_ERR, END_OF_PAGE = 0x85, 0x06, 0x205, 0x0A
NUMBER, RK, SEVERAL_RK = 0x203, 0x27E, 0xBD
FORMAT, STYLE = 0x41E, 0xE0
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


def marks_of_xls(path: Path, page: str) -> tuple[Marks, list[str]]:
    """What is strange about a page's cells, and the codes of the formats that it names by number.

    Pages are records in one stream of a compound file.
    """
    marks, formats = Marks(), list[str]()
    strange: list[tuple[int, int, int]] = []
    try:
        stream = _workbook(path.read_bytes())
        formats = _formats(stream)
        begin = next((at for name, at in _pages(stream) if name == page), None)
        for kind, body in _records(stream, begin) if begin is not None else ():
            if kind == END_OF_PAGE:
                break
            code = _error(kind, body)
            if code is not None:
                error = ERRORS.get(code, "#?")
                marks.faults[struct.unpack_from("<H", body)[0]] = f"单元格是错误值 {error}"
            elif any(formats):
                strange += (cell for cell in _numbers(kind, body) if cell[2] < len(formats) and formats[cell[2]])
    except (struct.error, IndexError, ValueError):
        pass  # what could be read of it counts
    for row, column, style in sorted(strange):
        marks.rows.append(row)
        marks.columns.append(column)
        marks.formats.append(style)
    return marks, formats


def _formats(stream: bytes) -> list[str]:
    """By style the code of a number format that shows another number than the cell holds, else nothing."""
    codes, styles = dict(BUILT_IN), list[int]()
    for kind, body in _records(stream, 0):
        if kind == END_OF_PAGE:
            break
        if kind == FORMAT:
            number, _, is_wide = struct.unpack_from("<HHB", body)
            codes[number] = body[5:].decode("utf-16-le" if is_wide & 1 else "latin-1", errors="replace")
        if kind == STYLE:
            styles.append(struct.unpack_from("<H", body, 2)[0])
    strange = {number: code for number, code in codes.items() if changes_what_is_seen(code)}
    return [strange.get(number, "") for number in styles]


def _numbers(kind: int, body: bytes) -> Iterator[tuple[int, int, int]]:
    """Row, column and style of the numbers that a record holds."""
    if kind in (NUMBER, RK, FORMULA):
        yield struct.unpack_from("<HHH", body)
    if kind == SEVERAL_RK:
        row, first = struct.unpack_from("<HH", body)
        for place in range((len(body) - 6) // 6):
            yield row, first + place, struct.unpack_from("<H", body, 4 + 6 * place)[0]


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
