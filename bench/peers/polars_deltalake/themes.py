"""The standing rows of base flow in; the market theme, a row an object and a row a month of activity, flows out."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from bench.frozen import frozen_tables
from bench.peers.polars_deltalake.objects import is_registered
from bench.peers.polars_deltalake.reference import industry_fact, region_fact
from bench.peers.polars_deltalake.tables import shaped

PROVINCE = "420000"
FIGURES = ("checks", "checks_with_problem", "punishments", "fine_cny", "complaints")
Tables = Mapping[str, pl.LazyFrame]


def month_of(day: str) -> pl.Expr:
    """The first day of a date's month."""
    return pl.col(day).dt.month_start()


def or_province() -> pl.Expr:
    """The prefecture; acts without one stand under the province's code."""
    return pl.col("city_code").fill_null(PROVINCE)


def firm_profile(base: Tables) -> pl.LazyFrame:
    """One row an object, with what every department knows of it."""
    profile = base["supervised_object"].with_columns(
        industry_section=industry_fact(pl.col("industry_code"), "section"),
        industry_section_name=industry_fact(pl.col("industry_code"), "section_label"),
        region_name=region_fact(pl.col("region_code"), "label"),
        city_name=region_fact(pl.col("city_code"), "label"),
        is_registered=is_registered(),
    )
    for acts in (_inspected(base), _punished(base), _complained(base)):
        profile = profile.join(acts, on="object_id", how="left")
    counted = profile.with_columns(pl.col(*FIGURES).fill_null(0))
    return shaped(counted, frozen_tables()["themes.market_firm_profile"])


def _inspected(base: Tables) -> pl.LazyFrame:
    return (
        base["check_action"]
        .group_by("object_id")
        .agg(
            checks=pl.len(),
            checks_with_problem=pl.col("is_problem").sum(),
            first_check_date=pl.col("check_date").min(),
            last_check_date=pl.col("check_date").max(),
        )
    )


def _punished(base: Tables) -> pl.LazyFrame:
    return (
        base["punish_action"]
        .group_by("object_id")
        .agg(punishments=pl.len(), fine_cny=pl.col("fine_cny").sum(), last_punish_date=pl.col("punish_date").max())
    )


def _complained(base: Tables) -> pl.LazyFrame:
    return (
        base["complaint"]
        .group_by("object_id")
        .agg(
            complaints=pl.len(),
            first_complaint_date=pl.col("received_date").min(),
            last_complaint_date=pl.col("received_date").max(),
        )
    )


def activity_month(base: Tables) -> pl.LazyFrame:
    """One row a prefecture, department, item and month; complaints are not made under an item."""
    place = [or_province(), "department", "item_code"]
    acted = [
        base["check_action"]
        .group_by(*place, month=month_of("check_date"))
        .agg(checks=pl.len(), checks_with_problem=pl.col("is_problem").sum()),
        base["punish_action"]
        .group_by(*place, month=month_of("punish_date"))
        .agg(punishments=pl.len(), fine_cny=pl.col("fine_cny").sum()),
        base["complaint"]
        .group_by(*place[:2], pl.lit("").alias("item_code"), month=month_of("received_date"))
        .agg(complaints=pl.len()),
    ]
    key = ["city_code", "department", "item_code", "month"]
    months = pl.concat(acted, how="diagonal").group_by(key).agg(pl.col(FIGURES).sum())
    return shaped(months, frozen_tables()["themes.market_activity_month"])
