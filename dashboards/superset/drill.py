"""A drill to detail flows in; the rows behind a figure flow out under Chinese headings, no codes, days as days."""

from __future__ import annotations

import copy
from typing import Any

from schemas.contract import contracts
from schemas.contract.labels import served_columns

# So much of 2026-11-01 00:00:00 is meant.
LENGTHS = {"DATE": 10, "TIMESTAMP": 19}
MONTH = 7


def install() -> None:
    """Puts ours in the place of Superset's, which shows every column by its machine name and a day as midnight."""
    from superset.common import query_actions
    from superset.common.chart_data import ChartDataResultType

    query_actions._result_type_functions[ChartDataResultType.DRILL_DETAIL] = detail


def detail(context: Any, query: Any, force_cached: bool = False) -> Any:
    """The rows of one page; Superset asks for their number by itself."""
    from superset.common.query_actions import _get_datasource, _get_full

    datasource = _get_datasource(context, query)
    asked = copy.copy(query)
    asked.is_timeseries = False
    asked.metrics = None
    asked.post_processing = []
    # A column is offered to people unless it is a code beside its label, or a value that holds others.
    asked.columns = [shown(column) for column in in_order(datasource) if column.groupby]
    asked.orderby = order(datasource)
    return _get_full(context, asked, force_cached)


def in_order(datasource: Any) -> list[Any]:
    """The columns as the contract has them; Superset keeps the order in which it first saw them."""
    contract = contracts().get(f"{datasource.schema}.{datasource.table_name}")
    places = {column.name: place for place, column in enumerate(served_columns(contract))} if contract else {}
    return sorted(datasource.columns, key=lambda column: places.get(column.column_name, len(places)))


def shown(column: Any) -> dict[str, Any]:
    """The column under its label; a date as text, since Superset would add midnight to it."""
    name = f'"{column.column_name}"'
    length = MONTH if column.column_name == "month" else LENGTHS.get(column.type)
    text = f"SUBSTR(CAST({name} AS VARCHAR), 1, {length})" if length else name
    return {"expressionType": "SQL", "label": column.verbose_name or column.column_name, "sqlExpression": text}


def order(datasource: Any) -> list[tuple[str, bool]]:
    """The newest first, then by the table's key, so that no row stands on two pages."""
    contract = contracts().get(f"{datasource.schema}.{datasource.table_name}")
    newest = [(datasource.main_dttm_col, False)] if datasource.main_dttm_col else []
    return [*newest, *((name, True) for name in (contract.key if contract else ()) if name != datasource.main_dttm_col)]
