"""A heading as delivered flows in; the column that it promises, and the scale of its unit, flow out.

Departments dress headings: `*企业名称`, `企业名称（必填）`, `成立日期：`, `注册资金(万元)`, unseen signs. What such
a dress says is nothing (必填) or a unit of money, which is then the unit of every bare number below it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from schemas.contract import Column, FeedContract, Heading, Scale

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
_YUAN = "(?:人民币|RMB|CNY|¥)?"
_NAMES = "|".join(sorted(UNITS, key=len, reverse=True))
_UNIT = f"{_YUAN}({_NAMES}){_YUAN}"
_BRACKETS = re.compile(r"[(\[【〔{<《]([^()\[\]【】〔〕{}<>《》]{0,30})[)\]】〕}>》]")
_MUST = "(?:必|选|非必|可)(?:填|选|录|输)(?:项|列|字段)?|(?:不|不能|不可|可|可以)?为?空"
_NOTE = re.compile(
    rf"\**(?:{_MUST})?\**|文本(?:格式|型)?|字符型?|数字|数值型?|日期型?|自动(?:生成|填充|计算)?|下拉(?:选择)?|请?选择|全称|国标码?"
    r"|(?:格式|例如|如|示例):?.*|y{4}.?m{1,2}.?d{0,2}.*|年.?月.?日|精确到.{1,3}|\d{1,3}位(?:数字?|以内|代码)?(?:(?:数字|字母|大写|或|和|及)*)"
    r"|[与同].{0,12}一致|(?:多[个人项].{0,4})?[用以]?.{1,4}(?:分隔|隔开)",
    re.IGNORECASE,
)
# In brackets 万 is 万元.
_UNIT_IN_BRACKETS = re.compile(
    f"(?:金额|计量|货币)?(?:单位)?:?{_YUAN}({_NAMES}|百万|千万|[万亿]){_YUAN}", re.IGNORECASE
)
_LARGE = "|".join(unit for unit in UNITS if unit != "元")
_UNIT_BEHIND = re.compile(f"[:,/_-](?:单位:?)?{_UNIT}$|(?<=[额金本价款费值])({_LARGE})$")
# 1.企业名称, （1）企业名称, 一、企业名称, ①企业名称 (which is 1 in its plain form), A.企业名称.
_COUNT = re.compile(
    r"^(?:[(\[]?\d{1,2}[)\]]?[.、:_-]?|\(?[一二三四五六七八九十]{1,3}[、.)]+|[A-Z][.、])(?=[*【(\[“\"]?[\u4e00-\u9fff])"
)
_MUST_BEHIND = re.compile("(?<=[\u4e00-\u9fff])[:/_-]?(?:必填|选填|必录|非必填)(?:项)?$")
# A name in Latin letters beside the Chinese one says nothing, unless it is that of a currency or a unit.
_MONEY = "USD|RMB|CNY|EUR|HKD|JPY|GBP|TWD|MOP|KRW|SGD|AUD|CAD|CHF|yuan|wan|dollars?|us|k|m|kg|km|cm|mm"
_LATIN = re.compile(rf"(?!(?:{_MONEY})$)[A-Za-z][A-Za-z_.'/&-]*", re.IGNORECASE)
_LATIN_BESIDE = re.compile(
    rf"(?<=[\u4e00-\u9fff])[/:_|-]?(?!(?:{_MONEY})$)[A-Za-z][A-Za-z_]{{2,}}$|^[A-Za-z][A-Za-z_]{{2,}}[/:_|.-]?(?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
_MARKS = "*:★☆●▲#.。、,;_|"
_NUMBERINGS = frozenset(("#", "no", "序", "行号", "顺序号", "项次", "序列"))
# Words by which two headings that look alike mean different things.
_APART = (
    *("注销", "吊销", "撤销", "变更", "核准", "截止", "终止", "失效", "到期", "实缴", "认缴", "币种", "曾用", "上级"),
    *("备案", "是否", "数量", "个数", "占比", "类型", "类别", "状态", "电话", "邮箱"),
)
# Words that mean the same in a heading.
_SAME = (("时间", "日期"), ("编码", "代码"), ("编号", "代码"), ("号码", "代码"), ("地址", "住所"))
# Too little to say which column is meant.
_GENERIC = frozenset((*(usual for _, usual in _SAME), "名称", "金额", "类型", "备注", "说明"))
_LIKE = 0.6
# Headings are asked for again with every file of a feed, and cells that might be headings several times in a row. A
# reader outlives its files: what no heading is as long as is not kept, or one file's cells would fill its memory.
REMEMBERED, LONGEST_REMEMBERED = 4096, 200
# ="企业名称", '企业名称: what keeps a spreadsheet's cell text. Marks around every cell ('企业名称') are another matter.
_FORCED = re.compile(r"""=\s?(["'])(?P<formula>.*)\1|['`‘](?P<marked>.*[^'`’])""")


def plain(heading: str) -> str:
    """A heading for comparison: full-width forms, brackets, spaces, unseen signs, and what keeps it text (="…") do not
    make it another one."""
    return (_plain if len(heading) <= LONGEST_REMEMBERED else _plain.__wrapped__)(heading)


@lru_cache(maxsize=REMEMBERED)
def _plain(heading: str) -> str:
    wide = "".join(unicodedata.normalize("NFKC", heading).split())
    if forced := _FORCED.fullmatch(wide):
        wide = forced["formula"] or forced["marked"] or ""
    if wide.isprintable():
        return wide
    return "".join(sign for sign in wide if unicodedata.category(sign) not in ("Cf", "Cc"))


def undressed(heading: str) -> tuple[str, int | None]:
    """A heading without what dresses it, and the unit of money that it names, in yuan."""
    return (_undressed if len(heading) <= LONGEST_REMEMBERED else _undressed.__wrapped__)(heading)


@lru_cache(maxsize=REMEMBERED)
def _undressed(heading: str) -> tuple[str, int | None]:
    unit: int | None = None

    def _taken_off(bracket: re.Match[str]) -> str:
        nonlocal unit
        if _NOTE.fullmatch(bracket[1]) or _LATIN.fullmatch(bracket[1]):
            return ""
        if (named := _UNIT_IN_BRACKETS.fullmatch(bracket[1])) and unit is None:
            unit = UNITS[named[1] if named[1] in UNITS else f"{named[1]}元"]
            return ""
        return bracket[0]

    base = _COUNT.sub("", plain(heading).strip(_MARKS))
    base = _MUST_BEHIND.sub("", _BRACKETS.sub(_taken_off, base).strip(_MARKS))
    base = _LATIN_BESIDE.sub("", base).strip(_MARKS)
    if unit is None and (behind := _UNIT_BEHIND.search(base)):
        unit, base = UNITS[behind[1] or behind[2]], base[: behind.start()]
    return base.strip(_MARKS), unit


@dataclass(frozen=True)
class Promised:
    """The headings that a contract promises, as they may be delivered: by what they read, the column and its scale.

    `written`: as the contract writes them, with the columns that are read from each.
    """

    exact: dict[str, dict[str, Scale]] = field(default_factory=dict)
    by_base: dict[str, dict[str, Scale]] = field(default_factory=dict)
    money: dict[str, frozenset[str]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    written: dict[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: tuple[Column, ...], ignored: tuple[str, ...] = ()) -> Promised:
        """Those of these columns; `ignored` are headings that are known and not read."""
        exact: dict[str, dict[str, Scale]] = {}
        by_base: dict[str, dict[str, Scale]] = {}
        money: dict[str, set[str]] = {}
        for column in columns:
            for known in column.headings:
                exact.setdefault(plain(known.heading), {}).setdefault(column.name, known.scale or 1)
                base, unit = undressed(known.heading)
                if unit is None:
                    by_base.setdefault(base, {}).setdefault(column.name, known.scale or 1)
                if column.parse == "amount" or column.is_beside_amount:
                    money.setdefault(base, set()).add(column.name)
        written = {
            known.heading: frozenset(exact[plain(known.heading)]) for column in columns for known in column.headings
        }
        # Two headings of one base are told apart by what dresses them: Score (Hygiene), Score (Structural).
        dressed: dict[str, set[frozenset[str]]] = {}
        for heading, names in written.items():
            dressed.setdefault(undressed(heading)[0], set()).add(names)
        by_base = {base: names for base, names in by_base.items() if any(names.keys() <= one for one in dressed[base])}
        return cls(
            exact,
            by_base,
            {base: frozenset(names) for base, names in money.items()},
            frozenset(map(plain, ignored)),
            written,
        )

    @classmethod
    def by(cls, contract: FeedContract, ignored: tuple[str, ...] = ()) -> Promised:
        """Those of a feed's contract."""
        columns = contract.columns
        if unfold := contract.unfold:
            cells = tuple(Heading(heading=heading) for heading in unfold.headings)
            own = next(column for column in columns if column.name == unfold.value)
            own = own.model_copy(update={"headings": (*own.headings, *cells)})
            columns = tuple(own if column.name == own.name else column for column in columns)
        return cls.of(columns, (*contract.ignore, *ignored))

    def scales(self, heading: str) -> dict[str, Scale]:
        """The columns that are read from a heading, each with what turns a bare number into its unit."""
        if known := self.exact.get(plain(heading)):
            return known
        base, unit = undressed(heading)
        if unit is None:
            return self.by_base.get(base, {})
        in_yuan: dict[str, Scale] = dict.fromkeys(self.money.get(base, ()), unit)
        return in_yuan

    def is_known(self, heading: str) -> bool:
        """Whether anybody promised it, be it to be ignored."""
        base, _ = undressed(heading)
        if plain(heading) in self.ignored or base in self.ignored or self.scales(heading):
            return True
        return plain(heading).strip(".:").lower() in _NUMBERINGS and "序号" in self.ignored

    def names_strange_unit(self, heading: str) -> bool:
        """Whether it is an amount's heading with a unit that nobody understands: 注册资金（万美元）."""
        base = _BRACKETS.sub("", plain(heading)).strip(_MARKS)
        return base != plain(heading).strip(_MARKS) and base in self.money

    def likely(self, heading: str, taken: Collection[str] = ()) -> str | None:
        """The promised heading that one nobody promised is most like; none of a column that the file has (`taken`)."""
        base = _meant(heading)
        if base in _GENERIC:
            return None
        best, best_likeness = None, _LIKE
        for promised, columns in self.written.items():
            if columns & set(taken):
                continue
            if any((word in heading) != (word in promised) for word in _APART):
                continue
            likeness = 1.0 if base.lower() in columns else SequenceMatcher(None, base, _meant(promised)).ratio()
            if likeness > best_likeness:
                best, best_likeness = promised, likeness
        return best


def _meant(heading: str) -> str:
    """A heading without what dresses it and what stands in brackets, in one word for each that means the same."""
    base = _BRACKETS.sub("", undressed(heading)[0]) or undressed(heading)[0]
    for other, usual in _SAME:
        base = base.replace(other, usual)
    return base


def scale_of(column: Column, heading: str) -> Scale:
    """What turns a bare amount under a heading into the column's unit."""
    return Promised.of((column,)).scales(heading).get(column.name, 1)
