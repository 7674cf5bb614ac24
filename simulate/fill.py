"""A feed's contract and the world flow in; rows that keep the contract, and hang together, flow out as columns."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np

from schemas.contract import ENVELOPE, Column, FeedContract
from simulate.calendar import BUSY_MONTHS, draw_days
from simulate.draw import Draw, Pools
from simulate.firms import NAT, Period
from simulate.marks import DAY, FAULT, FIRM, PLANTED, SPARE
from simulate.meanings import meaning
from simulate.mess import nulls_of
from simulate.promises import broken
from simulate.samples import Sample
from simulate.values import bounded, clocked, few, fitting, generated, kind_of, usual_of, within
from simulate.word_lists import Array, Table, random_for
from simulate.world import WHOLE, World

USUALLY_FILLED = 0.94
FILLED = {"day.rarely": 0.04, "day.settled": 0.7, "day.begun": 0.6}  # by what a column holds
NOTHING = {"M": NAT, "f": np.nan, "O": ""}
# What is done soon after: within how many seconds mostly.
SOON_AFTER = {"hour.soon": 3600, "hour.quick": 1800}
LATE = 0.03  # of what is done soon after, the share that is done only hours later
# A paper that the world does not know is valid for so many days from its own; a few are over when they are told.
TERM, OVER = 3 * 365, 0.05
LATER = ("day.later", "day.soon", "day.due", "licence.expiry_date", "officer.certificate_expiry_date")


@dataclass(frozen=True)
class Feed:
    """A feed as one department delivers it."""

    contract: FeedContract
    department: str
    folder: str

    @property
    def prefix(self) -> str:
        """What the numbers that it gives begin with: YJJ-DP- for yjj/drug_permit."""
        return f"{self.department}-{''.join(word[:1] for word in self.folder.split('_'))}-".upper()


def fill(feed: Feed, world: World, pools: Pools, count: int, period: Period) -> Table:
    """At most `count` rows about days of the period, no key twice; `_day` says when each row came about."""
    rng = random_for(world.seed, "fill", feed.department, feed.folder)
    day = np.sort(draw_days(rng, period.first, period.days, count, BUSY_MONTHS, 0.1))
    draw = Draw(feed.contract, feed.department, world, pools, day, rng=rng)
    rows: Table = {}
    if draw.lacks():
        return rows
    plain = []
    for column in _in_order(feed.contract):
        made = draw.value(column)
        if made is None and _is_plain(feed.contract, column) and not draw.is_of_another(column):
            plain.append(column)
        else:
            rows[column.name] = _values(feed, column, made, draw, rows, period)
    sample = Sample(feed.contract, rows, rng)
    for column in plain:
        shown = sample.values(column)
        made = None if shown is None else few(column, shown, rng)
        rows[column.name] = _values(feed, column, made, draw, rows, period)
    reported = _reported(feed.contract, rows, draw.day, period)
    _empty(feed.contract, rows, draw, rng)
    rows[FIRM], rows[DAY] = draw.firm, reported
    rows[FAULT] = world.firms["code_fault"][draw.firm]
    if draw.leads in WHOLE:
        rows |= {mark: draw.leader[mark][draw.which] for mark in (PLANTED, SPARE) if mark in draw.leader}
    first = _first_of_each_key(feed.contract, rows)
    return {name: values[first] for name, values in rows.items()}


def _reported(contract: FeedContract, rows: Table, day: Array, period: Period) -> Array:
    """The day on which everything that a row speaks of has come."""
    for column in contract.columns:
        if column.name in rows and kind_of(column) == "M" and meaning(contract, column) not in LATER:
            day = np.fmax(day, rows[column.name].astype("datetime64[D]"))
    return np.minimum(day, period.last)


def _in_order(contract: FeedContract) -> list[Column]:
    """The contract's own columns, each behind those that its rules look at; of several that read one cell the first.

    A unit is what an amount is written in.
    """
    own: dict[str, Column] = {}
    for column in contract.columns:
        is_told = column.parse != "currency" and any(column.headings == other.headings for other in own.values())
        if column.name not in ENVELOPE and column.parse != "unit" and not is_told:
            own[column.name] = column
    sorter = TopologicalSorter(
        {
            name: {other for other in (column.not_before, column.required_with, *_asks(column)) if other in own}
            for name, column in own.items()
        }
    )
    return [own[name] for name in sorter.static_order()]


def _is_plain(contract: FeedContract, column: Column) -> bool:
    """Whether a column is a text or a number that no list, pattern or check makes: the sample is its model.

    What is compared with something else (usual.csv) must vary more than a sample of a few rows does.
    """
    is_checked = column.pattern or column.check or column.check_when or column.fits or column.parse == "currency"
    is_text = column.type == "string" and not column.codes
    usual = usual_of(column.name)
    is_made = is_checked or column.name in contract.key or bool(usual and not usual.distinct)
    return not is_made and (is_text or kind_of(column) == "f")


def _asks(column: Column) -> list[str]:
    return [rule.column for rule in (column.check_when, column.fits) if rule]


def _values(feed: Feed, column: Column, made: Array | None, draw: Draw, rows: Table, period: Period) -> Array:
    """The values made, and others where there are none or the contract does not accept them."""
    is_key = column.name in feed.contract.key
    key = feed.prefix if is_key else None
    if made is None and draw.is_of_another(column) and not column.required:
        nothing = NOTHING[kind_of(column)]
        return np.full(len(draw.day), nothing, dtype=object if nothing == "" else None)
    if made is None and kind_of(column) == "M":
        made = _of_a_paper(feed.contract, column, draw, rows)
    if made is None or made.dtype.kind != kind_of(column):
        made = few(column, generated(column, draw.day, draw.rng, key), draw.rng)
    if kind_of(column) == "M":
        is_told = draw.leads in WHOLE and draw.states(column) and made.dtype == "datetime64[s]"
        return made if is_told else _ordered(feed.contract, column, made, rows, draw, period)
    if kind_of(column) == "f":
        return made if is_key else bounded(column, made)
    if column.check_when:
        return _by_document(feed.contract, column, made, rows, draw)
    accepted = _accepted(column, made, draw, key)
    return fitting(column, accepted, rows[column.fits.column], draw.rng) if column.fits else accepted


def _of_a_paper(contract: FeedContract, column: Column, draw: Draw, rows: Table) -> Array | None:
    """When a paper was issued, and until when it is valid; None for other days, and where the world knows papers."""
    means, count = meaning(contract, column), len(draw.day)
    if means == "licence.issued_date" and any(other.not_before == column.name for other in contract.columns):
        ago = draw.rng.integers(0, round(TERM * (1 + OVER)), count).astype("timedelta64[D]")
        issued: Array = np.maximum(draw.day - ago, draw.world.firms["established_date"][draw.firm])
        return issued.astype("datetime64[D]")
    if means != "licence.expiry_date":
        return None
    if column.not_before in rows:
        ended: Array = rows[column.not_before].astype("datetime64[D]") + np.timedelta64(TERM - 1, "D")
    else:
        ended = draw.day + draw.rng.integers(-round(TERM * OVER), TERM, count).astype("timedelta64[D]")
    return ended


def _accepted(column: Column, made: Array, draw: Draw, key: str | None) -> Array:
    """Texts that break a rule give way to generated ones; a firm's code that was wrong from birth stays."""
    wrong = [text for text in set(made.tolist()) if broken(column, text) - {"check_digit"}]
    if not wrong:
        return made
    return np.where(np.isin(made, wrong), generated(column, draw.day, draw.rng, key), made).astype(object)


def _by_document(contract: FeedContract, column: Column, made: Array, rows: Table, draw: Draw) -> Array:
    """Each row's code is of the kind that its document asks for; of other documents a number that nobody checks."""
    assert column.check_when
    documents = rows[column.check_when.column]
    for document, check in column.check_when.is_.items():
        made = np.where(documents == document, draw.of_check(check), made)
    unchecked = ~np.isin(documents, list(column.check_when.is_))
    plain = column.model_copy(update={"check_when": None})
    return np.where(unchecked, generated(plain, draw.day, draw.rng, ""), made).astype(object)


def _ordered(contract: FeedContract, column: Column, made: Array, rows: Table, draw: Draw, period: Period) -> Array:
    """Dates that have come by the day they are reported on, in the order and the years that the contract asks for."""
    if meaning(contract, column) not in LATER:
        made = np.minimum(made, period.last)
    made = within(column, made, period)
    if column.type == "timestamp":
        made = clocked(made, draw.rng)
    if column.not_before:
        earliest = rows[column.not_before]
        soon = SOON_AFTER.get(meaning(contract, column) or "")
        if soon and column.type == "timestamp":
            made = earliest + _soon(len(made), soon, draw.rng)
        late = np.where(made < earliest, earliest.astype(made.dtype) + _gap(column, draw.rng, len(made)), made)
        days = late.astype("datetime64[D]")
        impossible = (within(column, late, period) < days) | (late < earliest)
        made = np.where(impossible, earliest if column.required else NAT, late).astype(made.dtype)
    return made


def _gap(column: Column, rng: np.random.Generator, count: int) -> Array:
    """How long after the earliest moment a later one is, that would have come before: within two hours."""
    if column.type != "timestamp":
        return np.zeros(count, "timedelta64[D]")
    return rng.integers(60, 7200, count).astype("timedelta64[s]")


def _soon(count: int, most: int, rng: np.random.Generator) -> Array:
    """Within so many seconds mostly, at times only after hours."""
    usually, late = rng.integers(60, most, count), rng.integers(4 * 3600, 24 * 3600, count)
    return np.where(rng.random(count) < LATE, late, usually).astype("timedelta64[s]")


def _empty(contract: FeedContract, rows: Table, draw: Draw, rng: np.random.Generator) -> None:
    """Takes some of what may be missing away, where no other column asks for it and no story tells it."""
    for column in _in_order(contract):
        is_told = draw.leads in WHOLE and draw.states(column)
        if column.required or column.name in contract.key or column.is_beside_amount or is_told:
            continue
        values = rows[column.name]
        usual = max(USUALLY_FILLED, min(contract.expect.filled.get(column.name, 0) + 0.04, 1))
        usual = FILLED.get(meaning(contract, column) or "", usual)
        empty = rng.random(len(values)) > usual
        if column.required_with in rows:
            empty &= nulls_of(rows[column.required_with])
        values[empty] = NOTHING[kind_of(column)]


def _first_of_each_key(contract: FeedContract, rows: Table) -> Array:
    keys = zip(*(rows[name].tolist() for name in contract.key), strict=True)
    seen: dict[tuple[object, ...], int] = {}
    for number, key in enumerate(keys):
        seen.setdefault(key, number)
    return np.array(list(seen.values()), dtype=int)
