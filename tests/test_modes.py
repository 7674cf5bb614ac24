"""How feeds are delivered: rows that come, change and go, whole lists, and what base makes of them in any order."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from schemas import contract as reader
from schemas.contract import ENVELOPE, contracts, fed_tables, feeds, read_contract
from schemas.contract.lint import RULES
from spark_jobs import pipeline
from spark_jobs.building.base import build_base
from spark_jobs.lake.columns import silver_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import append, read
from spark_jobs.landing.land import make_landing_zone
from tests.silver_rows import Row, deliver, lake, reject, settle

MODELS = Path(__file__).parent.parent / "dbt_project" / "models"
SEED = 20261124
FIRMS = ["91420100MA4K00010R", "92420502MA4L0TE52G", "93421083MA4M00A75M", "52420000MJH000019H"]
KEYS = [f"JC-{number:03d}" for number in range(30)]
START = datetime(2026, 1, 1, tzinfo=UTC)
# What was said, and the base tables it came to by the manner in which it was delivered.
Histories = tuple[list[Row], dict[str, dict[str, list[Row]]]]


def _rows(home: Home, table: str, *, internals: bool) -> list[Row]:
    """The rows of a base table by key; without internals also without what their order of receipt leaves in them."""
    hidden = set() if internals else {"claims", "sources"}
    columns = [c.name for c in contracts()[f"base.{table}"].columns if c.name not in hidden]
    columns = [name for name in columns if internals or not name.startswith("_")]
    found: list[Row] = read(home.table("base", table), columns).to_pylist()
    for row in found:
        row.update({name: sorted(cell) for name, cell in row.items() if isinstance(cell, list)})
    return sorted(found, key=lambda row: tuple(str(row[key]) for key in contracts()[f"base.{table}"].key))


# -- the contract ------------------------------------------------------------------------------------------------------


def test_every_change_feed_has_the_envelope_and_no_contract_repeats_it() -> None:
    for feed in feeds().values():
        assert feed.delivery
        names = [column.name for column in feed.columns]
        assert (names[-5:] == list(ENVELOPE)) == (feed.delivery.mode == "change"), feed.name
        assert not any(name in feed.file.read_text("utf-8") for name in ENVELOPE)
        assert not any(feed.column(name).required for name in set(ENVELOPE) & set(names))


SAMPLE = """
title: 样本
doc: One row a sample.
delivery: {cadence: daily, mode: MODE}
key: [uscc]
columns:
  - {name: uscc, from: 统一社会信用代码, required: true}
  - {name: object_name, from: 操作类型}
ignore: [批次号]
"""


def _contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> reader.Contract:
    path = tmp_path / "feeds" / "scjg" / "sample.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path))
    return read_contract(path)


def test_a_heading_that_a_contract_names_itself_stays_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = _contract(tmp_path, monkeypatch, SAMPLE.replace("MODE", "change"))
    headings = {name: [heading.heading for heading in feed.column(name).headings] for name in ENVELOPE}
    assert headings["cd_operation"] == ["cd_operation", "数据操作类型"]
    assert headings["cd_batch"] == ["cd_batch", "数据批次"]
    assert [found for rule in RULES for found in rule(feed)] == []


def test_a_full_feed_has_no_envelope_and_a_plain_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SAMPLE.replace("MODE", "full").replace("key: [uscc]", "key: [region_code]\ninto: [enforcement_officer]")
    text = text.replace(
        "ignore:", "  - {name: region_code, from: 区划, required: true}\n  - {name: cd_time, from: 时}\nignore:"
    )
    feed = _contract(tmp_path, monkeypatch, text)
    broken = {found for rule in RULES for found in rule(feed)}
    assert "columns.cd_time: belongs to mode: change" in broken
    unreadable = (
        "into: enforcement_officer: its key certificate_no cannot be read from this feed, which has no certificate_no"
    )
    assert unreadable in broken


# What counts rows as they were reported, whatever stands of them.
COUNTING_REPORTS = ("credit_report.sql",)
# What asks which version of an item held on a day of the past: those that were taken back since, too, by their days.
LOOKING_BACK = ("act_item_check.sql", "item_coverage.sql")


def test_what_reads_base_reads_what_stands() -> None:
    tables = "|".join(table.table for table in fed_tables().values() if table.has_withdrawn)
    for path in (*MODELS.glob("themes/**/*.sql"), *MODELS.glob("gold/**/*.sql")):
        text = path.read_text("utf-8")
        layers = "base" if path.name in COUNTING_REPORTS else "base|silver"
        if path.name in LOOKING_BACK:
            assert re.search("valid_until|valid_on", text), path.name
            text = re.sub(r"ref\('(item_version|supervision_item)'\)", "", text)
        assert not re.search(rf"ref\('({tables})'\)|base\.({tables})|source\('({layers})'", text), path.name
    scoring = (MODELS.parent.parent / "spark_jobs" / "building" / "score.py").read_text("utf-8")
    assert not re.search(r"(from|join) (base\.|\{OBJECT\})", scoring)


# -- any order, one state ----------------------------------------------------------------------------------------------


def _history(seed: int) -> list[Row]:
    """Statements about inspections and firms, each at a moment of its own, in the order of those moments."""
    draw = random.Random(seed)
    told: list[Row] = []
    for number in range(240):
        moment = START + timedelta(minutes=draw.randrange(1, 40) + 60 * number)
        operation = draw.choices(["I", "U", "D"], [3, 4, 3])[0]
        envelope = {"cd_time": moment, "cd_operation": operation, "cd_batch": f"2026010100{number:03d}"}
        if draw.random() < 0.3:
            firm = draw.choice(FIRMS[:3])
            row = {"feed": "scjg_enterprise", "department": "scjg", "uscc": firm, **envelope}
            contents: Row = {"object_name": f"登记 {number}", "registration_state": draw.choice("12")}
        else:
            row = {"feed": "check_action", "department": draw.choice(["scjg", "yjj"]), **envelope}
            row["check_action_code"] = draw.choice(KEYS)
            contents = {
                "item_code": "31001001142001",
                "check_result": draw.choice(["01", "02", "03"]),
                "administrative_cp_document": "001",
                "administrative_cp_code": draw.choice(FIRMS),
                "supervised_object": f"门店 {number}",
                "region_code": "421023",
                "check_date": date(2026, 1, 8),
            }
        told.append(row if operation == "D" and draw.random() < 0.7 else {**row, **contents})
    return told


def _expected(told: list[Row]) -> dict[tuple[str, str], Row]:
    """What base must know of each inspection: the newest contents, and the newest deletion if it came after."""
    known: dict[tuple[str, str], Row] = {}
    for row in sorted(told, key=lambda row: row["cd_time"]):
        if row["feed"] == "check_action":
            entry = known.setdefault((row["department"], row["check_action_code"]), {"name": None, "at": None})
            if row["cd_operation"] == "D":
                entry["at"] = row["cd_time"]
            else:
                entry.update(name=row["supervised_object"], at=None)
    return known


def _deliver_in_pieces(home: Home, told: list[Row], pieces: int, first: datetime) -> None:
    """The statements in this order, cut into files by feed and department, one file a minute."""
    size = -(-len(told) // pieces)
    for piece in range(pieces):
        here = told[piece * size : (piece + 1) * size]
        for number, place in enumerate(sorted({(row["feed"], row["department"]) for row in here})):
            rows = [
                {name: cell for name, cell in row.items() if name not in ("feed", "department")}
                for row in here
                if (row["feed"], row["department"]) == place
            ]
            received = first + timedelta(minutes=piece * 10 + number)
            deliver(home, *place, received.replace(tzinfo=None).isoformat(sep=" "), rows)


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Histories:
    """One history delivered in three manners; the base tables that each came to."""
    told = _history(SEED)
    late = told.copy()
    random.Random(SEED + 1).shuffle(late)
    ends: dict[str, dict[str, list[Row]]] = {}

    def keep(name: str, home: Home) -> None:
        ends[name] = {table: _rows(home, table, internals=False) for table in ("check_action", "supervised_object")}

    with lake(tmp_path_factory.mktemp("ordered")) as home:
        for run in range(3):
            _deliver_in_pieces(home, told[run * 80 : run * 80 + 80], 4, START + timedelta(days=20 + run))
            build_base(home)
        keep("ordered, over three runs", home)
    with lake(tmp_path_factory.mktemp("late")) as home:
        for run, (begin, end) in enumerate([(0, 150), (150, 151), (151, 200), (200, 240)]):
            _deliver_in_pieces(home, late[begin:end], 1 + run, START + timedelta(days=20 + run))
            build_base(home)
        keep("shuffled, over four runs", home)
        build_base(home, full=True)
        keep("shuffled, rebuilt in full", home)
    return told, ends


def test_statements_in_any_order_and_any_split_end_in_the_same_state(
    histories: Histories,
) -> None:
    _, ends = histories
    first, *others = ends
    for manner in others:
        tables = ends[manner]
        for table, rows in tables.items():
            assert rows == ends[first][table], f"{manner}: {table}, seed {SEED}"


def test_the_state_is_the_newest_contents_and_the_newest_deletion(
    histories: Histories,
) -> None:
    told, ends = histories
    found = ends["shuffled, over four runs"]
    checks = {(row["department"], row["check_action_code"]): row for row in found["check_action"]}
    expected = _expected(told)
    assert {
        key: {"name": row["supervised_object"], "at": row["withdrawn_at"]} for key, row in checks.items()
    } == expected
    assert any(entry["at"] and entry["name"] for entry in expected.values())
    firms = {row["object_id"]: row["withdrawn_at"] for row in found["supervised_object"]}
    words = [row for row in told if row["feed"] == "scjg_enterprise"]
    last = {row["uscc"]: row["cd_time"] if row["cd_operation"] == "D" else None for row in words}
    assert firms == {**dict.fromkeys(FIRMS[3:]), **last}


# -- whole lists -------------------------------------------------------------------------------------------------------

Snapshot = tuple[str, str, list[str], list[str], list[str]]  # department, received, stated, quarantined, unsplit


def _snapshots(seed: int) -> list[Snapshot]:
    draw = random.Random(seed)
    licences = [f"170{number:08d}" for number in range(14)]
    made = []
    for day in range(14):
        mentioned = draw.sample(licences, 9)
        received = str((START + timedelta(days=day)).replace(tzinfo=None))
        made.append((draw.choice(["scjg", "yjj"]), received, mentioned[:6], mentioned[6:8], mentioned[8:]))
    return made


def _deliver_snapshot(home: Home, snapshot: Snapshot, state: str = "accepted") -> str:
    department, received, stated, quarantined, unsplit = snapshot
    rows = [
        {"certificate_no": key, "officer_name": f"{department} {received}", "region_code": "420100"} for key in stated
    ]
    name = deliver(home, "officer", department, received, rows, state)
    # As people type them: the numbers are full-width, and there is space around them.
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    reject(home, "officer", name, [{"certificate_no": f" {key.translate(wide)} "} for key in quarantined])
    reject(home, "officer", name, [{"_row": f"样本,{key},420100,多一格"} for key in unsplit])
    return name


def _standing_officers(snapshots: list[Snapshot]) -> dict[str, tuple[str, datetime | None]]:
    """Who spoke last of each licence, and when the last of its departments left it out; the plain fold."""
    words: dict[tuple[str, str], tuple[datetime, datetime | None]] = {}
    for department, received, stated, quarantined, unsplit in sorted(snapshots, key=lambda one: one[1]):
        moment = datetime.fromisoformat(received).replace(tzinfo=UTC)
        for (key, teller), (said, left) in words.items():
            if teller == department and left is None and key not in {*stated, *quarantined, *unsplit}:
                words[key, teller] = (said, moment)
        words |= {(key, department): (moment, None) for key in stated}
    found: dict[str, tuple[str, datetime | None]] = {}
    for key in {key for key, _ in words}:
        own = {teller: word for (licence, teller), word in words.items() if licence == key}
        left = [moment for _, moment in own.values()]
        last = max(own, key=lambda teller: own[teller][0])
        found[key] = (last, None if None in left else max(moment for moment in left if moment))
    return found


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, list[Row]]]:
    """Snapshots of two departments, some released long after later ones came; and what one full build says of them."""
    snapshots = _snapshots(SEED)
    held = {2, 5, 9}
    with lake(tmp_path_factory.mktemp("lists")) as home:
        names = {}
        for run in ([0, 1, 2, 3], [4], [5, 6, 7, 8], [9, 10, 11, 12, 13]):
            for number in run:
                state = "held" if number in held else "accepted"
                names[number] = _deliver_snapshot(home, snapshots[number], state)
            build_base(home)
        for number in (9, 2):
            settle(home, names[number], state="accepted")
            build_base(home)
        settle(home, names[5], state="rejected")
        build_base(home)
        grown = _rows(home, "enforcement_officer", internals=True)
        build_base(home, full=True)
        yield home, grown


def test_a_licence_stands_while_any_department_lists_it(lists: tuple[Home, list[Row]]) -> None:
    _, grown = lists
    counted = [one for number, one in enumerate(_snapshots(SEED)) if number != 5]
    expected = _standing_officers(counted)
    assert {row["certificate_no"]: (row["department"], row["withdrawn_at"]) for row in grown} == expected
    left = [moment for _, moment in expected.values()]
    assert 0 < left.count(None) < len(left)


def test_snapshots_accepted_late_and_rebuilt_in_full_come_to_the_same(lists: tuple[Home, list[Row]]) -> None:
    home, grown = lists
    assert _rows(home, "enforcement_officer", internals=True) == grown


def test_only_accepted_deliveries_reach_base_and_each_is_accounted_for_once(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as home:
        for number, state in enumerate(("held", "rejected", "refused", "duplicate", "unpacked")):
            deliver(home, "officer", "yjj", f"2026-01-0{number + 2}", [{"certificate_no": state}], state)
        assert build_base(home).figures == {}
        first = deliver(home, "officer", "yjj", "2026-01-01", [{"certificate_no": "first"}])
        assert build_base(home).figures["deliveries"] == 1
        assert build_base(home).figures == {}
        # A contract was mended: one more row of the same delivery is accepted.
        schema = silver_schema(feeds()["officer"])
        again = {
            "_delivery": first,
            "_line": 3,
            "_department": "yjj",
            "_received_at": START,
            "certificate_no": "mended",
        }
        append(home.table("silver", "officer"), pa.Table.from_pylist([again], schema=schema))
        settle(home, first, rows_accepted=2)
        assert build_base(home).figures["rows"] == 2
        assert build_base(home).figures == {}
        hops = read(home.table("ops", "reconciliation")).to_pylist()
        assert [(hop["_delivery"], hop["hop"], hop["rows_in"], hop["rows_out"]) for hop in hops] == [
            (first, "base.enforcement_officer", 2, 2)
        ]
        assert [row["certificate_no"] for row in _rows(home, "enforcement_officer", internals=False)] == [
            "first",
            "mended",
        ]
        build_base(home, full=True)
        assert len(_rows(home, "enforcement_officer", internals=False)) == 2


def test_a_feed_that_flows_into_no_base_table_needs_no_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = _contract(tmp_path / "schemas", monkeypatch, SAMPLE.replace("MODE", "change"))
    contracts.cache_clear()
    try:
        assert feeds()[feed.name].into == ()
        with lake(tmp_path / "lake") as home:
            deliver(home, feed.name, "scjg", "2026-01-01", [{"uscc": FIRMS[0]}])
            assert build_base(home).figures == {}
    finally:
        monkeypatch.delenv("LAKEWARDEN_SCHEMAS")
        contracts.cache_clear()


@pytest.fixture
def in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The register and the inspections as whole lists: what their contracts could say instead."""
    for name in ("scjg/enterprise", "check_action"):
        text = (reader.SCHEMAS / "feeds" / f"{name}.yaml").read_text("utf-8")
        path = tmp_path / "schemas" / "feeds" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("mode: change", "mode: full"), "utf-8")
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path / "schemas"))
    contracts.cache_clear()
    yield
    monkeypatch.delenv("LAKEWARDEN_SCHEMAS")
    contracts.cache_clear()


def _firms(*numbers: int) -> list[Row]:
    return [{"uscc": FIRMS[number], "object_name": f"登记 {number}"} for number in numbers]


def _checks(*codes: str) -> list[Row]:
    firm = {"administrative_cp_document": "001", "administrative_cp_code": FIRMS[1], "supervised_object": "门店"}
    return [{"check_action_code": code, "item_code": "31001001142001", **firm} for code in codes]


@pytest.mark.usefixtures("in_full")
def test_any_feed_may_be_a_whole_list_and_only_the_register_withdraws_a_firm(tmp_path: Path) -> None:
    with lake(tmp_path / "lake") as home:
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", _firms(0, 1, 2))
        deliver(home, "check_action", "yjj", "2026-01-01", _checks("a", "b", "c"))
        deliver(home, "check_action", "scjg", "2026-01-01", _checks("a"))
        build_base(home)
        second = deliver(home, "scjg_enterprise", "scjg", "2026-01-02", _firms(0))
        reject(home, "scjg_enterprise", second, [{"uscc": FIRMS[2].lower()}])
        deliver(home, "check_action", "yjj", "2026-01-02", _checks("a"))
        build_base(home)
        # Another department speaks of the withdrawn firm; its own list speaks of b again.
        deliver(home, "check_action", "yjj", "2026-01-03", _checks("a", "b"))
        build_base(home)
        tables = ("supervised_object", "check_action")
        grown = {table: _rows(home, table, internals=True) for table in tables}
        build_base(home, full=True)
        assert {table: _rows(home, table, internals=True) for table in tables} == grown
    firms = {row["object_id"]: (row["object_name"], row["withdrawn_at"]) for row in grown["supervised_object"]}
    second_day = START + timedelta(days=1)
    assert firms == {
        FIRMS[0]: ("登记 0", None),
        FIRMS[1]: ("登记 1", second_day),
        FIRMS[2]: ("登记 2", None),
    }
    checks = {(row["department"], row["check_action_code"]): row["withdrawn_at"] for row in grown["check_action"]}
    assert checks == {("scjg", "a"): None, ("yjj", "a"): None, ("yjj", "b"): None, ("yjj", "c"): second_day}


# -- from files to figures ---------------------------------------------------------------------------------------------

CHECK = (
    "监管事项目录编码,检查行为名称,检查行为编号,监管对象,行政相对人,行政相对人性质,行政相对人证件类型,行政相对人编码,"
    "行政区划代码,检查形式,检查类别,检查结果,检查时间,检查人员"
)
ACT = "31001001100001,日常检查,{code},样本商贸,样本商贸,02,001,{firm},420103,01,01,02,2026-01-05,样本甲、样本乙"
SPELLED = {
    "JC-1": "2026-01-05 08:30:00",
    "JC-2": "2026-01-05T08:30:00",
    "JC-3": "2026/1/5 8:30",
    "JC-4": "20260105083000",
    "JC-5": "2026-01-05 08:30:00.250",
    "JC-6": "2026-01-05",
    "JC-7": "2026年1月5日 08：30：00",
    "JC-8": "2026-01-05T08:30:00+08:00",
}
BROKEN = {
    "坏-1": ("X", "2026-01-05 08:30:00", ["cd_operation: 不在代码表中: X"]),
    "坏-2": ("delete", "", ["cd_time: 填写了操作类型，缺少必填内容: "]),
    "坏-3": ("D", "2026-01-05 25:00:00", ["cd_time: 不是有效时间: 2026-01-05 25:00:00"]),
    "坏-4": ("D", "2027-01-05 08:30:00", ["cd_time: 晚于接收日期: 2027-01-05 08:30:00"]),
}
FIRM_HEADINGS = "统一社会信用代码,企业名称,注册日期,行政区划"
OFFICERS = "姓名,所属主体,身份证号,执法证号,行政区划"


def _drop(home: Home, place: str, name: str, lines: list[str]) -> None:
    (home.landing / place / name).write_text("\n".join(lines) + "\n", "utf-8")


def _run(home: Home, patch: pytest.MonkeyPatch, moment: str, *stages: pipeline.Stage) -> None:
    patch.setenv("LAKEWARDEN_NOW", moment)
    for stage in stages:
        stage(home)


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, dict[str, int]]]:
    """Two days of files; between them the figures of the first."""
    home = Home(tmp_path_factory.mktemp("delivered"))
    make_landing_zone(home)
    stages = (pipeline.land, pipeline.conform, pipeline.base, pipeline.themes, pipeline.gold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKEWARDEN_TODAY", "2026-02-01")
        patch.setenv("LAKEWARDEN_QUIET", "0")
        acts = [f"{ACT.format(code=code, firm=FIRMS[0])},I,{moment}" for code, moment in SPELLED.items()]
        _drop(home, "yjj/check_action", "一.csv", [f"{CHECK},操作类型,cd_time", *acts])
        firms = [f"{firm},样本商贸{number},2016-03-01,武汉" for number, firm in enumerate(FIRMS)]
        _drop(home, "scjg/enterprise", "一.csv", [FIRM_HEADINGS, *firms, "91420100MA4K00020L,样本,2016-03-01,武汉"])
        listed = [f"样本{n},市局,,1701000000{n},420100" for n in range(5)]
        _drop(home, "yjj/officer", "一.csv", [OFFICERS, *listed])
        _run(home, patch, "2026-01-10T00:00:00+00:00", *stages)
        before = _figures(home)
        gone = ",".join([""] * 2 + ["JC-1"] + [""] * 11)
        broken = [
            ",".join([""] * 2 + [code] + [""] * 11) + f",{operation},{moment}"
            for code, (operation, moment, _) in BROKEN.items()
        ]
        spoiled = ACT.format(code="坏-5", firm=FIRMS[0]).replace("2026-01-05", "2026-13-05") + ",D,2026-01-06"
        late = ",".join([""] * 2 + ["JC-9"] + [""] * 11) + ",D,2026-01-07"
        lines = [f"{CHECK},操作类型,cd_time", f"{gone},删除,2026-01-06", spoiled, late, *broken]
        _drop(home, "yjj/check_action", "二.csv", lines)
        kept = [f"{firm},," for firm in firms[2:]]
        lines = [f"{FIRM_HEADINGS},cd_operation,cd_time", f"{FIRMS[1]},,,,delete,2026-01-11 09:00:00", *kept, *kept]
        _drop(home, "scjg/enterprise", "二.csv", lines)
        _drop(
            home,
            "yjj/officer",
            "二.csv",
            [OFFICERS, listed[0], listed[4], "样本1,市局,错误,17010000001,420100", "破,17010000002"],
        )
        _run(home, patch, "2026-01-12T00:00:00+00:00", *stages)
        # An older statement of a deleted inspection comes last: its contents are kept, and it stays withdrawn.
        lines = [f"{CHECK},操作类型,cd_time", f"{ACT.format(code='JC-9', firm=FIRMS[0])},I,2026-01-05"]
        _drop(home, "yjj/check_action", "三.csv", lines)
        _run(home, patch, "2026-01-13T00:00:00+00:00", *stages[:3])
        yield home, before


def _figures(home: Home) -> dict[str, int]:
    months = read(home.table("gold", "supervision_month"), ["checks"])["checks"].to_pylist()
    scored = read(home.table("gold", "risk_score"), ["object_id"])["object_id"].to_pylist()
    return {"checks": sum(months), **{firm: scored.count(firm) for firm in FIRMS}}


def test_times_of_the_envelope_are_read_in_every_spelling(delivered: tuple[Home, dict[str, int]]) -> None:
    home, _ = delivered
    rows = read(home.table("silver", "check_action"), ["check_action_code", "cd_time"]).to_pylist()
    times = {
        row["check_action_code"]: row["cd_time"]
        for row in rows
        if row["cd_time"] < datetime(2026, 1, 5, 12, tzinfo=UTC)
    }
    half_past = datetime(2026, 1, 5, 0, 30, tzinfo=UTC)
    midnight = datetime(2026, 1, 4, 16, tzinfo=UTC)
    expected = dict.fromkeys(SPELLED, half_past) | {"JC-5": half_past + timedelta(milliseconds=250), "JC-6": midnight}
    assert {code: times[code] for code in SPELLED} == expected


def test_a_deletion_needs_its_key_and_envelope_and_no_more(delivered: tuple[Home, dict[str, int]]) -> None:
    home, _ = delivered
    rows = read(home.table("quarantine", "check_action")).to_pylist()
    said = {dict(row["_row"])["check_action_code"]: row["_reasons"] for row in rows}
    assert said.pop("坏-5") == ["check_date: 不是有效日期: 2026-13-05"]
    assert {code: [reason for reason in reasons if reason.startswith("cd_")] for code, reasons in said.items()} == {
        code: reasons for code, (_, _, reasons) in BROKEN.items()
    }
    assert all(len(said[code]) == 1 for code in ("坏-2", "坏-3", "坏-4"))


def test_what_is_deleted_is_kept_and_what_comes_late_stays_deleted(delivered: tuple[Home, dict[str, int]]) -> None:
    home, _ = delivered
    checks = {row["check_action_code"]: row for row in _rows(home, "check_action", internals=False)}
    assert checks["JC-1"]["withdrawn_at"] == datetime(2026, 1, 5, 16, tzinfo=UTC)
    assert checks["JC-1"]["check_result"] == "02"
    assert checks["JC-9"]["withdrawn_at"] == datetime(2026, 1, 6, 16, tzinfo=UTC)
    assert checks["JC-9"]["object_id"] == FIRMS[0]
    assert {code for code, row in checks.items() if row["withdrawn_at"] is None} == set(SPELLED) - {"JC-1"}


def test_a_list_withdraws_whom_it_does_not_mention_even_in_a_bad_row(delivered: tuple[Home, dict[str, int]]) -> None:
    home, _ = delivered
    officers = {
        row["certificate_no"]: row["withdrawn_at"] for row in _rows(home, "enforcement_officer", internals=False)
    }
    where = [("feed", "=", "officer"), ("file_name", "=", "二.csv")]
    [second] = read(home.table("ops", "delivery"), ["received_at"], where)["received_at"].to_pylist()
    assert officers.pop("17010000003") == second
    assert set(officers.values()) == {None}
    assert len(officers) == 4


def test_what_is_withdrawn_is_in_no_figure(delivered: tuple[Home, dict[str, int]]) -> None:
    home, before = delivered
    assert before["checks"] == len(SPELLED)
    assert _figures(home) == {**before, "checks": len(SPELLED) - 1, FIRMS[1]: 0}
    profiles = read(home.table("themes", "object_profile"), ["object_id"])["object_id"].to_pylist()
    assert FIRMS[1] not in profiles


def test_every_hop_accounts_for_deletions_too(delivered: tuple[Home, dict[str, int]]) -> None:
    home, _ = delivered
    hops = read(home.table("ops", "reconciliation")).to_pylist()
    assert all(hop["rows_in"] == hop["rows_out"] + hop["rows_aside"] for hop in hops)
    assert {hop["hop"].split(".")[0] for hop in hops} == {"land", "conform", "base"}
