"""Publishing (发布): gold tables become the serving file that dashboards read."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from dags.lake import COMMON, GOLD, stage

# What departments deliver changes the page 监管数据 also where no row of it reaches gold.
EVERY_HOUR = CronTriggerTimetable("25 * * * *", timezone="Asia/Shanghai")


@dag(
    dag_id="publish",
    dag_display_name="发布到驾驶舱",
    schedule=AssetOrTimeSchedule(timetable=EVERY_HOUR, assets=[GOLD]),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["发布", "可视化"],
    **COMMON,
)
def publish() -> None:
    """Publishes gold to the dashboards' serving file (发布到可视化驾驶舱).

    **validate** lets Great Expectations judge the deliveries that were settled since; where it says otherwise than
    their contract's bounds, nothing is published. **publish** writes a new file and switches to it at once; Superset
    reads it from its next query on. Runs when the asset `gold` changed, and every hour for the state of the feeds; both
    tasks skip when nothing is new.
    """
    stage("validate", "质量复核") >> stage("publish", "发布")


publish()
