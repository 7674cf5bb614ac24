"""The new files of one feed flow in; its typed rows, the rejected ones with their reasons, and the counts flow out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from bench.peers.files import FAULT, LINE, RAW, Delivered
from bench.peers.polars_deltalake.cells import CASE, judged, rules
from bench.peers.polars_deltalake.tables import TIMESTAMP, dtype
from schemas.contract import ENVELOPE, Column, Contract

ORIGIN = ("_delivery", "_department", "_received_at")
RAW_TOLD = 200
# A version is the number of a delivery, in order of receipt, and a line of it.
LINES = 1 << 28


@dataclass(frozen=True)
class Judged:
    """What became of a feed's rows.

    `accepted` has a row's `_version` beside the columns of silver; `mentions` has of a feed of full snapshots the
    `_number` of the delivery and the key of every row, or the text of one that could not be split; `reasons` and
    `flags` have the number of a row among those delivered, and what is said of it.
    """

    contract: Contract
    accepted: pl.DataFrame
    quarantined: pl.DataFrame
    deliveries: pl.DataFrame
    mentions: pl.DataFrame
    reasons: pl.DataFrame
    flags: pl.DataFrame


@dataclass(frozen=True)
class _Cells:
    """A column: its distinct cells, judged, and for each row which of them it holds."""

    column: Column
    values: pl.DataFrame
    places: pl.Series

    def of_rows(self, name: str) -> pl.Series:
        """What is known of the cell of each row."""
        return self.values[name].gather(self.places)


class Feed:
    """A feed's new files; `received` is how many deliveries there were before."""

    def __init__(self, files: Sequence[Delivered], moment: datetime, received: int) -> None:
        self.files, self.contract = files, files[0].contract
        self.rows = pa.concat_tables([file.rows for file in files], promote_options="default")
        self.deliveries = pl.DataFrame(
            {
                "_delivery": [file.sha256 for file in files],
                "_department": [file.department for file in files],
                "_received_at": [moment + timedelta(microseconds=file.place) for file in files],
                "_number": [received + file.place for file in files],
                "file_name": [file.path.name for file in files],
                "rows_delivered": [file.rows.num_rows for file in files],
            },
            schema_overrides={"_received_at": TIMESTAMP},
        )
        self.file = pl.Series(np.repeat(np.arange(len(files), dtype=np.uint32), self.deliveries["rows_delivered"]))
        self.line = pl.Series(self.rows.column(LINE)).rechunk()
        if envelope := {*ENVELOPE} & {*self.rows.column_names}:
            raise SystemExit(f"{self.contract.name}: {', '.join(sorted(envelope))}: no contender reads an envelope")

    @cached_property
    def columns(self) -> dict[str, _Cells]:
        """The delivered columns, in the contract's order."""
        there = [column for column in self.contract.columns if column.name in self.rows.column_names]
        found = [self._distinct(column) for column in there]
        values = pl.collect_all([judged(column, cells) for column, (cells, _) in zip(there, found, strict=True)])
        judging = zip(there, values, found, strict=True)
        return {column.name: _Cells(column, cells, places) for column, cells, (_, places) in judging}

    def _distinct(self, column: Column) -> tuple[pl.LazyFrame, pl.Series]:
        """The distinct cells, of an amount beside each scale that a heading gives it, and the place of each row's."""
        coded = pc.dictionary_encode(self.rows.column(column.name), null_encoding="encode")
        places = pl.Series(pa.chunked_array([chunk.indices for chunk in coded.chunks])).rechunk().cast(pl.UInt32)
        cells = pl.LazyFrame({"raw": pl.Series(coded.chunk(0).dictionary, dtype=pl.String)})
        if column.parse != "amount":
            return cells, places
        scales = [file.scales.get(column.name, 1) for file in self.files]
        known = sorted({*scales})
        of_file = pl.Series([known.index(scale) for scale in scales], dtype=pl.UInt32)
        scaled = cells.join(pl.LazyFrame({"scale": known}), how="cross", maintain_order="left_right")
        return scaled, places * len(known) + of_file.gather(self.file)

    def judge(self) -> Judged:
        """Every row goes one way."""
        said = [*self._said()]
        unsplit = self._unsplit()
        reasons = _by_row(text for is_flag, text in said if not is_flag).join(unsplit, on="row", how="anti")
        reasons = pl.concat([reasons, unsplit.select("row", pl.concat_list("text"))]).sort("row")
        flags = _by_row(text for is_flag, text in said if is_flag)
        rows = pl.DataFrame({"row": pl.int_range(len(self.line), dtype=pl.UInt32, eager=True)})
        good = rows.join(reasons, on="row", how="anti", maintain_order="left")
        flagged = good.join(flags, on="row", how="left", maintain_order="left")["text"].fill_null([])
        accepted = self._accepted(good["row"]).with_columns(flagged.alias("_flags"))
        quarantined = self._origin(reasons["row"]).with_columns(reasons["text"].alias("_reasons"))
        return Judged(
            self.contract,
            accepted,
            quarantined.drop("_version"),
            self._counted(accepted, quarantined),
            self._mentions() if self.contract.is_snapshot else pl.DataFrame(),
            reasons,
            flags,
        )

    def _said(self) -> Iterator[tuple[bool, pl.DataFrame]]:
        """Every broken rule, with the rows that break it and what is said of each."""
        for cells in self.columns.values():
            column = cells.column
            for place, rule in enumerate(rules(column)):
                if not cells.values[str(place)].any():
                    continue
                broken = cells.of_rows(str(place))
                if rule.when:
                    assert column.check_when
                    broken &= (self.columns[column.check_when.column].of_rows("typed") == rule.when).fill_null(False)
                yield rule.name in (*column.flag, CASE), self._say(cells, rule.words, broken)
            if column.not_before and column.not_before in self.columns:
                early = cells.of_rows("typed") < self.columns[column.not_before].of_rows("typed")
                label = self.contract.column(column.not_before).label
                yield False, self._say(cells, f"早于{label}", early.fill_null(False))
            if column.not_future:
                day = self.deliveries["_received_at"].dt.convert_time_zone("Asia/Shanghai").dt.date()
                late = cells.of_rows("typed") > day.gather(self.file)
                yield False, self._say(cells, "晚于接收日期", late.fill_null(False))

    def _say(self, cells: _Cells, words: str, broken: pl.Series) -> pl.DataFrame:
        rows = broken.arg_true()
        shown = cells.values["shown"].gather(cells.places.gather(rows))
        return pl.DataFrame({"row": rows, "text": f"{cells.column.name}: {words}: " + shown})

    def _unsplit(self) -> pl.DataFrame:
        """The rows that could not be split into cells, with their text and with what is said of them."""
        fault, raw = (pl.Series(self.rows.column(name), dtype=pl.String) for name in (FAULT, RAW))
        rows = fault.is_not_null().arg_true()
        raw = raw.gather(rows)
        return pl.DataFrame(
            {"row": rows, "raw": raw, "text": "_row: " + fault.gather(rows) + ": " + raw.str.head(RAW_TOLD)}
        )

    def _origin(self, rows: pl.Series) -> pl.DataFrame:
        """The system columns of rows, and their versions."""
        file, line = self.file.gather(rows), self.line.gather(rows)
        of_delivery = {name: self.deliveries[name].gather(file) for name in ORIGIN}
        version = self.deliveries["_number"].gather(file) * LINES + line
        return pl.DataFrame({**of_delivery, "_line": line, "_version": version})

    def _accepted(self, rows: pl.Series) -> pl.DataFrame:
        typed = {
            column.name: cells.values["typed"].gather(cells.places.gather(rows))
            if (cells := self.columns.get(column.name))
            else pl.repeat(None, len(rows), dtype=dtype(column.spark_type), eager=True)
            for column in self.contract.columns
        }
        return pl.DataFrame(typed).hstack(self._origin(rows))

    def _counted(self, accepted: pl.DataFrame, quarantined: pl.DataFrame) -> pl.DataFrame:
        """The deliveries with their counts."""
        counted = self.deliveries
        for name, rows in (("rows_accepted", accepted), ("rows_quarantined", quarantined)):
            counts = rows.group_by("_delivery").agg(pl.len().cast(pl.Int64).alias(name))
            counted = counted.join(counts, on="_delivery", how="left", maintain_order="left")
        return counted.select(
            "_delivery",
            pl.col("_department").alias("department"),
            pl.lit(self.contract.name).alias("feed"),
            "file_name",
            pl.col("_received_at").alias("received_at"),
            "rows_delivered",
            pl.col("rows_accepted", "rows_quarantined").fill_null(0),
            "_number",
        )

    def _mentions(self) -> pl.DataFrame:
        """What each row speaks of; accepted or not."""
        [key] = self.contract.key
        raw = pl.Series(self.rows.column(RAW), dtype=pl.String)
        number = self.deliveries["_number"].gather(self.file)
        return pl.DataFrame({"_number": number, "key": self.columns[key].of_rows("text"), "raw": raw})


def _by_row(said: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """All that is said of a row, in the order of the contract."""
    nothing = pl.DataFrame(schema={"row": pl.UInt32, "text": pl.String})
    return pl.concat([nothing, *said]).group_by("row", maintain_order=True).agg("text")
