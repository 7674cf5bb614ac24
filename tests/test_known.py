"""What was known on a day that has passed is what a lake held that never saw anything later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from spark_jobs import pipeline
from spark_jobs.building.known import as_known
from spark_jobs.building.valid import as_valid
from spark_jobs.command.cli import main
from spark_jobs.engine.session import query as asked
from spark_jobs.judging.decide import release
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import create_tables, read
from spark_jobs.landing.land import make_landing_zone
from tests.compare_lakes import differences
from tests.drops import FIRMS, drop, table
from tests.test_rules import fill

# A licence whose holder is named without a code: base finds it by its name.
LICENCE = table(
    "排污许可证,P0001,武汉样本商贸有限公司,2025-06-01,武汉市生态环境局,420107",
    headings="证照种类,证照编号,持证主体名称,发证日期,发证机关,行政区划",
)
FIRST, SECOND = "2026-03-02", "2026-03-09"


def merge(home: Home, day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAKEWARDEN_NOW", f"{day}T02:00:00+00:00")
    monkeypatch.setenv("LAKEWARDEN_TODAY", day)
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        stage(home)


def run(home: Home, day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    merge(home, day, monkeypatch)
    for stage in (pipeline.themes, pipeline.gold):
        stage(home)


@pytest.fixture
def beside(tmp_path: Path) -> Home:
    made = Home(tmp_path / "beside")
    make_landing_zone(made)
    return made


def test_a_past_day_is_as_a_lake_that_saw_nothing_later(
    home: Home, beside: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lake in (home, beside):
        drop(lake, "a.csv", table(*FIRMS))
        drop(lake, "held.csv", table(FIRMS[0].replace("武汉样本", "被暂缓")))  # too few rows: held
        drop(lake, "licences.csv", LICENCE, "sthj/licence")
        run(lake, FIRST, monkeypatch)
    drop(home, "b.csv", table(*(firm.replace("样本", "后来") for firm in FIRMS)))
    merge(home, SECOND, monkeypatch)
    release(home, "held.csv", "张三", "电话核实")
    run(home, SECOND, monkeypatch)
    known = as_known(home, date.fromisoformat(FIRST), "select * from gold.risk_score")
    mine = [found for found in differences(known, beside) if found.startswith(("base.", "themes.", "gold."))]
    assert not mine
    assert read(known.table("base", "licence"), ["object_id"])["object_id"].to_pylist() == [FIRMS[0][:18]]


def test_it_is_asked_by_the_command(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "a.csv", table(*FIRMS))
    merge(home, FIRST, monkeypatch)
    drop(home, "b.csv", table(*(firm.replace("样本", "后来") for firm in FIRMS)))
    merge(home, SECOND, monkeypatch)
    query = "select count(*) as firms from base.supervised_object where object_name like '%样本%'"
    said = {
        day: CliRunner().invoke(main, ["--home", str(home.path), "sql", "--as-known", day, "--format", "csv", query])
        for day in ("2026-03-01", FIRST, "2026-03-08", SECOND)
    }
    assert [said[day].stdout.split() for day in (*said,)[:3]] == [["firms", "0"], ["firms", "5"], ["firms", "5"]]
    assert said[SECOND].exit_code == 2
    assert "has not passed" in said[SECOND].stderr
    with pytest.raises(Refused, match="has not passed"):
        as_known(home, date.fromisoformat("2026-12-31"), query)


def test_a_day_is_asked_of_rows_that_hold_from_one_day_to_another(home: Home) -> None:
    create_tables(home)
    fill(
        home,
        "law",
        {"law_key": "甲法", "version_date": date(2019, 1, 1), "effective_date": date(2019, 3, 1)}
        | {"valid_until": date(2021, 7, 14)},
        {"law_key": "甲法", "version_date": date(2021, 1, 22), "effective_date": date(2021, 7, 15)},
        {"law_key": "乙法", "version_date": date(2015, 1, 1)},
        {"law_key": "丙法", "version_date": date(2015, 1, 1), "withdrawn_at": datetime(2020, 5, 1, 16, tzinfo=UTC)},
    )
    days = {"2019-02-28": 2, "2019-03-01": 3, "2020-05-01": 3, "2020-05-02": 2, "2021-07-14": 2, "2021-07-15": 2}
    query = "select count(*) as texts from base.law"
    for day, count in days.items():
        valid = as_valid(home, date.fromisoformat(day), query)
        assert asked(valid, query).collect()[0][0] == count, day
    said = CliRunner().invoke(
        main, ["--home", str(home.path), "sql", "--as-valid", "2020-01-01", "select 1 from gold.x"]
    )
    assert (said.exit_code, "told of base tables" in said.stderr) == (2, True)
