"""A Parquet file flows in; its columns as the text that a person would have written flow out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from spark_jobs.landing.formats.packed import refuse_bomb
from spark_jobs.landing.formats.sheet import Sheet, Source, Unreadable, excess, long_cells, set_aside, shown, split_rows

ROWS_A_BATCH = 8_192
LOCAL = "Asia/Shanghai"
LOST_DIGITS = "数字太大，浮点数存不下它的末几位，请把该列存为文本后重新导出"
NUL = "单元格含有空字符（NUL）"


def open_parquet(source: Source) -> Sheet:
    """Opens a Parquet file of plain columns; its own figures are checked before anything is read."""
    with _refusing():
        file = pq.ParquetFile(source.path, memory_map=False, pre_buffer=False, page_checksum_verification=True)
        schema, metadata, limits = file.schema_arrow, file.metadata, source.limits
    if metadata.num_columns > limits.columns:
        raise excess("文件有", metadata.num_columns, limits.columns, "列", "columns")
    if metadata.num_rows > limits.rows:
        raise excess("文件有", metadata.num_rows, limits.rows, "行", "rows")
    groups = (metadata.row_group(group) for group in range(metadata.num_row_groups))
    refuse_bomb(source.path.stat().st_size, sum(group.total_byte_size for group in groups), limits)
    strange = [f"“{shown(field.name, 50)}”" for field in schema if not _is_plain(field.type)]
    if strange:
        raise Unreadable(f"以下列不是文本、数字、日期或布尔值：{'、'.join(strange[:10])}。请转换后重新报送。")
    numbers = frozenset(field.name for field in schema if _is_number(field.type))
    return Sheet(schema.names, _batches(source, file), "parquet", numbers=numbers)


@contextmanager
def _refusing() -> Iterator[None]:
    """What Arrow says of a broken file, as a refusal; what the disk says passes."""
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowKeyError, UnicodeDecodeError):
        raise Unreadable("Parquet 文件已损坏或用了不支持的写法，无法读取。请重新导出后报送。") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise Unreadable("Parquet 文件已损坏或不完整，无法读取。请重新导出后报送。") from None


def _is_plain(type_: pa.DataType) -> bool:
    if pa.types.is_dictionary(type_):
        return _is_plain(type_.value_type)
    is_text = pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)
    is_moment = pa.types.is_date(type_) or pa.types.is_timestamp(type_) or pa.types.is_time(type_)
    return bool(is_text or _is_number(type_) or is_moment or pa.types.is_boolean(type_) or pa.types.is_null(type_))


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _batches(source: Source, file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    line = 1
    with _refusing():
        for batch in file.iter_batches(ROWS_A_BATCH, use_threads=False):
            columns = [_text(column) for column in batch.columns]
            for name, column in zip(batch.schema.names, columns, strict=True):
                _refuse_broken(name, column)
            rows = split_rows(columns, pa.array(range(line, line + batch.num_rows), pa.int64()))
            line += batch.num_rows
            faults = long_cells(rows, source.limits.cell)
            for column in batch.columns:
                faults |= dict.fromkeys(_inexact(column), LOST_DIGITS)
            for column in columns:
                for position in pc.indices_nonzero(pc.match_substring(column, "\0")).to_pylist():
                    faults.setdefault(position, NUL)
            yield from set_aside(rows, faults)


def _inexact(column: pa.Array) -> list[int]:
    """Where a column holds floating numbers so large that their last digits are lost."""
    bits = {pa.float16(): 11, pa.float32(): 24, pa.float64(): 53}.get(column.type)
    if bits is None or not len(column):
        return []
    numbers = column.cast(pa.float64())
    is_large = pc.and_(pc.greater(pc.abs(numbers), float(1 << bits)), pc.is_finite(numbers))
    positions: list[int] = pc.indices_nonzero(pc.fill_null(is_large, False)).to_pylist()
    return positions


def _refuse_broken(name: str, column: pa.Array) -> None:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raise Unreadable(f"“{shown(name, 50)}”列含有不是 UTF-8 的文本。请重新导出后报送。") from None


def _text(column: pa.Array) -> pa.Array:
    """A column as text; nothing is an empty cell."""
    type_ = column.type
    if pa.types.is_dictionary(type_):
        return _text(column.dictionary_decode())
    if pa.types.is_boolean(type_):
        text = pc.if_else(column, "TRUE", "FALSE")
    elif pa.types.is_floating(type_):
        text = _plain_numbers(column.cast(pa.float32()) if pa.types.is_float16(type_) else column)
    elif pa.types.is_decimal(type_):
        text = pa.array([None if d is None else format(d, "f") for d in column.to_pylist()], pa.string())
    elif pa.types.is_timestamp(type_):
        text = _moments(column)
    elif pa.types.is_time(type_):
        text = pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    else:
        text = column.cast(pa.string())
    return pc.fill_null(text, "")


def _plain_numbers(column: pa.Array) -> pa.Array:
    """Whole numbers without `.0`, none with an exponent."""
    text = pc.replace_substring_regex(column.cast(pa.string()), r"\.0$", "")
    with_exponent = pc.fill_null(pc.match_substring(text, "e"), False)
    if not pc.any(with_exponent).as_py():
        return text
    return pa.array([_without_exponent(number) for number in text.to_pylist()], pa.string())


def _without_exponent(number: str | None) -> str | None:
    return format(Decimal(number), "f") if number and "e" in number else number


def _moments(column: pa.Array) -> pa.Array:
    """Moments as the clock in China showed them, dates without midnight."""
    if column.type.tz:
        column = pc.local_timestamp(column.cast(pa.timestamp(column.type.unit, LOCAL)))
    text = pc.replace_substring_regex(column.cast(pa.string()), r"(\.\d*?)0+$", r"\1")
    text = pc.replace_substring_regex(text, r"\.$", "")
    return pc.replace_substring_regex(text, r" 00:00:00$", "")
