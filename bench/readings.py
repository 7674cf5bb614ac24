"""Days of readings flow in, one delivery a day and now and then a late correction; what each day costs flows out.

`python -m bench.readings [--days 60] [--rows 110000] [--whole]`: every day is a fresh `lakewarden run`. A correction
speaks of two days, the third and the twentieth before it; which days of `base.reading` and `base.reading_day` were
written again is read from their files. `--whole` builds everything anew at the end and compares it with what had grown;
`--home` keeps the home, and `--after` goes on in it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.csv as csv
from deltalake import DeltaTable

from bench.measure import say, write_json
from spark_jobs.lake.home import Home
from spark_jobs.landing.land import make_landing_zone

FIRST = date(2026, 5, 2)
INDICATORS = np.array(["w01018", "w21003", "w00000", "w01001", "w21011", "w21001"])
HOURS = 24
CORRECTED_EVERY, BACK, CORRECTIONS = 10, (3, 20), 1_000
TABLES, DAY = ("reading", "reading_day"), "reading_date"
Spent = dict[str, float]


def day_of_readings(day: date, devices: int) -> pa.Table:
    """24 hours and the day's value of every device and indicator, as the contract's headings have them."""
    count = devices * len(INDICATORS) * (HOURS + 1)
    draw = np.random.default_rng(day.toordinal())
    hour = np.arange(count) % (HOURS + 1)
    is_day = hour == HOURS
    moments = np.array([f"{day} {hour:02d}:00:00" for hour in [*range(HOURS), 0]])[hour]
    series = np.arange(count) // (HOURS + 1)
    return pa.table(
        {
            "监测设备编码": np.char.add("HB4201", np.char.zfill((series // len(INDICATORS)).astype(str), 6)),
            "监测指标编码": INDICATORS[series % len(INDICATORS)],
            "数据时段": np.where(is_day, "D", "H"),
            "数据时间": moments,
            "监测值": np.round(draw.gamma(9, 4, count), 2),
            "累计值": np.round(draw.gamma(3, 1, count), 3),
            "计量单位": np.full(count, "mg/L"),
            "数据标记": draw.choice(["N", "N", "N", "N", "N", "N", "F", "M", "D", "S"], count),
            "上限值": np.full(count, 80),
        }
    )


def correction(day: date, devices: int) -> pa.Table:
    """Corrected values of two earlier days."""
    draw = np.random.default_rng(day.toordinal() + 1)
    earlier = [day_of_readings(day - timedelta(days=back), devices) for back in BACK]
    rows = pa.concat_tables([t.take(draw.choice(len(t), CORRECTIONS, replace=False)) for t in earlier])
    place = rows.schema.get_field_index("监测值")
    return rows.set_column(place, "监测值", pa.array(np.full(len(rows), 9.99)))


def files(home: Home, table: str) -> dict[str, set[str]]:
    """The files of a table by the day that they hold."""
    found: dict[str, set[str]] = {}
    actions = pa.table(DeltaTable(home.table("base", table)).get_add_actions(flatten=True))
    for row in actions.select(["path", f"partition.{DAY}"]).to_pylist():
        found.setdefault(str(row[f"partition.{DAY}"]), set()).add(row["path"])
    return found


def written_days(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[str]:
    """The days whose files are others than before."""
    return sorted(day for day in after if after[day] != before.get(day))


def run(home: Home, now: datetime, *words: str) -> Spent:
    """One `lakewarden run`: seconds on the clock and of the processor, and the stages' own."""
    environment = {
        **os.environ,
        "LAKEWARDEN_QUIET": "0",
        "LAKEWARDEN_NOW": f"{now.isoformat()}+08:00",
        "LAKEWARDEN_TODAY": f"{now.date()}",
    }
    began, before = time.perf_counter(), os.times()
    command = [Path(sys.executable).with_name("lakewarden"), "--home", home.path, *(words or ("run",))]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    after = os.times()
    if ended.returncode:
        raise SystemExit(f"{command}: {ended.returncode}\n{ended.stderr[-3000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall": time.perf_counter() - began, "cpu": cpu}


def fingerprint(home: Home, table: str) -> tuple[int, int]:
    """How many rows a table has and what their hashes add up to, whatever their order and their files."""
    held = DeltaTable(home.table("base", table))
    columns = ", ".join(sorted(column.name for column in held.schema().fields if column.name != DAY))
    files = ", ".join(f"'{path}'" for path in held.file_uris())
    rows, total = duckdb.sql(
        f"select count(*), sum(hash({columns})::hugeint) from read_parquet([{files}], hive_partitioning = false)"
    ).fetchall()[0]
    return int(rows), int(total)


def main() -> None:
    """Replays the days and prints a line of JSON with what they came to."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--days", type=int, default=60)
    words.add_argument("--rows", type=int, default=110_000)
    words.add_argument("--home", type=Path)
    words.add_argument("--after", type=int, default=0, help="how many days the home already has")
    words.add_argument("--out", type=Path)
    words.add_argument("--whole", action="store_true", help="build everything anew at the end and compare")
    asked = words.parse_args()
    home = Home(asked.home or Path(tempfile.mkdtemp(prefix="lakewarden-readings-")))
    make_landing_zone(home)
    devices = round(asked.rows / len(INDICATORS) / (HOURS + 1))
    days = []
    for number in range(asked.after, asked.days):
        day = FIRST + timedelta(days=number)
        folder = home.landing / "sthj" / "reading"
        csv.write_csv(day_of_readings(day, devices), folder / f"{day}.csv")
        is_corrected = number % CORRECTED_EVERY == CORRECTED_EVERY - 1 and number >= max(BACK)
        if is_corrected:
            csv.write_csv(correction(day, devices), folder / f"{day}-correction.csv")
        before = {table: files(home, table) if number else {} for table in TABLES}
        spent = run(home, datetime.combine(day, datetime.min.time()) + timedelta(hours=23, minutes=59))
        written = {table: written_days(before[table], files(home, table)) for table in TABLES}
        days.append({"day": number + 1, "corrected": is_corrected, **spent, "written": written})
        say(f"{number + 1:3d} {spent['wall']:6.2f} s  cpu {spent['cpu']:6.2f} s  {' '.join(written['reading'])}")
    report: dict[str, object] = {"rows_a_day": devices * len(INDICATORS) * (HOURS + 1), "days": days}
    if asked.whole:
        held = {table: fingerprint(home, table) for table in TABLES}
        report["whole"] = run(home, datetime.combine(day, datetime.min.time()) + timedelta(hours=24), "build", "--full")
        report["equal"] = {table: fingerprint(home, table) == held[table] for table in TABLES}
    if asked.out:
        write_json(asked.out, report)
    print(json.dumps({name: value for name, value in report.items() if name != "days"}))
    if not asked.home:
        shutil.rmtree(home.path)


if __name__ == "__main__":
    main()
