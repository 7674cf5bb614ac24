"""A file of any format flows in; the sheet that its contract asks for flows out."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.contract import Format
from spark_jobs.landing.formats.hj212 import is_frames, open_frames
from spark_jobs.landing.formats.separated import open_separated
from spark_jobs.landing.formats.sheet import Sheet, Source, Unreadable, excess, shown

FAMILIES: dict[Format, tuple[str, ...]] = {
    "csv": (".csv", ".tsv", ".txt"),
    "xlsx": (".xlsx", ".xls"),
    "json": (".json", ".jsonl", ".ndjson"),
    "parquet": (".parquet",),
    "hj212": (".hj212", ".txt", ".log"),
}
# Whose files are text.
TEXTS = {*FAMILIES["csv"], *FAMILIES["json"], *FAMILIES["hj212"]}
OLE = bytes.fromhex("D0CF11E0A1B11AE1")
# What a file evidently is, by how it begins, and the suffixes that say so.
MAGIC = (
    (b"PK\x03\x04", "Excel 工作簿（.xlsx）或压缩包（.zip）", (".xlsx",)),
    (b"PK\x05\x06", "空的压缩包（.zip）", ()),
    (OLE, "旧版 Excel 工作簿（.xls）或加了密码的工作簿", (".xls",)),
    (b"PAR1", "Parquet 文件", (".parquet",)),
    (b"\x1f\x8b", "gzip 压缩文件（.gz）", ()),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip 压缩包", ()),
    (b"Rar!", "RAR 压缩包", ()),
    (b"%PDF", "PDF 文件", ()),
    (b"{\\rtf", "RTF 文档", ()),
    (b"ID;P", "SYLK 表格（.slk）", ()),
    (b"\x89PNG", "图片", ()),
    (b"\xff\xd8\xff", "图片", ()),
)
# What Excel and WPS open and save as a workbook, and what packs files as we do not unpack them.
SAVED_AS = (".et", ".ett", ".ods", ".xlsm", ".xlsb", ".htm", ".html", ".mht", ".mhtml", ".xml", ".dbf", ".slk", ".dif")
PACKED = (".rar", ".7z", ".tar", ".tgz", ".bz2", ".xz")
WEB_PAGE, XML = "网页（HTML）", " XML 文件"
PAGE_BEGINS = (
    *(b"<html", b"<!doctype", b"<!--", b"<table", b"<meta", b"<head", b"<body", b"<div", b"<style"),
    b"mime-version:",
)
JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*\{|\{)\s*"')
PASSWORD = "EncryptedPackage".encode("utf-16-le")


def open_sheet(source: Source) -> Sheet:
    """Opens a file by its suffix; refuses a format that was not agreed, and content that is another format."""
    suffix = Path(source.name).suffix.lower()
    formats = source.contract.delivery.formats if source.contract.delivery else tuple(FAMILIES)
    families = [name for name in formats if suffix in FAMILIES[name]]
    if not families:
        agreed = "、".join(dict.fromkeys(suffix for name in formats for suffix in FAMILIES[name]))
        given = f"不接收“{shown(suffix, 50)}”格式的文件" if suffix else "文件名没有扩展名，不知道是什么格式"
        how = "请用 Excel 或 WPS 打开后另存为 .xlsx。" if suffix in SAVED_AS and "xlsx" in formats else ""
        how = "请改用 .zip 压缩。" if suffix in PACKED else how
        raise Unreadable(f"{given}。请报送 {agreed} 文件，可用 .gz 或 .zip 压缩。{how}")
    size = source.path.stat().st_size
    if size == 0:
        raise Unreadable("文件是空的（0 字节）。请重新导出后报送。")
    if size > source.limits.bytes:
        raise excess("文件有", size, source.limits.bytes, "字节", "bytes")
    _refuse_disguise(source, suffix)
    if "hj212" in families and (len(families) == 1 or is_frames(source)):
        return open_frames(source)
    return _open(source, families[0])


def _open(source: Source, family: Format) -> Sheet:
    if family == "csv":
        return open_separated(source)
    if family == "xlsx":
        from spark_jobs.landing.formats.spreadsheet import open_spreadsheet

        return open_spreadsheet(source)
    if family == "json":
        from spark_jobs.landing.formats.json_rows import open_json

        return open_json(source)
    from spark_jobs.landing.formats.parquet import open_parquet

    return open_parquet(source)


def _refuse_disguise(source: Source, suffix: str) -> None:
    with source.path.open("rb") as file:
        head = file.read(4096)
        really = next(((what, names) for magic, what, names in MAGIC if head.startswith(magic)), None)
        if head.startswith(OLE) and suffix in FAMILIES["xlsx"] and PASSWORD in head + file.read(16 << 20):
            raise Unreadable("工作簿加了密码，无法读取。请去掉密码后重新报送。")
    if really and suffix not in really[1]:
        raise Unreadable(f"文件名以 {suffix} 结尾，内容其实是 {really[0]}。请按实际格式改名，或重新导出。")
    text = _text_of(head)
    if suffix in TEXTS and text in (WEB_PAGE, XML):
        raise Unreadable(f"文件名以 {suffix} 结尾，内容其实是{text}。请用 Excel 或 WPS 打开后另存为 .xlsx。")
    if suffix in FAMILIES["csv"] and JSON.match(head):
        raise Unreadable(f"文件名以 {suffix} 结尾，内容其实是 JSON。请把文件名改为以 .json 结尾。")
    if really or suffix in TEXTS:
        return
    if suffix == ".parquet":
        raise Unreadable("文件名以 .parquet 结尾，内容却不是 Parquet 文件。请重新导出。")
    if what := text:
        raise Unreadable(
            f"不是可读的 Excel 文件：文件名以 {suffix} 结尾，内容其实是{what}。"
            "请用 Excel 或 WPS 打开后另存为 .xlsx，或按实际格式改名。"
        )
    raise Unreadable("不是可读的 Excel 文件，可能已损坏。请用 Excel 或 WPS 重新另存为 .xlsx。")


def _text_of(head: bytes) -> str:
    """What a spreadsheet that is text really is; empty if it is no text."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(PAGE_BEGINS):
        return WEB_PAGE
    if start.startswith(b"<?xml"):
        return WEB_PAGE if b"<html" in start else XML
    return "文本（例如 CSV）" if b"\0" not in head or head[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
