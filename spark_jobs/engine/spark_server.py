"""A home folder flows in; the address of a local Apache Spark Connect server with Delta, ending with us, flows out."""

from __future__ import annotations

import argparse
import atexit
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import IO

from spark_jobs.engine.class_archive import SECONDS_TO_WRITE, ClassArchive
from spark_jobs.engine.spark_settings import BRIEF, JVM, MANY, local_settings
from spark_jobs.lake.home import Home, Refused

ENVIRONMENT = Path(__file__).parents[2] / ".venv-spark"
JARS = ENVIRONMENT / "jars"
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105 (its name, not its value)
# Spark's client sends a token without TLS to this name only.
HOST = "localhost"
OLDEST_JAVA = 17
PATIENCE_SECONDS = 180
SECONDS_TO_END = 10
PR_SET_PDEATHSIG = 1


def start_spark(home: Home, volume: int = 0) -> str:
    """Starts a server for this process and returns its address; the server ends when this process does.

    `volume`: bytes of the files whose rows it will work on.
    """
    archive = class_archive(find_java())
    port, log = _free_port(), home.logs / "spark.log"
    token = secrets.token_urlsafe(32)
    os.environ.setdefault("no_grpc_proxy", HOST)
    log.parent.mkdir(parents=True, exist_ok=True)
    words = ["--home", str(home.path), "--port", str(port), "--owner", str(os.getpid())]
    words += ["--brief"] * (volume < MANY)
    with log.open("wb") as out:
        server = _launch(
            [sys.executable, "-m", "spark_jobs.engine.spark_server", *words], {**os.environ, TOKEN: token}, out
        )
    atexit.register(_stop, server, os.getpid(), _work_folder(home, server.pid), archive)
    _await(server, port, log)
    return f"sc://{HOST}:{port}/;token={token}"


def _launch(command: list[str], environment: dict[str, str], out: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts a process from a thread that lives as long as it does: what ends with its parent (PR_SET_PDEATHSIG) ends
    with the thread that started it, and the caller's may be one of the moment."""
    launched: Future[subprocess.Popen[bytes]] = Future()

    def launch() -> None:
        try:
            server = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )
        except BaseException as error:
            launched.set_exception(error)
            return
        launched.set_result(server)
        server.wait()

    Thread(target=launch, name="spark", daemon=True).start()
    return launched.result()


def find_java() -> str:
    """The java to run: JAVA_HOME's, else the PATH's; refused when there is none or it is too old."""
    java_home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(java_home) / "bin" / "java") if java_home else "java")
    if java is None:
        where = f"JAVA_HOME={java_home} has no bin/java" if java_home else "there is no java on the PATH"
        raise Refused(
            f"Apache Spark needs a JDK {OLDEST_JAVA} or 21, and {where};"
            " install one, or unset LAKEWARDEN_ENGINE to use Sail"
        )
    answer = subprocess.run([java, "-version"], capture_output=True, text=True)
    version = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    if version is None:
        raise Refused(f"{java} -version does not say its version: {(answer.stderr or answer.stdout).strip()[:200]}")
    if int(version[1]) < OLDEST_JAVA:
        raise Refused(
            f"Apache Spark needs a JDK {OLDEST_JAVA} or 21, and {java} is Java {version[1]};"
            " set JAVA_HOME to a newer one"
        )
    return java


def find_jars() -> list[Path]:
    """Delta's jars; refused when they or Apache Spark are not there yet."""
    if not (spark_home() / "bin" / "spark-submit").exists():
        raise Refused(f"Apache Spark is not installed in {ENVIRONMENT}; make it with: make .venv-spark/.jars")
    jars = sorted(JARS.glob("*.jar"))
    if not jars:
        raise Refused(f"there are no Delta jars in {JARS}; fetch them with: make .venv-spark/.jars")
    return jars


def spark_home() -> Path:
    """Where the full pyspark of .venv-spark lies."""
    return next(ENVIRONMENT.glob("lib/python3*/site-packages/pyspark"), ENVIRONMENT / "pyspark")


def class_archive(java: str) -> ClassArchive:
    """The archive of the server's classes, in its environment."""
    return ClassArchive(ENVIRONMENT, [Path(java), *find_jars(), *(spark_home() / "jars").glob("*.jar")])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Waits until the server listens."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise Refused(f"Apache Spark stopped while starting; {log} ends with:\n{_end(log)}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise Refused(f"Apache Spark does not answer after {PATIENCE_SECONDS} s; see {log}")


def _end(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-12:])


def _stop(server: subprocess.Popen[bytes], owner: int, folder: Path, archive: ClassArchive) -> None:
    """Ends the server and its children; a fork of its owner leaves it alone."""
    if os.getpid() != owner or server.poll() is not None:
        return
    for ending in (signal.SIGTERM, signal.SIGKILL):
        os.killpg(server.pid, ending)
        try:
            server.wait(SECONDS_TO_WRITE if archive.is_due() else SECONDS_TO_END)
            break
        except subprocess.TimeoutExpired:
            continue
    archive.keep(server.pid, has_ended_well=ending == signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)


def serve(home: Home, port: int, owner: int | None, is_brief: bool) -> None:
    """Becomes the server; an owned one is killed with the process that started it, whatever kills that."""
    java, jars = find_java(), find_jars()
    if owner and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != owner:
            return
    folder = _work_folder(home, os.getpid())
    classes = class_archive(java).option(os.getpid(), may_write=bool(owner))
    settings = {
        **local_settings(),
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.extraClassPath": os.pathsep.join(map(str, jars)),
        "spark.driver.extraJavaOptions": f"{JVM} {BRIEF if is_brief else ''} {classes} -Djava.io.tmpdir={folder}",
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    memory = os.environ.get("LAKEWARDEN_SPARK_MEMORY", "2g")
    command = [str(spark_home() / "bin" / "spark-submit"), "--master", "local[*]", "--driver-memory", memory]
    command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    os.chdir(folder)
    # Python that the server runs is ours, which has what judging needs.
    environment = {**os.environ, "SPARK_HOME": str(spark_home()), "PYSPARK_PYTHON": sys.executable}
    environment.pop("SPARK_REMOTE", None)
    os.execve(command[0], [*command, "--class", SERVER, "spark-internal"], environment)  # noqa: S606


def _work_folder(home: Home, process: int) -> Path:
    """A server's folder for what it spills; those of servers that were killed go."""
    root = home.state / "spark"
    for left in root.glob("*"):
        if not _lives(int(left.name)):
            shutil.rmtree(left, ignore_errors=True)
    folder = root / str(process)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Serves in the foreground: python -m spark_jobs.engine.spark_server --port 15002."""
    parser = argparse.ArgumentParser(prog="python -m spark_jobs.engine.spark_server", description=main.__doc__)
    parser.add_argument("--home", help="the home folder [default: LAKEWARDEN_HOME, else ./lake]")
    parser.add_argument("--port", type=int, default=15002)
    parser.add_argument("--owner", type=int, help="the process that starts it, and with which it ends (Linux)")
    parser.add_argument("--brief", action="store_true", help="it will end within minutes")
    options = parser.parse_args()
    try:
        serve(Home.resolve(options.home), options.port, options.owner, options.brief)
    except Refused as refusal:
        sys.exit(f"lakewarden: {refusal}")


if __name__ == "__main__":
    main()
