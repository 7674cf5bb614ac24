"""The synthetic province: same seed, same bytes; files keep their contracts; the world hangs together."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from schemas.contract import code_list, feed_of
from schemas.identities import id_card_check_char, org_code_check_char, uscc_check_char
from simulate import SimulationReport, simulate
from simulate.acts import make_checks
from simulate.complaints import as_reported, make_complaints
from simulate.departments import inspecting
from simulate.dirt import FEWER, MORE
from simulate.divisions import places, prefectures
from simulate.firms import Period, make_firms
from simulate.marks import PLANTED, WINDOW
from simulate.penalties import make_penalties
from simulate.registrations import register_changes
from simulate.staff import make_staff
from simulate.windows import Windows, act_windows
from simulate.word_lists import Table, industries, items

UNTIL, SEED, OBJECTS, DAYS = date(2025, 12, 31), 11, 900, 120
Rows = list[list[str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SimulationReport]:
    """A small province with bad files, written once."""
    out = tmp_path_factory.mktemp("province") / "landing"
    return out, simulate(OBJECTS, DAYS, SEED, out, UNTIL, bad_files=True, say=lambda _: None)


@pytest.fixture(scope="module")
def truth(made: tuple[Path, SimulationReport]) -> list[dict[str, str]]:
    with made[1].truth.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def files(made: tuple[Path, SimulationReport], truth: list[dict[str, str]]) -> dict[tuple[str, str, str], Rows]:
    """Every readable file as rows of text, the headings first."""
    refused = {(line["department"], line["feed"], line["file"]) for line in truth if line["verdict"] == "refused"}
    paths = {tuple(path.relative_to(made[0]).parts): path for path in sorted(made[0].rglob("*.*"))}
    return {(d, f, name): _read(path) for (d, f, name), path in paths.items() if (d, f, name) not in refused}


def _read(path: Path) -> Rows:
    if path.suffix == ".xlsx":
        return [
            [str(cell) for cell in row] for row in CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        ]
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return list(csv.reader(io.StringIO(text, newline="")))


def _digests(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.rglob("*.*"))
    }


@pytest.fixture(scope="module")
def world() -> tuple[Period, Table]:
    period = Period.until(UNTIL, 365)
    return period, make_firms(6000, period, SEED)


def test_the_same_seed_gives_the_same_bytes(made: tuple[Path, SimulationReport], tmp_path: Path) -> None:
    again = simulate(OBJECTS, DAYS, SEED, tmp_path / "landing", UNTIL, bad_files=True, say=lambda _: None)
    assert _digests(tmp_path / "landing") == _digests(made[0])
    assert again.truth.read_bytes() == made[1].truth.read_bytes()


def test_another_seed_gives_another_province(made: tuple[Path, SimulationReport], tmp_path: Path) -> None:
    simulate(OBJECTS, DAYS, SEED + 1, tmp_path / "landing", UNTIL, say=lambda _: None)
    ours, theirs = _digests(made[0]), _digests(tmp_path / "landing")
    same = ("supervision_item", "item_change", "/law")  # whatever the seed: the catalogue, and the laws
    assert not {ours[name] for name in ours.keys() & theirs.keys() if not any(one in name for one in same)} & set(
        theirs.values()
    )


def test_truth_lies_outside_the_landing_zone(made: tuple[Path, SimulationReport]) -> None:
    assert not made[1].truth.is_relative_to(made[0])


def test_nothing_is_simulated_from_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        simulate(0, 10, SEED, tmp_path, UNTIL)


def test_a_tiny_province_works(tmp_path: Path) -> None:
    report = simulate(40, 5, SEED, tmp_path / "landing", UNTIL, say=lambda _: None)
    assert report.rows["scjg/enterprise"] >= 39


def test_every_heading_is_promised_by_its_contract(files: dict[tuple[str, str, str], Rows]) -> None:
    for (department, folder, name), rows in files.items():
        contract = feed_of(department, folder)
        assert contract, (department, folder)
        promised = {h.heading for column in contract.columns for h in column.headings} | set(contract.ignore)
        assert set(rows[0]) <= promised, name
        for column in contract.columns:
            assert not column.required or {h.heading for h in column.headings} & set(rows[0]), (
                name,
                column.name,
            )


def test_both_old_and_new_headings_and_both_formats_come(files: dict[tuple[str, str, str], Rows]) -> None:
    headings = {heading for rows in files.values() for heading in rows[0]}
    assert {
        "注册资金",
        "所属区划",
        "行业类别",
        "行业代码",
        "行政区划代码",
        "检查时间",
        "检查日期",
    } <= headings
    assert {name.rsplit(".", 1)[1] for _, _, name in files} == {"csv", "xlsx"}


def test_the_report_counts_what_is_in_the_files(
    made: tuple[Path, SimulationReport], files: dict[tuple[str, str, str], Rows]
) -> None:
    counted: Counter[str] = Counter()
    for (department, folder, _), rows in files.items():
        counted[f"{department}/{folder}"] += len(rows) - 1
    assert counted == made[1].rows
    assert made[1].files == len(files) + made[1].refused_files


def test_truth_points_at_what_the_cell_says(
    truth: list[dict[str, str]], files: dict[tuple[str, str, str], Rows]
) -> None:
    for line in truth:
        if line["verdict"] == "refused":
            continue
        rows = files[line["department"], line["feed"], line["file"]]
        row = rows[int(line["line"]) - 1]
        if line["kind"] == "width":
            assert len(row) - len(rows[0]) == {FEWER: -1, MORE: 1}[line["value"]]
            continue
        contract = feed_of(line["department"], line["feed"])
        assert contract
        headings = {heading.heading for heading in contract.column(line["column"]).headings}
        assert row[next(n for n, heading in enumerate(rows[0]) if heading in headings)] == line["value"], line


def test_only_rows_of_known_width_dirt_have_another_width(
    truth: list[dict[str, str]], files: dict[tuple[str, str, str], Rows]
) -> None:
    known = {(t["department"], t["feed"], t["file"], t["line"]) for t in truth if t["kind"] == "width"}
    found = {
        (*file, str(number))
        for file, rows in files.items()
        for number, row in enumerate(rows, 1)
        if len(row) != len(rows[0])
    }
    assert found == known


def test_dirt_is_a_small_share_of_many_kinds(made: tuple[Path, SimulationReport], truth: list[dict[str, str]]) -> None:
    rows = sum(made[1].rows.values())
    assert 0.008 < made[1].quarantined_rows / rows < 0.03
    assert 0.001 < made[1].flagged_rows / rows < 0.02
    kinds = {line["kind"] for line in truth if line["verdict"] == "quarantine"}
    assert {"missing", "unknown_code", "bad_date", "bad_uscc", "order", "width", "one_officer"} <= kinds


def test_no_cell_is_in_the_truth_twice(truth: list[dict[str, str]]) -> None:
    cells = Counter((t["department"], t["feed"], t["file"], t["line"], t["column"]) for t in truth)
    assert max(cells.values()) == 1


def test_a_row_is_either_doubtful_or_unbelievable(truth: list[dict[str, str]]) -> None:
    verdicts = defaultdict(set)
    for line in truth:
        verdicts[line["department"], line["feed"], line["file"], line["line"]].add(line["verdict"])
    assert all(len(found - {"across"}) <= 1 for found in verdicts.values())
    assert not any({"quarantine", "across"} <= found for found in verdicts.values())


def test_bad_files_are_in_the_truth(truth: list[dict[str, str]]) -> None:
    refused = {line["kind"]: line["line"] for line in truth if line["verdict"] == "refused"}
    assert refused == dict.fromkeys(["empty_file", "strange_heading", "unknown_department", "unreadable"], "")


def test_codes_check_but_for_the_known_faults(world: tuple[Period, Table]) -> None:
    _, firms = world
    for code, fault in zip(firms["uscc"], firms["code_fault"], strict=True):
        assert len(code) == 18
        assert (uscc_check_char(code[:17]) == code[17]) == (fault != "check_digit")
        assert (org_code_check_char(code[8:16]) == code[16]) == (fault != "org_code")
    assert len(set(firms["uscc"])) == len(set(firms["object_name"])) == len(firms["uscc"])


def test_firms_are_spread_as_in_hubei(world: tuple[Period, Table]) -> None:
    period, firms = world
    cities = Counter(places()[place].city for place in firms["place"])
    assert set(cities) == set(prefectures())
    assert 0.29 < cities["420100"] / len(firms["place"]) < 0.37
    assert 0.52 < np.mean(firms["form"] == "92") < 0.63
    assert 0.9 < np.mean(firms["registration_state"] == "1") < 0.97
    retail = np.array([code.startswith(("51", "52")) for code in firms["industry_code"]])
    assert 0.38 < retail.mean() < 0.5
    years = (period.last - firms["established_date"]).astype(int) / 365.25
    assert years.min() >= 0
    assert years.max() < 32


def test_every_place_and_industry_is_in_the_code_lists() -> None:
    regions = {code.code for code in code_list("region")}
    classes = {code.code for code in code_list("industry")}
    assert {place.code for place in places()} | {place.former for place in places() if place.former} <= regions
    assert {industry.code for industry in industries()} <= classes
    supervised = {(d, i.code) for i in industries() for d in i.departments}
    unfitted = [(d, c) for d, c in supervised if not any(item.department == d and item.fits(c) for item in items())]
    assert not unfitted


def test_checks_are_consistent_and_risky_firms_fail_more(world: tuple[Period, Table]) -> None:
    period, firms = world
    staff = {department: make_staff(department, SEED) for department in inspecting()}
    for department, checks in make_checks(firms, staff, period, SEED).items():
        assert checks["check_date"].min() >= period.first
        assert checks["check_date"].max() <= period.last
        assert (checks["submitted_date"] >= checks["check_date"]).all()
        assert (checks["officers"][:, 0] != checks["officers"][:, 1]).all()
        owner = staff[department].officers["organisation"][checks["officers"][:, 0]]
        assert (owner == [staff[department].bodies[body].name for body in checks["body"]]).all()
        assert all(
            items()[item].department == department and items()[item].fits(firms["industry_code"][firm])
            for item, firm in zip(checks["item"], checks["firm"], strict=True)
        )
        found = np.isin(checks["check_result"], ["02", "03", "04", "05"])
        risk = firms["risk"][checks["firm"]]
        risky, calm = risk > np.quantile(risk, 0.8), risk < np.quantile(risk, 0.2)
        assert found[risky].mean() > 3 * found[calm].mean()
        assert 0.08 < found.mean() < 0.35


def test_every_penalty_result_is_followed_by_a_penalty(world: tuple[Period, Table]) -> None:
    period, firms = world
    staff = {department: make_staff(department, SEED) for department in inspecting()}
    for department, checks in make_checks(firms, staff, period, SEED).items():
        penalties = make_penalties(checks, department, firms, period, SEED)
        cited = set(penalties["check_action_code"]) - {""}
        follows = (checks["check_result"] == "04") & (checks[PLANTED] == "")
        assert cited == set(checks["check_action_code"][follows])
        opened = penalties["punish_set_date"]
        assert (np.isnat(opened) | (opened <= penalties["punish_date"])).all()
        assert follows.sum() > 0.9 * (checks["check_result"] == "04").sum()
        assert penalties["punish_date"].max() <= period.last
        assert len(set(penalties["punish_action_code"])) == len(penalties["punish_action_code"])


def test_complaints_are_mostly_decided_in_time_and_reported_again_when_they_change(
    world: tuple[Period, Table],
) -> None:
    period, firms = world
    complaints = make_complaints(firms, period, SEED)
    decided = ~np.isnat(complaints["decided_date"])
    assert 0.9 < decided.mean() < 0.98
    assert (complaints["decided_date"][decided] >= complaints["received_date"][decided]).all()
    assert 0.65 < complaints["names_code"].mean() < 0.75
    windows = Windows(period, 7)
    reports = as_reported(complaints, windows)
    assert 1.8 < len(reports["firm"]) / len(complaints["firm"]) < 3
    for name in ("received_date", "decided_date", "closed_date"):
        known = ~np.isnat(reports[name])
        assert (reports[name][known] <= windows.end(reports[WINDOW][known])).all()
    last = {number: row for row, number in enumerate(reports["complaint_no"])}
    assert (np.isnat(reports["decided_date"][list(last.values())])).sum() == (~decided).sum()


def test_complaints_find_the_risky(world: tuple[Period, Table]) -> None:
    period, firms = world
    complaints = make_complaints(firms, period, SEED)
    assert firms["risk"][complaints["firm"]].mean() > 1.3 * firms["risk"].mean()


def test_officers_carry_valid_numbers_that_nobody_has() -> None:
    for department in inspecting():
        officers = make_staff(department, SEED).officers
        assert all(
            id_card_check_char(card[:17]) == card[17] and card.startswith("420000") for card in officers["id_card"]
        )
        licences = officers["certificate_no"]
        assert all(len(licence) == 11 and licence.startswith("17") and licence.isdigit() for licence in licences)
        assert len(set(licences)) == len(licences)


def test_no_register_file_is_too_small_to_be_taken(world: tuple[Period, Table]) -> None:
    period, _ = world
    for objects in (60, 300, 2000):
        changes = register_changes(make_firms(objects, period, SEED), Windows(period, 30), SEED)
        sizes = Counter(changes[WINDOW].tolist())
        assert min(sizes.values()) >= min(8, sum(sizes.values()))


def test_files_of_acts_stay_countable() -> None:
    for days in (1, 30, 90, 180, 365):
        assert act_windows(Period.until(UNTIL, days)).count <= 13
