"""A worker's words flow in; a worker flows out that begins anew whenever it has to, and ends when it cannot begin.

The worker proper is a child: it ends in good order with BEGIN_ANEW where files, failures or other people's tables have
made what it knows doubtful, and one that is killed is replaced as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from spark_jobs.lake.home import Home
from spark_jobs.resident.door import read_door

COMMAND = (sys.executable, "-P", "-m", "spark_jobs.resident", "--serve")
BEGIN_ANEW = 75


def main() -> int:
    """Is the worker if told to serve, and keeps one running otherwise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--instead-of", metavar="REMOTE", help="The engine that `up` started for others.")
    options = parser.parse_args()
    home = Home(options.home)
    return _serve(home, options.instead_of) if options.serve else _keep_one(home)


def _keep_one(home: Home) -> int:
    while True:
        before = read_door(home)
        code = subprocess.call([*COMMAND, *sys.argv[1:]])
        # One that never opened its door would not the next time either.
        if code == 0 or (code != BEGIN_ANEW and read_door(home) == before):
            return code


def _serve(home: Home, instead_of: str | None) -> int:
    from spark_jobs.resident.worker import Worker

    return BEGIN_ANEW if Worker(home, instead_of).serve() else 0


if __name__ == "__main__":
    sys.exit(main())
