"""A folder of DAG files flows in, read as Airflow reads them; what they promise flows out as JSON."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag

HEAVY = ("pyspark", "pysail", "dbt", "deltalake", "duckdb", "great_expectations")


def told(dag: Any) -> dict[str, Any]:
    """What the tests ask of a DAG."""
    condition = getattr(dag.timetable, "asset_condition", None)
    clock = getattr(dag.timetable, "timetable", dag.timetable)
    return {
        "name": dag.dag_display_name,
        "doc": dag.doc_md,
        "tags": sorted(dag.tags),
        "runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "assets": [asset.name for asset in condition.objects] if condition else [],
        "clock": getattr(clock, "expression", None),
        "tasks": {task.task_id: told_of_task(task) for task in dag.topological_sort()},
    }


def told_of_task(task: Any) -> dict[str, Any]:
    """What the tests ask of a task."""
    return {
        "name": task.task_display_name,
        "owner": task.owner,
        "retries": task.retries,
        "pool": task.pool,
        "rule": task.trigger_rule.value,
        "emits": [asset.name for asset in task.outlets],
    }


def main() -> None:
    """Reads the folder named on the command line."""
    started = time.perf_counter()
    bag = DagBag(sys.argv[1])
    read = {
        "seconds": time.perf_counter() - started,
        "errors": {str(path): error for path, error in bag.import_errors.items()},
        "dags": {dag.dag_id: told(dag) for dag in bag.dags.values()},
        "heavy": sorted(set(HEAVY) & set(sys.modules)),
        "stages": sorted(name for name in sys.modules if name.split(".")[0] == "spark_jobs"),
    }
    Path(sys.argv[2]).write_text(json.dumps(read))


if __name__ == "__main__":
    main()
