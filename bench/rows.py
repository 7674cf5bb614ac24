"""A seed and a number of rows flow in; CSV files of the bench contract, one row in a hundred bad, flow out."""

from __future__ import annotations

from collections.abc import Iterator
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
FIRST_DAY = np.datetime64("2023-01-01")
DAYS = 1000
# No cell holds a comma or a quote.
WITH_HEADINGS = pacsv.WriteOptions(quoting_style="none", quoting_header="none")
ROWS_ONLY = pacsv.WriteOptions(quoting_style="none", include_header=False)
HEADINGS = [
    "检查行为编号",
    "统一社会信用代码",
    "监管对象名称",
    "监管事项目录编码",
    "行政区划代码",
    "行业代码",
    "检查形式",
    "检查结果",
    "检查时间",
    "报送时间",
    "罚款金额",
    "经营面积",
]
# What a bad row has in one of its cells; each makes the row one that the contract rejects.
BAD = [
    ("统一社会信用代码", "9142O100MA4K00010R"),
    ("监管对象名称", ""),
    ("监管事项目录编码", "3100100110000"),
    ("行政区划代码", "429999"),
    ("检查结果", "不清楚"),
    ("检查时间", "2026-13-45"),
    ("罚款金额", "五百"),
    ("经营面积", "-12.50"),
]


def write_file(path: Path, rows: int, seed: int = SEED) -> int:
    """Writes a CSV of that many rows, chunk by chunk; returns how many of them are bad."""
    bad = 0
    with path.open("wb") as file:
        for number, (table, wrong) in enumerate(_chunks(rows, seed)):
            bad += wrong
            pacsv.write_csv(table, file, WITH_HEADINGS if number == 0 else ROWS_ONLY)
    return bad


def write_files(folder: Path, files: int, rows: int, seed: int = SEED) -> int:
    """Writes that many CSVs of that many rows each; returns how many rows are bad in all."""
    folder.mkdir(parents=True, exist_ok=True)
    tables, wrong = zip(*_chunks(files * rows, seed + 1), strict=True)
    table = pa.concat_tables(tables)
    for number in range(files):
        pacsv.write_csv(table.slice(number * rows, rows), folder / f"bench-{number:05}.csv", WITH_HEADINGS)
    return sum(wrong)


def _chunks(rows: int, seed: int) -> Iterator[tuple[pa.Table, int]]:
    random = np.random.default_rng(seed)
    for start in range(0, rows, CHUNK):
        yield _chunk(random, start, min(CHUNK, rows - start))


def _chunk(random: np.random.Generator, start: int, count: int) -> tuple[pa.Table, int]:
    """Good rows, then exactly one in a hundred of them spoiled."""
    regions = [code.code for code in code_list("region") if code.extra["level"] == "county" and not code.valid_to]
    region = random.integers(len(regions), size=count)
    checked = FIRST_DAY + random.integers(DAYS, size=count)
    columns = {
        "检查行为编号": _joined("JC", _padded(np.arange(start, start + count), 10)),
        "统一社会信用代码": _usccs(random, np.array(regions, "S6")[region]),
        "监管对象名称": _picked(random, _names(), count),
        "监管事项目录编码": _joined("310", _padded(random.integers(10**11, size=count), 11)),
        "行政区划代码": pa.array(regions).take(pa.array(region)),
        "行业代码": _picked(
            random, [code.code for code in code_list("industry") if code.extra["level"] == "class"], count
        ),
        # Departments write the code or its name.
        "检查形式": _picked(
            random, [text for code in code_list("check_form") for text in (code.code, code.label)], count
        ),
        "检查结果": _picked(
            random, [text for code in code_list("check_result") for text in (code.code, code.label)], count
        ),
        "检查时间": pa.array(checked.astype("datetime64[D]")).cast(pa.string()),
        "报送时间": pa.array((checked + random.integers(8, size=count)).astype("datetime64[D]")).cast(pa.string()),
        "罚款金额": pc.if_else(pa.array(random.random(count) < 0.1), _hundredths(random, 10**7, count), ""),
        "经营面积": _hundredths(random, 10**6, count),
    }
    assert list(columns) == HEADINGS
    spoiled = random.permutation(count)[: count // 100]
    for kind, (heading, cell) in enumerate(BAD):
        mask = np.zeros(count, bool)
        mask[spoiled[kind :: len(BAD)]] = True
        columns[heading] = pc.if_else(pa.array(mask), cell, columns[heading])
    return pa.table(columns), len(spoiled)


def _usccs(random: np.random.Generator, regions: np.ndarray) -> pa.Array:
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


def _names() -> list[str]:
    places, kinds = (
        ["武汉", "宜昌", "荆州", "襄阳", "黄石", "十堰", "随州", "恩施"],
        ["商贸", "食品", "餐饮", "医药", "建材"],
    )
    return [f"{place}第{number}{kind}有限公司" for place in places for kind in kinds for number in range(1, 501)]


def _picked(random: np.random.Generator, texts: list[str], count: int) -> pa.Array:
    return pa.array(texts).take(pa.array(random.integers(len(texts), size=count)))


def _padded(numbers: np.ndarray, width: int) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def _joined(*parts: object) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _hundredths(random: np.random.Generator, below: int, count: int) -> pa.Array:
    figures = random.integers(below * 100, size=count)
    return _joined(pa.array(figures // 100).cast(pa.string()), ".", _padded(figures % 100, 2))
