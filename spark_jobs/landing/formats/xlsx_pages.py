"""An .xlsx workbook flows in; what python-calamine does not say of its cells flows out.

python-calamine gives an error value and a formula without a saved result as empty cells, knows no number formats, and
takes memory for every cell up to the last one, be it a blank in XFD1048576.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path, PurePosixPath
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.landing.formats.number_formats import BUILT_IN, changes_what_is_seen
from spark_jobs.landing.formats.sheet import Unreadable

# Every repetition has its bound: the text is a stranger's, and patterns without one can take forever.
CHUNK, INDEX, LAST_CELLS = 4 << 20, 16 << 20, 40_000
CELL = re.compile(
    rb"<(?:\w{1,9}:)?c(\s[^>]{0,400}?)?(?:/>|>(.{0,200000}?)</(?:\w{1,9}:)?c>)",
    re.DOTALL,
)
PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
KIND = re.compile(rb"""\bt=["'](\w{1,20})["']""")
STYLE = re.compile(rb"""\bs=["'](\d{1,6})["']""")
VALUE = re.compile(rb"<(?:\w{1,9}:)?[vt](?:\s[^>]{0,200})?>([^<]{0,100000})<")
FORMULA = re.compile(rb"<(?:\w{1,9}:)?f[\s/>]")
ATTRIBUTE = re.compile(r"""([\w:]{1,64})\s?=\s?(?:"([^"]*)"|'([^']*)')""")
NO_RESULT = "单元格是公式，文件里没有它的结果；请用 Excel 或 WPS 打开后保存"
NO_PLACE = "工作簿的单元格没有写明位置，无法可靠读取。请用 Excel 或 WPS 打开后另存为 .xlsx。"
# For Arrow, which is ten times as fast as Python's own expressions: what only few workbooks have.
STRANGE = (
    r"""\st=["']e["']|</(\w+:)?f>\s*(<(\w+:)?v\s*/>|<(\w+:)?v>\s*</(\w+:)?v>)?\s*</(\w+:)?c>"""
    r"""|<(\w+:)?f(\s[^>]*)?/>\s*(<(\w+:)?v\s*/>|<(\w+:)?v>\s*</(\w+:)?v>)?\s*</(\w+:)?c>"""
)
ZERO_RESULT = r"""|</(\w+:)?f>\s*<(\w+:)?v>0</"""
HIDDEN_ROW = r"""<(\w+:)?row\s[^>]*hidden=["'](1|true)["']"""
ROW = re.compile(rb"""<(?:\w{1,9}:)?row\s(?:[^>]{0,400}?\s)?r=["'](\d{1,7})["'][^>]{0,400}>""")
HIDDEN = re.compile(rb"""\shidden=["'](?:1|true)["']""")
COLUMNS = re.compile(rb"<(?:\w{1,9}:)?col\s[^>]{0,400}>")
FROM_TO = re.compile(rb"""\s(min|max)=["'](\d{1,5})["']""")
MOST_COLUMNS = 16_384
FAR_COLUMN = r"""\sr=["'][A-Z]{3}[0-9]"""
# Lines beyond the rows there are, and cells beyond those that hold something, before memory is spared.
FAR_ROWS, SPARE_CELLS, SPARSE = 10_000, 4_000_000, 50


@dataclass
class Marks:
    """What is strange about a page's cells: the fault of each row (from 0) that has one, and formats by cell.

    `rows`, `columns` and `formats` have an entry a cell in the order of the page; a format is its index in the book.
    `is_sparse`: cells lie far from one another. `hidden`, `hidden_columns`: the rows and columns that nobody sees.
    """

    faults: dict[int, str] = field(default_factory=dict)
    rows: array[int] = field(default_factory=lambda: array("I"))
    columns: array[int] = field(default_factory=lambda: array("H"))
    formats: array[int] = field(default_factory=lambda: array("H"))
    is_sparse: bool = False
    hidden: list[int] = field(default_factory=list)
    hidden_columns: set[int] = field(default_factory=set)


class Workbook:
    """The parts of an .xlsx file; `beat` says that work goes on."""

    def __init__(self, path: Path, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._archive = zipfile.ZipFile(path)
        self._parts = {info.filename: info for info in self._archive.infolist()}
        self._book = next((PurePosixPath(name) for name in self._parts if name.endswith("/workbook.xml")), None)
        links = self._links()
        self.pages = {name: part for name, target in self._targets(links) if (part := self._part(target))}
        self.formats = self._formats()
        styles = [str(style) for style, code in enumerate(self.formats) if code]
        self._styled = rf"""|<(\w+:)?c(\s[^>]*)?\ss=["']({"|".join(styles)})["']""" if styles else ""
        self._is_uncalculated = any(
            element.get("fullCalcOnLoad") in ("1", "true") for element in self._elements(self._book, "calcPr")
        )

    def _links(self) -> dict[str, str]:
        """The targets of the workbook's links by their identity."""
        if self._book is None:
            return {}
        links = self._book.parent / "_rels" / f"{self._book.name}.rels"
        return {link.get("Id", ""): link.get("Target", "") for link in self._elements(links, "Relationship")}

    def _targets(self, links: dict[str, str]) -> Iterator[tuple[str, str]]:
        for sheet in self._elements(self._book, "sheet"):
            target = next((links.get(value, "") for key, value in sheet.items() if key.endswith(":id")), "")
            yield sheet.get("name", ""), target

    def _part(self, target: str) -> zipfile.ZipInfo | None:
        parent = self._book.parent if self._book else PurePosixPath()
        return self._parts.get(target.lstrip("/") if target.startswith("/") else f"{parent}/{target}")

    def _text(self, name: PurePosixPath | None) -> str:
        """A part's text; read as text, so that no entity is ever expanded."""
        if name is None or str(name) not in self._parts:
            return ""
        with self._archive.open(self._parts[str(name)]) as content:
            return content.read(INDEX).decode(errors="replace")

    def _elements(self, name: PurePosixPath | None, kind: str) -> Iterator[dict[str, str]]:
        """The attributes of a part's elements of that kind."""
        return elements(self._text(name), kind)

    def _formats(self) -> list[str]:
        """By style the code of a number format that shows another number than the cell holds, else nothing."""
        text = self._text(self._book.parent / "styles.xml" if self._book else None)
        built_in = {str(number): code for number, code in BUILT_IN.items()}
        own = {format_.get("numFmtId", ""): format_.get("formatCode", "") for format_ in elements(text, "numFmt")}
        strange = {number: code for number, code in {**built_in, **own}.items() if changes_what_is_seen(code)}
        begin, end = text.find("cellXfs"), text.rfind("cellXfs")
        return [strange.get(style.get("numFmtId", ""), "") for style in elements(text[begin:end], "xf")]

    def marks(self, page: str) -> Marks:
        """What is strange about a page's cells; only parts that hold anything strange are looked at closely."""
        marks, seen, last = Marks(), 0, 0
        pattern = STRANGE + self._styled + (ZERO_RESULT if self._is_uncalculated else "")
        for text in self._pieces(page):
            if _has(text, pattern):
                self._look(text, marks)
            if _has(text, HIDDEN_ROW):
                marks.hidden += (int(row[1]) - 1 for row in ROW.finditer(text) if HIDDEN.search(row[0]))
            marks.hidden_columns |= {*_hidden_columns(text)} if seen == 0 else set()
            seen += text.count(b"</row>") + text.count(b":row>")
            rows = PLACE.findall(text[-LAST_CELLS:])
            last = max(last, int(rows[-1][1])) if rows else last
            marks.is_sparse = marks.is_sparse or _has(text, FAR_COLUMN)
        marks.is_sparse = marks.is_sparse or last > 2 * seen + FAR_ROWS
        return marks

    def _pieces(self, page: str) -> Iterator[bytes]:
        """A page's text, cut between cells."""
        if page not in self.pages:
            return
        with self._archive.open(self.pages[page]) as content:
            held = b""
            while chunk := content.read(CHUNK):
                held += chunk
                cut = max(held.rfind(b"</c>") + 4, held.rfind(b":c>") + 3)
                if cut < 5:
                    cut = max(held.rfind(b"<"), 0)
                yield held[:cut]
                held = held[cut:]
                self._beat()
            yield held

    def _look(self, text: bytes, marks: Marks) -> None:
        """Takes down the cells of a piece that are strange."""
        for cell in CELL.finditer(text):
            attributes, content = cell[1] or b"", cell[2] or b""
            style, kind = STYLE.search(attributes), KIND.search(attributes)
            code = int(style[1]) if style and int(style[1]) < len(self.formats) and self.formats[int(style[1])] else -1
            fault = self._fault(kind[1] if kind else b"n", content)
            if not fault and code < 0:
                continue
            place = PLACE.search(attributes)
            if place is None:
                raise Unreadable(NO_PLACE)
            row = int(place[2]) - 1
            if fault:
                marks.faults[row] = fault
            else:
                marks.rows.append(row)
                marks.columns.append(column_number(place[1]))
                marks.formats.append(code)

    def _fault(self, kind: bytes, content: bytes) -> str:
        """What is wrong with a cell: an error value, or a formula whose result was never saved."""
        value = VALUE.search(content)
        if kind == b"e":
            return f"单元格是错误值 {value[1].decode(errors='replace') if value else '#?'}"
        if not FORMULA.search(content) or kind == b"str":
            return ""
        is_there = value is not None and value[1].strip() and not (self._is_uncalculated and value[1].strip() == b"0")
        return "" if is_there else NO_RESULT

    def without_blanks(self, sparse: set[str]) -> IO[bytes]:
        """A copy of the workbook in which these pages have no cell without content; a far one with content is named."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 (it goes with its last reader)
        blanks, pages = self._blank_strings(), {self.pages[page].filename: page for page in sparse}
        with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for info in self._archive.infolist():
                with archive.open(info.filename, "w") as target:
                    if info.filename in pages:
                        self._write_without_blanks(pages[info.filename], blanks, target)
                        continue
                    with self._archive.open(info) as content:
                        while chunk := content.read(CHUNK):
                            target.write(chunk)
        copy.seek(0)
        return copy

    def _write_without_blanks(self, page: str, blanks: set[bytes], target: IO[bytes]) -> None:
        extent = _Extent()

        def kept(cell: re.Match[bytes]) -> bytes:
            attributes, content = cell[1] or b"", cell[2] or b""
            kind, values = KIND.search(attributes), b"".join(VALUE.findall(content)).strip()
            is_blank = not values or (kind and kind[1] == b"s" and values in blanks)
            if is_blank and not FORMULA.search(content):
                return b""
            if place := PLACE.search(attributes):
                extent.add(int(place[2]), column_number(place[1]) + 1, place[0])
            return cell[0]

        for text in self._pieces(page):
            target.write(CELL.sub(kept, text))
        extent.refuse_far(page)

    def _blank_strings(self) -> set[bytes]:
        """The numbers of shared strings that hold nothing but blanks."""
        text = self._text(self._book.parent / "sharedStrings.xml" if self._book else None)
        items = re.split(r"<(?:\w{1,9}:)?si(?:\s[^>]{0,200})?/?>", text)[1:]
        texts = ("".join(re.findall(r"<(?:\w{1,9}:)?t(?:\s[^>]{0,200})?>([^<]*)<", item)) for item in items)
        return {str(number).encode() for number, text in enumerate(texts) if not text.strip()}


@dataclass
class _Extent:
    """How far the cells of a page reach that hold something."""

    cells: int = 0
    row: int = 0
    column: int = 0
    lowest: bytes = b""
    rightmost: bytes = b""

    def add(self, row: int, column: int, place: bytes) -> None:
        self.cells += 1
        if row > self.row:
            self.row, self.lowest = row, place
        if column > self.column:
            self.column, self.rightmost = column, place

    def refuse_far(self, page: str) -> None:
        if self.row * self.column <= SPARE_CELLS + SPARSE * self.cells:
            return
        place = self.rightmost if self.column > SPARSE * 10 else self.lowest
        cell = re.sub(r"""r=|["']""", "", place.decode())
        raise Unreadable(f"工作表“{page}”的单元格 {cell} 里有内容，离其他数据太远。请删除其内容，保存后重新报送。")


def _hidden_columns(text: bytes) -> Iterator[int]:
    """The columns (from 0) that a page's beginning says are hidden."""
    for columns in COLUMNS.finditer(text):
        if HIDDEN.search(columns[0]):
            reach = dict(FROM_TO.findall(columns[0]))
            yield from range(int(reach.get(b"min", 1)) - 1, min(int(reach.get(b"max", 0)), MOST_COLUMNS))


def column_number(letters: bytes) -> int:
    """A column's number (from 0) by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def elements(text: str, kind: str) -> Iterator[dict[str, str]]:
    """The attributes of the elements of that kind."""
    # A format's code may hold a > as it is.
    one = r"""\s{1,9}[\w:.-]{1,64}\s?=\s?(?:"[^"]{0,2000}"|'[^']{0,2000}')"""
    for element in re.finditer(rf"<(?:\w{{1,9}}:)?{kind}((?:{one}){{1,60}})\s{{0,9}}/?>", text):
        yield {
            key: unescape(double_quoted or single_quoted)
            for key, double_quoted, single_quoted in ATTRIBUTE.findall(element[1])
        }


def _has(text: bytes, pattern: str) -> bool:
    return bool(pc.match_substring_regex(pa.array([text], pa.binary()), pattern)[0].as_py())
