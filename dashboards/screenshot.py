"""A running Superset flows in, a picture of a dashboard as a leader sees it flows out; needs chromium on the PATH."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
LOADING = ".loading, [data-test='loading-indicator'], .ant-skeleton-active, .ant-spin-spinning"


def found(*names: str) -> str:
    """The first of these programs on the PATH; Selenium would look for one on the network."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise SystemExit(f"dashboards.screenshot needs {' or '.join(names)} on the PATH")
    return path


@contextmanager
def browser(width: int, height: int) -> Iterator[WebDriver]:
    """A headless browser that can reach this machine and nothing else, as in a closed government network."""
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--lang=zh-CN",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--window-size={width},{height}",
    ):
        options.add_argument(argument)
    options.binary_location = found(*BROWSERS)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(found("chromedriver")))
    try:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        yield driver
    finally:
        driver.quit()


def log_in(driver: WebDriver, base: str, user: str, password: str) -> None:
    """Through the login page, as a person would, who tries again where the page comes back.

    It does now and then on a busy machine: it fetches its token against forgery beside the page, and of two answers
    that set the session's cookie the later wins, at once or just after the page behind it has opened.

    Raises:
        RuntimeError: the third attempt has not left the login page either; says what stands on it.
    """
    for _attempt in range(3):
        driver.get(f"{base}/login/")
        WebDriverWait(driver, 60).until(lambda d: d.find_elements(By.CSS_SELECTOR, "input[type=password]"))
        fields = driver.find_elements(By.CSS_SELECTOR, "input:not([type=hidden])")
        fields[0].send_keys(user)
        fields[1].send_keys(password)
        driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        try:
            WebDriverWait(driver, 30).until(lambda d: "/login" not in d.current_url)
        except TimeoutException:
            continue
        driver.get(f"{base}/superset/welcome/")
        if "/login" not in driver.current_url:
            return
    raise RuntimeError(f"{user} is not let in: {driver.find_element(By.TAG_NAME, 'body').text!r}")


def open_dashboard(driver: WebDriver, base: str, slug: str, timeout: int = 120) -> None:
    """Returns when every chart has drawn; a page that stays empty for half the time is asked for once more.

    Raises:
        RuntimeError: no chart has come after `timeout` seconds; says what stands there.
    """
    for _attempt in range(2):
        driver.get(f"{base}/superset/dashboard/{slug}/")
        try:
            WebDriverWait(driver, timeout / 2).until(
                lambda d: d.find_elements(By.CSS_SELECTOR, ".dashboard-component-chart-holder")
            )
        except TimeoutException:
            continue
        settled(driver, timeout)
        return
    log = "; ".join(entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE")
    text = driver.find_element(By.TAG_NAME, "body").text
    raise RuntimeError(f"{slug} shows no chart: {driver.current_url} says {text!r}; the browser says {log!r}")


def settled(driver: WebDriver, timeout: int = 120) -> None:
    """Waits until nothing has been loading for three looks in a row; charts start to load one after another."""
    quiet = {"looks": 0}

    def still(d: WebDriver) -> bool:
        quiet["looks"] = 0 if d.find_elements(By.CSS_SELECTOR, LOADING) else quiet["looks"] + 1
        return quiet["looks"] >= 3

    WebDriverWait(driver, timeout, poll_frequency=1).until(still)


def main(arguments: list[str] | None = None) -> int:
    """`python -m dashboards.screenshot --base http://127.0.0.1:8088 --out overview.png`."""
    parser = argparse.ArgumentParser(prog="dashboards.screenshot", description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:8088")
    parser.add_argument("--slug", default="overview")
    parser.add_argument("--out", type=Path, default=Path("overview.png"))
    parser.add_argument("--width", type=int, default=1600)
    parser.add_argument("--height", type=int, default=2400)
    options = parser.parse_args(arguments)
    with browser(options.width, options.height) as driver:
        log_in(
            driver,
            options.base,
            os.environ["LAKEWARDEN_SUPERSET_USER"],
            os.environ["LAKEWARDEN_SUPERSET_PASSWORD"],
        )
        open_dashboard(driver, options.base, options.slug)
        driver.save_screenshot(str(options.out))
        problems = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    for problem in problems:
        print(f"browser: {problem}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
