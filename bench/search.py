"""Texts of laws flow in; how long indexing and searching them takes flows out, and whether hits are what they must be.

`.venv/bin/python -m bench.search TEXTS…` with Markdown files, folders of such, or .jsonl(.gz) (docs/laws.md). All texts
count, those without a date and those of two collections too. A query takes what the quickest of three runs takes. Exit
code 1 where a bar is missed.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from spark_jobs.knowledge.bigrams import normal, pieces
from spark_jobs.knowledge.deliver import texts
from spark_jobs.knowledge.index import FIRST, LAST, Indexed, build
from spark_jobs.knowledge.search import Found, Laws

PHRASES, SEED = 200, 1
QUERIES = [
    "行政处罚",
    "行政处罚 听证",
    "食品安全",
    "听证",
    "特种设备 检验",
    "双随机",
    "规定",
    "应当",
    "PM2.5",
    "食品安全法110条",
]
DAY = date(2026, 6, 30)
# Of the project: seconds to index 90,000 articles; milliseconds a query.
INDEXED, ASKED, ARTICLES = 15, 20, 90_000


def articles_of(paths: list[Path]) -> list[Indexed]:
    """Every article of the texts; those of one text have a key of their own."""
    return [
        Indexed(law.name, f"{law.version_date} {number}", one.no, law.name, one.chapter, one.text, FIRST, LAST)
        for number, (_, _, law) in enumerate(texts(paths))
        for one in law.articles
    ]


def sampled(articles: list[Indexed], draw: random.Random) -> list[str]:
    """Phrases of two to eight characters from anywhere in the articles."""
    phrases = set()
    while len(phrases) < PHRASES:
        piece = draw.choice(pieces(draw.choice(articles).body) or [""])
        length = draw.randint(2, 8)
        if len(piece) >= length:
            begin = draw.randint(0, len(piece) - length)
            phrases.add(piece[begin : begin + length])
    return sorted(phrases)


def _asked(laws: Laws, words: str) -> tuple[float, Found]:
    """How long a query took, in milliseconds, and what it found."""
    started = time.perf_counter()
    found = laws.search(words, DAY)
    return 1000 * (time.perf_counter() - started), found


def main(paths: list[Path]) -> int:
    articles = articles_of(paths)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "laws.sqlite"
        started = time.perf_counter()
        build(file, articles)
        indexed = time.perf_counter() - started
        print(f"articles {len(articles):,}, indexed in {indexed:.1f} s, {file.stat().st_size / 1e6:.1f} MB")
        texts_of = [" ".join(map(normal, (one.law_name, one.chapter, one.body))) for one in articles]
        phrases = sampled(articles, random.Random(SEED))
        wrong, spent = [], []
        with Laws(file) as laws:
            for asked in [*phrases, *QUERIES]:
                took, found = min((_asked(laws, asked) for _ in range(3)), key=lambda run: run[0])
                spent.append((took, asked, found.total))
                if asked in phrases and found.total != sum(asked in text for text in texts_of):
                    wrong.append(asked)
        slowest = sorted(spent, reverse=True)
        median = statistics.median(took for took, _, _ in spent)
        print(f"queries {len(spent)}: median {median:.2f} ms, slowest {slowest[0][0]:.1f} ms ({slowest[0][1]})")
        for took, asked, total in spent[PHRASES:]:
            print(f"  {asked}: {total:,} hits, {took:.2f} ms")
        print(f"phrases {len(phrases)}: {len(wrong)} with other hits than the texts have {wrong[:5]}")
    is_missed = indexed * ARTICLES / len(articles) > INDEXED or slowest[0][0] > ASKED or bool(wrong)
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main([Path(argument) for argument in sys.argv[1:]]))
