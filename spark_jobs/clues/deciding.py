"""A person's word about whose a clue is flows in; a small delivery flows out, landed and replayed like any other."""

from __future__ import annotations

import csv
from pathlib import Path

from schemas.contract import departments, feeds
from schemas.likely import likely
from spark_jobs.clues.raising import Row
from spark_jobs.lake.home import Home, Refused, now, today
from spark_jobs.lake.tables import exists, read
from spark_jobs.lake.whole import writing

FEED = "clue_decision"
SHORTEST = 6
# The states of gold.clue in which nobody has anything to do any more.
CLOSED = ("done", "unfounded", "duplicate")


def assign(home: Home, named: str, department: str, by: str, why: str) -> Path:
    """Writes the decision that a clue (its number, or a part of at least 6 characters) goes to a department.

    Refused for a clue that nobody knows, one that is closed or lies with that department already, or without a reason.
    """
    if not why.strip():
        raise Refused("--why must say why: the department reads it")
    if department not in departments():
        raise Refused(f"{department!r} is no department; {likely(department, departments())}")
    clue = one_clue(home, named)
    if clue["clue_state"] in CLOSED:
        raise Refused(f"{clue['clue_no']} is closed: {clue['department']} answered on {clue['closed_date']}")
    if clue["sent_date"] and clue["department"] == department and clue["clue_state"] != "returned":
        raise Refused(f"{clue['clue_no']} lies with {department} since {clue['sent_date']}")
    moment = now()
    cells = {
        "clue_event_no": f"{clue['clue_no']}-{moment:%Y%m%dT%H%M%S%f}",
        "clue_no": clue["clue_no"],
        "transfer_to": department,
        "clue_event_date": str(today()),
        "handled_by": by,
        "clue_words": why.strip(),
    }
    contract = feeds()[FEED]
    folder = home.landing / contract.by[0] / FEED
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{moment:%Y%m%dT%H%M%S%f}_{clue['clue_no']}.csv"
    headings = [contract.column(name).headings[0].heading for name in cells]
    with writing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, [*cells.values()]])
    return path


def one_clue(home: Home, named: str) -> Row:
    """The clue of that number, or of the only number that holds it."""
    path = home.table("gold", "clue")
    known: list[Row] = read(path).to_pylist() if exists(path) else []
    found = [row for row in known if named.upper() in row["clue_no"]]
    exact = [row for row in found if row["clue_no"] == named.upper()]
    if len(exact or found) != 1 or len(named) < SHORTEST:
        raise Refused(f"{named!r} is {'no clue' if not found else 'no single clue'}; lakewarden clue list has them")
    return (exact or found)[0]
