"""The world flows in; the files of every feed that has no story of its own, filled from its contract, flow out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from schemas.contract import Column, FeedContract, departments, feed_of, feeds
from simulate.departments import inspecting, office_of
from simulate.draw import Pools
from simulate.envelope import with_envelope
from simulate.fill import Feed, fill
from simulate.firms import Period
from simulate.marks import DAY, DEPARTMENT, FIRM, SPARE, WINDOW
from simulate.meanings import meaning, names_of, references_of, tables_referred_to
from simulate.patterns import NoText, text_of
from simulate.windows import Windows, with_enough
from simulate.word_lists import Array, Table, random_for
from simulate.world import World

# What departments answer to clues, of which there are none before the first run: simulate/answers.py.
ANSWERS = ("clue_feedback", "clue_receipt", "clue_decision")
# Feeds whose numbers need a story, told in deliveries.py.
STORIES = (
    *ANSWERS,
    *("scjg_enterprise", "complaint", "szj_hotline_order"),
    *("supervision_item", "item_change", "law", "law_article", "officer"),
    *("check_action", "punish_action", "theme_limit"),
)
CADENCES = {"daily": 1, "weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365, "once": 36_500, "occasional": 30}
MOST_FILES = 13  # of one feed and department in a period, as of the acts
CHANGES_A_FIRM_AND_YEAR, LISTED_A_FIRM, FEWEST = 0.3, 0.05, 30
# Of so many rows, those of feeds that tell of what rarely happens: few samples fail.
RARE = {"scjg_food_sampling_failed": 0.06}
SPARE_SHARE, FEWEST_SPARE = 0.03, 5
COME, GONE = 0.05, 0.02  # of a whole list's rows, over the period


def filled_feeds() -> list[Feed]:
    """Every feed without a story, by every department that delivers it, those that others refer to first."""
    wanted = [feed for feed in feeds().values() if feed.name not in STORIES and not why_not(feed)]
    filled = [
        Feed(contract, department, contract.name.removeprefix(f"{contract.department}_"))
        for contract in _in_order(wanted)
        for department in _deliverers(contract)
    ]
    return [feed for feed in filled if feed_of(feed.department, feed.folder) is feed.contract]


def _in_order(wanted: list[FeedContract]) -> list[FeedContract]:
    """Feeds behind those that they refer to; where two refer to each other, one of them comes first."""
    ordered: dict[str, FeedContract] = {}
    visited: set[str] = set()

    def visit(feed: FeedContract) -> None:
        visited.add(feed.name)
        for other in wanted:
            if other.name not in visited and names_of(other) & tables_referred_to(feed):
                visit(other)
        ordered[feed.name] = feed

    for feed in wanted:
        if feed.name not in visited:
            visit(feed)
    return list(ordered.values())


def why_not(feed: FeedContract) -> str | None:
    """Why a feed cannot be filled, as `column: pattern: why`: the pattern is not written as Python reads it."""
    for column in feed.columns:
        try:
            if column.pattern and not column.codes:
                text_of(column.pattern, np.random.default_rng(0))
        except NoText as error:
            return f"{column.name}: {error}"
    return None


def _deliverers(feed: FeedContract) -> tuple[str, ...]:
    """Its owner; of a standard shape the departments that it names, else those whose inspections have a story."""
    named: tuple[str, ...] = feed.by
    return (feed.department,) if feed.department else named or tuple(inspecting())


def filled_rows(feed: Feed, world: World, pools: Pools, daily: bool) -> Iterator[tuple[np.datetime64, Table]]:
    """The rows of each file, with the day on which it is sent; what others may refer to goes into the pools."""
    promise = feed.contract.delivery
    assert promise, feed.contract.name
    length = 1 if daily else max(CADENCES[promise.cadence], -(-world.period.days // MOST_FILES))
    windows = Windows(world.period, length)
    period = _before(world.period) if promise.mode == "full" else world.period
    rows = fill(feed, world, pools, _volume(feed, world), period)
    if not rows:
        return
    if any(names_of(feed.contract) & tables_referred_to(other) for other in feeds().values()):
        rows.setdefault(SPARE, _spare(len(rows[DAY])))
        _add_to_pools(feed, rows, pools)
    yield from (_lists if promise.mode == "full" else _changes)(feed, rows, windows, world)


def _before(period: Period) -> Period:
    """The year that ends with the day before the period: when what stands in a whole list came about."""
    return Period(period.first - 365, period.first - 1)


def _volume(feed: Feed, world: World) -> int:
    firms, days = len(world.firms["uscc"]), world.period.days
    of_firms = LISTED_A_FIRM if feed.contract.is_snapshot else CHANGES_A_FIRM_AND_YEAR * days / 365
    least = feed.contract.expect.rows.min or 1
    share = RARE.get(feed.contract.name, 1)
    return max(round(max(firms * of_firms, FEWEST) * share), 2 * round(least))


def _spare(count: int) -> Array:
    """The last rows: nothing refers to them, so that they may be spoiled."""
    return np.arange(count) >= count - max(FEWEST_SPARE, round(SPARE_SHARE * count))


def _add_to_pools(feed: Feed, rows: Table, pools: Pools) -> None:
    """The rows under every name of theirs, with what they refer to beside them as `table.column`."""
    kept = (FIRM, DAY)
    for name in names_of(feed.contract):
        named = {key: values[~rows[SPARE]] for key, values in rows.items() if key in kept or not key.startswith("_")}
        named |= {
            ".".join(reference): named[key]
            for key, reference in references_of(feed.contract.name).items()
            if key in named
        }
        named[DEPARTMENT] = np.full(len(named[FIRM]), feed.department, dtype=object)
        pools[name] = _joined(pools[name], named, _referred_columns(name)) if name in pools else named


def _joined(known: Table, named: Table, referred: set[str]) -> Table:
    """Two feeds' rows of one table: where one has not every column that others refer to, a plate in the place of a
    device's code, the other's alone."""
    has, had = referred & named.keys(), referred & known.keys()
    if has != had:
        return named if has > had else known
    return {key: np.concatenate([known[key], named[key]]) for key in named.keys() & known.keys()}


def _referred_columns(name: str) -> set[str]:
    """The columns of a table that feeds refer to."""
    references = (references_of(feed.name).values() for feed in feeds().values())
    return {column for several in references for table, column in several if table == name}


def _changes(feed: Feed, rows: Table, windows: Windows, world: World) -> Iterator[tuple[np.datetime64, Table]]:
    """A file a window; windows with fewer rows than the contract expects go with the next."""
    order = np.argsort(rows[DAY], kind="stable")
    rows = {name: values[order] for name, values in rows.items()}
    least = max(5, round(feed.contract.expect.rows.min or 1))
    rows[WINDOW] = with_enough(windows.of(np.maximum(rows[DAY], windows.period.first)), least)
    if office_of(feed.department).envelope:
        rows = with_envelope(feed, rows, windows, random_for(world.seed, "envelope", feed.department, feed.folder))
    for window in np.unique(rows[WINDOW]):
        here = rows[WINDOW] == window
        yield np.datetime64(windows.end(window).item(), "D"), {name: values[here] for name, values in rows.items()}


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


def speaking_of(thing: str, filled: list[Feed]) -> list[str]:
    """The departments that have no story and speak of a thing in a filled feed, in the order of their list."""
    named = {feed.department for feed in filled if any(_is_of(thing, feed, column) for column in feed.contract.columns)}
    return [name for name in departments() if name in named and name not in inspecting()]


def _is_of(thing: str, feed: Feed, column: Column) -> bool:
    return (meaning(feed.contract, column) or "").startswith(f"{thing}.")
