"""Acts of base flow in; the SQL by which the serving file keeps them, row by row behind every figure, flows out."""

from __future__ import annotations

from collections.abc import Collection

from dbt_project.render.fields import dimensions
from schemas.contract import TableContract, table_of, tables
from schemas.contract.labels import served_columns
from schemas.contract.views import ACT_DAY, acts

DETAIL = "detail"
# What the rows are read with, and which of them count.
STANDING = "withdrawn_at"


def stored_columns(contract: TableContract) -> list[str]:
    """The columns of the base table that its detail is made of."""
    base = table_of(f"base.{contract.table}")
    assert base.event
    names = {column.name for column in base.columns}
    return sorted({*(column.name for column in contract.columns if column.name in names), base.event.date, STANDING})


def detail_sql(contract: TableContract) -> str:
    """The standing rows, each with its month, field and the places of today (as themes.activity_month counts them)."""
    base = table_of(f"base.{contract.table}")
    assert base.event
    own = {**dimensions(base), "month": f"CAST(date_trunc('month', {base.event.date}) AS DATE)"}
    columns = ", ".join(f"{own.get(column.name, f'act.{column.name}')} as {column.name}" for column in contract.columns)
    places = "left join region as place on place.code = act.region_code"
    return f"select {columns} from incoming as act {places} where act.{STANDING} is null"


def days_sql(served: Collection[str]) -> str:
    """The day of every act of the served details, with its kind and what a page chooses by; empty without any."""
    days = served_columns(table_of(f"{DETAIL}.{ACT_DAY}"))
    selected = []
    for table in acts(tables("base").values()):
        if table.event and (name := f"{DETAIL}.{table.table}") in served:
            own = {"act": f"'{table.table}'", "day": table.event.date}
            columns = ", ".join(f"{own.get(column.name, column.name)} as {column.name}" for column in days)
            selected.append(f"select {columns} from {name}")
    return " union all ".join(selected)
