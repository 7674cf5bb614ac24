"""Feeds that nobody wrote Python for: their simulated files land, and get the verdicts that their truth says.

LAKEWARDEN_TEST_SEEDS=20 tries 20 provinces.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.contract import Column, departments, feeds
from simulate.departments import inspecting, office_of
from simulate.divisions import body_of, places
from simulate.patterns import NoText, text_of
from simulate.promises import broken
from simulate.staff import make_staff
from simulate.values import generated, kind_of
from simulate.word_lists import items

ROOT = Path(__file__).parent.parent
UNSEEN = os.pathsep.join(str(ROOT / folder) for folder in ("tests/filled", "samples/foreign"))
SEEDS = range(1, 1 + int(os.environ.get("LAKEWARDEN_TEST_SEEDS", "2")))
Found = dict[str, Any]


def _run(*words: str) -> str:
    """What a process prints that reads the unseen contracts too."""
    known = {**os.environ, "LAKEWARDEN_SCHEMAS": UNSEEN, "LAKEWARDEN_TODAY": "2026-07-01"}
    told = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, env=known, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """By seed, what landing and judging made of the files of all unseen feeds."""
    folder = tmp_path_factory.mktemp("filled")
    made: dict[str, Found] = json.loads(_run("tests.filled_lake", str(folder), *map(str, SEEDS)).splitlines()[-1])
    return made


@pytest.mark.parametrize("seed", SEEDS)
def test_every_verdict_and_every_value_is_what_the_truth_says(found: dict[str, Found], seed: int) -> None:
    assert found[str(seed)]["verdicts"] > 300
    assert found[str(seed)]["differences"] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_unseen_feed_is_accepted_in_the_formats_that_it_takes(found: dict[str, Found], seed: int) -> None:
    delivered = ["mzt/mzt_home_list", "sthj/sthj_pollutant_sample", "yjj/yjj_drug_permit"]
    delivered += [f"{name}/market_notice" for name in inspecting()]
    others = [(path.parent.name, path.stem) for path in (ROOT / "samples" / "foreign" / "feeds").glob("*/*.yaml")]
    # Readings of stations that are in no register are not made up.
    delivered += [f"{sender}/{sender}_{name}" for sender, name in others if sender != "bjmemc"]
    unseen = [state for state in found[str(seed)]["states"] if state.rpartition("/")[2] not in feeds()]
    assert unseen == [f"accepted {feed}" for feed in sorted(delivered)]
    assert set(found[str(seed)]["suffixes"]) >= {"csv", "json", "parquet"}


def test_every_rule_of_the_contracts_is_broken_somewhere(found: dict[str, Found]) -> None:
    kinds = {kind for seed in found.values() for kind in seed["kinds"]}
    rejected = (
        "missing left_out unknown_code bad_date bad_number too_old too_late future order negative too_much too_long"
    )
    rejected += " pattern bad_uscc bad_item_code bad_id_card check_digit one_officer width"
    assert {f"quarantine {kind}" for kind in rejected.split()} <= kinds
    flagged = "lower_case check_digit certificate bad_check_icode pattern order too_long too_much negative"
    assert {f"flag {kind}" for kind in flagged.split()} <= kinds


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_are_unique_in_a_file_and_what_is_referred_to_is_there(found: dict[str, Found], seed: int) -> None:
    assert found[str(seed)]["doubled"] == []
    assert found[str(seed)]["dangling"] == []
    assert found[str(seed)]["two_names"] == []


def test_the_unseen_contracts_pass_the_lint() -> None:
    said = r"\d+ contracts, \d+ fields, \d+ indicators, \d+ risk models, nothing wrong\n"
    assert re.fullmatch(said, _run("schemas", "lint"))


def test_a_department_with_the_envelope_changes_and_deletes_rows(found: dict[str, Found]) -> None:
    operations: Counter[str] = sum((Counter(seed["operations"]) for seed in found.values()), Counter())
    assert operations["I"] > operations["U"] > operations["D"] > 0


def test_the_command_writes_unseen_feeds_and_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for home in ("one", "two"):
        words = (
            "--home",
            str(tmp_path / home),
            "simulate",
            "--objects",
            "200",
            "--days",
            "40",
            "--until",
            "2026-06-30",
        )
        _run("spark_jobs.command.cli", *words)
    written = [
        {str(path.relative_to(tmp_path / home)): path.read_bytes() for path in (tmp_path / home).rglob("*.*")}
        for home in ("one", "two")
    ]
    assert written[0] == written[1]
    folders = {str(Path(name).parent) for name in written[0]}
    assert {"landing/yjj/drug_permit", "landing/sthj/pollutant_sample", "landing/scjg/market_notice"} <= folders
    assert "landing/slt/market_notice" not in folders


@pytest.mark.parametrize(
    "pattern",
    ["[A-Z]{1,2}[0-9][A-Z0-9]? *[0-9][A-Z]{2}", "[^√¬]*", "(鄂|京)[A-Z]\\d{5}", "\\d{4}-(0[1-9]|1[0-2])", "a+?b.c"],
)
def test_a_pattern_is_matched_by_the_texts_made_for_it(pattern: str) -> None:
    rng = np.random.default_rng(5)
    texts = {text_of(pattern, rng) for _ in range(50)}
    assert len(texts) > 1
    assert all(re.fullmatch(pattern, text) and text.strip() == text for text in texts)


@pytest.mark.parametrize("pattern", ["\\p{Lu}+", "a(?=b)", "(a)\\1", "(", " *"])
def test_a_pattern_that_is_not_understood_is_said_to_be_so(pattern: str) -> None:
    with pytest.raises(NoText, match=re.escape(pattern)):
        text_of(pattern, np.random.default_rng(5))


@pytest.mark.parametrize("seed", range(20))
def test_generated_values_keep_their_column(seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = float(rng.integers(-50, 50))
    high = low + float(rng.integers(0, 1000))
    number = Column(name="n", type=str(rng.choice(["integer", "decimal(9,2)", "double"])), min=low, max=high)
    values = generated(number, np.full(200, np.datetime64("2026-01-01")), rng)
    assert ((values >= low) & (values <= high)).all()
    text = Column(name="t", label="说明", type="string", max_length=int(rng.integers(1, 12)))
    values = generated(text, np.full(50, np.datetime64("2026-01-01")), rng)
    assert kind_of(text) == "O"
    assert not any(broken(text, value) for value in values)
    assert all(values)


def test_every_department_can_be_simulated_and_shares_neither_body_nor_licence_nor_item() -> None:
    assert {office_of(name).department for name in departments()} == set(departments())
    assert {item.department for item in items()} == set(departments()) - {"szj", "gjpt", "wuhan"}  # who only pass on
    bodies = [body_of(name, places()[0]).code for name in departments()]
    assert len(set(bodies)) == len(bodies)
    licences = [licence for name in departments() for licence in make_staff(name, 3).officers["certificate_no"]]
    assert len(set(licences)) == len(licences)
    assert all(re.fullmatch("17[0-9]{9}", licence) for licence in licences)
