"""`lakewarden sql` answers questions and never changes anything, whatever is typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_jobs.engine.query import ask
from spark_jobs.lake.home import Home, Refused
from tests.asked import ATTEMPTS, QUESTIONS, state
from tests.silver_rows import lake


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    with lake(tmp_path_factory.mktemp("asking") / "lake") as opened:
        yield opened


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_anything_but_a_query_is_refused_and_does_nothing(asked: Home, statement: str) -> None:
    before = state(asked)
    with pytest.raises(Refused) as refused:
        ask(asked, statement.replace("LAKE", str(asked.warehouse)))
    assert len(str(refused.value).splitlines()) == 1
    assert state(asked) == before


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered(asked: Home, question: str) -> None:
    assert ask(asked, question).to_pylist() == QUESTIONS[question]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("base.supervised_objekt", "base.supervised_object"),
        ("bas.supervised_object", "base.supervised_object"),
        ("supervised_object", "base.supervised_object"),
        ("ops.deliveries", "ops.delivery"),
    ],
)
def test_a_table_that_is_none_is_told_what_was_likely_meant(asked: Home, written: str, meant: str) -> None:
    with pytest.raises(Refused, match=rf"no table [\w.]+; did you mean .*{meant}"):
        ask(asked, f"select * from {written}")


def test_a_home_that_is_none_is_not_half_made(tmp_path: Path) -> None:
    home = Home(tmp_path / "lake")
    with pytest.raises(Refused, match="lakewarden init"):
        home.must_exist()
    assert not home.path.exists()
