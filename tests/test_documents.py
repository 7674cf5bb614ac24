"""What is written for people: lines that fit, links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.contract import departments, feeds

ROOT = Path(__file__).parent.parent
WIDTH = 120
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
# What is made by a run or an environment lies in hidden folders or in the home.
PAGES = [
    page
    for page in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith(".") or part == "lake" for part in page.relative_to(ROOT).parts)
]


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_lines_fit_a_terminal_and_links_lead_to_files(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    too_long = [n for n, line in enumerate(lines, 1) if len(line) > WIDTH and not line.lstrip().startswith("|")]
    assert not too_long, f"lines longer than {WIDTH} characters outside tables"
    nowhere = [link for line in lines for link in LINK.findall(line) if not (page.parent / link).exists()]
    assert not nowhere


def test_the_pages_are_found() -> None:
    assert {ROOT / "README.md", ROOT / "docs" / "domain.md"} <= set(PAGES)


def test_the_guide_for_departments_names_every_folder() -> None:
    guide = (ROOT / "docs" / "landing-guide.md").read_text(encoding="utf-8")
    for name, department in departments().items():
        assert f"| {department.label} | `{name}` |" in guide
    for feed in feeds().values():
        assert f"/{feed.folder}/`" in guide, feed.name
    assert "(first-delivery.md)" in guide


def test_what_the_guide_promises_of_time_is_what_airflow_does() -> None:
    assert 'schedule="*/10 * * * *"' in (ROOT / "dags" / "landing.py").read_text(encoding="utf-8")
    assert "平台每十分钟收取一次" in (ROOT / "docs" / "landing-guide.md").read_text(encoding="utf-8")
