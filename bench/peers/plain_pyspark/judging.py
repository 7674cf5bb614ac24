"""A feed's contract flows in; the Spark SQL that cleans, types and judges its rows by native expressions flows out."""

from __future__ import annotations

from collections.abc import Sequence

from bench.peers.plain_pyspark.check_digits import Rule, check_rules
from schemas.characters import NARROW, WIDE
from schemas.contract import Column, FeedContract
from spark_jobs.lake.codes import code_spellings

# Between texts that become an array; texts that are null leave no trace, and one string is cheaper than sixty slots.
BETWEEN = "\x1f"
# Lists longer than this are joined, shorter ones are a CASE.
SHORT = 80
NOTHING = ("", "N/A", "NA", "无", "-", "--", "/", "NULL", "[已脱敏]", "【已脱敏】")
SPACE = " \u3000\t\r\n"
NUMBER = "^([+-]?[0-9]+([.][0-9]+)?)"
YUAN = "^(万|亿)?(元|人民币|元人民币|人民币元)?$"
RECEIVED = "cast(_received_at + interval 8 hours as date)"
DAY = "^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?([ T].*)?$"


def literal(text: str) -> str:
    """A Spark SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def judged_sql(contract: FeedContract, delivered: Sequence[str]) -> str:
    """Every row of view `<feed>_text`, typed, with `_bad` and `_doubts` (texts with BETWEEN between them).

    Each step is a subquery of its own so that what several rules need is worked out once.
    """
    there = [column for column in contract.columns if column.name in delivered]
    if any(column.name.startswith("cd_") for column in there):
        raise SystemExit(f"{contract.name}: the exchange envelope is not part of this job")
    coded = [column for column in there if column.codes]
    long = [column for column in coded if len(code_spellings(str(column.codes))) > SHORT]
    short = [column for column in coded if column not in long]
    joins = "".join(
        f" left join spelling_{c.codes} as {c.name}_list on {c.name}_list.spelling = {c.name}__key" for c in long
    )
    steps = [
        f"select *{_each(there, lambda c: f'btrim({c.name}, {literal(SPACE)}) as {c.name}__trim')}"
        f" from {contract.name}_text",
        f"select *{_each(there, lambda c: f'{_clean(c)} as {c.name}__clean')}",
        f"select *{_each(there, _parts)}",
        f"select *{_each(coded, lambda c: f'upper({_spoken(c)}) as {c.name}__key')}",
        f"select *{_each(short, lambda c: f'{_short_code(c)} as {c.name}__code')}",
        f"select step.*{_each(long, lambda c: f'{c.name}_list.code as {c.name}__code')}",
        f"select *{_each(there, lambda c: f'{_typed(c)} as {c.name}__typed')}",
    ]
    sql = steps[0]
    for step in steps[1:]:
        sql = f"{step} from ({sql}) as step" + (joins if step is steps[5] else "")
    rules = {column.name: _rules(contract, column) for column in there}
    bad = [_said(c, when, what) for c in there for rule, when, what in rules[c.name] if rule not in c.flag]
    bad += [literal(f"{c.name}: 缺少必填内容: ") for c in contract.columns if c.required and c not in there]
    doubts = [
        said
        for c in there
        for said in [
            *(_said(c, when, what) for rule, when, what in rules[c.name] if rule in c.flag),
            *([_capitalised(c)] if c.check or c.check_when else []),
        ]
    ]
    typed = ", ".join(
        f"cast({f'{c.name}__typed' if c in there else 'null'} as {c.spark_type}) as {c.name}" for c in contract.columns
    )
    keys = "".join(f", {key} as {key}__raw" for key in contract.key) if contract.is_snapshot else ""
    not_a_row = "concat('_row: ', _fault, ': ', left(_raw, 200))"
    return f"""
        select _delivery, _line, _department, _received_at, _raw{keys}, {typed}, {_joined(doubts)} as _doubts,
            case when _fault is null then {_joined(bad)} else {not_a_row} end as _bad
        from ({sql}) as step"""


def texts(joined: str) -> str:
    """The array of the texts that a column joins."""
    return f"case when {joined} = '' then cast(array() as array<string>) else split({joined}, '{BETWEEN}') end"


def narrow(text: str) -> str:
    """Half-width characters; what has as many bytes as characters has no other."""
    return (
        f"case when octet_length({text}) = char_length({text}) then {text}"
        f" else translate({text}, {literal(WIDE)}, {literal(NARROW)}) end"
    )


def _each(columns: Sequence[Column], sql: object) -> str:
    parts = [sql(column) for column in columns]  # type: ignore[operator]
    return "".join(f", {part}" for part in parts if part)


def _joined(parts: Sequence[str]) -> str:
    return f"concat_ws('{BETWEEN}', {', '.join(parts)})" if parts else "''"


def _said(column: Column, when: str, what: str) -> str:
    value = f"coalesce(left({column.name}, 80), '')"
    return f"case when {when} then concat({literal(f'{column.name}: {what}: ')}, {value}) end"


def _capitalised(column: Column) -> str:
    """Only a text that is not its own capitals can have been changed."""
    return _said(column, f"{column.name}__clean <> {narrow(f'{column.name}__trim')}", "小写字母已改为大写")


def _clean(column: Column) -> str:
    text = f"{column.name}__trim"
    is_code = bool(column.check or column.check_when or column.codes)
    if column.type == "string" and not (is_code or column.parse):
        bracketed = f"case when {text} rlike '[()]' then translate({text}, '()', '（）') else {text} end"
        kept = bracketed if column.name.endswith("_name") else text
    else:
        kept = f"upper({narrow(text)})" if is_code else narrow(text)
    return f"case when upper({text}) in ({', '.join(map(literal, NOTHING))}) then null else {kept} end"


def _parts(column: Column) -> str:
    """What rules of amounts and codes ask several times: number and unit, whether a code has its form."""
    text = f"{column.name}__clean"
    if column.parse:
        plain = f"regexp_replace(replace({text}, ',', ''), '[()（） ]', '')"
        return f"regexp_replace({plain}, '{NUMBER}', '') as {column.name}__unit"
    if column.check == "check_icode":
        return f"substr({text}, 1, 18) as {column.name}__body"
    return ""


def _spoken(column: Column) -> str:
    """What is looked up; a currency is what remains of an amount's unit, and yuan where nothing does."""
    text = f"{column.name}__clean"
    if column.parse != "currency":
        return text
    word = f"regexp_replace({column.name}__unit, '^[万亿]', '')"
    return f"case when {text} rlike '^[+-]?[0-9]' then case when {word} = '' then 'CNY' else {word} end end"


def _short_code(column: Column) -> str:
    cases = (f"when {literal(text)} then {literal(code)}" for text, code in code_spellings(str(column.codes)).items())
    return f"case {column.name}__key {' '.join(cases)} end"


def _typed(column: Column) -> str:
    text = f"{column.name}__clean"
    if column.codes:
        return f"{column.name}__code"
    if column.parse == "amount":
        number = f"try_cast(regexp_extract(replace({text}, ',', ''), '{NUMBER}', 1) as decimal(20,6))"
        unit = f"{column.name}__unit"
        factor = (
            f"case when {unit} like '亿%' then 100000000 when {unit} like '万%' then 10000"
            f" when {unit} = '' then {column.name}__scale else 1 end"
        )
        return f"try_cast({number} * {factor} as {column.spark_type})"
    if column.type == "date":
        return _date(text)
    if column.type == "list":
        return f"filter(transform(split({text}, {literal(str(column.separator))}), x -> btrim(x)), x -> x <> '')"
    return text if column.type == "string" else f"try_cast(replace({text}, ',', '') as {column.spark_type})"


def _date(text: str) -> str:
    """ISO dates, which most are, need no pattern."""
    digits = f"concat(substr({text}, 1, 4), '-', substr({text}, 5, 2), '-', substr({text}, 7, 2))"
    return (
        f"case when char_length({text}) = 10 and substr({text}, 5, 1) = '-' and substr({text}, 8, 1) = '-'"
        f" then try_cast({text} as date)"
        f" when {text} rlike '^[0-9]{{8}}$' then try_cast({digits} as date)"
        f" when {text} rlike '{DAY}' then try_cast(regexp_replace({text}, '{DAY}', '$1-$2-$3') as date) end"
    )


def _rules(contract: FeedContract, column: Column) -> list[Rule]:
    name, text, typed = column.name, f"{column.name}__clean", f"{column.name}__typed"
    rules: list[Rule] = []
    if column.required:
        rules.append(("required", f"{text} is null", "缺少必填内容"))
    if column.parse != "currency" and column.type not in ("string", "list"):
        rules.append(("type", f"{text} is not null and {_not_typed(column)}", _expected(column)))
    if column.codes:
        rules.append(("codes", f"{_spoken(column)} is not null and {name}__code is null", "不在代码表中"))
    if column.pattern:
        rules.append(("pattern", f"not {text} rlike {literal(f'^(?:{column.pattern})$')}", "格式不符"))
    if column.check_when:
        of = column.check_when
        for code, check in of.is_.items():
            holds = f"{of.column}__code = {literal(code)} and "
            rules += [(rule, holds + when, what) for rule, when, what in check_rules(check, name)]
    elif column.check:
        rules += check_rules(column.check, name)
    if column.max_length:
        rules.append(("length", f"char_length({text}) > {column.max_length}", f"超过 {column.max_length} 个字"))
    if column.min_items:
        few = f"{text} is not null and size({typed}) < {column.min_items}"
        rules.append(("items", few, f"少于 {column.min_items} 人"))
    rules += _range(column, typed)
    if column.not_before:
        other = contract.column(column.not_before)
        rules.append(("order", f"{typed} < {other.name}__typed", f"早于{other.label}"))
    if column.not_future:
        rules.append(("future", f"{typed} > {RECEIVED}", "晚于接收日期"))
    return rules


def _not_typed(column: Column) -> str:
    wrong = f"{column.name}__typed is null"
    is_yuan = column.parse == "amount" and column.name.endswith("_cny")
    return f"({wrong} or not {column.name}__unit rlike '{YUAN}')" if is_yuan else wrong


def _expected(column: Column) -> str:
    if column.parse == "amount":
        return "不是可识别的金额"
    return {"date": "不是有效日期", "integer": "不是整数"}.get(str(column.type), "不是数字")


def _range(column: Column, typed: str) -> list[Rule]:
    is_date = column.type == "date"
    figure = f"year({typed})" if is_date else typed
    below, above, unit = ("早于", "晚于", " 年") if is_date else ("小于", "大于", "")
    rules = []
    if column.min is not None:
        rules.append(("min", f"{figure} < {column.min:.15g}", f"{below} {column.min:.15g}{unit}"))
    if column.max is not None:
        rules.append(("max", f"{figure} > {column.max:.15g}", f"{above} {column.max:.15g}{unit}"))
    return rules
