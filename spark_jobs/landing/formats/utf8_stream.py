"""A text in any encoding flows in; UTF-8 flows out, in which half a character is marked as what it is."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass, field
from pathlib import Path

from spark_jobs.landing.formats.quotes import GOES_ON, LONG, Doubled
from spark_jobs.landing.formats.sheet import BROKEN, Unreadable

BLOCK = 4 << 20
# Half a character is rare: more than so many in a line, or in so many bytes, are another encoding, or no text.
BROKEN_A_LINE, BROKEN_PLACES, BYTES_A_BROKEN_PLACE = 2, 10, 10_000
MARKING = "lakewarden.broken"


@dataclass
class Damage:
    """How many bytes that are no character were found; `is_expected`: UTF-8 that has some."""

    places: int = 0
    is_expected: bool = False


@dataclass(frozen=True)
class Text:
    """A file that is text: `codec` reads it from byte `start` on.

    `is_quoted`: a quotation mark occurs. `longest`: the longest line in bytes, exact only above 1 MiB. `may_escape`: a
    backslash stands before a quotation mark; `escapes`: such marks are characters, and are handed on doubled.
    `has_lone_mark`: a quotation mark stands between two characters; `doubles`: within a quoted cell it is one of the
    value's, and is handed on doubled. `damage`: bytes that were no character, found while the text is read.
    """

    path: Path
    encoding: str
    codec: str
    start: int
    is_quoted: bool
    longest: int
    not_utf8: int | None
    has_bom: bool = True
    may_escape: bool = False
    escapes: bool = False
    has_lone_mark: bool = False
    doubles: bool = False
    damage: Damage = field(default_factory=lambda: Damage())

    def stream(self, skip: int = 0, tail: bytes = b"") -> Utf8Stream:
        """The text as UTF-8 from its byte `skip` on; at the end come a line break, if none is there, and `tail`."""
        return Utf8Stream(self, skip, tail)


class CutOff(Unreadable):
    """A text that ends in the middle of a character."""


class Utf8Stream(io.RawIOBase):
    """UTF-8 bytes of a text, decoded as they are asked for; raises Unreadable at the first byte that makes no sense."""

    def __init__(self, text: Text, skip: int, tail: bytes) -> None:
        self._text = text
        self._file = text.path.open("rb")
        self._file.seek(text.start)
        is_plain = text.codec == "utf-8" and not text.damage.is_expected
        errors = "strict" if text.encoding == "utf-16" else MARKING
        self._decoder = None if is_plain else codecs.getincrementaldecoder(text.codec)(errors)
        self._marks = Doubled(text.escapes, text.doubles)
        self._ready, self._line = b"", ""
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
        """Up to `size` bytes, before the end half of them at least: Arrow takes no row that lies in three reads."""
        size = BLOCK if size < 0 else size
        while 2 * len(self._ready) < size and not self._done:
            block = self._read(size - len(self._ready))
            self._last = block[-1:] or self._last
            self._ready += block
            if self._done and self._tail:
                self._ready += b"\n" * (self._last not in b"\r\n") + self._tail
        block, self._ready = self._ready[:size], self._ready[size:]
        return block

    def _read(self, size: int) -> bytes:
        raw = self._file.read(size if self._decoder is None else max(1, size // 3))
        self._done = not raw
        block = raw if self._decoder is None else self._decoded(self._decoder, raw)
        return self._marks.read(block, self._done)

    def _decoded(self, decoder: codecs.IncrementalDecoder, raw: bytes) -> bytes:
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            raise senseless(self._text, self._at - pending + error.start) from None
        self._at += len(raw)
        if BROKEN in text:
            self._bear(text)
        if self._text.encoding == "utf-16" and "\0" in text:
            raise Unreadable("文件中有空字符（NUL）。请重新导出后报送。")
        return text.encode()

    def _bear(self, text: str) -> None:
        """Lets half a character pass, here and there: its row is turned away. Other bytes are no text at all."""
        is_cut_off = text.endswith(BROKEN) and (self._done or not self._file.peek(1))
        lines = (self._line + text).split("\n")
        self._line = lines[-1][-LONG:]
        self._text.damage.places += text.count(BROKEN)
        most = max(BROKEN_PLACES, self._at // BYTES_A_BROKEN_PLACE)
        if self._text.damage.places > most or any(line.count(BROKEN) > BROKEN_A_LINE for line in lines):
            raise senseless(self._text, first_senseless(self._text))
        if is_cut_off:
            encoding = self._text.encoding.upper()
            raise CutOff(f"文件按 {encoding} 编码读到末尾只剩半个字，很可能没有传完整。请重新导出并上传完整的文件。")


def _mark_broken(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return BROKEN, error.end


codecs.register_error(MARKING, _mark_broken)


def first_senseless(text: Text) -> int:
    """The first byte that is no character of the text's encoding."""
    decoder, at = codecs.getincrementaldecoder(text.codec)(), text.start
    with text.path.open("rb") as file:
        file.seek(at)
        while True:
            raw, pending = file.read(BLOCK), len(decoder.getstate()[0])
            try:
                decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                return at - pending + error.start
            if not raw:
                return at
            at += len(raw)


def escapes_quotes(text: Text) -> bool:
    """Whether a quoted cell goes on behind a backslash and a quotation mark: then such marks are characters."""
    with text.stream() as stream:
        before = b""
        while block := stream.read(BLOCK):
            if GOES_ON.search(before + block):
                return True
            before = block[-LONG:]
    return False


def senseless(text: Text, offset: int) -> Unreadable:
    """The refusal of a text whose bytes at this place are no character."""
    if text.encoding == "gb18030" and text.not_utf8 is not None:
        return Unreadable(
            "文件既不是 UTF-8 也不是 GB18030 编码："
            f"UTF-8 在第 {text.not_utf8} 字节处出错，GB18030 在第 {offset} 字节处出错。"
            "请用其中一种编码重新导出。"
        )
    if not text.has_bom:
        return Unreadable(f"文件看来是 {text.encoding.upper()} 编码，但第 {offset} 字节处不是。请用一种编码重新导出。")
    return Unreadable(
        f"文件开头的标记（BOM）说它是 {text.encoding.upper()} 编码，但第 {offset} 字节处不是。请用一种编码重新导出。"
    )
