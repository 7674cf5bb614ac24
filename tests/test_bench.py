"""The benches run from end to end at small sizes, and a comparison that could not fail would prove nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from bench import report
from bench.equal import Table, differences, not_compared, row_differences, whole
from bench.frozen import CONTRACTS, frozen_tables
from bench.kept import keep, newest
from bench.promised import broken_promises
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import create_tables, read

ROOT = Path(__file__).parent.parent
UNTIL = date(2026, 6, 30)
STAGES = ["land", "conform", "base", "themes", "gold", "validate", "publish"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the benches of these tests write; its folder `data` is their cache."""
    return tmp_path_factory.mktemp("bench")


CONTENDERS = ("lakewarden_sail", "duckdb_promises")
WORDS = {
    "landing": (
        "--rows",
        "20000",
        "--only",
        "silver",
        "--register-rows",
        "5000",
        "--only",
        "register",
        "--only",
        "idle",
    ),
    "province": tuple(word for name in CONTENDERS for word in ("--contender", name)),
    "stages": ("--only", "tax", "--only", "engine"),
}


def quick(results: Path, bench: str) -> dict[str, Any]:
    """What a bench reports of a quick run, which happens once."""
    if not list(results.glob(f"{bench}-*.json")):
        command = [sys.executable, "-m", f"bench.{bench}", "--quick", *WORDS[bench]]
        places = ["--data", results / "data", "--out", results]
        told = subprocess.run([*command, *places], cwd=ROOT, capture_output=True, text=True)
        assert told.returncode == 0, told.stderr
    [written] = results.glob(f"{bench}-*.json")
    return dict(json.loads(written.read_text()))


@pytest.mark.bench
def test_landing_is_measured_and_its_work_checked(results: Path) -> None:
    told = quick(results, "landing")
    measures = {measure["name"]: measure for measure in told["measures"]}
    assert set(measures) == {"reference", "silver", "register_copy", "register", "idle"}
    for measure in measures.values():
        [run] = measure["runs"]
        assert measure["value"] > 0
        assert min(run["peak_mib"], run["user"], run["read_mib"], run["written_mib"]) > 0


@pytest.mark.bench
def test_a_province_is_carried_through_and_every_stage_told(results: Path) -> None:
    told = quick(results, "province")
    assert {name: one["is_equal"] for name, one in told["checks"]["quick"].items()} == dict.fromkeys(CONTENDERS, True)
    passes = {run["contender"]: run["passes"] for run in told["runs"]}
    for of in passes.values():
        first, following, idle = (of[name]["figures"] for name in ("first", "next", "idle"))
        assert first["rows"] > following["rows"] > idle["rows"] == 0
        assert all(one["accepted"] + one["quarantined"] == one["rows"] for one in (first, following))
    assert list(passes["lakewarden_sail"]["first"]["stages"]) == STAGES
    assert list(passes["duckdb_promises"]["first"]["stages"]) == [name for name in STAGES if name != "validate"]


@pytest.mark.bench
def test_checking_has_its_price_told_and_all_set_aside_the_same_rows(results: Path) -> None:
    told = quick(results, "stages")
    parts = {part["name"]: part for part in told["parts"] if part["group"] == "tax"}
    assert set(parts) == {"typed", "judged", "conform", "gx"}
    quarantined = {part["figures"][0].get("quarantined") for part in parts.values()}
    assert quarantined == {None, told["rows"] // 100}


@pytest.mark.bench
def test_the_page_keeps_its_words_and_renews_its_figures(results: Path) -> None:
    for bench in WORDS:
        quick(results, bench)
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    found = newest(results, is_quick=True)
    assert list(found) == ["province", "stages", "landing"]
    once = report.renewed(report.BLOCK.sub(r"\1\4", page), found)
    for title in ("Lakewarden on Sail", "DuckDB + deltalake, same promises"):
        assert f"| quick, {title} | warm |" in once
    assert "Not measured yet: `make bench`, or `python -m bench.growth`." in once
    assert report.renewed(once, {}) == once
    beside = report.renewed(page, found)
    assert "| quick, Lakewarden on Sail | warm |" in beside
    assert "Not measured yet" not in beside
    for kept in ("| growth | ", "| a day's wall time around day 365", "| median of a day |"):
        assert beside.count(kept) == page.count(kept) == 1
    assert newest(results, is_quick=False) == {}


@pytest.mark.bench
def test_what_is_kept_says_the_same_as_full_reports(results: Path, tmp_path: Path) -> None:
    for bench in WORDS:
        quick(results, bench)
    found = newest(results, is_quick=True)
    keep(found, tmp_path)
    kept = newest(tmp_path / "nothing", is_quick=True, kept=tmp_path)
    page = report.BLOCK.sub(r"\1\4", (ROOT / "docs" / "benchmarks.md").read_text())
    assert report.renewed(page, kept) == report.renewed(page, found)
    assert kept["province"]["runs"] == found["province"]["runs"] != []


def test_the_page_follows_from_what_is_kept() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    kept = newest(ROOT / "nothing", is_quick=False, kept=report.KEPT)
    assert list(kept) == ["province", "stages", "landing"]
    assert report.renewed(page, kept) == page


def test_the_frozen_contracts_hold_and_are_what_contenders_are_held_to() -> None:
    """In a process of its own: what this one has read are the contracts of today."""
    asked = (
        "import json; from schemas.contract import contracts, feeds, roots; from schemas.contract.lint import lint;"
        "told = {name: {c.name: c.spark_type for c in feed.columns} for name, feed in feeds().items()};"
        "print(json.dumps([lint(), [str(root) for root in roots()], list(contracts()), told]))"
    )
    command = [sys.executable, "-c", asked]
    told = subprocess.run(command, cwd=ROOT, env={**os.environ, **CONTRACTS}, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    broken, roots, names, feeds = json.loads(told.stdout)
    assert broken == []
    assert roots == [str(ROOT / "bench" / "contracts")]
    assert "base.supervised_object" in names
    for name, columns in feeds.items():
        assert columns.items() <= frozen_tables()[f"silver.{name}"].columns.items(), name


@pytest.mark.bench
def test_days_are_replayed_and_come_to_the_same_as_a_rebuild(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.growth", "--days", "3", "--objects", "100"]
    told = subprocess.run(
        [*command, "--quick", "--data", str(tmp_path / "data"), "--out", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, **CONTRACTS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    [result] = tmp_path.glob("growth-*.json")
    report = json.loads(result.read_text())
    assert report["equal_to_rebuild"]
    assert len(report["hashes"]) > 30
    assert [day["day"] for day in report["days"]] == [1, 2, 3]
    assert all(day["rows"] and day["wall"] > 0 and list(day["stages"]) == STAGES for day in report["days"])
    assert report["ratio"] == report["growth"]["figures"]["wall"]["ratio"] > 0


def test_two_lakes_are_equal_until_a_cell_a_row_or_a_column_is_not(tmp_path: Path) -> None:
    reasons = [{"indicator": "complaints", "value": 2.0}, {"indicator": "age", "value": None}]
    scores = pa.table({"object_id": ["A", "B"], "score": [10, 20], "reasons": [reasons, reasons]})
    table = Table("gold.risk_score", ("object_id",), ("object_id", "score", "reasons"), {}, tolerance=1e-9)

    def said(other: pa.Table) -> list[str]:
        for name, rows in (("one", scores), ("other", other)):
            write_deltalake(tmp_path / name, rows, mode="overwrite", schema_mode="overwrite")
        return row_differences(table, *(whole(table.name, DeltaTable(tmp_path / name)) for name in ("one", "other")))

    def with_value(value: float) -> pa.Table:
        changed = [[{**reasons[0], "value": value}, reasons[1]], reasons]
        return scores.set_column(2, "reasons", pa.array(changed, scores.schema.field("reasons").type))

    assert said(scores.take([1, 0])) == []
    assert said(with_value(2.0 + 1e-12)) == []
    assert said(with_value(2.1))[0] == "gold.risk_score.reasons: 1 rows"
    assert said(scores.take([0])) == [
        "gold.risk_score: 1 rows only in the first",
        "gold.risk_score: object_id=B: only in the first",
    ]
    assert said(scores.take([0, 1, 1]))[0] == "gold.risk_score: 1 rows only in the second"


def test_a_column_of_another_type_or_none_is_told(tmp_path: Path) -> None:
    table = Table("gold.risk_score", ("object_id",), ("object_id", "score"), {})
    for name, scores in (("one", pa.array([10])), ("other", pa.array(["10"])), ("third", None)):
        columns = {"object_id": ["A"]} | ({} if scores is None else {"score": scores})
        write_deltalake(tmp_path / name, pa.table(columns))
    one, other, third = (whole(table.name, DeltaTable(tmp_path / name)) for name in ("one", "other", "third"))
    assert row_differences(table, one, other) == ["gold.risk_score.score: BIGINT ≠ VARCHAR"]
    [told] = row_differences(table, one, third)
    assert told.startswith("gold.risk_score: the second has no such table: Binder Error")


def test_a_table_that_only_one_side_has_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.state.mkdir(parents=True)
    create_tables(home)
    write_deltalake(home.table("themes", "object_activity"), pa.table({"object_id": ["A"]}))
    item = pa.table({name: pa.array(["A"]) for name in frozen_tables()["base.supervision_item"].columns})
    write_deltalake(home.table("base", "supervision_item"), item, mode="overwrite", schema_mode="overwrite")
    assert differences(home.path, tmp_path / "nothing") == [
        "base.supervision_item: the second has no base.supervision_item"
    ]
    assert "themes.object_activity" in not_compared(home.path)


@pytest.fixture(scope="module")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Home, datetime]]:
    """A tiny province as Lakewarden has it after a run without the last week's files, and after one with all of them.

    Both on the frozen contracts. The second run brings a further list of officers, which leaves out a tenth of them, as
    more would be held, and holds a row that is none.
    """
    home = Home(tmp_path_factory.mktemp("two_runs") / "lake")
    size = ["--objects", "600", "--days", "40", "--seed", "7", "--until", str(UNTIL), "--out", home.path / "all"]
    _on_frozen_contracts("spark_jobs.command.cli", "--home", home.path, "simulate", *size)
    known: list[tuple[Home, datetime]] = []
    for days_ago in (7, 0):
        moment = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(days=days_ago)
        _drop_until(home, UNTIL - timedelta(days=days_ago))
        if days_ago == 0:
            _drop_shorter_list(home)
        _on_frozen_contracts("bench.lakewarden", home.path, LAKEWARDEN_NOW=moment.isoformat())
        kept = Home(home.path.with_name(f"lake_{days_ago}"))
        shutil.copytree(home.warehouse, kept.warehouse)
        shutil.copytree(home.landing, kept.landing)
        known.append((kept, moment))
    return known


def _on_frozen_contracts(module: str, *words: str | Path, **environment: str) -> None:
    fixed = {**CONTRACTS, "LAKEWARDEN_TODAY": "2026-07-01", "LAKEWARDEN_QUIET": "0"}
    command = [sys.executable, "-m", module, *words]
    told = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **fixed, **environment}, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr


def _drop_until(home: Home, last: date) -> None:
    """Moves the files that are dated until then into the landing zone."""
    for path in sorted((home.path / "all").rglob("*.*")):
        day = re.search(r"_([0-9]{8})", path.name)
        assert day
        if day.group(1) <= f"{last:%Y%m%d}":
            place = home.landing / path.relative_to(home.path / "all")
            place.parent.mkdir(parents=True, exist_ok=True)
            path.rename(place)


def _drop_shorter_list(home: Home) -> None:
    standing = read(home.table("base", "enforcement_officer")).to_pylist()
    own = [row for row in standing if row["department"] == "yjj"]
    assert len(own) > 20
    lines = ["姓名,所属主体,执法证号,行政区划"]
    *listed, unreadable = own[: -(len(own) // 10)]
    lines += [f"{row['officer_name']},{row['organisation']},{row['certificate_no']},420000" for row in listed]
    lines += [f"{unreadable['officer_name']},{unreadable['certificate_no']}"]
    path = home.landing / "yjj" / "officer" / "执法人员信息_新.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")


PEERS = pytest.mark.parametrize(("peer", "needs"), [("duckdb_deltalake", "duckdb"), ("polars_deltalake", "polars")])


def _passed(peer: str, needs: str, home: Home, moment: datetime, out: Path, *words: str) -> None:
    """A pass of a peer over what a home has landed, and its tables compared with the home's."""
    command = [_python_with(needs), "-m", f"bench.peers.{peer}", "--landing", home.landing, "--out", out]
    when = ["--as-of", "2026-07-01", "--moment", moment.isoformat()]
    told = subprocess.run([*command, *when, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    said = json.loads(told.stdout.splitlines()[-1])
    assert said["rows"] == said["accepted"] + said["quarantined"] > 0
    assert "\n".join(differences(home.path, out)) == ""


@pytest.mark.bench
@PEERS
def test_a_peer_writes_what_lakewarden_writes(
    peer: str, needs: str, two_runs: list[tuple[Home, datetime]], tmp_path: Path
) -> None:
    for home, moment in two_runs:
        _passed(peer, needs, home, moment, tmp_path)
    withdrawn = read(tmp_path / "base" / "enforcement_officer", ["withdrawn_at"])["withdrawn_at"]
    assert 0 < withdrawn.null_count < len(withdrawn)
    assert not {"archive", "bronze", "receipts", "serving"} & {path.name for path in tmp_path.iterdir()}


@pytest.mark.bench
@PEERS
def test_a_peer_keeps_what_lakewarden_promises_and_what_it_does_not_keep_is_told(
    peer: str, needs: str, two_runs: list[tuple[Home, datetime]], tmp_path: Path
) -> None:
    for home, moment in two_runs:
        _passed(peer, needs, home, moment, tmp_path, "--promises")
        assert "\n".join(broken_promises(home.path, tmp_path)) == ""
    home, _ = two_runs[-1]
    archived, *_ = (tmp_path / "archive").iterdir()
    archived.write_bytes(b"other")
    details, *_ = sorted((tmp_path / "receipts").rglob("*.rejected.csv"))
    details.write_text("\n".join(details.read_text("utf-8").splitlines()[:-1]), "utf-8")
    *_, receipt = sorted((tmp_path / "receipts").rglob("*.receipt.html"))
    assert not details.name.startswith(receipt.name.removesuffix(".receipt.html"))
    receipt.unlink()
    DeltaTable(tmp_path / "bronze" / "complaint").delete("_line = 2")
    DeltaTable(tmp_path / "ops" / "reconciliation").delete("hop = 'base.complaint'")
    DeltaTable(tmp_path / "gold" / "risk_score").delete("grade = 'blue'")
    told = "\n".join(broken_promises(home.path, tmp_path))
    for broken in ("bronze.complaint: ", "ops.reconciliation: ", "not in the archive", " are told", "none for people"):
        assert broken in told
    assert "serving gold.risk_score: " in told


def test_a_peer_that_lost_a_row_stops() -> None:
    """In a process of its own: whatever is of peers reads the frozen contracts."""
    lost = (
        "from datetime import UTC, datetime; from pathlib import Path; from bench.peers.promises import Hop, Promises;"
        "Promises(Path('none'), datetime.now(UTC), print).reconcile([Hop('a', 'complaint', 'conform', 3, 1, 1)])"
    )
    told = subprocess.run([sys.executable, "-c", lost], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 1
    assert told.stderr.startswith("rows are lost, nothing is published: ")
    assert told.stdout == ""


def _python_with(package: str) -> str | Path:
    """The interpreter of these tests, or of the benchmark's own environment."""
    if find_spec(package):
        return sys.executable
    if (python := ROOT / ".venv-bench" / "bin" / "python").exists():
        return python
    pytest.skip(f"{package} is not installed: make .venv-bench/.synced")
