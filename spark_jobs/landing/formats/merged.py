"""A page's values flow in; the rows below its headings flow out, with what merged cells hold in each row they cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from python_calamine import CalamineSheet

Range = tuple[tuple[int, int], tuple[int, int]]


def filled_rows(page: CalamineSheet, headings: int, named: Sequence[int]) -> Iterator[tuple[int, list[object], bool]]:
    """Each row below row `headings` (both from 0), and whether a merged cell with a value covers several named columns.

    A range that goes down holds its value in every row, in its first column: which of several columns it belongs to
    nobody knows. A row that is nothing but the rest of cells merged downwards is, to the eye, no row of its own.
    """
    left = (page.start or (0, 0))[1]
    merged = [cells for cells in sorted(page.merged_cell_ranges or []) if cells[0][0] > headings]
    open_: list[tuple[Range, object]] = []
    next_ = 0
    for row, cells in enumerate(page.iter_rows()):
        if row <= headings:
            continue
        if not merged:
            yield row, cells, False
            continue
        while next_ < len(merged) and merged[next_][0][0] <= row:
            column = merged[next_][0][1] - left
            if 0 <= column < len(cells):
                open_.append((merged[next_], cells[column]))
            next_ += 1
        open_ = [(range_, value) for range_, value in open_ if range_[1][0] >= row]
        if open_ and any(cell != "" for cell in cells):
            for ((_, first), _), value in open_:
                cells[first - left] = value
        covered = ((first - left, last - left) for ((_, first), (_, last)), value in open_ if value != "")
        is_over_columns = any(sum(first <= place <= last for place in named) > 1 for first, last in covered)
        yield row, list(cells), is_over_columns
