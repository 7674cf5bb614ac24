"""What Superset answered flows in; whether DuckDB, asked of the serving file itself, says the same flows out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from bench.queries import Json, expected_sql
from bench.visitors import Answer


def faults(answers: Iterable[Answer], tables: dict[int, str], serving: Path) -> list[str]:
    """Every answer that is none, is not what DuckDB says, or is not what others were told, one line each."""
    found: list[str] = []
    told: dict[Any, list[list[Json]]] = {}
    with duckdb.connect(str(serving.resolve()), read_only=True) as database:
        for answer in answers:
            asked = answer.question
            who = f"{asked.chart.name}{f' ({asked.city})' if asked.city else ''}"
            if answer.status != 200:
                found.append(f"{who}: {answer.status} {answer.body[:300].decode(errors='replace')}")
                continue
            queries = json.loads(asked.body)["queries"]
            results = [query["data"] for query in json.loads(answer.body)["result"]]
            rows = [_in_order(*pair) for pair in zip(queries, results, strict=True)]
            if asked.key not in told:
                told[asked.key] = rows
                table = tables[asked.chart.dataset]
                wrong = [_fault(database, table, *pair) for pair in zip(queries, rows, strict=True)]
                found += [f"{who}: {why}" for why in wrong if why]
            elif rows != told[asked.key]:
                found.append(f"{who}: not what it was at first: {str(rows)[:300]}")
    return found


def _fault(database: duckdb.DuckDBPyConnection, table: str, query: Json, rows: list[Json]) -> str:
    answer = database.sql(expected_sql(table, query))
    expected = [dict(zip(answer.columns, map(_as_json, row), strict=True)) for row in answer.fetchall()]
    if any(
        step["options"].get("drop_missing_columns") for step in query.get("post_processing", []) if "options" in step
    ):
        expected = [row for row in expected if any(row[name] is not None for name in query["metrics"])]
        axes = [column["label"] for column in query["columns"] if isinstance(column, dict)]
        expected = [row for row in expected if all(row[name] is not None for name in axes)]
    if len(rows) != len(expected):
        return f"{len(rows)} rows, not {len(expected)}"
    for said, meant in zip(rows, _in_order(query, expected), strict=True):
        for name, value in meant.items():
            if not _same(said[name], value):
                return f"{name} is {said[name]!r}, not {value!r}"
    return ""


def _in_order(query: Json, rows: list[Json]) -> list[Json]:
    """The rows of a page as they are, for it has one order; others by their columns, since equals may change places."""
    if "row_offset" in query:
        return rows
    columns = [column if isinstance(column, str) else column["label"] for column in query["columns"]]
    return sorted(rows, key=lambda row: [str(row[name]) for name in columns])


def _as_json(value: Any) -> Any:
    """As Superset writes it: moments in milliseconds."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return int(moment.replace(tzinfo=UTC).timestamp() * 1000)
    return value


def _same(said: Any, meant: Any) -> bool:
    if isinstance(meant, float) and isinstance(said, int | float):
        return math.isclose(said, meant, rel_tol=1e-9, abs_tol=1e-9)
    return bool(said == meant)
