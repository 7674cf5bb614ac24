"""Whole rows that were turned away flow in as text; their cells, as far as they can be told apart, flow out."""

from __future__ import annotations

import csv

from spark_jobs.lake.text_mark import LOOSE_CELLS

SEPARATORS = ",\t;|"


def loose_cells(row: str, columns: int) -> list[str]:
    """The row's cells by the separator that makes about as many as the file has columns; else the row as one cell.

    JSON, and what holds no separator, stays whole; what is beyond the last loose cell stays in that one.
    """
    if row.lstrip()[:1] in ("{", "["):
        return [row]
    split = [(separator, _split(row, separator)) for separator in SEPARATORS]
    separator, cells = min(split, key=lambda one: (len(one[1]) == 1, abs(len(one[1]) - columns)))
    most = len(LOOSE_CELLS)
    return cells if len(cells) <= most else [*cells[: most - 1], separator.join(cells[most - 1 :])]


def _split(row: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([row], delimiter=separator), [row])
    except csv.Error:
        return [row]
