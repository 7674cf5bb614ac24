"""The City of Toronto's DineSafe inspections → a register: one row an inspection, found = a crucial infraction.

The files dinesafe.<year>.csv have one row an infraction. Status and number of inspections a year are as of the
download, not of the inspection, and are not read; only places that still exist are in them. Nobody says who inspected.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from spark_jobs.lake.home import Refused
from spark_jobs.risk.history import Asked, Events, Numbers, days_since, last, near, past
from spark_jobs.risk.registers import Register, days, kilometres, shrunk

MIDDLE = (43.7, -79.4)
COLUMNS = [
    "Establishment ID",
    "Inspection ID",
    "Establishment Name",
    "Establishment Type",
    "Establishment Address",
    "Latitude",
    "Longitude",
    "Inspection Date",
    "Severity",
    "Action",
    "Amount Fined",
]
CHECKED = ("checks", "crucial", "crucials", "significants", "minors", "enforced")
# What is drawn to when few inspections are known: the share with a crucial infraction until 2010.
USUAL = 0.03
KINDS = ("Restaurant", "Food Take Out", "Supermarket", "Food Store (Convenience/Variety)", "Bakery")


def read(folder: Path) -> Register:
    """Every inspection of every year in the folder."""
    visits = _visits(folder)
    checks = _checks(visits)
    return Register(
        ids=visits["id"].to_numpy(dtype=str),
        day=visits["day"].to_numpy(),
        found=visits["crucials"].to_numpy() > 0,
        usable=np.ones(len(visits), dtype=bool),
        inspector=np.full(len(visits), ""),
        known=lambda rows, day: _known(visits, checks, rows, day),
        groups={"premises": visits["kind"].to_numpy(dtype=str)},
    )


def _visits(folder: Path) -> pd.DataFrame:
    """One row an inspection, by day; rows of one inspection in two files are one."""
    paths = sorted(folder.glob("dinesafe.*.csv*"))
    if not paths:
        raise Refused(f"{folder}: there is no dinesafe.<year>.csv.gz")
    rows = pd.concat([pd.read_csv(path, dtype=str, usecols=COLUMNS) for path in paths], ignore_index=True)
    severity = rows["Severity"].fillna("")
    for name, letter in {"crucials": "C", "significants": "S", "minors": "M"}.items():
        rows[name] = severity.str.startswith(f"{letter} ").astype(int)
    rows["enforced"] = rows["Action"].fillna("").str.contains("Ticket|Summons|Closure|Order").astype(int)
    visits = rows.groupby("Inspection ID", as_index=False).agg(
        place_id=("Establishment ID", "first"),
        name=("Establishment Name", "first"),
        kind=("Establishment Type", "first"),
        address=("Establishment Address", "first"),
        latitude=("Latitude", "first"),
        longitude=("Longitude", "first"),
        date=("Inspection Date", "first"),
        crucials=("crucials", "sum"),
        significants=("significants", "sum"),
        minors=("minors", "sum"),
        enforced=("enforced", "max"),
    )
    visits = visits.rename(columns={"Inspection ID": "id"})
    visits["day"] = days(visits["date"].to_numpy(dtype=str))
    return visits.sort_values(["day", "id"], kind="stable", ignore_index=True)


def _checks(visits: pd.DataFrame) -> Events:
    place = kilometres(
        visits["latitude"].astype(float).to_numpy(), visits["longitude"].astype(float).to_numpy(), MIDDLE
    )
    crucials = visits["crucials"].to_numpy(float)
    values = np.stack(
        [np.ones(len(visits)), crucials > 0, crucials, visits["significants"], visits["minors"], visits["enforced"]],
        axis=1,
    ).astype(float)
    return Events(visits["place_id"].to_numpy(dtype=str), visits["day"].to_numpy(), place, values)


def _known(visits: pd.DataFrame, checks: Events, rows: Numbers, day: Numbers) -> dict[str, Numbers]:
    asked = Asked(checks.key[rows], day, checks.place[rows])
    own, fresh = past(asked, checks), dict(zip(CHECKED, past(asked, checks, 365).T, strict=True))
    newest = dict(zip(CHECKED, last(asked, checks).T, strict=True))
    names = visits["name"].str.upper().str.replace("[^A-Z ]", "", regex=True).to_numpy(dtype=str)
    chain = past(Asked(names[rows], day, asked.place), checks.by(names), apart=(asked.key, checks.key))
    close, wide = near(asked, checks, 0.2, 365, others=True), near(asked, checks, 0.6, 365, others=True)
    kind = visits["kind"].iloc[rows]
    return {
        "premises": np.select([(kind == name).to_numpy() for name in KINDS], range(len(KINDS)), len(KINDS)).astype(
            float
        ),
        "since_visit": days_since(asked, checks),
        "visits": fresh["checks"],
        "crucials": fresh["crucials"],
        "crucial_share": 100 * shrunk(own[:, 1], own[:, 0], USUAL, 5),
        "significants": fresh["significants"],
        "minors": fresh["minors"],
        "significants_last": newest["significants"],
        "minors_last": newest["minors"],
        "enforced": fresh["enforced"],
        "chain_share": 100 * shrunk(chain[:, 1], chain[:, 0], USUAL, 20),
        "chain_visits": chain[:, 0],
        "near_crucial": 100 * shrunk(close[:, 1], close[:, 0], USUAL, 10),
        "around_crucial": 100 * shrunk(wide[:, 1], wide[:, 0], USUAL, 20),
        "around_significant": wide[:, 3] / (wide[:, 0] + 5),
        "density": close[:, 0],
    }
