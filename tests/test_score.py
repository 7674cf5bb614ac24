"""The risk model's reader, and scores worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from schemas.contract import ContractError, code_list, contracts, tables
from schemas.contract.lint import broken_models, lint
from schemas.contract.risk import read_risk_model, risk_models, valid_on
from spark_jobs.building.score import score
from spark_jobs.building.scoring_sql import scoring_sql
from spark_jobs.command.risk import model_rows
from spark_jobs.engine.session import connect, register
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import append
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
    measure: {kind: events, of: checks_with_problem}
    window_days: 730
    decay: {365: 0.6}
    full_at: 3
    reason: 近{days}日检查发现问题{value}次
  - name: fines
    label: 罚款金额
    weight: 20
    measure: {kind: events, of: fine_cny}
    window_days: 365
    bands: {100: 0.2, 20000: 0.5}
    reason: 罚款合计{value}元
  - name: unchecked
    label: 长期未检查
    weight: 10
    measure: {kind: days_since, column: established_date}
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


# A field's model, as a province would add it: one file in a schemas folder of its own.
DRUG = """
title: 药店试验模型
doc: For tests.
model: small_drug
version: "1"
valid_from: 2026-01-01
field: drug
grades: {red: 60, orange: 40, yellow: 20}
indicators:
  - name: problems
    label: 检查发现问题
    weight: 60
    measure: {kind: events, of: checks_with_problem}
    window_days: 365
    decay: {180: 0.5}
    full_at: 3
    reason: 发现问题{value}次
  - name: fines
    label: 罚款金额
    weight: 15
    measure: {kind: events, of: fine_cny}
    window_days: 365
    bands: {100: 0.5, 1000: 1}
    reason: 罚款合计{value}元
  - name: suspended
    label: 暂扣吊销
    weight: 10
    measure: {kind: events, of: punishments, where: {punish_kind: ["05"]}}
    window_days: 365
    full_at: 2
    reason: 暂扣吊销{value}次
  - name: complaints
    label: 投诉
    weight: 5
    measure: {kind: events, of: complaints}
    window_days: 365
    full_at: 1
    reason: 投诉{value}件
  - name: unchecked
    label: 长期未检查
    weight: 10
    measure: {kind: days_since, column: established_date}
    bands: {100: 1}
    missing: 0.5
    reason: 已{value}日未检查
    reason_missing: 尚无检查记录
"""


def _file(folder: Path, text: str, change: str = "", to: str = "", name: str = "small.yaml") -> Path:
    assert change in text
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace(change, to, 1) if change else text, "utf-8")
    return path


def _forget_models() -> None:
    risk_models.cache_clear()
    code_list.cache_clear()


@pytest.fixture
def further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of risk models of a further schemas folder."""
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
    _forget_models()
    yield tmp_path / "risk"
    _forget_models()


@pytest.mark.parametrize(
    ("change", "to", "sentence"),
    [
        ("title: 试验模型\n", "", "small.yaml: title: is missing"),
        ("title:", "colour: red\ntitle:", "small.yaml: colour: unknown key"),
        ("title:", "file: x\ntitle:", "small.yaml: file: unknown key"),
        ("weight: 50", "weight: 51", "small.yaml: (file): the weights add up to 101, not 100"),
        ("weight: 50", "weight: many", "small.yaml: indicators.problems.weight: Input should be a valid decimal"),
        ("orange: 40", "orange: 70", "small.yaml: (file): the grades must fall from red to orange to yellow"),
        ("    window_days: 730\n", "", "indicators.problems: window_days belongs to events, and only to them"),
        ("decay: {365: 0.6}", "decay: {900: 0.6}", "indicators.problems: decay must lie inside window_days"),
        ("    full_at: 3\n", "", "indicators.problems: needs either full_at or bands"),
        (
            "{100: 0.2, 20000: 0.5}",
            "{100: 0.7, 20000: 0.5}",
            "indicators.fines: bands must rise, in value and in share",
        ),
        ("    missing: 0.5\n", "", "indicators.unchecked: missing and reason_missing go together"),
        ("已{value}日", "已{days_since}日", "indicators.unchecked: reason: knows {value} and {days}"),
        ("of: fine_cny", "of: fine_cny, table: punish_action", "indicators.fines.measure.events.table: unknown key"),
        ("name: code", "name: state", "two indicators have the same name"),
        ("kind: flagged", "kind: guessed", "indicators.code.measure"),
        ("grades: {", "grades: {{", "small.yaml: not YAML"),
    ],
)
def test_a_broken_model_stops_with_file_key_and_reason(tmp_path: Path, change: str, to: str, sentence: str) -> None:
    with pytest.raises(ContractError) as refused:
        read_risk_model(_file(tmp_path, SMALL, change, to))
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "to", "sentence"),
    [
        ("title: 药店试验模型", "title: Pharmacies", "title: is not Chinese"),
        ("label: 投诉", "label: Complaints", "indicators.complaints.label: is not Chinese"),
        ("red: 60, ", "", "grades: must name red, orange, yellow: risk_grade without its lowest"),
        ("yellow: 20", "blue: 20", "grades: must name red, orange, yellow"),
        ("field: drug", "field: drugs", "field: drugs is not in fields.yaml"),
        ("of: fine_cny", "of: fine_usd", "indicators.fines.measure.of: no table has a measure fine_usd"),
        ("of: fine_cny", "of: objects_checked", "measure.of: no table has a measure objects_checked that counts"),
        ("of: fine_cny", "of: items", "measure.of: no table has a measure items that counts or sums acts"),
        ("punish_kind: [", "punish_sort: [", "measure.where: base.punish_action has no text or yes-or-no punish_sort"),
        ('["05"]', '["5"]', "indicators.suspended.measure.where.punish_kind: '5' is not a code of punish_kind"),
        ('["05"]', "[true]", "indicators.suspended.measure.where.punish_kind: must be text in quotation marks"),
        ('punish_kind: ["05"]', "fine_cny: [true]", "has no text or yes-or-no fine_cny"),
        ("of: complaints", "of: complaints, evened: true", "evened: base.complaint does not say who made an act"),
        ("column: established_date", "column: checks", "themes.drug_profile has no date checks"),
        ("column: established_date", "column: last_check_date", "hides what stood on a past day: {kind: since, of: …}"),
    ],
)
def test_the_lint_looks_up_what_a_model_names(further: Path, change: str, to: str, sentence: str) -> None:
    assert broken_models() == []
    path = _file(further, DRUG, change, to)
    [fault] = lint()
    assert fault.startswith(f"{path}: ")
    assert sentence in fault


@pytest.mark.parametrize(
    ("change", "to", "sentence"),
    [
        ("column: registration_state", "column: checks", "no coded column checks"),
        ('"4": 0.5', '"44": 0.5', "indicators.state.measure.shares: '44' is not a code of registration_state"),
        ("column: uscc", "column: usci", "indicators.code.measure.column: no registry of base.supervised_object has"),
    ],
)
def test_the_lint_looks_up_states_and_doubts(further: Path, change: str, to: str, sentence: str) -> None:
    _file(further, SMALL, change, to)
    assert [fault for fault in lint() if sentence in fault]


def test_exactly_one_model_is_the_province_s_on_every_day(further: Path) -> None:
    second = _file(further, SMALL, "valid_from: 2026-01-01", "valid_from: 2030-01-01")
    assert lint() == [
        f"{second}: field: on 2030-01-01 market_firm and small are both general: all but one need a field"
    ]
    second.unlink()
    _file(further, DRUG, name="market_firm.yaml")
    [fault] = lint()
    assert fault == "schemas/risk: field: on 2000-01-01 no model is the general one, which has no field"


@pytest.mark.parametrize("key", ["valid_from", "version"])
def test_versions_of_a_model_differ(further: Path, key: str) -> None:
    first = _file(further, DRUG)
    different = {"valid_from": ('version: "1"', 'version: "2"'), "version": ("2026-01-01", "2027-01-01")}[key]
    later = _file(further, DRUG, *different, name="small_later.yaml")
    assert lint() == [f"{later}: {key}: is that of {first}, a version of the same model"]


def test_the_version_of_the_day_is_picked(further: Path) -> None:
    _file(further, DRUG, name="small_1.yaml")
    changed = DRUG.replace('version: "1"', 'version: "2"').replace("药店试验模型", "药店试验模型（新）")
    _file(further, changed, "2026-01-01", "2026-06-01", name="small_2.yaml")
    assert lint() == []
    picked = {
        day: {model.model: model.version for model in valid_on(day, risk_models())}.get("small_drug")
        for day in (date(2025, 12, 31), date(2026, 5, 31), date(2026, 6, 1))
    }
    assert [*picked.values()] == [None, "1", "2"]
    assert {code.code: code.label for code in code_list("risk_model")}["small_drug"] == "药店试验模型（新）"


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
        # An act is its item's field's, whoever reports it; without an item its department's.
        {"object_id": "DRUGS", "check_date": _ago(10), "is_problem": True, "department": "yjj"},
        {"object_id": "DRUGS", "check_date": _ago(200), "is_problem": True, "department": "scjg", "item_code": "72001"},
        {"object_id": "DRUGS", "check_date": _ago(5), "is_problem": True, "department": "yjj", "item_code": "31001"},
        {"object_id": "BAD", "check_date": _ago(10), "is_problem": False, "department": "yjj"},
    ],
    "base.punish_action": [
        {"object_id": "BAD", "punish_date": _ago(20), "fine_cny": Decimal("99.99")},
        {"object_id": "BAD", "punish_date": _ago(30), "fine_cny": Decimal("0.01")},
        {"object_id": "BAD", "punish_date": _ago(30), "fine_cny": None},
        {"object_id": "WORST", "punish_date": _ago(30), "fine_cny": Decimal("9999999.00")},
        {
            "object_id": "DRUGS",
            "punish_date": _ago(1),
            "fine_cny": Decimal(100),
            "department": "yjj",
            "punish_kind": "05",
        },
        {
            "object_id": "DRUGS",
            "punish_date": _ago(1),
            "fine_cny": Decimal(1),
            "department": "yjj",
            "punish_kind": "02",
        },
        {"object_id": "DRUGS", "punish_date": _ago(1), "fine_cny": 9999, "department": "scjg"},
    ],
    "base.complaint": [{"object_id": "DRUGS", "received_date": _ago(1), "department": "scjg"}],
    "base.supervised_object": [
        {"object_id": "BAD", "flags": ["uscc: 小写字母已改为大写: x"]},
        {"object_id": "NEW", "flags": None},
        {"object_id": "WORST", "flags": ["object_name: ?: x", "uscc: 第 18 位校验码不符（GB 32100）: x"]},
        {"object_id": "OLD", "flags": []},
        {"object_id": "DRUGS", "flags": []},
    ],
    "themes.object_profile": [
        {"object_id": "BAD", "registration_state": "4", "established_date": _ago(5), "checks": 4},
        {"object_id": "NEW", "registration_state": None, "established_date": None},
        {"object_id": "WORST", "registration_state": "2", "established_date": _ago(0)},
        {"object_id": "OLD", "registration_state": "1", "established_date": _ago(365)},
        {"object_id": "DRUGS", "registration_state": "1", "established_date": _ago(5)},
    ],
    "themes.drug_profile": [
        {"object_id": "DRUGS", "registration_state": "1", "established_date": _ago(10)},
        {"object_id": "NEW", "registration_state": None, "established_date": None},
    ],
}
OBJECTS = {"BAD", "NEW", "WORST", "OLD", "DRUGS"}


@pytest.fixture(scope="module")
def acted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, SparkSession]]:
    """A lake whose base and profile were written by hand."""
    with lake(tmp_path_factory.mktemp("score")) as home:
        spark = connect(home)
        nothing: dict[str, list[dict[str, Any]]] = {name: [] for name in tables("themes")}
        for name, rows in (nothing | ACTS).items():
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
    model = read_risk_model(_file(tmp_path_factory.mktemp("model"), SMALL))
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


def test_a_field_s_model_is_one_file_and_counts_the_field_s_acts_alone(
    acted: tuple[Home, SparkSession], further: Path
) -> None:
    home, spark = acted
    _file(further, DRUG)
    score(home, spark, AS_OF)
    rows = spark.table("gold.risk_score").where("model = 'small_drug'").collect()
    scored = {row["object_id"]: row.asDict(recursive=True) for row in rows}
    assert len(rows) == 2
    assert scored.keys() == {"DRUGS", "NEW"}
    drugs = scored["DRUGS"]
    # 60 x (1 + 0.5) / 3 = 30 without the check under a market item, 101 yuan: 15 x 0.5 = 7.5, 10 x 1 / 2 = 5
    assert drugs["reasons_text"] == "发现问题2次；罚款合计101元；暂扣吊销1次"
    assert [reason["points"] for reason in drugs["reasons"]] == [Decimal(30), Decimal("7.5"), Decimal(5)]
    assert (drugs["score"], drugs["grade"], drugs["is_general"]) == (Decimal("42.5"), "orange", False)
    assert (scored["NEW"]["score"], scored["NEW"]["grade"]) == (Decimal(5), "blue")
    listed = {row[0]: row for row in model_rows(home)}
    known = ["expert", "1", "in force", "2026-01-01", "", "5"]
    assert listed["small_drug"] == ["small_drug", "药店试验模型", "drug", *known, *"20101"]


def test_a_strict_body_s_findings_count_less(acted: tuple[Home, SparkSession], tmp_path: Path) -> None:
    evened = "of: checks_with_problem, evened: true}"
    model = read_risk_model(_file(tmp_path, DRUG, "of: checks_with_problem}", evened))
    rows = {row["object_id"]: row for row in acted[1].sql(scoring_sql(model, AS_OF)).collect()}
    # 9 of 11 checks find something: yjj 2 of 3, so each counts (3 x 9/11 + 1) / (2 + 1) = 1.15, scjg 1 of 1: 0.90.
    # 60 x (1.15 + 0.5 x 0.90) / 3 = 32
    problems = rows["DRUGS"]["reasons"][0]
    assert (problems["indicator"], problems["value"], problems["points"]) == ("problems", 2.0, Decimal(32))


def test_the_province_s_models_score_into_gold(acted: tuple[Home, SparkSession]) -> None:
    home, spark = acted
    assert score(home, spark, AS_OF) == len(OBJECTS) + 2
    table = spark.table("gold.risk_score")
    wanted = [(column.name, column.spark_type) for column in contracts()["gold.risk_score"].columns]
    assert [(field.name, field.dataType.simpleString()) for field in table.schema.fields] == wanted
    rows = table.collect()
    assert {row["object_id"] for row in rows if row["is_general"]} == OBJECTS
    assert {row["object_id"] for row in rows if row["model"] == "drug_firm"} == {"DRUGS", "NEW"}
    assert len({(row["model"], row["object_id"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["score"] == sum((reason["points"] for reason in row["reasons"]), Decimal(0))
        assert 0 <= row["score"] <= 100
        assert (row["is_general"], row["as_of"]) == (row["model"] == "market_firm", AS_OF)
        falling = [reason["points"] for reason in row["reasons"]]
        assert falling == sorted(falling, reverse=True)
    assert score(home, spark, AS_OF) == len(rows)


def test_nothing_is_scored_by_a_broken_model(acted: tuple[Home, SparkSession], further: Path) -> None:
    home, spark = acted
    _file(further, DRUG, "of: fine_cny", "of: fine_usd")
    with pytest.raises(ContractError, match=r"small\.yaml: indicators\.fines\.measure\.of: no table has"):
        score(home, spark, AS_OF)
    (further / "small.yaml").unlink()
    with pytest.raises(ContractError, match="schemas/risk: no model is valid on 1999-12-31"):
        score(home, spark, date(1999, 12, 31))
