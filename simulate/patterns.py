"""A regular expression flows in; texts that it matches whole flow out."""

from __future__ import annotations

import importlib
import re
import string
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from simulate.mess import NOTHING_READ

PARSER: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
MOST_REPEATS = 4  # more than the fewest that a repetition asks for
# What any character of a pattern may be. Nothing that is mended or refused when it is read: small letters, signs before
# a code, an E between digits (2E0).
PLAIN = [*string.digits, *string.ascii_uppercase.replace("E", ""), *"监管检查甲乙丙丁"]
CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
    "CATEGORY_SPACE": " ",
}


class NoText(ValueError):
    """A pattern that no text can be made for."""


def text_of(pattern: str, rng: np.random.Generator) -> str:
    """A text that the whole pattern matches; NoText where it says what this cannot read, or nothing matches."""
    try:
        for _ in range(50):
            made = "".join(_parts(PARSER.parse(pattern), rng))
            if re.fullmatch(pattern, made) and made.strip() == made and made and made.upper() not in NOTHING_READ:
                return made
    except (re.error, KeyError, NoText) as error:
        raise NoText(f"{pattern}: {error}") from None
    raise NoText(f"{pattern}: no text was found that it matches")


def _parts(parsed: Iterable[tuple[Any, Any]], rng: np.random.Generator) -> Iterable[str]:
    for operation, argument in parsed:
        match str(operation):
            case "LITERAL":
                yield chr(argument)
            case "ANY":
                yield str(rng.choice(PLAIN))
            case "NOT_LITERAL":
                yield str(rng.choice([char for char in PLAIN if char != chr(argument)]))
            case "IN":
                yield str(rng.choice(_class(argument)))
            case "BRANCH":
                yield from _parts(argument[1][int(rng.integers(len(argument[1])))], rng)
            case "SUBPATTERN":
                yield from _parts(argument[-1], rng)
            case "MAX_REPEAT" | "MIN_REPEAT":
                fewest, most, repeated = argument
                for _ in range(int(rng.integers(fewest, min(int(most), fewest + MOST_REPEATS) + 1))):
                    yield from _parts(repeated, rng)
            case "AT":
                pass
            case other:
                raise NoText(f"{other} is not understood")


def _class(members: list[tuple[Any, Any]]) -> list[str]:
    """The characters of a class [...]: of a negated one, the plain ones that are not in it."""
    chars: list[str] = []
    for operation, argument in members:
        match str(operation):
            case "LITERAL":
                chars.append(chr(argument))
            case "RANGE":
                chars += [chr(code) for code in range(argument[0], argument[1] + 1)]
            case "CATEGORY":
                chars += CATEGORIES[str(argument)]
    if str(members[0][0]) == "NEGATE":
        return [char for char in PLAIN if char not in chars]
    return chars
