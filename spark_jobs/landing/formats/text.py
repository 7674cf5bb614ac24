"""A text file flows in; its encoding flows out, by a strict ladder."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.landing.formats.quotes import LONG, has_lone_mark
from spark_jobs.landing.formats.sheet import Source, Unreadable, excess
from spark_jobs.landing.formats.utf8_stream import BLOCK, CutOff, Damage, Text, first_senseless, senseless

LONGEST = 64 << 20
UTF16_SEEN, UTF16_SHARE = 4096, 40
BOMS = {
    codecs.BOM_UTF8: ("utf-8", "utf-8"),
    b"\x84\x31\x95\x33": ("gb18030", "gb18030"),
    codecs.BOM_UTF16_LE: ("utf-16", "utf-16-le"),
    codecs.BOM_UTF16_BE: ("utf-16", "utf-16-be"),
}
# For Arrow, which is ten times as fast as Python's own expressions.
CHINESE_UTF8 = r"(?:[\xe4-\xe9][\x80-\xbf]{2}){4}"


def examine(source: Source) -> Text:
    """Finds the encoding (BOM, UTF-8, GB18030) in one pass; refuses NUL bytes and files that mix two encodings.

    That GB18030 holds to the end is seen when the text is read: decoding it twice would cost more than all the rest.
    """
    with source.path.open("rb") as file:
        head = file.read(4)
        bom = next((bom for bom in BOMS if head.startswith(bom)), b"")
        encoding, codec = BOMS[bom] if bom else ("utf-8", "utf-8")
        if encoding == "utf-16":
            return Text(source.path, encoding, codec, len(bom), True, 0, None, may_escape=True, has_lone_mark=True)
        if not bom and (codec := _utf16_without_mark(source)):
            return Text(source.path, "utf-16", codec, 0, True, 0, None, False, may_escape=True, has_lone_mark=True)
        file.seek(len(bom))
        return _examine(source, file, len(bom), encoding)


def _examine(source: Source, file: BinaryIO, start: int, encoding: str) -> Text:
    at, pending, not_utf8 = start, b"", None
    before = b""
    is_quoted, may_escape, is_lone, lines = False, False, False, _Longest()
    while block := file.read(BLOCK):
        if (nul := block.find(b"\0")) >= 0:
            raise Unreadable(f"第 {at + nul} 字节是空字符（NUL），文件不是文本或已损坏。请重新导出后报送。")
        is_quoted = is_quoted or b'"' in block
        may_escape = may_escape or (is_quoted and b"\\" in block and b'\\"' in block)  # one sign is found faster
        is_lone = is_lone or (is_quoted and has_lone_mark(before + block))
        before = block[-2:]
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
    is_utf8 = not_utf8 is None or _is_utf8_with_gaps(source, start)
    if not is_utf8 and start:
        raise senseless(Text(source.path, encoding, encoding, start, False, 0, None), not_utf8 or 0)
    actual = encoding if is_utf8 else "gb18030"
    damage = Damage(is_expected=is_utf8 and not_utf8 is not None)
    marks = {"may_escape": may_escape, "has_lone_mark": is_lone}
    text = Text(
        source.path, actual, actual, start, is_quoted, lines.longest, not_utf8, start > 0, **marks, damage=damage
    )
    if actual == "gb18030":
        _refuse_mixture(source, text)
    if lines.longest > LONGEST:
        raise excess("文件中有一行长达", lines.longest, LONGEST, "字节", "cell")
    return text


def _is_utf8_with_gaps(source: Source, start: int) -> bool:
    """Whether a text that is no UTF-8 is so but for half a character here and there."""
    if not start and next((at for at in _chinese(source, start) if at is not None), None) is None:
        return False
    text = Text(source.path, "utf-8", "utf-8", start, False, 0, None, damage=Damage(is_expected=True))
    try:
        with text.stream() as stream:
            while stream.read(BLOCK):
                source.beat()
    except CutOff:
        raise
    except Unreadable:
        return False
    return True


def _utf16_without_mark(source: Source) -> str:
    """The codec of UTF-16 that has no mark: one byte of every separator, digit and line break is then zero."""
    with source.path.open("rb") as file:
        head = file.read(UTF16_SEEN)
    zeros = [head[side::2].count(0) for side in (0, 1)]
    # Few characters have a zero on the other side, but 一 (4E 00) has.
    if source.path.stat().st_size % 2 or min(zeros) * 4 > max(zeros) or max(zeros) * UTF16_SHARE < len(head):
        return ""
    codec = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    try:
        text = codecs.getincrementaldecoder(codec)().decode(head)
    except UnicodeDecodeError:
        return ""
    return "" if any(sign < " " and sign not in "\t\r\n" for sign in text) else codec


def _refuse_mixture(source: Source, text: Text) -> None:
    """UTF-8's Chinese often decodes as GB18030 without an error, into nonsense."""
    chinese = next((at for at in _chinese(source, text.start) if at is not None), None)
    if chinese is None:
        return
    with text.stream() as stream:
        while stream.read(BLOCK):
            source.beat()
    if text.damage.places:
        raise senseless(text, first_senseless(text))
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
