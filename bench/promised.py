"""A Lakewarden home and what a peer with the same promises wrote flow in; every promise not kept flows out as text.

python -m bench.promised LAKEWARDEN_HOME PEER_OUT

Bronze and the counts at each hop are compared with the home's; archive, receipts and rejected rows with its ledger; the
serving file with the peer's own themes and gold. The other tables are bench.equal's matter.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable

from bench.equal import Table, row_differences, whole
from bench.frozen import frozen_tables

ORIGIN = ("_delivery", "_line", "_department", "_received_at")
HOPS = ("_delivery", "feed", "hop", "rows_in", "rows_out", "rows_aside")
COUNTS = {
    "报送行数": "rows_delivered",
    "接收行数": "rows_accepted",
    "存疑行数": "rows_doubtful",
    "退回行数": "rows_quarantined",
}
SERVED = [name for name in frozen_tables() if name.startswith(("themes.", "gold."))]


def broken_promises(home: Path, out: Path) -> list[str]:
    """Whatever a peer did not keep; empty if it kept all."""
    ledger = DeltaTable(home / "warehouse" / "ops" / "delivery").to_pyarrow_table().to_pylist()
    found = [*_bronze(home, out), *_hops(home, out)]
    for delivery in (one for one in ledger if one["rows_delivered"]):
        found += [f"{delivery['file_name']}: {what}" for what in _unkept(out, delivery)]
    return [*found, *_unserved(out)]


def _bronze(home: Path, out: Path) -> Iterator[str]:
    """Rows as delivered that differ from the home's; a cell that is empty may be no text or nothing."""
    for name in (name for name in frozen_tables() if name.startswith("silver.")):
        feed = name.removeprefix("silver.")
        ours, theirs = (place / "bronze" / feed for place in (home / "warehouse", out))
        if not DeltaTable.is_deltatable(str(theirs)):
            if DeltaTable(ours).to_pyarrow_dataset().count_rows():
                yield f"bronze.{feed}: the second has no such table"
            continue
        ours, theirs = DeltaTable(ours), DeltaTable(theirs)
        text = [field.name for field in ours.schema().fields if not field.name.startswith("_")]
        instead = {column: f"""nullif("{column}", '')""" for column in text}
        table = Table(f"bronze.{feed}", ORIGIN[:2], (*ORIGIN, *text), instead)
        yield from row_differences(table, whole(table.name, ours), whole(table.name, theirs))


def _hops(home: Path, out: Path) -> list[str]:
    """Counts that differ from the home's; it counts deliveries without rows too."""
    table = Table("ops.reconciliation", HOPS[:3], HOPS, {}, without="rows_in = 0")
    lakes = (DeltaTable(place / "ops" / "reconciliation") for place in (home / "warehouse", out))
    return row_differences(table, *(whole(table.name, lake) for lake in lakes))


def _unkept(out: Path, delivery: dict[str, Any]) -> Iterator[str]:
    """What is not there of a delivery's file and receipt."""
    digest = delivery["_delivery"]
    copy = out / "archive" / digest
    if not copy.exists() or hashlib.sha256(copy.read_bytes()).hexdigest() != digest:
        yield "not in the archive"
    receipts = [*(out / "receipts" / delivery["department"]).rglob(f"*~{digest[:12]}.receipt.json")]
    if len(receipts) != 1 or not receipts[0].with_suffix(".html").exists():
        yield f"{len(receipts)} receipts, or none for people"
        return
    told = json.loads(receipts[0].read_text("utf-8"))
    for word, count in COUNTS.items():
        if told[word] != delivery[count]:
            yield f"its receipt says {told[word]} {word}, the ledger {delivery[count]}"
    rejected = receipts[0].with_name(told["退回明细"]) if told["退回明细"] else None
    if _lines(rejected) != delivery["rows_quarantined"]:
        yield f"{delivery['rows_quarantined']} rows were quarantined, {_lines(rejected)} are told"


def _lines(rejected: Path | None) -> int:
    """Rows of a file of rejected rows that say a line and a reason."""
    if rejected is None:
        return 0
    with rejected.open(encoding="utf-8-sig", newline="") as file:
        return sum(bool(row["行号"] and row["退回原因"]) for row in csv.DictReader(file))


def _unserved(out: Path) -> Iterator[str]:
    """Tables of the serving file that differ from the peer's own; a table may lack the columns that only it keeps."""
    with duckdb.connect(str(out / "serving" / "lakewarden.duckdb"), read_only=True) as served:
        for name in SERVED:
            served.register("lake", DeltaTable(out.joinpath(*name.split("."))).to_pyarrow_dataset())
            columns = ", ".join(frozen_tables()[name].columns)
            ours, theirs = f"(select {columns} from lake)", f"(select {columns} from {name})"
            [apart] = served.execute(
                f"select (select count(*) from (from {ours} except all from {theirs}))"
                f" + (select count(*) from (from {theirs} except all from {ours}))"
            ).fetchone() or [0]
            if apart:
                yield f"serving {name}: {apart} rows are not those of the table"


def main() -> int:
    """Looks and tells; 1 if a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench.promised", description=main.__doc__)
    parser.add_argument("home", type=Path, help="the home that Lakewarden filled")
    parser.add_argument("out", type=Path, help="the folder that a peer with the same promises filled")
    options = parser.parse_args()
    found = broken_promises(options.home, options.out)
    print("\n".join(found) or "all promises are kept")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
