"""Bronze rows flow in; every row flows out once, to silver as typed values or to quarantine with all its reasons."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence

from pyspark.sql import DataFrame, SparkSession

from schemas.contract import Column, Contract
from spark_jobs.codes import code_spellings
from spark_jobs.home import Home
from spark_jobs.lake import SYSTEM, drop, quarantine_schema, silver_schema, take_back, written
from spark_jobs.ledger import ALL_AGAIN, Delivery
from spark_jobs.rules import cleaned, code_text, judge, judge_absent, quoted, rows_of

SYSTEM_NAMES = ", ".join(field.name for field in SYSTEM)
WORTH_SPREADING, ROWS_A_PART = 200_000, 500_000
# Spellings up to which looking a code up in place is cheaper than a join, on both engines.
SHORT = 80
NOT_A_ROW = "concat('_row: ', _fault, ': ', left(_raw, 200))"


def conform(home: Home, spark: SparkSession, contract: Contract, deliveries: Sequence[Delivery]) -> None:
    """Judges the rows of these deliveries that are not in silver yet: all of a new delivery, of one that is judged
    again those that were quarantined, and after a crash the rest.

    The judged rows are kept in layer `work` for the moment: planning the rules costs more than reading rows twice.
    """
    names = {delivery.delivery for delivery in deliveries}
    since = min(delivery.received_at for delivery in deliveries)
    silver = home.table("silver", contract.name)
    take_back(home.table("quarantine", contract.name), names, "_received_at", since)
    take_back(silver, {one.delivery for one in deliveries if one.state == ALL_AGAIN}, "_received_at", since)
    judged = home.table("work", contract.name)
    begun = written(silver, names, "_received_at", since)
    delivered = {column for one in deliveries for column in one.columns or {}}
    rows = sum(one.rows for one in deliveries)
    spark.sql(judged_sql(contract, rows_of(deliveries), begun, delivered, rows)).write.format("delta").mode(
        "overwrite"
    ).option("overwriteSchema", "true").save(str(judged))
    found = spark.read.format("delta").load(str(judged))
    typed = [field.name for field in silver_schema(contract)]
    _append(found.where("size(_reasons) = 0").select(*typed), home, "silver", contract)
    rejected = [field.name for field in quarantine_schema()]
    _append(found.where("size(_reasons) > 0").select(*rejected), home, "quarantine", contract)
    drop(judged)


def _append(rows: DataFrame, home: Home, layer: str, contract: Contract) -> None:
    rows.write.format("delta").mode("append").save(str(home.table(layer, contract.name)))


def judged_sql(
    contract: Contract,
    chosen: str,
    begun: Iterable[str] = (),
    delivered: Collection[str] | None = None,
    rows: int = 0,
) -> str:
    """One SELECT that types every cell and lists the reasons and flags of every row of bronze that is `chosen`.

    Of the deliveries in `begun`, rows that are in silver are left out. `delivered` names the columns that any delivery
    has: what nobody delivered costs nothing. `rows` says how many there are, for many are spread over the cores. Long
    code lists are joined before anything is worked out, because a join copies every column beside it; short ones are
    looked up in place.
    """
    there = [column for column in contract.columns if delivered is None or column.name in delivered]
    absent = [column for column in contract.columns if column not in there]
    judgements = {column.name: judge(contract, column) for column in there}
    judgements |= {column.name: judge_absent(contract, column) for column in absent}
    reasons = [reason for judgement in judgements.values() for reason in judgement.reasons]
    flags = [flag for judgement in judgements.values() for flag in judgement.flags]
    typed = (f"cast({judgements[c.name].typed} as {c.spark_type}) as {c.name}" for c in contract.columns)
    long = [column for column in there if column.codes and len(code_spellings(column.codes)) > SHORT]
    return f"""
with delivered as (
  select {_spread(rows)}{SYSTEM_NAMES}, _raw, _fault, _headings, {_lines(c.name for c in there)}{_keys(long)}
  from bronze.{contract.name} as bronze where {chosen}{_not_accepted(contract, begun)}
),
looked_up as (
  select delivered.*{"".join(f", {c.name}__spelling.code as {c.name}__code" for c in long)}
  from delivered {_lookups(long)}
),
cleaned as (
  select {SYSTEM_NAMES}, _raw, _fault, {_lines([*_cleaned(there), *_absent(absent)])}{_names(long)}
  from looked_up
),
coded as (
  select *{_codes(there, long)}
  from cleaned
),
judged as (
select
  {SYSTEM_NAMES}, _raw, _fault,
  {_lines(typed)},
  {_some(flags)} as _flags,
  case when _raw is not null then array({NOT_A_ROW}) else {_some(reasons)} end as _reasons,
  {", ".join(f"{column.name}__raw" for column in there)}
from coded
)
select {SYSTEM_NAMES}, {", ".join(column.name for column in contract.columns)}, _flags, _reasons,
  {_row(there)} as _row
from judged"""


def _spread(rows: int) -> str:
    """Sail reads a file with one core: 2 M rows of one delivery are judged in 12.3 s so, in 6.8 s spread over two."""
    parts = max(os.cpu_count() or 1, rows // ROWS_A_PART)
    return f"/*+ repartition({parts}) */ " if rows > WORTH_SPREADING else ""


def _not_accepted(contract: Contract, begun: Iterable[str]) -> str:
    listed = ", ".join(map(quoted, sorted(begun)))
    if not listed:
        return ""
    return f"""
    and not exists (
      select 1 from silver.{contract.name} as silver
      where silver._delivery in ({listed}) and silver._delivery = bronze._delivery and silver._line = bronze._line
    )"""


def _lines(parts: object) -> str:
    return ",\n    ".join(parts)  # type: ignore[arg-type]


def _some(texts: list[str]) -> str:
    """An array of those texts that are not null."""
    return f"array_compact(array({_lines(['cast(null as string)', *texts])}))"


def _cleaned(columns: Sequence[Column]) -> list[str]:
    """For each column the cell as delivered, the cell as read, and the scale of its heading."""
    parts = [f"{column.name} as {column.name}__raw" for column in columns]
    parts += [f"{cleaned(column)} as {column.name}" for column in columns]
    return parts + [f"{_scale(column)} as {column.name}__scale" for column in columns if column.parse == "amount"]


def _absent(columns: Sequence[Column]) -> list[str]:
    """What other columns' rules may ask of a column that nobody delivered."""
    parts = [f"cast(null as string) as {column.name}" for column in columns]
    return parts + [f"cast(null as string) as {column.name}__code" for column in columns if column.codes]


def _scale(column: Column) -> str:
    cases = " ".join(
        f"when get_json_object(_headings, '$.{column.name}') = {quoted(heading.heading)} then {heading.scale}"
        for heading in column.headings
        if heading.scale
    )
    return f"case {cases} else 1 end" if cases else "1"


def _keys(long: Sequence[Column]) -> str:
    return "".join(f", {code_text(column, cleaned(column))} as {column.name}__key" for column in long)


def _lookups(long: Sequence[Column]) -> str:
    """One join with the spellings of its list for every column of a long list."""
    return "".join(
        f"\n  left join (select spelling, code from codes.spelling where list = '{column.codes}')"
        f" {column.name}__spelling"
        f"\n    on {column.name}__spelling.spelling = {column.name}__key"
        for column in long
    )


def _names(long: Sequence[Column]) -> str:
    return "".join(f", {column.name}__code" for column in long)


def _codes(columns: Sequence[Column], long: Sequence[Column]) -> str:
    """The code of every column of a short list."""
    short = [column for column in columns if column.codes and column not in long]
    return "".join(f", {_code(column)} as {column.name}__code" for column in short)


def _code(column: Column) -> str:
    spellings = code_spellings(str(column.codes))
    cases = " ".join(f"when {quoted(spelling)} then {quoted(code)}" for spelling, code in spellings.items())
    return f"case {code_text(column, column.name)} {cases} end"


def _row(columns: Sequence[Column]) -> str:
    """The row as delivered, by contract column; a cell that was not delivered is not there."""
    entries = ", ".join(f"{quoted(column.name)}, {column.name}__raw" for column in columns)
    cells = f"map_filter(map({entries}), (k, v) -> v is not null)"
    return f"case when size(_reasons) = 0 then null when _raw is null then {cells} else map('_row', _raw) end"
