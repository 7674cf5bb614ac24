"""An archived file flows in; its rows as the Parquet file that bronze will take flow out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.contract import Contract, Limits
from spark_jobs.formats.opening import open_sheet
from spark_jobs.formats.sheet import FAULT, LINE, RAW, Sheet, Unreadable, beyond, plain
from spark_jobs.lake import bronze_schema
from spark_jobs.ledger import Delivery
from spark_jobs.text_mark import REJECTED_HEADINGS, unmarked


@dataclass(frozen=True)
class Staged:
    """What reading a file found; `columns` maps contract column to the heading delivered, in the file's order."""

    rows: int
    encoding: str
    columns: dict[str, str]


def stage(contract: Contract, delivery: Delivery, source: Path, target: Path, beat: Callable[[], None]) -> Staged:
    """Reads `source` as its name says and writes `target`; raises Unreadable. `beat` says that work goes on."""
    limits = contract.delivery.limits if contract.delivery else Limits()
    promised = {plain(h.heading) for column in contract.columns for h in column.headings}
    sheet = open_sheet(source, delivery.file_name, contract, lambda headings: len(promised & set(map(plain, headings))))
    cells = _headings(contract, sheet.headings)
    columns = {name: sheet.headings[cell] for name, cell in sorted(cells.items(), key=lambda found: found[1])}
    part = target.with_suffix(".part")
    try:
        rows = _write_rows(part, contract, delivery, sheet, cells, columns, limits, beat)
        if rows == 0:
            raise Unreadable("文件只有表头，没有数据行。")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Staged(rows, sheet.encoding, columns)


def _headings(contract: Contract, delivered: list[str]) -> dict[str, int]:
    """Which cell each contract column is read from; raises Unreadable for a heading that nobody promised."""
    plains = [plain(heading) for heading in delivered]
    doubled = sorted({heading for heading in plains if plains.count(heading) > 1})
    if doubled:
        raise Unreadable(f"表头重复：{'、'.join(doubled)}。每个列名只能出现一次。")
    promised = {plain(h.heading) for column in contract.columns for h in column.headings}
    ignored = set(map(plain, (*contract.ignore, *REJECTED_HEADINGS)))
    unknown = [h for h, p in zip(delivered, plains, strict=True) if p not in promised | ignored]
    if unknown:
        shown = "、".join(f"“{heading}”" for heading in unknown[:10])
        raise Unreadable(f"表头中有未约定的列：{shown}。请按约定的表头报送，或联系平台登记新列。")
    found: dict[str, int] = {}
    for column in contract.columns:
        cells = [plains.index(plain(h.heading)) for h in column.headings if plain(h.heading) in plains]
        if len(cells) > 1:
            raise Unreadable(
                f"{column.label}同时有多列：{'、'.join(delivered[cell] for cell in cells)}。请只保留一列。"
            )
        if cells:
            found[column.name] = cells[0]
        elif column.required:
            names = "或".join(f"“{h.heading}”" for h in column.headings)
            raise Unreadable(f"表头缺少必需的列：{names}（{column.label}）。")
    return found


def _write_rows(
    path: Path,
    contract: Contract,
    delivery: Delivery,
    sheet: Sheet,
    cells: dict[str, int],
    columns: dict[str, str],
    limits: Limits,
    beat: Callable[[], None],
) -> int:
    schema = bronze_schema(contract)
    fixed = {
        "_delivery": delivery.delivery,
        "_department": delivery.department,
        "_received_at": delivery.received_at,
        "_headings": json.dumps(columns, ensure_ascii=False),
    }
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for batch in sheet.batches:
            count = batch.num_rows
            rows += count
            beat()
            if rows > limits.rows:
                raise beyond("文件的行数超过", rows, limits.rows, "rows")
            arrays = []
            for field_ in schema:
                if field_.name in cells:
                    arrays.append(unmarked(batch.column(cells[field_.name])))
                elif field_.name in (LINE, RAW, FAULT):
                    arrays.append(batch.column(field_.name))
                elif field_.name in fixed:
                    arrays.append(pa.repeat(pa.scalar(fixed[field_.name], field_.type), count))
                else:
                    arrays.append(pa.nulls(count, field_.type))
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return rows
