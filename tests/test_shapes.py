"""A base table is built anew when its declaration changes, and no other is; a feed that comes changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable

from dbt_project.render import project, render
from schemas.contract import contracts, table_of
from spark_jobs.building import dbt, shapes
from spark_jobs.building.base import build_base
from spark_jobs.building.shapes import Shapes
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import create_tables, read
from tests.silver_rows import Row, deliver, lake

TABLE = """
title: 样本
doc: One row a sample of a department.
key: [department, complaint_no]
merge: newest
columns:
  - department
  - complaint_no
  - complained_name
  - region_code
"""
FEED = """
title: 样本
doc: One row a sample.
into: [sample]
delivery: {cadence: weekly, mode: change}
key: [complaint_no]
columns:
  - {name: complaint_no, from: 编号, required: true}
  - {name: complained_name, from: 名称, required: true}
  - {name: region_code, from: 区划, required: true}
"""
ROWS: list[Row] = [
    {"complaint_no": "1", "complained_name": "甲", "region_code": "420100"},
    {"complaint_no": "2", "complained_name": "乙", "region_code": "420100"},
]
Declare = Callable[[str, str], None]


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Declare]:
    """Writes a contract beside the repository's, as a later version of them would have it."""
    root = tmp_path / "schemas"
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(root))

    def write(name: str, text: str) -> None:
        path = root / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        contracts.cache_clear()
        dbt._manifests.clear()

    write("base/sample", TABLE)
    write("feeds/scjg/sample", FEED)
    yield write
    monkeypatch.undo()
    contracts.cache_clear()


@pytest.fixture
def grown(declare: Declare, tmp_path: Path) -> Iterator[Home]:
    """A lake that has merged a delivery of the sample, and one of complaints."""
    with lake(tmp_path / "lake") as (home, _):
        deliver(home, "scjg_sample", "scjg", "2026-01-01", ROWS)
        deliver(home, "complaint", "scjg", "2026-01-01", ROWS)
        assert build_base(home).parked == []
        yield home


def _sample(home: Home) -> list[Row]:
    names = [column.name for column in table_of("base.sample").columns]
    return sorted(read(home.table("base", "sample"), names).to_pylist(), key=lambda row: row["complaint_no"])


def _built(home: Home, table: str = "sample") -> int:
    return int(DeltaTable(home.table("base", table)).version())


def test_nothing_is_built_while_nothing_changes(grown: Home) -> None:
    before = _built(grown)
    assert Shapes.of(grown).outdated() == [
        name for name in Shapes.of(grown).outdated() if name not in ("sample", "complaint")
    ]
    assert build_base(grown).figures == {}
    assert _built(grown) == before


@pytest.mark.parametrize(
    ("said", "instead", "expected"),
    [
        ("key: [department, complaint_no]", "key: [complaint_no]", {"_stated_by"}),
        (
            "  - region_code",
            "  - region_code\n  - {name: is_near, type: boolean, sql: \"region_code = '420100'\"}",
            {"is_near"},
        ),
        ("  - region_code", "  - region_code\n  - {name: city_code, place: [region_code]}", {"city_code"}),
        ("merge: newest", "merge: claims\nregistry: [scjg_sample]", {"claims", "sources", "flags"}),
        ("  - region_code\n", "", set()),
    ],
    ids=["its key", "an expression", "a place", "its way of merging", "a column less"],
)
def test_a_table_is_built_anew_when_its_declaration_changes(
    grown: Home, declare: Declare, said: str, instead: str, expected: set[str]
) -> None:
    text = TABLE.replace(said, instead)
    assert text != TABLE
    others = _built(grown, "complaint")
    declare("base/sample", text.replace("[department, complaint_no]", "[complaint_no]") if "claims" in text else text)
    assert "sample" in Shapes.of(grown).outdated()
    assert "complaint" not in Shapes.of(grown).outdated()
    assert build_base(grown).parked == []
    rows = _sample(grown)
    assert [(row["complaint_no"], row["complained_name"]) for row in rows] == [("1", "甲"), ("2", "乙")]
    assert expected <= {*rows[0]}
    assert all(row[name] for row in rows for name in expected - {"flags"})
    assert "sample" not in Shapes.of(grown).outdated()
    assert _built(grown, "complaint") == others
    assert build_base(grown).figures == {}


def test_another_registry_withdraws_from_the_next_build_on(declare: Declare, tmp_path: Path) -> None:
    claimed = TABLE.replace("[department, complaint_no]", "[complaint_no]").replace("newest", "claims")
    declare("base/sample", f"{claimed}registry: [yjj_sample]")
    declare("feeds/yjj/sample", FEED.replace("change", "full"))
    with lake(tmp_path / "lake") as (home, _):
        deliver(home, "scjg_sample", "scjg", "2026-01-01", ROWS)
        deliver(home, "yjj_sample", "yjj", "2026-01-02", ROWS)
        deliver(home, "yjj_sample", "yjj", "2026-01-03", ROWS[:1])
        build_base(home)
        assert [row["withdrawn_at"] is None for row in _sample(home)] == [True, False]
        declare("base/sample", f"{claimed}registry: [scjg_sample]")
        assert "sample" in Shapes.of(home).outdated()
        build_base(home)
        assert [row["withdrawn_at"] for row in _sample(home)] == [None, None]
        assert [[source for source, _ in row["_stated_by"]] for row in _sample(home)] == [["scjg/scjg_sample"]] * 2


def test_a_feed_that_comes_does_not_have_a_table_built_anew(declare: Declare, tmp_path: Path) -> None:
    declare("base/sample", TABLE.replace("[department, complaint_no]", "[complaint_no]"))
    with lake(tmp_path / "lake") as (home, _):
        deliver(home, "scjg_sample", "scjg", "2026-01-01", ROWS)
        build_base(home)
        declare("feeds/yjj/sample", FEED)
        assert "sample" not in Shapes.of(home).outdated()
        create_tables(home)
        deliver(home, "yjj_sample", "yjj", "2026-01-02", [{**ROWS[0], "complained_name": "丙"}])
        assert build_base(home).figures["deliveries"] == 1
        assert [row["complained_name"] for row in _sample(home)] == ["丙", "乙"]


def test_a_table_of_one_source_is_built_anew_when_a_second_comes(grown: Home, declare: Declare) -> None:
    assert "_withdrawn_version" in _sample(grown)[0]
    declare("feeds/yjj/sample", FEED)
    assert "sample" in Shapes.of(grown).outdated()
    create_tables(grown)
    deliver(grown, "yjj_sample", "yjj", "2026-01-02", ROWS[:1])
    build = build_base(grown)
    assert (build.figures["deliveries"], build.parked) == (2, [])
    rows = {(row["department"], row["complaint_no"]): dict(row["_stated_by"]) for row in _sample(grown)}
    assert {key: [*sources] for key, sources in rows.items()} == {
        ("scjg", "1"): ["scjg/scjg_sample"],
        ("scjg", "2"): ["scjg/scjg_sample"],
        ("yjj", "1"): ["yjj/yjj_sample"],
    }


def test_a_handwritten_model_wins_and_its_text_is_part_of_the_shape(
    grown: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = project.RENDERED / "base" / "sample.sql"
    assert rendered.exists()
    text = rendered.read_text("utf-8").replace("{{ merge_newest(base) }}", "-- worth reading\n{{ merge_newest(base) }}")
    here = tmp_path / "dbt_project"
    (here / "models" / "base").mkdir(parents=True)
    (here / "models" / "base" / "sample.sql").write_text(text, "utf-8")
    monkeypatch.setattr(project, "PROJECT", here)
    monkeypatch.setattr(project, "RENDERED", here / "models" / "_rendered")
    monkeypatch.setattr(project, "RENDERED_MACROS", here / "macros" / "_rendered")
    written = {path.relative_to(here).as_posix() for path in render()}
    assert "models/_rendered/base/complaint.sql" in written
    assert "models/_rendered/base/sample.sql" not in written
    models = (here / "models" / "_rendered" / "models.yml").read_text("utf-8")
    assert "name: sample\n" in models
    assert "model: sample\n" not in (here / "models" / "_rendered" / "unit_tests.yml").read_text("utf-8")
    assert "sample" in Shapes.of(grown).outdated()
    assert shapes.written_model(table_of("base.sample")) == here / "models" / "base" / "sample.sql"
