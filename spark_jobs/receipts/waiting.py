"""A department's deliveries flow in; those whose rejected rows nobody has sent again flow out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from schemas.contract import feeds
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, read_sidecar
from spark_jobs.lake.text_mark import MENDED


def waiting(home: Home, oldest_first: Sequence[Delivery], is_newest: Callable[[Delivery], bool]) -> list[Delivery]:
    """The newest first. What was mended came under the same name, as rejected rows with their notes, or, of a full
    list, as the next list; rows that are rejected again wait with the file that they came in then."""
    open_by_feed: dict[str, list[tuple[Delivery, int]]] = defaultdict(list)
    for delivery in (one for one in oldest_first if one.state == "accepted" and one.feed in feeds()):
        open_ = open_by_feed[delivery.feed]
        if feeds()[delivery.feed].is_snapshot:
            open_.clear()
        elif open_ and _is_mended(home, delivery):
            _settle(open_, delivery.rows)
        if delivery.rows_quarantined and is_newest(delivery):
            open_.append((delivery, delivery.rows_quarantined))
    found = [delivery for open_ in open_by_feed.values() for delivery, _ in open_]
    return sorted(found, key=lambda delivery: delivery.received_at, reverse=True)


def _settle(open_: list[tuple[Delivery, int]], rows: int) -> None:
    """Takes so many rows from those that wait: of the file that has as many, else of the newest."""
    exact = next((place for place in reversed(range(len(open_))) if open_[place][1] == rows), None)
    if exact is not None:
        del open_[exact]
        return
    while open_ and rows > 0:
        delivery, left = open_.pop()
        if left > rows:
            open_.append((delivery, left - rows))
        rows -= left


def _is_mended(home: Home, delivery: Delivery) -> bool:
    """Whether the file had the notes of rejected rows."""
    try:
        known = delivery if delivery.columns is not None else read_sidecar(home, delivery.delivery)
    except FileNotFoundError:
        return False
    return MENDED in (known.columns or {})
