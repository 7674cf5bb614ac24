"""A person's word about a mention flows in; a small delivery flows out, which is landed and replayed like any other."""

from __future__ import annotations

import csv
from pathlib import Path

from schemas.contract import feeds
from spark_jobs.lake.home import Home, Refused, now, today
from spark_jobs.lake.tables import exists, read
from spark_jobs.lake.whole import writing
from spark_jobs.linking.link import Row

FEED = "link_decision"
SHORTEST = 6


def candidates(home: Home) -> list[Row]:
    """What waits for a person, the mentions of most rows first."""
    path = home.table("ops", "link_candidate")
    rows = read(path).to_pylist() if exists(path) else []
    return sorted(rows, key=lambda row: (-row["mentioned_rows"], row["mention"], row["rank"]))


def decide(home: Home, named: str, code: str | None, by: str, why: str) -> Path:
    """Writes the decision that a mention (the start of its identity) means an object, or none; the next run applies it.

    Refused for a mention that nobody knows, an object that base does not have, or a decision without a reason.
    """
    if not why.strip():
        raise Refused("--why must say why: the decision stands for ever")
    mention = _mention(home, named)
    if code is not None:
        code = code.strip().upper()
        if not read(home.table("base", "supervised_object"), ["object_id"], [("object_id", "=", code)]).num_rows:
            raise Refused(f"{code!r} is no object that base.supervised_object knows")
    moment = now()
    cells = {
        "mention": mention["mention"],
        "mention_name": mention["mention_name"],
        "mention_city": mention["mention_city"] or "",
        "link_verdict": "accept" if code else "refuse",
        "uscc": code or "",
        "decided_by": by,
        "decided_why": why.strip(),
        "decided_on": str(today()),
    }
    contract = feeds()[FEED]
    headings = [contract.column(name).headings[0].heading for name in cells]
    folder = home.landing / contract.by[0] / FEED
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{moment:%Y%m%dT%H%M%S%f}_{mention['mention']}.csv"
    with writing(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([headings, [*cells.values()]])
    return path


def _mention(home: Home, named: str) -> Row:
    """The mention whose identity begins so: one that waits, one that was linked, or one that was decided before."""
    known: dict[str, Row] = {}
    for layer, table in (("ops", "link_candidate"), ("ops", "link"), ("base", FEED)):
        path = home.table(layer, table)
        for row in read(path, ["mention", "mention_name", "mention_city"]).to_pylist() if exists(path) else []:
            if row["mention"].startswith(named.upper()):
                known[row["mention"]] = row
    if len(named) < SHORTEST or len(known) != 1:
        raise Refused(
            f"{named!r} is {'no mention' if not known else 'no single mention'}; lakewarden link list has them"
        )
    return next(iter(known.values()))
