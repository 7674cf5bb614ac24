"""The command as a user types it: exit codes, and one line for what the user can mend."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

COMMAND = str(Path(sys.executable).with_name("lakewarden"))


def lakewarden(home: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **settings}
    return subprocess.run([COMMAND, "--home", str(home), *words], env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli") / "lake"
    assert lakewarden(home, "init").returncode == 0
    rows = "\n".join(f"3100100110000{number},对食品经营者的监督检查,31,1" for number in range(5))
    landing = home / "landing" / "scjg" / "supervision_item"
    (landing / "items.csv").write_text(f"监管事项目录编码,监管事项名称,监管部门,监管措施\n{rows}\n", encoding="utf-8")
    return home


def test_help_teaches(lake: Path) -> None:
    told = lakewarden(lake, "--help")
    assert told.returncode == 0
    assert "lakewarden simulate" in told.stdout


def test_a_reader_who_has_seen_enough_is_told_nothing(lake: Path) -> None:
    """As `lakewarden status --json | head` closes its end."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        told = subprocess.run(
            [COMMAND, "--home", str(lake), "status", "--json"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert told.stderr == ""


@pytest.mark.parametrize(
    "words", [["status", "--json", "--home", "{lake}"], ["--home", "/no", "status", "--home", "{lake}"]]
)
def test_the_home_may_be_named_after_the_command_and_counts_there(lake: Path, words: list[str]) -> None:
    told = subprocess.run([COMMAND, *(word.format(lake=lake) for word in words)], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert "supervision_item" in told.stdout


@pytest.mark.parametrize("words", [["--debug", "init"], ["init", "--debug"]])
def test_debug_shows_the_trace_on_either_side_of_the_command(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "lake").touch()  # a file where the home's folder should be
    told = lakewarden(tmp_path / "lake", *words)
    assert told.returncode == 1
    assert "Traceback" in told.stderr


def test_a_run_loads_says_so_and_a_second_does_nothing(lake: Path) -> None:
    first = lakewarden(lake, "run")
    assert (first.returncode, first.stdout) == (0, ""), first.stderr
    assert "5 rows accepted" in first.stderr
    second = lakewarden(lake, "run")
    assert second.returncode == 0
    assert "nothing new" in second.stderr


def test_data_goes_to_stdout(lake: Path) -> None:
    counted = lakewarden(lake, "sql", "select count(*) as items from base.supervision_item", "--format", "json")
    assert (counted.returncode, json.loads(counted.stdout)) == (0, [{"items": 5}])
    status = json.loads(lakewarden(lake, "status", "--json").stdout)
    assert {"department": "scjg", "feed": "supervision_item", "rows_delivered": 5}.items() <= {
        key: value
        for feed in status
        if feed["feed"] == "supervision_item" and feed["department"] == "scjg"
        for key, value in feed.items()
    }.items()


def test_risk_models_are_listed(lake: Path) -> None:
    listed = lakewarden(lake, "risk", "list")
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [
        "name",
        "culture_firm",
        "drug_firm",
        "environment_firm",
        "finance_institution",
        "health_institution",
        "market_firm",
        "resources_firm",
        "safety_firm",
        "transport_firm",
    ]


def test_show_tells_contract_lineage_history_and_rows(lake: Path) -> None:
    shown = lakewarden(lake, "show", "base.supervision_item")
    assert shown.returncode == 0
    assert "监管事项目录清单库" in shown.stdout
    assert "silver.supervision_item" in shown.stdout
    assert max(map(cell_len, shown.stdout.splitlines())) <= 120
    assert re.search(r"item_code +监管事项目录编码 +31001001100000", shown.stdout)


def test_a_refused_file_is_exit_code_one(lake: Path) -> None:
    (lake / "landing" / "scjg" / "officer" / "empty.csv").touch()
    assert lakewarden(lake, "run").returncode == 1


@pytest.mark.parametrize(
    "words",
    [("dance",), ("show", "nothing"), ("show", "gold.nothing"), ("sql", "select * from nothing.at_all"), ("sql",)],
)
def test_wrong_use_is_exit_code_two_and_no_trace(lake: Path, words: tuple[str, ...]) -> None:
    told = lakewarden(lake, *words)
    assert told.returncode == 2
    assert told.stdout == ""
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay", "--feed", "nosuch"), "'nosuch' is no feed"),
        (("replay", "--feed", "complaints"), "did you mean complaint or complaint_route or complaint_event?"),
        (("replay", "--department", "sjcg"), "did you mean scjg?"),
        (("deliveries", "--department", "sjcg"), "did you mean scjg?"),
        (("deliveries", "--last", "0"), "--last"),
        (("simulate", "--objects", "0"), "--objects"),
        (("simulate", "--days", "0"), "--days"),
        (("template", "offcer"), "did you mean officer?"),
        (("show", "base.supervision_itme"), "did you mean base.supervision_item"),
        (("sql", "select * from base.supervision_itme"), "did you mean base.supervision_item"),
        (("sql", "delete from ops.delivery"), "only queries"),
        (("drill", "problm_rate"), "did you mean problem_rate"),
        (("drill", "checks", "--department", "nosuch"), "'nosuch' is no department"),
        (("drill", "checks", "--city", "420199"), "'420199' is no city"),
    ],
)
def test_wrong_use_is_named(lake: Path, words: tuple[str, ...], said: str) -> None:
    told = lakewarden(lake, *words)
    assert told.returncode == 2
    assert said in told.stderr
    assert told.stdout == ""


@pytest.mark.parametrize(
    "words",
    [("sql", "select 1"), ("show", "base.complaint"), ("deliveries",), ("drill", "checks"), ("replay",), ("publish",)],
)
def test_a_mistyped_home_is_not_half_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    told = lakewarden(tmp_path / "lkae", *words)
    assert told.returncode == 2
    assert "lakewarden init" in told.stderr
    assert not (tmp_path / "lkae").exists()


def test_moments_are_told_in_china_time_with_the_zone(lake: Path) -> None:
    received = lakewarden(lake, "sql", "select received_at from ops.delivery").stdout
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+08:00", received)
    for words in (("deliveries",), ("status",), ("show", "ops.delivery")):
        assert "+08:00" in lakewarden(lake, *words).stdout
    as_csv = lakewarden(lake, "sql", "select received_at from ops.delivery", "--format", "csv").stdout
    assert "+00:00" in as_csv


def test_a_home_that_no_engine_could_write_to_is_refused(tmp_path: Path) -> None:
    told = lakewarden(tmp_path / "湖", "init")
    assert told.returncode == 2
    assert "Latin letters" in told.stderr


def test_a_home_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    told = lakewarden(tmp_path / "nowhere", "status")
    assert told.returncode == 2
    assert "lakewarden init" in told.stderr


@pytest.mark.parametrize(
    ("setting", "text", "said"),
    [
        ("LAKEWARDEN_SCHEMAS", "{tmp}/nowhere", "is no folder"),
        ("LAKEWARDEN_SCHEMAS", "{tmp}", "holds no contracts"),
        ("LAKEWARDEN_CONTRACTS", "{tmp}/nowhere", "is no folder"),
        ("LAKEWARDEN_QUIET", "abc", "seconds"),
        ("LAKEWARDEN_QUIET", "-1", "seconds"),
        ("LAKEWARDEN_QUIET", "nan", "seconds"),
        ("LAKEWARDEN_TODAY", "nonsense", "2026-03-31"),
        ("LAKEWARDEN_NOW", "noon", "2026-03-31T08"),
    ],
)
@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_setting_that_says_nothing_is_wrong_use(
    tmp_path: Path, setting: str, text: str, said: str, command: str
) -> None:
    text = text.format(tmp=tmp_path)
    told = lakewarden(tmp_path / "lake", command, **{setting: text})
    assert told.returncode == 2, told.stderr
    assert setting in told.stderr
    assert text in told.stderr
    assert said in told.stderr
    assert not (tmp_path / "lake").exists()


def test_the_lint_of_a_folder_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    env = {**os.environ, "LAKEWARDEN_SCHEMAS": str(tmp_path / "nowhere")}
    told = subprocess.run([sys.executable, "-m", "schemas", "lint"], env=env, capture_output=True, text=True)
    assert told.returncode == 2
    assert "is no folder" in told.stderr
