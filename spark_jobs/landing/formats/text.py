"""A text file flows in; its encoding, by a strict ladder, and its content as UTF-8 flow out."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.landing.formats.sheet import Source, Unreadable, excess

BLOCK = 4 << 20
LONGEST = 64 << 20
LONG = 1 << 20
BOMS = {
    codecs.BOM_UTF8: ("utf-8", "utf-8"),
    b"\x84\x31\x95\x33": ("gb18030", "gb18030"),
    codecs.BOM_UTF16_LE: ("utf-16", "utf-16-le"),
    codecs.BOM_UTF16_BE: ("utf-16", "utf-16-be"),
}
# For Arrow, which is ten times as fast as Python's own expressions.
CHINESE_UTF8 = r"(?:[\xe4-\xe9][\x80-\xbf]{2}){4}"


@dataclass(frozen=True)
class Text:
    """A file that is text: `codec` reads it from byte `start` on.

    `is_quoted`: a quotation mark occurs. `longest`: the longest line in bytes, exact only above 1 MiB.
    """

    path: Path
    encoding: str
    codec: str
    start: int
    is_quoted: bool
    longest: int
    not_utf8: int | None

    def stream(self, skip: int = 0, tail: bytes = b"") -> Utf8Stream:
        """The text as UTF-8 from its byte `skip` on; at the end come a line break, if none is there, and `tail`."""
        return Utf8Stream(self, skip, tail)


class Utf8Stream(io.RawIOBase):
    """UTF-8 bytes of a text, decoded as they are asked for; raises Unreadable at the first byte that makes no sense."""

    def __init__(self, text: Text, skip: int, tail: bytes) -> None:
        self._text = text
        self._file: BinaryIO = text.path.open("rb")
        self._file.seek(text.start)
        self._decoder = None if text.codec == "utf-8" else codecs.getincrementaldecoder(text.codec)()
        self._tail = tail
        self._last = b"\n"
        self._at = text.start
        self._done = False
        while skip:
            skip -= len(self.read(skip))

    def readable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()

    def readinto(self, buffer: object) -> int:
        """Fills a buffer, as Python's text layer asks for."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        got = self.read(len(view))
        view[: len(got)] = got
        return len(got)

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; none at the end."""
        size = BLOCK if size < 0 else size
        while not self._done and size:
            if block := self._read(size):
                self._last = block[-1:]
                return block
        if not self._tail or not size:
            return b""
        if self._last not in b"\r\n":
            self._last = b"\n"
            return b"\n"
        block, self._tail = self._tail[:size], self._tail[size:]
        return block

    def _read(self, size: int) -> bytes:
        raw = self._file.read(size if self._decoder is None else max(1, size // 3))
        self._done = not raw
        if self._decoder is None:
            return raw
        pending = len(self._decoder.getstate()[0])
        try:
            text = self._decoder.decode(raw, final=not raw).encode()
        except UnicodeDecodeError as error:
            raise _senseless(self._text, self._at - pending + error.start) from None
        self._at += len(raw)
        if self._text.encoding == "utf-16" and b"\0" in text:
            raise Unreadable("文件中有空字符（NUL）。请重新导出后报送。")
        return text


def _senseless(text: Text, offset: int) -> Unreadable:
    if text.encoding == "gb18030" and text.not_utf8 is not None:
        return Unreadable(
            "文件既不是 UTF-8 也不是 GB18030 编码："
            f"UTF-8 在第 {text.not_utf8} 字节处出错，GB18030 在第 {offset} 字节处出错。"
            "请用其中一种编码重新导出。"
        )
    return Unreadable(
        f"文件开头的标记（BOM）说它是 {text.encoding.upper()} 编码，但第 {offset} 字节处不是。请用一种编码重新导出。"
    )


def examine(source: Source) -> Text:
    """Finds the encoding (BOM, UTF-8, GB18030) in one pass; refuses NUL bytes and files that mix two encodings.

    That GB18030 holds to the end is seen when the text is read: decoding it twice would cost more than all the rest.
    """
    with source.path.open("rb") as file:
        head = file.read(4)
        bom = next((bom for bom in BOMS if head.startswith(bom)), b"")
        encoding, codec = BOMS[bom] if bom else ("utf-8", "utf-8")
        if encoding == "utf-16":
            return Text(source.path, encoding, codec, len(bom), True, 0, None)
        file.seek(len(bom))
        return _examine(source, file, len(bom), encoding)


def _examine(source: Source, file: BinaryIO, start: int, encoding: str) -> Text:
    at, pending, not_utf8 = start, b"", None
    is_quoted, lines = False, _Longest()
    while block := file.read(BLOCK):
        if (nul := block.find(b"\0")) >= 0:
            raise Unreadable(f"第 {at + nul} 字节是空字符（NUL），文件不是文本或已损坏。请重新导出后报送。")
        is_quoted = is_quoted or b'"' in block
        lines.add(block)
        if encoding == "utf-8" and not_utf8 is None:
            joined = pending + block
            whole = len(joined) - _cut(joined)
            wrong = _not_utf8(joined[:whole])
            not_utf8 = None if wrong is None else at - len(pending) + wrong
            pending = joined[whole:]
        at += len(block)
        source.beat()
    if pending and not_utf8 is None:
        not_utf8 = at - len(pending)
    if not_utf8 is not None and start:
        raise _senseless(Text(source.path, encoding, encoding, start, False, 0, None), not_utf8)
    actual = "gb18030" if not_utf8 is not None else encoding
    text = Text(source.path, actual, actual, start, is_quoted, lines.longest, not_utf8)
    if actual == "gb18030":
        _refuse_mixture(source, text)
    if lines.longest > LONGEST:
        raise excess("文件中有一行长达", lines.longest, LONGEST, "字节", "cell")
    return text


def _refuse_mixture(source: Source, text: Text) -> None:
    """UTF-8's Chinese often decodes as GB18030 without an error, into nonsense."""
    chinese = next((at for at in _chinese(source, text.start) if at is not None), None)
    if chinese is None:
        return
    with text.stream() as stream:
        while stream.read(BLOCK):
            source.beat()
    first = "文件开头的标记（BOM）说它是 GB18030" if text.not_utf8 is None else f"第 {text.not_utf8} 字节处不是 UTF-8"
    raise Unreadable(f"文件混用了两种编码：{first}，第 {chinese} 字节处却是 UTF-8 的汉字。请用一种编码重新导出。")


def _chinese(source: Source, start: int) -> Iterator[int | None]:
    """For each block where UTF-8's Chinese begins in it."""
    with source.path.open("rb") as file:
        file.seek(start)
        at, pending = start, b""
        while block := file.read(BLOCK):
            joined = pending + block
            index = pc.find_substring_regex(pa.scalar(joined, pa.binary()), CHINESE_UTF8).as_py()
            yield None if index < 0 else at - len(pending) + index
            pending = joined[-11:]
            at += len(block)
            source.beat()


def _cut(block: bytes) -> int:
    """How many bytes at the end begin a character that is not complete."""
    for back in range(1, min(4, len(block)) + 1):
        byte = block[-back]
        if byte & 0xC0 != 0x80:
            needed = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
            return back if needed > back else 0
    return 0


def _not_utf8(block: bytes) -> int | None:
    """Where a block stops being UTF-8; Arrow's check is four times as fast as decoding."""
    offsets = pa.array([0, len(block)], pa.int32()).buffers()[1]
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(block)).validate(full=True)
    except pa.ArrowInvalid:
        try:
            block.decode()
        except UnicodeDecodeError as error:
            return error.start
    return None


class _Longest:
    """The longest line so far; shorter ones than 1 MiB are not measured."""

    def __init__(self) -> None:
        self.longest = 0
        self._open = 0

    def add(self, block: bytes) -> None:
        """Takes the next block."""
        begin, at = -self._open, 0
        while at < len(block):
            end = block.rfind(b"\n", at, at + LONG)
            if end < 0:
                end = block.find(b"\n", at + LONG)
                if end < 0:
                    break
            first = block.find(b"\n", at, end + 1)
            self.longest = max(self.longest, first - begin)
            begin = at = end + 1
        self._open = len(block) - begin
        self.longest = max(self.longest, self._open)
