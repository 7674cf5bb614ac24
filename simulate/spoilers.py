"""A cell's contract column flows in; the ways to spoil it, each by a kind, flow out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import numpy as np

from schemas.contract import Column
from schemas.identities import uscc_check_char
from simulate.mess import NOTHING, known_spellings
from simulate.word_lists import Table

BROKEN_DATES = ("2024-02-30", "2026/13/45", "20250631", "2025年4月31日", "2025-00-10", "去年十月", "2025-1")
UNKNOWN_CODES = ("88", "待核实", "未知", "X1", "429999", "99999", "其他类别")
NOT_NUMBERS = ("待定", "若干元", "约五千", "见附件")

Spoiler = Callable[[np.random.Generator, Column, Table, int], str | None]


def _missing(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    accepted = known_spellings(column.codes) if column.codes else frozenset()
    return str(rng.choice(["", "", "", *(word for word in NOTHING if word.upper() not in accepted)]))


def _unknown_code(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.codes
    return str(rng.choice([code for code in UNKNOWN_CODES if code not in known_spellings(column.codes)]))


def _broken_date(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return str(rng.choice(list(BROKEN_DATES)))


def _too_old(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return str(rng.choice(["1900-01-01", "1899/12/31", "1911年10月10日"]))


def _bad_uscc(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    if len(code) != 18:
        return None
    place = int(rng.integers(9, 16))
    forms = (
        code[:-1],
        code + "0",
        code[:place] + "OISVZ"[int(rng.integers(5))] + code[place + 1 :],
        code[:2] + code[8:],
    )
    return forms[int(rng.integers(4))]


def _bad_counterparty(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return _bad_uscc(rng, column, rows, row) if rows["administrative_cp_document"][row] == "001" else None


def _bad_item_code(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    return (code[:-1], code + "0", code[:-3] + "A01")[int(rng.integers(3))]


def _bad_check_icode(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    return code[:18] + "9" + code[19:] if len(code) > 19 else None


def _one_officer(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return str(rows[column.name][row]).split(",")[0]


def _out_of_order(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.not_before
    other = rows[column.not_before][row]
    if np.isnat(other) or np.isnat(rows[column.name][row]):
        return None
    earlier: date = other.astype(object) - timedelta(int(rng.integers(1, 60)))
    return earlier.isoformat()


def _negative(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return str(rng.choice(["-2000", "-1", "-500.50"]))


def _not_a_number(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return str(rng.choice(list(NOT_NUMBERS)))


def _too_long(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.max_length
    text = str(rows[column.name][row]) or "详见"
    return (text + "、附件所列各项" * (column.max_length // 4))[: column.max_length + 1 + int(rng.integers(40))]


def _lower_case(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    return code.lower() if code.lower() != code and len(code) == 18 else None


def _wrong_check_digit(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    if len(code) < 18:
        return None
    others = [char for char in "0123456789" if char != uscc_check_char(code[:17])]
    return code[:17] + str(rng.choice(others)) + code[18:]


def _bad_certificate(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    return (code[:-1], "鄂A" + code[3:], code[:5])[int(rng.integers(3))]


def _masked_phone(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    return code[:3] + "****" + code[7:] if code else None


def _wrong_id_card(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = str(rows[column.name][row])
    return code[:17] + ("1" if code[17] != "1" else "2") if len(code) == 18 else None


def rejects(column: Column) -> Iterator[tuple[str, Spoiler]]:
    """What can be wrong with a column so that its row cannot be believed."""
    if column.required:
        yield "missing", _missing
    if column.codes and not column.parse:
        yield "unknown_code", _unknown_code
    if column.type == "date":
        yield "bad_date", _broken_date
        if column.min is not None:
            yield "too_old", _too_old
    if column.check == "uscc" and "check" not in column.flag:
        yield "bad_uscc", _bad_uscc
    if column.check_when:
        yield "bad_uscc", _bad_counterparty
    if column.check == "item_code":
        yield "bad_item_code", _bad_item_code
    if column.check == "check_icode":
        yield "bad_check_icode", _bad_check_icode
    if column.min_items:
        yield "one_officer", _one_officer
    if column.not_before:
        yield "order", _out_of_order
    if column.parse == "amount" and column.min is not None:
        yield "negative", _negative
        if not column.name.startswith("capital"):
            yield "bad_number", _not_a_number
    if column.max_length and column.type == "string" and not column.codes:
        yield "too_long", _too_long


def flags(column: Column) -> Iterator[tuple[str, Spoiler]]:
    """What can be doubtful about a column while its row is kept."""
    if column.check == "uscc":
        yield "lower_case", _lower_case
    if column.name in ("implement_institution_code", "check_icode"):
        yield "check_digit", _wrong_check_digit
    if column.check == "certificate":
        yield "certificate", _bad_certificate
    if column.check == "id_card":
        yield "id_card", _wrong_id_card
    if column.pattern and "pattern" in column.flag:
        yield "phone", _masked_phone
