"""A number of firms and days flows in; a home with the whole province in its gold tables, made once, flows out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.compute as pc

from bench.measure import say, write_json
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.serving.publish import publish_serving, served_names, serving_file

DONE = "prepared.json"


def province(data: Path, objects: int, days: int) -> Home:
    """The home, made by `lakewarden simulate` and `lakewarden run` if it is not there."""
    home = Home((data / f"province-{objects}x{days}").resolve())
    done = home.path / DONE
    took: dict[str, float] = json.loads(done.read_text())["seconds"] if done.exists() else {}
    for name, words in (("simulate", ["--objects", str(objects), "--days", str(days)]), ("run", [])):
        if name in took:
            continue
        say(f"making the province once: {name}")
        started = time.perf_counter()
        command = [Path(sys.executable).with_name("lakewarden"), "--home", home.path, name, *words]
        # 1: some files are refused, as they are meant to be.
        if subprocess.run(command, env={**os.environ, "LAKEWARDEN_QUIET": "0"}).returncode not in (0, 1):
            raise SystemExit(f"lakewarden {name} failed in {home.path}")
        took[name] = time.perf_counter() - started
        write_json(done, {"seconds": took})
    return home


def described(home: Home) -> dict[str, Any]:
    """How large it is: rows that departments delivered, and rows and bytes that are served."""
    with duckdb.connect(str(serving_file(home).resolve()), read_only=True) as database:
        tables = {name: len(database.sql(f"from {name}")) for name in served_names(database)}
    accepted = pc.sum(read(home.table("ops", "delivery"), ["rows_accepted"])["rows_accepted"]).as_py()
    made = json.loads((home.path / DONE).read_text())["seconds"]
    served = {"bytes": serving_file(home).stat().st_size, "tables": tables}
    return {"rows": accepted, "served": served, "made_in_s": made}


def publish_again(home: Home) -> dict[str, Any]:
    """The same tables as a new version of the serving file, written as if there had been none before."""
    serving_file(home).unlink(missing_ok=True)
    (home.state / "published.json").unlink(missing_ok=True)
    return publish_serving(home)
