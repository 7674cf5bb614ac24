"""Texts of laws: read from Markdown, delivered, indexed, and found by words or by their article."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from spark_jobs import pipeline
from spark_jobs.knowledge.bigrams import normal, pieces
from spark_jobs.knowledge.deliver import law_files, write_files
from spark_jobs.knowledge.index import FIRST, LAST, Indexed, build, index_file, renew_index
from spark_jobs.knowledge.law_text import read_law
from spark_jobs.knowledge.search import Laws, snippet
from spark_jobs.lake.home import Home, Refused
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone
from tests.sample_rows import drop

DAY = date(2026, 6, 30)
SAMPLES = Path(__file__).parent.parent / "samples"
LAW = """---
sidebar: auto
---

# 中华人民共和国样本处罚法

2017年9月1日第十二届样本委员会第二十九次会议通过

2021年1月22日第十三届样本委员会第二十五次会议修订

<!-- INFO END -->

## 第一章\u3000总则

**第一条**\u3000为了规范处罚，制定本法。

### 第一节\u3000听证

第六十三条 拟作出下列处罚决定，应当告知当事人有要求听证的权利：

（一）较大数额罚款；

第六十三条之一 听证公开举行。

## 第二章\u3000附则

第六十四条 本法自2021年7月15日起施行。

## 附件

第一条 附件里的第一条。
"""


def test_articles_are_read_with_their_headings_and_paragraphs() -> None:
    law = read_law(LAW)
    assert (law.name, law.version_date, law.effective_date) == (
        "中华人民共和国样本处罚法",
        date(2021, 1, 22),
        date(2021, 7, 15),
    )
    assert [one.no for one in law.articles] == ["1", "63", "63-1", "64", "P5"]
    assert law.articles[1].chapter == "第一章 总则 第一节 听证"
    assert law.articles[1].text.splitlines()[1] == "（一）较大数额罚款；"
    assert law.articles[3].chapter == "第二章 附则"


def test_a_text_without_articles_comes_in_pieces() -> None:
    law = read_law(
        "# 某案\n\n<!-- INFO END -->\n\n## 案情\n\n第一段。\n\n\u200b\n\n第二段。\n", version_date=date(2020, 1, 1)
    )
    assert [(one.no, one.chapter, one.text) for one in law.articles] == [
        ("P1", "案情", "第一段。"),
        ("P2", "案情", "第二段。"),
    ]


def test_an_amended_text_does_not_hold_from_when_the_law_was_new() -> None:
    law = read_law("# 甲法\n\n第一条 本法自1998年1月1日起施行。", version_date=date(2018, 12, 29))
    assert law.effective_date == date(2018, 12, 29)


def test_texts_without_a_date_and_those_that_come_twice_are_told(tmp_path: Path) -> None:
    for name in ("甲法(2020-01-01)", "a/中华人民共和国甲法(2020-01-01)", "乙法"):
        path = tmp_path / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text("# 某法\n\n第一条 一。", "utf-8")
    said: list[str] = []
    rows = law_files([tmp_path], "样本", said.append)
    assert [row["法规名称"] for row in rows["law"]] == ["中华人民共和国甲法"]
    assert sorted(line.rpartition(": ")[2] for line in said) == ["no date", "甲法 of 2020-01-01 is there already"]
    with pytest.raises(Refused, match="no Markdown file"):
        law_files([Path(__file__)], "样本", said.append)


def _article(
    law: str, number: str, text: str, begins: str = FIRST, ends: str = LAST, version: str = "2020-01-01"
) -> Indexed:
    return Indexed(law, version, number, f"中华人民共和国{law}", "第一章 总则", text, begins, ends)


PENALTY = "行政机关拟作出处罚决定，听证由当事人要求举行。"
ARTICLES = [
    _article("甲法", "63", PENALTY, "2021-07-15", LAST, "2021-01-22"),
    _article("甲法", "42", "旧法的听证，处罚决定。", "2018-01-01", "2021-07-14", "2017-09-01"),
    _article("甲法", "63", "将来的听证。", "2027-01-01", LAST, "2026-06-01"),
    _article("乙条例", "5", "PM2.5 与 B2C、12315 热线；行政，处罚"),
    _article("乙条例", "120-1", "双随机、一公开的检查。"),
    _article("乙条例实施细则", "5", "细则。"),
]


@pytest.fixture(scope="module")
def laws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laws]:
    path = tmp_path_factory.mktemp("laws") / "laws.sqlite"
    build(path, ARTICLES)
    with Laws(path) as found:
        yield found


def _found(laws: Laws, query: str, day: date = DAY) -> list[tuple[str, str]]:
    return [(hit.law_name.removeprefix("中华人民共和国"), hit.article_no) for hit in laws.search(query, day).hits]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("听证 处罚", [("甲法", "63"), ("甲法", "42")]),
        ("拟作出处罚", [("甲法", "63")]),
        ("PM2.5", [("乙条例", "5")]),
        ("pm２．５", [("乙条例", "5")]),
        ("b2c 12315", [("乙条例", "5")]),
        ("行政处罚", []),  # a comma stands between
        ("双随机", [("乙条例", "120-1")]),
        ("双随机一公开", [("乙条例", "120-1")]),  # a synonym
        ("细", [("乙条例实施细则", "5")]),
        ("，", []),
        ('"*', []),
    ],
)
def test_words_are_found_wherever_they_stand_and_nowhere_else(
    laws: Laws, query: str, found: list[tuple[str, str]]
) -> None:
    assert _found(laws, query) == found


def test_what_is_in_force_on_the_day_comes_first_and_the_rest_says_what_it_is(laws: Laws) -> None:
    assert [(hit.version_date, hit.state) for hit in laws.search("听证", DAY).hits] == [
        ("2021-01-22", "in_force"),
        ("2026-06-01", "not_yet"),
        ("2017-09-01", "ended"),
    ]
    assert laws.search("听证", date(2019, 1, 1)).hits[0].version_date == "2017-09-01"


@pytest.mark.parametrize(
    "query", ["甲法第六十三条", "甲法 63条", "《中华人民共和国甲法》第63条", "中华人民共和国甲法 六十三条"]
)
def test_a_law_and_its_article_lead_to_the_article(laws: Laws, query: str) -> None:
    found = laws.search(query, DAY)
    assert [hit.version_date for hit in found.hits] == ["2021-01-22", "2026-06-01"]
    assert found.hits[0].text == PENALTY


def test_a_law_by_its_whole_name_is_not_another_that_begins_like_it(laws: Laws) -> None:
    assert _found(laws, "乙条例第五条") == [("乙条例", "5")]
    assert _found(laws, "条例第五条") == [("乙条例", "5"), ("乙条例实施细则", "5")]
    assert _found(laws, "乙条例第一百二十条之一") == [("乙条例", "120-1")]
    assert _found(laws, "丙法第五条") == []


def test_the_same_articles_give_the_same_bytes_in_whatever_order_they_come(tmp_path: Path) -> None:
    build(tmp_path / "one", ARTICLES)
    build(tmp_path / "other", reversed(ARTICLES))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_snippet_shows_the_word_across_signs_and_lines() -> None:
    text = "甲" * 50 + "双随机、\n一公开" + "乙" * 80
    assert snippet(text, ["双随机一公开"]) == "…" + "甲" * 30 + "双随机、 一公开" + "乙" * 22 + "…"
    assert snippet("短文", ["没有"]) == "短文"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The sample texts, and one that came as Markdown, through landing and judging into base."""
    home = Home(tmp_path_factory.mktemp("knowledge"))
    make_landing_zone(home)
    text = home.path / "law.md"
    text.write_text(LAW, "utf-8")
    write_files(law_files([text], "样本", print), home.landing / "sft", DAY)
    for feed in ("law", "law_article"):
        drop(SAMPLES / f"{feed}.csv", home.landing / "sft" / feed / "sample.csv")
    for stage in (pipeline.land, pipeline.conform, pipeline.base):
        assert stage(home).warnings == []
    return home


def test_the_text_in_force_on_a_day_is_told_by_the_days_of_a_laws_texts(home: Home) -> None:
    rows = read(home.table("base", "law")).to_pylist()
    texts = sorted((row["version_date"], row["valid_until"]) for row in rows if row["law_key"] == "行政处罚法")
    assert texts == [(date(2017, 9, 1), date(2021, 7, 14)), (date(2021, 1, 22), None)]


def test_markdown_becomes_articles_of_base(home: Home) -> None:
    rows = read(home.table("base", "law_article")).to_pylist()
    own = {row["article_no"]: row for row in rows if row["law_key"] == "样本处罚法"}
    assert {number: row["article_number"] for number, row in own.items()} == {
        "1": 1,
        "63": 63,
        "63-1": 63,
        "64": 64,
        "P5": None,
    }
    assert own["63"]["department"] == "sft"


def test_the_index_holds_what_base_holds_and_is_built_when_that_changed(home: Home) -> None:
    articles = read(home.table("base", "law_article")).num_rows
    assert renew_index(home) == articles
    assert renew_index(home) is None
    index_file(home).unlink()
    assert renew_index(home) == articles
    with Laws(index_file(home)) as laws:
        [now, then] = laws.search("行政处罚 听证 较大数额罚款 吊销", DAY).hits
        assert (now.article_no, now.state) == ("63", "in_force")
        assert (then.article_no, then.state) == ("42", "ended")


def test_phrases_are_found_where_the_texts_have_them_and_nowhere_else(home: Home) -> None:
    renew_index(home)
    rows = read(home.table("base", "law_article")).to_pylist()
    texts = [" ".join(map(normal, (row["law_name"], row["chapter"] or "", row["article_text"]))) for row in rows]
    draw = random.Random(5)
    runs = [piece for row in rows for piece in pieces(row["article_text"]) if len(piece) > 3]
    with Laws(index_file(home)) as laws:
        for _ in range(200):
            run = draw.choice(runs)
            begin = draw.randrange(len(run) - 2)
            phrase = run[begin : begin + draw.randint(1, 6)]
            assert laws.search(phrase, DAY).total == sum(phrase in text for text in texts), phrase
