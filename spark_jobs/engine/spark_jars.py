"""Pinned Maven coordinates flow in; Delta's jars, fetched by the Ivy that Spark brings, flow out in .venv-spark."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from spark_jobs.engine.spark_server import JARS, find_java, spark_home
from spark_jobs.lake.home import Refused

PINS = Path(__file__).parents[2] / "requirements" / "spark-jars.txt"
# A file with Ivy's settings: a mirror of Maven Central, its login.
IVY_SETTINGS = "LAKEWARDEN_IVY_SETTINGS"


def pins() -> dict[str, str]:
    """The SHA-256 of every jar by its coordinates."""
    lines = [line for line in PINS.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split() for line in lines)


def fetch_jars() -> None:
    """Brings .venv-spark/jars to exactly the pinned jars; nothing is fetched when they are there."""
    wanted = pins()
    if all(_is_right(JARS / _file_name(coordinates), digest) for coordinates, digest in wanted.items()):
        return
    with tempfile.TemporaryDirectory() as folder:
        fetched = _resolve(list(wanted), Path(folder))
        for coordinates, digest in wanted.items():
            if not _is_right(fetched / _file_name(coordinates), digest):
                raise Refused(f"{coordinates}: the jar that was fetched is not the pinned one (SHA-256 in {PINS})")
        shutil.rmtree(JARS, ignore_errors=True)
        shutil.copytree(fetched, JARS)


def _file_name(coordinates: str) -> str:
    _, artifact, version = coordinates.split(":")
    return f"{artifact}-{version}.jar"


def _is_right(jar: Path, digest: str) -> bool:
    return jar.exists() and hashlib.sha256(jar.read_bytes()).hexdigest() == digest


def _resolve(coordinates: list[str], folder: Path) -> Path:
    """Runs Ivy over exactly these artifacts, without what they depend on: Spark has that."""
    dependencies = "".join(
        f'<dependency org="{group}" name="{artifact}" rev="{version}" transitive="false"/>'
        for group, artifact, version in (pin.split(":") for pin in coordinates)
    )
    module = folder / "ivy.xml"
    module.write_text(
        '<ivy-module version="2.0"><info organisation="lakewarden" module="jars"/>'
        f'<dependencies defaultconf="default->master">{dependencies}</dependencies></ivy-module>'
    )
    ivy = next((spark_home() / "jars").glob("ivy-*.jar"))
    command = [find_java(), "-cp", str(ivy), "org.apache.ivy.Main", "-warn", "-ivy", str(module)]
    command += ["-cache", str(folder / "cache"), "-retrieve", str(folder / "jars" / "[artifact]-[revision].[ext]")]
    command += ["-settings", os.environ[IVY_SETTINGS]] if IVY_SETTINGS in os.environ else []
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        raise Refused(
            f"Delta's jars cannot be fetched from Maven Central; {IVY_SETTINGS} may name Ivy settings with a mirror:\n"
            + "\n".join((ran.stdout + ran.stderr).splitlines()[-15:])
        )
    return folder / "jars"


if __name__ == "__main__":
    try:
        fetch_jars()
    except Refused as refusal:
        sys.exit(f"lakewarden: {refusal}")
