"""Deliveries flow in; a table for a log flows out that names those of which a file or rows were not accepted.

It names files and tells where their receipts lie; what cells say stays with the receipts, for it may be personal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from spark_jobs.lake.ledger import Delivery
from spark_jobs.receipts.sentences import department_title, feed_title, state_of

HEADINGS = ("状态", "部门", "数据集", "文件", "报送行数", "退回行数", "标识")
TROUBLED = ("refused", "held", "rejected")
MOST = 200


def troubled(deliveries: Iterable[Delivery]) -> list[str]:
    """The lines; none where everything was accepted."""
    found = [delivery for delivery in deliveries if delivery.state in TROUBLED or delivery.rows_quarantined]
    if not found:
        return []
    more = [f"…另有 {len(found) - MOST} 个文件"] if len(found) > MOST else []
    return [
        *aligned([HEADINGS, *(_row(delivery) for delivery in found[:MOST])]),
        *more,
        "原因见各部门的回执（receipts）。",
    ]


def _row(delivery: Delivery) -> tuple[str, ...]:
    rows, returned = (f"{count:,}" if count else "" for count in (delivery.rows, delivery.rows_quarantined))
    department, word = department_title(delivery.department), state_of(delivery).word
    word = "部分退回" if delivery.state == "accepted" and delivery.rows_accepted else word
    return word, department, feed_title(delivery), delivery.file_name, rows, returned, delivery.delivery[:12]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of text as lines; a Chinese letter is two cells wide."""
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def padded(cell: str, width: int) -> str:
    """A text with blanks behind it, as wide as so many Latin letters."""
    return cell + " " * (width - cell_len(cell))
