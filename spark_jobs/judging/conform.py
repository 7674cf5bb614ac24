"""Bronze rows flow in; every row flows out once, to silver as typed values or to quarantine with all its reasons."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from pyspark.sql import SparkSession

from schemas.contract import Column, FeedContract
from spark_jobs.judging.rules import (
    Finding,
    Judgement,
    all_said,
    any_of,
    cleaned,
    code_text,
    judge,
    judge_absent,
    typed_name,
)
from spark_jobs.lake.codes import code_spellings
from spark_jobs.lake.columns import SYSTEM
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import REPLAY_ALL, Delivery, rows_of
from spark_jobs.lake.sql import Where, condition, literal
from spark_jobs.lake.tables import deliveries_in, rows_by_delivery, take_back

SYSTEM_NAMES = ", ".join(field.name for field in SYSTEM)
WORTH_SPREADING = 200_000
# Rows judged by one statement: the memory that it takes grows with them (15 M at once: 3.7 GiB).
AT_ONCE = 2_000_000
# Spellings up to which looking a code up in place is cheaper than a join, on both engines.
SHORT = 80
NOT_A_ROW = "concat('_row: ', _fault, ': ', left(_raw, 200))"
# Stops both optimizers from evaluating the rules twice, once in the filter and once below it. It is always true, but
# calls a function that counts as non-deterministic, and no engine moves a filter past such a column.
HERE = "rand() >= 0"


def conform(home: Home, spark: SparkSession, contract: FeedContract, deliveries: Sequence[Delivery]) -> None:
    """Judges the rows of these deliveries that are not in silver yet: all of a new delivery, of one that is judged
    again those that were quarantined, and after a crash the rest.

    Rows that nothing is found against go to silver. What silver then lacks goes to quarantine, and only there are the
    reasons spelled out: a row is always in one of them, and in one only.
    """
    names = {delivery.delivery for delivery in deliveries}
    since = min(delivery.received_at for delivery in deliveries)
    silver = home.table("silver", contract.name)
    take_back(home.table("quarantine", contract.name), names, "_received_at", since)
    take_back(silver, {one.delivery for one in deliveries if one.state == REPLAY_ALL}, "_received_at", since)
    begun = deliveries_in(silver, names, "_received_at", since)
    for rows in _portions(contract, deliveries):
        accepted = accepted_sql(rows, [one for one in rows.deliveries if one.delivery in begun], _spread(spark, rows))
        _append(spark, f"silver.{contract.name}", accepted)
        if lacking := _lacking(home, rows):
            _append(spark, f"quarantine.{contract.name}", rejected_sql(replace(rows, deliveries=lacking)))


def _append(spark: SparkSession, table: str, rows: str) -> None:
    """Adds what a SELECT finds in one commit; a statement, because a DataFrame is planned once more to be written."""
    spark.sql(f"insert into {table} by name {rows}")


def _portions(contract: FeedContract, deliveries: Sequence[Delivery]) -> Iterator[Rows]:
    """The rows of all deliveries by portions of at most AT_ONCE, for the memory that judging takes is theirs: several
    small deliveries together, a large one by its lines.

    (Lines that hold no row count too, so what is left after the last portion of as many lines as rows goes with it.)
    """
    together: list[Delivery] = []
    for one in deliveries:
        if together and sum(other.rows for other in together) + one.rows > AT_ONCE:
            yield Rows.of(contract, together)
            together = []
        if one.rows <= AT_ONCE:
            together.append(one)
            continue
        for start in range(0, one.rows, AT_ONCE):
            end = start + AT_ONCE if start + AT_ONCE < one.rows else None
            yield replace(Rows.of(contract, [one]), lines=(start, end), count=AT_ONCE)
    if together:
        yield Rows.of(contract, together)


def _lacking(home: Home, rows: Rows) -> list[Delivery]:
    """The deliveries of which silver does not hold every one of these rows."""
    bronze, silver = (
        rows_by_delivery(home.table(layer, rows.contract.name), rows.where) for layer in ("bronze", "silver")
    )
    return [one for one in rows.deliveries if bronze.get(one.delivery, 0) > silver.get(one.delivery, 0)]


@dataclass(frozen=True)
class Rows:
    """The rows of some deliveries of one feed, and what its contract says of their columns.

    Columns that none of them has (`absent`) cost nothing. `count` says how many rows there are, for many are spread
    over the cores. `lines`: only those from a line on and before another.
    """

    contract: FeedContract
    deliveries: Sequence[Delivery]
    there: Sequence[Column]
    absent: Sequence[Column]
    count: int
    lines: tuple[int, int | None] = (0, None)

    @classmethod
    def of(cls, contract: FeedContract, deliveries: Sequence[Delivery]) -> Rows:
        """Those of the deliveries."""
        delivered = {column for one in deliveries for column in one.columns or {}}
        return cls(
            contract,
            deliveries,
            [column for column in contract.columns if column.name in delivered],
            [column for column in contract.columns if column.name not in delivered],
            sum(one.rows for one in deliveries),
        )

    @property
    def where(self) -> Where:
        """The conditions that rows are these."""
        start, end = self.lines
        lines: Where = [("_line", ">=", start)] * bool(start) + [("_line", "<", end)] * bool(end)
        return [*rows_of(self.deliveries), *lines]

    @cached_property
    def judgements(self) -> dict[str, Judgement]:
        """By column, in the contract's order."""
        absent = {column.name for column in self.absent}
        return {
            column.name: (judge_absent if column.name in absent else judge)(self.contract, column)
            for column in self.contract.columns
        }

    @property
    def reasons(self) -> list[Finding]:
        """Everything that turns a row away."""
        return [reason for judgement in self.judgements.values() for reason in judgement.reasons]

    @property
    def flags(self) -> list[Finding]:
        """Everything that makes a row doubtful."""
        return [flag for judgement in self.judgements.values() for flag in judgement.flags]


def accepted_sql(rows: Rows, begun: Sequence[Delivery], delivered: str) -> str:
    """One SELECT of the rows that nothing is found against, as silver holds them; of the deliveries in `begun`, rows
    that are in silver are left out. `delivered`: where the rows, and only they, are as bronze holds them."""
    columns = rows.contract.columns
    typed = [f"cast({typed_name(column)} as {column.spark_type}) as {column.name}" for column in columns]
    names = [column.name for column in columns]
    chosen = f"{delivered} as bronze where {_not_in_silver(replace(rows, deliveries=begun))}"
    return f"""{_typed_rows(rows, chosen)},
judged as (
  select
    {_lines(typed)},
    {SYSTEM_NAMES},
    case when {any_of(rows.flags)} then {all_said(rows.flags)} else {all_said([])} end as _flags,
    {HERE} and _raw is null and not {any_of(rows.reasons)} as _is_accepted
  from typed
)
select {", ".join(names)}, {SYSTEM_NAMES}, _flags from judged where _is_accepted"""


def rejected_sql(rows: Rows) -> str:
    """One SELECT of the rows that are not in silver, as quarantine holds them, each with everything against it.

    Which rows those are is found by delivery and line alone; a few of many, they are the side of the join that is kept.
    """
    bronze, chosen = f"bronze.{rows.contract.name} as bronze", condition(rows.where)
    not_in_silver = _not_in_silver(rows)
    lacking = f"select _delivery as lacking, _line as line from {bronze} where {chosen} and {not_in_silver}"
    found = f"({lacking}) join {bronze} on bronze._delivery = lacking and bronze._line = line where {chosen}"
    return f"""{_typed_rows(rows, found)}
select {SYSTEM_NAMES}, {_row(rows.there)} as _row,
  case when _raw is not null then array({NOT_A_ROW}) else {all_said(rows.reasons)} end as _reasons
from typed"""


def _typed_rows(rows: Rows, chosen: str) -> str:
    """The CTEs up to `typed`: of the `chosen` rows every cell as delivered (`<column>__raw`), as read, its code, typed.

    Long code lists are joined before anything is worked out, because a join copies every column beside it; short ones
    are looked up in place.
    """
    there = rows.there
    long = [column for column in there if column.codes and len(code_spellings(column.codes)) > SHORT]
    typed = (f"{judged.typed} as {name}__typed" for name, judged in rows.judgements.items())
    return f"""
with delivered as (
  select {SYSTEM_NAMES}, _raw, _fault, {_lines(c.name for c in there)}{_keys(long)}
  from {chosen}
),
looked_up as (
  select delivered.*{"".join(f", {c.name}__spelling.code as {c.name}__code" for c in long)}
  from delivered {_lookups(long)}
),
cleaned as (
  select {SYSTEM_NAMES}, _raw, _fault, {_lines([*_cleaned(rows), *_absent(rows.absent)])}{_names(long)}
  from looked_up
),
coded as (
  select *{_codes(there, long)}
  from cleaned
),
typed as (
  select *, {_lines(typed)}
  from coded
)"""


def _spread(spark: SparkSession, rows: Rows) -> str:
    """The rows as bronze holds them, by name; many are spread over the cores, for Sail reads neighbours with one."""
    delivered = spark.table(f"bronze.{rows.contract.name}").where(condition(rows.where))
    if rows.count > WORTH_SPREADING:
        delivered = delivered.repartition(2 * (os.cpu_count() or 1))
    delivered.createOrReplaceTempView(name := f"delivered_{rows.contract.name}")
    return name


def _not_in_silver(rows: Rows) -> str:
    """The condition that rows of bronze, if they are these, are not in silver."""
    if not rows.deliveries:
        return "true"
    return f"""not exists (
      select 1 from silver.{rows.contract.name} as silver
      where {condition(rows.where)} and silver._delivery = bronze._delivery and silver._line = bronze._line
    )"""


def _lines(parts: object) -> str:
    return ",\n    ".join(parts)  # type: ignore[arg-type]


def _cleaned(rows: Rows) -> list[str]:
    """For each column the cell as delivered, the cell as read, and the scale of its heading."""
    parts = [f"{column.name} as {column.name}__raw" for column in rows.there]
    parts += [f"{cleaned(column)} as {column.name}" for column in rows.there]
    amounts = [column for column in rows.there if column.parse == "amount"]
    return parts + [f"{_scale(column, rows.deliveries)} as {column.name}__scale" for column in amounts]


def _absent(columns: Sequence[Column]) -> list[str]:
    """What other columns' rules may ask of a column that nobody delivered."""
    parts = [f"cast(null as string) as {name}" for column in columns for name in (column.name, f"{column.name}__raw")]
    return parts + [f"cast(null as string) as {column.name}__code" for column in columns if column.codes]


def _scale(column: Column, deliveries: Sequence[Delivery]) -> str:
    """The factor that the heading names under which each delivery has the column."""
    cases = ""
    for heading in column.headings:
        named = [one.delivery for one in deliveries if (one.columns or {}).get(column.name) == heading.heading]
        if heading.scale and named:
            cases += f" when _delivery in ({', '.join(map(literal, named))}) then {heading.scale}"
    return f"case{cases} else 1 end" if cases else "1"


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
    """Most cells hold the code itself; the rest is asked for once a code, not once a spelling."""
    text, spellings = code_text(column, column.name), code_spellings(str(column.codes))
    meant = {text: [spelling for spelling, code in spellings.items() if spelling == code]}
    for spelling, code in spellings.items():
        if spelling != code:
            meant.setdefault(literal(code), []).append(spelling)
    cases = [f"when {text} in ({', '.join(map(literal, some))}) then {code}" for code, some in meant.items() if some]
    return f"case {' '.join(cases)} end"


def _row(columns: Sequence[Column]) -> str:
    """The row as delivered, by contract column; a cell that was not delivered is not there."""
    entries = ", ".join(f"{literal(column.name)}, {column.name}__raw" for column in columns)
    cells = f"map_filter(map({entries}), (k, v) -> v is not null)"
    return f"case when _raw is null then {cells} else map('_row', _raw) end"
