"""A home flows in; `lakewarden run` happens, and what each stage took and did flows out as the last line of stdout."""

from __future__ import annotations

import json
import sys
from functools import wraps
from typing import Any

from spark_jobs import pipeline
from spark_jobs.command.cli import DONE, PARTLY, main
from spark_jobs.lake.home import Home
from spark_jobs.stage_report import StageReport


def run(home: str) -> dict[str, Any]:
    """The whole command, from its words on; a run that refused or held files has done its work too."""
    reports: list[StageReport] = []

    def noted(stage: pipeline.Stage) -> pipeline.Stage:
        @wraps(stage)
        def run_noted(home: Home) -> StageReport:
            reports.append(stage(home))
            return reports[-1]

        return run_noted

    pipeline.STAGES = tuple(map(noted, pipeline.STAGES))
    try:
        main(["--home", home, "run"], standalone_mode=False)
    except SystemExit as ended:
        if ended.code not in (DONE, PARTLY):
            raise
    figures = {name: value for report in reports[:2] for name, value in report.figures.items()}
    return {"stages": {report.name: report.seconds for report in reports}, **figures}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
