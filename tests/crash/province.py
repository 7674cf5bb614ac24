"""A seed flows in; a home that has seen half of a tiny province, with the other half in its landing zone, flows out."""

from __future__ import annotations

import gzip
import shutil
import zipfile
from datetime import date
from pathlib import Path

from simulate import simulate
from spark_jobs.lake.home import Home
from spark_jobs.landing.land import make_landing_zone

UNTIL = date(2026, 6, 30)
FIRST = {"LAKEWARDEN_NOW": "2026-07-01T08:00:00+08:00", "LAKEWARDEN_TODAY": "2026-07-01", "LAKEWARDEN_QUIET": "0"}
SECOND = {"LAKEWARDEN_NOW": "2026-07-02T08:00:00+08:00", "LAKEWARDEN_TODAY": "2026-07-02", "LAKEWARDEN_QUIET": "0"}


def first_half(home: Home, seed: int) -> Path:
    """Fills the landing zone with what came before the last day; returns the folder where the rest lies."""
    make_landing_zone(home)
    all_of_it = home.path.with_name("province")
    simulate(30, 15, seed, all_of_it, UNTIL, bad_files=True, say=lambda _: None)
    for file in list(_files(all_of_it)):
        if f"{UNTIL:%Y%m%d}" not in file.name:
            _move(file, home.landing / file.relative_to(all_of_it))
    return all_of_it


def second_half(home: Home, rest: Path) -> None:
    """Drops the rest: new deliveries, corrections, repetitions, packed files and files that nobody can take."""
    before = list(_files(home.landing))
    for file in list(_files(rest)):
        _move(file, home.landing / file.relative_to(rest))
    for file in [file for file in before if file.suffix == ".csv"][:2]:
        _correct(file)
    repeated = before[-1]
    shutil.copy(repeated, repeated.with_name(f"又一次_{repeated.name}"))
    checks = sorted(home.landing.glob("*/check_action/*.csv"))
    _pack(checks, home.landing / "scjg" / "check_action" / "补报.zip")
    packed = home.landing / "yjj" / "check_action" / "补报.csv.gz"
    packed.write_bytes(gzip.compress(_without_last_row(checks[-1].read_bytes()), mtime=0))
    (home.landing / "yjj" / "check_action" / "断.csv").write_bytes(checks[0].read_bytes() + b"\xff\xfe\x80")


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _move(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(file, to)


def _correct(file: Path) -> None:
    """The same name with new content: the rows in another order, the first of them gone."""
    heading, _, *rows = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(heading + b"".join(row.rstrip(b"\r\n") + b"\n" for row in reversed(rows)))


def _without_last_row(text: bytes) -> bytes:
    return b"".join(text.splitlines(keepends=True)[:-1])


def _pack(files: list[Path], into: Path) -> None:
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in files:
            packed.writestr(f"{file.parent.parent.name}_{file.name}", _without_last_row(file.read_bytes()))
        packed.writestr("说明.csv", "这不是数据\n请忽略\n")
