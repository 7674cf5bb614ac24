"""A feed's columns and the world flow in; which firm, act, officer … each row is about, and its values, flow out."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from schemas.contract import Check, Column, FeedContract
from simulate.acts import draw_items, draw_officers
from simulate.departments import office_of
from simulate.marks import DEPARTMENT
from simulate.meanings import meaning, meaning_of, reference_of
from simulate.word_lists import Array, Table, random_for
from simulate.world import ACTS, TOLD, World

# The rows of filled feeds that others may refer to, by what they may be called: the feed, its base tables.
Pools = dict[str, Table]


class Draw:
    """What each of a feed's rows is about: one of every thing, the firm the same wherever the row speaks of it.

    One table leads: another feed that the feed refers to, else the acts that it names, else the things that its key
    names. Firm, item and body are then those of the leading row. Where nothing but the leading thing makes a row's
    key, each of the leading rows comes once.
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
        """The leading table's name and rows; a name without rows where nothing leads."""
        for column in self.contract.columns:
            table, name = reference_of(self.contract, column) or ("", "")
            if name in self._pool(table, column):
                return table, self._pool(table, column)
        named = {
            held.split(".")[0] for held in self.meanings.values() if held in {f"{a}.{c[0]}" for a, c in ACTS.items()}
        }
        things = [act for act in ACTS if act in named] + self._in_key()
        tables = ((thing, self.world.table(thing, self.department)) for thing in things)
        return next(((thing, table) for thing, table in tables if _has_rows(table)), ("", {}))

    def _in_key(self) -> list[str]:
        """The things of the world that the key names."""
        held = (self.meanings[name] for name in self.contract.key)
        things = [value.split(".")[0] for value in held if value]
        return [thing for thing in things if thing not in (*ACTS, "day", "act")]

    def _choose(self) -> None:
        """Which of the leading rows each row is about, and when it came about."""
        if not self.leader:
            return
        count = len(self.day)
        there = np.arange(len(next(iter(self.leader.values()))))
        if self.leads == "firm":
            there = self.world.firms_there()
        if self._comes_once():
            self.which = self.rng.permutation(there)[:count]
            self.day = np.sort(self.rng.choice(self.day, len(self.which), replace=False))
        else:
            self.which = self.rng.choice(there, count)
        if self.leads in ACTS:
            self.day = np.maximum(self.day, self.leader[ACTS[self.leads][1]][self.which])

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
        if name in (rows := self._pool(table, column)):
            return self._referred(table, rows[name])
        if self.leads in ACTS and column.name in self.leader:
            return self.leader[column.name][self.which]
        held = self.meanings[column.name]
        return self._held(held, column.type == "list") if held else None

    def _pool(self, table: str, column: Column) -> Table:
        """Another feed's rows that a column may refer to: the department's own, else everybody's; none where the
        department has such acts in the world."""
        act = (self.meanings[column.name] or "").split(".")[0]
        rows = self.pools.get(table, {})
        if not _has_rows(rows) or (act in TOLD and self.world.table(act, self.department)):
            return {}
        own = rows[DEPARTMENT] == self.department
        return {name: values[own] for name, values in rows.items()} if own.any() else rows

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
        if held == "act.check_icode":
            body, item = (self.world.table(other, self.department) for other in ("body", "item"))
            level = office_of(self.department).level
            return body["code"][self._index("body")] + level + item["item_code"][self._index("item")] + "001"
        if name in self.leader and (thing == self.leads or self.leads in (*ACTS, "officer")):
            return self.leader[name][self.which]
        if thing in ACTS:
            return None
        table = self.world.table(thing, self.department)
        return _listed(table[name], self._officers) if is_list else table[name][self._index(thing)]

    def _ahead(self, name: str) -> Array:
        """A day that is still to come: soon, or some years later; or of what rarely happens, the day that it did."""
        first, last = {"soon": (5, 60), "later": (180, 1800), "rarely": (0, 30)}[name]
        ahead: Array = self.day + self.rng.integers(first, last, len(self.day)).astype("timedelta64[D]")
        return ahead

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


def _has_rows(table: Table) -> bool:
    """Whether there is anything to draw from: a department of a tiny province may have no acts."""
    return any(len(values) for values in table.values())
