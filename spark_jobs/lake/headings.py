"""A heading as delivered flows in; the column that it promises, and the scale of its unit, flow out.

Departments dress headings: `*企业名称`, `企业名称（必填）`, `成立日期：`, `注册资金(万元)`, unseen signs. What such
a dress says is nothing (必填) or a unit of money, which is then the unit of every bare number below it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from difflib import get_close_matches

from schemas.contract import Column, FeedContract

# What a unit of money is in yuan, as departments write it.
UNITS = {
    "元": 1,
    "百元": 100,
    "千元": 1_000,
    "万元": 10_000,
    "十万元": 100_000,
    "百万元": 1_000_000,
    "千万元": 10_000_000,
    "亿元": 100_000_000,
}
_UNIT = f"(?:人民币)?({'|'.join(sorted(UNITS, key=len, reverse=True))})(?:人民币)?"
_BRACKETS = re.compile(r"[(\[【〔{]([^()\[\]【】〔〕{}]{0,20})[)\]】〕}]")
_NOTE = re.compile(
    r"\**(?:(?:必|选|非必|可)(?:填|选|录|输)(?:项|列|字段)?|(?:不|不能|不可|可|可以)?为?空)?\**|文本(?:格式|型)?|字符型?|数字|数值型?|日期型?"
    r"|(?:格式|例如|如|示例):?.*|y{4}.?m{1,2}.?d{0,2}.*|\d{1,3}位(?:数字?|以内)?",
    re.IGNORECASE,
)
# In brackets 万 is 万元.
_UNIT_IN_BRACKETS = re.compile(f"(?:金额|计量|货币)?(?:单位)?:?(?:{_UNIT}|(百万|千万|万|亿))")
_LARGE = "|".join(unit for unit in UNITS if unit != "元")
_UNIT_BEHIND = re.compile(f"[:/_-](?:单位:?)?{_UNIT}$|(?<=[额金本价款费值])({_LARGE})$")
_MARKS = "*:★☆●▲#.。、,;"
_LIKE = 0.6
_FORCING = "='\"`“”‘’ "


def plain(heading: str) -> str:
    """A heading for comparison: full-width forms, brackets, spaces, unseen signs, and what keeps it text (="…") do not
    make it another one."""
    wide = unicodedata.normalize("NFKC", heading).strip(_FORCING)
    return "".join(sign for sign in wide if not sign.isspace() and unicodedata.category(sign) not in ("Cf", "Cc"))


def undressed(heading: str) -> tuple[str, int | None]:
    """A heading without what dresses it, and the unit of money that it names, in yuan."""
    unit: int | None = None

    def _taken_off(bracket: re.Match[str]) -> str:
        nonlocal unit
        if _NOTE.fullmatch(bracket[1]):
            return ""
        if (named := _UNIT_IN_BRACKETS.fullmatch(bracket[1])) and unit is None:
            unit = UNITS[named[1] or f"{named[2]}元"]
            return ""
        return bracket[0]

    base = _BRACKETS.sub(_taken_off, plain(heading)).strip(_MARKS)
    if unit is None and (behind := _UNIT_BEHIND.search(base)):
        unit, base = UNITS[behind[1] or behind[2]], base[: behind.start()]
    return base.strip(_MARKS), unit


@dataclass(frozen=True)
class Promised:
    """The headings that a contract promises, as they may be delivered: by what they read, the column and its scale."""

    exact: dict[str, dict[str, int]] = field(default_factory=dict)
    by_base: dict[str, dict[str, int]] = field(default_factory=dict)
    money: dict[str, frozenset[str]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    @classmethod
    def of(cls, columns: tuple[Column, ...], ignored: tuple[str, ...] = ()) -> Promised:
        """Those of these columns; `ignored` are headings that are known and not read."""
        exact: dict[str, dict[str, int]] = {}
        by_base: dict[str, dict[str, int]] = {}
        money: dict[str, set[str]] = {}
        for column in columns:
            for known in column.headings:
                exact.setdefault(plain(known.heading), {}).setdefault(column.name, known.scale or 1)
                base, unit = undressed(known.heading)
                if unit is None:
                    by_base.setdefault(base, {}).setdefault(column.name, known.scale or 1)
                if column.parse:
                    money.setdefault(base, set()).add(column.name)
        return cls(
            exact, by_base, {base: frozenset(names) for base, names in money.items()}, frozenset(map(plain, ignored))
        )

    @classmethod
    def by(cls, contract: FeedContract, ignored: tuple[str, ...] = ()) -> Promised:
        """Those of a feed's contract."""
        return cls.of(contract.columns, (*contract.ignore, *ignored))

    def scales(self, heading: str) -> dict[str, int]:
        """The columns that are read from a heading, each with what turns a bare number below it into yuan."""
        if known := self.exact.get(plain(heading)):
            return known
        base, unit = undressed(heading)
        if unit is None:
            return self.by_base.get(base, {})
        return dict.fromkeys(self.money.get(base, ()), unit)

    def is_known(self, heading: str) -> bool:
        """Whether anybody promised it, be it to be ignored."""
        return bool(plain(heading) in self.ignored or self.scales(heading) or undressed(heading)[0] in self.ignored)

    def likely(self, heading: str) -> str | None:
        """The promised heading that one nobody promised is most like."""
        like = get_close_matches(undressed(heading)[0], self.exact, 1, _LIKE)
        return like[0] if like else None


def scale_of(column: Column, heading: str) -> int:
    """What turns a bare amount under a heading into the column's unit."""
    return Promised.of((column,)).scales(heading).get(column.name, 1)
