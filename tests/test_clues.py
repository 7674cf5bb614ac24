"""The clue loop: raised once, sent once, killed between, acknowledged, fed back, corrected, transferred, late."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from dbt_project.render import with_macros
from schemas.contract import clue_rules, code_list
from schemas.contract.clues import read_clue_rule
from schemas.contract.lint.clues import broken_clue_rules
from schemas.contract.model import ContractError
from spark_jobs import pipeline
from spark_jobs.building.base import build_base
from spark_jobs.clues import sending
from spark_jobs.clues.deciding import assign
from spark_jobs.clues.raising import joined, number_of
from spark_jobs.command.clues import clues, faults, told, unacknowledged
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import overwrite, read
from spark_jobs.lake.working_days import working_day_after
from tests.silver_rows import Row, deliver, lake

FIRM = "91420100MA4K00010R"
MONDAY = date(2026, 3, 2)  # no holiday within two weeks
SENT, LATER = MONDAY, MONDAY + timedelta(3)


def test_working_days_are_counted_after_the_day_and_skip_the_holiday() -> None:
    assert working_day_after(date(2024, 9, 27), 7) == date(2024, 10, 12)  # as 国办发明电〔2023〕7号 has it


# ---- what is one clue, without an engine

DAY = date(2026, 3, 10)


def _finding(begins: date | None = DAY, ends: date | None = None, rule: str = "device_alarm", **more: Any) -> Row:
    told_of = {"clue_rule": rule, "matter": clue_rules()[rule].about, "subject": "sthj|PS1|w01018", "grade": "orange"}
    names = ("object_id", "object_name", "model", "field", "item_code", "region_code", "city_code")
    duty = {"duty_department": "sthj", "duty_rule": None, "duty_ground": "department"}
    words = {"reason": f"{rule} {begins}", "evidence": f"{rule} {begins}"}
    return {**told_of, **dict.fromkeys(names), "begins": begins, "ends": ends, **words, **duty, **more}


def _state(**more: Any) -> Row:
    return _finding(None, rule="risk_grade", subject="firm|market_firm", **more)


def test_findings_of_one_spell_are_one_clue_whoever_tells_of_it_and_in_whatever_order() -> None:
    findings = [
        _finding(DAY, DAY + timedelta(1)),
        _finding(DAY + timedelta(2), rule="exceedance"),
        _finding(DAY + timedelta(8), grade="red"),
        _finding(DAY + timedelta(30)),
        _finding(DAY, subject="sthj|PS2|w01018"),
    ]
    for order in (findings, findings[::-1]):
        found = joined(order, [], DAY, {})
        assert {number: (clue["spell_end"], clue["grade"]) for number, clue in found.items()} == {
            number_of("monitored_excess", "sthj|PS1|w01018", DAY): (DAY + timedelta(8), "red"),
            number_of("monitored_excess", "sthj|PS1|w01018", DAY + timedelta(30)): (DAY + timedelta(30), "orange"),
            number_of("monitored_excess", "sthj|PS2|w01018", DAY): (DAY, "orange"),
        }
    first = found[number_of("monitored_excess", "sthj|PS1|w01018", DAY)]
    assert len(first["clue_reasons"]) == len(first["evidence"]) == 3
    assert joined(findings, found.values(), DAY + timedelta(1), {}) == found


def test_a_spell_that_turns_out_to_have_begun_earlier_is_the_same_clue() -> None:
    known = joined([_finding(DAY)], [], DAY, {})
    again = joined([_finding(DAY - timedelta(2), DAY)], known.values(), DAY + timedelta(1), {})
    assert [*again] == [*known]
    assert again[next(iter(again))]["spell_begin"] == DAY - timedelta(2)


def test_what_happens_after_the_last_word_is_another_clue() -> None:
    known = joined([_finding(DAY)], [], DAY, {})
    [number] = known
    more = [_finding(DAY), _finding(DAY + timedelta(3))]
    assert len(joined(more, known.values(), DAY + timedelta(3), {number: DAY + timedelta(2)})) == 2
    assert len(joined(more, known.values(), DAY + timedelta(3), {})) == 1


def test_what_lasts_is_one_clue_and_coming_back_soon_too() -> None:
    ledger = joined([_state()], [], DAY, {})
    [number] = ledger
    quiet = clue_rules()["risk_grade"].quiet_days
    ledger = joined([_state()], ledger.values(), DAY + timedelta(1), {number: DAY})
    assert [*ledger] == [number]  # never twice for the same spell, answered or not
    gone = joined([], ledger.values(), DAY + timedelta(2), {})
    assert gone[number]["ended_date"] == DAY + timedelta(2)
    back = joined([_state()], gone.values(), DAY + timedelta(2 + quiet), {})
    assert [*back] == [number]
    assert back[number]["ended_date"] is None
    assert len(joined([_state()], gone.values(), DAY + timedelta(3 + quiet), {})) == 2


BROKEN = {
    "of: there is no table gold.a; write it with its layer, for example gold.risk_score": ("gold.risk_score", "gold.a"),
    "colour: gold.risk_score has no such column": ("{score}", "{colour}"),
    "grade: purple is none of blue, orange, red, yellow": ("grade: orange", "grade: purple"),
    "field: weather is not in fields.yaml": ("field: market", "field: weather"),
    "spell: grade is no day": ("quiet_days: 90", "quiet_days: 90\nspell: {from: grade}\nwithin_days: 5"),
    "duty: gold.risk_score does not say whose a row is": ("quiet_days: 90", "quiet_days: 90\nduty: own"),
}  # fmt: skip


@pytest.mark.parametrize(("fault", "change"), BROKEN.items(), ids=BROKEN)
def test_a_rule_that_cannot_be_used_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, change: tuple[str, str]
) -> None:
    text = clue_rules()["risk_grade"].file.read_text("utf-8")
    assert change[0] in text
    (tmp_path / "clues").mkdir()
    (tmp_path / "clues" / "risk_grade.yaml").write_text(text.replace(*change), "utf-8")
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
    assert [*broken_clue_rules()] == [f"{tmp_path}/clues/risk_grade.yaml: {fault}"]


def test_a_rule_without_a_day_cannot_be_too_old(tmp_path: Path) -> None:
    path = tmp_path / "rule.yaml"
    path.write_text(f"{clue_rules()['risk_grade'].file.read_text('utf-8')}within_days: 3\n", "utf-8")
    with pytest.raises(ContractError, match="spell and within_days go together"):
        read_clue_rule(path)


def test_every_grade_has_its_clocks_the_graver_the_shorter() -> None:
    clocks = {code.code: code.extra for code in code_list("clue_clock")}
    for name in ("accept_days", "answer_days", "close_days"):
        days = [int(clocks[grade][name]) for grade in ("red", "orange", "yellow", "blue")]
        assert days == sorted(days)
        assert days[0] < days[-1]


# ---- the whole way, in a home of its own


class Story:
    """A home whose days are gone through, with what was seen on each."""

    def __init__(self, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.monkeypatch = home, monkeypatch

    def day(self, day: date) -> None:
        self.monkeypatch.setenv("LAKEWARDEN_TODAY", str(day))
        self.monkeypatch.setenv("LAKEWARDEN_NOW", f"{day}T09:00:00+08:00")

    def build(self) -> dict[str, Any]:
        build_base(self.home)
        return self.run()

    def land(self) -> None:
        for stage in (pipeline.land, pipeline.conform, pipeline.base):
            stage(self.home)

    def run(self) -> dict[str, Any]:
        """The rest of a run, and what it says of clues."""
        figures: dict[str, Any] = {}
        for stage in (pipeline.themes, pipeline.gold, pipeline.publish):
            figures |= stage(self.home).figures
        return {name: value for name, value in figures.items() if name.startswith("clue") or name == "packages"}

    def packages(self, department: str) -> list[Path]:
        return sorted((self.home.outbox / department / "clues").glob("*"))

    def clue(self, word: str) -> Row:
        """The newest clue of a device."""
        ledger = [row for row in read(self.home.table("ops", "clue")).to_pylist() if word in row["subject"]]
        number = max(ledger, key=lambda row: row["spell_begin"])["clue_no"]
        [row] = [row for row in read(self.home.table("gold", "clue")).to_pylist() if row["clue_no"] == number]
        return row

    def fill(self, package: Path, feed: str, department: str, *rows: Row) -> None:
        """What a department writes into the file that came with the package, and drops; one row of the file a row."""
        [headings, *lines] = csv.reader(io.StringIO((package / f"{feed}.csv").read_text("utf-8-sig")))
        told_of = [dict(zip(headings, line, strict=True)) for line in lines]
        filled = [
            {**next(line for line in told_of if row.get("线索编号") in (None, line.get("线索编号"))), **row}
            for row in rows
        ]
        path = (
            self.home.landing
            / department
            / feed
            / f"{len([*self.home.archive.rglob('*'), *self.home.landing.rglob('*')])}.csv"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        text = io.StringIO()
        writer = csv.DictWriter(text, headings)
        writer.writeheader()
        writer.writerows(filled)
        path.write_text(text.getvalue(), "utf-8")


def _alarm(number: str, device: str, day: date, level: str, hour: int = 2) -> Row:
    moment = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    said = {"alarm_no": number, "device_code": device, "indicator_code": "w01018", "uscc": FIRM, "alarm_kind": "01"}
    return {
        **said,
        "alarm_level": level,
        "started_at": moment,
        "ended_at": moment + timedelta(hours=3),
        "region_code": "420107",
    }


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    monkeypatch = pytest.MonkeyPatch()
    with lake(tmp_path_factory.mktemp("clues")) as home:
        told_days = Story(home, monkeypatch)
        told_days.day(MONDAY)
        firm = {"uscc": FIRM, "object_name": "武汉样本化工有限公司", "industry_code": "2614", "region_code": "420107"}
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", [firm])
        since = {"duty_from": date(2020, 1, 1)}
        rules = [
            {"rule_no": "1", "duty_department": "scjg", **since},  # the complaints' last resort
            {"rule_no": "2", "duty_department": "sthj", "duty_field": "environment", **since},
            {"rule_no": "3", "duty_department": "yjgl", "duty_field": "safety", "duty_region": "420100", **since},
        ]
        deliver(home, "szj_complaint_duty", "szj", "2026-01-01", rules)
        sunday = MONDAY - timedelta(1)
        alarms = [
            _alarm("1", "PS1", sunday, "2"),
            _alarm("2", "PS1", sunday, "2", 9),
            _alarm("3", "OLD", date(2025, 3, 1), "1"),
        ]
        deliver(home, "device_alarm", "sthj", "2026-03-01", alarms)
        for department, devices in (("sthj", ("PS1", "OLD")), ("yjgl", ("QY1",))):
            known = [{"device_code": device, "monitor_device_class": "PS", "uscc": FIRM} for device in devices]
            deliver(home, "monitor_device", department, "2026-01-01", known)
        deliver(home, "device_alarm", "yjgl", "2026-03-01", [_alarm("1", "QY1", sunday, "1")])
        yield told_days
    monkeypatch.undo()


def test_a_clue_is_raised_once_and_goes_to_whose_duty_it_is_with_the_rule_that_says_so(story: Story) -> None:
    assert story.build() == {"clues_raised": 2, "clues_sent": 2, "packages": 2, "clues": 2}
    clue = story.clue("PS1")
    assert (clue["department"], clue["duty_rule"], clue["duty_ground"], clue["grade"]) == (
        "sthj",
        "2",
        "field",
        "orange",
    )
    assert clue["reasons_text"].count("告警：") == 2  # both alarms of the spell
    assert (clue["object_name"], clue["clue_state"]) == ("武汉样本化工有限公司", "sent")
    deadlines = [clue[f"{name}_deadline"] for name in ("accept", "answer", "close")]
    assert deadlines == [working_day_after(MONDAY, days) for days in (3, 7, 30)]
    assert (story.clue("QY1")["department"], story.clue("QY1")["duty_ground"]) == ("yjgl", "region")
    assert story.run() == {}  # nothing is new


def test_a_package_is_whole_and_says_what_it_holds(story: Story) -> None:
    [package] = story.packages("sthj")
    manifest = json.loads((package / "manifest.json").read_text("utf-8"))
    for file in manifest["files"]:
        content = (package / file["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
    named = {file["name"] for file in manifest["files"]} | {"manifest.json", "manifest.json.sha256"}
    assert {path.name for path in package.iterdir()} == named
    [line] = (package / "clues.jsonl").read_text("utf-8").splitlines()
    envelope = json.loads((package / "envelope.json").read_text("utf-8"))
    assert json.loads(line)["线索编号"] == story.clue("PS1")["clue_no"]
    assert (envelope["条数"], envelope["签收期限"]) == (1, str(story.clue("PS1")["accept_deadline"]))


@pytest.mark.parametrize("moment", ["before the move", "before the book", "taken away after the book"])
def test_a_killed_run_neither_loses_nor_doubles_a_package(
    story: Story, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    home, [package] = story.home, story.packages("yjgl")
    before = {path.name: path.read_bytes() for path in package.iterdir()}
    books = read(home.table("ops", "clue_package"))
    if moment == "taken away after the book":
        package.rename(home.path / "taken")
        assert sending.send(home) == {}
        assert story.packages("yjgl") == []
        (home.path / "taken").rename(package)
        return
    # As it was before the run that wrote the package.
    overwrite(home.table("ops", "clue_package"), books.filter(pc.not_equal(books["department"], "yjgl")))
    if moment == "before the move":
        half = package.with_name(f".{package.name}.part")
        package.rename(half)
        (half / "manifest.json").unlink()
    assert sending.send(home) == {"packages": 1, "clues": 1}
    assert story.packages("yjgl") == [package]
    assert {path.name: path.read_bytes() for path in package.iterdir()} == before
    assert read(home.table("ops", "clue_package")).num_rows == books.num_rows
    assert sending.send(home) == {}


def _flow(story: Story, department: str) -> tuple[int, ...]:
    rows = read(story.home.table("ops", "flow"), None, [("hop", "=", "send"), ("department", "=", department)])
    [row] = rows.to_pylist()
    return tuple(row[name] for name in ("rows_in", "rows_out", "rows_aside", "rows_missing"))


def test_receipts_acknowledge_what_was_sent_and_no_other(story: Story) -> None:
    assert (_flow(story, "sthj"), _flow(story, "yjgl")) == ((1, 0, 1, 0), (1, 0, 1, 0))
    tuesday = MONDAY + timedelta(1)
    story.day(tuesday)
    [ours], [theirs] = story.packages("sthj"), story.packages("yjgl")
    story.fill(ours, "clue_receipt", "sthj", {"签收日期": str(tuesday)})
    story.fill(theirs, "clue_receipt", "yjgl", {"签收日期": str(tuesday), "签收条数": "2"})
    story.fill(ours, "clue_receipt", "wjw", {"签收日期": str(tuesday), "签收单位": "卫健委"})
    story.land()
    story.run()
    assert (story.clue("PS1")["clue_state"], story.clue("PS1")["accept_state"]) == ("acknowledged", "on_time")
    assert story.clue("QY1")["clue_state"] == "sent"
    assert {(row["department"], row["clue_fault"]) for row in faults(story.home)} == {
        ("yjgl", "other_number"),
        ("wjw", "unknown_package"),
    }
    # The department counts two where one was sent: a row too many, told as such.
    assert (_flow(story, "sthj"), _flow(story, "yjgl")) == ((1, 1, 0, 0), (1, 2, 0, -1))


def test_a_graver_alarm_of_the_same_spell_raises_the_clue_and_no_second_one(story: Story) -> None:
    deliver(story.home, "device_alarm", "sthj", "2026-03-03", [_alarm("4", "PS1", MONDAY + timedelta(1), "1")])
    assert story.build() == {"clues_sent": 1, "packages": 1, "clues": 1}
    clue = story.clue("PS1")
    assert (clue["grade"], clue["turn"], clue["clue_state"]) == ("red", 2, "sent")
    assert len(story.packages("sthj")) == 2


def test_feedback_in_parts_moves_the_state_and_that_of_others_is_told(story: Story) -> None:
    day = MONDAY + timedelta(2)
    story.day(day)
    number, package = story.clue("PS1")["clue_no"], story.packages("sthj")[-1]
    partly = {"线索编号": number, "反馈结果": "属实处置中", "反馈日期": str(day), "核查处置情况": "已立案"}
    story.fill(package, "clue_feedback", "sthj", {**partly, "反馈编号": "F-1"})
    story.fill(package, "clue_feedback", "wjw", {**partly, "反馈编号": "W-1"})
    story.land()
    story.run()
    clue = story.clue("PS1")
    assert (clue["clue_state"], clue["answer_state"], clue["close_state"]) == ("handling", "on_time", "pending")
    assert (clue["is_true"], clue["is_open"]) == (True, True)
    assert ("wjw", "not_theirs") in {(row["department"], row["clue_fault"]) for row in faults(story.home)}


def test_a_correction_takes_the_place_of_what_it_corrects(story: Story) -> None:
    day = MONDAY + timedelta(3)
    story.day(day)
    number, package = story.clue("PS1")["clue_no"], story.packages("sthj")[-1]
    corrected = {"线索编号": number, "反馈编号": "F-1", "反馈结果": "不属实", "反馈日期": str(day)}
    story.fill(package, "clue_feedback", "sthj", corrected)
    story.land()
    story.run()
    clue = story.clue("PS1")
    assert (clue["clue_state"], clue["is_true"], clue["is_open"]) == ("unfounded", False, False)
    with pytest.raises(Refused, match="is closed"):
        assign(story.home, number, "scjg", "样本甲", "再看一次")


def test_what_nobody_acknowledged_in_time_is_late_and_told(story: Story) -> None:
    clue = story.clue("QY1")  # red: to be acknowledged the next working day, answered after three
    assert (clue["accept_state"], clue["answer_state"], clue["clue_alarm"]) == ("overdue", "pending", "overdue")
    assert unacknowledged(story.home) == "yjgl 1"
    assert [row["clue_no"] for row in clues(story.home, None, None, True)] == [clue["clue_no"]]


def test_a_clue_that_is_not_theirs_goes_to_whom_they_name_and_then_to_whom_a_person_names(story: Story) -> None:
    day, number = MONDAY + timedelta(4), story.clue("QY1")["clue_no"]
    story.day(day)
    back = {"线索编号": number, "反馈结果": "退回", "反馈日期": str(day), "反馈编号": "Y-1"}
    story.fill(story.packages("yjgl")[0], "clue_feedback", "yjgl", {**back, "应由部门": "交通运输厅"})
    story.land()
    assert story.run() == {"clues_sent": 1, "packages": 1, "clues": 1}
    assert (story.clue("QY1")["department"], story.clue("QY1")["turn"]) == ("jtys", 2)
    [package] = story.packages("jtys")
    story.fill(package, "clue_feedback", "jtys", {**back, "反馈编号": "J-1", "应由部门": "应急管理厅"})
    story.land()
    assert story.run() == {}  # it was there before: a person decides
    assert story.clue("QY1")["clue_state"] == "returned"
    assert assign(story.home, number[-6:], "sthj", "样本甲", "排污口属于生态环境部门").exists()
    story.land()
    assert story.run() == {"clues_sent": 1, "packages": 1, "clues": 1}
    assert (story.clue("QY1")["department"], story.clue("QY1")["turn"]) == ("sthj", 3)
    course = read(story.home.table("gold", "clue_course"), None, [("clue_no", "=", number)]).to_pylist()
    steps = [row["clue_step"] for row in sorted(course, key=lambda row: row["step_order"])]
    assert sorted(steps) == sorted(["raised", "sent", "5", "sent", "5", "6", "sent"])
    assert any("指派" in line for line in told(story.home, number))


def test_an_alarm_after_the_last_word_is_a_new_clue(story: Story) -> None:
    old = story.clue("PS1")["clue_no"]
    deliver(story.home, "device_alarm", "sthj", "2026-03-06", [_alarm("5", "PS1", MONDAY + timedelta(4), "2")])
    assert story.build() == {"clues_raised": 1, "clues_sent": 1, "packages": 1, "clues": 1}
    assert story.clue("PS1")["clue_no"] != old


def test_rules_are_measured_by_what_departments_found(story: Story) -> None:
    hits = {
        row["department"]: row
        for row in read(story.home.table("gold", "clue_rule_hit")).to_pylist()
        if row["clue_rule"] == "device_alarm"
    }
    assert (hits[""]["clues_raised"], hits[""]["clues_with_verdict"], hits[""]["hit_share"]) == (3, 1, 0.0)
    assert hits[""]["clue_verdict"] == "too_few"
    rates = read(
        story.home.table("gold", "indicator"), None, [("indicator", "=", "clue_hit_rate"), ("is_total", "=", True)]
    )
    assert {(row["numerator"], row["denominator"]) for row in rates.to_pylist()} == {(0, 1)}


def test_a_full_rebuild_comes_to_the_same_clues(story: Story) -> None:
    names = [("ops", "clue"), ("ops", "clue_sent"), ("ops", "clue_package"), ("gold", "clue"), ("gold", "clue_course")]
    before = {name: _rows(story.home, *name) for name in names}
    pipeline.rebuild(story.home)
    pipeline.publish(story.home)
    assert {name: _rows(story.home, *name) for name in names} == before


def _rows(home: Home, layer: str, name: str) -> list[str]:
    return sorted(str(row) for row in read(home.table(layer, name)).to_pylist())


def test_what_a_macro_reads_the_model_that_calls_it_reads() -> None:
    models = {"duty": "select * from {{ fitting_duties(standing('complaint_duty')) }}", "still": "{{ still_days() }}"}
    whole = with_macros({**models, "none": "select 1"})
    assert "startswith(situation.item" in whole["duty"]
    assert "source('codes', 'alarm_rule')" in whole["still"]
    assert whole["none"] == "select 1"
