"""What the contracts of feeds must hold to."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.contract import ENVELOPE, FeedContract, code_list, departments, fed_tables, shown
from schemas.contract.feeding import other_types, stated_by, unreadable_keys
from schemas.contract.lint.rules import rule


@rule(FeedContract)
def targets_have_contracts(contract: FeedContract) -> Iterator[str]:
    """The base tables that a feed flows into have contracts."""
    yield from (f"into: base.{name} has no contract" for name in contract.into if name not in fed_tables())


@rule(FeedContract)
def feeds_flow_into_base_tables(contract: FeedContract) -> Iterator[str]:
    """A feed says all that the keys of its base tables are made of, and everything in the type that they have it in."""
    for target in contract.into:
        table = fed_tables().get(target)
        if table is None:
            continue
        for key in unreadable_keys(contract, table):
            wanted = " or ".join(table.column(key).of or (key,))
            yield f"into: {target}: its key {key} cannot be read from this feed, which has no {wanted}"
        yield from (f"into: {target}: {sentence}" for sentence in other_types(contract, table))


@rule(FeedContract)
def what_every_row_states_is_understood(contract: FeedContract) -> Iterator[str]:
    """What every row states is text, of a column that a table of the feed has, and a code of that column's list."""
    for name, value in contract.states.items():
        into = [fed_tables()[target] for target in contract.into if target in fed_tables()]
        columns = [column for table in into for column in table.columns if name in (column.of or (column.name,))]
        if not columns or any(column.name == name for column in contract.columns):
            yield f"states: {name} is {'delivered' if columns else 'no column of a table that the feed flows into'}"
        for column in columns:
            known = [code.code for code in code_list(column.codes)] if column.codes else [value]
            if column.type != "string" or value not in known or "'" in value:
                yield f"states.{name}: {value} is no code of {column.codes or 'a text column'}"


@rule(FeedContract)
def feed_columns_have_headings(contract: FeedContract) -> Iterator[str]:
    """Every column of a feed says which headings it comes from, and no heading is both kept and ignored."""
    for column in contract.columns:
        if not column.headings:
            yield f"columns.{column.name}.from: names no heading"
        for heading in column.headings:
            if heading.heading in contract.ignore:
                yield f"ignore: {heading.heading} is read into {column.name}"


@rule(FeedContract)
def scales_are_of_quantities(contract: FeedContract) -> Iterator[str]:
    """A heading has a scale where its cells are read as amounts or areas: elsewhere none is reckoned with."""
    for column in contract.columns:
        if column.parse not in ("amount", "unit", "currency", "area") and any(known.scale for known in column.headings):
            yield f"columns.{column.name}.from: has a scale, and is no amount or area"


@rule(FeedContract)
def feeds_have_samples(contract: FeedContract) -> Iterator[str]:
    """A feed of this repository has a sample whose rows carry their verdict; other folders keep theirs elsewhere."""
    if contract.sample and not contract.sample.exists():
        yield f"there is no sample {shown(contract.sample)}, which shows what its rows look like and how each is judged"


@rule(FeedContract)
def envelopes_belong_to_changes(contract: FeedContract) -> Iterator[str]:
    """Only a change feed has rows that come, change and go one by one; a full snapshot says all by what it holds."""
    if contract.is_snapshot:
        for column in contract.columns:
            if column.name in ENVELOPE:
                yield f"columns.{column.name}: belongs to mode: change"


@rule(FeedContract)
def only_lists_withdraw(contract: FeedContract) -> Iterator[str]:
    """What a list may leave out is expected of full feeds only."""
    for name in ("withdrawn", "parts_lacking"):
        if name in contract.expect.model_fields_set and not contract.is_snapshot:
            yield f"expect.{name}: belongs to mode: full"


@rule(FeedContract)
def snapshots_have_plain_keys(contract: FeedContract) -> Iterator[str]:
    """The keys that a full snapshot withdraws by are read from one column each, or one code; one is plain text.

    So a row that was not accepted still says, as it was delivered, which key it does not leave out.
    """
    for target in contract.into if contract.is_snapshot else ():
        table = fed_tables().get(target)
        if table is None or (table.registry and contract.name not in table.registry):
            continue
        keys = [table.column(name) for name in table.key if name != "department"]
        for key in keys:
            stated = stated_by(contract, key)
            is_same_everywhere = key.name in contract.states and key.codes
            if not is_same_everywhere and (len(stated) != 1 or stated[0].startswith("(")):
                yield f"into: {target}: its key {key.name} must be one column of a full snapshot"
        if not any(key.type == "string" and not key.codes for key in keys):
            yield f"into: {target}: a full snapshot needs a key of plain text"


@rule(FeedContract)
def owner_is_a_department(contract: FeedContract) -> Iterator[str]:
    """The folder of a department's own feed is a department."""
    if contract.department and contract.department not in departments():
        yield f"(folder): {contract.department} is not in departments.yaml"


@rule(FeedContract)
def deliverers_are_departments(contract: FeedContract) -> Iterator[str]:
    """Who delivers a standard shape are departments; a department's own feed needs no list."""
    if contract.by and contract.department:
        yield "by: a feed in a department's folder is that department's"
    yield from (f"by: {name} is not in departments.yaml" for name in contract.by if name not in departments())


@rule(FeedContract)
def expectations_name_columns(contract: FeedContract) -> Iterator[str]:
    """What is expected to be filled are columns."""
    names = {column.name for column in contract.columns}
    yield from (f"expect.filled: {name} is not a column" for name in contract.expect.filled if name not in names)
