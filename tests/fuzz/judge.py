"""A landed and conformed home flows in with the cases that were dropped; every broken promise flows out."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.contract import feeds
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import pending
from spark_jobs.lake.tables import read
from tests.fuzz.cases import REFUSED, TAKEN, Case
from tests.fuzz.places import SECRET

INSIDE = "!"
MARK = re.compile(r"f\d{6}")
MEMBER_ROWS = re.compile(r"m\d+_r(\d+)\.csv$")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
LOADED = ("accepted", "held")
STATES = {"accepted", "held", "refused", "duplicate", "unpacked", "nil"}
LIVE = ("<script>", "<img src=x", "<b>列", "<i onclick", "onerror=alert(1)>")

Row = dict[str, Any]


@dataclass(frozen=True)
class Offence:
    """A promise that was broken, and the case that broke it, if one can be told."""

    case: Case | None
    what: str


def judge(home: Home, cases: Sequence[Case], too_slow: tuple[float, str] | None) -> tuple[list[Offence], Counter[str]]:
    """Everything that holds whatever the files are, and what each case knows of itself."""
    ledger: list[Row] = read(home.table("ops", "delivery")).to_pylist()
    by_mark = defaultdict(list)
    for row in ledger:
        found = MARK.search(row["file_name"])
        by_mark[found.group() if found else ""].append(row)
    known = {case.mark: case for case in cases}
    offences = [
        Offence(None, f"a verdict on no file: {row}") for mark in by_mark.keys() - known.keys() for row in by_mark[mark]
    ]
    for case in cases:
        offences += [Offence(case, what) for what in _case(case, by_mark[case.mark])]
    marks = {row["_delivery"]: MARK.search(row["file_name"]) for row in ledger if row["_delivery"]}
    for delivery, what in (*_counts(home, ledger), *_receipts(home, ledger), *_slow(too_slow)):
        mark = marks.get(delivery)
        offences.append(Offence(known.get(mark.group()) if mark else None, what))
    offences += [Offence(None, what) for what in _secrets(home)]
    if waiting := pending(home):
        offences.append(Offence(None, f"never judged: {list(waiting)}"))
    return offences, Counter(row["state"] for row in ledger)


def _case(case: Case, rows: list[Row]) -> Iterator[str]:
    own = [row for row in rows if INSIDE not in row["file_name"]]
    members = [row for row in rows if INSIDE in row["file_name"]]
    is_named_inside = case.name.find(INSIDE.encode()) >= 0
    if is_named_inside:
        own, members = rows, []
    if len(own) not in case.verdicts:
        yield f"{len(own)} verdicts, not {' or '.join(map(str, case.verdicts))}: {[_short(row) for row in own]}"
    for row in rows:
        yield from _row(row)
    for row in own:
        yield from _fate(case, row)
    if any(row["state"] == "unpacked" for row in own):
        if case.members is not None and len(members) != case.members:
            yield f"{len(members)} members judged, not {case.members}: {[_short(row) for row in members]}"
    elif members:
        yield f"members of an archive that was not unpacked: {[_short(row) for row in members]}"
    for row in members:
        counted = MEMBER_ROWS.search(row["file_name"])
        if counted and row["state"] in LOADED and row["rows_delivered"] != int(counted.group(1)):
            yield f"a member delivered {counted.group(1)} rows, the ledger says {row['rows_delivered']}"


def _fate(case: Case, row: Row) -> Iterator[str]:
    state = row["state"]
    if case.fate == TAKEN and state not in (*LOADED, "unpacked"):
        yield f"a sound file was not taken: {_short(row)}"
    if case.fate == REFUSED and state not in ("refused", "duplicate"):
        yield f"a file that nobody can take was taken: {_short(row)}"
    if case.rows is not None and state in LOADED and row["rows_delivered"] != case.rows:
        yield f"{case.rows} rows were delivered, the ledger says {row['rows_delivered']}"


def _row(row: Row) -> Iterator[str]:
    if row["state"] not in STATES:
        yield f"no verdict: {_short(row)}"
    if row["rows_delivered"] != row["rows_accepted"] + row["rows_quarantined"]:
        yield f"rows do not add up: {_short(row)}"
    if row["state"] in LOADED and not row["rows_delivered"]:
        yield f"nothing was loaded: {_short(row)}"
    if row["state"] in ("refused", "duplicate") and not CHINESE.search(row["reason"] or ""):
        yield f"no reason in Chinese: {_short(row)}"


def _short(row: Row) -> str:
    counts = f"{row['rows_delivered']}={row['rows_accepted']}+{row['rows_quarantined']}"
    return f"{row['file_name'][:80]!r} {row['state']} {counts} {(row['reason'] or '')[:200]!r}"


def _counts(home: Home, ledger: list[Row]) -> Iterator[tuple[str, str]]:
    """Bronze, silver and quarantine against the ledger, delivery by delivery."""
    stored = {layer: Counter[str]() for layer in ("bronze", "silver", "quarantine")}
    for feed in feeds():
        for layer, counted in stored.items():
            counted.update(read(home.table(layer, feed), ["_delivery"]).column("_delivery").to_pylist())
    said = {"bronze": "rows_delivered", "silver": "rows_accepted", "quarantine": "rows_quarantined"}
    loaded = {row["_delivery"]: row for row in ledger if row["state"] in LOADED}
    for layer, column in said.items():
        for delivery in loaded.keys() | stored[layer].keys():
            expected = loaded[delivery][column] if delivery in loaded else 0
            if stored[layer][delivery] != expected:
                yield delivery, f"{layer} holds {stored[layer][delivery]} rows, the ledger says {expected}"


def _receipts(home: Home, ledger: list[Row]) -> Iterator[tuple[str, str]]:
    """One receipt for every verdict, with a reason in Chinese; no page that runs what a name or a cell says."""
    found = []
    for path in home.receipts.rglob("*.json"):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            yield "", f"a receipt that nobody can read: {path}: {error}"
    told = Counter((receipt["内容标识"], receipt["文件"]) for receipt in found)
    said = Counter((row["_delivery"], row["file_name"]) for row in ledger)
    for delivery, name in said - told:
        yield delivery, f"no receipt for {name!r}"
    for delivery, name in told - said:
        yield delivery, f"a receipt without a verdict: {name!r}"
    for receipt in found:
        if not CHINESE.search(receipt["说明"] or ""):
            yield receipt["内容标识"], f"a receipt without words: {receipt}"
    for page in home.receipts.rglob("*.html"):
        text = page.read_text(encoding="utf-8", errors="replace")
        for live in LIVE:
            if live in text:
                yield "", f"{page.relative_to(home.receipts)} holds {live}"


def _slow(too_slow: tuple[float, str] | None) -> Iterator[tuple[str, str]]:
    if too_slow:
        yield too_slow[1], f"took {too_slow[0]:.0f} s"


def _secrets(home: Home) -> Iterator[str]:
    """Content from outside, in the archive by its hash or in receipts by its words."""
    passwd = Path("/etc/passwd").read_bytes()
    hashes = {hashlib.sha256(text).hexdigest() for text in (passwd, f"{SECRET}\n".encode())}
    for path in home.archive.rglob("*"):
        if path.name in hashes:
            yield "a file from outside lies in the archive"
    words = (SECRET.encode(), passwd.splitlines()[0])
    for path in (path for path in home.receipts.rglob("*") if path.is_file()):
        if any(word in path.read_bytes() for word in words):
            yield f"{path.relative_to(home.receipts)} holds words from outside"
