"""Codes flow in, in capitals; whether they are written as their standard says, and their check digits, flow out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Check, Rule
from schemas.identities import (
    ID_CARD_CHECKS,
    ID_CARD_WEIGHTS,
    ORG_CODE_ALPHABET,
    ORG_CODE_WEIGHTS,
    PLATE,
    USCC_ALPHABET,
    USCC_WEIGHTS,
)
from spark_jobs.judging.arrays import Mask, cell_bytes, differs, is_null, is_true
from spark_jobs.judging.days import days_since_1970

Characters = npt.NDArray[np.uint8]
LENGTH = 18
# The check characters by remainder: GB 32100 wants the sum of all 18 to be a multiple of 31.
USCC_CHECKS = "".join(USCC_ALPHABET[-remainder % 31] for remainder in range(31))
ORG_CODE_CHECKS = "0X987654321"


def broken_checks(check: Check, text: pa.Array) -> Iterator[tuple[Rule, str, Mask]]:
    """The rules of one kind of code: its form (`check`) and, where it has one, its check digit.

    Each with its words, and the cells that break it: of what is not written as it should be, no digit is asked.
    """
    if check == "uscc":
        codes = _Codes(text)
        is_form = _is_uscc(codes.characters)
        has_check = _has_uscc_check(codes.characters)
        is_person = is_form & ~has_check & _is_citizen(codes.characters)
        yield "check", "不是统一社会信用代码（GB 32100 规定的 18 位）", codes.are_there & ~codes.of_all(is_form)
        yield "check", "是公民身份号码，不是统一社会信用代码", codes.of_all(is_person)
        is_form &= ~is_person
        yield (
            "check_digit",
            "第 18 位校验码不符（GB 32100）",
            codes.of_all(is_form & ~has_check),
        )
        has_own = _has_check(codes.characters, ORG_VALUES, ORG_CODE_WEIGHTS, 8, ORG_CODE_CHECKS)
        yield "check_digit", "第 17 位组织机构代码校验码不符（GB 11714）", codes.of_all(is_form & ~has_own)
    elif check == "id_card":
        codes = _Codes(text)
        is_form = _is_id_card(codes.characters)
        yield "check", "不是公民身份号码（GB 11643 规定的 18 位）", codes.are_there & ~codes.of_all(is_form)
        yield "check_digit", "第 18 位校验码不符（GB 11643）", codes.of_all(is_form & ~_has_id_check(codes.characters))
    elif check == "item_code":
        yield "check", "不是 14 位数字", differs(text, "^[0-9]{14}$")
    elif check == "check_icode":
        codes = _Codes(pc.utf8_slice_codeunits(text, 0, LENGTH))
        has_level = is_true(pc.is_in(pc.utf8_slice_codeunits(text, LENGTH, LENGTH + 1), pa.array([*"12345"])))
        is_form = codes.of_all(_is_uscc(codes.characters)) & has_level
        yield "check", "前 18 位应为统一社会信用代码，第 19 位应为 1 至 5 的层级", codes.are_there & ~is_form
        has_own = codes.of_all(_has_uscc_check(codes.characters))
        yield "check_digit", "所含统一社会信用代码校验码不符（GB 32100）", is_form & ~has_own
    elif check == "plate":
        yield "check", "不是机动车号牌（GA 36）", differs(text, f"^{PLATE}$")
    else:
        # Cards issued by Hubei: 17 and nine digits (domain.md §2.7, from memory: only ever a doubt).
        yield "check", "不是湖北省执法证号（17 开头的 11 位数字）", differs(text, "^17[0-9]{9}$")


class _Codes:
    """The cells of 18 bytes as a matrix, a row a cell: no other can be such a code."""

    def __init__(self, text: pa.Array) -> None:
        data, bounds = cell_bytes(text)
        self.are_there = ~is_null(text)
        self._has_length = (np.diff(bounds) == LENGTH) & self.are_there
        begin = bounds[:-1][self._has_length]
        self.characters: Characters = (
            data[begin[:, None] + np.arange(LENGTH)] if len(begin) else np.zeros((0, 18), "u1")
        )

    def of_all(self, mask: Mask) -> Mask:
        """A mask over the rows of the matrix as one over all cells."""
        found = np.zeros(len(self._has_length), bool)
        found[self._has_length] = mask
        return found


def _values(alphabet: str) -> npt.NDArray[np.int32]:
    """The value of each byte in an alphabet; -1 of those that are not in it."""
    values = np.full(256, -1, np.int32)
    values[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet))
    return values


USCC_VALUES, ORG_VALUES, DIGIT_VALUES = map(_values, (USCC_ALPHABET, ORG_CODE_ALPHABET, "0123456789"))


def _is_uscc(characters: Characters) -> Mask:
    """Whether codes are written as GB 32100 allows: characters of its alphabet, a division in places 3 to 8."""
    is_division = (DIGIT_VALUES[characters[:, 2:8]] >= 0).all(axis=1)
    return np.asarray((USCC_VALUES[characters] >= 0).all(axis=1) & is_division)


def _has_uscc_check(characters: Characters) -> Mask:
    return _has_check(characters, USCC_VALUES, USCC_WEIGHTS, 0, USCC_CHECKS)


def _is_id_card(characters: Characters) -> Mask:
    """Whether codes are written as citizens' numbers with a date of birth that exists (GB 11643-1999)."""
    digits = DIGIT_VALUES[characters].astype(np.int64)
    is_last = (digits[:, 17] >= 0) | (characters[:, 17] == ord("X"))
    is_form = (digits[:, :17] >= 0).all(axis=1) & (digits[:, 0] > 0) & is_last
    _, was_born = days_since_1970(
        digits[:, 6:10] @ (1000, 100, 10, 1), digits[:, 10:12] @ (10, 1), digits[:, 12:14] @ (10, 1)
    )
    return np.asarray(is_form & was_born)


def _has_id_check(characters: Characters) -> Mask:
    return _has_check(characters, DIGIT_VALUES, ID_CARD_WEIGHTS, 0, ID_CARD_CHECKS)


def _is_citizen(characters: Characters) -> Mask:
    """Whether codes are citizens' numbers down to their check digit: an owner's in the place of a firm's code."""
    return _is_id_card(characters) & _has_id_check(characters)


def _has_check(
    characters: Characters, values: npt.NDArray[np.int32], weights: tuple[int, ...], first: int, checks: str
) -> Mask:
    """Whether the character behind the weighted ones is the one that the remainder of their sum asks for."""
    total = np.zeros(len(characters), np.int32)
    for place, weight in enumerate(weights, first):
        total += (values * weight)[characters[:, place]]
    asked = np.frombuffer(checks.encode(), np.uint8)[total % len(checks)]
    return np.asarray(asked == characters[:, first + len(weights)])
