"""A contract's columns flow in; the Spark SQL that types each cell and names what is wrong with it flows out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product

from schemas.characters import NARROW, WIDE
from schemas.contract import Check, Column, FeedContract
from spark_jobs.judging.check_digits import (
    has_id_card_check,
    has_organisation_check,
    has_uscc_check,
    is_id_card,
    is_uscc,
)
from spark_jobs.lake.sql import literal

# What departments write where they have nothing to say, in whatever mixture of capitals and small letters.
NOTHING = ("N/A", "NA", "无", "-", "--", "/", "NULL", "[已脱敏]", "【已脱敏】")
# 50.00(万元人民币), 2,000(万元), 51.1万美元, 100: a number, a factor and the currency's name.
NUMBER = "^([+-]?[0-9]+([.][0-9]+)?)"
FACTORS = {"亿": 100_000_000, "万": 10_000}
YUAN = "^(万|亿)?(元|人民币|元人民币|人民币元)?$"
SHOWN = 80
MISSING = "缺少必填内容"
SPACE = " \u3000\t\r\n"
# For speed: upper() and translate() are slow on Chinese text, and most cells have nothing for them to change. They are
# called for cells in plain ASCII, where they are cheap, and for those with a small letter or a full-width character.
SMALL_LETTER = "\\p{Ll}"
FULL_WIDTH = f"{WIDE[0]}-{WIDE[-2]}{WIDE[-1]}"
# The day of receipt in China, which has one time zone and no summer time.
RECEIVED = "cast(_received_at + interval 8 hours as date)"
# What most cells look like; the rest takes the long way.
PLAIN_NUMBER = "^[0-9]{1,14}([.][0-9]{1,6})?$"
PLAIN_DATE = "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$"
DAY = "^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
COMPACT_DAY = "^([0-9]{4})([0-9]{2})([0-9]{2})"
FRACTION = "([.][0-9]{1,9})?"
MOMENT = (
    f"^([0-9]{{8}}([0-9]{{6}}{FRACTION})?"
    f"|{DAY[1:]}([ T]+[0-9]{{1,2}}:[0-9]{{1,2}}(:[0-9]{{1,2}}{FRACTION})?)?)([+]08:?00)?$"
)


@dataclass(frozen=True)
class Finding:
    """The SQL of a condition that should not hold, and of what is said where it does."""

    condition: str
    said: str


@dataclass(frozen=True)
class Judgement:
    """The SQL of one column: its typed value, and what may be found against it (reasons) or be doubtful (flags)."""

    typed: str
    reasons: list[Finding]
    flags: list[Finding]


def any_of(findings: list[Finding]) -> str:
    """The SQL of whether anything is found."""
    return f"coalesce({' or '.join(f'({finding.condition})' for finding in findings) or 'false'}, false)"


def all_said(findings: list[Finding]) -> str:
    """The SQL of everything that is said, as an array of texts without nulls."""
    texts = [f"case when {finding.condition} then {finding.said} end" for finding in findings]
    return "array_compact(array({}))".format(",\n    ".join(["cast(null as string)", *texts]))


def cleaned(column: Column) -> str:
    """The cell as delivered without surrounding space, and null for the words that mean nothing."""
    trimmed = f"btrim({column.name}, {literal(SPACE)})"
    words = ", ".join(literal(spelling) for word in ("", *NOTHING) for spelling in _spellings(word))
    return f"case when {trimmed} in ({words}) then null else {_narrowed(column, trimmed)} end"


def _spellings(word: str) -> list[str]:
    """A word in capitals, in small letters, and everything between: to look for all costs less than making capitals."""
    return sorted({"".join(letters) for letters in product(*({one.lower(), one.upper()} for one in word))})


def _narrowed(column: Column, text: str) -> str:
    """Codes, numbers and dates in half-width characters; codes in capitals; free text with full-width brackets."""
    is_prose = column.type == "string" and not (column.check or column.check_when or column.codes or column.parse)
    if is_prose:
        return f"replace(replace({text}, '(', '（'), ')', '）')" if column.name.endswith("_name") else text
    characters, plain, narrow = FULL_WIDTH, text, half_width(text)
    if column.check or column.check_when or column.codes:
        characters, plain, narrow = SMALL_LETTER + FULL_WIDTH, f"upper({text})", f"upper({narrow})"
    return (
        f"case when octet_length({text}) = length({text}) then {plain}"
        f" when {text} rlike {literal(f'[{characters}]')} then {narrow} else {text} end"
    )


def half_width(text: str) -> str:
    """The text in half-width characters."""
    return f"translate({text}, {literal(WIDE)}, {literal(NARROW)})"


def judge_absent(contract: FeedContract, column: Column) -> Judgement:
    """What the contract says of a column that nobody delivered."""
    found = [_finding(column, _missing(contract, column), MISSING)] if column.required else []
    return Judgement(f"cast(null as {column.spark_type})", found, [])


def judge(contract: FeedContract, column: Column) -> Judgement:
    """Everything the contract says of one column: how it is typed, over the CTE `coded` of conform, and what may be
    found against it, over the CTE `typed`, where the typed values stand beside the cells."""
    name, typed = column.name, typed_name(column)
    finding = partial(_finding, column)
    broken: list[tuple[str, str, str]] = []
    if column.required:
        broken.append(("required", _missing(contract, column), MISSING))
    if column.required_with:
        other = contract.column(column.required_with)
        empty = f"{name} is null and {other.name} is not null"
        broken.append(("required", empty, f"填写了{other.label}，{MISSING}"))
    if column.parse != "currency" and column.type not in ("string", "list"):
        broken.append(("type", f"{name} is not null and {_not_typed(column, typed)}", _expected(column)))
    if column.codes:
        broken.append(("codes", f"{code_text(column, name)} is not null and {name}__code is null", "不在代码表中"))
    if column.pattern:
        broken.append(("pattern", f"not {name} rlike {literal(f'^(?:{column.pattern})$')}", "格式不符"))
    broken += _checks(column)
    if column.max_length:
        broken.append(("length", f"length({name}) > {column.max_length}", f"超过 {column.max_length} 个字"))
    if column.min_items:
        broken.append(
            ("items", f"{name} is not null and size({typed}) < {column.min_items}", f"少于 {column.min_items} 人")
        )
    broken += _range(column, typed)
    if column.not_before:
        other = contract.column(column.not_before)
        broken.append(("order", f"{typed} < {typed_name(other)}", f"早于{other.label}"))
    if column.not_future:
        broken.append(("future", f"{_day(column, typed)} > {RECEIVED}", "晚于接收日期"))
    reasons = [finding(condition, what) for rule, condition, what in broken if rule not in column.flag]
    flags = [finding(condition, what) for rule, condition, what in broken if rule in column.flag]
    if column.check or column.check_when:
        has_small = f"{name} is not null and {name}__raw rlike {literal(SMALL_LETTER)}"
        flags.append(finding(has_small, "小写字母已改为大写"))
    return Judgement(_typed(column), reasons, flags)


def typed_name(column: Column) -> str:
    """What the typed value is called in the CTE `typed`."""
    return f"{column.name}__typed"


def _missing(contract: FeedContract, column: Column) -> str:
    """An empty required cell; a row that deletes need hold no more than its key."""
    if not contract.has_envelope or column.name in contract.key:
        return f"{column.name} is null"
    return f"{column.name} is null and coalesce(cd_operation__code, '') <> 'D'"


def _finding(column: Column, condition: str, what: str) -> Finding:
    """`column: what is wrong: value`."""
    value = f"coalesce(left({column.name}__raw, {SHOWN}), '')"
    return Finding(condition, f"concat({literal(f'{column.name}: {what}: ')}, {value})")


def _typed(column: Column) -> str:
    name = column.name
    if column.codes:
        return f"{name}__code"
    if column.parse == "amount":
        return f"try_cast({_amount(name)} as {column.spark_type})"
    if column.type == "date":
        return _date(name)
    if column.type == "timestamp":
        return _moment(name)
    if column.type == "list":
        return f"filter(transform(split({name}, {literal(str(column.separator))}), x -> btrim(x)), x -> x <> '')"
    if column.type == "string":
        return name
    return f"try_cast(replace({name}, ',', '') as {column.spark_type})"


def _not_typed(column: Column, typed: str) -> str:
    wrong = f"{typed} is null"
    if column.parse != "amount" or not column.name.endswith("_cny"):
        return wrong
    is_foreign = f"not {_unit(column.name)} rlike '{YUAN}'"
    return f"({wrong} or case when {column.name} rlike '{PLAIN_NUMBER}' then false else {is_foreign} end)"


def _expected(column: Column) -> str:
    if column.parse == "amount":
        return "不是可识别的金额"
    return {"date": "不是有效日期", "timestamp": "不是有效时间", "integer": "不是整数"}.get(
        str(column.type), "不是数字"
    )


def _date(text: str) -> str:
    """2024-05-01, 2024/5/1, 2024.5.1, 2024年5月1日 and 20240501, with or without a time of day, are one date."""
    parts = f"regexp_replace({text}, '{DAY}([ T].*)?$', '$1-$2-$3')"
    digits = f"concat(substr({text}, 1, 4), '-', substr({text}, 5, 2), '-', substr({text}, 7, 2))"
    whole = f"case when {text} rlike '^[0-9]{{8}}$' then {digits} else {parts} end"
    long_way = f"case when {whole} rlike '{PLAIN_DATE}' then try_cast({whole} as date) end"
    return f"case when {text} rlike '{PLAIN_DATE}' then try_cast({text} as date) else {long_way} end"


def _moment(text: str) -> str:
    """A date with a time of day in China, 2019-04-11 08:30:00 or 20190411083000; without one it is midnight. In UTC."""
    date_first = f"regexp_replace({text}, '{DAY}[ T]*([^+]*)([+].*)?$', '$1-$2-$3 $4')"
    compact_day = f"regexp_replace({text}, '{COMPACT_DAY}.*$', '$1-$2-$3')"
    compact = f"regexp_replace({text}, '{COMPACT_DAY}(..)(..)(..)([.][0-9]+)?.*$', '$1-$2-$3 $4:$5:$6$7')"
    whole = (
        f"case when {text} rlike '^[0-9]{{14}}' then {compact} when {text} rlike '^[0-9]{{8}}' then {compact_day}"
        f" else {date_first} end"
    )
    return f"case when {text} rlike '{MOMENT}' then try_cast(btrim({whole}) as timestamp) - interval 8 hours end"


def _day(column: Column, typed: str) -> str:
    """The day in China of a date or of a moment kept in UTC."""
    return f"cast({typed} + interval 8 hours as date)" if column.type == "timestamp" else typed


def _unit(text: str) -> str:
    """What stands behind the number, without brackets: 万元人民币."""
    plain = f"regexp_replace(replace({text}, ',', ''), '[()（） ]', '')"
    return f"regexp_replace({plain}, '{NUMBER}', '')"


def _amount(text: str) -> str:
    """The number times the factor its cell names, else the one of its heading (`<column>__scale`)."""
    number = f"try_cast(regexp_extract(replace({text}, ',', ''), '{NUMBER}', 1) as decimal(20,6))"
    cases = " ".join(f"when {_unit(text)} like '{word}%' then {factor}" for word, factor in FACTORS.items())
    long_way = f"{number} * case {cases} when {_unit(text)} = '' then {text}__scale else 1 end"
    plain = f"try_cast({text} as decimal(20,6)) * {text}__scale"
    return f"case when {text} rlike '{PLAIN_NUMBER}' then {plain} else {long_way} end"


def code_text(column: Column, text: str) -> str:
    """The SQL of the spelling to look up, of a cleaned cell, which holds capitals.

    A currency is what remains of the unit, and yuan where nothing does.
    """
    if column.parse != "currency":
        return text
    word = f"regexp_replace({_unit(text)}, '^[万亿]', '')"
    is_amount = f"{text} is not null and {text} rlike '^[+-]?[0-9]'"
    return f"case when {is_amount} then case when {word} = '' then 'CNY' else upper({word}) end end"


def _checks(column: Column) -> list[tuple[str, str, str]]:
    if column.check_when:
        when = column.check_when
        return [
            (rule, f"{when.column}__code = {literal(code)} and {condition}", what)
            for code, check in when.is_.items()
            for rule, condition, what in _check(check, column.name)
        ]
    return _check(column.check, column.name) if column.check else []


def _check(check: Check, code: str) -> list[tuple[str, str, str]]:
    """The rules of one kind of code: its form (`check`) and, where it has one, its check digit."""
    if check == "uscc":
        return [
            ("check", f"not {is_uscc(code)}", "不是统一社会信用代码（GB 32100 规定的 18 位）"),
            ("check_digit", f"{is_uscc(code)} and not {has_uscc_check(code)}", "第 18 位校验码不符（GB 32100）"),
            (
                "check_digit",
                f"{is_uscc(code)} and not {has_organisation_check(code)}",
                "第 17 位组织机构代码校验码不符（GB 11714）",
            ),
        ]
    if check == "id_card":
        return [
            ("check", f"not {is_id_card(code)}", "不是公民身份号码（GB 11643 规定的 18 位）"),
            ("check_digit", f"{is_id_card(code)} and not {has_id_card_check(code)}", "第 18 位校验码不符（GB 11643）"),
        ]
    if check == "item_code":
        return [("check", f"not {code} rlike '^[0-9]{{14}}$'", "不是 14 位数字")]
    if check == "check_icode":
        body = f"substr({code}, 1, 18)"
        form = f"({is_uscc(body)} and substr({code}, 19, 1) between '1' and '5')"
        return [
            ("check", f"not {form}", "前 18 位应为统一社会信用代码，第 19 位应为 1 至 5 的层级"),
            ("check_digit", f"{form} and not {has_uscc_check(body)}", "所含统一社会信用代码校验码不符（GB 32100）"),
        ]
    # Cards issued by Hubei: 17 and nine digits (domain.md §2.7, from memory: only ever a doubt).
    return [("check", f"not {code} rlike '^17[0-9]{{9}}$'", "不是湖北省执法证号（17 开头的 11 位数字）")]


def _range(column: Column, typed: str) -> list[tuple[str, str, str]]:
    """Bounds of an amount, or of a date's year."""
    is_date = column.type in ("date", "timestamp")
    figure, unit = (f"year({_day(column, typed)})", " 年") if is_date else (typed, "")
    bounds = []
    if column.min is not None:
        bounds.append(
            (
                "min",
                f"{figure} < {column.min:.15g}",
                f"早于 {column.min:.15g}{unit}" if is_date else f"小于 {column.min:.15g}",
            )
        )
    if column.max is not None:
        bounds.append(
            (
                "max",
                f"{figure} > {column.max:.15g}",
                f"晚于 {column.max:.15g}{unit}" if is_date else f"大于 {column.max:.15g}",
            )
        )
    return bounds
