"""The alarm (时效预警): feeds that live departments have not delivered in time turn a run red."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

from dags.lake import COMMON

# When people come to work; on days off nothing gets later.
MORNING = CronTriggerTimetable("0 9 * * *", timezone="Asia/Shanghai")


@dag(
    dag_id="late",
    dag_display_name="报送时效预警",
    schedule=MORNING,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["汇聚", "时效"],
    **COMMON,
)
def late() -> None:
    """Fails while a live department (正式报送) is late with a feed (逾期), and names the feeds.

    **late** counts the working days since each feed's last delivery against its cadence, as `lakewarden status --late`
    does. A failed run is the alarm: hang a notification on it as your office does. Runs every morning in China.
    """

    @task(task_id="late", task_display_name="逾期检查", trigger_rule="none_failed")
    def check() -> None:
        from spark_jobs.lake.feed_state import feed_states
        from spark_jobs.lake.home import Home

        overdue = [state.lateness for state in feed_states(Home.resolve()) if state.is_late]
        if overdue:
            raise AirflowFailException("；".join(overdue))

    check()


late()
