"""What Great Expectations says of deliveries: the same as their contract's bounds, or nothing is published."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from urllib.parse import unquote

import pytest

from expectations.bounds import bounds, verdicts
from schemas.contract import Bound, feeds
from spark_jobs import pipeline
from spark_jobs.judging.figures import Figures
from spark_jobs.judging.validation import ValidationFailed, leave_to_validate, validate
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.tables import create_tables, read

FEED = "officer"
FIGURES: Figures = dict.fromkeys(bounds(feeds()[FEED]), 0.5)


@pytest.fixture
def judged(home: Home) -> Home:
    judge(home, "d1")
    return home


def leave(home: Home, figures: dict[str, Figures], feed: str = FEED) -> None:
    contract, moment = feeds()[feed], datetime(2026, 8, 1, tzinfo=UTC)
    deliveries = [Delivery(name, "scjg", feed, feed, f"{name}.csv", 0, moment) for name in figures]
    home.create()
    create_tables(home)
    leave_to_validate(home, contract, deliveries, figures, verdicts(contract, figures))


def judge(home: Home, delivery: str) -> None:
    leave(home, {delivery: FIGURES})
    assert validate(home) == len(FIGURES)


def left(home: Home) -> list[Path]:
    return [*(home.state / "to_validate").iterdir()]


def figures_near(random: Random, bound: Bound) -> float | None:
    """A figure on a bound, close to it, far from it, or unknown."""
    near = [limit + step for limit in (bound.min, bound.max) if limit is not None for step in (0, -1e-9, 1e-9, -1, 1)]
    return random.choice([None, 0, 0.5, 1, 10_000_000, *near])


def kinds_of_bound(names: Iterable[str]) -> set[tuple[bool, bool, str]]:
    """Whether a bound has a least, whether it has a most, and what it does to a delivery."""
    found = [bound for name in names for bound in bounds(feeds()[name]).values()]
    return {(bound.min is not None, bound.max is not None, bound.on) for bound in found}


def test_it_agrees_with_the_bounds_whatever_the_figures(home: Home) -> None:
    random = Random(17)
    some = {name: feeds()[name] for name in random.sample([*feeds()], 16)}
    assert kinds_of_bound(some) == kinds_of_bound(feeds())
    for name, contract in some.items():
        figures = {
            f"{name}{number}": {figure: figures_near(random, bound) for figure, bound in bounds(contract).items()}
            for number in range(40)
        }
        leave(home, figures, name)
    assert validate(home) == sum(40 * len(bounds(contract)) for contract in some.values())
    found = read(home.table("ops", "expectation")).column("is_met").to_pylist()
    assert {True, False} == set(found)
    assert not left(home)


def test_another_verdict_stops_the_run_before_anything_is_published(home: Home) -> None:
    leave(home, {"d1": FIGURES})
    [file] = left(home)
    said = json.loads(file.read_bytes())
    said["applied"][0]["is_met"] = not said["applied"][0]["is_met"]
    file.write_text(json.dumps(said))
    for _ in range(2):  # it stays so until somebody has looked
        with pytest.raises(
            ValidationFailed, match=r"delivery d1, expectation rows: settled as (not )?met .* nothing is"
        ):
            pipeline.publish(home)
    assert read(home.table("ops", "expectation")).num_rows == 0
    assert not [*home.serving.iterdir()]


def test_what_a_killed_run_left_is_validated_by_the_next_and_stands_once(home: Home) -> None:
    for _ in range(2):  # a run that was killed before the ledger settles its deliveries again
        leave(home, {"d1": FIGURES, "d2": FIGURES})
    assert len(left(home)) == 2
    pipeline.validate(home)
    rows = read(home.table("ops", "expectation"), ["_delivery", "expectation"]).to_pylist()
    assert len(rows) == 2 * len(FIGURES) == len({(row["_delivery"], row["expectation"]) for row in rows})


def pages(home: Home) -> list[Path]:
    return sorted((home.docs / "quality" / "validations").rglob("*.html"))


def results(home: Home) -> list[Path]:
    return sorted((home.state / "quality" / "gx" / "uncommitted" / "validations").rglob("*.json"))


def test_a_page_says_what_was_judged_and_stays_as_it_is(judged: Home) -> None:
    [first] = pages(judged)
    said = first.read_text("utf-8")
    assert "退回行占比" in said
    assert "__none__" not in said
    assert "核验 / 执法人员信息 / " in said
    [hour] = re.findall(r"核验 / 执法人员信息 / \S+ (\d\d)\d{4} / \S+ (\d\d):", said)[:1]
    assert hour[0] == hour[1], "both in China"
    assert not re.search(r">[^<]*\b(Status|Expectation|Run|must|UTC)\b", said)
    assert "An unexpected Exception occurred" not in said
    written = first.stat().st_mtime_ns
    judge(judged, "d2")
    assert len(pages(judged)) == 2
    assert first.stat().st_mtime_ns == written
    index = (judged.docs / "quality" / "index.html").read_text("utf-8")
    assert all(page.parent.name in index for page in pages(judged))


def test_the_index_has_a_row_a_delivery_with_file_department_and_china_s_time(judged: Home) -> None:
    judge(judged, "d2")
    judge(judged, "d2")
    index = (judged.docs / "quality" / "index.html").read_text("utf-8")
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr>\s*<td>(?s:.*?)</tr>", index)]
    assert sorted(row[1:5] + row[5:6] for row in rows) == [
        ["2026-08-01", "08:00:00", "市场监管局", "执法人员信息", f"{name}.csv"] for name in ("d1", "d2")
    ]
    assert {row[0] for row in rows} == {"未通过"}


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
    assert "退回行占比" in first.read_text("utf-8")


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
