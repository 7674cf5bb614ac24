"""Spreadsheets as people and attackers make them."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import xlsxwriter

from tests.fuzz.cases import REFUSED, TAKEN, Case, Draw, Rows
from tests.fuzz.pages import USUAL
from tests.fuzz.text import DIRT, broken

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{level} '{f'&a{level - 1};' * 10}'>" for level in range(1, 10)
)
SECRET = "<!DOCTYPE x [<!ENTITY a9 SYSTEM 'file:///etc/passwd'>"
QUADRATIC = f"<!DOCTYPE x [<!ENTITY a9 '{'ha' * 50_000}'>"


def book(draw: Draw) -> Case:
    """A workbook with odd cells, and something odd about the book."""
    rows = draw.rows()
    known = {"rows": len(rows.rows), "fate": TAKEN}
    what = draw.random.choice(ODDITIES)
    content = what(draw, rows, known)
    ending = draw.random.choice((".xlsx", ".xlsx", ".xlsx", ".XLSX", ".xls"))
    if ending == ".xls":
        known["fate"] = ""
    return draw.case(f"book: {what.__name__.replace('_', ' ')}", rows.place, ending, content, **known)


def _book(draw: Draw, rows: Rows, *, before: tuple[str, ...] = (), options: dict[str, bool] | None = None) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, **(options or {})}) as made:
        for name in before:
            page = made.add_worksheet(name)
            page.write_row(0, 0, ["请看下一页"])
            if draw.chance(0.5):
                page.hide()
        page = made.add_worksheet("数据")
        page.write_row(0, 0, rows.headings)
        key = rows.headings.index(next(h for h, c in zip(rows.headings, rows.rows[0], strict=True) if "f0" in c))
        for line, row in enumerate(rows.rows, 1):
            for column, text in enumerate(row):
                odd = draw.chance(0.15) and column != key
                (_odd if odd else _plain)(draw, made, page, line, column, text)
        page.activate()
    return target.getvalue()


def _plain(
    draw: Draw, made: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet, *place_and_text: object
) -> None:
    page.write_string(*place_and_text)


def _odd(
    draw: Draw, made: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet, line: int, column: int, text: str
) -> None:
    match draw.random.randrange(9):
        case 0:
            page.write_number(
                line, column, draw.random.choice((1e300, -0.0, 1e-300, 420103, 91420100400010.0, 2958466))
            )
        case 1:
            page.write_datetime(line, column, dt.datetime(2026, 5, 1), made.add_format({"num_format": "yyyy/m/d"}))
        case 2:
            wild = draw.random.choice((-1, 0, 0.5, 60, 1e10, 2958466))
            page.write_number(line, column, wild, made.add_format({"num_format": "yyyy年m月d日 hh:mm"}))
        case 3:
            page.write_formula(line, column, "=1/0", None, draw.random.choice(("#DIV/0!", "#N/A", "#NAME?", "")))
        case 4:
            page.write_formula(line, column, '=HYPERLINK("http://x","y")', None, text)
        case 5:
            page.write_boolean(line, column, draw.chance(0.5))
        case 6:
            page.write_url(line, column, "external:/etc/passwd", None, text[:200])
        case 7:
            page.write_comment(line, column, "批注" * 100)
        case _:
            page.write_string(line, column, draw.random.choice(DIRT)[:32_000])


def as_it_is(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    return _book(draw, rows)


def counting_from_1904(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    return _book(draw, rows, options={"date_1904": True})


def sheets_before_and_hidden(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    return _book(draw, rows, before=("封面", "说明 &<>", "目录" * 10))


def many_sheets(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    return _book(draw, rows, before=tuple(f"第{number}页" for number in range(draw.some(200))))


def merged_cells(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as made:
        page = made.add_worksheet("数据")
        top = draw.random.choice((0, 1))
        if top:
            page.merge_range(0, 0, 0, len(rows.headings) - 1, "二〇二六年报表")
        page.write_row(top, 0, rows.headings)
        for line, row in enumerate(rows.rows, top + 1):
            page.write_row(line, 0, row)
        bottom = top + 1 + len(rows.rows)
        page.merge_range(bottom, 0, bottom + draw.some(1000), draw.some(50), "合并")
    return target.getvalue()


def broken_bytes(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    return broken(draw, _book(draw, rows))


def cut_off(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    content = _book(draw, rows)
    return content[: draw.random.randrange(len(content))]


def broken_xml(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    name = draw.random.choice((SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml"))
    return _with(_book(draw, rows), name, lambda xml: broken(draw, xml))


def a_part_lost(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    name = draw.random.choice((SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"))
    return _with(_book(draw, rows), name, None)


def a_part_twice(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    target = io.BytesIO(_book(draw, rows))
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as packed:
        warnings.simplefilter("ignore")
        packed.writestr(SHEET, packed.read(SHEET).replace(b"</sheetData>", b"</sheetData>" * 2))
        packed.writestr("../../../../tmp/slip.xml", "x")
    return target.getvalue()


def entities(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    """Billion laughs, an entity that is a file, or one that is long and often used."""
    known.clear()
    doctype = draw.random.choice((LAUGHS, SECRET, QUADRATIC)) + "]>"
    name = draw.random.choice((SHEET, STRINGS))

    def change(xml: bytes) -> bytes:
        start = xml.index(b"?>") + 2
        body = re.sub(rb"<(t|v)>[^<]*<", rb"<\1>" + b"&a9;" * draw.random.choice((1, 100)) + b"<", xml[start:], count=9)
        return xml[:start] + doctype.encode() + body

    return _with(_book(draw, rows), name, change)


def wild_places(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    """Cells at the end of the world, beyond it, or nowhere; strings that are not there; dimensions that lie."""
    known.clear()
    cells = (
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        '<row r="4294967295"><c r="ZZZZZZ4294967295"><v>1</v></c></row>',
        '<row r="99999999999999999999"><c r="A99999999999999999999"><v>1</v></c></row>',
        '<row r="-1"><c r="A0"><v>1</v></c></row>',
        "<row><c><v>1</v></c></row>",
        '<row r="90"><c r="90A"><v>1</v></c></row>',
        '<row r="90"><c r="A90" t="s"><v>999999999</v></c></row>',
        '<row r="90"><c r="A90" s="99999"><v>1e999</v></c></row>',
        '<row r="90"><c r="A90" t="d"><v>2026-13-45T99:99:99</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c></row>',
        "".join(f'<row r="{line}"/>' for line in range(100, 50_000)),
    )
    added = draw.random.choice(cells).encode()

    def change(xml: bytes) -> bytes:
        if draw.chance(0.3):
            xml = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml)
        return xml.replace(b"</sheetData>", added + b"</sheetData>")

    return _with(_book(draw, rows), SHEET, change)


def deep_nesting(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    known.clear()
    depth = draw.random.choice((1_000, 100_000))
    inside = b"<is>" * depth + b"</is>" * depth
    return _with(_book(draw, rows), SHEET, lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + inside))


def another_format(draw: Draw, rows: Rows, known: dict[str, object]) -> bytes:
    """What is called a workbook and is none: a page of HTML, text, an OLE file, a document, a .zip."""
    known.clear()
    known["fate"] = ""
    cells = "".join(f"<td>{heading}</td>" for heading in rows.headings)
    return draw.random.choice(
        (
            f"<html><body><table><tr>{cells}</tr></table></body></html>".encode(),
            ",".join(rows.headings).encode("gb18030") + b"\r\n1\r\n",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + draw.random.randbytes(5_000),
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 20 + b"\xff" * 492 + b"\x09\x08\x10\x00" * 2_000,
            b"%PDF-1.7\n",
            b"{\\rtf1}",
        )
    )


ODDITIES: tuple[Callable[[Draw, Rows, dict[str, object]], bytes], ...] = (
    *(as_it_is, as_it_is, as_it_is, counting_from_1904, sheets_before_and_hidden, many_sheets, merged_cells),
    *(broken_bytes, cut_off, broken_xml, broken_xml, a_part_lost, a_part_twice, entities, wild_places, wild_places),
    *(deep_nesting, another_format),
    *USUAL,
)


def _with(content: bytes, name: str, change: Callable[[bytes], bytes] | None) -> bytes:
    """The same archive with one part changed, or without it."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename != name:
                new.writestr(part, data)
            elif change:
                new.writestr(part.filename, change(data))
    return target.getvalue()


@cache
def zeros(megabytes: int) -> bytes:
    """A raw deflate stream of so many megabytes of spaces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = b" " * (1 << 20)
    return b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()


def packed_bomb(draw: Draw) -> Case:
    """A sheet that unpacks to hundreds of megabytes of spaces, of rows, or of one text."""
    rows = draw.rows(3)
    kind = draw.random.choice(("spaces", "rows", "text", "strings"))
    million = 1_000_000
    row = b'<row><c t="inlineStr"><is><t>x</t></is></c></row>'

    def change(xml: bytes) -> bytes:
        if kind == "spaces":
            return xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 300 * million)
        if kind == "rows":
            return xml.replace(b"</sheetData>", row * 4 * million + b"</sheetData>")
        if kind == "text":
            return xml.replace(b"</sheetData>", row.replace(b"x", b"x" * 200 * million) + b"</sheetData>")
        return xml.replace(b"</sst>", b"<si><t>x</t></si>" * 12 * million + b"</sst>")

    content = _with(_book(draw, rows), STRINGS if kind == "strings" else SHEET, change)
    fate = "" if kind in ("spaces", "strings") else REFUSED
    return draw.case(f"book: a bomb of {kind}", rows.place, ".xlsx", content, fate=fate if kind != "rows" else "")


HEAVY = (packed_bomb,)
