"""Cells of every kind: what is understood, and what is turned away rather than taken for something else."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pyarrow as pa
import pytest

from schemas.contract import Check
from spark_jobs.judging.check_digits import broken_checks
from spark_jobs.judging.days import read_dates, read_moments, read_months, read_written
from spark_jobs.judging.numbers import Amounts, read_amount, read_numbers
from tests.vectors import (
    IMPOSSIBLE_USCC,
    LETTER_FIRST_WRONG_CHECK,
    VALID_ID_CARDS,
    VALID_USCC,
    WRONG_ORG_CODE_INSIDE,
    WRONG_USCC_CHECK,
)


def broken(check: Check, *codes: str) -> list[set[str]]:
    """The rules that each code breaks."""
    found: list[set[str]] = [set() for _ in codes]
    for rule, _, is_broken in broken_checks(check, pa.array(codes)):
        for place in is_broken.nonzero()[0]:
            found[place].add(rule)
    return found


def test_valid_codes_break_nothing() -> None:
    assert broken("uscc", *VALID_USCC) == [set()] * len(VALID_USCC)
    assert broken("id_card", *VALID_ID_CARDS) == [set()] * len(VALID_ID_CARDS)


def test_a_wrong_check_digit_is_seen() -> None:
    wrong = [*(code for code, _ in WRONG_USCC_CHECK), *LETTER_FIRST_WRONG_CHECK, *WRONG_ORG_CODE_INSIDE]
    assert broken("uscc", *wrong) == [{"check_digit"}] * len(wrong)


def test_what_is_no_code_has_no_check_digit() -> None:
    assert broken("uscc", *IMPOSSIBLE_USCC) == [{"check"}] * len(IMPOSSIBLE_USCC)


def test_a_persons_number_is_no_code_of_a_firm() -> None:
    """It is 18 digits too: only the check digits tell them apart, and nobody's number may name a firm."""
    assert broken("uscc", *VALID_ID_CARDS) == [{"check"}] * len(VALID_ID_CARDS)


def test_a_plate_has_a_province_and_five_or_six_signs_behind_its_letter() -> None:
    assert broken("plate", "鄂A12345", "鄂AD12345", "鄂A1234挂") == [set()] * 3
    assert broken("plate", "A12345", "鄂A1234", "鄂A123456X", "鄂AI2345") == [{"check"}] * 4


def test_an_empty_cell_and_none_at_all_break_nothing() -> None:
    for check in ("uscc", "id_card", "item_code", "check_icode", "certificate", "plate"):
        for text in (pa.array([None, None], pa.string()), pa.array([], pa.string())):
            assert not any(is_broken.any() for _, _, is_broken in broken_checks(check, text))


@pytest.mark.parametrize(
    "cell", ["0000-01-01", "00000101", "0202-01-05", "1582-10-10", "2024-02-30", "2023-02-29", "日"]
)
def test_what_is_no_day(cell: str) -> None:
    for others in ([], ["2024-05-01"], ["2024/5/1"]):  # alone, among days of the usual form, and among others
        assert read_dates(pa.array([cell, *others]))[0].as_py() is None
        assert read_moments(pa.array([cell, *others]))[0].as_py() is None


@pytest.mark.parametrize("cell", ["2024-02-29", "2024/2/29", "2024.2.29", "2024年2月29日", "20240229"])
def test_a_day_in_every_form(cell: str) -> None:
    assert read_dates(pa.array([cell, "2024-05-01", None])).to_pylist() == [date(2024, 2, 29), date(2024, 5, 1), None]


@pytest.mark.parametrize("cell", ["2024-02", "2024/2", "2024年2月", "2024年02月份", "2024.02", "202402", "2024-02-29"])
def test_a_month_in_every_form_is_its_first_day(cell: str) -> None:
    assert read_months(pa.array([cell, "2024-05-01", None])).to_pylist() == [date(2024, 2, 1), date(2024, 5, 1), None]


@pytest.mark.parametrize("cell", ["2024.1", "2024-13", "2024-0", "24-02", "2月", "2024"])
def test_what_is_no_month(cell: str) -> None:
    assert read_months(pa.array([cell])).to_pylist() == [None]  # 2024.1 is what a spreadsheet makes of 2024.10


def test_days_that_nobody_could_read_are_read_as_their_sender_says() -> None:
    text = pa.array(["12/3/2010", "10-Nov-16", "2010-12-03", "17/12/2010", None])
    read = read_written(read_dates(text), text, ("%m/%d/%Y", "%d-%b-%y")).to_pylist()
    assert read == [date(2010, 12, 3), date(2016, 11, 10), date(2010, 12, 3), None, None]
    assert read_written(read_dates(text), text, ()).to_pylist() == [None, None, date(2010, 12, 3), None, None]


@pytest.mark.parametrize(
    ("cell", "kind"), [("NaN", "double"), ("inf", "double"), ("1e400", "double"), ("1e2", "decimal(9,2)")]
)
def test_what_is_no_number(cell: str, kind: str) -> None:
    assert read_numbers(pa.array([cell, "5"]), kind).to_pylist()[0] is None


NUMBERS = (
    "0",
    "1",
    "12.5",
    "100.005",
    "99999999999999",
    "1,234",
    "12 000.00",
    "-5",
    "3万4千",
    "1.2.3",
    ".5",
    "1-2",
    "",
)
BEHIND = (
    "",
    "元",
    "(万元人民币)",
    "（万美元）",
    "万0.001百",
    "US$",
    "元整",
    "万4千元",
    "%",
    "万亿",
    "面议",
    "\n元",
    "e5",
    "万1",
)


@pytest.mark.parametrize("scale", [1, 10_000])
def test_amounts_read_together_say_what_each_says_alone(scale: int) -> None:
    cells = [number + behind for number in NUMBERS for behind in BEHIND]
    together = Amounts.read(pa.array(cells))
    read = zip(
        cells, together.values(scale, "decimal(28,2)").to_pylist(), together.currencies().to_pylist(), strict=True
    )
    for cell, value, currency in read:
        alone = read_amount(cell)
        expected = alone and alone.value(scale).quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert (cell, value) == (cell, expected)
        assert (cell, currency) == (cell, alone and alone.code)
