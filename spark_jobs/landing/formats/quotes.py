"""Quotation marks of quoted values flow in as programs write them; they flow out doubled, as every reader knows them.

Two other ways occur: `"他说\\"好\\""`, with backslashes, and `"武汉"样本"公司"`, in which nothing marks them.
"""

from __future__ import annotations

import re

import numpy as np

LONG = 1 << 20
ESCAPED = re.compile(rb'(?<!\\)((?:\\\\)*)\\"')
# A quoted cell with an escaped mark behind which it goes on, or behind which its own mark ends it.
GOES_ON = re.compile(rb'(?:^|[,\t;|\n])"(?:[^"\\\n]|\\[^"])*\\"(?:[^,\t;|\r\n"]|"[,\t;|\r\n])', re.MULTILINE)
# The mark that ends a quoted cell stands before a separator or a line break, with or without blanks between. Of the
# others two together are one that is doubled, and one alone belongs to the value. Where such a one is open, the two at
# the cell's end are its other side and the cell's own: `"他说"好""`.
END = rb"(?= *[,\t;|\r\n])"
LONE = rb'"(?!"| *[,\t;|\r\n])'
CELL = re.compile(
    rb'"(?P<value>%(even)b(?:%(lone)b%(odd)b%(lone)b%(even)b)*(?:%(lone)b%(odd)b(?:"(?="%(end)b))?)?)"%(end)b'
    rb'|(?P<open>"[\s\S]*\Z)|[^,\t;|\r\n]+'
    % {
        b"even": rb'[^"]*(?:""[^"]*)*',
        b"odd": rb'[^"]*(?:""(?! *[,\t;|\r\n])[^"]*)*',
        b"lone": LONE,
        b"end": END,
    }
)
MARK = re.compile(rb'""|"')
_ORDINARY = np.ones(256, dtype=bool)
_ORDINARY[list(b',\t;|\r\n"')] = False


def has_lone_mark(block: bytes) -> bool:
    """Whether a quotation mark stands between two characters of a value: `13"显示器`, or a quoted cell's own marks."""
    signs = np.frombuffer(block, dtype=np.uint8)
    marks = np.flatnonzero(signs == ord('"'))
    marks = marks[(marks > 0) & (marks < len(signs) - 1)]
    return bool(np.any(_ORDINARY[signs[marks - 1]] & _ORDINARY[signs[marks + 1]]))


class Doubled:
    """A text's blocks with every mark that belongs to a value doubled; what the next block decides is held back."""

    def __init__(self, are_escaped: bool, are_lone: bool) -> None:
        self._are_escaped, self._are_lone = are_escaped, are_lone
        self._escaped, self._cells = b"", b""

    def read(self, block: bytes, is_last: bool) -> bytes:
        """The next block of UTF-8, as far as it can be told."""
        if self._are_escaped:
            block = self._unescape(block, is_last)
        return self._double(block, is_last) if self._are_lone else block

    def _unescape(self, block: bytes, is_last: bool) -> bytes:
        block = self._escaped + block
        whole = len(block.rstrip(b'\\"'))
        if is_last or len(block) - whole > LONG:
            whole = len(block)
        self._escaped = block[whole:]
        return ESCAPED.sub(rb'\1""', block[:whole])

    def _double(self, block: bytes, is_last: bool) -> bytes:
        block, self._cells = self._cells + block, b""
        whole = len(block) if is_last else max(map(block.rfind, (b",", b"\t", b";", b"|", b"\n"))) + 1

        def double(cell: re.Match[bytes]) -> bytes:
            if cell["value"] is not None:
                return b'"%b"' % MARK.sub(b'""', cell["value"])
            if cell["open"] is None or is_last or len(cell["open"]) > LONG:
                return cell[0]
            self._cells = cell["open"]
            return b""

        # The line break stands for the one that the last line may lack.
        doubled = CELL.sub(double, block[:whole] + b"\n" * is_last)
        self._cells += block[whole:]
        return doubled[:-1] if is_last else doubled
