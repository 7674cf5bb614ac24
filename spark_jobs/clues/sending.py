"""ops.clue_sent flows in; a folder a package flows out, outbox/<department>/clues/<package>/, whole and once.

A package is written beside its place and moved there in one step, then told in ops.clue_package; a killed run is ended
by the next one. What was told is not written again, also when the department has taken the folder away.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from schemas.contract import ENVELOPE, contracts, departments, feeds, table_of
from spark_jobs.clues.dispatching import SENT, lines_of
from spark_jobs.clues.raising import Row
from spark_jobs.lake.columns import table_schema
from spark_jobs.lake.home import Home
from spark_jobs.lake.marks import Mark
from spark_jobs.lake.tables import append, read, version
from spark_jobs.lake.upkeep import keep_up

PACKAGES = "clue_package"
# The same file from the same clues, whenever it is made.
MADE = datetime(2026, 1, 1)
WIDE = ("发现理由", "证据")


def send(home: Home) -> dict[str, int]:
    """Writes every package that does not lie in the outbox yet; how many, and how many clues they hold."""
    mark = Mark(home.state / "sent.json", _versions(home))
    if f"ops.{PACKAGES}" not in contracts() or mark.is_current():
        return {}
    told = set(read(home.table("ops", PACKAGES), ["package_no"])["package_no"].to_pylist())
    packages: dict[str, list[Row]] = defaultdict(list)
    for row in read(home.table("ops", SENT), None, [("package_no", "not in", told)] if told else None).to_pylist():
        packages[row["package_no"]].append(row)
    for number, rows in sorted(packages.items()):
        rows.sort(key=lambda row: row["clue_no"])
        _write(home.outbox / rows[0]["department"] / "clues" / number, rows)
    if packages:
        books = [_book(rows) for _, rows in sorted(packages.items())]
        append(home.table("ops", PACKAGES), pa.Table.from_pylist(books, table_schema(table_of(f"ops.{PACKAGES}"))))
        keep_up(home, "ops", written={PACKAGES})
    Mark(mark.path, _versions(home)).keep()
    return {"packages": len(packages), "clues": sum(map(len, packages.values()))} if packages else {}


def _versions(home: Home) -> dict[str, str]:
    return {name: str(version(home.table("ops", name))) for name in (SENT, PACKAGES)}


def _book(rows: Sequence[Row]) -> Row:
    named = ("package_no", "department", "sent_date", "package_sha256")
    return {name: rows[0][name] for name in named} | {"clues": len(rows)}


def _write(folder: Path, rows: Sequence[Row]) -> None:
    """The package, unless a killed run had moved it into its place already."""
    if folder.exists():
        return
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    content = {
        "clues.jsonl": lines_of(rows).encode(),
        "clues.xlsx": _workbook([json.loads(row["payload"]) for row in rows]),
        "envelope.json": _json(_envelope(rows)),
        "clue_receipt.csv": _receipt(rows),
        "clue_feedback.csv": _feedback(rows),
    }
    content["manifest.json"] = _json(_manifest(content))
    content["manifest.json.sha256"] = f"{_sha256(content['manifest.json'])}  manifest.json\n".encode()
    for name, data in content.items():
        (part / name).write_bytes(data)
    part.replace(folder)


def _envelope(rows: Sequence[Row]) -> dict[str, Any]:
    """Who sends what to whom, and until when it is answered."""
    first = rows[0]
    return {
        "批次编号": first["package_no"],
        "类别": "clues",
        "接收部门": departments()[first["department"]].title,
        "接收部门简称": first["department"],
        "下发日期": str(first["sent_date"]),
        "条数": len(rows),
        "文件哈希": first["package_sha256"],
        "签收期限": str(min(row["accept_deadline"] for row in rows)),
        "反馈期限": str(min(row["answer_deadline"] for row in rows)),
        "签收目录": f"landing/{first['department']}/clue_receipt/",
        "反馈目录": f"landing/{first['department']}/clue_feedback/",
    }


def _manifest(content: dict[str, bytes]) -> dict[str, Any]:
    return {"files": [{"name": name, "bytes": len(data), "sha256": _sha256(data)} for name, data in content.items()]}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _receipt(rows: Sequence[Row]) -> bytes:
    """The receipt as feed clue_receipt takes it: only the day, and who received it, are left to be filled."""
    first = rows[0]
    known = {"package_no": first["package_no"], "clues_received": len(rows), "package_sha256": first["package_sha256"]}
    return _table("clue_receipt", [known])


def _feedback(rows: Sequence[Row]) -> bytes:
    """The feedback as feed clue_feedback takes it: a number of its own and the clue's; the rest is to be filled."""
    numbers = [{"clue_event_no": f"{row['clue_no']}-{row['turn']}-1", "clue_no": row["clue_no"]} for row in rows]
    return _table("clue_feedback", numbers)


def _table(feed: str, rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows under a feed's own headings, as spreadsheets open it too."""
    columns = [column for column in feeds()[feed].columns if column.name not in ENVELOPE]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.headings[0].heading for column in columns])
    writer.writerows([[row.get(column.name, "") for column in columns] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def _workbook(told: Sequence[dict[str, Any]]) -> bytes:
    """The clues as a page to read; what is a list stands line below line."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.set_properties({"title": "风险线索", "created": MADE})
        page = book.add_worksheet("风险线索")
        head, cell = book.add_format({"bold": True, "border": 1}), book.add_format({"text_wrap": True, "valign": "top"})
        page.freeze_panes(1, 1)
        for place, heading in enumerate(told[0]):
            page.set_column(place, place, 60 if heading in WIDE else 18, cell)
            page.write_string(0, place, heading, head)
            for line, row in enumerate(told, start=1):
                value = row[heading]
                text = "\n".join(value) if isinstance(value, list) else "" if value is None else str(value)
                page.write_string(line, place, text[:32_000], cell)
    return content.getvalue()
