"""Asset files flow in, a prepared Superset with its people and the dashboards flows out; safe to repeat."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from dashboards.render.assets import fingerprint, rendered
from dashboards.superset import people

HERE = Path(__file__).parent
STATE = sa.table("lakewarden_state", sa.column("name"), sa.column("value"))
CREATE_STATE = "CREATE TABLE IF NOT EXISTS lakewarden_state (name VARCHAR(40) PRIMARY KEY, value VARCHAR(64) NOT NULL)"


def prepare(home: Path, force: bool = False) -> bool:
    """Brings the metadata database, roles and people up to date; False when they already were."""
    user, password = required("LAKEWARDEN_SUPERSET_USER"), required("LAKEWARDEN_SUPERSET_PASSWORD")
    others = people.asked()
    wanted = _sealed(version("apache-superset"), user, password, str(others), *map(_source, ("config", "people")))
    if not force and remembered("prepared") == wanted:
        return False
    with application(home.resolve()).app_context():
        _upgrade()
        _initialise(user, password)
        people.settle(others)
    remember("prepared", wanted)
    return True


def import_assets(home: Path, force: bool = False) -> bool:
    """Imports databases, datasets, charts and dashboards in the place of ours; False when nothing had changed."""
    contents = rendered(home.resolve() / "serving" / "lakewarden.duckdb")
    wanted = fingerprint(contents)
    if not force and remembered("assets") == wanted:
        return False
    with application(home.resolve()).app_context():
        import_contents(contents)
    remember("assets", wanted)
    return True


def required(name: str) -> str:
    """An environment variable without which nothing here can work."""
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"dashboards.superset.publish needs the environment variable {name}")
    return value


def remembered(name: str) -> str | None:
    """What the last run wrote into Superset's own database, so that a fresh database is never taken for a ready one."""
    with _metadata_database() as connection:
        if not sa.inspect(connection).has_table("lakewarden_state"):
            return None
        found: str | None = connection.execute(sa.select(STATE.c.value).where(STATE.c.name == name)).scalar()
        return found


def remember(name: str, value: str) -> None:
    """Writes what the next run compares with."""
    with _metadata_database() as connection:
        connection.execute(sa.text(CREATE_STATE))
        connection.execute(STATE.delete().where(STATE.c.name == name))
        connection.execute(STATE.insert().values(name=name, value=value))


@cache
def application(home: Path) -> Any:
    """Superset for one home; it is imported late and made once because both take seconds."""
    os.environ["LAKEWARDEN_HOME"] = str(home)
    os.environ["SUPERSET_CONFIG_PATH"] = str(HERE / "config.py")
    logging.disable(logging.WARNING)
    from superset.app import create_app

    return create_app()


@contextmanager
def _metadata_database() -> Iterator[Any]:
    engine = sa.create_engine(required("LAKEWARDEN_SUPERSET_DB"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _sealed(*parts: str) -> str:
    """A hash that tells nobody the password who does not hold the secret key."""
    key = required("SUPERSET_SECRET_KEY").encode()
    return hmac.new(key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def _source(module: str) -> str:
    return (HERE / f"{module}.py").read_text(encoding="utf-8")


def _upgrade() -> None:
    import superset
    from flask_migrate import upgrade

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))


def _initialise(user: str, password: str) -> None:
    from superset.extensions import appbuilder, db, security_manager

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    found = security_manager.find_user(username=user)
    if found:
        security_manager.reset_password(found.id, password)
    else:
        role = security_manager.find_role("Admin")
        security_manager.add_user(user, "监管", "管理员", f"{user}@lakewarden.invalid", role, password)
    db.session.commit()


def import_contents(contents: dict[str, str]) -> None:
    """Afterwards Superset shows what is declared, and of ours nothing else."""
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.utils.core import override_user

    with override_user(security_manager.find_user(username=required("LAKEWARDEN_SUPERSET_USER"))):
        _make_room(contents)
        ImportAssetsCommand(contents).run()
        _clear_away(contents)


def _make_room(contents: dict[str, str]) -> None:
    """An address belongs to one dashboard: another that has one of ours goes, with the charts that only it shows."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    for asset in parsed(contents, "dashboards"):
        other = db.session.query(Dashboard).filter_by(slug=asset["slug"]).one_or_none()
        if other and str(other.uuid) != asset["uuid"]:
            for chart in [chart for chart in other.slices if len(chart.dashboards) == 1]:
                db.session.delete(chart)
            db.session.delete(other)
    db.session.commit()


def _clear_away(contents: dict[str, str]) -> None:
    """A chart or page that was ours and is declared no more goes; what people made in Superset stays."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    for model, folder in ((Dashboard, "dashboards"), (Slice, "charts")):
        declared = {asset["uuid"] for asset in parsed(contents, folder)}
        for ours in db.session.query(model).filter_by(is_managed_externally=True):
            if str(ours.uuid) not in declared:
                db.session.delete(ours)
    db.session.commit()


def parsed(contents: dict[str, str], folder: str) -> list[dict[str, Any]]:
    """The charts, or the dashboards, of an import."""
    return [yaml.safe_load(text) for path, text in contents.items() if path.startswith(f"{folder}/")]


def main(arguments: list[str] | None = None) -> int:
    """`python -m dashboards.superset.publish [prepare|import|all] [--home DIR] [--force]`."""
    parser = argparse.ArgumentParser(prog="dashboards.superset.publish", description=__doc__)
    parser.add_argument("step", nargs="?", choices=("prepare", "import", "all"), default="all")
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("LAKEWARDEN_HOME", "lake")))
    parser.add_argument("--force", action="store_true", help="do it even when nothing has changed")
    options = parser.parse_args(arguments)
    steps: dict[str, Callable[[Path, bool], bool]] = {"prepare": prepare, "import": import_assets}
    for name, step in steps.items():
        if options.step in (name, "all"):
            started = time.monotonic()
            done = "done" if step(options.home, options.force) else "nothing new"
            print(f"superset {name}: {done} in {time.monotonic() - started:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
