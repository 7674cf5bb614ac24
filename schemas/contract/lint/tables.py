"""What the contracts of tables that we build must hold to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from schemas.contract import FOLLOWING, Lookup, TableContract, code_list, code_lists, contracts, fed_tables, tables
from schemas.contract.feeding import feeds_into, stated_by
from schemas.contract.lint.rules import rule
from schemas.contract.registry import COMPOSED
from schemas.contract.views import OBJECT_KEY

# The layers whose tables may have measures.
MEASURED = ("base", "themes", "gold")
# By these the monthly facts are counted.
COUNTED_BY = ("department", "city_code", "region_code")


@rule(TableContract)
def base_tables_say_how_they_are_fed(contract: TableContract) -> Iterator[str]:
    """A base table has a way of merging, or sums up one that has; only base tables do."""
    if contract.layer == "base" and not (contract.merge or contract.rolls_up):
        yield "merge: is missing; newest or claims"
    if contract.merge and contract.rolls_up:
        yield "rolls_up: stands in the place of merge"
    if not contract.is_fed and (contract.registry or contract.partition):
        yield "registry: belongs to tables that feeds flow into"
    if contract.layer not in ("base", "themes") and contract.is_fed:
        yield "merge: belongs to base tables, and to a field's own"
    if contract.layer == "themes" and contract.is_fed and any(column.links for column in contract.columns):
        yield "links: belongs to base tables"
    if contract.merge == "newest" and contract.registry:
        yield "registry: belongs to merge: claims; with newest, every feed takes back what it stated"


@rule(TableContract)
def stated_columns_are_stated(contract: TableContract) -> Iterator[str]:
    """Every column of a base table is stated by a feed, or says what it follows from."""
    feeding = feeds_into(contract.table, contracts()) if contract.is_fed else ()
    for column in contract.stated if feeding else ():
        if not any(stated_by(feed, column) for feed in feeding):
            yield f"columns.{column.name}: no feed into {contract.name} has {' or '.join(column.of or (column.name,))}"


@rule(TableContract)
def validity_has_its_days(contract: TableContract) -> Iterator[str]:
    """A base table merged by newest may say from when to when its rows hold, by days that feeds state."""
    if contract.valid is None:
        return
    if contract.merge != "newest":
        yield "valid: belongs to merge: newest"
    stated = {column.name: column for column in contract.stated}
    if not {"to", "ended"} & contract.valid.days.keys() or (contract.valid.each and not contract.valid.from_):
        yield "valid: needs to or ended, and with each also from"
    for key, name in contract.valid.days.items():
        if name not in stated or stated[name].type != "date":
            yield f"valid.{key}: {name} is not a date that feeds state"
    yield from (f"valid.each: {name} is not in the key" for name in contract.valid.each if name not in contract.key)


@rule(TableContract)
def a_key_lies_on_one_day(contract: TableContract) -> Iterator[str]:
    """Rows that are laid down by days are found by their key alone, and no list withdraws what it leaves out."""
    names = {column.name: column for column in contract.columns}
    for column in contract.columns:
        if column.day_of and (column.day_of not in names or names[column.day_of].type != "timestamp"):
            yield f"columns.{column.name}.day_of: {column.day_of} is not a moment of the table"
    if not contract.partition or contract.rolls_up:
        return
    column = contract.column(contract.partition)
    if column.type != "date" or (column.day_of or column.name) not in contract.key:
        yield f"partition: {contract.partition} is neither a date of the key nor the day_of one of its moments"
    if contract.merge != "newest":
        yield "partition: asks for merge: newest"
    for feed in feeds_into(contract.table, contracts()):
        if feed.is_snapshot:
            yield f"partition: {feed.name} delivers whole lists, for which every day would have to be read"


@rule(TableContract)
def roll_ups_sum_up_days(contract: TableContract) -> Iterator[str]:
    """A roll-up has a row of its own for each day of a table that lies by days."""
    if not contract.rolls_up:
        return
    table = fed_tables().get(contract.rolls_up)
    if table is None or not table.merge or table.partition is None:
        yield f"rolls_up: {contract.rolls_up} is no base table with merge and partition"
    elif contract.partition != table.partition or contract.partition not in contract.key:
        yield f"partition: must be {table.partition}, as that of {table.table}, and in the key"


@rule(TableContract)
def following_columns_are_not_listed(contract: TableContract) -> Iterator[str]:
    """Columns that follow from how a base table is fed are not written into its contract."""
    names = Counter(column.name for column in contract.columns)
    for name in FOLLOWING:
        if contract.is_fed and names[name] > 1:
            yield f"columns.{name}: follows from merge and is not listed"


@rule(TableContract)
def places_are_columns(contract: TableContract) -> Iterator[str]:
    """A place is read from columns of the table."""
    names = {column.name for column in contract.columns}
    for column in contract.columns:
        for place in column.place:
            if place not in names:
                yield f"columns.{column.name}.place: {place} is not a column"
        if column.is_current and column.name not in {place for other in contract.columns for place in other.place}:
            yield f"columns.{column.name}.is_current: no column of the table is the place of {column.name}"


@rule(TableContract)
def lookups_ask_by_a_column(contract: TableContract) -> Iterator[str]:
    """What a list says of a code is asked by a column of the table, and is a column of the list."""
    names = {column.name for column in contract.columns}
    for column in contract.columns:
        if column.lookup and column.lookup.table not in code_lists():
            yield f"columns.{column.name}.lookup.table: there is no codes/{column.lookup.table}.csv"
        elif column.lookup and not _gives(column.lookup):
            yield f"columns.{column.name}.lookup.give: {column.lookup.table} has no column {column.lookup.give}"
        if column.lookup and column.lookup.by not in names:
            yield f"columns.{column.name}.lookup.by: {column.lookup.by} is not a column"


@rule(TableContract)
def links_are_by_name_and_place(contract: TableContract) -> Iterator[str]:
    """Only object_id is found by name, of a table that is merged by newest and whose key it is not in."""
    names = {column.name for column in contract.columns}
    for column in (column for column in contract.columns if column.links):
        assert column.links
        if column.name != OBJECT_KEY or column.name in contract.key or contract.merge != "newest":
            yield f"columns.{column.name}.links: belongs to object_id, outside of the key, with merge: newest"
        for name in (column.links.name, column.links.place):
            if name not in names:
                yield f"columns.{column.name}.links: {name} is not a column"


def _gives(lookup: Lookup) -> bool:
    """Whether the list has the column; industry and region have tables of their own (spark_jobs/lake/codes.py)."""
    return lookup.table in COMPOSED or lookup.give in code_list(lookup.table)[0].extra


@rule(TableContract)
def references_lead_somewhere(contract: TableContract) -> Iterator[str]:
    """A column refers to a column of a base table."""
    for column in contract.columns:
        if column.refers:
            table, _, name = column.refers.partition(".")
            target = fed_tables().get(table)
            if target is None or name not in {other.name for other in target.columns}:
                yield f"columns.{column.name}.refers: there is no base column {column.refers}"


@rule(TableContract)
def registries_flow_in(contract: TableContract) -> Iterator[str]:
    """A registry is a feed that flows into the table."""
    feeding = {feed.name for feed in feeds_into(contract.table, contracts())}
    for name in contract.registry:
        if name not in feeding:
            yield f"registry: {name} is not a feed into {contract.table}"


@rule(TableContract)
def acts_have_a_place_and_a_department(contract: TableContract) -> Iterator[str]:
    """What is counted by month is counted by place and department."""
    if contract.layer == "base" and contract.event and contract.measures:
        names = {column.name for column in contract.columns}
        yield from (f"event: needs the column {name}" for name in COUNTED_BY if name not in names)


@rule(TableContract)
def nothing_personal_is_served(contract: TableContract) -> Iterator[str]:
    """What people see of a row is a column of the table, and not personal."""
    repeated = [entry.of for entry in contract.profile if entry.of not in contract.measures]
    for key, names in (("profile", repeated), ("detail", contract.detail)):
        for name in names:
            column = next((column for column in contract.columns if column.name == name), None)
            if column is None or column.is_personal:
                yield f"{key}: {name} is {'not a column' if column is None else 'personal'}"


@rule(TableContract)
def profiles_can_be_told(contract: TableContract) -> Iterator[str]:
    """What profiles say of a table is told by object; months need days, what is in force needs terms."""
    names = {column.name for column in contract.columns}
    for entry in contract.profile:
        measure, key = contract.measures.get(entry.of), f"profile.{entry.name}"
        if OBJECT_KEY not in names:
            yield f"{key}: the table has no {OBJECT_KEY}"
        if measure and not measure.is_additive:
            yield f"{key}: {entry.of} counts different values, which do not add up"
        if (entry.months or entry.in_force) and not measure:
            yield f"{key}: {entry.of} is no measure"
        if entry.months and not contract.event:
            yield f"{key}: months need an event"
        if entry.in_force and not contract.valid:
            yield f"{key}: in_force needs valid"
        if entry.newest and measure:
            yield f"{key}: newest belongs to a column"


@rule(TableContract)
def no_column_stands_twice(contract: TableContract) -> Iterator[str]:
    """A profile repeats columns of several tables: no two may be called alike."""
    told = Counter(column.name for column in contract.columns)
    yield from (f"columns: {name} stands twice" for name, times in told.items() if times > 1)


@rule(TableContract)
def measures_count_columns(contract: TableContract) -> Iterator[str]:
    """A measure sums numbers, of days if they are acts; its name stands once in the province; its label is Chinese."""
    if contract.event and contract.column(contract.event.date).type not in ("date", "timestamp"):
        yield f"event.date: {contract.event.date} is not a date"
    for name, measure in contract.measures.items():
        if measure.sum and not re.match("integer|double|decimal", str(contract.column(measure.sum).type)):
            yield f"measures.{name}.sum: {measure.sum} is not a number"
        if not re.search("[\u4e00-\u9fff]", measure.label):
            yield f"measures.{name}.label: is not Chinese"
        if tables_with_measure()[name] > 1:
            yield f"measures.{name}: another table has a measure of this name"


@cache
def tables_with_measure() -> Counter[str]:
    """How many tables have a measure of a name."""
    return Counter(name for layer in MEASURED for table in tables(layer).values() for name in table.measures)
