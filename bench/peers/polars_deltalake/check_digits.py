"""Codes flow in; whether their check characters follow from the others flows out, all codes of a column at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from schemas.identities import (
    ID_CARD_CHECKS,
    ID_CARD_WEIGHTS,
    ORG_CODE_ALPHABET,
    ORG_CODE_WEIGHTS,
    USCC_ALPHABET,
    USCC_WEIGHTS,
)

WIDTH = 18


def has_uscc_check(code: pl.Expr) -> pl.Expr:
    """Whether character 18 follows from the 17 before it (GB 32100-2015); for codes of the right form only."""
    checks = "".join(USCC_ALPHABET[-remainder % 31] for remainder in range(31))
    return _checked(code, USCC_ALPHABET, USCC_WEIGHTS, 0, checks)


def has_organisation_check(code: pl.Expr) -> pl.Expr:
    """Whether character 17 follows from 9 to 16 (GB 11714-1997)."""
    return _checked(code, ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS, 8, "0X987654321")


def has_id_card_check(code: pl.Expr) -> pl.Expr:
    """Whether character 18 follows from the 17 before it (GB 11643-1999)."""
    return _checked(code, "0123456789", ID_CARD_WEIGHTS, 0, ID_CARD_CHECKS)


def _checked(code: pl.Expr, alphabet: str, weights: Sequence[int], start: int, checks: str) -> pl.Expr:
    """`checks` is the check character by the weighted sum's remainder."""
    values = np.zeros(256, dtype=np.int32)
    values[list(alphabet.encode())] = np.arange(len(alphabet))
    by_remainder = np.frombuffer(checks.encode(), np.uint8)
    end = start + len(weights)

    def verdicts(codes: pl.Series) -> pl.Series:
        is_plain = (codes.str.len_bytes() == WIDTH).fill_null(False)
        characters = np.frombuffer(codes.filter(is_plain).str.join("").item().encode(), np.uint8).reshape(-1, WIDTH)
        sums = values[characters[:, start:end]] @ np.array(weights, dtype=np.int32)
        found = np.zeros(len(codes), dtype=bool)
        found[is_plain.to_numpy()] = by_remainder[sums % len(checks)] == characters[:, end]
        return pl.Series(found)

    return code.map_batches(verdicts, return_dtype=pl.Boolean)
