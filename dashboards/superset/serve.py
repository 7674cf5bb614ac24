"""An address flows in, Superset answering on it under gunicorn flows out."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dashboards.render.assets import DASHBOARDS


def command(host: str, port: int, workers: int, threads: int) -> list[str]:
    """Gunicorn with the application loaded once and shared by as many processes as there are cores.

    A page is read for some seconds before the next click, which should find its connections open.
    """
    return [
        str(Path(sys.executable).parent / "gunicorn"),
        f"--bind={host}:{port}",
        "--worker-class=gthread",
        f"--workers={workers}",
        f"--threads={threads}",
        "--preload",
        "--timeout=120",
        "--keep-alive=75",
        "--graceful-timeout=5",
        f"--chdir={DASHBOARDS.parent}",
        "--no-control-socket",
        "superset.app:create_app()",
    ]


def main(arguments: list[str] | None = None) -> None:
    """Becomes the server, so that whoever started it holds its process id."""
    parser = argparse.ArgumentParser(prog="dashboards.superset.serve", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8088)
    parser.add_argument("--workers", type=int, default=min(max(os.cpu_count() or 2, 2), 8))
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("LAKEWARDEN_HOME", "lake")))
    options = parser.parse_args(arguments)
    os.environ["LAKEWARDEN_HOME"] = str(options.home.resolve())
    os.environ["SUPERSET_CONFIG_PATH"] = str(DASHBOARDS / "superset" / "config.py")
    argv = command(options.host, options.port, options.workers, options.threads)
    os.execv(argv[0], argv)  # noqa: S606, no shell is the point


if __name__ == "__main__":
    main()
