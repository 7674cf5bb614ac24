"""Check digits of codes as native Spark SQL expressions: a column's SQL flows in, a condition flows out."""

from __future__ import annotations

from schemas.check_digits import (
    ID_CARD_CHECKS,
    ID_CARD_WEIGHTS,
    ORG_CODE_ALPHABET,
    ORG_CODE_WEIGHTS,
    USCC_ALPHABET,
    USCC_WEIGHTS,
)


def _sum(code: str, alphabet: str, weights: tuple[int, ...], start: int = 1) -> str:
    terms = (
        f"(instr('{alphabet}', substr({code}, {start + position}, 1)) - 1) * {weight}"
        for position, weight in enumerate(weights)
    )
    return f"({' + '.join(terms)})"


def _pick(characters: str, index: str) -> str:
    return f"substr('{characters}', cast({index} as int) + 1, 1)"


def is_uscc(code: str) -> str:
    """Whether a code is written as GB 32100 allows: 18 characters of its alphabet, a division in places 3 to 8."""
    letters = USCC_ALPHABET[10:]
    return f"{code} rlike '^[0-9{letters}]{{2}}[0-9]{{6}}[0-9{letters}]{{10}}$'"


def has_uscc_check(code: str) -> str:
    """Whether character 18 follows from the 17 before it (GB 32100-2015)."""
    index = f"(31 - {_sum(code, USCC_ALPHABET, USCC_WEIGHTS)} % 31) % 31"
    return f"substr({code}, 18, 1) = {_pick(USCC_ALPHABET, index)}"


def has_organisation_check(code: str) -> str:
    """Whether character 17 follows from 9 to 16, the organisation code inside a USCC (GB 11714-1997)."""
    return (
        f"substr({code}, 17, 1) = {_pick('0X987654321', f'{_sum(code, ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS, 9)} % 11')}"
    )


def is_id_card(code: str) -> str:
    """Whether a code is written as a citizen's number with a date of birth that exists (GB 11643-1999)."""
    born = f"concat(substr({code}, 7, 4), '-', substr({code}, 11, 2), '-', substr({code}, 13, 2))"
    form = f"{code} rlike '^[1-9][0-9]{{16}}[0-9X]$'"
    return f"case when {form} then try_cast({born} as date) is not null else {code} is null end"


def has_id_card_check(code: str) -> str:
    """Whether character 18 follows from the 17 before it (GB 11643-1999)."""
    index = f"{_sum(code, '0123456789', ID_CARD_WEIGHTS)} % 11"
    return f"substr({code}, 18, 1) = {_pick(ID_CARD_CHECKS, index)}"
