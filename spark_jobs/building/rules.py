"""Base tables flow in; `ops.quality`, how many rows of which department break which rule, flows out."""

# The engine is imported by what needs it: a run that finds nothing new must not pay for it.
from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from expectations.rule import Rule, check, rules
from schemas.contract import table_of
from spark_jobs.building.rules_sql import counts_sql, judged_sql
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import has_rows, overwrite, read, version
from spark_jobs.lake.upkeep import keep_up
from spark_jobs.lake.whole import write_whole

QUALITY = "quality"


def judge_rules(home: Home, as_of: date, full: bool = False) -> bool:
    """Judges the rules of which a table, the rule itself or, if it depends on it, the day is another than last time."""
    kept = _kept(home)
    stamps = {name: _stamp(home, rule, as_of) for name, rule in rules().items()}
    if stamps == kept and not full:
        return False
    check()
    stale = [rules()[name] for name, stamp in stamps.items() if full or kept.get(name) != stamp]
    judging = [rule for rule in stale if has_rows(home.table("base", rule.judges))]
    counted = _count(home, judging, as_of) if judging else None
    path = home.table("ops", QUALITY)
    before = read(path)
    standing = pc.is_in(before["rule"], pa.array(sorted({*stamps} - {rule.name for rule in stale}), pa.string()))
    rows = [before.filter(standing), *([counted] if counted is not None else [])]
    overwrite(path, pa.concat_tables(rows).sort_by([("rule", "ascending"), ("department", "ascending")]))
    keep_up(home, "ops", written={QUALITY})
    write_whole(_path(home), json.dumps(stamps))
    return True


def _count(home: Home, judging: list[Rule], as_of: date) -> pa.Table:
    from spark_jobs.engine.session import connect

    spark = connect(home, needs={f"base.{table}" for rule in judging for table in rule.tables})
    counted = spark.sql(" union all ".join(f"({counts_sql(rule, as_of)})" for rule in judging)).toArrow().to_pylist()
    rows = [{**count, **_told(rules()[count["rule"]])} for count in counted if count["department"]]
    return pa.Table.from_pylist(rows, table_schema(table_of(f"ops.{QUALITY}")))


def _told(rule: Rule) -> dict[str, str | bool]:
    """What a row of `ops.quality` repeats of its rule."""
    return {"rule_label": rule.label, "family": rule.family, "is_doubt": rule.doubt, "base_table": rule.judges}


def _stamp(home: Home, rule: Rule, as_of: date) -> list[str]:
    told = f"{judged_sql(rule, as_of)} {_told(rule)}"
    versions = [f"{table} {version(home.table('base', table))}" for table in rule.tables]
    return [hashlib.sha256(told.encode()).hexdigest()[:16], *versions]


def _path(home: Home) -> Path:
    return home.state / "judged_rules.json"


def _kept(home: Home) -> dict[str, list[str]]:
    with suppress(OSError, ValueError):
        kept: dict[str, list[str]] = json.loads(_path(home).read_bytes())
        return kept
    return {}
