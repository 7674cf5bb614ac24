"""Measures flow in; the SQL by which both engines count them flows out, and what is declared as Jinja reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.contract import Measure, TableContract


def literal(value: bool | str) -> str:
    """A yes or no, or a text."""
    return (
        str(value).lower() if isinstance(value, bool) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    )


def from_json(value: Any) -> str:
    """A value as an expression of Jinja, which reads one long text in a tenth of the time that its parts take."""
    return f"fromjson({literal(json.dumps(value, ensure_ascii=False, indent=2))})"


def listed(values: Iterable[bool | str]) -> str:
    """Several values in brackets."""
    return f"({', '.join(literal(value) for value in values)})"


def standing_rows(table: TableContract) -> str:
    """The rows of a table that nobody has taken back, for `from`."""
    return f"{{{{ {'standing' if table.has_withdrawn else 'ref'}('{table.table}') }}}}"


def condition(measure: Measure, *also: str) -> str:
    """Which rows a measure counts; empty if all. `also`: further conditions."""
    filled = [f"{column} is not null" for column in measure.filled]
    return " and ".join([*holding(measure.where), *filled, *also])


def holding(where: Mapping[str, tuple[bool | str, ...]]) -> list[str]:
    """That each of these columns holds one of its values."""
    return [f"{column} in {listed(values)}" for column, values in where.items()]


def counted(measure: Measure, table: TableContract, *also: str) -> str:
    """The measure of a group of rows, never null; `also`: conditions that rows must meet besides."""
    which = condition(measure, *also)
    if measure.distinct:
        return f"count(distinct {f'case when {which} then {measure.distinct} end' if which else measure.distinct})"
    if measure.count:
        return f"count(case when {which} then 1 end)" if which else "count(*)"
    value = f"case when {which} then {measure.sum} end" if which else measure.sum
    return f"cast(sum(coalesce({value}, 0)) as {table.spark_type_of(measure)})"
