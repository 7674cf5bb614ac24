"""A worker's words flow in; a worker flows out that begins anew whenever it has to, and ends when it cannot begin.

The worker proper is a child: it ends in good order with BEGIN_ANEW where files, failures or other people's tables have
made what it knows doubtful, and one that is killed is replaced as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

COMMAND = (sys.executable, "-P", "-m", "spark_jobs.resident", "--serve")
BEGIN_ANEW = 75
# One that ends sooner, and not by its own wish, would do so again.
SECONDS_TO_PROVE_ITSELF = 30


def main() -> int:
    """Keeps a worker running."""
    while True:
        started = time.monotonic()
        code = subprocess.call([*COMMAND, *sys.argv[1:]])
        if code != BEGIN_ANEW and (code == 0 or time.monotonic() - started < SECONDS_TO_PROVE_ITSELF):
            return code


def serve() -> int:
    """Is the worker; returns BEGIN_ANEW if there should be another one."""
    from spark_jobs.lake.home import Home
    from spark_jobs.resident.worker import Worker

    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--own-engine", action="store_true", help="SPARK_REMOTE is the engine that `up` started.")
    options = parser.parse_args()
    return BEGIN_ANEW if Worker(Home(options.home), options.own_engine).serve() else 0


if __name__ == "__main__":
    sys.exit(serve() if "--serve" in sys.argv else main())
