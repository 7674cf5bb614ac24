"""New files flow in; silver and quarantine flow out, with what base needs of the accepted rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers.duckdb_deltalake import delta
from bench.peers.duckdb_deltalake.cells import BY, MISSING, Asked, Judged, judge, meaning
from bench.peers.files import CORES, Delivered
from schemas.contract import ENVELOPE, Column, Contract, feeds

SYSTEM = ("_delivery", "_line", "_department", "_received_at")
MOMENT = pa.timestamp("us", "UTC")
TYPES = {"string": pa.string(), "date": pa.date32(), "list": pa.list_(pa.string()), "timestamp": MOMENT}


@dataclass(frozen=True)
class Conformed:
    """By feed the accepted rows and all rows as delivered; the files with their counts."""

    accepted: dict[str, pa.Table]
    raw: dict[str, pa.Table]
    files: pa.Table


@dataclass(frozen=True)
class Said:
    """Texts against some rows."""

    rows: np.ndarray
    texts: list[list[str]]


@dataclass(frozen=True)
class Feed:
    """The rows of a feed as delivered, with the distinct cells of its coded columns."""

    contract: Contract
    raw: pa.Table
    coded: dict[str, pa.DictionaryArray]

    def asked(self) -> Iterator[Asked]:
        """The cells to judge; a code whose check depends on another column is judged by every check."""
        for name, cells in self.coded.items():
            column = self.contract.column(name)
            for check in _checks(column):
                yield Asked(column, cells.dictionary, check)


def conform(
    con: duckdb.DuckDBPyConnection,
    out: Path,
    landed: list[Delivered],
    files: pa.Table,
    spelling: pa.Table,
    keep: Callable[[Feed, pa.Table], None] | None = None,
) -> Conformed:
    """Judges every row: silver and quarantine are written; `keep` is told of each feed, and of its rows as judged."""
    with ThreadPoolExecutor(CORES) as pool:
        read = list(pool.map(lambda contract: _feed(contract, landed, files), feeds().values()))
        asked = [list(feed.asked()) for feed in read]
        answers = iter(judge(con, list(chain.from_iterable(asked)), spelling))
        answered = [list(islice(answers, len(cells))) for cells in asked]

        def judged(feed: Feed, found: list[Judged]) -> tuple[pa.Table, pa.Table]:
            rows = _judged(feed, files, iter(found))
            written = _write(con, out, feed, rows)
            if keep:
                keep(feed, rows)
            return written

        kept = list(pool.map(judged, read, answered))
    counts = [np.sum([np.bincount(file, minlength=len(files)) for file in place], axis=0) for place in _places(kept)]
    found = Conformed(
        {feed.contract.name: accepted for feed, (accepted, _) in zip(read, kept, strict=True)},
        {feed.contract.name: feed.raw for feed in read},
        files.append_column("accepted", pa.array(counts[0])).append_column("quarantined", pa.array(counts[1])),
    )
    assert sum(counts).sum() == sum(one.rows.num_rows for one in landed)
    return found


def _places(kept: list[tuple[pa.Table, pa.Table]]) -> Iterator[list[np.ndarray]]:
    """The files that rows are of: accepted rows, then quarantined ones."""
    for tables in zip(*kept, strict=True):
        yield [table["_file"].to_numpy() for table in tables]


def _write(con: duckdb.DuckDBPyConnection, out: Path, feed: Feed, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Writes a feed's rows to silver and quarantine."""
    name = feed.contract.name
    is_good = pc.equal(pc.list_value_length(rows["_reasons"]), 0)
    accepted, quarantined = rows.filter(is_good), rows.filter(pc.invert(is_good))
    own = [column.name for column in feed.contract.columns]
    delta.write(con, accepted.select([*own, *SYSTEM, "_flags"]), out / "silver" / name)
    delta.write(con, quarantined.select([*SYSTEM, "_reasons"]), out / "quarantine" / name)
    return accepted, quarantined


def _feed(contract: Contract, landed: list[Delivered], files: pa.Table) -> Feed:
    delivered = [
        one.rows.append_column("_file", pa.repeat(pa.scalar(place, pa.int32()), len(one.rows)))
        for place, one in enumerate(landed)
        if one.contract.name == contract.name
    ]
    raw = pa.concat_tables([*delivered, _nothing_of(contract)], promote_options="default").combine_chunks()
    if there := {*ENVELOPE} & {*raw.column_names}:
        raise SystemExit(f"{contract.name}: {', '.join(sorted(there))}: deletions and their envelope are not read here")
    coded = {}
    for column in contract.columns:
        if column.name in raw.column_names and not _is_prose(column):
            cells = pc.fill_null(raw[column.name], "")
            if column.parse == "amount":
                scale = pc.take(files[f"{column.name}_scale"].cast(pa.string()), raw["_file"])
                cells = pc.binary_join_element_wise(cells, scale, BY)
            coded[column.name] = _one(pc.dictionary_encode(cells))
    return Feed(contract, raw, coded)


def _nothing_of(contract: Contract) -> pa.Table:
    """No rows, for a feed that nobody delivered."""
    text = [*(column.name for column in contract.columns if column.required), "_raw", "_fault"]
    fields = [*((name, pa.string()) for name in text), ("_line", pa.int64()), ("_file", pa.int32())]
    return pa.schema(fields).empty_table()


def _one(column: pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _is_prose(column: Column) -> bool:
    """Free text, most of whose cells are written once."""
    return column.type == "string" and not (column.check or column.check_when or column.codes or column.parse)


def _checks(column: Column) -> Sequence[str | None]:
    return [*column.check_when.is_.values(), None] if column.check_when else [column.check]


# -- the rows of a feed


def _judged(feed: Feed, files: pa.Table, answers: Iterator[Judged]) -> pa.Table:
    """Every row of a feed, typed, with its flags and its reasons."""
    raw, is_row = feed.raw, _mask(pc.is_null(feed.raw["_raw"]))
    judged = {name: [next(answers) for _ in _checks(feed.contract.column(name))] for name in feed.coded}
    places = {name: cells.indices.to_numpy() for name, cells in feed.coded.items()}
    typed = {name: judged[name][0].typed.take(cells.indices) for name, cells in feed.coded.items()}
    reasons: list[Said] = []
    flags: list[Said] = []
    for column in feed.contract.columns:
        name = column.name
        if name in judged:
            answer = judged[name][0]
            if column.check_when:
                answer = sum(judged[name][1:], answer)
                places[name] = places[name] + len(judged[name][0].typed) * _check_of(column, typed)
            reasons += _of_cells(answer.reasons, places[name], is_row)
            flags += _of_cells(answer.flags, places[name], is_row)
        elif name in raw.column_names:
            typed[name] = _prose(column, raw[name])
        for rule, mask, what in _in_row(feed, column, typed, files) if name in typed else ():
            (flags if rule in column.flag else reasons).extend(_of_rows(column, raw[name], mask & is_row, what))
    reasons.append(_unsplit(raw, np.flatnonzero(~is_row)))
    return _table(feed, files, typed, {"_flags": flags, "_reasons": reasons})


def _check_of(column: Column, typed: dict[str, pa.Array]) -> np.ndarray:
    """By which of its checks each cell is judged."""
    assert column.check_when
    kinds = typed[column.check_when.column]
    chosen = np.full(len(kinds), len(column.check_when.is_))
    for number, code in enumerate(column.check_when.is_):
        chosen[_mask(pc.equal(kinds, code))] = number
    return chosen


def _prose(column: Column, cells: pa.ChunkedArray) -> pa.Array:
    text = meaning(_one(cells))
    if column.name.endswith("_name") and pc.any(pc.match_substring_regex(text, "[()]")).as_py():
        text = pc.replace_substring(pc.replace_substring(text, "(", "（"), ")", "）")
    return text


def _in_row(
    feed: Feed, column: Column, typed: dict[str, pa.Array], files: pa.Table
) -> Iterator[tuple[str, np.ndarray, str]]:
    """What a cell breaks that is judged in its row: prose, and dates beside other dates or the day of receipt."""
    cells = typed[column.name]
    if _is_prose(column):
        if column.required:
            yield "required", _mask(pc.is_null(cells)), MISSING
        if column.pattern:
            matches = pc.match_substring_regex(cells, f"^(?:{column.pattern})$")
            yield "pattern", _mask(pc.invert(matches)), "格式不符"
        if column.max_length:
            length = pc.greater(pc.utf8_length(cells), column.max_length)
            yield "length", _mask(length), f"超过 {column.max_length} 个字"
    if column.not_before and column.not_before in typed:
        other = feed.contract.column(column.not_before)
        yield "order", _mask(pc.less(cells, typed[other.name])), f"早于{other.label}"
    if column.not_future:
        yield "future", _mask(pc.greater(cells, _one(files["_day"].take(feed.raw["_file"])))), "晚于接收日期"


def _mask(condition: pa.Array | pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(condition, False).to_numpy(zero_copy_only=False)


def _of_cells(lists: pa.Array, places: np.ndarray, is_row: np.ndarray) -> Iterator[Said]:
    """What was said of distinct cells, to the rows that hold them."""
    if lists.null_count < len(lists):
        rows = np.flatnonzero(lists.is_valid().to_numpy(zero_copy_only=False)[places] & is_row)
        yield Said(rows, lists.take(pa.array(places[rows])).to_pylist())


def _of_rows(column: Column, cells: pa.ChunkedArray, mask: np.ndarray, what: str) -> Iterator[Said]:
    rows = np.flatnonzero(mask)
    if len(rows):
        found = cells.take(pa.array(rows)).to_pylist()
        yield Said(rows, [[f"{column.name}: {what}: {(cell or '')[:80]}"] for cell in found])


def _unsplit(raw: pa.Table, rows: np.ndarray) -> Said:
    found = raw.select(["_fault", "_raw"]).take(pa.array(rows)).to_pylist()
    return Said(rows, [[f"_row: {row['_fault']}: {row['_raw'][:200]}"] for row in found])


def _table(feed: Feed, files: pa.Table, typed: dict[str, pa.Array], said: dict[str, list[Said]]) -> pa.Table:
    """The typed cells with where they come from, and what was said of each row."""
    of_file = {name: files[name].take(feed.raw["_file"]) for name in ("_delivery", "_department", "_received_at")}
    first = files["_first"].take(feed.raw["_file"])
    own = {column.name: _cells_as(column, typed.get(column.name), len(feed.raw)) for column in feed.contract.columns}
    place = {"_line": feed.raw["_line"], "_file": feed.raw["_file"], "_order": pc.add(first, feed.raw["_line"])}
    return pa.table({**own, **of_file, **place, **{name: _lists(all_, len(feed.raw)) for name, all_ in said.items()}})


def _cells_as(column: Column, cells: pa.Array | None, count: int) -> pa.Array:
    kind = str(column.type)
    wanted = pa.decimal128(*map(int, kind[8:-1].split(","))) if kind.startswith("decimal") else TYPES[kind]
    return pa.nulls(count, wanted) if cells is None else cells.cast(wanted)


def _lists(said: list[Said], count: int) -> pa.Array:
    """For each row all that was said of it, in the order in which it was said."""
    rows = np.concatenate([np.repeat(one.rows, [len(texts) for texts in one.texts]) for one in said] or [[]]).astype(
        int
    )
    texts = pa.array([text for one in said for text in chain.from_iterable(one.texts)], pa.string())
    offsets = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=count))))
    values = texts.take(pa.array(np.argsort(rows, kind="stable")))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)
