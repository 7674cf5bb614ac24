"""Values and conditions flow in; their SQL flows out, as the engine reads it (Spark's) or delta-rs (DataFusion's)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

# Conditions that all hold: column, operator, value (see Dialect.literal; several values for `in`).
Where = list[tuple[str, str, object]]


@dataclass(frozen=True)
class Dialect:
    """How texts and moments (UTC) are written."""

    text: Callable[[str], str]
    moment: str
    column: Callable[[str], str]

    def literal(self, value: object) -> str:
        """A yes or no, a whole number, a text, a day, a moment, or several of them in brackets."""
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime(self.moment)
        if isinstance(value, date):
            return f"date '{value.isoformat()}'"
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int):
            return str(value)
        if isinstance(value, str):
            return self.text(value)
        assert isinstance(value, list | tuple | set), value
        return f"({', '.join(self.literal(item) for item in value)})"

    def condition(self, where: Where) -> str:
        """The conditions, joined by and."""
        return " and ".join(f"{self.column(name)} {operator} {self.literal(value)}" for name, operator, value in where)


def _spark_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _datafusion_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


SPARK = Dialect(_spark_text, "timestamp'%Y-%m-%d %H:%M:%S.%f'", lambda name: name)
# DuckDB reads it too.
DATAFUSION = Dialect(_datafusion_text, "timestamp '%Y-%m-%dT%H:%M:%S.%fZ'", lambda name: f'"{name}"')
literal, condition = SPARK.literal, SPARK.condition
