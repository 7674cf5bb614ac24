"""Profiles and the acts of base flow in; every object's score by every model, and by every shadow, flows out."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from pyspark.sql import SparkSession

from schemas.contract import ContractError, table_of
from schemas.contract.lint import broken_models
from schemas.contract.risk import RiskModel, risk_models, shadows_on, valid_on
from spark_jobs.building.scoring_sql import BEFORE, SHADOW, TARGET, scoring_sql
from spark_jobs.lake.declared import declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import is_empty


def score(home: Home, spark: SparkSession, as_of: date, target: str = TARGET) -> int:
    """Scores every model's objects as of a day, in one commit; returns the number of scores."""
    spark.sql("create database if not exists gold")
    location = home.table(*target.split("."))
    # A model without objects costs the engine as much to plan as one with a million.
    models = [model for model in _models(as_of, target) if not is_empty(home.table(*model.profile.split(".")))]
    scores = _union(models, as_of, target)
    spark.sql(f"create or replace table {target} using delta location '{location}' as {scores}")
    return int(spark.table(target).count())


def scoring_text(as_of: date, target: str = TARGET) -> str:
    """The SQL of a day's scores by every model that is valid on it; raises ContractError if a model is broken."""
    return _union(_models(as_of, target), as_of, target)


def _models(as_of: date, target: str) -> list[RiskModel]:
    """The models that score into a table; raises ContractError if one is broken, or none is valid."""
    known = _sound_models(declared())
    models = valid_on(as_of, known)
    if not models:
        raise ContractError(f"schemas/risk: no model is valid on {as_of}")
    return shadows_on(as_of, known) if target == SHADOW else models


@lru_cache(2)
def _sound_models(_declared: str) -> tuple[RiskModel, ...]:
    """Every version of every model, none of which is broken."""
    for fault in broken_models():
        raise ContractError(fault)
    return risk_models()


def _union(models: list[RiskModel], as_of: date, target: str) -> str:
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
