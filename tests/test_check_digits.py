"""The pure-Python check characters against every vector of the domain reference."""

from __future__ import annotations

import pytest

from schemas.identities import id_card_check_char, org_code_check_char, uscc_check_char
from tests.vectors import (
    IMPOSSIBLE_USCC,
    LETTER_FIRST_WRONG_CHECK,
    ORG_CODES,
    VALID_ID_CARDS,
    VALID_USCC,
    WRONG_ORG_CODE_INSIDE,
    WRONG_USCC_CHECK,
)


@pytest.mark.parametrize("uscc", VALID_USCC)
def test_a_valid_code_ends_in_its_check_character(uscc: str) -> None:
    assert uscc_check_char(uscc[:17]) == uscc[17]


@pytest.mark.parametrize("uscc", VALID_USCC)
def test_the_organisation_code_inside_a_valid_code_checks(uscc: str) -> None:
    assert org_code_check_char(uscc[8:16]) == uscc[16]


@pytest.mark.parametrize(("uscc", "expected"), WRONG_USCC_CHECK)
def test_a_wrong_code_is_told_what_it_should_end_in(uscc: str, expected: str) -> None:
    assert uscc_check_char(uscc[:17]) == expected != uscc[17]


@pytest.mark.parametrize("uscc", LETTER_FIRST_WRONG_CHECK)
def test_a_letter_first_is_no_excuse(uscc: str) -> None:
    assert uscc_check_char(uscc[:17]) != uscc[17]


@pytest.mark.parametrize("uscc", WRONG_ORG_CODE_INSIDE)
def test_a_wrong_organisation_code_inside_is_seen(uscc: str) -> None:
    assert org_code_check_char(uscc[8:16]) != uscc[16]


@pytest.mark.parametrize("uscc", IMPOSSIBLE_USCC)
def test_an_impossible_code_has_no_check_character(uscc: str) -> None:
    with pytest.raises(ValueError, match=r"substring not found|zip"):
        uscc_check_char(uscc[:-1])


@pytest.mark.parametrize(("first8", "check"), ORG_CODES)
def test_organisation_code(first8: str, check: str) -> None:
    assert org_code_check_char(first8) == check


@pytest.mark.parametrize("id_card", VALID_ID_CARDS)
def test_id_card(id_card: str) -> None:
    assert id_card_check_char(id_card[:17]) == id_card[17]
