"""A spelling of a division flows in that no list has; its code flows out: of a statistical code, or of a path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from schemas.contract import Code, code_list

REGION = "region"
_STATISTICAL = re.compile("[0-9]{9}(?:[0-9]{3})?")
_BETWEEN = re.compile(r"""[\s\-/\\>·,，、|"'\[\]()]+""")
# What a path names beside divisions: the country, collective names; and, at its end, the level that acts itself.
_BESIDE = re.compile("中国|中华人民共和国|省直辖县级行政(?:区划|单位)|市辖区|县(?=.)")
_ITSELF = re.compile("(?:本级|直属)$")
# What lies in a county; of it a statistical code tells as much behind its first six digits.
_BELOW = re.compile("[\u4e00-\u9fff]{1,12}(?:街道|街道办|街道办事处|镇|乡|社区|村|居委会|村委会)")


# No path of divisions is longer: to take a longer text apart would take very long.
LONGEST_PATH = 60


def division(spelling: str, known: Mapping[str, str]) -> str | None:
    """The code that a spelling means which is none of those that the list knows; None where its parts disagree."""
    if _STATISTICAL.fullmatch(spelling):
        return known.get(spelling[:6])
    if len(spelling) > LONGEST_PATH:
        return None
    path = _BETWEEN.sub("", spelling)
    itself = _ITSELF.sub("", path)
    return known.get(path) or (known.get(itself) if itself != path else None) or _end_of(itself, "", known)


def division_of_address(address: str, known: Mapping[str, str]) -> str | None:
    """The code of the division that an address begins with, the smallest that it names; None where it names none.

    Only what is written whole counts: 汉阳大道 begins with no 汉阳区.
    """
    begin = _BETWEEN.sub("", address)[:LONGEST_PATH]
    named = (begin[: place + 1] for place in range(len(begin) - 1, 0, -1) if begin[place] in "省市州区县")
    return next((known[name] for name in named if name in known), None)


def _end_of(path: str, above: str, known: Mapping[str, str]) -> str | None:
    """The last division of a path each part of which lies in the one before; it may go on below a county."""
    path = path if above and _level(above) == "county" else _without_beside(path)
    if above and (not path or (_level(above) == "county" and _BELOW.fullmatch(path))):
        return above
    for length in range(len(path), 1, -1):
        code = known.get(path[:length])
        if code and (not above or code == above or above in _chain(code)):
            end = _end_of(path[length:], code, known)
            if end:
                return end
    return None


def _without_beside(path: str) -> str:
    beside = _BESIDE.match(path)
    return path[beside.end() :] if beside else path


def _level(code: str) -> str:
    return _divisions()[code].extra["level"] or ""


@cache
def _chain(code: str) -> tuple[str, ...]:
    """The divisions that one lies in."""
    parent = _divisions()[code].extra["parent"]
    return (parent, *_chain(parent)) if parent else ()


@cache
def _divisions() -> dict[str, Code]:
    return {code.code: code for code in code_list(REGION)}
