"""A province of ten million rows flows in; how fast 监管总览 answers 1, 8 and 32 people at once flows out."""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.answers import faults
from bench.home import described, province, publish_again
from bench.measure import (
    DATA,
    RESULTS,
    drop_page_cache,
    machine,
    now,
    result_file,
    say,
    text_table,
    timed,
    versions,
    write_json,
)
from bench.visitors import Answer, Dashboard, Person, crowd, read_dashboard
from spark_jobs import services
from spark_jobs.lake.home import Home
from spark_jobs.services import keys, ports, postgres, superset_server
from spark_jobs.services.environments import BI_BIN
from spark_jobs.services.process import read_record
from spark_jobs.serving.publish import serving_file

USERS = (1, 8, 32)
# So many queries of one page a browser has under way at a time.
BROWSER_CONNECTIONS = 6
AIMS_MS = {"cold": 1500.0, "warm": 300.0}
AIMED_AT = (1, 8)
OWN_PORTS = {"LAKEWARDEN_PORT_SUPERSET": "18188", "LAKEWARDEN_PORT_AIRFLOW": "18180"}


@dataclass
class Load:
    """What some people at once were answered, and what it cost; times in milliseconds."""

    answers: list[Answer] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    wall: float = 0.0
    server_cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    client_cpu: float = 0.0

    def figures(self) -> dict[str, Any]:
        """As they stand in the report."""
        spent = sum(self.server_cpu.values())
        return {
            **quantiles([answer.seconds for answer in self.answers]),
            "page_p50": 1000 * statistics.median(self.pages),
            "page_max": 1000 * max(self.pages),
            "answers": len(self.answers),
            "errors": sum(answer.status != 200 for answer in self.answers),
            "a_second": len(self.answers) / self.wall,
            "wall_s": self.wall,
            "server_cpu_s": dict(self.server_cpu),
            "client_cpu_s": self.client_cpu,
            "cores_busy": (spent + self.client_cpu) / self.wall,
            "server_cpu_ms_a_query": 1000 * spent / len(self.answers),
        }


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """The middle, the slow end and the slowest, in milliseconds."""
    ordered = sorted(1000 * one for one in seconds)
    return {"p50": statistics.median(ordered), "p95": ordered[math.ceil(0.95 * len(ordered)) - 1], "max": ordered[-1]}


# --- looking at it


@contextmanager
def superset(home: Home) -> Iterator[int]:
    """A server that has answered nobody yet, on its port; stopped afterwards, with its database."""
    try:
        services.down(home, say=_quiet)
        services.up(home, services=["superset"], say=_quiet)
        yield ports.chosen(home)["superset"]
    finally:
        services.down(home, say=_quiet)


def _quiet(_line: str) -> None:
    """What services say of themselves is not to stand between figures."""


def enter(home: Home, port: int, users: int, connections: int) -> list[Person]:
    """So many sessions; slower than five a second, which is as fast as Superset lets anybody log in."""
    who = keys.login(home, demo=False, say=_quiet)
    people = []
    for _ in range(users):
        people.append(Person(port, who.user, who.password, connections))
        time.sleep(0.25)
    return people


def measured(home: Home, people: Sequence[Person], dashboard: Dashboard, rounds: int, into: Load) -> None:
    """All visit the dashboard so many times; what they were answered and what it cost is added."""
    pages = [dashboard.visit(number) * rounds for number in range(len(people))]
    before, own, started = _server_cpu(home), time.process_time(), time.perf_counter()
    answers, seconds = crowd(people, pages)
    into.wall += time.perf_counter() - started
    into.client_cpu += time.process_time() - own
    for name, spent in _server_cpu(home).items():
        into.server_cpu[name] += spent - before[name]
    into.answers += answers
    into.pages += seconds


def _server_cpu(home: Home) -> dict[str, float]:
    """Processor seconds of Superset and of PostgreSQL, with all their processes, up to now."""
    spent = {}
    for name in (superset_server.NAME, postgres.NAME):
        record = read_record(home, name)
        times = [process.cpu_times() for process in (record.family() if record else [])]
        spent[name] = sum(one.user + one.system + one.children_user + one.children_system for one in times)
    return spent


def bench(
    home: Home, users: int, rounds: int, connections: int, cold: int
) -> tuple[dict[str, Load], list[str], dict[str, Any]]:
    """People at once, cold (a new version, a new server, nothing in the page cache) and then warm; and every fault.

    One person's page is few answers: cold is repeated until there are enough for a slow end.
    """
    loads, about = {"cold": Load(), "warm": Load()}, {}
    while not loads["warm"].answers:
        run, figures = timed([sys.executable, "-m", "bench.dashboards", "--publish", home.path])
        with superset(home) as port:
            people = enter(home, port, users, connections)
            dashboard = read_dashboard(people[0], serving_file(home))
            about = {"page_cache": drop_page_cache(), "publish": asdict(run) | figures}
            measured(home, people, dashboard, 1, loads["cold"])
            if len(loads["cold"].answers) >= cold:
                measured(home, people, dashboard, rounds, loads["warm"])
    answers = [answer for load in loads.values() for answer in load.answers]
    return loads, faults(answers, dashboard.tables, serving_file(home)), about


# --- the report


def by_chart(loads: dict[str, Load]) -> dict[str, dict[str, Any]]:
    """The figures of each chart."""
    charts: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, load in loads.items():
        seconds: dict[str, list[float]] = defaultdict(list)
        for answer in load.answers:
            seconds[answer.question.chart.name].append(answer.seconds)
        for chart, those in seconds.items():
            charts[chart][name] = quantiles(those)
    return dict(charts)


def missed(users: dict[str, dict[str, Any]]) -> list[str]:
    """The aims that were not met."""
    return [
        f"{number} at once, {state}: p95 {figures['p95']:.0f} ms, aim {AIMS_MS[state]:.0f} ms"
        for number, states in users.items()
        for state, figures in states.items()
        if int(number) in AIMED_AT and state in AIMS_MS and figures["p95"] > AIMS_MS[state]
    ]


def table(report: dict[str, Any]) -> list[list[str]]:
    """The figures as a person reads them, headings first."""
    heads = [
        "at once",
        "",
        "p50 ms",
        "p95 ms",
        "max ms",
        "aim ms",
        "page ms",
        "queries/s",
        "CPU ms/query",
        "cores busy",
    ]
    rows = [[*heads, "errors"]]
    for kind in ("users", "browsers"):
        for number, states in report[kind].items():
            for state, aim in AIMS_MS.items():
                one, is_aimed_at = states[state], kind == "users" and int(number) in AIMED_AT
                times = [f"{one[name]:.0f}" for name in ("p50", "p95", "max")]
                cost = [f"{one['a_second']:.0f}", f"{one['server_cpu_ms_a_query']:.1f}", f"{one['cores_busy']:.2f}"]
                told = [*times, f"{aim:.0f}" if is_aimed_at else "", f"{one['page_p50']:.0f}", *cost]
                rows.append([f"{number} {kind}", state, *told, str(one["errors"])])
    return rows


def main() -> int:
    """Measures, checks every answer, writes the JSON; 1 if an aim is missed or an answer is wrong."""
    parser = argparse.ArgumentParser(prog="bench.dashboards", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small province and 1 and 4 people: does it work?")
    parser.add_argument("--objects", type=int, default=1_340_000, help="firms; 1,340,000 are ten million rows a year")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--users", type=int, nargs="+", default=list(USERS), help="people at once [1 8 32]")
    parser.add_argument("--rounds", type=int, default=5, help="how often each looks again, warm")
    parser.add_argument("--cold", type=int, default=100, help="so many cold answers at least")
    parser.add_argument("--data", type=Path, default=DATA, help="where the province is made once and kept")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    parser.add_argument("--publish", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.publish:
        print(json.dumps(publish_again(Home(options.publish))))
        return 0
    if options.quick:
        options.objects, options.days, options.users, options.rounds, options.cold = 300, 60, [1, 4], 1, 1
    os.environ.update({name: os.environ.get(name, port) for name, port in OWN_PORTS.items()})
    report: dict[str, Any] = {
        "at": now(),
        "machine": machine(options.data),
        "quick": options.quick,
        "unit": "ms",
        "aims": AIMS_MS,
    }
    report["versions"] = versions("apache-superset", "duckdb", "gunicorn", python=str(BI_BIN / "python"))
    home = province(options.data, options.objects, options.days)
    report |= described(home) | {"users": {}, "browsers": {}, "charts": {}}
    written, wrong = result_file(options.out, "dashboards"), []
    for kind, connections in (("users", 1), ("browsers", BROWSER_CONNECTIONS)):
        for users in options.users:
            say(f"{users} {kind} at once")
            loads, faulty, about = bench(home, users, options.rounds, connections, options.cold)
            wrong += faulty
            report[kind][str(users)] = {name: load.figures() for name, load in loads.items()} | about
            if kind == "users":
                report["charts"][str(users)] = by_chart(loads)
            write_json(written, report)
    report |= {"faults": len(wrong), "missed": missed(report["users"]), "table": table(report)}
    write_json(written, report)
    print(text_table(report["table"], left=(0, 1)))
    for line in [*wrong[:20], *report["missed"]]:
        say(line)
    say(str(written))
    return int(bool(wrong) or (bool(report["missed"]) and not options.quick))


if __name__ == "__main__":
    sys.exit(main())
