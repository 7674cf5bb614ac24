"""A leader's browser meets a running Superset; skipped, with the reason, where one of the two is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.webdriver.common.by import By  # noqa: E402, after the check that it is there
from selenium.webdriver.remote.webdriver import WebDriver  # noqa: E402

from bench.queries import Chart  # noqa: E402
from dashboards import screenshot  # noqa: E402

pytestmark = pytest.mark.browser

BASE = os.environ.get("LAKEWARDEN_SUPERSET_URL", "http://127.0.0.1:8088")
ENGLISH_ALLOWED = {"SQL"}


def missing() -> str | None:
    if not any(map(shutil.which, screenshot.BROWSERS)) or not shutil.which("chromedriver"):
        return "chromium or chromedriver is not on the PATH"
    if not {"LAKEWARDEN_SUPERSET_USER", "LAKEWARDEN_SUPERSET_PASSWORD"} <= os.environ.keys():
        return "LAKEWARDEN_SUPERSET_USER and LAKEWARDEN_SUPERSET_PASSWORD are not set"
    try:
        urllib.request.urlopen(f"{BASE}/health", timeout=5)
    except (urllib.error.URLError, OSError) as error:
        return f"no Superset at {BASE}: {error}"
    return None


@pytest.fixture(scope="module")
def overview() -> Iterator[WebDriver]:
    if reason := missing():
        pytest.skip(reason)
    with screenshot.browser(1600, 2800) as driver:
        user, password = os.environ["LAKEWARDEN_SUPERSET_USER"], os.environ["LAKEWARDEN_SUPERSET_PASSWORD"]
        screenshot.log_in(driver, BASE, user, password)
        screenshot.open_dashboard(driver, BASE, "overview")
        yield driver


def figure(driver: WebDriver, title: str) -> str:
    holder = driver.find_element(By.CSS_SELECTOR, f"[data-test-chart-name='{title}']")
    return holder.find_element(By.CSS_SELECTOR, ".header-line").text


def test_every_chart_shows_data(overview: WebDriver) -> None:
    charts = overview.find_elements(By.CSS_SELECTOR, "[data-test='chart-grid-component']")
    drawn = "canvas, table tbody tr, .header-line, .region-map path"
    assert len(charts) >= 15
    for chart in charts:
        name = chart.get_attribute("data-test-chart-name")
        assert chart.find_elements(By.CSS_SELECTOR, drawn), f"{name} is empty"
        assert not chart.find_elements(By.CSS_SELECTOR, "[data-test='error-alert'], .ant-alert"), f"{name} failed"


def test_page_is_chinese(overview: WebDriver) -> None:
    words = set(re.findall(r"[A-Za-z]{2,}", overview.find_element(By.TAG_NAME, "body").text))
    assert words <= ENGLISH_ALLOWED


def posted(driver: WebDriver) -> dict[int, dict[str, Any]]:
    """What the page has asked for each chart since the last look."""
    found = {}
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        request = message["params"].get("request", {})
        if message["method"] == "Network.requestWillBeSent" and "/api/v1/chart/data" in request["url"]:
            body = json.loads(request["postData"])
            found[body["form_data"].get("slice_id")] = body
    return found


def test_the_bench_asks_what_the_page_asks(overview: WebDriver) -> None:
    charts = overview.execute_async_script(
        "fetch('/api/v1/dashboard/overview/charts').then(r => r.json()).then(arguments[0])"
    )["result"]
    asked = posted(overview)
    assert len(charts) >= 15
    for chart in charts:
        dataset = int(chart["form_data"]["datasource"].split("__")[0])
        body = Chart(chart["id"], chart["slice_name"], dataset, chart["form_data"], True).body(1)
        assert body["queries"] == asked[chart["id"]]["queries"], chart["slice_name"]


def test_clicking_a_prefecture_filters_everything(overview: WebDriver) -> None:
    regions = overview.find_elements(By.CSS_SELECTOR, ".region-map path[data-region]")
    assert len(regions) == 17
    province = figure(overview, "检查次数")
    wuhan = overview.find_element(By.CSS_SELECTOR, ".region-map path[data-region='武汉市']")
    overview.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", wuhan)
    screenshot.settled(overview)
    assert wuhan.get_attribute("aria-pressed") == "true"
    assert figure(overview, "检查次数") != province
    assert len(overview.find_elements(By.CSS_SELECTOR, ".region-map path[data-region]")) == 17


def test_browser_may_not_fetch_from_elsewhere(overview: WebDriver) -> None:
    """Superset's pages ask for a pixel of scarf.sh; the policy is what stops that and everything like it."""
    with urllib.request.urlopen(f"{overview.current_url.split('/superset')[0]}/login/", timeout=30) as page:
        policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*|\w\.\w", policy)


def test_what_is_not_known_is_a_dash(overview: WebDriver) -> None:
    """By the day of their last inspection, objects that had none come last; Superset would write N/A."""
    table = overview.find_element(By.CSS_SELECTOR, "[data-test-chart-name='高风险对象及理由']")
    for place in ("thead th:last-child", ".pagination li:last-child a"):
        overview.execute_script("arguments[0].click()", table.find_element(By.CSS_SELECTOR, place))
        screenshot.settled(overview)
    empty = table.find_elements(By.CSS_SELECTOR, "td.dt-is-null")
    shown = "return getComputedStyle(arguments[0]).fontSize + getComputedStyle(arguments[0], '::after').content"
    assert empty
    assert {overview.execute_script(shown, cell) for cell in empty} == {'0px"—"'}
