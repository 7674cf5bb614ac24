"""A file's name and first bytes flow in; the sheet of its format flows out."""

from __future__ import annotations

from pathlib import Path

from schemas.contract import Contract, Limits
from spark_jobs.formats.sheet import Promised, Sheet, Unreadable

FAMILIES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xls": "xlsx",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}


def open_sheet(path: Path, name: str, contract: Contract, promised: Promised) -> Sheet:
    """Opens a file of any accepted format."""
    if path.stat().st_size == 0:
        raise Unreadable("文件是空的（0 字节）。请重新导出后报送。")
    suffix = Path(name).suffix.lower()
    family = FAMILIES.get(suffix)
    accepted = contract.delivery.formats if contract.delivery else ()
    if family not in accepted:
        listed = " ".join(suffix for suffix, family in FAMILIES.items() if family in accepted)
        raise Unreadable(f"不接收“{suffix or name}”格式的文件。请报送 {listed} 文件。")
    limits = contract.delivery.limits if contract.delivery else Limits()
    if family == "csv":
        from spark_jobs.formats.delimited import open_delimited

        return open_delimited(path, limits)
    if family == "xlsx":
        from spark_jobs.formats.spreadsheet import open_spreadsheet

        return open_spreadsheet(path, promised)
    if family == "parquet":
        from spark_jobs.formats.columnar import open_parquet

        return open_parquet(path, limits)
    raise Unreadable("不接收 JSON 文件。")
