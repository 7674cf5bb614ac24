"""A home flows in; the process that lands it, with its figures or its exception as one JSON line, flows out."""

from __future__ import annotations

import json
import resource
import sys
import traceback
from pathlib import Path

from spark_jobs import pipeline
from spark_jobs.lake.home import Home

# Whoever tests a reader that does not limit itself keeps the machine.
ADDRESSES = 16 << 30


def main() -> None:
    """Runs stage `land` once."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    try:
        report = pipeline.land(Home(Path(sys.argv[1])))
        told = {"figures": report.figures, "seconds": report.seconds}
    except BaseException:
        told = {"error": traceback.format_exc()[-3000:]}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
