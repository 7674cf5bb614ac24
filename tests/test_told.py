"""A log's table names every file of which something was not accepted, and none of what cells say."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.cells import cell_len

from spark_jobs.lake.ledger import Delivery
from spark_jobs.receipts.told import troubled

MOMENT = datetime(2026, 1, 5, tzinfo=UTC)


def delivery(file: str, state: str, accepted: int = 0, quarantined: int = 0) -> Delivery:
    rows = accepted + quarantined
    counts = {"rows": rows, "rows_accepted": accepted, "rows_quarantined": quarantined}
    reason = "表头中有未约定的列：“张三”"
    return Delivery("a" * 64, "scjg", "officer", "officer", file, 9, MOMENT, state=state, reason=reason, **counts)


def test_what_was_not_accepted_is_a_row_with_its_columns_below_each_other() -> None:
    lines = troubled(
        [
            delivery("好.csv", "accepted", 5),
            delivery("坏.csv", "refused"),
            delivery("a much longer name.xlsx", "held", 2),
            delivery("半.csv", "accepted", 1234, 5),
            delivery("空.csv", "accepted", 0, 5),
        ]
    )
    assert [line.split()[0] for line in lines[1:-1]] == ["已退回", "暂缓入库", "部分退回", "全部退回"]
    assert not [line for line in lines if "好.csv" in line or "张三" in line]
    starts = {cell_len(line[: line.index("执法人员信息")]) for line in lines[1:-1]}
    assert starts == {cell_len(lines[0][: lines[0].index("数据集")])}
    assert "1,239" in lines[3]


def test_where_everything_was_accepted_nothing_is_told() -> None:
    assert troubled([delivery("好.csv", "accepted", 5)]) == []
