"""SQL Lab's questions about the serving file flow in; schemas of lasting names and Chinese labels flow out."""

from __future__ import annotations

from typing import Any

from schemas.contract import Contract, contracts
from schemas.contract.labels import served_columns

# DuckDB puts the file's name before each: it is another with every publishing, and a saved query would lose its tables.
SCHEMAS = {"gold", "themes", "detail", "ops"}


def install() -> None:
    """Puts ours in the place of what Superset's DuckDB would answer."""
    from superset.db_engine_specs.duckdb import DuckDBEngineSpec

    asked = DuckDBEngineSpec.get_columns

    def columns(_spec: Any, inspector: Any, table: Any, options: Any = None) -> list[dict[str, Any]]:
        found = asked(inspector, table, options)
        labels = {column.name: column.label for column in served_columns(contract)} if (contract := of(table)) else {}
        return [{**column, "comment": labels.get(column["column_name"])} for column in found]

    def title(_spec: Any, _inspector: Any, table: Any) -> str | None:
        contract = of(table)
        return contract.title if contract else None

    DuckDBEngineSpec.get_schema_names = classmethod(lambda _spec, _inspector: set(SCHEMAS))
    DuckDBEngineSpec.get_columns = classmethod(columns)
    DuckDBEngineSpec.get_table_comment = classmethod(title)


def of(table: Any) -> Contract | None:
    """The contract of a table that Superset names."""
    return contracts().get(f"{table.schema}.{table.table}")
