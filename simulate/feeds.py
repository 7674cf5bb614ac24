"""The world flows in; the files of every feed that has no story of its own, filled from its contract, flow out."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import TopologicalSorter

import numpy as np

from schemas.contract import Contract, departments, feed_of, feeds
from simulate.departments import inspecting, office_of
from simulate.draw import FIRM, Pools
from simulate.envelope import with_envelope
from simulate.fill import DAY, Feed, fill
from simulate.firms import Period
from simulate.meanings import names_of, reference_of
from simulate.rows import SPARE
from simulate.windows import WINDOW, Windows, with_enough
from simulate.word_lists import Array, Table, random_for
from simulate.world import World

# Feeds whose numbers need a story, told in deliveries.py.
STORIES = ("scjg_enterprise", "complaint", "supervision_item", "officer", "check_action", "punish_action")
CADENCES = {"daily": 1, "weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365, "once": 36_500}
MOST_FILES = 13  # of one feed and department in a period, as of the acts
CHANGES_A_FIRM_AND_YEAR, LISTED_A_FIRM, FEWEST = 0.3, 0.05, 30
SPARE_SHARE, FEWEST_SPARE = 0.03, 5
COME, GONE = 0.05, 0.02  # of a whole list's rows, over the period


def filled_feeds() -> list[Feed]:
    """Every feed without a story, by every department that delivers it, those that others refer to first."""
    wanted = {name: feed for name, feed in feeds().items() if name not in STORIES}
    sorter = TopologicalSorter({name: _referred(feed, wanted) for name, feed in wanted.items()})
    return [
        Feed(wanted[name], department, name.removeprefix(f"{wanted[name].department}_"))
        for name in sorter.static_order()
        for department in _deliverers(wanted[name])
        if feed_of(department, name.removeprefix(f"{wanted[name].department}_")) is wanted[name]
    ]


def _deliverers(feed: Contract) -> tuple[str, ...]:
    """Its owner; of a standard shape the departments that it names, else those whose inspections have a story."""
    named: tuple[str, ...] = getattr(feed, "by", ())
    return (feed.department,) if feed.department else named or tuple(inspecting())


def _referred(feed: Contract, among: dict[str, Contract]) -> set[str]:
    """The feeds whose rows a feed refers to, but for those that refer to it as well."""
    tables = {reference[0] for column in feed.columns if (reference := reference_of(feed, column))}
    back = {
        name
        for name, other in among.items()
        if names_of(feed) & {r[0] for c in other.columns if (r := reference_of(other, c))}
    }
    return {
        name for name, other in among.items() if names_of(other) & tables and (name not in back or name < feed.name)
    }


def filled_rows(feed: Feed, world: World, pools: Pools, daily: bool) -> Iterator[tuple[np.datetime64, Table]]:
    """The rows of each file, with the day on which it is sent; what others may refer to goes into the pools."""
    promise = feed.contract.delivery
    assert promise, feed.contract.name
    length = 1 if daily else max(CADENCES[promise.cadence], -(-world.period.days // MOST_FILES))
    windows = Windows(world.period, length)
    is_referred = any(
        reference_of(other, column) and reference_of(other, column)[0] in names_of(feed.contract)  # type: ignore[index]
        for other in feeds().values()
        for column in other.columns
    )
    count = _volume(feed, world)
    period = _before(world.period) if promise.mode == "full" else world.period
    rows = fill(feed, world, pools, count, period)
    if is_referred:
        rows[SPARE] = _spare(len(rows[DAY]))
        _add_to_pools(feed, rows, pools)
    yield from (_lists if promise.mode == "full" else _changes)(feed, rows, windows, world)


def _before(period: Period) -> Period:
    """The year that ends with the day before the period: when what stands in a whole list came about."""
    return Period(period.first - 365, period.first - 1)


def _volume(feed: Feed, world: World) -> int:
    firms, days = len(world.firms["uscc"]), world.period.days
    of_firms = LISTED_A_FIRM if feed.contract.is_snapshot else CHANGES_A_FIRM_AND_YEAR * days / 365
    least = feed.contract.expect.rows.min or 1
    return max(round(firms * of_firms), FEWEST, 2 * round(least))


def _spare(count: int) -> Array:
    """The last rows: nothing refers to them, so that they may be spoiled."""
    return np.arange(count) >= count - max(FEWEST_SPARE, round(SPARE_SHARE * count))


def _add_to_pools(feed: Feed, rows: Table, pools: Pools) -> None:
    for name in names_of(feed.contract):
        named = {key: values[~rows[SPARE]] for key, values in rows.items() if not key.startswith("_") or key == FIRM}
        if name in pools:
            named = {key: np.concatenate([pools[name][key], named[key]]) for key in named.keys() & pools[name].keys()}
        pools[name] = named


def _changes(feed: Feed, rows: Table, windows: Windows, world: World) -> Iterator[tuple[np.datetime64, Table]]:
    """A file a window; windows with fewer rows than the contract expects go with the next."""
    order = np.argsort(rows[DAY], kind="stable")
    rows = {name: values[order] for name, values in rows.items()}
    least = max(5, round(feed.contract.expect.rows.min or 1))
    rows[WINDOW] = with_enough(windows.of(rows[DAY]), least)
    if office_of(feed.department).envelope:
        rows = with_envelope(feed, rows, windows, random_for(world.seed, "envelope", feed.department, feed.folder))
    for window in np.unique(rows[WINDOW]):
        yield (
            np.datetime64(windows.end(window).item(), "D"),
            {name: values[rows[WINDOW] == window] for name, values in rows.items()},
        )


def _lists(feed: Feed, rows: Table, windows: Windows, world: World) -> Iterator[tuple[np.datetime64, Table]]:
    """The whole list at the beginning of each window: some rows come later, some are gone by then."""
    rng, count = random_for(world.seed, "list", feed.department, feed.folder), len(rows[DAY])
    least = max(5, round(feed.contract.expect.rows.min or 1))
    begin = np.where(rng.random(count) < COME, rng.integers(0, windows.count + 1, count), 0)
    end = np.where(rng.random(count) < GONE, rng.integers(1, windows.count + 2, count), windows.count + 2)
    begin[: 2 * least], end[: 2 * least] = 0, windows.count + 2
    for window in range(windows.count):
        there = (begin <= window) & (window < end)
        yield world.period.first + window * windows.length, {name: values[there] for name, values in rows.items()}


def departments_of(filled: list[Feed]) -> list[str]:
    """The departments that deliver a filled feed and have no story, in the order of their list."""
    return [name for name in departments() if name not in inspecting() and name in {feed.department for feed in filled}]
