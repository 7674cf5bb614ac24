"""A workbook flows in; the values of its pages, and what is strange about their cells, flow out."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from spark_jobs.landing.formats.packed import refuse_bomb
from spark_jobs.landing.formats.sheet import Source, Unreadable, excess
from spark_jobs.landing.formats.xls_cells import marks_of_xls
from spark_jobs.landing.formats.xlsx_pages import Marks, Workbook

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError)
BROKEN = "不是可读的 Excel 文件：已损坏，或没有传完整。请用 Excel 或 WPS 打开确认，重新另存为 .xlsx 后报送。"


class Book:
    """A workbook as two readers see it: python-calamine its values, and ours what that one does not say."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._xlsx = Workbook(source.path, source.beat) if zipfile.is_zipfile(source.path) else None
        self._marks = {page: self._xlsx.marks(page) for page in self._xlsx.pages} if self._xlsx else {}
        self._formats = self._xlsx.formats if self._xlsx else []
        sparse = {page for page, marks in self._marks.items() if marks.is_sparse}
        if self._xlsx and sparse:
            self._values = CalamineWorkbook.from_filelike(self._xlsx.without_blanks(sparse))
        else:
            self._values = CalamineWorkbook.from_path(str(source.path))
        self._held: dict[str, CalamineSheet] = {}

    def pages(self) -> Iterator[tuple[str, bool]]:
        """The names of the pages with cells, each with whether it is hidden."""
        for listed in self._values.sheets_metadata:
            if listed.typ == SheetTypeEnum.WorkSheet:
                yield listed.name, listed.visible != SheetVisibleEnum.Visible

    def values(self, page: str) -> CalamineSheet:
        """A page's values; only the last one is held in memory."""
        if page not in self._held:
            self._held.clear()
            self._held[page] = self._values.get_sheet_by_name(page)
        self._source.beat()
        return self._held[page]

    def marks(self, page: str) -> Marks:
        """What is strange about a page's cells."""
        if self._xlsx:
            return self._marks.get(page, Marks())
        marks, self._formats = marks_of_xls(self._source.path, page)
        return marks

    def format(self, number: int) -> str:
        """A number format's code."""
        return self._formats[number]


@contextmanager
def refusing() -> Iterator[None]:
    """What python-calamine says of a workbook that it cannot read, panics included, as a refusal."""
    try:
        yield
    except PasswordError:
        raise Unreadable("工作簿加了密码，无法读取。请去掉密码后重新报送。") from None
    except (CalamineError, ValueError, *BROKEN_ZIP):
        raise Unreadable(BROKEN) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a type that pyo3 lets nobody import
            raise
        raise Unreadable(BROKEN) from None


def refuse_zip_bomb(source: Source) -> None:
    """A workbook is a zip: what it says it unpacks to is checked before anything of it is unpacked."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            infos = archive.infolist()
    except (ValueError, *BROKEN_ZIP):
        raise Unreadable(BROKEN) from None
    if len(infos) > source.limits.members:
        raise excess("工作簿里有", len(infos), source.limits.members, "个部件", "members")
    refuse_bomb(source.path.stat().st_size, sum(info.file_size for info in infos), source.limits)
