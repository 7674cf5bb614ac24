"""Tables that were just built flow in; nothing flows out, unless one holds an empty key, or a key twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from pyspark.sql import SparkSession

from schemas.contract import TableContract, table_of
from spark_jobs.building.dbt import StepFailed
from spark_jobs.lake.sql import literal

# Tables asked of in one statement: a statement of its own for each costs more than its answer, one for all would hold
# the keys of all at once.
AT_ONCE = 20


def refuse_broken_keys(
    spark: SparkSession, names: Collection[str], days: Mapping[str, list[str]] | None = None
) -> None:
    """Raises StepFailed, with the first keys, for a table (layer.table) of which a key is empty or has two rows.

    days: of tables that lie by days, those that were written, where not all were.
    """
    ordered = sorted(names)
    some_at_once = (ordered[first : first + AT_ONCE] for first in range(0, len(ordered), AT_ONCE))
    said = [text for some in some_at_once for text in _broken(spark, some, days or {})]
    if said:
        raise StepFailed("; ".join(said))


def _broken(spark: SparkSession, names: Collection[str], days: Mapping[str, list[str]]) -> Iterator[str]:
    keys = " union all ".join(_keys_sql(table_of(name), days) for name in names)
    for row in spark.sql(keys).collect():
        contract = table_of(row["table_name"])
        yield (
            f"{contract.name}: {row['keys']} keys ({', '.join(contract.key)}) are empty or have several rows, such as "
            f"{row['example']}; its model has to give a row a key"
        )


def _keys_sql(contract: TableContract, days: Mapping[str, list[str]]) -> str:
    """Asks how many keys of a table are broken; no row where none is."""
    key = ", ".join(contract.key)
    texts = ", ".join(f"coalesce(cast({column} as string), '')" for column in contract.key)
    empty = " or ".join(f"{column} is null" for column in contract.key)
    return (
        f"select {literal(contract.name)} as table_name, count(*) as keys, min(concat_ws('|', {texts})) as example"
        f" from (select {key} from {contract.name} {_written(contract, days)}"
        f" group by {key} having count(*) > 1 or {empty}) as broken having count(*) > 0"
    )


def _written(contract: TableContract, days: Mapping[str, list[str]]) -> str:
    chosen = days.get(contract.table)
    if not contract.partition or chosen is None:
        return ""
    told = ", ".join(f"date'{day}'" for day in chosen)
    return f"where {contract.partition} in ({told})" if told else "where false"
