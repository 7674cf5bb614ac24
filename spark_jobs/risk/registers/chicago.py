"""The City of Chicago's food inspections, with licences, complaints, visits and weather → a register of canvass visits.

The files of github.com/Chicago/food-inspections-evaluation as CSV. Everything is known before the day of a visit; the
weather is that of the days before it. Heats (densities of burglaries and garbage requests) are there only for rows of
the published model: a place takes the earlier values around it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spark_jobs.risk.history import Asked, Events, Numbers, days_since, last, near, past
from spark_jobs.risk.registers import Register, days, file_of, kilometres, shrunk, surprise

MIDDLE = (41.88, -87.65)
FOOD = "Retail Food Establishment"
# Of past violations those that tell most of the next critical one: hot and cold holding, food protection, clean
# surfaces, ventilation (the numbers of the city's form).
ITEMS = ("3", "30", "33", "38")
# The finding rates that small numbers are drawn to: critical, serious, of all inspections until 2014.
USUAL = {"critical": 0.14, "serious": 0.25, "failed": 0.2}
LICENCES = {"on_premises": "consumption_on_premises_incidental_activity", "tobacco": "tobacco"}
NOT_NAMES = re.compile(r"[^A-Z ]|\b(INC|LLC|CORP|LTD|THE|RESTAURANT|CHICAGO)\b")


@dataclass(frozen=True)
class _City:
    """Every table with its days as numbers and its places in kilometres."""

    visits: pd.DataFrame
    checks: Events
    log: Events
    log_kinds: dict[str, Numbers]
    sanitation: Events
    heats: Events
    weather: tuple[Numbers, Numbers]


def read(folder: Path) -> Register:
    """Canvass visits to licensed retail food places with a known location: the population of the published model."""
    visits = _visits(folder)
    city = _City(
        visits,
        _checks(visits),
        *_log(folder, visits),
        _sanitation(folder),
        _heats(visits),
        _weather(folder),
    )
    published = visits["is_published"].to_numpy()
    return Register(
        ids=visits["Inspection_ID"].astype(str).to_numpy(),
        day=visits["day"].to_numpy(),
        found=(visits["criticalCount"] > 0).to_numpy(),
        usable=visits["is_usable"].to_numpy(),
        inspector=visits["inspector"].to_numpy(),
        known=lambda rows, day: _known(city, rows, day),
        groups={
            "published": np.where(published, "published", "other"),
            "premises": visits["Facility_Type_Clean"].to_numpy(dtype=str),
            "risk": visits["Risk"].to_numpy(dtype=str),
        },
    )


def _visits(folder: Path) -> pd.DataFrame:
    """Canvass visits with licence, violations and what the published model knew of them, by day."""
    visits = pd.read_csv(file_of(folder, "inspections"), dtype={"License": str, "Address": str})
    licences = pd.read_csv(file_of(folder, "licences"), low_memory=False).drop(columns=["LATITUDE", "LONGITUDE"])
    violations = pd.read_csv(file_of(folder, "violation_matrix"), usecols=["Inspection_ID", *ITEMS])
    heats = ["heat_burglary", "heat_garbage"]
    published = pd.read_csv(file_of(folder, "model_frame"), usecols=["Inspection_ID", *heats])
    log = pd.read_csv(file_of(folder, "inspectors"), dtype=str)
    who = log.drop_duplicates(["License", "Inspection_Date"]).rename(columns={"Inspector_Assigned": "inspector"})
    visits = visits.merge(licences, on="Inspection_ID", how="left").merge(violations, on="Inspection_ID", how="left")
    visits = visits.merge(published.assign(is_published=True), on="Inspection_ID", how="left")
    visits = visits.merge(
        who[["License", "Inspection_Date", "inspector"]], on=["License", "Inspection_Date"], how="left"
    )
    visits["inspector"] = visits["inspector"].fillna("").astype(str)
    visits["is_published"] = visits["is_published"].notna()
    is_food = visits["LICENSE_DESCRIPTION"] == FOOD
    visits["is_usable"] = is_food & visits["Latitude"].notna() & (visits["ageAtInspection"] >= 0)
    visits["day"] = days(visits["Inspection_Date"].to_numpy())
    return visits.sort_values(["day", "Inspection_ID"], kind="stable", ignore_index=True)


def _place(frame: pd.DataFrame) -> Numbers:
    return kilometres(frame["Latitude"].to_numpy(float), frame["Longitude"].to_numpy(float), MIDDLE)


CHECKED = ("checks", "critical", "serious", "failed", "criticals", "seriouses", "minors")


def _checks(visits: pd.DataFrame) -> Events:
    """What each visit found, in the columns of CHECKED."""
    values = np.stack(
        [
            np.ones(len(visits)),
            visits["criticalCount"] > 0,
            visits["seriousCount"] > 0,
            visits["fail_flag"],
            visits["criticalCount"],
            visits["seriousCount"],
            visits["minorCount"],
        ],
        axis=1,
    ).astype(float)
    return Events(_text(visits["License"]), visits["day"].to_numpy(), _place(visits), values)


def _text(column: pd.Series[Any]) -> Numbers:
    return column.fillna("").astype(str).to_numpy(dtype=str)


def _log(folder: Path, visits: pd.DataFrame) -> tuple[Events, dict[str, Numbers]]:
    """Every visit of any kind to a licence, and which are of which kind. Who came is not read."""
    log = pd.read_csv(
        file_of(folder, "inspectors"), dtype=str, usecols=["License", "Inspection_Date", "Inspection_Purpose"]
    )
    purpose = log["Inspection_Purpose"].fillna("").str.lower()
    again = purpose.str.contains("re-?inspection")
    kinds = {
        "any": purpose.ne(""),
        "canvass": purpose.eq("canvass"),
        "again": again,
        "complaint": purpose.str.contains("complain|poison|sfp") & ~again,
        "complaint_again": purpose.str.contains("complaint") & again,
    }
    where = visits.drop_duplicates("License").set_index("License")[["Latitude", "Longitude"]]
    place = _place(where.reindex(log["License"]))
    day = days(log["Inspection_Date"].to_numpy())
    values = np.stack([kind.to_numpy() for kind in kinds.values()], axis=1).astype(float)
    return Events(_text(log["License"]), day, place, values), {name: kind.to_numpy() for name, kind in kinds.items()}


def _sanitation(folder: Path) -> Events:
    """Requests to clean up: all, garbage, dogs' dirt in a yard."""
    asked = pd.read_csv(
        file_of(folder, "sanitation_complaints"),
        usecols=["Creation_Date", "What_is_the_Nature_of_this_Code_Violation", "Latitude", "Longitude"],
    ).dropna(subset=["Latitude"])
    nature = asked["What_is_the_Nature_of_this_Code_Violation"].fillna("")
    garbage = nature.str.contains("garbage|dumpster", case=False)
    yard = nature.str.contains("rodent|dog", case=False)
    values = np.stack([np.ones(len(asked)), garbage, yard], axis=1).astype(float)
    return Events(np.full(len(asked), ""), days(asked["Creation_Date"].to_numpy()), _place(asked), values)


def _heats(visits: pd.DataFrame) -> Events:
    """Where and when the published densities of burglaries and garbage requests are known."""
    rows = visits[visits["heat_burglary"].notna()]
    values = np.stack([np.ones(len(rows)), rows["heat_burglary"], rows["heat_garbage"]], axis=1).astype(float)
    return Events(np.full(len(rows), ""), rows["day"].to_numpy(), _place(rows), values)


def _weather(folder: Path) -> tuple[Numbers, Numbers]:
    """The highest temperature (°F), by day."""
    weather = pd.read_csv(file_of(folder, "weather"), usecols=["date", "temperatureMax"]).sort_values("date")
    return days(weather["date"].to_numpy()), weather["temperatureMax"].to_numpy(float)


def _known(city: _City, rows: Numbers, day: Numbers) -> dict[str, Numbers]:
    """The numbers of some visits, from what was known before each day."""
    visits = city.visits.iloc[rows]
    asked = Asked(city.checks.key[rows], day, city.checks.place[rows])
    return {
        **_of_premises(visits, day),
        **_of_own_visits(city, asked),
        **_of_relatives(city, visits, asked),
        **_of_neighbours(city, asked),
        "temperature": _temperature(city.weather, day),
    }


def _of_premises(visits: pd.DataFrame, day: Numbers) -> dict[str, Numbers]:
    kinds = ["Restaurant", "Grocery Store", "Bakery"]
    kind = np.select([(visits["Facility_Type"] == name).to_numpy() for name in kinds], [0, 1, 2], 3)
    begun = visits["LICENSE_TERM_START_DATE"].fillna("NaT").to_numpy(dtype=str).astype("datetime64[D]")
    term = np.where(np.isnat(begun), np.nan, day - begun.astype(np.int64))
    return {
        "risk_class": visits["Risk"].str.extract(r"(\d)")[0].astype(float).to_numpy(),
        "premises": kind.astype(float),
        "licence_years": visits["ageAtInspection"].to_numpy(float),
        "term_days": term,
        **{name: visits[column].to_numpy(float) for name, column in LICENCES.items()},
    }


def _of_own_visits(city: _City, asked: Asked) -> dict[str, Numbers]:
    log, kinds = city.log, city.log_kinds
    faded = dict(zip(kinds, past(asked, log, 180).T, strict=True))
    own = dict(zip(CHECKED, past(asked, city.checks).T, strict=True))
    fresh = dict(zip(CHECKED, past(asked, city.checks, 365).T, strict=True))
    violations = city.visits[list(ITEMS)].fillna(0).to_numpy(float)
    of_items = past(asked, city.checks.of(violations), 730)
    return {
        "since_canvass": days_since(asked, log.chosen(kinds["canvass"])),
        "since_visit": days_since(asked, log),
        "visits_again": faded["again"],
        "canvasses": faded["canvass"],
        "complaints": faded["complaint"],
        "complaints_again": faded["complaint_again"],
        "critical_share": shrunk(own["critical"], own["checks"], USUAL["critical"], 2),
        "criticals": fresh["criticals"],
        "seriouses": fresh["serious"],
        "minors": fresh["minors"],
        "minors_last": last(asked, city.checks)[:, CHECKED.index("minors")],
        **{f"item_{item}": of_items[:, column] for column, item in enumerate(ITEMS)},
    }


def _of_relatives(city: _City, visits: pd.DataFrame, asked: Asked) -> dict[str, Numbers]:
    """Other premises of the same name or account, and what was at the same address before."""

    def others(keys: Numbers) -> dict[str, Numbers]:
        of_same = Asked(keys[visits.index.to_numpy()], asked.day, asked.place)
        sums = past(of_same, city.checks.by(keys), apart=(asked.key, city.checks.key))
        return dict(zip(CHECKED, sums.T, strict=True))

    names = city.visits["DBA_Name"].fillna("").str.upper().str.replace(NOT_NAMES, "", regex=True)
    chain = others(_text(names.str.split().str.join(" ")))
    address = others(_text(city.visits["Address"].str.upper().str.split().str.join(" ")))
    alone = pd.Series([f"alone {row}" for row in city.visits["License"]], index=city.visits.index)
    account = others(_text(city.visits["ACCOUNT_NUMBER"].astype("string").fillna(alone)))
    return {
        "chain_share": shrunk(chain["critical"], chain["checks"], USUAL["critical"], 5),
        "account_visits": account["checks"],
        "address_share": shrunk(address["serious"], address["checks"], USUAL["serious"], 2),
    }


def _of_neighbours(city: _City, asked: Asked) -> dict[str, Numbers]:
    """What others nearby are like, beyond what their inspectors usually find, and what is asked for around them."""
    checks = city.checks
    who = city.visits["inspector"].to_numpy(dtype=str)
    beyond = [surprise(checks.day, checks.values[:, CHECKED.index(name)], who) for name in USUAL]
    adjusted = checks.of(np.stack([np.ones(len(checks.day)), *beyond], axis=1))
    close = near(asked, adjusted, 0.3, 365, others=True)
    wide = near(asked, adjusted, 1.0, 365, others=True)
    logged = near(asked, city.log.chosen(city.log.place[:, 0] < 1e5), 0.5, 120, others=True)
    month = near(asked, city.sanitation, 1.0, window=90)
    year = near(asked, city.sanitation, 1.0, window=365)
    heat = near(asked, city.heats, 0.3, 365)
    heat_weight = np.where(heat[:, 0] < 0.05, np.nan, heat[:, 0])
    return {
        "near_critical": 100 * close[:, 1] / (close[:, 0] + 2),
        "near_serious": 100 * close[:, 2] / (close[:, 0] + 2),
        "around_critical": 100 * wide[:, 1] / (wide[:, 0] + 2),
        "around_failed": 100 * wide[:, 3] / (wide[:, 0] + 2),
        "around_complaints": logged[:, list(city.log_kinds).index("complaint")],
        "density": heat[:, 0],
        "burglaries": heat[:, 1] / heat_weight,
        "garbage_heat": heat[:, 2] / heat_weight,
        "sanitation_near": near(asked, city.sanitation, 0.3, window=90)[:, 0],
        "garbage_quarter": month[:, 1],
        "garbage_year": year[:, 1],
        "yards_year": year[:, 2],
    }


def _temperature(weather: tuple[Numbers, Numbers], day: Numbers) -> Numbers:
    """The mean of the highest temperatures of the seven days before a day."""
    days_known, highest = weather
    sums = np.concatenate([[0.0], np.cumsum(highest)])
    end = np.searchsorted(days_known, day)
    begin = np.searchsorted(days_known, day - 7)
    return np.where(end > begin, (sums[end] - sums[begin]) / np.maximum(end - begin, 1), np.nan)
