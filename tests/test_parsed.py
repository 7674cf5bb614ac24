"""dbt's parsed project is kept beside it for every home: good for exactly what it was parsed from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import dbt_project.render
from spark_jobs.building import dbt
from spark_jobs.building.dbt import project
from spark_jobs.building.parsed import Parsed
from spark_jobs.lake import kept as keeping
from spark_jobs.lake import sources as program
from spark_jobs.lake.home import Home


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home for which the project was parsed once, in a checkout that had not parsed anything."""
    home = Home(tmp_path_factory.mktemp("kept") / "lake")
    home.create()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping, "FOLDER", tmp_path_factory.mktemp("parsed"))
        patch.setattr(dbt, "_manifests", {})
        project(home)
        yield home


def _another_process(patch: pytest.MonkeyPatch) -> None:
    """Nothing is known from before, and nothing may be rendered."""
    patch.setattr(dbt, "_manifests", {})
    patch.setattr(dbt_project.render, "render", lambda: pytest.fail("rendered"))


def test_the_next_process_neither_renders_nor_parses(kept: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = project(kept).writable_manifest().to_dict()
    _another_process(monkeypatch)
    after = project(kept).writable_manifest().to_dict()
    assert {**after, "metadata": {}} == {**before, "metadata": {}}  # which says when it was read
    assert project(kept).flat_graph


def test_half_a_file_and_a_foreign_one_count_as_none(kept: Home) -> None:
    path = Parsed().path
    whole = path.read_bytes()
    try:
        for content in (whole[: len(whole) // 2], whole[:-1] + b"\0", whole[:64], b"", b"\0" * 100):
            path.write_bytes(content)
            assert Parsed().manifest() is None
    finally:
        path.write_bytes(whole)
    assert Parsed().manifest() is not None


def test_what_was_parsed_for_one_home_serves_another(
    kept: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _another_process(monkeypatch)
    assert str(kept.path) not in json.dumps(project(Home(tmp_path / "other")).writable_manifest().to_dict())


def test_another_folder_of_contracts_another_file_and_another_version_are_parsed_anew(
    kept: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = program.sources()
    assert program.sources() == now
    with monkeypatch.context() as patch:
        patch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
        (tmp_path / "terms.yaml").write_text("{}")
        assert Parsed().manifest() is None
        first = program.sources()
        os.utime(tmp_path / "terms.yaml", (1, 1))
        assert len({now, first, program.sources()}) == 3
    assert Parsed().manifest() is not None
    packages = tmp_path / "packages"
    (packages / "dbt_core-9.9.9.dist-info").mkdir(parents=True)
    monkeypatch.setattr(program.sysconfig, "get_path", lambda _: str(packages))
    assert Parsed().manifest() is None
