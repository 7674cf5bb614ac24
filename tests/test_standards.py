"""The data dictionary: everything declared has a place, every link leads somewhere, nothing comes from a network."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from expectations.rule import rules
from schemas.contract import code_list, code_lists, contracts, feeds, indicators, measures
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import create_tables
from spark_jobs.standards.odcs import API
from spark_jobs.standards.site import LAYERS, write_site


class Page(HTMLParser):
    """A page's text, what it links to, and the places in it that can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.text = path, ""
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(unquote(value))
            if name == "id" and value:
                self.places.add(value)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    home = Home(tmp_path_factory.mktemp("dictionary") / "lake")
    home.create()
    create_tables(home)
    folder = write_site(home).parent
    assert write_site(home).parent == folder
    return {str(path.relative_to(folder)): Page(path) for path in folder.rglob("*.html")}


def test_everything_declared_has_its_place(site: dict[str, Page]) -> None:
    described = {contract.name for contract in contracts().values() if contract.layer in LAYERS}
    assert {Path(name).stem for name in site if name.startswith("table/")} == described
    assert {Path(name).stem for name in site if name.startswith("codes/")} == {*code_lists()}
    assert site["rules.html"].places >= rules().keys()
    assert site["figures.html"].places >= {*indicators(), *measures()} - {"search"}
    for name in described:
        assert site[f"table/{name}.html"].places >= {column.name for column in contracts()[name].columns}
    for feed in feeds().values():
        told = site[f"table/{feed.name}.html"].text
        assert feed.title in told
        assert all(heading.heading in told for column in feed.columns for heading in column.headings)


def test_every_link_leads_somewhere_and_none_to_a_network(site: dict[str, Page]) -> None:
    pages = {page.path: page for page in site.values()}
    for page in pages.values():
        for link in page.links:
            assert not re.match(r"\w+:|//", link), f"{page.path.name}: {link}"
            target, _, place = link.partition("#")
            path = (page.path.parent / target).resolve() if target else page.path
            assert path.exists(), f"{page.path.name}: {link}"
            assert not place or place in pages[path].places, f"{page.path.name}: {link}"
        assert not re.search(r"url\(|@import|<script[^>]+src", page.path.read_text("utf-8"))


def test_the_search_finds_a_column_by_the_heading_departments_write(site: dict[str, Page]) -> None:
    text = site["index.html"].path.read_text("utf-8")
    assert '"table/scjg_enterprise.html#capital_amount"' in text
    assert "注册资金" in text


def test_code_lists_and_columns_can_be_taken_along(site: dict[str, Page]) -> None:
    folder = site["index.html"].path.parent
    with (folder / "codes/punish_kind.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["代码"] for row in csv.DictReader(file)] == [code.code for code in code_list("punish_kind")]
    with (folder / "columns.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {(row["表"], row["列"]) for row in csv.DictReader(file)}
    assert ("base.check_action", "check_result") in listed


def test_a_contract_is_an_odcs_document(site: dict[str, Page]) -> None:
    """Whether the standard's own tool takes it, `make check` asks."""
    folder = site["index.html"].path.parent / "odcs"
    documents = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in folder.glob("*.yaml")}
    assert documents.keys() == contracts().keys()
    assert {document["apiVersion"] for document in documents.values()} == {API}
    told = documents["scjg_enterprise"]
    [schema] = told["schema"]
    properties = {entry["name"]: entry for entry in schema["properties"]}
    assert properties["uscc"]["primaryKey"]
    assert {"synonym": "注册资金", "locale": "zh-CN"} in properties["capital_amount"]["synonyms"]
    assert {"property": "frequency", "value": 1, "unit": "m"} in told["slaProperties"]
    assert {"value": "02", "description": "罚款"} in next(
        entry["enum"]
        for entry in documents["punish_action"]["schema"][0]["properties"]
        if entry["name"] == "punish_kind"
    )
