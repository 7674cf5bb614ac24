"""Rows that refer to others flow in; some of their codes are made to name nobody, and which flows out as truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schemas.contract import Column, FeedContract
from schemas.identities import USCC_ALPHABET, org_code_check_char, uscc_check_char
from simulate.marks import SPARE
from simulate.meanings import reference_of
from simulate.promises import broken, checked
from simulate.word_lists import Array, Table

DANGLING = 0.012  # of the rows, for each column that names another row
MOST = 2  # of a file's rows: what devices send by themselves is not typed anew
SPARE_DANGLING = 0.3  # of those that nobody refers to, in a feed of which others are referred to
KIND = "dangling"
NOBODYS = "NB"  # organisation codes that begin so are nobody's in the province


def dangle(
    contract: FeedContract, rows: Table, free: Array, names: list[str], rng: np.random.Generator
) -> list[tuple[int, str, str]]:
    """Row, column and code of what now names nobody; the rows themselves say so too."""
    columns = [column for column in contract.columns if column.name in names and _may(contract, column, rows)]
    made = []
    shares = np.full(len(free), DANGLING * len(columns))
    if SPARE in rows and columns:
        shares[rows[SPARE][free]] = SPARE_DANGLING
    chosen = free[rng.random(len(free)) < shares]
    for row in rng.permutation(chosen)[:MOST].tolist():
        column = columns[int(rng.integers(len(columns)))]
        if SPARE in rows and column.name in contract.key and not rows[SPARE][row]:
            continue  # another row refers to this one by its key
        document = str(rows[column.check_when.column][row]) if column.check_when else ""
        code = _nobodys(column, document, str(rows[column.name][row]), rng)
        if code and not broken(column, code) and not checked(column, document, code):
            rows[column.name][row] = code
            made.append((row, column.name, code))
    return made


def _may(contract: FeedContract, column: Column, rows: Table) -> bool:
    """Whether a column names another row, as one code in text."""
    is_text = rows[column.name].dtype.kind == "O" and column.type == "string" and not column.codes
    return is_text and reference_of(contract, column) is not None


def _nobodys(column: Column, document: str, code: str, rng: np.random.Generator) -> str | None:
    """A code of the same form that was never given out; None where there is no code."""
    check = column.check_when.is_.get(document) if column.check_when else column.check
    if not code or (column.check_when and not check):
        return None
    return OTHERS[check](code, rng) if check in OTHERS else _other_number(code, rng)


def _other_number(code: str, rng: np.random.Generator) -> str:
    """Another running number at the end: none of the simulator's goes so high."""
    return f"{code[:-2]}9{rng.integers(0, 10)}X" if len(code) > 2 else f"{code}X"


def _other_uscc(code: str, rng: np.random.Generator) -> str | None:
    if len(code) != 18:
        return None
    body = NOBODYS + "".join(USCC_ALPHABET[n] for n in rng.integers(0, len(USCC_ALPHABET), 6))
    first17 = code[:8] + body + org_code_check_char(body)
    return first17 + uscc_check_char(first17)


def _other_item(code: str, rng: np.random.Generator) -> str:
    return code[:-3] + f"9{rng.integers(0, 100):02d}"


OTHERS: dict[str | None, Callable[[str, np.random.Generator], str | None]] = {
    "uscc": _other_uscc,
    "item_code": _other_item,
    "check_icode": _other_item,
    "certificate": lambda code, rng: code[:2] + "99" + code[4:],
}
