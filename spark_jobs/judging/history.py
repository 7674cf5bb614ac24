"""Profiles of a department's earlier deliveries of a feed flow in; how unlike them a new one is flows out.

All of it is ours, and made to keep silent when in doubt: no history, no opinion. Three figures, each null where it
cannot be had:

- `volume`: rows delivered, as a multiple of the median of the last 12 accepted deliveries.
- `emptied`: columns that hold something in at least a fifth of the rows in half of those deliveries, and nothing now,
  where chance would leave so many cells empty less than once in a thousand times.
- `shift`: whether codes are used differently: half the summed change of the codes' shares, for the column where that
  is largest. Usual 60 % A and 40 % B, now 90 % and 10 %: 0.3, which is the share of rows that would need another code.
  A column is left out where so few rows have so many codes that chance alone is expected to move more than a tenth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import fsum, sqrt
from statistics import median

import pyarrow as pa

from expectations.bounds import bounds, is_within
from schemas.contract import FeedContract, code_list, contracts, feeds
from spark_jobs.judging.figures import Profile
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.tables import append, read, take_back
from spark_jobs.lake.text_mark import MENDED

LAST, FEWEST = 12, 4
FEWEST_ROWS = 20
SHIFT_ROWS = 50
USUALLY_FILLED = 0.2
BY_CHANCE = 0.001
LARGEST_CHANCE_SHIFT = 0.1

Shares = Mapping[str, float]


@dataclass(frozen=True)
class Shape:
    """What counts of a delivery when the next ones are compared with it."""

    received_at: datetime
    rows: int
    filled: Shares
    codes: Mapping[str, Shares]


@dataclass(frozen=True)
class Opinion:
    """How unlike its history a delivery is, and what the department reads of each figure."""

    figures: dict[str, float | None]
    said: dict[str, str] = field(default_factory=dict)


NO_OPINION = Opinion({"volume": None, "emptied": None, "shift": None})


def is_mended(delivery: Delivery) -> bool:
    """Whether these are rejected rows that come back mended: as many as there are, and no measure for others."""
    return MENDED in (delivery.columns or {})


def opinions(
    home: Home,
    contract: FeedContract,
    deliveries: Sequence[Delivery],
    profiles: Mapping[str, Profile],
    known: list[Delivery],
) -> dict[str, Opinion]:
    """An opinion a delivery, each from what was received before it; `known` is the ledger.

    Deliveries of one run are taken in order of receipt, and those that the gate will hold are left out of the history
    of the next: the same as if each had had a run of its own.
    """
    found: dict[str, Opinion] = {}
    history = _history(home, contract, deliveries, known)
    for one in sorted(deliveries, key=lambda one: (one.received_at, one.delivery)):
        mine, profile = history.setdefault(one.department, []), profiles[one.delivery]
        shape = Shape(one.received_at, one.rows, profile.filled, profile.codes)
        earlier = sorted((s for s in mine if s.received_at < one.received_at), key=lambda s: s.received_at)[-LAST:]
        if is_mended(one):
            found[one.delivery] = NO_OPINION
            continue
        found[one.delivery] = opinion(
            contract, shape, int(profile.figures["rows_accepted"]), earlier, one.columns or {}
        )
        if one.decided_by or not _is_held(contract, profile, found[one.delivery]):
            mine.append(shape)
    return found


def _is_held(contract: FeedContract, profile: Profile, unlike: Opinion) -> bool:
    figures = {**profile.figures, **unlike.figures}
    return any(
        bound.on == "fail" and not is_within(bound, figures[figure]) for figure, bound in bounds(contract).items()
    )


def opinion(
    contract: FeedContract, shape: Shape, accepted: int, history: Sequence[Shape], headings: Mapping[str, str]
) -> Opinion:
    """What to think of one delivery of which so many rows were accepted; `headings` are the department's own."""
    usual_rows = median(earlier.rows for earlier in history) if history else 0
    if len(history) < FEWEST or usual_rows < FEWEST_ROWS:
        return NO_OPINION
    names = {column.name: headings.get(column.name) or column.label or column.name for column in contract.columns}
    volume = shape.rows / usual_rows
    share = f"{volume:.1f} 倍" if volume >= 2 else f"{volume:.0%}"
    said = {"volume": f"行数为通常的 {share}（通常约 {usual_rows:.0f} 行，本次 {shape.rows} 行）"}
    emptied = [name for name in shape.filled if _is_emptied(name, shape, accepted, history)]
    said["emptied"] = f"{'、'.join(f'“{names[name]}”' for name in emptied)}列以往多有内容，本次全空"
    shift = None
    if accepted >= SHIFT_ROWS:
        moved = {column.name: _shift(shape, accepted, history, column.name) for column in contract.columns}
        distance, name = max((far, name) for name, far in moved.items())
        if distance >= 0:
            shift = distance
            said["shift"] = (
                f"“{names[name]}”的分布与以往差别很大（最大变化：{_largest(contract, name, shape, history)}）"
            )
    return Opinion({"volume": volume, "emptied": float(len(emptied)) if shape.filled else None, "shift": shift}, said)


def _is_emptied(name: str, shape: Shape, accepted: int, history: Sequence[Shape]) -> bool:
    usual = median(earlier.filled.get(name, 0.0) for earlier in history)
    return shape.filled[name] == 0 and usual >= USUALLY_FILLED and (1 - usual) ** accepted < BY_CHANCE


def _usual_codes(name: str, history: Sequence[Shape]) -> dict[str, float]:
    """The mean share of each code, over the deliveries that have any."""
    some = [earlier.codes[name] for earlier in history if earlier.codes.get(name)]
    if len(some) < FEWEST:
        return {}
    of_code: dict[str, list[float]] = defaultdict(list)
    for shares in some:
        for code, share in shares.items():
            of_code[code].append(share)
    return {code: fsum(of_code[code]) / len(some) for code in sorted(of_code)}


def _shift(shape: Shape, accepted: int, history: Sequence[Shape], name: str) -> float:
    """How far the column's codes are from usual, 0 to 1; -1 where that says nothing."""
    now, rows = shape.codes.get(name, {}), accepted * shape.filled.get(name, 0.0)
    if not now or rows < SHIFT_ROWS:
        return -1.0
    if not (usual := _usual_codes(name, history)):
        return -1.0
    # How far a sample of so many rows is expected to be from what it is drawn from though nothing has changed: the mean
    # of |error|, which is √(2/π) of each share's standard error, halved as the distance itself is. √(2/π) / 2 ≈ 0.4.
    by_chance = 0.4 * sum(sqrt(share * (1 - share) / rows) for share in usual.values())
    if by_chance > LARGEST_CHANCE_SHIFT:
        return -1.0
    return sum(abs(now.get(code, 0.0) - usual.get(code, 0.0)) for code in sorted(now.keys() | usual.keys())) / 2


def _largest(contract: FeedContract, name: str, shape: Shape, history: Sequence[Shape]) -> str:
    """The code whose share changed most, with both shares."""
    now, usual = shape.codes.get(name, {}), _usual_codes(name, history)
    code = max(sorted(now.keys() | usual.keys()), key=lambda code: abs(now.get(code, 0.0) - usual.get(code, 0.0)))
    labels = {known.code: known.label for known in code_list(contract.column(name).codes or "")}
    shown = f"{code} {labels[code]}" if code in labels else code
    return f"{shown} 由 {usual.get(code, 0.0):.0%} 变为 {now.get(code, 0.0):.0%}"


def _history(
    home: Home, contract: FeedContract, deliveries: Sequence[Delivery], known: list[Delivery]
) -> dict[str, list[Shape]]:
    """By department, the accepted deliveries that those to be judged could be compared with."""
    judged = {one.delivery for one in deliveries}
    earlier: list[Delivery] = []
    for department in {one.department for one in deliveries}:
        moments = [one.received_at for one in deliveries if one.department == department]
        mine = [
            one
            for one in known
            if (one.department, one.feed, one.state) == (department, contract.name, "accepted")
            and one.delivery not in judged
            and one.received_at < max(moments)
        ]
        mine.sort(key=lambda one: one.received_at)
        first = sum(one.received_at < min(moments) for one in mine)
        # More than are needed, because mended rows among them do not count.
        earlier += mine[max(0, first - 3 * LAST) :]
    if not earlier:
        return {}
    since = min(one.received_at for one in earlier)
    names = [one.delivery for one in earlier]
    rows = read(home.table("ops", "profile"), where=[("received_at", ">=", since), ("_delivery", "in", names)])
    filled: dict[str, dict[str, float]] = {}
    codes: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows.to_pylist():
        filled.setdefault(row["_delivery"], {})[row["column_name"]] = row["filled"] or 0.0
        codes.setdefault(row["_delivery"], {})[row["column_name"]] = dict(row["codes"] or {})
    shapes: dict[str, list[Shape]] = {}
    for one in earlier:
        if one.delivery in filled:
            shape = Shape(one.received_at, one.rows, filled[one.delivery], codes[one.delivery])
            shapes.setdefault(one.department, []).append(shape)
    return shapes


def keep_profiles(home: Home, deliveries: Sequence[Delivery], profiles: Mapping[str, Profile]) -> None:
    """Writes what the deliveries look like to `ops.profile`, in the place of what was known of them."""
    rows = [
        {
            "_delivery": one.delivery,
            "department": one.department,
            "feed": one.feed,
            "received_at": one.received_at,
            "rows": profiles[one.delivery].figures["rows_accepted"],
            "column_name": column.name,
            "filled": profiles[one.delivery].filled.get(column.name),
            "codes": list(profiles[one.delivery].codes.get(column.name, {}).items()) if column.codes else None,
        }
        for one in deliveries
        if not is_mended(one)
        for column in feeds()[one.feed].columns
    ]
    path = home.table("ops", "profile")
    since = min(one.received_at for one in deliveries)
    take_back(path, {one.delivery for one in deliveries}, "received_at", since)
    append(path, pa.Table.from_pylist(rows, schema=table_schema(contracts()["ops.profile"])))
