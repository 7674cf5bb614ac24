"""Addresses and charts flow in; people who look at the dashboard at once, and how long each answer took, flow out."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
import urllib.parse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bench.queries import Chart
from spark_jobs.services.ports import HOST

PATIENCE = 120
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|"csrf_token": ?"([^"]+)"')


@dataclass(frozen=True)
class Question:
    """One chart's query as one of the people posts it."""

    chart: Chart
    city: str | None
    path: str
    body: bytes

    @property
    def key(self) -> tuple[int | str, str | None]:
        """What the answer depends on."""
        return self.chart.number, self.city


@dataclass(frozen=True)
class Answer:
    """What came back, after how many seconds; `status` is 0 where nothing did."""

    question: Question
    seconds: float
    status: int
    body: bytes


def question(chart: Chart, dashboard: int, city: str | None = None) -> Question:
    """The request of a chart on a dashboard; the filters' own carry no address of a chart."""
    named = {"form_data": json.dumps({"slice_id": chart.number}), "dashboard_id": dashboard}
    query = f"?{urllib.parse.urlencode(named)}" if isinstance(chart.number, int) else ""
    body = json.dumps(chart.body(dashboard, city), ensure_ascii=False).encode()
    return Question(chart, city, f"/api/v1/chart/data{query}", body)


class Person:
    """One session of Superset, entered by the login page, that asks over as many connections as it is given."""

    def __init__(self, port: int, user: str, password: str, connections: int) -> None:
        self._port, self._local = port, threading.local()
        self._cookies: dict[str, str] = {}
        self._pool = ThreadPoolExecutor(connections)
        self._log_in(user, password)

    def _log_in(self, user: str, password: str) -> None:
        page = self.call("GET", "/login/")[1].decode()
        found = CSRF.search(page)
        if found is None:
            raise SystemExit("the login page of Superset has no token to send back")
        token = found.group(1) or found.group(2)
        form = urllib.parse.urlencode({"username": user, "password": password, "csrf_token": token}).encode()
        self.call("POST", "/login/", form, "application/x-www-form-urlencoded")
        status, said = self.call("GET", "/api/v1/me/")
        if status != 200:
            raise SystemExit(f"Superset does not let {user} in: {status} {said[:300].decode(errors='replace')}")

    def call(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """One request on this thread's connection; one that the server has closed meanwhile is opened again."""
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Content-Type": kind, "Accept": "application/json"} | ({"Cookie": cookie} if cookie else {})
        kept = getattr(self._local, "connection", None)
        connection = self._local.connection = kept or http.client.HTTPConnection(HOST, self._port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._local.connection = None
            if kept is None:
                raise
            return self.call(method, path, body, kind)
        said = response.read()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response.status, said

    def get(self, path: str) -> Any:
        """An answer of the API as JSON."""
        status, said = self.call("GET", path)
        if status != 200:
            raise SystemExit(f"{path}: {status} {said[:300].decode(errors='replace')}")
        return json.loads(said)["result"]

    def look(self, questions: Sequence[Question]) -> tuple[list[Answer], float]:
        """Asks in the order of the page, as many at a time as there are connections; answers, and seconds for all."""
        started = time.perf_counter()
        answers = list(self._pool.map(self._ask, questions))
        return answers, time.perf_counter() - started

    def _ask(self, asked: Question) -> Answer:
        started = time.perf_counter()
        try:
            status, said = self.call("POST", asked.path, asked.body)
        except (OSError, http.client.HTTPException) as error:
            self._local.connection = None
            status, said = 0, str(error).encode()
        return Answer(asked, time.perf_counter() - started, status, said)


@dataclass(frozen=True)
class Dashboard:
    """What Superset itself says is on the dashboard."""

    number: int
    charts: list[Chart]
    tables: dict[int, str]
    cities: list[str]

    def visit(self, person: int) -> list[list[Question]]:
        """One opens it, then clicks a city on the map, not the same as the neighbour's: two pages of questions."""
        city = self.cities[person % len(self.cities)]
        opened = [question(chart, self.number) for chart in self.charts]
        return [opened, [question(chart, self.number, city) for chart in self.charts if chart.hears_city]]


def read_dashboard(person: Person, serving: Path) -> Dashboard:
    """The charts and filters of 监管总览 through the API, as the page reads them."""
    about = person.get("/api/v1/dashboard/overview")
    found = person.get("/api/v1/dashboard/overview/charts")
    tables = {
        one["id"]: f"{one['schema']}.{one['table_name']}" for one in person.get("/api/v1/dashboard/overview/datasets")
    }
    metadata = json.loads(about["json_metadata"])
    [on_map] = [one["id"] for one in found if one["form_data"]["viz_type"] == "region_map"]
    deaf = metadata["chart_configuration"][str(on_map)]["crossFilters"]["scope"]["excluded"]
    charts = [
        Chart(
            one["id"],
            one["slice_name"],
            int(one["form_data"]["datasource"].split("__")[0]),
            one["form_data"],
            one["id"] not in deaf,
        )
        for one in found
    ]
    for native in metadata["native_filter_configuration"]:
        if native["filterType"] == "filter_select":
            [target] = native["targets"]
            asked = {
                "viz_type": "filter_select",
                "groupby": [target["column"]["name"]],
                "sortMetric": native["sortMetric"],
                "sortAscending": native["controlValues"]["sortAscending"],
                "row_limit": 1000,
            }
            charts.append(Chart(native["id"], f"筛选：{native['name']}", target["datasetId"], asked, False))
    with duckdb.connect(str(serving.resolve()), read_only=True) as database:
        places = "select distinct city_name from gold.supervision_month order by 1"
        return Dashboard(about["id"], charts, tables, [name for (name,) in database.sql(places).fetchall()])


def crowd(people: Sequence[Person], pages: Sequence[Sequence[Sequence[Question]]]) -> tuple[list[Answer], list[float]]:
    """All look at their own pages, one after another, from the same moment on."""
    gate = threading.Barrier(len(people))

    def visit(person: Person, own: Sequence[Sequence[Question]]) -> list[tuple[list[Answer], float]]:
        gate.wait()
        return [person.look(page) for page in own]

    with ThreadPoolExecutor(len(people)) as pool:
        visits = [look for looks in pool.map(visit, people, pages) for look in looks]
    return [answer for answers, _ in visits for answer in answers], [seconds for _, seconds in visits]
