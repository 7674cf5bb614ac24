"""JSON arrays, JSON Lines and Parquet, sound and otherwise."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from tests.fuzz.cases import REFUSED, TAKEN, Case, Draw, Rows
from tests.fuzz.text import DIRT, broken

Known = dict[str, object]
VALUES = (
    *(1, -1.5, 1e300, 12345678901234567890123, True, None, "", 0, 91420100400010, "１２３", 1e-300),
    *([], {}, [1, [2]], {"a": {"b": 1}}, ["甲", "乙"]),
)


def json_file(draw: Draw) -> Case:
    """Objects in an array or one a line, with one thing odd about them."""
    rows = draw.rows()
    is_array = draw.chance(0.5)
    known: Known = {"rows": len(rows.rows), "fate": TAKEN}
    what = draw.random.choice(JSON)
    content = what(draw, rows, is_array, known)
    ending = draw.random.choice((".json", ".json", ".jsonl", ".ndjson"))
    kind = "array" if is_array else "lines"
    return draw.case(f"json {kind}: {what.__name__.replace('_', ' ')}", rows.place, ending, content, **known)


def _objects(draw: Draw, rows: Rows) -> list[dict[str, object]]:
    objects: list[dict[str, object]] = [dict(zip(rows.headings, row, strict=True)) for row in rows.rows]
    for one in objects:
        for name in draw.random.sample(sorted(one), draw.random.choice((0, 1, 3))):
            if "f0" not in str(one[name]):
                one[name] = draw.random.choice(DIRT)
    return objects


def _laid(texts: list[str], is_array: bool) -> str:
    return "[" + ",\n".join(texts) + "]" if is_array else "\n".join(texts) + "\n"


def _dumped(objects: list[dict[str, object]]) -> list[str]:
    return [json.dumps(one, ensure_ascii=False) for one in objects]


def plain(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    encoding = draw.random.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16"))
    if encoding not in ("utf-8", "utf-8-sig"):
        known.clear()
    return _laid(_dumped(_objects(draw, rows)), is_array).encode(encoding, "replace")


def escaped(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    return _laid([json.dumps(one) for one in _objects(draw, rows)], is_array).encode()


def values_missing(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    objects = _objects(draw, rows)
    for one in objects:
        for name in draw.random.sample(sorted(one), 3):
            if "f0" not in str(one[name]):
                del one[name]
    known["fate"] = ""
    return _laid(_dumped(objects), is_array).encode()


def values_of_every_type(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    objects = _objects(draw, rows)
    for one in objects:
        for name in one:
            if draw.chance(0.3) and "f0" not in str(one[name]):
                one[name] = draw.random.choice(VALUES)
    known["fate"] = ""
    return _laid(_dumped(objects), is_array).encode()


def elements_that_are_no_objects(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    texts = _dumped(_objects(draw, rows))
    for _ in range(draw.some(4)):
        texts.insert(draw.random.randint(0, len(texts)), json.dumps(draw.random.choice(VALUES)))
    known.clear()
    return _laid(texts, is_array).encode()


def keys_twice_or_unknown(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    texts = _dumped(_objects(draw, rows))
    key = json.dumps(draw.random.choice((*rows.headings, "星座", "", "\x00", "__proto__")), ensure_ascii=False)
    place = draw.random.randrange(len(texts))
    texts[place] = texts[place][:-1] + f", {key}: 1}}"
    known.clear()
    return _laid(texts, is_array).encode()


def not_quite_json(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    text = _laid(_dumped(_objects(draw, rows)), is_array)
    wrong: tuple[Callable[[str], str], ...] = (
        lambda text: text.replace("}", ",}", 1),
        lambda text: text.replace('"', "'"),
        lambda text: text.replace('""', "NaN").replace("}", ', "x": -Infinity}', 1),
        lambda text: text.rstrip("]\n"),
        lambda text: text + "]",
        lambda text: text + text,
        lambda text: "// 注释\n" + text,
        lambda text: text.replace(": ", ": 1e999999, ", 1),
        lambda text: text.replace('"', '"\\ud800', 1),
        lambda text: text.replace('"', '"\\u0000', 3),
        lambda text: text.replace(": ", f": {'9' * 100_000}, ", 1),
    )
    known.clear()
    return draw.random.choice(wrong)(text).encode()


def nested_deeply(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    texts = _dumped(_objects(draw, rows))
    depth = draw.random.choice((60, 10_000, 1_000_000))
    opening, closing = draw.random.choice((("[", "]"), ('{"a":', "}")))
    texts.append(f'{{"{rows.headings[0]}": {opening * depth}1{closing * draw.random.choice((0, depth))}}}')
    known.clear()
    return _laid(texts, is_array).encode()


def broken_json(draw: Draw, rows: Rows, is_array: bool, known: Known) -> bytes:
    known.clear()
    return broken(draw, _laid(_dumped(_objects(draw, rows)), is_array).encode())


JSON: tuple[Callable[[Draw, Rows, bool, Known], bytes], ...] = (
    *(plain, plain, escaped, values_missing, values_of_every_type, elements_that_are_no_objects),
    *(keys_twice_or_unknown, not_quite_json, not_quite_json, nested_deeply, broken_json),
)


def parquet_file(draw: Draw) -> Case:
    """A Parquet file, sound, oddly typed or with broken bytes."""
    rows = draw.rows()
    known: Known = {"rows": len(rows.rows), "fate": TAKEN}
    what = draw.random.choice(PARQUET)
    content = what(draw, rows, known)
    return draw.case(f"parquet: {what.__name__.replace('_', ' ')}", rows.place, ".parquet", content, **known)


def _table(rows: Rows) -> pa.Table:
    columns = [pa.array(list(column), pa.string()) for column in zip(*rows.rows, strict=True)]
    return pa.table(columns, names=rows.headings)


def _parquet(table: pa.Table, **options: object) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def plain_parquet(draw: Draw, rows: Rows, known: Known) -> bytes:
    codec = draw.random.choice(("snappy", "zstd", "gzip", "brotli", "none"))
    return _parquet(_table(rows), compression=codec, row_group_size=draw.some(5))


def odd_types(draw: Draw, rows: Rows, known: Known) -> bytes:
    count = len(rows.rows)
    kinds = (
        pa.array([1.5] * count),
        pa.array([b"\xff\x00"] * count),
        pa.array([[1, 2]] * count),
        pa.array([{"a": 1}] * count),
        pa.array([None] * count, pa.null()),
        pa.array([2**62] * count, pa.timestamp("us", tz="Asia/Shanghai")),
        pa.array(["甲"] * count).dictionary_encode(),
        pa.array([-(2**31)] * count, pa.date32()),
        pa.array([10**30] * count, pa.decimal128(38, 0)),
        pa.array(["a\x00b"] * count),
    )
    table = _table(rows)
    place = draw.random.randrange(table.num_columns)
    known.clear()
    return _parquet(table.set_column(place, table.column_names[place], draw.random.choice(kinds)))


def odd_names(draw: Draw, rows: Rows, known: Known) -> bytes:
    names = list(rows.headings)
    names[draw.random.randrange(len(names))] = draw.random.choice((names[-1], "", "\x00", "列" * 1000, "a.b.c"))
    known.clear()
    return _parquet(_table(rows).rename_columns(names))


def broken_footer(draw: Draw, rows: Rows, known: Known) -> bytes:
    content = _parquet(_table(rows))
    length = int.from_bytes(content[-8:-4], "little")
    footer = broken(draw, content[-8 - length : -8])
    known.clear()
    return content[: -8 - length] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def broken_pages(draw: Draw, rows: Rows, known: Known) -> bytes:
    content = _parquet(_table(rows), compression=draw.random.choice(("none", "snappy", "zstd")))
    length = int.from_bytes(content[-8:-4], "little") + 8
    pages = bytearray(content[:-length])
    for _ in range(draw.some(20)):
        pages[draw.random.randrange(4, len(pages))] = draw.random.randrange(256)
    known.clear()
    return bytes(pages) + content[-length:]


def broken_anywhere(draw: Draw, rows: Rows, known: Known) -> bytes:
    known.clear()
    return broken(draw, _parquet(_table(rows)))


PARQUET: tuple[Callable[[Draw, Rows, Known], bytes], ...] = (
    *(plain_parquet, plain_parquet, odd_types, odd_types, odd_names, broken_footer, broken_pages, broken_anywhere),
)


def very_many_rows(draw: Draw) -> Case:
    """60 million rows that a dictionary keeps in a few kilobytes: beyond the limit of rows."""
    rows = draw.rows(1)
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int32()), pa.array([rows.rows[0][0]]))
    table = pa.table([words] * 3, names=rows.headings[:3])
    target = io.BytesIO()
    with pq.ParquetWriter(target, table.schema) as writer:
        for _ in range(60):
            writer.write_table(table.slice(0, 1_000_000), row_group_size=1_000_000)
    return draw.case("parquet: 60 million rows", rows.place, ".parquet", target.getvalue(), fate=REFUSED)


def one_huge_value(draw: Draw) -> Case:
    """A text of 100 MB, packed to almost nothing, in every column by its dictionary."""
    rows = draw.rows(1)
    huge = pa.array(["x" * 100_000_000])
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 10, pa.int32()), huge)
    table = pa.table([words] + [pa.array(["1"] * 10)] * (len(rows.headings) - 1), names=rows.headings)
    content = _parquet(table, compression="zstd")
    return draw.case("parquet: a value of 100 MB ten times", rows.place, ".parquet", content)


def endless_json(draw: Draw) -> Case:
    """One JSON text of 100 MB that never ends."""
    rows = draw.rows(1)
    start = f'[{{"{rows.headings[0]}": "'.encode()
    return draw.case("json: a text of 100 MB", rows.place, ".json", start + b"x" * 100_000_000)


HEAVY = (very_many_rows, one_huge_value, endless_json)
