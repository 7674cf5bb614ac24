"""Accepted rows with flags flow in; what a receipt says of doubtful rows flows out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.contract import FeedContract
from spark_jobs.lake.columns import place
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.tables import files_since
from spark_jobs.receipts.findings import EXAMPLES, ROWS, advised, labels_of, problem, sorter


@dataclass
class Doubtful:
    """Why accepted rows are doubtful, and the first of them."""

    counted: list[dict[str, object]] = field(default_factory=list)
    examples: list[dict[str, object]] = field(default_factory=list)


def doubtful(home: Home, contract: FeedContract, deliveries: Mapping[str, Delivery]) -> dict[str, Doubtful]:
    """By delivery, of which each has doubtful rows."""
    since = min(delivery.received_at for delivery in deliveries.values())
    files = [str(file) for file in files_since(home.table("silver", contract.name), "_received_at", since)]
    by_delivery = {name: Doubtful() for name in deliveries}
    with sorter(home) as reader:
        reader.execute(
            "create temp table doubt as"
            " select _delivery, _line, _page, unnest(_flags) as flag, generate_subscripts(_flags, 1) as place"
            f" from {ROWS} where len(_flags) > 0 and _delivery in (select unnest(?))",
            [files, list(deliveries)],
        )
        labels = {name: labels_of(contract, delivery) for name, delivery in deliveries.items()}
        counted = reader.execute(
            "select _delivery, split_part(flag, ': ', 1) as name, split_part(flag, ': ', 2) as what, count(*) as rows"
            " from doubt group by all order by rows desc, name, what"
        )
        for name, column, what, count in counted.fetchall():
            shown = problem(labels[name], f"{column}: {what}: ")
            by_delivery[name].counted.append({"列": shown["列"], "问题": what, "行数": count})
        first = reader.execute(
            "select _delivery, _line, _page, flag from doubt"
            f" qualify row_number() over (partition by _delivery order by _line, place) <= {EXAMPLES}"
            " order by _delivery, _line, place"
        )
        for name, line, page, flag in first.fetchall():
            by_delivery[name].examples.append({"行": place(line, page), **advised(contract, labels[name], flag)})
    return by_delivery
