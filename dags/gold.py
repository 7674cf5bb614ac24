"""Gold (指标与风险): base and theme tables become scores, clocks and monthly figures."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag

from dags.lake import BASE, COMMON, GOLD, stage

# Deadlines run out and old findings lose weight with the day, also when no department delivers.
NEW_DAY = CronTriggerTimetable("10 0 * * *", timezone="Asia/Shanghai")


@dag(
    dag_id="gold",
    dag_display_name="风险评分与指标",
    schedule=AssetOrTimeSchedule(timetable=NEW_DAY, assets=[BASE]),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["风险预警", "指标"],
    **COMMON,
)
def gold() -> None:
    """Scores the risk of every supervised object (风险评分) and counts the indicators (监管指标).

    **gold** scores first, each score with its reasons and the model's version, then builds the monthly
    figures and the complaint clocks. Runs when the asset `base` changed or a day begins in China, and emits
    the asset `gold`.
    """
    stage("gold", "评分与指标", emits=GOLD)


gold()
