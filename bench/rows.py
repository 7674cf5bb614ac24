"""A feed of the bench's own and a number of rows flow in; CSV files, one row in a hundred bad, flow out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from bench.frozen import CONTRACTS as FROZEN
from schemas.contract import code_list
from schemas.identities import ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS, USCC_ALPHABET, USCC_WEIGHTS

# The frozen contracts, and where that of the bench's own feed is, as the pipeline is told of them.
CONTRACTS = {**FROZEN, "LAKEWARDEN_SCHEMAS": str(Path(__file__).parent / "landing_contracts")}
SEED = 20_260_801
CHUNK = 250_000
# No cell holds a comma or a quote.
WITH_HEADINGS = pacsv.WriteOptions(quoting_style="none", quoting_header="none")
ROWS_ONLY = pacsv.WriteOptions(quoting_style="none", include_header=False)


@dataclass(frozen=True)
class Feed:
    """One of the bench's own feeds: its landing folder, its good rows by heading, and what spoils a row.

    `good` is given how many rows there are before, and how many are wanted; each of `bad` is a heading and a cell that
    the contract rejects the row for.
    """

    folder: Path
    good: Callable[[np.random.Generator, int, int], dict[str, pa.Array]]
    bad: tuple[tuple[str, str], ...]


def write_file(path: Path, feed: Feed, rows: int, seed: int = SEED) -> int:
    """Writes a CSV of that many rows, chunk by chunk; returns how many of them are bad."""
    bad = 0
    with path.open("wb") as file:
        for number, (table, wrong) in enumerate(_chunks(feed, rows, seed)):
            bad += wrong
            pacsv.write_csv(table, file, WITH_HEADINGS if number == 0 else ROWS_ONLY)
    return bad


def write_files(folder: Path, feed: Feed, files: int, rows: int, seed: int = SEED) -> int:
    """Writes that many CSVs of that many rows each; returns how many rows are bad in all."""
    folder.mkdir(parents=True, exist_ok=True)
    tables, wrong = zip(*_chunks(feed, files * rows, seed + 1), strict=True)
    table = pa.concat_tables(tables)
    for number in range(files):
        pacsv.write_csv(table.slice(number * rows, rows), folder / f"bench-{number:05}.csv", WITH_HEADINGS)
    return sum(wrong)


def _chunks(feed: Feed, rows: int, seed: int) -> Iterator[tuple[pa.Table, int]]:
    random = np.random.default_rng(seed)
    for start in range(0, rows, CHUNK):
        yield _chunk(random, feed, start, min(CHUNK, rows - start))


def _chunk(random: np.random.Generator, feed: Feed, start: int, count: int) -> tuple[pa.Table, int]:
    """Good rows, then exactly one in a hundred of them spoiled."""
    columns = feed.good(random, start, count)
    spoiled = random.permutation(count)[: count // 100]
    for kind, (heading, cell) in enumerate(feed.bad):
        mask = np.zeros(count, bool)
        mask[spoiled[kind :: len(feed.bad)]] = True
        columns[heading] = pc.if_else(pa.array(mask), cell, columns[heading])
    return pa.table(columns), len(spoiled)


# --- cells


def counties() -> list[str]:
    """The codes of today's counties."""
    return [code.code for code in code_list("region") if code.extra["level"] == "county" and not code.valid_to]


def industries() -> list[str]:
    """The codes of the smallest classes."""
    return [code.code for code in code_list("industry") if code.extra["level"] == "class"]


def usccs(random: np.random.Generator, regions: np.ndarray) -> pa.Array:
    """Codes with both their check characters: of the organisation (GB 11714) and of the whole (GB 32100)."""
    count = len(regions)
    alphabet = np.frombuffer(USCC_ALPHABET.encode(), np.uint8)
    text = np.empty((count, 18), np.uint8)
    text[:, :2] = np.frombuffer(b"91", np.uint8)
    text[:, 2:8] = regions.view(np.uint8).reshape(count, 6)
    text[:, 8:16] = alphabet[random.integers(len(alphabet), size=(count, 8))]
    text[:, 16] = _check(text[:, 8:16], ORG_CODE_ALPHABET, ORG_CODE_WEIGHTS, "0123456789X")
    text[:, 17] = _check(text[:, :17], USCC_ALPHABET, USCC_WEIGHTS, USCC_ALPHABET)
    return (
        pa.FixedSizeBinaryArray.from_buffers(pa.binary(18), count, [None, pa.py_buffer(text.tobytes())])
        .cast(pa.binary())
        .cast(pa.string())
    )


def _check(text: np.ndarray, alphabet: str, weights: tuple[int, ...], checks: str) -> np.ndarray:
    values = np.zeros(256, np.int64)
    values[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet))
    total = values[text] @ np.array(weights)
    return np.frombuffer(checks.encode(), np.uint8)[-total % len(checks)]


def picked(random: np.random.Generator, texts: list[str], count: int) -> pa.Array:
    """Any of the texts, row by row."""
    return pa.array(texts).take(pa.array(random.integers(len(texts), size=count)))


def padded(numbers: np.ndarray, width: int) -> pa.Array:
    """Numbers with leading zeros."""
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def joined(*parts: object) -> pa.Array:
    """Texts one behind the other."""
    return pc.binary_join_element_wise(*parts, "")


def hundredths(random: np.random.Generator, below: int, count: int) -> pa.Array:
    """Amounts with two digits behind the point."""
    figures = random.integers(below * 100, size=count)
    return joined(pa.array(figures // 100).cast(pa.string()), ".", padded(figures % 100, 2))
