"""Rows of deliveries as bronze holds them flow in; typed rows, rejected rows with every reason, and counts flow out.

A pure function of rows and contract, without an engine: every rule but those that compare two columns is worked out
once a distinct cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.contract import Column, FeedContract
from spark_jobs.judging.arrays import Mask, Numbers, is_null, is_true
from spark_jobs.judging.cells import Cells, Role, Rows
from spark_jobs.judging.hashes import Hashes, count_repeated, hash_rows
from spark_jobs.judging.rules import Chunk, Finding
from spark_jobs.judging.telling import as_delivered, told, told_of_unsplit, unsplit_as_delivered
from spark_jobs.lake.columns import SYSTEM, arrow_type
from spark_jobs.lake.headings import scale_of
from spark_jobs.lake.home import LOCAL


@dataclass(frozen=True)
class Part:
    """One delivery of those that are judged together: when it came, and under which heading it has each column.

    `stored`: what bronze calls a column that has got another name since it came.
    """

    delivery: str
    received_at: datetime
    headings: Mapping[str, str]
    stored: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Counts:
    """What is known of a delivery once its rows have been judged: all that gate and history ask.

    `filled` and `codes` count the accepted rows by column, and by column and code; `keys` are hashes of their keys.
    """

    rows: int = 0
    rows_accepted: int = 0
    rows_doubtful: int = 0
    rows_quarantined: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    codes: dict[str, Counter[str]] = field(default_factory=dict)
    keys: list[Hashes] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Takes in what is known of other rows of the same delivery."""
        self.rows += other.rows
        self.rows_accepted += other.rows_accepted
        self.rows_doubtful += other.rows_doubtful
        self.rows_quarantined += other.rows_quarantined
        self.filled += other.filled
        for column, counted in other.codes.items():
            self.codes[column] = self.codes.get(column, Counter()) + counted
        self.keys += other.keys

    @property
    def duplicate_keys(self) -> int:
        """How many accepted rows have a key that another has; counted anew at every look."""
        return count_repeated(np.concatenate(self.keys)) if self.keys else 0


@dataclass(frozen=True)
class Judged:
    """The rows of a chunk, each in one of the two and in one only."""

    silver: pa.Table | None
    quarantine: pa.Table | None


def shape(contract: FeedContract, part: Part) -> tuple[object, ...]:
    """What must be the same of deliveries that are judged together: their columns, and what their headings scale."""
    columns = [column for column in contract.columns if column.name in part.headings]
    return tuple(
        (column.name, scale_of(column, part.headings[column.name]), part.stored.get(column.name)) for column in columns
    )


class Judge:
    """Judges deliveries of one feed and one shape together, chunk by chunk."""

    def __init__(self, contract: FeedContract, parts: Sequence[Part]) -> None:
        self.contract, self._parts = contract, parts
        self._headings = parts[0].headings
        self._columns = [column for column in contract.columns if column.name in self._headings]
        self._place = {part.delivery: place for place, part in enumerate(parts)}
        self._days = np.array([part.received_at.astimezone(LOCAL).date() for part in parts], "datetime64[D]")
        self._counts = [Counts() for _ in parts]

    def judge(self, rows: pa.Table) -> Judged:
        """Every row goes one way; a row that could not be split into cells has no other reason against it."""
        rows = rows.unify_dictionaries().combine_chunks()
        arrays = {name: _whole(rows.column(name)) for name in rows.column_names}
        owners = self._owners(arrays["_delivery"])
        chunk = self._chunk(arrays, owners, rows.num_rows)
        findings, is_split = chunk.findings(), is_null(arrays["_raw"])
        is_accepted = is_split.copy()
        for finding in findings:
            if not finding.is_flag:
                is_accepted[finding.rows] = False
        self._count("rows", owners)
        return Judged(
            self._silver(chunk, arrays, owners, is_accepted, findings),
            self._quarantine(chunk, arrays, owners, is_split, is_accepted, findings),
        )

    def keep(self, silver: pa.Table) -> None:
        """Counts rows that silver holds since an earlier judgement, of deliveries whose other rows are judged again."""
        silver = silver.unify_dictionaries().combine_chunks()
        owners = self._owners(_whole(silver.column("_delivery")))
        values = {column.name: _whole(silver.column(column.name)) for column in self.contract.columns}
        is_doubtful = is_true(pc.greater(pc.list_value_length(_whole(silver.column("_flags"))), 0))
        is_deletion = is_true(pc.equal(values["cd_operation"], "D")) if self.contract.has_envelope else None
        self._count("rows", owners)
        self._count_accepted(values, owners, is_doubtful, is_deletion)
        self._count_keys(hash_rows([(values[name], None) for name in self._key()]), owners)

    def finish(self) -> dict[str, Counts]:
        """The counts of each delivery, once every chunk was judged."""
        return dict(zip(self._place, self._counts, strict=True))

    def _owners(self, deliveries: pa.Array) -> Rows:
        """Which part each row belongs to."""
        names = deliveries if pa.types.is_dictionary(deliveries.type) else deliveries.dictionary_encode()
        places: Rows = np.array([self._place[name] for name in names.dictionary.to_pylist()], np.intp)
        owners: Rows = places[names.indices.to_numpy()]
        return owners

    def _read(self, column: Column, delivered: pa.Array) -> Cells:
        return Cells.read(column, delivered, self._headings[column.name], self._role(column))

    def _role(self, column: Column) -> Role | None:
        if column.type == "string" and column.name in self.contract.key:
            return "key"
        beside = [other.parse for other in self._columns if self._headings[other.name] == self._headings[column.name]]
        if column.is_beside_amount and "amount" in beside:
            return "currency of an amount" if column.parse == "currency" else "unit of an amount"
        return "yuan" if column.parse == "amount" and "currency" not in beside else None

    def _chunk(self, arrays: Mapping[str, pa.Array], owners: Rows, count: int) -> Chunk:
        columns = {column.name: self._read(column, arrays[column.name]) for column in self._columns}
        numbers = arrays["_numbers"].cast(pa.string())
        is_deletion = None
        if self.contract.has_envelope and (operation := columns.get("cd_operation")):
            is_deletion = operation.by_row(is_true(pc.equal(operation.typed, "D")))
        return Chunk(self.contract, columns, count, pa.array(self._days[owners]), is_deletion, numbers)

    def _silver(
        self,
        chunk: Chunk,
        arrays: Mapping[str, pa.Array],
        owners: Rows,
        is_accepted: Mask,
        findings: Sequence[Finding],
    ) -> pa.Table | None:
        rows = None if is_accepted.all() else np.flatnonzero(is_accepted)
        if rows is not None and not len(rows):
            return None
        count = chunk.rows if rows is None else len(rows)
        owners = owners if rows is None else owners[rows]
        typed: dict[str, pa.Array] = {}
        for column in self.contract.columns:
            cells = chunk.columns.get(column.name)
            typed[column.name] = cells.typed_rows(rows) if cells else pa.nulls(count, arrow_type(str(column.type)))
        flags = told([finding for finding in findings if finding.is_flag], rows, chunk.rows)
        is_doubtful = is_true(pc.greater(pc.list_value_length(flags), 0))
        is_deletion = chunk.is_deletion if chunk.is_deletion is None or rows is None else chunk.is_deletion[rows]
        self._count_accepted(typed, owners, is_doubtful, is_deletion)
        self._count_keys(self._hashes(chunk, rows), owners)
        return pa.table({**typed, **_system(arrays, rows), "_flags": flags})

    def _quarantine(
        self,
        chunk: Chunk,
        arrays: Mapping[str, pa.Array],
        owners: Rows,
        is_split: Mask,
        is_accepted: Mask,
        findings: Sequence[Finding],
    ) -> pa.Table | None:
        kinds = []
        if (rejected := is_split & ~is_accepted).any():
            rows = np.flatnonzero(rejected)
            cells = {name: cells.of_rows(cells.raw, rows) for name, cells in chunk.columns.items()}
            reasons = told([finding for finding in findings if not finding.is_flag], rows, chunk.rows)
            as_it_was = as_delivered(cells, len(rows))
            kinds.append(pa.table({**_system(arrays, rows), "_row": as_it_was, "_reasons": reasons}))
        if not is_split.all():
            rows = np.flatnonzero(~is_split)
            raw, fault = (arrays[name].take(pa.array(rows)).cast(pa.string()) for name in ("_raw", "_fault"))
            told_of = {"_row": unsplit_as_delivered(raw), "_reasons": told_of_unsplit(raw, fault)}
            kinds.append(pa.table({**_system(arrays, rows), **told_of}))
        self._count("rows_quarantined", owners[~is_accepted])
        return pa.concat_tables(kinds).combine_chunks() if kinds else None

    def _count(self, figure: str, owners: Rows) -> None:
        for counts, rows in zip(self._counts, self._by_part(owners), strict=True):
            setattr(counts, figure, getattr(counts, figure) + rows)

    def _by_part(self, owners: Rows) -> list[int]:
        return [int(rows) for rows in np.bincount(owners, minlength=len(self._parts))]

    def _count_accepted(
        self, values: Mapping[str, pa.Array], owners: Rows, is_doubtful: Mask, is_deletion: Mask | None
    ) -> None:
        """What accepted rows hold, by delivery; a deletion counts as filled, for it need hold nothing."""
        self._count("rows_accepted", owners)
        self._count("rows_doubtful", owners[is_doubtful])
        for column in self.contract.columns:
            is_filled = ~is_null(values[column.name])
            if is_deletion is not None:
                is_filled |= is_deletion
            for counts, rows in zip(self._counts, self._by_part(owners[is_filled]), strict=True):
                counts.filled[column.name] += rows
            if column.codes and column.type == "string":
                self._count_codes(column.name, values[column.name], owners)

    def _count_codes(self, name: str, values: pa.Array, owners: Rows) -> None:
        codes = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        is_coded, known = ~is_null(codes), codes.dictionary.to_pylist()
        if not known:
            return
        # One number for every pair of part and code: part × codes + code.
        pairs = owners[is_coded] * len(known) + codes.indices.drop_null().to_numpy()
        cells: Numbers = np.bincount(pairs, minlength=len(self._parts) * len(known)).reshape(-1, len(known))
        for part, code in np.argwhere(cells).tolist():
            self._counts[part].codes.setdefault(name, Counter())[known[code]] += int(cells[part, code])

    def _key(self) -> list[str]:
        """What makes two rows of a delivery tell the same; with an envelope several statements of a key differ."""
        return [*self.contract.key, *(("cd_operation", "cd_time") if self.contract.has_envelope else ())]

    def _hashes(self, chunk: Chunk, rows: Rows | None) -> Hashes:
        columns: list[tuple[pa.Array, Rows | None]] = []
        for name in self._key():
            cells = chunk.columns.get(name)
            if cells is None:
                columns.append((pa.nulls(chunk.rows, pa.string()), rows))
            else:
                places = rows if cells.places is None else cells.places if rows is None else cells.places[rows]
                columns.append((cells.typed, places))
        return hash_rows(columns)

    def _count_keys(self, hashes: Hashes, owners: Rows) -> None:
        for part in np.unique(owners).tolist():
            self._counts[part].keys.append(hashes[owners == part])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _system(arrays: Mapping[str, pa.Array], rows: Rows | None) -> dict[str, pa.Array]:
    """Where these rows come from."""
    names = [column.name for column in SYSTEM]
    return {name: arrays[name] if rows is None else arrays[name].take(pa.array(rows)) for name in names}
