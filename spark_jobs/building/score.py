"""Profiles and the acts of base flow in; gold.risk_score, every object's score by every model, flows out."""

from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession

from schemas.contract import ContractError
from schemas.contract.lint import broken_models
from schemas.contract.risk import risk_models, valid_on
from spark_jobs.building.scoring_sql import TARGET, scoring_sql
from spark_jobs.lake.home import Home


def score(home: Home, spark: SparkSession, as_of: date) -> int:
    """Scores every model's objects as of a day, in one commit; returns the number of scores."""
    spark.sql("create database if not exists gold")
    location = home.table("gold", "risk_score")
    spark.sql(f"create or replace table {TARGET} using delta location '{location}' as {scoring_text(as_of)}")
    return int(spark.table(TARGET).count())


def scoring_text(as_of: date) -> str:
    """The SQL of a day's scores by every model that is valid on it; raises ContractError if a model is broken."""
    for fault in broken_models():
        raise ContractError(fault)
    models = valid_on(as_of, risk_models())
    if not models:
        raise ContractError(f"schemas/risk: no model is valid on {as_of}")
    return " union all ".join(f"({scoring_sql(model, as_of)})" for model in models)
