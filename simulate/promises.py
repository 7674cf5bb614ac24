"""A column and a text flow in; the rules of the contract that the text breaks by itself flow out.

Written anew from the contract's words, not from the pipeline's code, so that truth and verdict are two opinions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache

from schemas.characters import narrowed
from schemas.contract import Check, Column, code_list
from schemas.identities import PLATE, id_card_check_char, org_code_check_char, uscc_check_char

USCC = re.compile("[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}")


def broken(column: Column, text: str) -> set[str]:
    """The rules that a text breaks whatever else stands in its row; empty text breaks none."""
    if not text:
        return set()
    text = text.strip()
    if is_narrowed(column):
        text = narrowed(text)
    if column.check or column.check_when:
        text = text.upper()
    checks = CHECKS[column.check](text) if column.check else set()
    return checks | set(_rules(column, text))


def _rules(column: Column, text: str) -> Iterator[str]:
    if column.codes and not column.is_beside_amount and text.upper() not in known_spellings(column.codes):
        yield "codes"
    if column.pattern and not re.fullmatch(column.pattern, text):
        yield "pattern"
    if column.max_length and len(text) > column.max_length:
        yield "length"
    if column.min_items and len(items_of(column, text)) < column.min_items:
        yield "items"


def is_narrowed(column: Column) -> bool:
    """Whether a cell is read in half-width characters: everything but free text."""
    return bool(column.type != "string" or column.check or column.check_when or column.codes or column.parse)


def items_of(column: Column, text: str) -> list[str]:
    """What a list's cell holds."""
    return [item for item in re.split(column.separator or ",", text) if item.strip()]


@cache
def known_spellings(name: str) -> frozenset[str]:
    """Everything that a list accepts."""
    return frozenset(
        narrowed(spelling).strip().upper()
        for code in code_list(name)
        for spelling in (code.code, code.label, *code.aliases)
    )


def _uscc(code: str) -> set[str]:
    if not USCC.fullmatch(code):
        return {"check"}
    if code[17] != uscc_check_char(code[:17]) and _id_card(code) == set():
        return {"check"}  # a person's number
    holds = code[17] == uscc_check_char(code[:17]) and code[16] == org_code_check_char(code[8:16])
    return set() if holds else {"check_digit"}


def _id_card(code: str) -> set[str]:
    with suppress(ValueError):
        date.fromisoformat(f"{code[6:10]}-{code[10:12]}-{code[12:14]}")
        if re.fullmatch("[1-9][0-9]{16}[0-9X]", code):
            return set() if code[17] == id_card_check_char(code[:17]) else {"check_digit"}
    return {"check"}


def _check_icode(code: str) -> set[str]:
    if not USCC.fullmatch(code[:18]) or not re.match("[1-5]", code[18:]):
        return {"check"}
    return set() if code[17] == uscc_check_char(code[:17]) else {"check_digit"}


CHECKS: dict[Check, Callable[[str], set[str]]] = {
    "uscc": _uscc,
    "id_card": _id_card,
    "check_icode": _check_icode,
    "item_code": lambda code: set() if re.fullmatch("[0-9]{14}", code) else {"check"},
    "certificate": lambda code: set() if re.fullmatch("17[0-9]{9}", code) else {"check"},
    "plate": lambda code: set() if re.fullmatch(PLATE, code) else {"check"},
}


def checked(column: Column, document: str, code: str) -> set[str]:
    """The rules of its check that a code breaks, where another column's code says which check holds."""
    check = column.check_when.is_.get(document) if column.check_when else column.check
    return CHECKS[check](code.upper()) if check and code else set()


def verdict(column: Column, rule: str) -> str:
    """What becomes of a row that breaks a rule of the column."""
    return "flag" if rule in column.flag else "quarantine"
