"""SQL over a cleaned `cell` and its kind of code, `check`: wrong forms and check digits flow out."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.identities import (
    ID_CARD_CHECKS,
    ID_CARD_WEIGHTS,
    ORG_CODE_ALPHABET,
    ORG_CODE_WEIGHTS,
    PLATE,
    USCC_ALPHABET,
    USCC_WEIGHTS,
)

USCC = "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}"
FORMS = {
    "uscc": (f"regexp_full_match(cell, '{USCC}')", "不是统一社会信用代码（GB 32100 规定的 18 位）"),
    "id_card": (
        "regexp_full_match(cell, '[1-9][0-9]{16}[0-9X]') and try_cast("
        "concat_ws('-', substr(cell, 7, 4), substr(cell, 11, 2), substr(cell, 13, 2)) as date) is not null",
        "不是公民身份号码（GB 11643 规定的 18 位）",
    ),
    "item_code": ("regexp_full_match(cell, '[0-9]{14}')", "不是 14 位数字"),
    "check_icode": (
        f"regexp_matches(cell, '^{USCC}[1-5]')",
        "前 18 位应为统一社会信用代码，第 19 位应为 1 至 5 的层级",
    ),
    "certificate": ("regexp_full_match(cell, '17[0-9]{9}')", "不是湖北省执法证号（17 开头的 11 位数字）"),
    "plate": (f"regexp_full_match(cell, '{PLATE}')", "不是机动车号牌（GA 36）"),
}
FORM = f"case \"check\" {' '.join(f'''when '{kind}' then {form}''' for kind, (form, _) in FORMS.items())} end"


def forms() -> Iterator[tuple[str, str]]:
    """The condition of a wrong form, and its words."""
    words = " ".join(f"when '{kind}' then '{words}'" for kind, (_, words) in FORMS.items())
    yield "cell is not null and not has_form", f'case "check" {words} end'


def digits() -> Iterator[tuple[str, str]]:
    """The conditions under which a check character is wrong, each with its words."""
    wrong = _wrong(18, USCC_ALPHABET, f"(31 - {_sum(USCC_ALPHABET, USCC_WEIGHTS)} % 31) % 31")
    of_firm, of_item = "'第 18 位校验码不符（GB 32100）'", "'所含统一社会信用代码校验码不符（GB 32100）'"
    words = f"case \"check\" when 'uscc' then {of_firm} else {of_item} end"
    yield f"has_form and \"check\" in ('uscc', 'check_icode') and {wrong}", words
    wrong = _wrong(17, "0X987654321", f"{_sum(ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS, 9)} % 11")
    yield f"has_form and \"check\" = 'uscc' and {wrong}", "'第 17 位组织机构代码校验码不符（GB 11714）'"
    wrong = _wrong(18, ID_CARD_CHECKS, f"{_sum('0123456789', ID_CARD_WEIGHTS)} % 11")
    yield f"has_form and \"check\" = 'id_card' and {wrong}", "'第 18 位校验码不符（GB 11643）'"


def _wrong(place: int, characters: str, index: str) -> str:
    return f"substr(cell, {place}, 1) <> substr('{characters}', {index} + 1, 1)"


def _sum(alphabet: str, weights: tuple[int, ...], start: int = 1) -> str:
    terms = (
        f"(instr('{alphabet}', substr(cell, {start + place}, 1)) - 1) * {weight}"
        for place, weight in enumerate(weights)
    )
    return f"({' + '.join(terms)})"
