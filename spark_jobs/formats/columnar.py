"""A Parquet file flows in; its columns as text flow out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.contract import Limits
from spark_jobs.formats.sheet import ROWS_A_BATCH, Sheet, Unreadable, beyond, with_lines


def open_parquet(path: Path, limits: Limits) -> Sheet:
    """Opens a Parquet file; nested and binary columns refuse it."""
    try:
        file = pq.ParquetFile(path)
        schema, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _not_parquet(error) from None
    if len(schema) > limits.columns:
        raise beyond("文件的列数为", len(schema), limits.columns, "columns")
    if rows > limits.rows:
        raise beyond("文件的行数为", rows, limits.rows, "rows")
    wrong = [field.name for field in schema if not _is_flat(field.type)]
    if wrong:
        raise Unreadable(f"列 {'、'.join(wrong[:10])} 不是文字、数字或日期（嵌套或二进制类型）。请转换后重新导出。")
    return Sheet(list(schema.names), _batches(file), "parquet")


def _not_parquet(error: Exception) -> Unreadable:
    return Unreadable(f"不是可读的 Parquet 文件（{str(error)[:200]}）。请重新导出。")


def _is_flat(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_flat(kind.value_type)
    return not (pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)) and not (
        pa.types.is_fixed_size_binary(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind)
    )


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    line = 1
    try:
        for batch in file.iter_batches(batch_size=ROWS_A_BATCH, use_threads=False):
            lines = np.arange(line, line + batch.num_rows)
            yield with_lines([_as_text(column) for column in batch.columns], lines)
            line += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, MemoryError):
            raise
        raise _not_parquet(error) from None


def _as_text(column: pa.Array) -> pa.Array:
    """A column as people write it: dates without midnight, whole numbers without `.0`, no exponents."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_floating(kind):
        numbers = column.cast(pa.float64())
        is_whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), 1e15))
        whole = pc.if_else(pc.fill_null(is_whole, False), numbers, None).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(whole, column.cast(pa.string()))
    if pa.types.is_timestamp(kind):
        # As the wall clock of the file's own zone shows it.
        local = pc.local_timestamp(column) if kind.tz else column
        text = local.cast(pa.timestamp("us")).cast(pa.string())
        return pc.replace_substring_regex(text, r"( 00:00:00)?(\.0+)?$", "")
    if pa.types.is_boolean(kind):
        return pc.if_else(column, "TRUE", "FALSE").cast(pa.string())
    return column.cast(pa.string())
