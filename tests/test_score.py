"""The risk model's reader, and scores worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from pyspark.sql import SparkSession

from schemas.contract import ContractError, contracts
from schemas.contract import risk as reader
from schemas.contract.risk import read_risk_model, risk_model
from spark_jobs.building.score import MODEL, score, scoring_sql
from spark_jobs.engine.session import register
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import append, table_schema
from tests.silver_rows import lake

AS_OF = date(2026, 6, 30)
SMALL = """
title: 试验模型
doc: For tests.
model: small
version: "1"
valid_from: 2026-01-01
grades: {red: 60, orange: 40, yellow: 20}
indicators:
  - name: problems
    label: 检查发现问题
    weight: 50
    measure: {kind: count, table: check_action, date: check_date, where: {is_problem: [true]}}
    window_days: 730
    decay: {365: 0.6}
    full_at: 3
    reason: 近{days}日检查发现问题{value}次
  - name: fines
    label: 罚款金额
    weight: 20
    measure: {kind: sum, table: punish_action, date: punish_date, column: fine_cny}
    window_days: 365
    bands: {100: 0.2, 20000: 0.5}
    reason: 罚款合计{value}元
  - name: unchecked
    label: 长期未检查
    weight: 10
    measure: {kind: days_since, column: last_check_date}
    bands: {365: 1}
    missing: 0.5
    reason: 已{value}日未检查
    reason_missing: 尚无检查记录
  - name: state
    label: 登记状态
    weight: 15
    measure: {kind: state, column: registration_state, shares: {"2": 1, "4": 0.5}}
    reason: 登记状态为“{value}”
  - name: code
    label: 代码存疑
    weight: 5
    measure: {kind: flagged, column: uscc, says: 校验码不符}
    reason: 校验码不符
"""


def _small(tmp_path: Path, change: str = "", to: str = "") -> Path:
    assert change in SMALL
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.replace(change, to, 1) if change else SMALL, "utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        ("title: 试验模型\n", "", "small.yaml: title: is missing"),
        ("title:", "colour: red\ntitle:", "small.yaml: colour: unknown key"),
        ("weight: 50", "weight: 51", "small.yaml: (file): the weights add up to 101, not 100"),
        ("weight: 50", "weight: many", "small.yaml: indicators.problems.weight: Input should be a valid decimal"),
        ("orange: 40", "orange: 70", "small.yaml: grades: must fall from red to orange to yellow"),
        ("    window_days: 730\n", "", "window_days belongs to count and sum, and only to them"),
        ("decay: {365: 0.6}", "decay: {900: 0.6}", "indicators.problems: decay must lie inside window_days"),
        ("    full_at: 3\n", "", "indicators.problems: needs either full_at or bands"),
        (
            "{100: 0.2, 20000: 0.5}",
            "{100: 0.7, 20000: 0.5}",
            "indicators.fines: bands must rise, in value and in share",
        ),
        ("    missing: 0.5\n", "", "indicators.unchecked: missing and reason_missing go together"),
        ("已{value}日", "已{days_since}日", "indicators.unchecked: reason: knows {value} and {days}"),
        (", column: fine_cny", "", "indicators.fines: sum needs a column"),
        ("column: fine_cny", "column: fine_usd", "indicators.fines: base.punish_action has no column fine_usd"),
        ("column: last_check_date", "column: last_visit", "themes.object_profile has no column last_visit"),
        ("name: code", "name: state", "two indicators have the same name"),
        ("kind: flagged", "kind: guessed", "indicators.code.measure"),
        ("grades: {", "grades: {{", "small.yaml: not YAML"),
    ],
)
def test_a_broken_model_stops_with_file_key_and_reason(tmp_path: Path, change: str, to: str, says: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_risk_model(_small(tmp_path, change, to))
    assert says in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_the_version_of_the_day_is_picked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "risk").mkdir()
    old = yaml.safe_load(SMALL)
    for version, valid_from in (("1", date(2026, 1, 1)), ("2", date(2026, 6, 1))):
        text = yaml.safe_dump({**old, "version": version, "valid_from": valid_from}, allow_unicode=True)
        (tmp_path / "risk" / f"small_{version}.yaml").write_text(text, "utf-8")
    monkeypatch.setattr(reader, "SCHEMAS", tmp_path)
    reader.risk_models.cache_clear()
    try:
        assert risk_model("small", date(2026, 5, 31)).version == "1"
        assert risk_model("small", date(2026, 6, 1)).version == "2"
        with pytest.raises(ContractError, match="small: no version is valid on 2025-12-31"):
            risk_model("small", date(2025, 12, 31))
    finally:
        reader.risk_models.cache_clear()


def _ago(days: int) -> date:
    return AS_OF - timedelta(days)


ACTS: dict[str, list[dict[str, Any]]] = {
    "base.check_action": [
        {"object_id": "BAD", "check_date": _ago(10), "is_problem": True},
        {"object_id": "BAD", "check_date": _ago(400), "is_problem": True},
        {"object_id": "BAD", "check_date": _ago(731), "is_problem": True},
        {"object_id": "BAD", "check_date": _ago(5), "is_problem": False},
        {"object_id": "BAD", "check_date": _ago(-1), "is_problem": True},
        {"object_id": "WORST", "check_date": _ago(0), "is_problem": True},
        {"object_id": "WORST", "check_date": _ago(1), "is_problem": True},
        {"object_id": "WORST", "check_date": _ago(2), "is_problem": True},
        {"object_id": "WORST", "check_date": _ago(3), "is_problem": True},
    ],
    "base.punish_action": [
        {"object_id": "BAD", "punish_date": _ago(20), "fine_cny": Decimal("99.99")},
        {"object_id": "BAD", "punish_date": _ago(30), "fine_cny": Decimal("0.01")},
        {"object_id": "BAD", "punish_date": _ago(30), "fine_cny": None},
        {"object_id": "WORST", "punish_date": _ago(30), "fine_cny": Decimal("9999999.00")},
    ],
    "base.complaint": [],
    "base.supervised_object": [
        {"object_id": "BAD", "flags": ["uscc: 小写字母已改为大写: x"]},
        {"object_id": "NEW", "flags": None},
        {"object_id": "WORST", "flags": ["object_name: ?: x", "uscc: 第 18 位校验码不符（GB 32100）: x"]},
        {"object_id": "OLD", "flags": []},
    ],
    "themes.object_profile": [
        {"object_id": "BAD", "registration_state": "4", "last_check_date": _ago(5), "checks": 4},
        {"object_id": "NEW", "registration_state": None, "last_check_date": None},
        {"object_id": "WORST", "registration_state": "2", "last_check_date": _ago(0)},
        {"object_id": "OLD", "registration_state": "1", "last_check_date": _ago(365)},
    ],
}


@pytest.fixture(scope="module")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, SparkSession]]:
    """A lake whose base and profile were written by hand."""
    with lake(tmp_path_factory.mktemp("score")) as (home, spark):
        for name, rows in ACTS.items():
            path = home.table(*name.split("."))
            path.mkdir(parents=True, exist_ok=True)
            counted = {"checks": 0, "checks_with_problem": 0, "punishments": 0, "complaints": 0}
            filled = [{**(counted if name.startswith("themes") else {}), **row} for row in rows]
            append(path, pa.Table.from_pylist(filled, schema=table_schema(contracts()[name])))
        register(spark, home)
        yield home, spark


@pytest.fixture(scope="module")
def scored(acted: tuple[Home, SparkSession], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The small model's scores by object."""
    model = read_risk_model(_small(tmp_path_factory.mktemp("model")))
    rows = acted[1].sql(scoring_sql(model, AS_OF)).collect()
    return {row["object_id"]: row.asDict(recursive=True) for row in rows}


def test_points_are_what_a_hand_works_out(scored: dict[str, Any]) -> None:
    bad = scored["BAD"]
    # 50 x (1 + 0.6) / 3 = 26.66 (whole hundredths), 100.00 yuan in all: 20 x 0.2 = 4, moved away: 15 x 0.5 = 7.5
    assert [(reason["indicator"], reason["points"]) for reason in bad["reasons"]] == [
        ("problems", Decimal("26.66")),
        ("state", Decimal("7.50")),
        ("fines", Decimal("4.00")),
    ]
    assert (bad["score"], bad["grade"]) == (Decimal("38.16"), "yellow")
    assert bad["reasons_text"] == "近730日检查发现问题2次；登记状态为“迁出”；罚款合计100元"
    assert bad["reasons"][0]["value"] == 2.0
    assert bad["reasons"][0]["weight"] == 50.0
    assert bad["reasons"][2]["value"] == 100.0


def test_what_is_unknown_says_so_and_the_law_has_no_grey_day(scored: dict[str, Any]) -> None:
    assert (scored["NEW"]["score"], scored["NEW"]["reasons_text"]) == (Decimal("5.00"), "尚无检查记录")
    assert scored["NEW"]["reasons"][0]["value"] is None
    assert (scored["OLD"]["score"], scored["OLD"]["reasons_text"]) == (Decimal("10.00"), "已365日未检查")
    assert scored["OLD"]["grade"] == "blue"


def test_no_indicator_gives_more_than_its_weight(scored: dict[str, Any]) -> None:
    worst = scored["WORST"]
    assert {reason["indicator"]: reason["points"] for reason in worst["reasons"]} == {
        "problems": Decimal(50),
        "state": Decimal(15),
        "fines": Decimal(10),
        "code": Decimal(5),
    }
    assert (worst["score"], worst["grade"]) == (Decimal(80), "red")


def test_the_real_model_scores_every_object_into_gold(acted: tuple[Home, SparkSession]) -> None:
    home, spark = acted
    assert score(home, spark, AS_OF) == 4
    table = spark.table("gold.risk_score")
    wanted = [(column.name, column.spark_type) for column in contracts()["gold.risk_score"].columns]
    assert [(field.name, field.dataType.simpleString()) for field in table.schema.fields] == wanted
    for row in table.collect():
        assert row["score"] == sum((reason["points"] for reason in row["reasons"]), Decimal(0))
        assert 0 <= row["score"] <= 100
        assert (row["model"], row["as_of"]) == (MODEL, AS_OF)
        falling = [reason["points"] for reason in row["reasons"]]
        assert falling == sorted(falling, reverse=True)
    assert score(home, spark, AS_OF) == 4
