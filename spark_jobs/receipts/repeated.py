"""Accepted rows with a key that another row of their file has flow in; which lines say the same key flows out."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.contract import FeedContract
from spark_jobs.lake.columns import place
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.sql import DATAFUSION
from spark_jobs.lake.tables import files_since
from spark_jobs.receipts.findings import EXAMPLES, ROWS, labels_of, sorter
from spark_jobs.receipts.signs import shown_value

# Lines that are named of one key.
LINES = 10


def repeated(
    home: Home, contract: FeedContract, deliveries: Mapping[str, Delivery]
) -> dict[str, list[dict[str, object]]]:
    """By delivery, of which each has such rows: the first keys that are told twice, with their lines."""
    since = min(delivery.received_at for delivery in deliveries.values())
    files = [str(file) for file in files_since(home.table("silver", contract.name), "_received_at", since)]
    # What judging counts: with an envelope, several statements of a key at several times differ.
    told = [*contract.key, *(("cd_operation", "cd_time") if contract.has_envelope else ())]
    names = ", ".join(map(DATAFUSION.column, told))
    shown = ", ".join(f"cast({DATAFUSION.column(name)} as varchar)" for name in contract.key)
    found: dict[str, list[dict[str, object]]] = {name: [] for name in deliveries}
    with sorter(home) as reader:
        rows = reader.execute(
            f"select _delivery, list_sort(list({{'line': _line, 'page': _page}}))[:{LINES}], count(*),"
            f" max({{'line': _line, 'page': _page}}), {shown}"
            f" from {ROWS} where _delivery in (select unnest(?)) group by _delivery, {names}"
            f" having count(*) > 1 qualify row_number() over (partition by _delivery order by min(_line)) <= {EXAMPLES}"
            " order by _delivery, min(_line)",
            [files, list(deliveries)],
        )
        for name, lines, count, last, *key in rows.fetchall():
            labels = labels_of(contract, deliveries[name])
            cells = zip(contract.key, key, strict=True)
            said = "，".join(f"{labels[column]} {shown_value(cell or '')}" for column, cell in cells)
            places = [place(row["line"], row["page"]) for row in lines]
            kept = place(last["line"], last["page"])  # of equal moments the last line counts (dbt_project/macros)
            found[name].append({"主键": said, "行": places, "行数": count, "留用行": kept})
    return found
