"""A workbook flows in; the rows of its pages with the promised headings flow out, each cell as it was meant."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa

from spark_jobs.lake.columns import LINES_A_PAGE, numbers_mark
from spark_jobs.landing.formats.book import Book, refuse_zip_bomb, refusing
from spark_jobs.landing.formats.cell_text import FIRST_LOST, cell_text
from spark_jobs.landing.formats.heading_rows import (
    SAMPLE,
    STROKES,
    Nameless,
    PassedOver,
    closing,
    find_headings,
    is_headings_again,
    is_sum,
    numbers_columns,
    refuse_headings_above,
    refuse_late_headings,
    refuse_other_headings,
    says_nothing_to_report,
)
from spark_jobs.landing.formats.matching import refuse_unit_below, tell_unit, with_unit
from spark_jobs.landing.formats.merged import filled_rows
from spark_jobs.landing.formats.number_formats import seen
from spark_jobs.landing.formats.pages import Page, arrange, choose
from spark_jobs.landing.formats.sheet import (
    NO_NUMBERING,
    WRONG_WIDTH,
    Rows,
    Sheet,
    Source,
    Told,
    Unreadable,
    excess,
    shown,
)
from spark_jobs.landing.formats.xlsx_pages import Marks

HEADING_ROWS = 20
# What a sum, a signature or a nil report has in its first cell.
MAY_CLOSE = re.compile("[:：计无零元页]|没有|未发生|单位|^\\d{4}年|^\\d{1,2}[.、)）]")
LOST_DIGITS = "数字超过 15 位，Excel 已丢失末位，请将该列设为文本格式后重新填写"
ANOTHER_AMOUNT = "单元格的数字格式显示的金额，与单元格里的数不一致；请改正后重新填写"
OVER_COLUMNS = "合并单元格横跨了几列，不知道内容属于哪一列；请取消合并后逐格填写"


def open_spreadsheet(source: Source) -> Sheet:
    """Opens the visible pages that have the promised headings."""
    if zipfile.is_zipfile(source.path):
        refuse_zip_bomb(source)
    told = Told()
    with refusing():
        book = Book(source)
        pages = [page for name, is_hidden in book.pages() if (page := _page(source, book, name, is_hidden))]
    if not pages:
        raise Unreadable("工作簿里没有任何内容。请把列名放在第一行、数据从第二行开始。")
    if all(not page.below and says_nothing_to_report(page.headings) for page in pages):
        return Sheet([], iter(()), _format(source), Told(is_nil=True))
    read = choose(source, pages, told)
    headings, cells_of = arrange(source, read)
    if len(headings) > source.limits.columns:
        raise excess("文件有", len(headings), source.limits.columns, "列", "columns")
    batches = _batches(source, book, read, cells_of, headings, told)
    return Sheet(headings, batches, _format(source), told)


def _format(source: Source) -> str:
    return Path(source.name).suffix.lower().lstrip(".")


def _page(source: Source, book: Book, name: str, is_hidden: bool) -> Page | None:
    """What the first rows of a page say; None for one with nothing on it."""
    values = book.values(name)
    first = [[cell_text(cell) for cell in cells] for cells in islice(values.iter_rows(), HEADING_ROWS + SAMPLE)]
    headed = find_headings(source, first[:HEADING_ROWS])
    if headed is None:
        return None
    refuse_late_headings(source, headed, first, HEADING_ROWS, (values.start or (0, 0))[0])
    told, left = Told(), (values.start or (0, 0))[1]
    above, below = first[: headed.row - headed.rows + 1], first[headed.row + 1 :]
    named = [place for place, cell in enumerate(headed.cells) if cell]
    unit = tell_unit(source, above, headed.cells, told, name)
    headings = with_unit(source, [headed.cells[place] for place in named], unit)
    told.is_nil = any(map(says_nothing_to_report, above))
    # On a page without promised headings, what was looked at as one is a row too.
    rows = (values.end or (0, 0))[0] - headed.row + (0 if headed.promised else headed.rows)
    return Page(name, is_hidden, headed, headings, named, left, above, below, told, rows)


def _batches(
    source: Source,
    book: Book,
    pages: Sequence[Page],
    cells_of: Mapping[str, list[int | None]],
    headings: list[str],
    told: Told,
) -> Iterator[pa.RecordBatch]:
    rows, passed = Rows(headings, source.limits), PassedOver()
    for number, page in enumerate(pages):
        reading = _Reading.of(source, book, page, told, passed, number * LINES_A_PAGE, len(pages) > 1)
        places = cells_of[page.name]
        for line, cells, fault, numbers in reading.rows():
            if fault:
                rows.add_wrong(line, ",".join(cells), fault, reading.page_name)
            else:
                arranged = ["" if place is None else cells[place] for place in places]
                rows.add(line, arranged, reading.page_name, numbers)
            reading.count += 1
            yield from rows.take()
        told.pages[page.name] = reading.count
    yield from rows.take(is_last=True)
    passed.tell(told)


# A row's line, its texts by place on its page, what is wrong with it, and the columns whose cells are numbers.
Row = tuple[int, list[str], str, str | None]


@dataclass
class _Reading:
    """The reading of one page."""

    source: Source
    book: Book
    page: Page
    told: Told
    passed: PassedOver
    before: int
    page_name: str | None
    nameless: Nameless
    keys: list[int]
    columns: dict[int, tuple[str, ...]]
    marks: Marks
    begins: frozenset[str]
    numeric: dict[tuple[int, ...], str | None] = field(default_factory=dict)
    mark: int = 0
    count: int = 0

    @classmethod
    def of(
        cls,
        source: Source,
        book: Book,
        page: Page,
        told: Told,
        passed: PassedOver,
        before: int,
        is_one: bool,
    ) -> _Reading:
        with refusing():
            marks = book.marks(page.name)
        columns: dict[int, tuple[str, ...]] = {}
        for heading, place in zip(page.headings, page.named, strict=True):
            columns[place] = tuple(source.promises.scales(heading))
        refuse_headings_above(source, page.above, f"{page.name if is_one else ''}第 {page.headed.row + 1} 行")
        keys = [place for place, names in columns.items() if set(names) & set(source.contract.key)]
        where = f"工作表“{page.name}”：" if is_one else ""
        if hidden := [row + 1 for row in marks.hidden if row > page.headed.row]:
            told.remarks.append(f"{where}隐藏的行已一并读取：第 {_some(hidden)} 行。")
        places = zip(page.headings, page.named, strict=True)
        if unseen := [heading for heading, place in places if place + page.left in marks.hidden_columns]:
            told.remarks.append(f"{where}隐藏的列已一并读取：{'、'.join(f'“{shown(name, 40)}”' for name in unseen)}。")
        nameless = Nameless.of(page.headed.cells, page.below, page.left + 1)
        told.remarks += [f"{where}{said}" for said in page.told.remarks]
        told.is_nil = told.is_nil or page.told.is_nil
        name, begins = page.name if is_one else None, frozenset(page.begins(source))
        return cls(source, book, page, told, passed, before, name, nameless, keys, columns, marks, begins)

    def rows(self) -> Iterator[Row]:
        """The rows that are data, or would be."""
        faults, has_formats, has_nameless = (
            self.marks.faults,
            len(self.marks.rows) > 0,
            self.nameless != Nameless((), ()),
        )
        with refusing():
            values = self.book.values(self.page.name)
            for row, cells, is_over_columns in filled_rows(values, self.page.headed.row, self.page.named):
                texts = [cell if type(cell) is str else cell_text(cell) for cell in cells]
                if not any(texts) and row not in faults:
                    continue
                numbers = [place for place, cell in enumerate(cells) if type(cell) is float]
                fault = faults.get(row) or (LOST_DIGITS if _has_lost_digits(cells, numbers) else "")
                if has_formats:
                    fault = fault or self._as_seen(row, texts, numbers)
                if self._is_data(row, texts):
                    fault = fault or (self._outside(texts) if has_nameless else "")
                    fault = fault or (OVER_COLUMNS if is_over_columns else "")
                    yield self.before + row + 1, texts, fault, self._numbers(numbers) if numbers else None

    def _as_seen(self, row: int, texts: list[str], numbers: list[int]) -> str:
        """Puts what a person sees of numbers with a unit, or with zeros before them, in the place of the numbers."""
        fault, marks = "", self.marks
        while self.mark < len(marks.rows) and marks.rows[self.mark] <= row:
            place = marks.columns[self.mark] - self.page.left
            if marks.rows[self.mark] == row and place in numbers and self.columns.get(place):
                column = self.source.contract.column(self.columns[place][0])
                code, is_text = self.book.format(marks.formats[self.mark]), column.type == "string" and not column.parse
                text = seen(code, texts[place], column.parse is not None, is_text)
                fault = fault or ("" if text else ANOTHER_AMOUNT)
                if text and text != texts[place]:
                    texts[place] = text
                    numbers.remove(place)
            self.mark += 1
        return fault

    def _is_data(self, row: int, texts: list[str]) -> bool:
        """Whether a row is neither headings again, nor a sum or signature, nor empty but for its number."""
        first = texts[self.page.named[0]]
        if row == self.page.headed.row + 1 and numbers_columns([texts[place] for place in self.page.named]):
            self.passed.closing.append(f"{self.page_name or ''}第 {row + 1} 行“栏次”")
            return False
        is_alone = texts.count("") >= len(texts) - 2 or first in STROKES
        if (
            first
            and not is_alone
            and first not in self.begins
            and not MAY_CLOSE.search(first)
            and self._is_keyed(texts)
        ):
            return True
        named = [texts[place] for place in self.page.named]
        if not any(map(str.strip, named)):
            others = (texts[place] for place in self.nameless.others if place < len(texts))
            return any(map(str.strip, others)) or row in self.marks.faults
        where = f"{self.page_name or ''}第 {row + 1} 行"
        if is_headings_again([self.page.headed.cells[place] for place in self.page.named], named):
            self.passed.again.append(where)
        elif says_nothing_to_report(texts):
            self.told.is_nil = True
            self.passed.nothing.append(where)
        elif word := closing(texts, self.keys):
            if not is_sum(word):
                self._refuse_unit(texts, where)
            self.passed.closing.append(f"{where}“{shown(word, 20)}”")
        else:
            refuse_other_headings(self.source, named, where)
            if not any(texts[key].strip() for key in self.keys if key != self.page.named[0]):
                self._refuse_unit(texts, where)
            return True
        return False

    def _refuse_unit(self, texts: list[str], where: str) -> None:
        delivered = [self.page.headed.cells[place] for place in self.page.named]
        refuse_unit_below(self.source, delivered, self.page.headings, texts, where)

    def _is_keyed(self, texts: list[str]) -> bool:
        return all(texts[key] and not texts[key].isspace() for key in self.keys)

    def _outside(self, texts: list[str]) -> str:
        """What is wrong with a row that has something in a column without a heading."""
        for place in self.nameless.numbering:
            if texts[place].strip() and not (texts[place].isascii() and texts[place].isdigit()):
                return NO_NUMBERING
        return WRONG_WIDTH if any(texts[place].strip() for place in self.nameless.others if texts[place]) else ""

    def _numbers(self, places: list[int]) -> str | None:
        """The columns whose cells are numbers, as `_numbers` has them; few combinations come again and again."""
        key = tuple(places)
        if key not in self.numeric:
            self.numeric[key] = numbers_mark(name for place in places for name in self.columns.get(place, ()))
        return self.numeric[key]


def _some(rows: Sequence[int]) -> str:
    return "、".join(map(str, rows[:10])) + (f" 等 {len(rows)}" if len(rows) > 10 else "")


def _has_lost_digits(cells: Sequence[object], numbers: Sequence[int]) -> bool:
    return any(abs(cells[place]) >= FIRST_LOST for place in numbers)  # type: ignore[arg-type]
