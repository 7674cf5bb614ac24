"""Columns as landing knew them flow in, and a contract that has changed since; the columns as it has them flow out.

Bronze keeps what was delivered under the names of the day it came. A heading stays what it is: by it a column that has
got another name is found again, and so is one that was not read from it then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from schemas.contract import FeedContract
from spark_jobs.lake.headings import Promised

if TYPE_CHECKING:
    from spark_jobs.lake.ledger import Delivery


def called_now(contract: FeedContract, deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
    """The deliveries with the contract's columns of today; `stored` has what bronze calls those with another name."""
    promised = Promised.by(contract)
    for delivery in deliveries:
        yield delivery if delivery.columns is None else _called_now(contract, promised, delivery, delivery.columns)


def _called_now(contract: FeedContract, promised: Promised, landed: Delivery, columns: dict[str, str]) -> Delivery:
    own = {name: heading for name, heading in columns.items() if name.startswith("_")}  # ours, no contract's
    stored: dict[str, str] = {}
    for column in contract.columns:
        if name := _landed_as(column.name, promised, columns):
            own[column.name] = columns[name]
            if (before := (landed.stored or {}).get(name, name)) != column.name:
                stored[column.name] = before
    order = [*columns.values()]  # that of the file, which its rejected rows come back in
    in_order = dict(sorted(own.items(), key=lambda column: order.index(column[1])))
    return replace(landed, columns=in_order, stored=stored)


def _landed_as(column: str, promised: Promised, columns: dict[str, str]) -> str | None:
    """The name that a column of today was landed by: its own, unless that heading is another column's by now."""
    if column in columns and (column in (readers := promised.scales(columns[column])) or not readers):
        return column
    return next((name for name, heading in columns.items() if column in promised.scales(heading)), None)
