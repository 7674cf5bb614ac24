"""What Lakewarden wants of Apache Spark is in one place, told to people, and kept where it is written down."""

from __future__ import annotations

import os
from pathlib import Path

from spark_jobs.engine.class_archive import ClassArchive
from spark_jobs.engine.spark_settings import CLUSTER, LOCAL, MEANING, WORK, cluster_conf, local_settings

DOCS = (Path(__file__).parent.parent / "docs" / "engines.md").read_text("utf-8")


def test_the_documentation_names_every_setting() -> None:
    assert [one.name for one in (*MEANING, *WORK, *LOCAL, *CLUSTER) if f"`{one.name}`" not in DOCS] == []


def test_a_cluster_gets_what_sql_needs_to_mean_the_same_but_no_setting_of_one_machine() -> None:
    lines = dict(line.split(maxsplit=1) for line in cluster_conf().splitlines() if not line.startswith("#"))
    assert lines["spark.sql.ansi.enabled"] == local_settings()["spark.sql.ansi.enabled"] == "true"
    assert not {one.name for one in LOCAL} & lines.keys() - {one.name for one in CLUSTER}


def test_an_archive_of_classes_is_taken_over_from_a_server_that_ended_well_and_fits_its_jars_only(
    tmp_path: Path,
) -> None:
    jar = tmp_path / "delta.jar"
    jar.write_bytes(b"classes")
    first = ClassArchive(tmp_path, [jar])
    for process, has_ended_well in ((7, False), (8, True)):
        draft = Path(first.option(process, may_write=True).partition("=")[2])
        draft.write_bytes(b"mapped")
        first.keep(process, has_ended_well)
        assert not draft.exists()
        assert first.is_due() is not has_ended_well
    assert first.option(9, may_write=False).startswith("-XX:SharedArchiveFile=")

    os.utime(jar, ns=(1, 1))
    second = ClassArchive(tmp_path, [jar])
    assert second.is_due()
    assert second.option(9, may_write=False) == ""
