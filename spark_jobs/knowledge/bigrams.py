"""A text flows in; the tokens by which SQLite finds any part of it flow out: pairs of neighbouring characters.

Text is compared in its normal form: half-width, in small letters, without blanks, and cut at whatever is neither letter
nor digit. Of 行政处罚，听证 the tokens are 行政 政处 处罚 罚 听证 证: the last character of a piece stands alone, and
no phrase reaches over a comma that the text has. A phrase of tokens matches exactly where the text has the phrase.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

PIECE = re.compile(r"[^\W_]+")


def pieces(text: str) -> list[str]:
    """The pieces of a text in its normal form."""
    return PIECE.findall(re.sub(r"\s", "", unicodedata.normalize("NFKC", text).lower()))


def normal(text: str) -> str:
    """The normal form: what a phrase is part of exactly when it is found."""
    return "，".join(pieces(text))


def tokens(text: str) -> str:
    """What is indexed of a text."""
    return " ".join(token for piece in pieces(text) for token in (*_pairs(piece), piece[-1]))


def phrase(words: str) -> str:
    """The query for words that stand side by side; no text where there is nothing to look for."""
    found = pieces(words)
    if not found:
        return ""
    *whole, last = found
    listed = [token for piece in whole for token in (*_pairs(piece), piece[-1])]
    if len(last) == 1:  # the last character may begin any pair
        return f'"{" ".join([*listed, last])}" *'
    return f'"{" ".join([*listed, *_pairs(last)])}"'


def _pairs(piece: str) -> Iterator[str]:
    return map("".join, pairwise(piece))
