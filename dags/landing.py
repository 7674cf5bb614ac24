"""Landing (数据汇聚): departments' files become bronze, then silver or quarantine."""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import dag

from dags.lake import COMMON, SILVER, stage


@dag(
    dag_id="landing",
    dag_display_name="数据汇聚",
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    tags=["汇聚", "silver"],
    **COMMON,
)
def landing() -> None:
    """Takes what departments dropped into their landing folders (数据汇聚).

    **land** copies every new file to the archive and its rows to bronze; **conform** types them, sends the
    rows that cannot be believed to quarantine, holds a delivery that fails its gate, and writes the receipts.
    Runs every ten minutes and by hand; both tasks skip when nothing is new, and conform also picks up what a
    crashed run left in bronze. Emits the asset `silver`, also when somebody else changed it since base was built: a
    release, a replay, a run by hand, a mended contract.
    """
    stage("land", "接收") >> stage("conform", "校验入库", emits=SILVER)


landing()
