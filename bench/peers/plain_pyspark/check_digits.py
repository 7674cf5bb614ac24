"""The name of a cleaned column flows in; the rules of its kind of code, as Spark SQL, flow out."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.contract import Check
from schemas.identities import (
    ID_CARD_CHECKS,
    ID_CARD_WEIGHTS,
    ORG_CODE_ALPHABET,
    ORG_CODE_WEIGHTS,
    USCC_ALPHABET,
    USCC_WEIGHTS,
)

Rule = tuple[str, str, str]  # its name, the condition that breaks it, the words


def check_rules(check: Check, name: str) -> list[Rule]:
    """The rules of one kind of code: its form (`check`) and, where it has one, its check digit."""
    code = f"{name}__clean"
    if check == "uscc":
        return [
            ("check", f"not {_is_uscc(code)}", "不是统一社会信用代码（GB 32100 规定的 18 位）"),
            ("check_digit", f"{_is_uscc(code)} and not {_uscc_holds(code)}", "第 18 位校验码不符（GB 32100）"),
            (
                "check_digit",
                f"{_is_uscc(code)} and not {_organisation_holds(code)}",
                "第 17 位组织机构代码校验码不符（GB 11714）",
            ),
        ]
    if check == "id_card":
        born = f"concat(substr({code}, 7, 4), '-', substr({code}, 11, 2), '-', substr({code}, 13, 2))"
        form = f"if({code} rlike '^[1-9][0-9]{{16}}[0-9X]$', try_cast({born} as date) is not null, {code} is null)"
        index = f"{_sum(code, '0123456789', ID_CARD_WEIGHTS)} % 11"
        return [
            ("check", f"not {form}", "不是公民身份号码（GB 11643 规定的 18 位）"),
            (
                "check_digit",
                f"{form} and substr({code}, 18, 1) <> {_pick(ID_CARD_CHECKS, index)}",
                "第 18 位校验码不符（GB 11643）",
            ),
        ]
    if check == "item_code":
        return [("check", f"not {code} rlike '^[0-9]{{14}}$'", "不是 14 位数字")]
    if check == "check_icode":
        body = f"{name}__body"
        form = f"({_is_uscc(body)} and substr({code}, 19, 1) between '1' and '5')"
        return [
            ("check", f"not {form}", "前 18 位应为统一社会信用代码，第 19 位应为 1 至 5 的层级"),
            ("check_digit", f"{form} and not {_uscc_holds(body)}", "所含统一社会信用代码校验码不符（GB 32100）"),
        ]
    return [("check", f"not {code} rlike '^17[0-9]{{9}}$'", "不是湖北省执法证号（17 开头的 11 位数字）")]


def _sum(code: str, alphabet: str, weights: Sequence[int], start: int = 1) -> str:
    worth = (f"(instr('{alphabet}', substr({code}, {at}, 1)) - 1)" for at in range(start, start + len(weights)))
    terms = (f"{digit} * {weight}" for digit, weight in zip(worth, weights, strict=True))
    return f"({' + '.join(terms)})"


def _pick(characters: str, index: str) -> str:
    return f"substr('{characters}', {index} + 1, 1)"


def _is_uscc(code: str) -> str:
    letters = USCC_ALPHABET[10:]
    return f"{code} rlike '^[0-9{letters}]{{2}}[0-9]{{6}}[0-9{letters}]{{10}}$'"


def _uscc_holds(code: str) -> str:
    index = f"(31 - {_sum(code, USCC_ALPHABET, USCC_WEIGHTS)} % 31) % 31"
    return f"substr({code}, 18, 1) = {_pick(USCC_ALPHABET, index)}"


def _organisation_holds(code: str) -> str:
    index = f"{_sum(code, ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS, 9)} % 11"
    return f"substr({code}, 17, 1) = {_pick('0X987654321', index)}"
