"""Profiles and the acts of base flow in; every object's score by every model, and by every shadow, flows out."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import SparkSession

from schemas.contract import ContractError, table_of
from schemas.contract.lint import broken_models
from schemas.contract.risk import risk_models, shadows_on, valid_on
from spark_jobs.building.scoring_sql import BEFORE, SHADOW, TARGET, scoring_sql
from spark_jobs.lake.home import Home


def score(home: Home, spark: SparkSession, as_of: date, target: str = TARGET) -> int:
    """Scores every model's objects as of a day, in one commit; returns the number of scores."""
    spark.sql("create database if not exists gold")
    location = home.table(*target.split("."))
    spark.sql(f"create or replace table {target} using delta location '{location}' as {scoring_text(as_of, target)}")
    return int(spark.table(target).count())


def scoring_text(as_of: date, target: str = TARGET) -> str:
    """The SQL of a day's scores by every model that is valid on it; raises ContractError if a model is broken."""
    for fault in broken_models():
        raise ContractError(fault)
    models = valid_on(as_of, risk_models())
    if not models:
        raise ContractError(f"schemas/risk: no model is valid on {as_of}")
    if target == SHADOW:
        models = shadows_on(as_of, risk_models())
    day = _a_month_before(as_of) if target == BEFORE else as_of
    return " union all ".join(f"({scoring_sql(model, day)})" for model in models) or _nothing()


def _a_month_before(day: date) -> date:
    """The same day of the month before, or its last."""
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))


def _nothing() -> str:
    """No row of the columns of a score."""
    columns = (f"cast(null as {column.spark_type}) as {column.name}" for column in table_of(SHADOW).columns)
    return f"select {', '.join(columns)} where false"
