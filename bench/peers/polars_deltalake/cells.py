"""The distinct cells of one column flow in; what each means, and which rules it breaks by itself, flow out.

A year of a province has a few hundred dates and a few dozen codes in a million cells: every rule but those that
compare two columns is worked out once a distinct cell.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import polars as pl

from bench.peers.polars_deltalake.check_digits import has_id_card_check, has_organisation_check, has_uscc_check
from schemas.characters import NARROW, WIDE
from schemas.contract import Check, Column
from schemas.identities import USCC_ALPHABET
from spark_jobs.lake.codes import code_spellings

SPACE = " \u3000\t\r\n"
WORDS = ("N/A", "NA", "无", "-", "--", "/", "NULL", "[已脱敏]", "【已脱敏】")
NOTHING = ["", *("".join(letters) for word in WORDS for letters in product(*({c, c.lower()} for c in word)))]
DAY = "^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?([ T].*)?$"
COMPACT_DAY = "^([0-9]{4})([0-9]{2})([0-9]{2})$"
NUMBER = "^([+-]?[0-9]+([.][0-9]+)?)"
YUAN = "^(万|亿)?(元|人民币|元人民币|人民币元)?$"
# What no contract calls a rule: the code was told in small letters.
CASE = "case"
LETTERS = USCC_ALPHABET[10:]
USCC = f"^[0-9{LETTERS}]{{2}}[0-9]{{6}}[0-9{LETTERS}]{{10}}$"
ID_CARD = "^[1-9][0-9]{16}[0-9X]$"

TEXT, TYPED = pl.col("text"), pl.col("typed")


class Rule(NamedTuple):
    """A rule's name in the contract, the words for who breaks it, who does, and with which code of another column."""

    name: str
    words: str
    broken: pl.Expr
    when: str | None = None


def judged(column: Column, cells: pl.LazyFrame) -> pl.LazyFrame:
    """`raw` (and `scale`, of an amount) with `text`, the cell as read, `typed`, what it means, and a column a rule."""
    cells = cells.with_columns(text=_cleaned(column))
    if column.parse:
        cells = cells.with_columns(unit=_unit())
    if column.codes:
        cells = cells.with_columns(spelling=_spelling(column))
    cells = cells.with_columns(typed=_typed(column))
    return cells.with_columns(
        **{str(place): rule.broken.fill_null(False) for place, rule in enumerate(rules(column))},
        shown=pl.col("raw").str.head(80).fill_null(""),
    )


def rules(column: Column) -> list[Rule]:
    """What a cell breaks by itself, in the order in which it is told."""
    found: list[Rule] = []
    if column.required:
        found.append(Rule("required", "缺少必填内容", TEXT.is_null()))
    if column.parse == "amount":
        is_yuan = pl.col("unit").str.contains(YUAN) if column.name.endswith("_cny") else pl.lit(True)
        found.append(Rule("type", "不是可识别的金额", TEXT.is_not_null() & (TYPED.is_null() | is_yuan.not_())))
    if column.type == "date":
        found.append(Rule("type", "不是有效日期", TEXT.is_not_null() & TYPED.is_null()))
    if column.codes:
        found.append(Rule("codes", "不在代码表中", pl.col("spelling").is_not_null() & TYPED.is_null()))
    if column.pattern:
        found.append(Rule("pattern", "格式不符", TEXT.str.contains(f"^(?:{column.pattern})$").not_()))
    if column.check:
        found += _check(column.check)
    if column.check_when:
        checks = column.check_when.is_.items()
        found += [rule._replace(when=code) for code, check in checks for rule in _check(check)]
    if column.max_length:
        found.append(Rule("length", f"超过 {column.max_length} 个字", TEXT.str.len_chars() > column.max_length))
    if column.min_items:
        found.append(Rule("items", f"少于 {column.min_items} 人", TYPED.list.len() < column.min_items))
    found += _bounds(column)
    if column.check or column.check_when:
        plain = half_width(pl.col("raw").str.strip_chars(SPACE))
        found.append(Rule(CASE, "小写字母已改为大写", plain != TEXT))
    return found


def _bounds(column: Column) -> list[Rule]:
    figure, unit = (TYPED.dt.year(), " 年") if column.type == "date" else (TYPED, "")
    least, most = ("早于", "晚于") if column.type == "date" else ("小于", "大于")
    bounds: list[Rule] = []
    if column.min is not None:
        bounds.append(Rule("min", f"{least} {column.min:.15g}{unit}", figure < int(column.min)))
    if column.max is not None:
        bounds.append(Rule("max", f"{most} {column.max:.15g}{unit}", figure > int(column.max)))
    return bounds


def _check(check: Check) -> list[Rule]:
    """The form of a kind of code (`check`) and, where it has one, its check digit."""
    if check == "uscc":
        is_uscc = TEXT.str.contains(USCC)
        return [
            Rule("check", "不是统一社会信用代码（GB 32100 规定的 18 位）", is_uscc.not_()),
            Rule("check_digit", "第 18 位校验码不符（GB 32100）", is_uscc & has_uscc_check(TEXT).not_()),
            Rule(
                "check_digit",
                "第 17 位组织机构代码校验码不符（GB 11714）",
                is_uscc & has_organisation_check(TEXT).not_(),
            ),
        ]
    if check == "id_card":
        born = pl.concat_str(TEXT.str.slice(6, 4), TEXT.str.slice(10, 2), TEXT.str.slice(12, 2), separator="-")
        is_form = TEXT.str.contains(ID_CARD)
        is_id_card = is_form & born.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        return [
            Rule("check", "不是公民身份号码（GB 11643 规定的 18 位）", TEXT.is_not_null() & is_id_card.not_()),
            Rule("check_digit", "第 18 位校验码不符（GB 11643）", is_id_card & has_id_card_check(TEXT).not_()),
        ]
    if check == "item_code":
        return [Rule("check", "不是 14 位数字", TEXT.str.contains("^[0-9]{14}$").not_())]
    if check == "check_icode":
        body = TEXT.str.head(18)
        is_form = body.str.contains(USCC) & TEXT.str.slice(18, 1).is_between(pl.lit("1"), pl.lit("5"))
        return [
            Rule("check", "前 18 位应为统一社会信用代码，第 19 位应为 1 至 5 的层级", is_form.not_()),
            Rule("check_digit", "所含统一社会信用代码校验码不符（GB 32100）", is_form & has_uscc_check(body).not_()),
        ]
    return [Rule("check", "不是湖北省执法证号（17 开头的 11 位数字）", TEXT.str.contains("^17[0-9]{9}$").not_())]


def half_width(text: pl.Expr) -> pl.Expr:
    """The text in half-width characters."""
    return text.str.replace_many(list(WIDE), list(NARROW))


def _cleaned(column: Column) -> pl.Expr:
    """Without surrounding space and the words that mean nothing; in the characters that the column is kept in."""
    trimmed = pl.col("raw").str.strip_chars(SPACE)
    text = pl.when(trimmed.is_in(NOTHING).not_()).then(trimmed)
    is_code = bool(column.check or column.check_when or column.codes)
    if column.type == "string" and not is_code and not column.parse:
        return text.str.replace_many(["(", ")"], ["（", "）"]) if column.name.endswith("_name") else text
    return half_width(text).str.to_uppercase() if is_code else half_width(text)


def _typed(column: Column) -> pl.Expr:
    if column.codes:
        spellings = code_spellings(column.codes)
        old, new = list(spellings), list(spellings.values())
        return pl.col("spelling").replace_strict(old, new, default=None, return_dtype=pl.String)
    if column.parse == "amount":
        return _amount(column)
    if column.type == "date":
        day = TEXT.str.replace(COMPACT_DAY, "${1}-${2}-${3}").str.replace(DAY, "${1}-${2}-${3}")
        is_day = day.str.contains("^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$")
        return pl.when(is_day).then(day).str.to_date("%Y-%m-%d", strict=False)
    if column.type == "list":
        said = pl.element().str.strip_chars(" ")
        return TEXT.str.extract_all(f"[^{str(column.separator)[1:-1]}]+").list.eval(said.filter(said != ""))
    return TEXT


def _unit() -> pl.Expr:
    """What stands behind the number, without brackets: 万元人民币."""
    return TEXT.str.replace_all("[,()（） ]", "").str.replace(NUMBER, "")


def _amount(column: Column) -> pl.Expr:
    """The number times the factor that its cell names, else the one of its heading."""
    unit = pl.col("unit")
    number = TEXT.str.replace_all(",", "", literal=True).str.extract(NUMBER).cast(pl.Decimal(20, 6), strict=False)
    factor = (
        pl.when(unit.str.starts_with("亿")).then(100_000_000)
        .when(unit.str.starts_with("万")).then(10_000)
        .when(unit == "").then("scale")
        .otherwise(1)
    )  # fmt: skip
    precision = int(str(column.type).removeprefix("decimal(").split(",")[0])
    rounded = (number * factor).round(2, mode="half_away_from_zero")
    return rounded.cast(pl.Decimal(precision, 2), strict=False)


def _spelling(column: Column) -> pl.Expr:
    """What is looked up in the code list; a currency is what remains of the unit, and yuan where nothing does."""
    if column.parse != "currency":
        return TEXT
    word = pl.col("unit").str.replace("^[万亿]", "")
    return pl.when(TEXT.str.contains("^[+-]?[0-9]")).then(
        pl.when(word == "").then(pl.lit("CNY")).otherwise(word.str.to_uppercase())
    )
