"""What the DAGs share: the assets that chain them, and a stage of the pipeline as a task."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, task
from airflow.sdk.exceptions import AirflowSkipException

SILVER = Asset("silver", uri="lakewarden://silver")
BASE = Asset("base", uri="lakewarden://base")
GOLD = Asset("gold", uri="lakewarden://gold")

# One slot: two tasks never write the lake at the same time, whatever their DAGs.
POOL = "lake"

COMMON: dict[str, Any] = {
    "catchup": False,
    "max_active_runs": 1,
    "max_active_tasks": 1,
    "default_args": {"owner": "lakewarden", "retries": 2, "retry_delay": timedelta(seconds=15), "pool": POOL},
}


def stage(name: str, title: str, emits: Asset | None = None, inherits: bool = False) -> Any:
    """The pipeline's stage of that name as a task, skipped when it changed no table and nobody else has (`wakes`).

    A skipped task emits no event, so nothing further runs. With `inherits` a change by the tasks before
    counts too. A second try always counts as a change: it cannot know what the killed first one had written.
    """

    @task(task_id=name, task_display_name=title, trigger_rule="none_failed", outlets=[emits] if emits else [])
    def run(**context: Any) -> dict[str, float | int | str]:
        from spark_jobs import pipeline
        from spark_jobs.lake.home import Home

        report = getattr(pipeline, name)(Home.resolve())
        log = logging.getLogger(__name__)
        for warning in report.warnings:
            log.warning(warning)
        for line in report.told:
            log.info(line)
        instance, before = context["ti"], context["task"].upstream_task_ids if inherits else ()
        changed_before = any(instance.xcom_pull(task_ids=one) for one in before)
        if not (report.changed or report.wakes or changed_before or instance.try_number > 1):
            raise AirflowSkipException(f"{name}: nothing new {report.figures or ''}")
        return {**report.figures, "seconds": report.seconds}

    return run()
