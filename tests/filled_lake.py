"""Seeds flow in; each one's filled feeds go through landing and judging, and what differs from the truth flows out.

`python -m tests.filled_lake <folder> <seed>…` prints JSON. A process of its own, because contracts are read
once a process and LAKEWARDEN_SCHEMAS says which. Half of the rows are spoiled, so that few rows say much.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from schemas.characters import narrowed
from schemas.contract import Column
from simulate import dirt
from simulate.deliveries import SimulatedFile, make_deliveries
from simulate.feeds import STORIES
from simulate.files import FIRST_LINES, Truth, write_delivery
from simulate.firms import Period
from simulate.mess import LIST_JOINER, nulls_of
from simulate.promises import USCC
from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone

OBJECTS, DAYS, UNTIL = 1000, 60, date(2026, 6, 30)
MANY = 3000
CHINA = ZoneInfo("Asia/Shanghai")
Cell = tuple[str, str, int, str]


def judged(home: Home, seed: int) -> dict[str, Any]:
    """What landing and judging made of one seed's files, beside what is known of them."""
    make_landing_zone(home)
    files = list(_few_large(make_deliveries(OBJECTS, Period.until(UNTIL, DAYS), seed)))
    dangling = _dangling(files)  # before some are planted on purpose, which the truth tells
    truth = [fault for file in files for fault in write_delivery(file, home.landing, seed)]
    pipeline.land(home)
    pipeline.conform(home)
    ledger = {row["_delivery"]: row for row in read(home.table("ops", "delivery")).to_pylist()}
    differences = [
        f"{layer}: {cell}: found {found[cell]}, known {known[cell]}"
        for layer, column, verdict in (("quarantine", "_reasons", "quarantine"), ("silver", "_flags", "flag"))
        for found, known in [(_found(home, ledger, files, layer, column), _known(truth, files, verdict))]
        for cell in sorted(found.keys() | known.keys())
        if found[cell] != known[cell]
    ]
    return {
        "states": sorted({f"{row['state']} {row['department']}/{row['feed']}" for row in ledger.values()}),
        "suffixes": sorted({file.style.suffix for file in files}),
        "kinds": sorted({f"{fault.verdict} {fault.kind}" for fault in truth}),
        "verdicts": len(truth),
        "differences": differences + list(_other_values(home, ledger, files)),
        "doubled": sorted({file.file for file in files if _has_doubled_key(file)}),
        "dangling": sorted(dangling),
        "two_names": _two_names(files),
        "operations": dict(Counter(code for file in files for code in file.rows.get("cd_operation", []))),
    }


def _few_large(files: Iterable[SimulatedFile]) -> Iterator[SimulatedFile]:
    """The files of filled feeds; of a feed with thousands of rows a file, such as readings, the first alone."""
    large: set[str] = set()
    for file in files:
        if file.contract.name not in (*STORIES, *large):
            large |= {file.contract.name} if len(next(iter(file.rows.values()))) > MANY else set()
            yield file


def _found(home: Home, ledger: dict[str, Any], files: list[SimulatedFile], layer: str, column: str) -> Counter[Cell]:
    """The cells that something is said against: feed with department, file, line, column."""
    cells: Counter[Cell] = Counter()
    for feed in {file.contract.name for file in files}:
        for row in read(home.table(layer, feed), ["_delivery", "_line", column]).to_pylist():
            file = ledger[row["_delivery"]]
            for name in {text.split(": ", 1)[0] for text in row[column]}:
                cells[f"{file['department']} {feed}", file["file_name"], row["_line"], name] += 1
    return cells


def _known(truth: list[Truth], files: list[SimulatedFile], verdict: str) -> Counter[Cell]:
    feeds = {(file.department, file.folder): f"{file.department} {file.contract.name}" for file in files}
    return Counter(
        (feeds[fault.department, fault.feed], fault.file, fault.line or 0, fault.column or "_row")
        for fault in truth
        if fault.verdict == verdict
    )


def _other_values(home: Home, ledger: dict[str, Any], files: list[SimulatedFile]) -> Iterator[str]:
    """Cells that were accepted without a doubt as another value than was meant."""
    by_name = {(file.department, file.contract.name, file.file): file for file in files}
    for feed in {file.contract.name for file in files}:
        for row in read(home.table("silver", feed)).to_pylist():
            delivery = ledger[row["_delivery"]]
            file = by_name[delivery["department"], feed, delivery["file_name"]]
            doubtful = {text.split(": ", 1)[0] for text in row["_flags"]}
            place = row["_line"] - FIRST_LINES.get(file.style.suffix, 2)
            for column in file.contract.columns:
                if column.name in file.rows and column.name not in doubtful and not _is_same(column, file, place, row):
                    yield f"{file.file}: {row['_line']}: {column.name}: {row[column.name]}"


def _is_same(column: Column, file: SimulatedFile, place: int, row: dict[str, Any]) -> bool:
    values, accepted = file.rows[column.name], row[column.name]
    if column.parse == "currency":
        return accepted == values[place] or row[_amount_of(file, column)] is None
    if nulls_of(values[place : place + 1])[0]:
        return accepted is None
    meant: object = values[place]
    if column.type == "timestamp":
        return bool(accepted.astimezone(CHINA).replace(tzinfo=None) == values[place].astype(object))
    if column.type == "date":
        return bool(accepted == values[place].astype(object))
    if column.type == "list":
        return bool(accepted == str(meant).split(LIST_JOINER))
    if column.type == "boolean":
        return accepted is (meant == "true")
    if values.dtype.kind == "f":
        return accepted is not None and bool(np.isclose(float(accepted), values[place], rtol=1e-12, atol=1e-9))
    if column.name.endswith("_name"):
        meant = str(meant).replace("(", "（").replace(")", "）")
    elif column.name in file.contract.key:
        meant = narrowed(str(meant))
    return bool(accepted == meant)


def _amount_of(file: SimulatedFile, currency: Column) -> str:
    """The column of amounts in whose cells a currency stands."""
    headings = {heading.heading for heading in currency.headings}
    amounts = (column for column in file.contract.columns if column.parse == "amount")
    return next(c.name for c in amounts if headings & {heading.heading for heading in c.headings})


def _has_doubled_key(file: SimulatedFile) -> bool:
    keys = list(zip(*(file.rows[name].tolist() for name in file.contract.key), strict=True))
    return len(set(keys)) < len(keys)


def _dangling(files: list[SimulatedFile]) -> set[str]:
    """Permits that samples refer to and nobody delivered."""
    held = {code for file in files for code in file.rows.get("permit_no", [])}
    return {code for file in files for code in file.rows.get("permit", []) if code} - held


def _two_names(files: list[SimulatedFile]) -> list[str]:
    """Codes of firms that come with more than one name."""
    names: dict[str, set[str]] = {}
    for file in (file for file in files if {"uscc", "object_name"} <= file.rows.keys()):
        for code, name in zip(file.rows["uscc"], file.rows["object_name"], strict=True):
            if USCC.fullmatch(code) and name:
                names.setdefault(code, set()).add(name)
    assert names
    return [code for code, given in names.items() if len(given) > 1]


def main(folder: Path, seeds: list[int]) -> None:
    """Prints what was found, by seed."""
    dirt.DIRTY, dirt.FLAGGED, dirt.TWICE = 0.4, 0.3, 0.4
    json.dump({seed: judged(Home(folder / str(seed)), seed) for seed in seeds}, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(word) for word in sys.argv[2:]])
