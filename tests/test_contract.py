"""Contracts are read strictly: what is wrong is named by file, key and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from schemas import folders
from schemas.contract import ContractError, contracts, feed_of, feeds, fields, read_contract
from schemas.contract import read as reader
from schemas.contract.lint import RULES, lint
from schemas.contract.lint.feeds import feeds_have_samples
from schemas.contract.show import describe

GOOD = {
    "title": "样本",
    "doc": "One row a sample.",
    "into": ["supervised_object"],
    "delivery": {"formats": ["csv"], "cadence": "daily", "mode": "full"},
    "key": ["uscc"],
    "columns": [{"name": "uscc", "from": "统一社会信用代码", "required": True}],
}


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writes a feed contract into a schemas folder of its own, and returns its path."""
    for name in ("terms", "departments.yaml", "codes"):
        (tmp_path / name).symlink_to(folders.SCHEMAS / name)
    # The terms are the repository's; only the place of feeds is another.
    reader.terms()
    monkeypatch.setattr(folders, "SCHEMAS", tmp_path)

    def to_file(changes: dict[str, object] | str) -> Path:
        path = tmp_path / "feeds" / "scjg" / "sample.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = changes if isinstance(changes, str) else yaml.safe_dump({**GOOD, **changes}, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def test_a_contract_has_its_name_from_its_place(write) -> None:
    read = read_contract(write({}))
    assert (read.name, read.layer, read.department) == ("scjg_sample", "feed", "scjg")


def test_a_term_fills_what_a_column_leaves_open(write) -> None:
    column = read_contract(write({})).column("uscc")
    assert (column.type, column.check, column.label) == ("string", "uscc", "统一社会信用代码")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": "red"}, "colour: unknown key"),
        ({"name": "sample"}, "name: unknown key"),
        ({"title": None}, "title: must be text"),
        ({"columns": "uscc"}, "columns: must be a list of columns"),
        ({"columns": [{"name": "uscc", "form": "代码"}]}, "columns.0.form: unknown key"),
        ({"columns": [{"from": "代码"}]}, "columns.0.name: is missing"),
        (
            {"delivery": {"formats": ["pdf"], "cadence": "daily", "mode": "full"}},
            "delivery.formats.0: Input should be 'csv'",
        ),
        ({"key": ["nothing"]}, "key: nothing is not a column"),
        ({"key": "uscc"}, "key: must be a list"),
        ({"key": []}, "key: must not be empty"),
        ("a: [1", "not YAML"),
        ("- a\n- b\n", "must hold keys and values, not list"),
    ],
)
def test_a_broken_contract_says_file_key_and_why(write, changes: dict[str, object] | str, said: str) -> None:
    path = write(changes)
    with pytest.raises(ContractError) as raised:
        read_contract(path)
    assert f"feeds/scjg/sample.yaml: {said}" in str(raised.value)


def test_the_contracts_of_the_repository_break_no_rule() -> None:
    assert lint() == []


def test_every_lint_rule_is_a_sentence() -> None:
    assert all(rule.__doc__ and rule.__doc__.strip().endswith(".") for rule in RULES)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"into": ["nothing"]}, "into: base.nothing has no contract"),
        ({"columns": [{"name": "uscc", "required": True}]}, "columns.uscc.from: names no heading"),
        ({"ignore": ["统一社会信用代码"]}, "ignore: 统一社会信用代码 is read into uscc"),
        ({"columns": [{"name": "uscc", "from": "代码"}]}, "columns.uscc: is in the key but not required"),
        ({"expect": {"filled": {"nothing": 0.5}}}, "expect.filled: nothing is not a column"),
    ],
)
def test_the_lint_finds_what_structure_cannot(write, changes: dict[str, object], said: str) -> None:
    broken = read_contract(write(changes))
    assert said in [found for rule in RULES for found in rule(broken)]


HAZARD = """
title: 重大危险源库
doc: One row a source.
key: [hazard_no]
merge: newest
event: {date: filed_date}
measures:
  hazards: {label: 重大危险源数, count: true}
columns:
  - {name: hazard_no, type: string, label: 备案编号}
  - {name: filed_date, type: date, label: 备案日期}
  - region_code
  - {name: city_code, place: [region_code]}
  - department
"""
WATER = """
water:
  title: 水利监管
  departments: [slt]
  national: ["19"]
  problems: ["05"]
  industries: ["46"]
"""


@pytest.fixture
def linted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], list[str]]]:
    """What the lint says of a base table and a field that stand beside the repository's."""

    def with_files(table: str, field: str) -> list[str]:
        (tmp_path / "base").mkdir()
        (tmp_path / "base" / "danger_site.yaml").write_text(table, encoding="utf-8")
        (tmp_path / "fields.yaml").write_text(field, encoding="utf-8")
        monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
        _forget()
        return [line.removeprefix(f"{tmp_path}/") for line in lint()]

    yield with_files
    monkeypatch.delenv("LAKEWARDEN_SCHEMAS", raising=False)
    _forget()


def _forget() -> None:
    contracts.cache_clear()
    fields.cache_clear()


def test_a_table_needs_no_list_of_details_and_a_field_no_table(linted) -> None:
    assert linted(HAZARD, WATER) == []


@pytest.mark.parametrize(
    ("wrote", "instead", "said"),
    [
        ("key: [hazard_no]", "key: [danger_site]", "base/danger_site.yaml: key: danger_site is not a column"),
        ("newest", "newst", "base/danger_site.yaml: merge: Input should be 'newest' or 'claims'"),
        ("count: true", "sum: cny", "base/danger_site.yaml: measures.hazards: cny is not a column"),
        ("count: true", "sum: hazard_no", "base/danger_site.yaml: measures.hazards.sum: hazard_no is not a number"),
        ("date: filed_date", "date: filed", "base/danger_site.yaml: event.date: filed is not a column"),
        ("date: filed_date", "date: hazard_no", "base/danger_site.yaml: event.date: hazard_no is not a date"),
        (
            "type: string, label: 备",
            "type: txt, label: 备",
            "columns.hazard_no.type: there is no txt; there are string",
        ),
        ("count: true}", "count: true, where: {hazard_no: A}}", "where.hazard_no: must be a list"),
        (
            "  - department",
            "  - department\n  - {name: industry_section, lookup: {table: industry, by: line, give: section}}",
            "base/danger_site.yaml: columns.industry_section.lookup.by: line is not a column",
        ),
        ("title: 水利监管", "title: water", "fields.yaml: water.title: is not Chinese"),
        ("[slt]", "[slj]", "fields.yaml: water.departments: slj is not in departments.yaml"),
        ("[slt]", "[yjj]", "fields.yaml: water.departments: yjj belongs to drug already"),
        ('"19"', '"00"', "fields.yaml: water.national: 00 is not a code of supervision_department"),
        ('"05"', '"16"', "fields.yaml: water.problems: 16 is not a code of problem_class"),
        ('"05"', '"07"', "fields.yaml: water.problems: 07 belongs to health already"),
        ('"46"', '"ZZ"', "fields.yaml: water.industries: no code of industry begins with ZZ"),
        ('"46"', "46", "fields.yaml: water.industries.0: must be text"),
    ],
)
def test_a_slip_is_told_once_where_it_was_made(linted, wrote: str, instead: str, said: str) -> None:
    [line] = linted(HAZARD.replace(wrote, instead, 1), WATER.replace(wrote, instead, 1))
    assert said in line


@pytest.mark.parametrize("name", contracts())
def test_a_contract_is_shown_with_every_column_its_label_and_its_headings(name: str) -> None:
    contract = contracts()[name]
    lines = list(describe(name))
    assert lines[0] == f"{name}  {contract.title}"
    shown = {line.split()[0]: line for line in lines[lines.index("") + 1 :]}
    for column in contract.columns:
        assert str(column.label) in shown[column.name]
        for heading in column.headings:
            assert heading.heading in shown[column.name]


def test_the_way_of_a_table_is_shown_from_both_ends() -> None:
    assert "flows: landing → bronze.scjg_enterprise → silver.scjg_enterprise | quarantine.scjg_enterprise" in "\n".join(
        describe("scjg_enterprise")
    )
    assert "from: silver.complaint, silver.jrj_fund_raising_clue, silver.szj_hotline_order" in describe(
        "base.complaint"
    )
    with pytest.raises(ContractError, match="no such contract"):
        list(describe("base.nothing"))


def test_a_standard_feed_belongs_to_every_department_and_an_own_feed_to_one() -> None:
    assert feed_of("yjj", "check_action") is contracts()["check_action"]
    assert feed_of("scjg", "enterprise") is contracts()["scjg_enterprise"]
    assert feed_of("yjj", "enterprise") is None
    assert feed_of("scjg", "scjg_enterprise") is None


def test_a_feed_of_ours_without_a_sample_is_named() -> None:
    contract = feeds()["complaint"]
    assert list(feeds_have_samples(contract)) == []
    lacking = contract.model_copy(update={"file": contract.file.with_name("unheard.yaml")})
    assert list(feeds_have_samples(lacking)) == [
        "there is no sample samples/unheard.csv, which shows what its rows look like and how each is judged"
    ]
