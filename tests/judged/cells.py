"""A feed's column flows in; the cells that departments, spreadsheets and exports really put there flow out.

Cells are good, doubtful and wrong ones together: what becomes of each is for the answers to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from schemas.characters import NARROW, WIDE
from schemas.contract import Check, Column, code_list
from schemas.contract.read import read_yaml
from schemas.identities import id_card_check_char, org_code_check_char, uscc_check_char

CELLS: dict[str, list[str]] = read_yaml(Path(__file__).with_name("cells.yaml"))
LONG = "很长的文字" + "x" * 1000
# Digits and a date of birth, without serial number and check character.
CITIZEN = "42010319900307"


def cells_of(column: Column, is_compared: bool) -> list[str]:
    """The cells to try in a column of its own kind.

    `is_compared`: a moment is compared with it, or it with a day; days far off used to stop the feed then.
    """
    far = [] if is_compared else CELLS["far"]
    if column.parse:
        return [*CELLS["amounts"], "1" + "0" * 400]
    if column.codes:
        return [*_codes(column.codes)]
    if column.check_when:
        return [cell for check in column.check_when.is_.values() for cell in _identities(check)]
    if column.check:
        return [*_identities(column.check)]
    kinds = {
        "date": [*CELLS["dates"], *far],
        "timestamp": [*CELLS["moments"], *far],
        "list": [*CELLS["lists"], "，".join(f"人{number}" for number in range(240))],
        "string": [*CELLS["prose"], LONG],
    }
    return kinds.get(str(column.type), CELLS["numbers"])


def lengths(column: Column) -> list[str]:
    """Cells as long as the column may hold, and one sign longer; each sign of some of them takes four bytes."""
    most = column.max_length
    return [sign * length for sign in "字x😀" for length in (most, most + 1)] if most else []


def dressed(good: str) -> list[str]:
    """A good cell in the clothes of spreadsheets and exports."""
    return [
        *(sign + good for sign in CELLS["before"]),
        *(good + sign for sign in (*CELLS["behind"], *CELLS["odd"])),
        *(good.lower(), good.upper(), good.title(), good.swapcase(), widened(good), good * 2, good[:-1], good[1:]),
        *(
            f'="{good}"',
            f"={good}",
            f"“{good}”",
            f"({good})",
            f"（{good}）",
            f"[{good}]",
            f'"{good}"',
            f"{good},{good}",
        ),
        *(f"{good[:4]}{sign}{good[4:]}" for sign in ("\u200b", " ", "\n", "；")),
        good + LONG,
    ]


def widened(text: str) -> str:
    """The text in full-width characters."""
    return text.translate(str.maketrans(NARROW, WIDE))


def _codes(name: str) -> Iterator[str]:
    """Some codes of a list, all of a short one, as they are spelled and nearly so."""
    codes = code_list(name)
    for code in codes[:: max(1, len(codes) // 12)]:
        yield from (code.code, code.label, *code.aliases[:3])
        yield from (code.code.lower(), code.code.lstrip("0"), f"0{code.code}", widened(code.code))
        yield f"{code.code} {code.label}"
    yield from CELLS["codes"]


def _identities(check: Check) -> Iterator[str]:
    """Good and bad identities of a kind."""
    if check == "id_card":
        yield from _id_cards()
    elif check == "uscc":
        yield from _usccs()
    elif check == "check_icode":
        yield from _icodes()
    else:
        yield from CELLS[f"{check}s"]


def _uscc(first16: str) -> str:
    """A code with both of its check characters."""
    first17 = first16 + org_code_check_char(first16[8:])
    return first17 + uscc_check_char(first17)


def _usccs() -> Iterator[str]:
    good = _uscc("91420100MA4K0001")
    yield from (good, good.lower(), widened(good), f" {good} ", good[:-1], f"{good}1", f"{good}\n", f"{good}（副本）")
    yield from map(_uscc, ("92420502MA4L0TE5", "1242030042000001", "52420000MJH00001", "93421083MA4M00A7"))
    for place, signs in ((17, "XYı"), (16, "0XA"), (4, "Z"), (9, "中I\n"), (2, "A"), (8, "IZ"), (0, "０ſ")):
        yield from (good[:place] + sign + good[place + 1 :] for sign in signs)
    yield from (good[:16] + sign + uscc_check_char(good[:16] + sign) for sign in "0XA")
    yield from (good.replace("0", "O"), good.replace("1", "I"), good.replace("MA", "мА"), f"{good[:4]}-{good[4:]}")
    yield from ("0" * 18, "Y" * 18, "1" * 18, "ſ" * 18, "914201000000000", "420100000123456", "9.1420E+17")


def _id_card(first17: str) -> str:
    return first17 + id_card_check_char(first17)


def _id_cards() -> Iterator[str]:
    good = _id_card(f"{CITIZEN}151")
    with_x = next(card for serial in range(999) if (card := _id_card(f"{CITIZEN}{serial:03}")).endswith("X"))
    yield from (good, with_x, with_x.lower(), widened(with_x), f" {good}", good[:-1], f"{good}0", f"{good}\n")
    yield from (good[:-1] + sign for sign in "0123456789xＸХ")
    for born in ("19491231", "20240230", "20240229", "20230229", "18000101", "20991231", "19900001", "99991231"):
        yield _id_card(f"420103{born}151")
    yield from (_id_card("0" + good[1:17]), "420103900307151", f"{good[:6]}****{good[10:]}", f"{good}/{with_x}")
    yield from ("1" * 18, "9" * 18, f"{good[:3]}X{good[4:]}", "4.20103E+17", "H1234567", "E12345678")


def _icodes() -> Iterator[str]:
    codes = [*_usccs()]
    yield from (codes[0] + behind for behind in ("4310", "1", "5", "0", "6", "", "A", "３", "4\n", "4" + "9" * 60))
    yield from (f"x{codes[0]}3", f"{codes[0].lower()}2xyz", *(f"{code}4310" for code in codes[3:24]))
