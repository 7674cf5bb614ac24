"""A cell's contract column flows in; the ways to spoil it, each with the rule that it breaks, flow out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from schemas.contract import Column
from schemas.identities import id_card_check_char, uscc_check_char
from simulate.mess import LIST_JOINER, NOTHING, separator_of
from simulate.promises import known_spellings, verdict
from simulate.style import Style
from simulate.values import codes_in_force, fitting_codes, kind_of, largest
from simulate.word_lists import Table

BROKEN_DATES = ("2024-02-30", "2026/13/45", "20250631", "2025年4月31日", "2025-00-10", "去年十月", "2025-1")
# What is no date, but a month.
MONTHS = ("2025-1",)
UNKNOWN_CODES = ("88", "暂定类别", "特殊类别", "X1", "429999", "99999", "其他类别")
NOT_NUMBERS = ("面议", "若干元", "约五千", "见附件")
OLDEST, FUTURE = 1912, "2099-01-01"
BEYOND = (1, 20, 2000)

Spoiler = Callable[[np.random.Generator, Column, Table, int], str | None]


@dataclass(frozen=True)
class Way:
    """A way to spoil a cell: what it is called in the truth, the rule that it breaks, and what becomes of the row."""

    kind: str
    rule: str
    verdict: str
    spoil: Spoiler


def _text(column: Column, rows: Table, row: int) -> str:
    return str(rows[column.name][row])


def _missing(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    accepted = known_spellings(column.codes) if column.codes else frozenset()
    return str(rng.choice(["", "", "", *(word for word in NOTHING if word.upper() not in accepted)]))


def _left_out(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """Nothing where another column asks for something."""
    other = rows.get(str(column.required_with))
    is_asked = other is not None and not (np.isnan(other[row]) if other.dtype.kind == "f" else _is_empty(other[row]))
    return _missing(rng, column, rows, row) if is_asked else None


def _is_empty(value: object) -> bool:
    return value == "" or (isinstance(value, np.datetime64) and bool(np.isnat(value)))


def _unknown_code(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.codes
    return str(rng.choice([code for code in UNKNOWN_CODES if code not in known_spellings(column.codes)]))


def _misfit(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """A code of the list that does not go with what the other column holds."""
    fitting = fitting_codes(column, str(rows[column.fits.column][row])) if column.fits else None
    others = [code for code in codes_in_force(column) if fitting and code not in fitting]
    return str(rng.choice(others)) if others else None


def _broken_date(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    read = MONTHS if column.parse == "month" else ()
    return str(rng.choice([text for text in BROKEN_DATES if text not in read]))


def _too_old(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.min is not None
    if column.min < OLDEST:
        return f"{int(column.min) - 1}-06-30" if column.min > 1000 else None
    return str(rng.choice(["1900-01-01", "1899/12/31", "1911年10月10日"]))


def _too_late(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.max is not None
    return f"{int(column.max) + 1}-01-01"


def _in_future(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return FUTURE


def _out_of_order(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    other = rows[str(column.not_before)][row]
    if np.isnat(other) or np.isnat(rows[column.name][row]):
        return None
    earlier: date = other.astype("datetime64[D]").astype(object) - timedelta(int(rng.integers(1, 60)))
    return earlier.isoformat() if earlier.year >= (column.min or 0) else None


def _bad_uscc(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = _text(column, rows, row)
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


def _bad_digits(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """A digit less, a digit more, letters among them."""
    code = _text(column, rows, row)
    return (code[:-1], code + "0", code[:-3] + "A01")[int(rng.integers(3))] if code else None


def _bad_check_icode(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = _text(column, rows, row)
    return code[:18] + "9" + code[19:] if len(code) > 19 else None


def _bad_certificate(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = _text(column, rows, row)
    return (code[:-1], "鄂A" + code[3:], code[:5])[int(rng.integers(3))] if code else None


def _wrong_uscc_digit(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = _text(column, rows, row)
    if len(code) < 18:
        return None
    others = [char for char in "0123456789" if char != uscc_check_char(code[:17])]
    return code[:17] + str(rng.choice(others)) + code[18:]


def _wrong_id_card_digit(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = _text(column, rows, row)
    return code[:17] + ("1" if id_card_check_char(code[:17]) != "1" else "2") if len(code) == 18 else None


def _lower_case(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    code = _text(column, rows, row)
    return code.lower() if code.lower() != code else None


def _too_few(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """One item less than there must be."""
    items = _text(column, rows, row).split(LIST_JOINER)
    assert column.min_items
    fewer = items[: column.min_items - 1]
    return separator_of(column, Style()).join(fewer) if items[0] and fewer else None


def _too_little(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """Below zero or, where that is allowed, below the least; whatever the unit of the heading."""
    low = min(column.min or 0, 0)
    fitting = [beyond for beyond in BEYOND if beyond - low < largest(column)]
    return f"{low - rng.choice(fitting):.15g}" if fitting else None


def _too_much(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.max is not None
    beyond = max(column.max, 0) + 1
    return f"{beyond:.15g}" if beyond < largest(column) else None


def _not_a_number(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    return str(rng.choice(list(NOT_NUMBERS)))


def _too_long(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    assert column.max_length
    text = _text(column, rows, row) or "详见"
    return (text + "、附件所列各项" * (column.max_length // 4 + 1))[: column.max_length + 1 + int(rng.integers(40))]


def _strange(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """Masked in the middle, as personal numbers are passed on, or marked at the end."""
    text = _text(column, rows, row)
    return (text[:3] + "****" + text[7:], f"*{text}", f"{text}？")[int(rng.integers(3))] if text else None


def _bad_plate(rng: np.random.Generator, column: Column, rows: Table, row: int) -> str | None:
    """Without the province, as drivers say it, or cut off."""
    code = _text(column, rows, row)
    return (code[1:], code[:4])[int(rng.integers(2))] if code else None


# By check: what a code of another form and one with a wrong check digit are called, and how they are made.
FORMS: dict[str, tuple[str, Spoiler]] = {
    "uscc": ("bad_uscc", _bad_uscc),
    "item_code": ("bad_item_code", _bad_digits),
    "check_icode": ("bad_check_icode", _bad_check_icode),
    "certificate": ("certificate", _bad_certificate),
    "id_card": ("bad_id_card", _bad_digits),
    "plate": ("bad_plate", _bad_plate),
}
CHECK_DIGITS: dict[str, tuple[str, Spoiler]] = {
    "uscc": ("check_digit", _wrong_uscc_digit),
    "check_icode": ("check_digit", _wrong_uscc_digit),
    "id_card": ("id_card", _wrong_id_card_digit),
}


def ways(column: Column) -> Iterator[Way]:
    """Every way in which a cell of the column can be wrong or doubtful."""
    for kind, rule, spoil in (*_of_any(column), *_of_text(column), *_of_range(column)):
        yield Way(kind, rule, verdict(column, rule), spoil)
    if column.check or column.check_when:
        yield Way("lower_case", "case", "flag", _lower_case)


Named = Iterator[tuple[str, str, Spoiler]]


def _of_any(column: Column) -> Named:
    if column.required:
        yield "missing", "required", _missing
    if column.required_with and not column.required:
        yield "left_out", "required", _left_out
    if column.codes and not column.is_beside_amount:
        yield "unknown_code", "codes", _unknown_code
    if column.fits:
        yield "misfit", "fits", _misfit
    if column.min_items and column.min_items > 1:
        yield "one_officer", "items", _too_few


def _of_text(column: Column) -> Named:
    if column.check:
        yield FORMS[column.check][0], "check", FORMS[column.check][1]
        if column.check in CHECK_DIGITS:
            yield CHECK_DIGITS[column.check][0], "check_digit", CHECK_DIGITS[column.check][1]
    if column.check_when:
        yield "bad_uscc", "check", _bad_uscc
    if column.max_length and column.type == "string" and not column.codes:
        yield "too_long", "length", _too_long
    if column.pattern and column.type == "string" and not column.codes:
        yield "pattern", "pattern", _strange


def _of_range(column: Column) -> Named:
    if kind_of(column) == "M":
        yield "bad_date", "type", _broken_date
        for promised, kind, rule, spoil in (
            (column.min is not None, "too_old", "min", _too_old),
            (column.max is not None, "too_late", "max", _too_late),
            (column.not_future, "future", "future", _in_future),
            (column.not_before, "order", "order", _out_of_order),
        ):
            if promised:
                yield kind, rule, spoil
    elif kind_of(column) == "f":
        yield "bad_number", "type", _not_a_number
        if column.min is not None:
            yield "negative", "min", _too_little
        if column.max is not None:
            yield "too_much", "max", _too_much
