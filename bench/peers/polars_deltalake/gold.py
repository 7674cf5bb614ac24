"""Base and the market theme flow in; the clock of complaints and the months of regions and departments flow out."""

from __future__ import annotations

from datetime import date

import polars as pl

from bench.frozen import frozen_tables
from bench.peers.polars_deltalake.reference import calendar, department_name, region_fact
from bench.peers.polars_deltalake.tables import shaped
from bench.peers.polars_deltalake.themes import FIGURES, PROVINCE, Tables, month_of, or_province

WORKING_DAYS_TO_DECIDE = 7
KIND_WITH_CLOCK = "1"
STATES = {"on_time": "按期受理", "late": "逾期受理", "overdue": "逾期未受理", "pending": "办理中"}
KEY = ["city_code", "department", "month"]


def complaint_clock(base: Tables, as_of: date) -> pl.LazyFrame:
    """One row a complaint with its clock: to be decided within 7 working days after the day of registration."""
    days = calendar(as_of)
    started = days.select(received_date="day", started="number")
    stopped = days.select(stopped_date="day", stopped="number")
    due = pl.col("number") - WORKING_DAYS_TO_DECIDE
    deadlines = days.filter("is_working").select(accept_deadline="day", started=due)
    decided, deadline = pl.col("decided_date"), pl.col("accept_deadline")
    state = (
        pl.when(decided <= deadline).then(pl.lit("on_time"))
        .when(decided.is_not_null()).then(pl.lit("late"))
        .when(deadline < as_of).then(pl.lit("overdue"))
        .otherwise(pl.lit("pending"))
    )  # fmt: skip
    clock = (
        base["complaint"]
        .filter(pl.col("complaint_kind") == KIND_WITH_CLOCK)
        .with_columns(stopped_date=pl.max_horizontal(decided.fill_null(as_of), "received_date"))
        .join(started, on="received_date", how="left")
        .join(deadlines, on="started", how="left")
        .join(stopped, on="stopped_date", how="left")
        .with_columns(
            or_province(),
            accept_working_days=pl.col("stopped") - pl.col("started"),
            accept_state=state,
            month=month_of("received_date"),
            department_name=department_name(),
        )
        .with_columns(
            accept_state_name=pl.col("accept_state").replace(STATES),
        )
    )
    return shaped(clock.with_columns(_city_name()), frozen_tables()["gold.complaint_clock"])


def _city_name() -> pl.Expr:
    """The prefecture's name; the province's own acts say so."""
    city = pl.col("city_code")
    name = pl.when(city == PROVINCE).then(pl.lit("省本级")).otherwise(region_fact(city, "label"))
    return name.alias("city_name")


def region_department_month(base: Tables, months: pl.LazyFrame, clock: pl.LazyFrame) -> pl.LazyFrame:
    """One row a prefecture, department and month, with every rate's numerator and denominator."""
    acted = months.group_by(KEY).agg(pl.col(FIGURES).sum())
    place = [or_province(), "department"]
    inspected = base["check_action"].group_by(*place, month=month_of("check_date"))
    finished = base["complaint"].group_by(*place, month=month_of("received_date"))
    state = pl.col("accept_state")
    counts = [
        inspected.agg(objects_checked=pl.col("object_id").drop_nulls().n_unique()),
        clock.group_by(KEY).agg(
            complaints_due=(state != "pending").sum(), complaints_on_time=(state == "on_time").sum()
        ),
        finished.agg(complaints_closed=pl.col("closed_date").count()),
    ]
    for count in counts:
        acted = acted.join(count, on=KEY, how="left")
    counted = ["objects_checked", "complaints_due", "complaints_on_time", "complaints_closed"]
    named = acted.with_columns(pl.col(counted).fill_null(0), _city_name(), department_name=department_name())
    return shaped(named, frozen_tables()["gold.region_department_month"])
