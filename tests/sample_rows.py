"""A sample file flows in; its rows without the last column `#expect`, and the verdicts that it promises, flow out."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from spark_jobs.lake.columns import LINES_A_PAGE
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read


def drop(sample: Path, target: Path) -> None:
    """Puts the sample where its department would, without the verdicts."""
    text = io.StringIO()
    csv.writer(text).writerows(row[:-1] for row in _rows(sample))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.getvalue(), encoding="utf-8")


def verdicts(home: Home, feed: str) -> dict[int, set[str]]:
    """What became of each line of the feed's one delivery: its reasons, and its flags behind a ~.

    A line that became several rows has what was said of any of them.
    """
    found: dict[int, set[str]] = {}
    for row in read(home.table("quarantine", feed)).to_pylist():
        found.setdefault(row["_line"] % LINES_A_PAGE, set()).update(
            reason.rsplit(": ", 1)[0] for reason in row["_reasons"]
        )
    for row in read(home.table("silver", feed)).to_pylist():
        found.setdefault(row["_line"] % LINES_A_PAGE, set()).update(
            "~" + flag.rsplit(": ", 1)[0] for flag in row["_flags"]
        )
    return found


def assert_verdicts(sample: Path, found: dict[int, set[str]]) -> None:
    """Every row of the sample has the verdict it carries; doubts do not matter beside a reason."""
    rows = _rows(sample)
    expected = {line: set(filter(None, row[-1].split("|"))) for line, row in enumerate(rows[1:], 2)}
    for line, said in expected.items():
        hard = {text for text in said if not text.startswith("~")}
        rejected = {text for text in found[line] if not text.startswith("~")}
        assert rejected == hard, f"line {line}: {rows[line - 1]}"
        if not hard:
            assert found[line] == said, f"line {line}: {rows[line - 1]}"
    assert set(found) == set(expected)


def _rows(sample: Path) -> list[list[str]]:
    with sample.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))
