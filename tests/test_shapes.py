"""A base table is built anew when its declaration changes, and no other is; a feed that comes changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from deltalake import DeltaTable

from dbt_project.render import project, render
from schemas.contract import contracts, table_of
from spark_jobs.building.base import BaseBuild, build_base
from spark_jobs.building.shapes import Shapes
from spark_jobs.lake import declared
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import create_tables, read
from tests.declaring import declare
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
into: [NAME]
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
OF_ALL = TABLE.replace("[department, complaint_no]", "[complaint_no]")
CLAIMED = OF_ALL.replace("newest", "claims")
NEAR = "  - {name: is_near, type: boolean, label: 是否近, sql: \"region_code = '420100'\"}\n"
# What is declared of a table before and after, and whether it is built anew.
CHANGES = {
    "nothing": (TABLE, TABLE, False),
    "title": (TABLE, TABLE.replace("样本", "样品"), False),
    "key": (TABLE, OF_ALL, True),
    "expression": (TABLE + NEAR, TABLE + NEAR.replace("=", "<>"), True),
    "new_expression": (TABLE, TABLE + NEAR, True),
    "place": (TABLE, f"{TABLE}  - {{name: city_code, place: [region_code]}}\n", True),
    "column_less": (TABLE, TABLE.replace("  - region_code\n", ""), True),
    "merge": (OF_ALL, f"{CLAIMED}registry: [scjg_merge]\n", True),
    "registry": (f"{CLAIMED}registry: [yjj_registry]\n", f"{CLAIMED}registry: [scjg_registry]\n", True),
    "further_feed": (OF_ALL, OF_ALL, False),
    "second_source": (TABLE, TABLE, True),
}
# The tables into which yjj delivers from then on.
FURTHER = ("further_feed", "second_source")


@dataclass
class Changed:
    """A lake before and after its declarations changed: what was outdated, what was built, at which versions."""

    home: Home
    outdated: list[str]
    build: BaseBuild
    again: BaseBuild
    before: dict[str, int]
    after: dict[str, int]
    withdrawn_before: list[bool]
    rows: dict[str, list[Row]] = field(default_factory=dict)


def _feeds(department: str, names: tuple[str, ...], text: str = FEED) -> dict[str, str]:
    return {f"feeds/{department}/{name}": text.replace("NAME", name) for name in names}


def _versions(home: Home) -> dict[str, int]:
    return {name: int(DeltaTable(home.table("base", name)).version()) for name in CHANGES}


def _rows(home: Home, name: str) -> list[Row]:
    names = [column.name for column in table_of(f"base.{name}").columns]
    rows = read(home.table("base", name), names).to_pylist()
    return sorted(rows, key=lambda row: (row["department"], row["complaint_no"]))


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    root = tmp_path_factory.mktemp("declared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEWARDEN_SCHEMAS", str(root))
        declare(root, {f"base/{name}": before for name, (before, _, _) in CHANGES.items()})
        declare(root, _feeds("scjg", tuple(CHANGES)))
        declare(root, _feeds("yjj", ("registry",), FEED.replace("change", "full")))
        with lake(tmp_path_factory.mktemp("lake")) as home:
            yield _change(home, root)
    contracts.cache_clear()


def _change(home: Home, root: Path) -> Changed:
    for name in CHANGES:
        deliver(home, f"scjg_{name}", "scjg", "2026-01-01", ROWS)
    deliver(home, "yjj_registry", "yjj", "2026-01-02", ROWS)
    deliver(home, "yjj_registry", "yjj", "2026-01-03", ROWS[:1])
    assert build_base(home).parked == []
    before, withdrawn = _versions(home), [row["withdrawn_at"] is not None for row in _rows(home, "registry")]
    declare(root, {f"base/{name}": after for name, (_, after, _) in CHANGES.items()})
    declare(root, _feeds("yjj", FURTHER))
    outdated = Shapes.of(home).outdated()
    create_tables(home)
    for name in FURTHER:
        deliver(home, f"yjj_{name}", "yjj", "2026-01-02", [{**ROWS[0], "complained_name": "丙"}])
    build = build_base(home)
    after = _versions(home)
    rows = {name: _rows(home, name) for name in CHANGES}
    return Changed(home, outdated, build, build_base(home), before, after, withdrawn, rows)


@pytest.mark.parametrize("name", CHANGES)
def test_a_table_is_built_anew_when_what_it_is_built_from_changes(changed: Changed, name: str) -> None:
    _, _, is_outdated = CHANGES[name]
    assert (name in changed.outdated) == is_outdated
    assert (changed.after[name] > changed.before[name]) == (is_outdated or name in FURTHER)
    named = {"further_feed": ["乙", "丙"], "second_source": ["甲", "乙", "丙"]}.get(name, ["甲", "乙"])
    assert [row["complained_name"] for row in changed.rows[name]] == named


def test_changed_tables_are_built_once_and_nothing_is_parked(changed: Changed) -> None:
    assert changed.build.parked == []
    assert changed.again == BaseBuild()
    assert not {*changed.outdated} & {name for name, (_, _, is_outdated) in CHANGES.items() if not is_outdated}


def test_a_changed_table_has_the_columns_that_follow(changed: Changed) -> None:
    near = [row["is_near"] for name in ("expression", "new_expression") for row in changed.rows[name]]
    assert near == [False, False, True, True]
    assert [row["city_code"] for row in changed.rows["place"]] == ["420100", "420100"]
    assert "region_code" not in changed.rows["column_less"][0]
    assert [[source for source, _ in row["_stated_by"]] for row in changed.rows["key"]] == [["scjg/scjg_key"]] * 2
    assert [row["sources"] for row in changed.rows["merge"]] == [["scjg"], ["scjg"]]


def test_another_registry_withdraws_from_the_next_build_on(changed: Changed) -> None:
    assert changed.withdrawn_before == [False, True]
    assert [row["withdrawn_at"] for row in changed.rows["registry"]] == [None, None]


def test_a_second_source_has_the_table_keep_versions_by_source(changed: Changed) -> None:
    rows = {(row["department"], row["complaint_no"]): dict(row["_stated_by"]) for row in changed.rows["second_source"]}
    assert {key: [*sources] for key, sources in rows.items()} == {
        ("scjg", "1"): ["scjg/scjg_second_source"],
        ("scjg", "2"): ["scjg/scjg_second_source"],
        ("yjj", "1"): ["yjj/yjj_second_source"],
    }


def test_a_handwritten_model_wins_and_its_text_is_part_of_the_shape(
    changed: Changed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = project.models_of("base")["nothing"]  # not from its file, which another worker's contracts may have replaced
    written = tmp_path / "models" / "base" / "nothing.sql"
    written.parent.mkdir(parents=True)
    written.write_text(text.replace("{{ merge_newest", "-- worth reading\n{{ merge_newest"), "utf-8")
    monkeypatch.setattr(project, "PROJECT", tmp_path)
    monkeypatch.setattr(declared, "PROJECT", tmp_path)
    monkeypatch.setattr(project, "RENDERED", tmp_path / "models" / "_rendered")
    monkeypatch.setattr(project, "RENDERED_MACROS", tmp_path / "macros" / "_rendered")
    assert project.written_model(table_of("base.nothing")) == written
    rendered = {path.relative_to(project.RENDERED).as_posix() for path in render() if path.suffix != ".sql"}
    assert rendered == {"models.yml", "sources.yml", "unit_tests.yml"}
    assert {path.stem for path in (project.RENDERED / "base").glob("*.sql")} >= {"complaint", "key"}
    assert not (project.RENDERED / "base" / "nothing.sql").exists()
    assert "name: nothing\n" in (project.RENDERED / "models.yml").read_text("utf-8")
    assert "model: nothing\n" not in (project.RENDERED / "unit_tests.yml").read_text("utf-8")
    declared._fingerprint.cache_clear()
    assert "nothing" in Shapes.of(changed.home).outdated()
