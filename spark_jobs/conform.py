"""Bronze rows flow in; every row flows out once, to silver as typed values or to quarantine with all its reasons."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession

from schemas.contract import Column, Contract
from spark_jobs.home import Home
from spark_jobs.lake import SYSTEM, drop, quarantine_schema, silver_schema, take_back
from spark_jobs.ledger import Delivery
from spark_jobs.rules import cleaned, code_text, judge, quoted

SYSTEM_NAMES = ", ".join(field.name for field in SYSTEM)
NOT_A_ROW = "concat('_row: ', _fault, ': ', left(_raw, 200))"


def conform(home: Home, spark: SparkSession, contract: Contract, deliveries: Sequence[Delivery]) -> None:
    """Judges the rows of these deliveries; what an interrupted run left of them is taken back first.

    The judged rows are kept in layer `work` for the moment: planning the rules costs more than reading rows twice.
    """
    names = [delivery.delivery for delivery in deliveries]
    since = min(delivery.received_at for delivery in deliveries)
    for layer in ("silver", "quarantine"):
        take_back(home.table(layer, contract.name), set(names), "_received_at", since)
    judged = home.table("work", contract.name)
    spark.sql(judged_sql(contract, names)).write.format("delta").mode("overwrite").option(
        "overwriteSchema", "true"
    ).save(str(judged))
    rows = spark.read.format("delta").load(str(judged))
    typed = [field.name for field in silver_schema(contract)]
    _append(rows.where("size(_reasons) = 0").select(*typed), home, "silver", contract)
    rejected = [field.name for field in quarantine_schema()]
    _append(rows.where("size(_reasons) > 0").select(*rejected), home, "quarantine", contract)
    drop(judged)


def _append(rows: DataFrame, home: Home, layer: str, contract: Contract) -> None:
    rows.write.format("delta").mode("append").save(str(home.table(layer, contract.name)))


def judged_sql(contract: Contract, deliveries: Sequence[str]) -> str:
    """One SELECT that types every cell and lists the reasons and flags of every row."""
    listed = ", ".join(quoted(name) for name in deliveries)
    judgements = {column.name: judge(contract, column) for column in contract.columns}
    reasons = [reason for judgement in judgements.values() for reason in judgement.reasons]
    flags = [flag for judgement in judgements.values() for flag in judgement.flags]
    return f"""
with delivered as (
  select * from bronze.{contract.name} where _delivery in ({listed})
),
cleaned as (
  select {SYSTEM_NAMES}, _raw, _fault, {_lines(_cleaned(contract))}
  from delivered
),
coded as (
  select cleaned.*{_codes(contract)}
  from cleaned {_lookups(contract)}
),
judged as (
select
  {SYSTEM_NAMES}, _raw, _fault,
  {_lines(f"cast({j.typed} as {contract.column(name).spark_type}) as {name}" for name, j in judgements.items())},
  {_some(flags)} as _flags,
  case when _raw is not null then array({NOT_A_ROW}) else {_some(reasons)} end as _reasons,
  {", ".join(f"{name}__raw" for name in judgements)}
from coded
)
select {SYSTEM_NAMES}, {", ".join(judgements)}, _flags, _reasons,
  {_row(contract)} as _row
from judged"""


def _lines(parts: object) -> str:
    return ",\n    ".join(parts)  # type: ignore[arg-type]


def _some(texts: list[str]) -> str:
    """An array of those texts that are not null."""
    return f"array_compact(array({_lines(['cast(null as string)', *texts])}))"


def _cleaned(contract: Contract) -> list[str]:
    """For each column the cell as delivered, the cell as read, and the scale of its heading."""
    parts = [f"{column.name} as {column.name}__raw" for column in contract.columns]
    parts += [f"{cleaned(column)} as {column.name}" for column in contract.columns]
    return parts + [
        f"{_scale(column)} as {column.name}__scale" for column in contract.columns if column.parse == "amount"
    ]


def _scale(column: Column) -> str:
    cases = " ".join(
        f"when get_json_object(_headings, '$.{column.name}') = {quoted(heading.heading)} then {heading.scale}"
        for heading in column.headings
        if heading.scale
    )
    return f"case {cases} else 1 end" if cases else "1"


def _coded(contract: Contract) -> list[Column]:
    return [column for column in contract.columns if column.codes]


def _codes(contract: Contract) -> str:
    return "".join(f", {column.name}__spelling.code as {column.name}__code" for column in _coded(contract))


def _lookups(contract: Contract) -> str:
    """One join with the spellings of its list for every coded column."""
    return "".join(
        f"\n  left join (select spelling, code from codes.spelling where list = '{column.codes}')"
        f" {column.name}__spelling"
        f"\n    on {column.name}__spelling.spelling = {code_text(column)}"
        for column in _coded(contract)
    )


def _row(contract: Contract) -> str:
    """The row as delivered, by contract column; a cell that was not delivered is not there."""
    entries = ", ".join(f"{quoted(column.name)}, {column.name}__raw" for column in contract.columns)
    cells = f"map_filter(map({entries}), (k, v) -> v is not null)"
    return f"case when size(_reasons) = 0 then null when _raw is null then {cells} else map('_row', _raw) end"
