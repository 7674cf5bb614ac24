"""Cells flow in; those with a word for nothing flow out without it, unless the column's own list knows the word.

暂无, （无）, “未 知”, N/A, <NA>, \\N, a dash of any length: what departments and their programs write where they have
nothing to say.
"""

from __future__ import annotations

import re

import pyarrow as pa

from schemas.characters import NARROW, WIDE, narrowed
from spark_jobs.judging.arrays import FEW, beginning, chosen, is_empty, matches_some, pairs_of, replaced, without

_PROGRAMS = "NA N/A N.A. #N/A #NA NULL NONE NAN -NAN N／A NAT NIL UNDEFINED"
_PEOPLE = (
    "无 没有 暂无 暂缺 缺 缺失 空 空白 空值 不详 不明 未知 待定 待补 待补充 待填 待查 待核实 待完善 未填 未填写"
    " 未提供 未登记 不适用 不涉及 已脱敏 无数据 无内容 无信息 暂无数据 暂无内容 暂无信息"
)
# Whole cells of these signs are a dash, a mask, or dots.
_SIGNS = r"[-—–−‐―﹣_/\\.。…·、*~－＿／＼．＊～]{1,12}"
_NO_DAY = r"(?:0000[-/.年]00?|1900[-/.年]0?[01])[-/.月]00?日?(?: 00?:00(?::00(?:\.0+)?)?)?|00000000|00:00:00"
_BLANK = " \\t\\r\\n\u3000\u00a0\u200b-\u200f\u2060\ufeff"
_OPEN, _CLOSE = "(（\\[【<＜{“\"'‘", ")）\\]】>＞}”\"'’。.!！"
# How words for nothing begin, and what may stand before them.
_BEGINS = pairs_of(
    [
        *"nNuU-_/\\.*~?#()[]<>{}\"'! \t\r\n",
        "00",
        "19",
        *(word[0] for word in _PEOPLE.split()),
        *"－＿／＼．＊～？！（）【】＜＞ｎｕ",
        *"—–−‐―﹣。…·、“”‘’\u3000\u00a0\u200b\ufeff\u2060",
    ]
)
# Longer cells, in bytes, are no word for nothing.
_LONGEST = 48


def _words() -> str:
    wide = str.maketrans(NARROW, WIDE)
    programs = [spelling for word in _PROGRAMS.split() for spelling in (word, word.translate(wide))]
    people = [f"[{_BLANK}]*".join(word) for word in _PEOPLE.split()]
    return "|".join([*map(re.escape, programs), *people, r"\\{1,2}N", _NO_DAY, "[?？]"])


# Arrow's expressions and Python's read this alike.
NOTHING = f"(?i)^[{_BLANK}{_OPEN}]*({_words()}|{_SIGNS})?[{_BLANK}{_CLOSE}]*$"
_NOTHING = re.compile(NOTHING)


def without_nothings(text: pa.Array, known: frozenset[str]) -> pa.Array:
    """The cells without words for nothing; one that the column's list knows (`known`) stays, bare of its brackets."""
    nothing = is_empty(text)
    suspects = beginning(text, _BEGINS, _LONGEST)
    if len(suspects) <= FEW:
        nothing[suspects] = [is_nothing(cell) for cell in text.take(pa.array(suspects)).to_pylist()]
    else:
        nothing |= matches_some(text, suspects, NOTHING)
    if not nothing.any():
        return text
    if not known:
        return without(text, nothing)
    cells = chosen(text, nothing)
    words = {cell: _known_word(cell, known) for cell in {*cells}}
    return replaced(text, nothing, [words[cell] for cell in cells])


def is_nothing(cell: str) -> bool:
    """Whether a cell is a word for nothing."""
    return _NOTHING.match(cell) is not None


def _known_word(cell: str, known: frozenset[str]) -> str | None:
    """The cell, or its word without what is around it, if the list knows it."""
    bare = _NOTHING.match(cell)
    word = re.sub(f"[{_BLANK}]", "", narrowed(bare[1] or "")).upper() if bare else ""
    return next((spelling for spelling in (cell, word) if spelling and spelling in known), None)
