"""The Data Docs: what they hold, and what a day of them costs once there have been many."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from expectations.bounds import bounds
from schemas.contract import feeds
from spark_jobs.judging.gate import Gatekeeper
from spark_jobs.lake.home import Home

FEED = "officer"
FIGURES = dict.fromkeys(bounds(feeds()[FEED]), 0.5)


@pytest.fixture
def judged(home: Home) -> Home:
    judge(home, "d1")
    return home


def judge(home: Home, delivery: str) -> None:
    with Gatekeeper(home) as gate:
        assert not all(verdict.is_met for verdict in gate.judge(feeds()[FEED], {delivery: FIGURES}))
        gate.dismiss()


def pages(home: Home) -> list[Path]:
    return sorted((home.docs / "quality" / "validations").rglob("*.html"))


def results(home: Home) -> list[Path]:
    return sorted((home.state / "quality" / "gx" / "uncommitted" / "validations").rglob("*.json"))


def test_a_page_says_what_was_judged_and_stays_as_it_is(judged: Home) -> None:
    [first] = pages(judged)
    said = first.read_text("utf-8")
    assert "quarantined_share" in said
    assert "An unexpected Exception occurred" not in said
    written = first.stat().st_mtime_ns
    judge(judged, "d2")
    assert len(pages(judged)) == 2
    assert first.stat().st_mtime_ns == written
    index = (judged.docs / "quality" / "index.html").read_text("utf-8")
    assert all(page.parent.name in index for page in pages(judged))


def test_pages_run_no_script_load_nothing_and_lead_to_each_other(judged: Home) -> None:
    site = judged.docs / "quality"
    for page in site.rglob("*.html"):
        said = page.read_text("utf-8")
        assert not re.search(r"<script|<link|<img|\bon\w+=|src=|href=[\"']?(https?:|//)", said), page
        assert "default-src 'none'" in said
        links = set(re.findall(r'href="([^"#]+)', said))
        assert all((page.parent / unquote(link)).is_file() for link in links), (page, links)
    linked = re.findall(r'href="(validations/[^"]+)"', (site / "index.html").read_text("utf-8"))
    assert {site / unquote(link) for link in linked} == set(pages(judged))


def test_a_home_whose_pages_were_rendered_another_way_renders_them_anew(judged: Home) -> None:
    project = judged.state / "quality" / "gx" / "great_expectations.yml"
    project.write_text(
        project.read_text("utf-8").replace("class_name: Page", "class_name: DefaultJinjaPageView"), "utf-8"
    )
    [first] = pages(judged)
    first.write_text("as it was rendered before")
    os.utime(first, ns=(0, 0))  # older than the index, so nothing says that it was cut short
    judge(judged, "d2")
    assert "quarantined_share" in first.read_text("utf-8")


def test_a_page_that_was_cut_short_is_rendered_again(judged: Home) -> None:
    [first] = pages(judged)
    whole = first.read_text("utf-8")
    first.write_text(whole[:100])
    index = judged.docs / "quality" / "index.html"
    os.utime(index, ns=(0, first.stat().st_mtime_ns - 1))
    judge(judged, "d2")
    assert len(first.read_text("utf-8")) > len(whole) / 2


def test_the_oldest_results_go_with_their_pages(judged: Home) -> None:
    [result] = results(judged)
    for day in range(160):
        earlier = result.parent.with_name(f"20250101T{day // 60:02}{day % 60:02}00.000000Z")
        shutil.copytree(result.parent, earlier)
    judge(judged, "d2")
    assert len(pages(judged)) == len(results(judged)) == 150
    assert result.exists()
