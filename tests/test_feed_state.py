"""What each department promised and what came of it: late by working days, waived until live, and files that wait."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from click.testing import CliRunner

from schemas.contract import departments
from spark_jobs import pipeline
from spark_jobs.command.cli import main
from spark_jobs.lake.feed_state import FeedState, feed_states, keep_feed_states, notices_path
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, record
from spark_jobs.lake.tables import create_tables, read, version
from spark_jobs.serving.publish import BOOKS, served_names, serving_file

# A Wednesday; the delivery came on a Friday five weeks before, with National Day in between.
TODAY, CAME = "2025-10-22", datetime(2025, 9, 19, 2, tzinfo=UTC)
WEEKLY = "check_action"


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_TODAY", TODAY)


def delivered(home: Home, department: str, state: str = "accepted", file: str = "一.csv", hours: int = 0) -> None:
    home.create()
    create_tables(home)
    moment = CAME + timedelta(hours=hours)
    name = f"{department}{file}{hours}".encode().hex().ljust(64, "0")[:64]
    delivery = Delivery(name, department, WEEKLY, WEEKLY, file, 1, moment, rows=10, rows_accepted=9, rows_quarantined=1)
    record(home, [replace(delivery, state=state)])


def state(home: Home, department: str) -> FeedState:
    [found] = [one for one in feed_states(home) if (one.department, one.feed) == (department, WEEKLY)]
    return found


def test_a_live_department_is_late_by_working_days(home: Home) -> None:
    delivered(home, "scjg")
    found = state(home, "scjg")
    # From 22 September to 22 October 2025 there are 19 working days, 28 September and 11 October among them; 8 are due.
    assert (found.punctuality, found.working_days_late, found.attention) == ("late", 11, "1")
    assert (found.deliveries, found.rows_delivered, found.rows_quarantined) == (1, 10, 1)


def test_only_a_live_department_can_be_late(home: Home) -> None:
    testing = next(name for name, one in departments().items() if one.onboarding == "testing")
    delivered(home, testing)
    delivered(home, "scjg")
    assert (state(home, testing).punctuality, state(home, testing).working_days_late) == ("waived", 0)
    assert state(home, testing).onboarding == "testing"
    assert state(home, "yjj").punctuality == "never"
    assert [one.department for one in feed_states(home) if one.is_late] == ["scjg"]


def test_a_file_that_was_turned_away_waits_until_the_feed_is_delivered_and_a_held_one_until_it_is_decided(
    home: Home,
) -> None:
    delivered(home, "scjg", "refused", "坏.csv", 1)
    delivered(home, "scjg", "held", "少.csv", 2)
    assert (state(home, "scjg").open_files, state(home, "scjg").open_file) == (2, "少.csv")
    delivered(home, "scjg", "accepted", "好.csv", 3)
    found = state(home, "scjg")
    assert (found.open_files, found.open_file, found.refused) == (1, "少.csv", 1)


def test_states_and_notices_are_written_when_something_is_new(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered(home, "scjg", "refused", "坏.csv", 1)
    assert keep_feed_states(home)
    assert keep_feed_states(home) is None
    [notice] = json.loads(notices_path(home).read_text(encoding="utf-8"))
    assert notice == {
        "category": "warning",
        "text": "有文件退回或暂缓入库（1）：市场监管局《行政检查行为信息》坏.csv",
    }
    delivered(home, "scjg", "accepted", "好.csv", 2)
    assert keep_feed_states(home)
    texts = [notice["text"] for notice in json.loads(notices_path(home).read_text(encoding="utf-8"))]
    assert texts == ["逾期未报送（1）：市场监管局《行政检查行为信息》逾期11个工作日"]
    monkeypatch.setenv("LAKEWARDEN_TODAY", "2025-10-23")
    assert keep_feed_states(home), "a new day"
    rows = read(home.table("ops", "feed"), ["working_days_late"], [("department", "=", "scjg"), ("feed", "=", WEEKLY)])
    assert rows["working_days_late"].to_pylist() == [12]


def test_a_run_keeps_the_states_and_publishing_serves_them(home: Home) -> None:
    delivered(home, "scjg")
    pipeline.conform(home)
    before = version(home.table("ops", "feed"))
    pipeline.conform(home)
    assert version(home.table("ops", "feed")) == before
    pipeline.publish(home)
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        assert [name for name in served_names(database) if name.startswith("ops.")] == list(BOOKS)
        row = database.execute(
            "select department_name, onboarding_name, cadence_name, punctuality_name from ops.feed "
            f"where department = 'scjg' and feed = '{WEEKLY}'"
        ).fetchone()
    assert row == ("市场监管局", "正式报送", "每周", "逾期")


def test_the_alarm_of_status_is_its_exit_code(home: Home) -> None:
    delivered(home, "scjg")
    options = ["--home", str(home.path), "status", "--late"]
    late = CliRunner().invoke(main, options)
    assert late.exit_code == 1
    assert "11 working days" in late.stdout
    delivered(home, "scjg", "accepted", "新.csv", 24 * 32)
    on_time = CliRunner().invoke(main, options)
    assert on_time.exit_code == 0
    assert WEEKLY not in on_time.stdout
