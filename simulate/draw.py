"""A feed's columns and the world flow in; which firm, act, officer … each row is about, and its values, flow out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from schemas.contract import Check, Column, FeedContract, contracts
from simulate.acts import draw_items, draw_officers
from simulate.checklists import checklist_codes
from simulate.firms import NAT
from simulate.marks import DAY, DEPARTMENT
from simulate.meanings import meaning, meaning_of, reference_of
from simulate.mess import nulls_of
from simulate.word_lists import Array, Table, random_for
from simulate.world import ACTS, OTHER_NAMES, TOLD, WHOLE, World

# The rows of filled feeds that others may refer to, by what they may be called: the feed, its base tables.
Pools = dict[str, Table]


# Between how many days before or after a row's own day the other days lie that it speaks of (`day.…`): of what happens
# rarely, when it did; when a matter was settled (in some rows); a contract of years ago, when it asks for a beginning,
# and when that was made (in some rows).
SPANS = {
    "same": (0, 1),
    "soon": (5, 60),
    "later": (180, 1800),
    "rarely": (0, 30),
    "done": (0, 45),
    "settled": (3, 50),
    "agreed": (-1500, -1000),
    "overdue": (-950, 60),
    "begun": (-950, 0),
    "month": (0, 40),
    "old": (-6000, -400),
    "past": (-400, -30),
    "recent": (-18, 1),
    "due": (-25, 400),
}
NO_THINGS = ("day", "hour", "year")
OF_THE_END = ("past", "recent", "due")  # those that are known up to the period's last day


class Draw:
    """What each of a feed's rows is about: one of every thing, the firm the same wherever the row speaks of it.

    One table leads: what the world has of the feed's own (a checklist, a measure, a step), each row of which comes
    once; else the feed or the acts that the columns refer to, else the things that its key names. Firm, item and body
    are then those of the leading row, and what that row refers to is what the row refers to. Where nothing but the
    leading thing makes a row's key, each of the leading rows comes once.
    """

    def __init__(
        self,
        contract: FeedContract,
        department: str,
        world: World,
        pools: Pools,
        day: Array | None = None,
        acts: tuple[str, Table] | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Rows about days, each to be drawn; or about acts of a kind, a row for each of them."""
        self.contract, self.department, self.world, self.pools = contract, department, world, pools
        self.rng = rng or random_for(world.seed, "draw", department, contract.name)
        self.meanings = {column.name: meaning(contract, column) for column in contract.columns}
        self._chosen: dict[str, Array] = {}
        self.leads, self.leader = acts or self._find_leader()
        self.day = self.leader[ACTS[self.leads][1]] if day is None else day
        self.which = np.arange(len(self.day))
        if day is not None:
            self._choose()

    def _find_leader(self) -> tuple[str, Table]:
        """The leading table's name and rows; a name without rows where nothing leads.

        Of several that are referred to, the one leads that says most of what the row refers to: an inspection says its
        item, checklist and officers, a shop's operator what its platform is; of two alike, what a row must refer to.
        """
        referring = {column.name for column, _, _ in self._references()}
        told = (meaning_of(f"feed:{self.contract.name}") or "").split(".")[0]
        if told and (rows := self.world.table(told, self.department)):
            return told, rows
        own = [self.meanings[name] for name in self.contract.key if name not in referring]
        whole = next((thing for held in own if held and (thing := held.split(".")[0]) in WHOLE), None)
        if whole:
            return whole, self.world.table(whole, self.department)
        leaders: dict[str, tuple[Table, bool]] = {}
        for column, table, name in self._references():
            thing = (self.meanings[column.name] or "").split(".")[0]
            pool = self._pool(table, name, column)
            named, rows = (table, pool) if pool else (thing, self._things(thing) if thing in ACTS else {})
            if _has_rows(rows):
                leaders[named] = rows, column.required or leaders.get(named, ({}, False))[1]
        if leaders:
            best = max(leaders, key=lambda name: (self._answers(leaders[name][0]), leaders[name][1]))
            return best, leaders[best][0]
        for thing in [*self._acts_named(), *self._in_key()]:
            if _has_rows(rows := self._things(thing)):
                return thing, rows
        return "", {}

    def _answers(self, rows: Table) -> int:
        """How many of the feed's references rows of another table know."""
        count = 0
        for column, table, name in self._references():
            thing = (self.meanings[column.name] or "").split(".")[0]
            count += bool(rows.keys() & {name, f"{table}.{name}", thing, f"_{thing}", f"{thing}s"})
        return count

    def _references(self) -> Iterator[tuple[Column, str, str]]:
        """The feed's columns that refer to another table, with the table and its column."""
        for column in self.contract.columns:
            reference = reference_of(self.contract, column)
            if reference:
                yield column, *reference

    def _acts_named(self) -> list[str]:
        """The acts that columns name, in the order of their list."""
        names = OTHER_NAMES | {f"{act}.{identity}" for act, (identity, _) in ACTS.items()}
        named = {held.split(".")[0] for held in self.meanings.values() if held in names}
        return [act for act in ACTS if act in named]

    def _things(self, thing: str) -> Table:
        """The world's things of a kind that the feed may name: the department's, or everybody's where it refers to such
        by what is not the department's own."""
        is_anybodys = any(
            (meaning_of(name) or "").startswith(f"{thing}.") and not _is_of_a_department(table, name)
            for _, table, name in self._references()
        )
        own = self.world.table(thing, self.department)
        return self.world.everyones(thing) if is_anybodys and thing in ("penalty", "officer") else own

    def _in_key(self) -> list[str]:
        """The things of the world that the key names."""
        held = (self.meanings[name] for name in self.contract.key)
        things = [value.split(".")[0] for value in held if value]
        return [thing for thing in things if thing not in (*ACTS, *WHOLE, *NO_THINGS)]

    def _choose(self) -> None:
        """Which of the leading rows each row is about, and when it came about."""
        if self.leads in WHOLE:
            self.day = self.leader.get(WHOLE[self.leads], self.day[:0])
            self.which = np.arange(len(self.day))
            return
        if not self.leader:
            return
        count = len(self.day)
        there = np.arange(len(next(iter(self.leader.values()))))
        if self.leads == "firm":
            there = self.world.firms_there()
        if "is_person" in self.leader:
            there = there[~self.leader["is_person"]]  # rows say which firm they are about
        happened = self.leader.get(ACTS[self.leads][1] if self.leads in ACTS else DAY)
        if self._comes_once():
            self.which = self.rng.permutation(there)[:count]
            drawn = np.sort(self.rng.choice(self.day, len(self.which), replace=False))
            self.day = happened[self.which] if self.leads in ACTS and happened is not None else drawn
        elif len(there):
            self.which = self.rng.choice(there, count)
        if happened is not None:
            self.day = np.maximum(self.day, happened[self.which])

    def _comes_once(self) -> bool:
        """Whether the key has nothing of its own that could tell two rows about one thing apart."""
        columns = [self.contract.column(name) for name in self.contract.key]
        return all(
            column.codes or self.meanings[column.name] or reference_of(self.contract, column) for column in columns
        )

    @property
    def firm(self) -> Array:
        """The firm of each row."""
        return self._index("firm")

    def _index(self, thing: str) -> Array:
        if thing not in self._chosen:
            self._chosen[thing] = self._drawn(thing)
        return self._chosen[thing]

    def _drawn(self, thing: str) -> Array:
        """Which thing of a kind each row is about, where the leading row does not say."""
        if thing == self.leads:
            return self.which
        for name in (thing, f"_{thing}"):
            if name in self.leader and self.leader[name].dtype.kind == "i":
                return self.leader[name][self.which]
        count, staff = len(self.day), self.world.staff(self.department)
        match thing:
            case "firm":
                return self.rng.choice(self.world.firms_there(), count)
            case "body":
                return staff.body_of_place[self.world.firms["place"][self.firm]]
            case "officer":
                return self._officers[:, 0]
            case "item":
                return draw_items(self.rng, self.department, self.world.firms["industry"][self.firm])
        table = self.world.table(thing, self.department)
        return self.rng.integers(0, len(next(iter(table.values()))), count)

    @cached_property
    def _officers(self) -> Array:
        if "officers" in self.leader:
            return self.leader["officers"][self.which]
        return draw_officers(self.rng, self.world.staff(self.department), self._index("body"))

    def value(self, column: Column) -> Array | None:
        """What the world has for a column; None where it has nothing."""
        table, name = reference_of(self.contract, column) or ("", "")
        if f"{table}.{name}" in self.leader:  # what the leading row refers to, its rows refer to as well
            return self.leader[f"{table}.{name}"][self.which]
        if self.states(column):
            return self.leader[column.name][self.which]
        if name in (rows := self._pool(table, name, column)):
            return self._referred(table, rows[name])
        held = self.meanings[column.name]
        return self._held(held, column.type == "list") if held else None

    def states(self, column: Column) -> bool:
        """Whether the leading act, or list of the world, says what the column holds."""
        return self.leads in (*ACTS, *WHOLE, "officer") and column.name in self.leader

    def lacks(self) -> bool:
        """Whether a row would have to name something that nobody delivers, or there is nothing to be whole."""
        needed = (column for column, _, _ in self._references() if column.required)
        return not len(self.day) or any(self.value(column) is None for column in needed)

    def _pool(self, table: str, name: str, column: Column) -> Table:
        """Another feed's rows that a column may refer to: the department's own, else everybody's where a number counts
        everywhere; none where the department has such acts in the world."""
        act = (self.meanings[column.name] or "").split(".")[0]
        rows = self.pools.get(table, {})
        if name not in rows or not _has_rows(rows) or (act in TOLD and self.world.table(act, self.department)):
            return {}
        rows = self._nameable(table, rows)
        if not _has_rows(rows):
            return {}
        own = rows[DEPARTMENT] == self.department
        if own.any():
            return {key: values[own] for key, values in rows.items()}
        return {} if _is_of_a_department(table, name) else rows

    def _nameable(self, table: str, rows: Table) -> Table:
        """The rows that have all that must be said of them: a lift without a code of rescues is not named by it."""
        needed = {name for column, other, name in self._references() if other == table and column.required}
        has_all = np.ones(len(rows[DEPARTMENT]), bool)
        for name in needed & rows.keys():
            has_all &= ~nulls_of(rows[name])
        return rows if has_all.all() else {key: values[has_all] for key, values in rows.items()}

    def _referred(self, table: str, values: Array) -> Array:
        if table == self.leads:
            return values[self.which]
        key = f"refers {table}"
        if key not in self._chosen:
            self._chosen[key] = self.rng.integers(0, len(values), len(self.day))
        return values[self._chosen[key]]

    def _held(self, held: str, is_list: bool) -> Array | None:
        thing, name = held.split(".")
        if thing == "day":
            return self._ahead(name)
        if thing == "year":
            return np.full(len(self.day), float(str(self.world.period.last)[:4]) - 1)
        if thing in NO_THINGS:
            return None
        if name in self.leader and (thing == self.leads or self.leads in (*ACTS, "officer")):
            return self.leader[name][self.which]
        if thing == "body" and f"body_{name}" in self.leader:
            return self.leader[f"body_{name}"][self.which]
        if name == "check_icode":
            staff, codes = self.world.staff(self.department), self.world.table("item", self.department)["item_code"]
            return checklist_codes(self.department, staff, self._index("body"), codes[self._index("item")])
        if thing in (*ACTS, *WHOLE):
            return None
        table = self.world.table(thing, self.department)
        return _listed(table[name], self._officers) if is_list else table[name][self._index(thing)]

    def _ahead(self, name: str) -> Array:
        """A day before or behind that of the row; what is done about a thing has no day if that has not come yet."""
        first, last = SPANS[name]
        day = np.full(len(self.day), self.world.period.last) if name in OF_THE_END else self.day
        ahead: Array = day + self.rng.integers(first, last, len(self.day)).astype("timedelta64[D]")
        return np.where(ahead > self.world.period.last, NAT, ahead) if name == "done" else ahead

    def of_check(self, check: Check) -> Array:
        """The codes that a check is about."""
        codes = self._held(str(meaning_of(f"check:{check}")), False)
        assert codes is not None, check
        return codes

    def is_of_another(self, column: Column) -> bool:
        """Whether a column names something that others deliver: it stays empty where there is no such thing."""
        held = self.meanings[column.name] or ""
        identities = {f"{act}.{name}" for act, (name, _) in ACTS.items()}
        return column.name not in self.contract.key and (
            held in identities or bool(reference_of(self.contract, column))
        )


def _listed(values: Array, chosen: Array) -> Array:
    """The chosen officers' values, a comma between them."""
    first, second = values[chosen[:, 0]] + ",", values[chosen[:, 1]]
    third = np.where(chosen[:, 2] >= 0, "," + values[chosen[:, 2]], "")
    listed: Array = first + second + third
    return listed


def _is_of_a_department(table: str, column: str) -> bool:
    """Whether a column is a number that counts only within a department: part of a key with it."""
    known = contracts().get(f"base.{table}")
    return known is not None and "department" in known.key and column in known.key


def _has_rows(table: Table) -> bool:
    """Whether there is anything to draw from: a department of a tiny province may have no acts."""
    return any(len(values) for values in table.values())
