"""Bronze that lost rows between landing and judging: whose they were waits, and everybody else's data goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import own_file, pending, read_ledger
from spark_jobs.lake.tables import read
from tests.drops import FIRMS, drop, table

FEED = "complaint"
HEADINGS = "登记编号,信息件类型,被投诉人,行政区划代码,登记时间"
ROWS = [f"TS-{number},投诉,武汉样本商贸有限公司,420103,2026-01-05" for number in range(5)]


def _shortened(file: Path) -> None:
    pq.write_table(pq.read_table(file).slice(0, 3), file)


@pytest.mark.parametrize("harm", [Path.unlink, _shortened, lambda file: file.write_bytes(b"PAR1")])
def test_lost_rows_park_one_departments_feed_until_they_are_back(home: Home, harm: Callable[[Path], None]) -> None:
    for department in ("scjg", "sthj"):
        rows = [f"{department}{row}" for row in ROWS]
        drop(home, "投诉.csv", table(*rows, headings=HEADINGS), f"{department}/{FEED}")
    drop(home, "企业.csv", table(*FIRMS))
    pipeline.land(home)
    [lost] = [one for one in pending(home)[FEED] if one.department == "scjg"]
    file = own_file(home, lost)
    whole = file.read_bytes()
    harm(file)
    for _ in range(2):  # a second run says it again
        report = pipeline.conform(home)
        [warning] = report.warnings
        assert report.figures["parked"] == 1
        assert all(word in warning for word in ("rows in and out differ", "scjg", lost.delivery, file.name))
        assert {(one.department, one.feed, one.state) for one in read_ledger(home)} == {
            ("sthj", FEED, "accepted"),
            ("scjg", "scjg_enterprise", "accepted"),
        }
        assert pipeline.base(home).warnings == []
        assert set(read(home.table("base", FEED))["department"].to_pylist()) == {"sthj"}
    file.write_bytes(whole)
    report = pipeline.conform(home)
    assert (report.warnings, report.figures["accepted"]) == ([], len(ROWS))
    pipeline.base(home)
    assert read(home.table("base", FEED)).num_rows == 2 * len(ROWS)
