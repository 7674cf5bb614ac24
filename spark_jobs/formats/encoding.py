"""A text file's bytes flow in; its encoding flows out, or where none of the accepted ones makes sense."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from spark_jobs.formats.sheet import Unreadable

CHUNK = 4 << 20
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"\x84\x31\x95\x33": "gb18030",
}
# What Python calls an encoding when the byte order mark is to be left out.
WITHOUT_MARK = {"utf-8": "utf-8-sig"}
# Four Chinese characters in a row as UTF-8 writes them: as GB18030 they would be six rare ones.
UTF8_RUN = re.compile(rb"(?:[\xe3-\xe9][\x80-\xbf]{2}){4}")


def find_encoding(path: Path) -> str:
    """The first encoding of the ladder (byte order mark, UTF-8, GB18030) in which every byte makes sense."""
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((encoding for mark, encoding in MARKS.items() if start.startswith(mark)), None)
    failures = {}
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        failures[encoding] = _first_failure(path, encoding)
        if failures[encoding] is None:
            if encoding == "gb18030" and not marked:
                _refuse_mixture(path, failures["utf-8"])
            return encoding
    if marked:
        raise Unreadable(f"文件开头标明是 {marked.upper()} 编码，但第 {failures[marked]} 字节处不是。请重新导出。")
    raise Unreadable(
        "文件既不是 UTF-8 也不是 GB18030 编码："
        f"UTF-8 在第 {failures['utf-8']} 字节处出错，GB18030 在第 {failures['gb18030']} 字节处出错。"
        "请用其中一种编码重新导出。"
    )


def refuse_nul(path: Path, encoding: str) -> None:
    """Raises Unreadable for a file with NUL bytes, which no text has."""
    if encoding == "utf-16":
        return
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if (position := chunk.find(b"\0")) >= 0:
                raise Unreadable(
                    f"第 {read + position} 字节处有空字符（NUL）：文件已损坏，或不是文本文件。请重新导出后报送。"
                )
            read += len(chunk)


def _first_failure(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            waiting = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return max(read - waiting + error.start, 0)
            read += len(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return read
    return None


def _refuse_mixture(path: Path, utf8_fails: int | None) -> None:
    """UTF-8 text read as GB18030 mostly makes sense, as nonsense."""
    read, before = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if found := UTF8_RUN.search(before + chunk):
                raise Unreadable(
                    f"文件混用了两种编码：第 {read - len(before) + found.start()} 字节起是 UTF-8，"
                    f"第 {utf8_fails} 字节处却不是。请用同一种编码（UTF-8 或 GB18030）重新导出。"
                )
            read += len(chunk)
            before = chunk[-12:]
