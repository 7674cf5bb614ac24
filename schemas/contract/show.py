"""A contract flows in; what follows from it, in words, flows out."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.contract import Column, Contract, FeedContract, TableContract, contracts, fed_tables
from schemas.contract.feeding import feeds_into
from schemas.contract.named import named


def describe(name: str) -> Iterator[str]:
    """The lines that `lakewarden schemas show` prints; raises ContractError for what nobody is called."""
    contract = named(name)
    yield f"{contract.name}  {contract.title}"
    yield contract.doc
    yield f"key: {', '.join(contract.key)}"
    yield from _lineage(contract)
    if isinstance(contract, FeedContract):
        promise = contract.delivery
        yield f"delivered: {'/'.join(promise.formats)}, {promise.cadence}, {promise.mode}; by {_deliverers(contract)}"
    if isinstance(contract, TableContract):
        yield from _counted(contract)
    yield ""
    width = max(len(column.name) for column in contract.columns)
    for column in contract.columns:
        yield f"  {column.name:<{width}}  {column.type:<14} {column.label or ''}{_rules(column)}"
    if isinstance(contract, FeedContract) and contract.ignore:
        yield f"  knowingly not kept: {', '.join(contract.ignore)}"


def _deliverers(feed: FeedContract) -> str:
    return feed.department or ", ".join(feed.by) or "every department"


def _lineage(contract: Contract) -> Iterator[str]:
    if isinstance(contract, FeedContract):
        targets = ", ".join(fed_tables()[target].name for target in contract.into if target in fed_tables())
        name = contract.name
        yield f"flows: landing → bronze.{name} → silver.{name} | quarantine.{name} → {targets}"
    elif isinstance(contract, TableContract) and contract.is_fed:
        sources = [feed.name for feed in feeds_into(contract.table, contracts())]
        yield f"from: {', '.join(f'silver.{source}' for source in sources)}"


def _counted(table: TableContract) -> Iterator[str]:
    if table.measures:
        measures = ", ".join(f"{name} {measure.label}" for name, measure in table.measures.items())
        yield f"counted{f' by {table.event.date}' if table.event else ''}: {measures}"


def _rules(column: Column) -> str:
    rules = ["required"] if column.required else []
    rules += [f"required with {column.required_with}"] if column.required_with else []
    rules += [f"codes {column.codes}"] if column.codes else []
    rules += [f"fits {column.fits.column}"] if column.fits else []
    rules += [f"check {column.check}"] if column.check else []
    rules += [f"not before {column.not_before}"] if column.not_before else []
    rules += ["not in the future"] if column.not_future else []
    rules += [f"≤ {column.max_length} characters"] if column.max_length else []
    rules += [f"≥ {column.min_items} items"] if column.min_items else []
    rules += [column.sensitivity] if column.sensitivity else []
    headings = " | ".join(
        heading.heading + (f" × {heading.scale}" if heading.scale else "") for heading in column.headings
    )
    said = "; ".join(rules + ([f"from {headings}"] if headings else []))
    return f"  ({said})" if said else ""
