"""Publishing (发布): gold tables become the serving file that dashboards read."""

from __future__ import annotations

from airflow.sdk import dag

from dags.lake import COMMON, GOLD, stage


@dag(dag_id="publish", dag_display_name="发布到驾驶舱", schedule=[GOLD], tags=["发布", "可视化"], **COMMON)
def publish() -> None:
    """Publishes gold to the dashboards' serving file (发布到可视化驾驶舱).

    **validate** lets Great Expectations judge the deliveries that were settled since; where it says otherwise than
    their contract's bounds, nothing is published. **publish** writes a new file and switches to it at once; Superset
    reads it from its next query on. Runs when the asset `gold` changed.
    """
    stage("validate", "质量复核") >> stage("publish", "发布")


publish()
