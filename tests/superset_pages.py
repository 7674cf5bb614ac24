"""Runs in Superset's environment: pages and people come, change and go with each import (test_publish starts it)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import yaml

from dashboards.render.assets import rendered
from dashboards.superset import people, publish

LEADER, ANALYST, OPERATOR = people.VARIABLES.values()


def titles() -> list[str]:
    """What Superset shows now."""
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    shown = (db.session.query(column) for column in (Dashboard.dashboard_title, Slice.slice_name))
    return sorted(title for query in shown for (title,) in query)


def one_page(contents: dict[str, str]) -> dict[str, str]:
    """What an import of the first page alone brings; each page more takes seconds and shows nothing new."""
    return {
        path: text
        for path, text in contents.items()
        if not path.startswith(("charts/", "dashboards/")) or path.split("/")[1].startswith("overview.")
    }


def without(contents: dict[str, str], chart: str) -> dict[str, str]:
    """The import of a page that declares one chart less."""
    fewer = {path: text for path, text in contents.items() if path != f"charts/{chart}.yaml"}
    page = yaml.safe_load(fewer["dashboards/overview.yaml"])
    gone = page["position"].pop(f"CHART-{chart.split('.')[1]}")
    page["metadata"]["expanded_slices"].pop(str(gone["meta"]["chartId"]))
    return fewer | {"dashboards/overview.yaml": yaml.safe_dump(page, allow_unicode=True)}


def as_before(contents: dict[str, str]) -> dict[str, str]:
    """The same page as it was when uuids were written by hand and nothing was said to be managed."""
    everything = "\n\0".join(f"{path}\n{text}" for path, text in contents.items())
    everything = everything.replace("is_managed_externally: true\n", "")
    ids = {asset["uuid"] for folder in ("charts", "dashboards") for asset in publish.parsed(contents, folder)}
    for number, uuid in enumerate(sorted(ids)):
        everything = everything.replace(uuid, f"00000000-0000-4000-8000-{number:012}")
    return dict(part.split("\n", 1) for part in everything.split("\n\0"))


def person(name: str) -> Any:
    from superset import security_manager

    return security_manager.find_user(username=name)


def may(name: str, right: str, what: str) -> bool:
    return any((r.permission.name, r.view_menu.name) == (right, what) for r in person(name).roles[0].permissions)


def main(home: Path) -> None:
    contents = one_page(rendered(home / "serving" / "lakewarden.duckdb"))
    os.environ[LEADER], os.environ[ANALYST], os.environ[OPERATOR] = "leader:one", "analyst:two", "operator:three"
    assert publish.prepare(home)
    assert not publish.prepare(home), "a second time there is nothing to do"
    with publish.application(home).app_context():
        assert not may("leader", "can_csv", "Superset")
        assert not may("leader", "menu_access", "SQL Lab")
        assert may("analyst", "can_execute_sql_query", "SQLLab")
        assert may("operator", "can_read", "Log"), "who asked for what"
        assert not may("operator", "menu_access", "SQL Lab")
        for name in ("leader", "analyst", "operator"):
            assert may(name, "can_read", "Dashboard")
            for what in ("Dashboard", "Chart", "Dataset", "Database"):
                assert not may(name, "can_write", what), (name, what)
            assert not may(name, "can_read", "User"), name
            assert not may(name, "can_write", "User"), name
            assert not may(name, "menu_access", "List Users"), name

        publish.import_contents(as_before(contents))
        before = titles()
        publish.import_contents(contents)
        assert titles() == before, "the page of old has given way, with its charts"
        publish.import_contents(without(contents, "overview.key_checks"))
        assert sorted([*titles(), "检查次数"]) == before, "a chart that is declared no more goes"

    os.environ.pop(ANALYST)
    assert publish.prepare(home)
    with publish.application(home).app_context():
        assert person("leader").active
        assert not person("analyst").active, "who is no longer asked for may not enter"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
