"""Findings flow in; by row, everything that is said of it, and rejected rows as they were delivered, flow out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.judging.arrays import is_null
from spark_jobs.judging.cells import Rows
from spark_jobs.judging.rules import Finding

# Characters shown of a cell, and of a row that could not be split into cells.
SHOWN, ROW_SHOWN = 80, 200


def told(findings: Sequence[Finding], rows: Rows | None, count: int) -> pa.Array:
    """For each of these rows of a chunk of `count` (or for all) the list of what is said of it."""
    places = np.arange(count) if rows is None else np.full(count, -1).astype(np.intp)
    if rows is not None:
        places[rows] = np.arange(len(rows))
    length = count if rows is None else len(rows)
    owners, texts = [], []
    for finding in findings:
        chosen = finding.rows[places[finding.rows] >= 0]
        if len(chosen):
            owners.append(places[chosen])
            texts.append(_sentences(finding, chosen))
    if not owners:
        return pa.ListArray.from_arrays(pa.array(np.zeros(length + 1, np.int32)), pa.array([], pa.string()))
    owner = np.concatenate(owners)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=length))]).astype(np.int32)
    by_row = pa.concat_arrays(texts).take(pa.array(np.argsort(owner, kind="stable")))
    return pa.ListArray.from_arrays(pa.array(bounds), by_row)


def _sentences(finding: Finding, rows: Rows) -> pa.Array:
    """`column: what is wrong: value`, for each row."""
    begin = f"{finding.column.name}: {finding.words}: "
    if finding.cells is None:
        return pa.array([begin] * len(rows))
    cells = finding.cells.of_rows(finding.cells.raw, rows)
    shown = pc.fill_null(pc.utf8_slice_codeunits(cells, 0, SHOWN), "")
    return pc.binary_join_element_wise(begin, shown, "")


def as_delivered(cells: Mapping[str, pa.Array], count: int) -> pa.Array:
    """Each row as a map of column to cell; a cell that was not delivered is not there."""
    width = len(cells)
    by_row = np.arange(width * count).reshape(width, count).T.ravel()
    values = pa.concat_arrays(list(cells.values())).take(pa.array(by_row))
    is_there = ~is_null(values)
    keys = pa.array(cells.keys(), pa.string()).take(pa.array(np.tile(np.arange(width), count)[is_there]))
    bounds = np.concatenate([[0], np.cumsum(is_there.reshape(count, width).sum(axis=1))]).astype(np.int32)
    return pa.MapArray.from_arrays(pa.array(bounds), keys, values.filter(pa.array(is_there)))


def unsplit_as_delivered(raw: pa.Array) -> pa.Array:
    """Rows that could not be split into cells, each as a map with the one entry `_row`."""
    return pa.MapArray.from_arrays(
        pa.array(np.arange(len(raw) + 1, dtype=np.int32)), pa.array(["_row"] * len(raw)), raw
    )


def told_of_unsplit(raw: pa.Array, fault: pa.Array) -> pa.Array:
    """The one reason against each row that could not be split into cells."""
    sentences = pc.binary_join_element_wise("_row: ", fault, ": ", pc.utf8_slice_codeunits(raw, 0, ROW_SHOWN), "")
    return pa.ListArray.from_arrays(pa.array(np.arange(len(raw) + 1, dtype=np.int32)), sentences)
