"""Deliveries in bronze flow in; every row flows out once, to silver as typed values or to quarantine with all reasons.

What waits is judged anew as a whole: what a killed run had written of it is taken back first. A commit a table and feed
adds the files of all its units; until then they are nobody's, and a weekly clearing removes those of killed runs.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pyarrow.parquet as pq

from schemas.contract import FeedContract, feeds
from spark_jobs.judging.figures import Profile, profile
from spark_jobs.judging.judge import Counts, Part, shape
from spark_jobs.judging.units import LAYERS, Layer, Outcome, Piece, Unit
from spark_jobs.judging.workers import WORKERS, judge_units
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import REPLAY_QUARANTINED, Delivery, own_file
from spark_jobs.lake.tables import add_files, take_back

# Rows that are worth a unit of their own, and those that are worth starting other processes for.
SMALLEST_UNIT, WORTH_WORKERS = 100_000, 25_000


def conform(home: Home, waiting: Mapping[str, Sequence[Delivery]]) -> dict[str, Profile]:
    """Judges the deliveries of every feed; returns what each looks like. Raises Unaccounted if a row is lost."""
    for feed, deliveries in waiting.items():
        _take_back(home, feed, deliveries)
    rows = sum(delivery.rows for deliveries in waiting.values() for delivery in deliveries)
    most = max(SMALLEST_UNIT, rows // (2 * WORKERS))
    units = [unit for feed, some in waiting.items() for unit in divide(home, feeds()[feed], some, most)]
    units.sort(key=_bytes, reverse=True)  # the longest first, so that no process is left waiting for another
    outcomes = _judged(home, units, rows)
    written: dict[tuple[Layer, str], dict[Path, str]] = defaultdict(dict)
    counts: dict[str, Counts] = defaultdict(Counts)
    for unit, outcome in zip(units, outcomes, strict=True):
        for layer in LAYERS:
            if outcome.rows[layer]:
                statistics = _statistics(unit.parts, outcome.rows[layer])
                written[layer, unit.contract.name][unit.files[layer]] = statistics
        for delivery, counted in outcome.counts.items():
            counts[delivery].add(counted)
    for (layer, feed), files in written.items():
        add_files(home.table(layer, feed), files)
    return {
        delivery.delivery: profile(feeds()[feed], delivery, counts[delivery.delivery])
        for feed, deliveries in waiting.items()
        for delivery in deliveries
    }


def _judged(home: Home, units: Sequence[Unit], rows: int) -> list[Outcome]:
    if os.environ.get("LAKEWARDEN_JUDGING") == "engine":
        from spark_jobs.judging.on_engine import judge_on_engine  # and with it the engine's packages

        return judge_on_engine(home, units)
    return judge_units(units, home.logs, here=rows < WORTH_WORKERS)


def _take_back(home: Home, feed: str, deliveries: Sequence[Delivery]) -> None:
    """Removes what a killed run, or an earlier judgement that does not count any more, wrote of these deliveries."""
    since = min(delivery.received_at for delivery in deliveries)
    names = {delivery.delivery for delivery in deliveries}
    kept = {delivery.delivery for delivery in deliveries if delivery.state == REPLAY_QUARANTINED}
    take_back(home.table("quarantine", feed), names, "_received_at", since)
    take_back(home.table("silver", feed), names - kept, "_received_at", since)


def divide(
    home: Home, contract: FeedContract, deliveries: Sequence[Delivery], most: int = SMALLEST_UNIT
) -> Iterator[Unit]:
    """Units of deliveries of one shape, each of at most so many rows, as far as row groups allow it."""
    shapes: dict[object, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        shapes[shape(contract, _part(delivery))].append(delivery)
    for some in shapes.values():
        together: list[Delivery] = []
        for delivery in some:
            if delivery.rows > most and _has_own_file(home, delivery):
                for piece in _pieces(own_file(home, delivery), -(-delivery.rows // most)):
                    yield _unit(home, contract, [delivery], [piece])
                continue
            if together and sum(other.rows for other in together) + delivery.rows > most:
                yield _whole(home, contract, together)
                together = []
            together.append(delivery)
        if together:
            yield _whole(home, contract, together)


def _has_own_file(home: Home, delivery: Delivery) -> bool:
    """Whether bronze has the delivery's rows in one file; those judged again may lie in a file with others' by now, and
    of those that keep rows all are looked at together."""
    return delivery.state != REPLAY_QUARANTINED and own_file(home, delivery).exists()


def _pieces(file: Path, count: int) -> Iterator[Piece]:
    """So many pieces of a file, if it has as many row groups."""
    groups = range(pq.read_metadata(file).num_row_groups)
    for some in np.array_split(groups, min(len(groups), count)):
        yield Piece(file, tuple(some.tolist()))


def _whole(home: Home, contract: FeedContract, deliveries: Sequence[Delivery]) -> Unit:
    """A unit of all rows of these deliveries."""
    own = [Piece(own_file(home, delivery)) for delivery in deliveries if _has_own_file(home, delivery)]
    return _unit(home, contract, deliveries, own)


def _unit(home: Home, contract: FeedContract, deliveries: Sequence[Delivery], pieces: Sequence[Piece]) -> Unit:
    name = f"{uuid4()}.parquet"
    return Unit(
        contract,
        tuple(map(_part, deliveries)),
        tuple(pieces),
        tables={layer: home.table(layer, contract.name) for layer in ("bronze", "silver")},
        files={layer: home.table(layer, contract.name) / name for layer in LAYERS},
        shared=tuple(one.delivery for one in deliveries if not _has_own_file(home, one)),
        kept=tuple(one.delivery for one in deliveries if one.state == REPLAY_QUARANTINED),
    )


def _part(delivery: Delivery) -> Part:
    return Part(delivery.delivery, delivery.received_at, delivery.columns or {}, delivery.stored or {})


def _bytes(unit: Unit) -> int:
    """How much there is to read of the unit's own files."""
    return sum(piece.file.stat().st_size // (1 if piece.groups is None else 2 * WORKERS) for piece in unit.pieces)


def _statistics(parts: Sequence[Part], rows: int) -> str:
    """What lets readers skip a file: whose rows it may hold, and when they were received."""
    deliveries, moments = [part.delivery for part in parts], [part.received_at for part in parts]
    least = {"_delivery": min(deliveries), "_received_at": _milliseconds(min(moments))}
    most = {"_delivery": max(deliveries), "_received_at": _milliseconds(max(moments) + timedelta(microseconds=999))}
    none = {"_delivery": 0, "_received_at": 0}
    return json.dumps({"numRecords": rows, "minValues": least, "maxValues": most, "nullCount": none})


def _milliseconds(moment: datetime) -> str:
    """A moment in UTC as Delta's statistics have it: milliseconds, rounded down."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
