"""A file is written whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from spark_jobs.lake.whole import write_whole, writing


def write_half(path: Path) -> None:
    with writing(path) as part:
        part.write_text("half")
        raise RuntimeError


def test_a_failure_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "湖")
    with pytest.raises(RuntimeError):
        write_half(path)
    assert path.read_text("utf-8") == "湖"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_left_is_no_obstacle_and_its_rights_are_not_inherited(tmp_path: Path) -> None:
    (tmp_path / "key.part").write_text("of a killed writer")
    (tmp_path / "key.part").chmod(0o644)
    write_whole(tmp_path / "key", "secret", mode=0o600)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_name_that_is_no_text_is_written_with_a_sign_in_its_place_where_asked(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "\udcff", errors="replace")
    assert (tmp_path / "a").read_text() == "?"
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "a", "\udcff")
    assert (tmp_path / "a").read_text() == "?"
