"""Check digits of codes as native Spark SQL expressions: a column's SQL flows in, a condition flows out.

Written out, a check digit is a sum of 8 to 17 weighted terms: slow to run, and most of what a feed's rules take to
plan. But the weights are powers of one number, so the sum is a number read in that base, less multiples of the modulus.
GB 32100 has weights 1, 3, 9, 27 … = 3^i modulo 31. Read in base 34 a code is the sum of its digits times 34^i, and
since 34 mod 31 = 3 that leaves the same remainder: `conv(code, 34, 10) % 31` is the whole sum in one step. Base 34
stands for base 3 because digits may be as large as 33.

Codes are looked at in capitals; of one that is not written as its standard says
the answer means nothing, so every `has_…` stands behind its `is_…`.
"""

from __future__ import annotations

from schemas.identities import ID_CARD_CHECKS, USCC_ALPHABET

# Digits of a base as conv writes them.
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# GB 32100: weights 3^(i-1) modulo 31, the first place lightest; 34 leaves 3. Nine such digits fit a bigint, 17 do not.
USCC_BASE, USCC_PART = 34, 8
# GB 11714: weights 2^8 to 2^1 modulo 11, and 35 leaves 2; Z, which base 35 lacks, is in no USCC.
ORG_CODE_BASE = 35
# GB 11643: weights 2^17 to 2^1 modulo 11, and 13 leaves 2; 17 digits of base 13 just fit a bigint.
ID_CARD_BASE = 13


def _number(digits: str, base: int) -> str:
    return f"try_cast(conv({digits}, {base}, 10) as bigint)"


def _is_at(place: int, code: str, characters: str, index: str) -> str:
    return f"instr('{characters}', substr({code}, {place}, 1)) - 1 = {index}"


def is_uscc(code: str) -> str:
    """Whether a code is written as GB 32100 allows: 18 characters of its alphabet, a division in places 3 to 8."""
    letters = USCC_ALPHABET[10:]
    return f"{code} rlike '^[0-9{letters}]{{2}}[0-9]{{6}}[0-9{letters}]{{10}}$'"


def has_uscc_check(code: str) -> str:
    """Whether character 18 follows from the 17 before it (GB 32100-2015): the sum of all 18 is a multiple of 31."""
    letters = [(ours, digit) for ours, digit in zip(USCC_ALPHABET, DIGITS, strict=False) if ours != digit]
    ours, digits = ("".join(side) for side in zip(*letters, strict=True))
    light, heavy = (f"reverse(translate(substr({code}, {at}), '{ours}', '{digits}'))" for at in ("1, 8", "9, 9"))
    total = f"{_number(light, USCC_BASE)} + {_number(heavy, USCC_BASE)} % 31 * {pow(3, USCC_PART, 31)}"
    return f"({total} + instr('{USCC_ALPHABET}', substr({code}, 18, 1)) - 1) % 31 = 0"


def has_organisation_check(code: str) -> str:
    """Whether character 17 follows from 9 to 16, the organisation code inside a USCC (GB 11714-1997)."""
    total = f"{_number(f'substr({code}, 9, 8)', ORG_CODE_BASE)} * 2"
    return _is_at(17, code, "0X987654321", f"{total} % 11")


def is_id_card(code: str) -> str:
    """Whether a code is written as a citizen's number with a date of birth that exists (GB 11643-1999)."""
    born = f"concat(substr({code}, 7, 4), '-', substr({code}, 11, 2), '-', substr({code}, 13, 2))"
    form = f"{code} rlike '^[1-9][0-9]{{16}}[0-9X]$'"
    return f"case when {form} then try_cast({born} as date) is not null else {code} is null end"


def has_id_card_check(code: str) -> str:
    """Whether character 18 follows from the 17 before it (GB 11643-1999)."""
    total = f"{_number(f'substr({code}, 1, 17)', ID_CARD_BASE)} % 11 * 2"
    return _is_at(18, code, ID_CARD_CHECKS, f"{total} % 11")
