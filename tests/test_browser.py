"""A leader's browser meets a running Superset; skipped, with the reason, where one of the two is missing."""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed")

from selenium.common.exceptions import StaleElementReferenceException  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402, after the check that it is there
from selenium.webdriver.remote.webdriver import WebDriver  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

from bench.queries import Chart  # noqa: E402
from dashboards import screenshot  # noqa: E402
from dashboards.render.declaration import CHINESE  # noqa: E402
from spark_jobs.services.keys import DEMO, DEMO_ANALYST, DEMO_LEADER, DEMO_OPERATOR, Login  # noqa: E402

pytestmark = pytest.mark.browser

BASE = os.environ.get("LAKEWARDEN_SUPERSET_URL", "http://127.0.0.1:8088")
ENGLISH_ALLOWED = {"SQL"}
DRILLED = ["检查行为编号", "监管对象", "检查时间"]


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


@pytest.fixture(scope="module")
def requests(overview: WebDriver) -> list[dict[str, Any]]:
    """Everything the browser asked for from logging in until the page stood; the log can be read once."""
    messages = [json.loads(entry["message"])["message"] for entry in overview.get_log("performance")]
    return [each["params"]["request"] for each in messages if each["method"] == "Network.requestWillBeSent"]


@contextmanager
def seen_by(person: Login, width: int = 1600, height: int = 1200, slug: str = "overview") -> Iterator[WebDriver]:
    """A page, unless told the overview, as one of the demo's people sees it."""
    if os.environ["LAKEWARDEN_SUPERSET_USER"] != DEMO.user:
        pytest.skip("not a demo: it has no leader and no analyst")
    with screenshot.browser(width, height) as driver:
        screenshot.log_in(driver, BASE, person.user, person.password)
        screenshot.open_dashboard(driver, BASE, slug)
        yield driver


def figure(driver: WebDriver, title: str) -> str:
    holder = driver.find_element(By.CSS_SELECTOR, f"[data-test-chart-name='{title}']")
    return holder.find_element(By.CSS_SELECTOR, ".header-line").text


def test_every_chart_shows_data(overview: WebDriver) -> None:
    charts = overview.find_elements(By.CSS_SELECTOR, "[data-test='chart-grid-component']")
    drawn = "canvas, table tbody tr, .header-line, .region-map path, .data-scope span"
    assert len(charts) >= 15
    for chart in charts:
        name = chart.get_attribute("data-test-chart-name")
        assert chart.find_elements(By.CSS_SELECTOR, drawn), f"{name} is empty"
        assert not chart.find_elements(By.CSS_SELECTOR, "[data-test='error-alert'], .ant-alert"), f"{name} failed"


def test_page_is_chinese(overview: WebDriver) -> None:
    words = set(re.findall(r"[A-Za-z]{2,}", overview.find_element(By.TAG_NAME, "body").text))
    assert words <= ENGLISH_ALLOWED


def test_the_bench_asks_what_the_page_asks(overview: WebDriver, requests: list[dict[str, Any]]) -> None:
    charts = overview.execute_async_script(
        "fetch('/api/v1/dashboard/overview/charts').then(r => r.json()).then(arguments[0])"
    )["result"]
    bodies = [json.loads(each["postData"]) for each in requests if "/api/v1/chart/data" in each["url"]]
    asked = {body["form_data"].get("slice_id"): body for body in bodies}
    assert len(charts) >= 15
    for chart in charts:
        dataset = int(chart["form_data"]["datasource"].split("__")[0])
        body = Chart(chart["id"], chart["slice_name"], dataset, chart["form_data"], True).body(1)
        assert body["queries"] == asked[chart["id"]]["queries"], chart["slice_name"]


def test_clicking_a_prefecture_filters_everything(overview: WebDriver) -> None:
    regions = overview.find_elements(By.CSS_SELECTOR, ".region-map path[data-region]")
    assert len(regions) == 17
    province = figure(overview, "检查次数")
    wuhan = ".region-map path[data-region='武汉市']"
    click = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    overview.execute_script(click, overview.find_element(By.CSS_SELECTOR, wuhan))
    patient = WebDriverWait(overview, 60, ignored_exceptions=[StaleElementReferenceException])
    patient.until(lambda driver: figure(driver, "检查次数") != province)
    screenshot.settled(overview)
    assert overview.find_element(By.CSS_SELECTOR, wuhan).get_attribute("aria-pressed") == "true"
    assert len(overview.find_elements(By.CSS_SELECTOR, ".region-map path[data-region]")) == 17


def test_the_browser_asks_nobody_elsewhere(requests: list[dict[str, Any]]) -> None:
    """Superset's pages would ask scarf.sh for a picture; web.py takes it out, and the policy would stop it."""
    assert len(requests) > 50
    assert [each["url"] for each in requests if not each["url"].startswith((f"{BASE}/", "data:", "blob:"))] == []
    with urllib.request.urlopen(f"{BASE}/login/", timeout=30) as page:
        policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*|\w\.\w", policy)


def test_every_name_on_the_map_stands_out_from_its_rim(overview: WebDriver) -> None:
    """A small region's name lies over its neighbours, whatever their colour: the rim round it is its own ground."""
    inks = overview.execute_script(
        "return [...document.querySelectorAll('.region-map g[style] text')]"
        ".map(text => getComputedStyle(text)).map(style => [style.fill, style.stroke, style.paintOrder])"
    )
    assert len(inks) >= 17
    for fill, rim, order in inks:
        light, dark = sorted((luminance(fill), luminance(rim)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 4.5, (fill, rim)
        assert order.startswith("stroke")


def luminance(colour: str) -> float:
    """As WCAG reckons contrast."""
    parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_what_is_not_known_is_a_dash_and_what_nobody_delivers_is_said(overview: WebDriver) -> None:
    """Nobody delivers complaints about land: their rate is a dash, where Superset would write N/A."""
    with seen_by(DEMO_LEADER, height=2400, slug="field_resources") as driver:
        table = driver.find_element(By.CSS_SELECTOR, "[data-test-chart-name='各市州监管情况']")
        empty = table.find_elements(By.CSS_SELECTOR, "td.dt-is-null")
        shown = "return getComputedStyle(arguments[0]).fontSize + getComputedStyle(arguments[0], '::after').content"
        assert empty
        assert {driver.execute_script(shown, cell) for cell in empty} == {'0px"—"'}
        [lacking] = re.findall("尚无部门报送：(.+)", scope(driver))
        assert "投诉举报" in lacking.split("、")


def test_a_page_tells_how_far_its_data_reach(overview: WebDriver) -> None:
    told = scope(overview)
    assert re.search(r"数据截至 \d{4}年\d+月\d+日", told)
    assert re.search(r"统计期间 \d{4}年\d+月\d+日至\d{4}年\d+月\d+日", told)
    assert "尚无部门" not in told
    with seen_by(DEMO_LEADER, slug="field_finance") as driver:
        assert re.search(r"数据截至 \d{4}年\d+月\d+日", scope(driver))


def scope(driver: WebDriver) -> str:
    return driver.find_element(By.CSS_SELECTOR, ".data-scope").text


def test_what_a_figure_counts_stands_under_its_title(overview: WebDriver) -> None:
    for chart in overview.find_elements(By.CSS_SELECTOR, "[data-test='chart-grid-component']"):
        if chart.get_attribute("data-test-viz-type") != "scope":
            told = chart.find_element(By.CSS_SELECTOR, ".slice_description").text
            assert "。" in told, chart.get_attribute("data-test-chart-name")


def test_objects_of_high_risk_are_red_or_orange_and_each_has_a_reason(overview: WebDriver) -> None:
    table = overview.find_element(By.CSS_SELECTOR, "[data-test-chart-name='高风险对象及理由']")
    for last in table.find_elements(By.CSS_SELECTOR, ".pagination li:last-child a"):  # a page alone has none
        overview.execute_script("arguments[0].click()", last)
        screenshot.settled(overview)
    rows = overview.find_elements(By.CSS_SELECTOR, "[data-test-chart-name='高风险对象及理由'] tbody tr")
    cells = [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "td")] for row in rows]
    assert cells
    assert {row[4] for row in cells} <= {"红", "橙"}
    assert all(float(row[3]) >= 25 and row[5] for row in cells)


WAY = {
    DEMO_LEADER: ["overview", "field_drug", "complaint", "data", "/dashboard/list/", "/user_info/", "/no/such/page/"],
    DEMO_ANALYST: ["/sqllab/", "/savedqueryview/list/", "/users/"],
    DEMO_OPERATOR: ["data", "/actionlog/list/"],
    DEMO: ["/users/", "/list_groups/"],
}
NAMES = {
    "SQL",
    "duckdb",
    "gold",
    "detail",
    "themes",
    "lakewarden",
    "invalid",
    *(who.user for who in WAY),
    "Admin",
    "Alpha",
    "Gamma",
    # How files are called that were turned away.
    "csv",
    "xlsx",
}


@pytest.mark.parametrize(("person", "pages"), WAY.items(), ids=[who.user for who in WAY])
def test_the_way_of_everybody_is_chinese(overview: WebDriver, person: Login, pages: list[str]) -> None:
    with seen_by(person) as driver:
        for page in pages:
            driver.get(f"{BASE}{page if page.startswith('/') else f'/superset/dashboard/{page}/'}")
            WebDriverWait(driver, 60).until(lambda d: CHINESE.search(d.find_element(By.TAG_NAME, "body").text))
            screenshot.settled(driver)
            words = set(re.findall(r"[A-Za-z]{2,}", driver.find_element(By.TAG_NAME, "body").text))
            cells = driver.execute_script("return [...document.querySelectorAll('td')].map(c => c.innerText).join(' ')")
            # What departments deliver has letters of its own: numbers of batches, forms of medicines.
            delivered = set(re.findall(r"[A-Za-z]{2,}", cells))
            assert words - delivered <= NAMES, page


def test_an_analyst_s_download_has_its_name_and_excel_s_mark(overview: WebDriver) -> None:
    with seen_by(DEMO_ANALYST) as driver:
        chart = driver.find_element(By.CSS_SELECTOR, "[data-test-chart-name='检查次数']")
        query = {"columns": ["city_name"], "metrics": [], "filters": [], "orderby": [], "row_limit": 3}
        form = {"slice_id": int(chart.get_attribute("data-test-chart-id") or "")}
        body = {"datasource": {"id": 1, "type": "table"}, "queries": [query], "result_format": "csv", "form_data": form}
        script = (
            "fetch('/api/v1/chart/data', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
            "body: arguments[0]}).then(async answer => arguments[1]([answer.headers.get('Content-Disposition'), "
            "...new Uint8Array(await answer.arrayBuffer()).slice(0, 4)]))"
        )
        disposition, *first = driver.execute_async_script(script, json.dumps(body))
        assert first[:3] == [0xEF, 0xBB, 0xBF]
        assert first[3] != 0xEF, "one mark only"
        assert re.fullmatch(r"检查次数_\d{4}-\d\d-\d\d_\d{4}\.csv", unquote(disposition.partition("''")[2]))


def test_a_month_is_picked_as_a_month(overview: WebDriver) -> None:
    with seen_by(DEMO_LEADER) as driver:
        province, told = figure(driver, "检查次数"), scope(driver)
        driver.find_elements(By.CSS_SELECTOR, "[data-test='filter-bar'] .ant-select")[2].click()
        patient = WebDriverWait(driver, 30, ignored_exceptions=[StaleElementReferenceException])
        options = patient.until(lambda d: d.find_elements(By.CSS_SELECTOR, ".ant-select-item-option[title^='20']"))
        months = [option.get_attribute("title") or "" for option in options]
        assert months == sorted(months, reverse=True)
        assert all(re.fullmatch(r"\d{4}-\d\d", month) for month in months)
        options[0].click()
        press(driver, "[data-test='filter-bar__apply-button']")
        patient.until(lambda d: figure(d, "检查次数") != province)
        screenshot.settled(driver)
        year, month = months[0].split("-")
        assert f"统计期间 {year}年{int(month)}月" in scope(driver)
        assert re.findall("数据截至 [^ ]+", told)[0] in scope(driver), "how far the data reach is not chosen"


def test_sql_lab_names_schemas_that_last_and_labels_their_columns(overview: WebDriver) -> None:
    with seen_by(DEMO_ANALYST) as driver:
        [database] = ask(driver, "/api/v1/database/")["result"]
        schemas = ask(driver, f"/api/v1/database/{database['id']}/schemas/")["result"]
        assert sorted(schemas) == ["detail", "gold", "ops", "themes"]
        table = ask(driver, f"/api/v1/database/{database['id']}/table_metadata/?name=risk_score&schema=gold")
        assert table["comment"] == "监管对象风险评分"
        assert {column["name"]: column["comment"] for column in table["columns"]}["object_name"] == "监管对象名称"


def ask(driver: WebDriver, path: str) -> Any:
    return driver.execute_async_script("fetch(arguments[0]).then(answer => answer.json()).then(arguments[1])", path)


def test_a_leader_sees_dashboards_and_nothing_else(overview: WebDriver) -> None:
    with seen_by(DEMO_LEADER) as driver:
        assert [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"] == []
        assert menu(driver) == ["看板"]
        assert not driver.find_elements(By.CSS_SELECTOR, "[data-test='edit-dashboard-button']")
        for path in ("/api/v1/dataset/", "/api/v1/database/", "/api/v1/security/users/", "/sqllab/", "/explore/"):
            assert status(driver, path) == 403, path
        query = {"columns": ["city_name"], "metrics": [], "filters": [], "orderby": [], "row_limit": 3}
        body = {"datasource": {"id": 1, "type": "table"}, "queries": [query], "result_format": "csv"}
        assert status(driver, "/api/v1/chart/data", body) == 403


def test_an_analyst_also_asks_in_sql(overview: WebDriver) -> None:
    with seen_by(DEMO_ANALYST) as driver:
        assert menu(driver) == ["看板", "SQL"]
        assert status(driver, "/sqllab/") == status(driver, "/api/v1/database/") == 200
        for path in ("/api/v1/security/users/", "/api/v1/security/roles/", "/api/v1/log/"):
            assert status(driver, path) == 403, path


def test_an_operator_sees_who_asked_for_what_and_changes_nobody_s_rights(overview: WebDriver) -> None:
    with seen_by(DEMO_OPERATOR, slug="data") as driver:
        assert status(driver, "/api/v1/log/") == 200
        for path in ("/api/v1/security/users/", "/api/v1/security/roles/", "/api/v1/database/", "/sqllab/"):
            assert status(driver, path) == 403, path


def menu(driver: WebDriver) -> list[str]:
    """The words at the top of the page."""
    shown = driver.find_elements(By.CSS_SELECTOR, ".main-nav > li")
    return [item.text for item in shown if item.text.strip()]


def status(driver: WebDriver, path: str, body: dict[str, Any] | None = None) -> int:
    """What Superset answers this person."""
    options = {"headers": {"Content-Type": "application/json"}}
    options |= {"method": "POST", "body": json.dumps(body)} if body else {}
    script = "fetch(arguments[0], arguments[1]).then(answer => arguments[2](answer.status))"
    return int(driver.execute_async_script(script, path, options))


def test_drill_to_detail_speaks_to_people(overview: WebDriver) -> None:
    with seen_by(DEMO_LEADER) as driver:
        press(driver, "[data-test-chart-name='检查次数'] .header-controls button")
        WebDriverWait(driver, 30).until(lambda d: drills(d))
        driver.execute_script("arguments[0].click()", drills(driver)[0])
        WebDriverWait(driver, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, ".ant-modal .virtual-table-cell"))
        heads = [head.text for head in driver.find_elements(By.CSS_SELECTOR, ".ant-modal th") if head.text]
        cells = [cell.text for cell in driver.find_elements(By.CSS_SELECTOR, ".ant-modal .virtual-table-cell")]
        # The inspections themselves, not sums of them.
        assert heads[: len(DRILLED)] == DRILLED
        assert any(re.fullmatch(r"[A-Z]+-JC-\d{6}-\d{8}-\d{6}", cell) for cell in cells)
        assert any(re.fullmatch(r"\d{4}-\d{2}-\d{2}", cell) for cell in cells)
        assert not [cell for cell in cells if re.search(r"[a-z]|00:00", cell)]


def test_a_chart_s_picture_tells_page_data_date_and_filters_and_nothing_of_the_screen(overview: WebDriver) -> None:
    """What is drawn is a copy of the chart: its words are taken down when Superset is about to draw it."""
    with seen_by(DEMO_ANALYST, height=2800) as driver:
        province = figure(driver, "检查次数")
        click = "arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))"
        driver.execute_script(click, driver.find_element(By.CSS_SELECTOR, "path[data-region='武汉市']"))
        patient = WebDriverWait(driver, 60, ignored_exceptions=[StaleElementReferenceException])
        patient.until(lambda d: figure(d, "检查次数") != province)
        screenshot.settled(driver)
        driver.execute_script(
            "const tell = window.lakewardenPicture;"
            "window.lakewardenPicture = copy => { tell(copy); window.drawn = copy.innerText; }"
        )
        press(driver, "[data-test-chart-name='高风险对象及理由'] .header-controls button")
        driver.execute_script("arguments[0].click()", patient.until(offered_picture))
        drawn = patient.until(lambda d: d.execute_script("return window.drawn"))
    assert "高风险对象及理由" in drawn
    assert re.search(r"监管总览\s*数据截至 \d{4}年\d+月\d+日\s*统计期间", drawn)
    assert "筛选：市州：武汉市" in drawn
    assert not re.search("条/页|搜索", drawn)


def offered_picture(driver: WebDriver) -> Any:
    """The menu's 下载为图片, which opens where the mouse stays."""
    download = driver.find_element(By.XPATH, "//*[contains(@class, 'menu-submenu-title')][contains(., '下载')]")
    ActionChains(driver).move_by_offset(0, 0).move_to_element(download).pause(1).perform()
    return driver.find_element(By.XPATH, "//li[contains(@class, 'ant-dropdown-menu-item')][contains(., '下载为图片')]")


def test_the_list_of_risks_fits_a_small_screen(overview: WebDriver) -> None:
    with seen_by(DEMO_LEADER, width=1366 - 15) as driver:  # less a scroll bar
        wide = driver.execute_script(
            "return [...document.querySelectorAll(\"[data-test-chart-name='高风险对象及理由'] *\")]"
            ".filter(part => part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).overflowX !== 'visible')"
            ".map(part => [part.tagName, part.scrollWidth, part.clientWidth])"
        )
        assert wide == []


def test_a_month_without_data_is_a_gap(overview: WebDriver) -> None:
    """Of three months the middle one is left out: it is answered, and has no value."""
    charts = ask(overview, "/api/v1/dashboard/overview/charts")["result"]
    for name in ("检查次数", "监督检查趋势"):
        [chart] = [each for each in charts if each["slice_name"] == name]
        dataset = int(chart["form_data"]["datasource"].split("__")[0])
        body = Chart(chart["id"], name, dataset, chart["form_data"], True).body(1)
        months = [row["whole_month"] for row in data(overview, body)[0]]
        left = [moment_text(months[place]) for place in (0, 2)]
        for query in body["queries"]:
            query["filters"].append({"col": "month_text", "op": "IN", "val": left})
        for rows in data(overview, body)[:1] if name == "检查次数" else data(overview, body):
            values = [[value for key, value in row.items() if key != "whole_month"] for row in rows]
            assert [value is None for [value] in values] == [False, True, False], name


def data(driver: WebDriver, body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The rows that Superset answers to a chart's queries."""
    script = (
        "fetch('/api/v1/chart/data', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
        "body: arguments[0]}).then(answer => answer.json()).then(arguments[1])"
    )
    return [answer["data"] for answer in driver.execute_async_script(script, json.dumps(body))["result"]]


def moment_text(milliseconds: int) -> str:
    """The month of a moment as people pick it."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m}"


def drills(driver: WebDriver) -> list[Any]:
    items = driver.find_elements(By.CSS_SELECTOR, ".ant-dropdown-menu-item")
    return [item for item in items if "钻取" in item.text]


def press(driver: WebDriver, selector: str) -> None:
    driver.execute_script("arguments[0].click()", driver.find_element(By.CSS_SELECTOR, selector))


def test_figures_can_be_read_on_a_phone(overview: WebDriver) -> None:
    with seen_by(DEMO_LEADER, width=390, height=1800) as driver:
        places = driver.execute_script(
            "return [...document.querySelectorAll('.header-line')].map(line => {"
            "const text = document.createRange(); text.selectNodeContents(line);"
            "const chart = line.closest('.dashboard-component-chart-holder');"
            "return [text, chart].map(each => each.getBoundingClientRect().toJSON())})"
        )
        assert len(places) == 8
        for text, chart in places:
            assert 0 <= chart["left"] <= text["left"] < text["right"] <= chart["right"] <= 390
            assert chart["top"] <= text["top"] < text["bottom"] <= chart["bottom"]
        first, second = (chart for _, chart in places[:2])
        assert first["top"] == second["top"], "two stand side by side"


AIRFLOW = os.environ.get("LAKEWARDEN_AIRFLOW_URL", "http://127.0.0.1:8080")


def test_airflow_is_chinese_in_china_s_time_and_healthy_for_an_operator(overview: WebDriver) -> None:
    """In a browser of another language, which has chosen nothing."""
    if os.environ["LAKEWARDEN_SUPERSET_USER"] != DEMO.user:
        pytest.skip("not a demo: it has no operator")
    try:
        urllib.request.urlopen(f"{AIRFLOW}/api/v2/monitor/health", timeout=5)
    except (urllib.error.URLError, OSError) as error:
        pytest.skip(f"no Airflow at {AIRFLOW}: {error}")
    with screenshot.browser(1400, 1000) as driver:
        driver.execute_cdp_cmd("Emulation.setLocaleOverride", {"locale": "en-US"})
        driver.get(AIRFLOW)
        patient = WebDriverWait(driver, 60, ignored_exceptions=[StaleElementReferenceException])
        user, password = patient.until(
            lambda d: found if len(found := d.find_elements(By.TAG_NAME, "input")) == 2 else []
        )
        assert set(re.findall("[A-Za-z]{2,}", driver.find_element(By.TAG_NAME, "body").text)) == set()
        user.send_keys(DEMO_OPERATOR.user)
        password.send_keys(DEMO_OPERATOR.password)
        driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        patient.until(lambda d: "调度器" in d.find_element(By.TAG_NAME, "body").text)
        told = driver.find_element(By.TAG_NAME, "body").text
        assert "+08:00" in told
        assert not re.search("触发器|[Tt]riggerer", told)
        words = set(re.findall(r"[A-Za-z]{2,}", told.split("健康状态")[1].split("历史记录")[0]))
        assert words <= {"Dag"}
