"""What became of a file's rows flows in; its receipt flows out, as JSON and as a page, and its rejected rows as CSV."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from bench.peers.files import LINE, Delivered
from schemas.contract import departments

EXAMPLES = 20
CHINA = ZoneInfo("Asia/Shanghai")
PAGE = """<!doctype html>
<html lang="zh"><meta charset="utf-8"><title>回执 {name}</title>
<style>body{{font:16px/1.6 sans-serif;max-width:60em;margin:2em auto}}td,th{{text-align:left;padding-right:1em}}</style>
<h1>回执：{name}</h1>
<p>{department}，{feed}，{received} 接收。</p>
<p>共 {rows} 行，接收 {accepted} 行（其中 {doubtful} 行存疑），退回 {rejected} 行。</p>
{parts}<p>内容标识 {sha256}，{bytes} 字节。<a href="{json}">JSON</a></p>
</html>
"""


@dataclass(frozen=True)
class Finding:
    """What is said of the row in a line of the file."""

    line: int
    said: list[str]


@dataclass(frozen=True)
class Receipt:
    """What a department is told of a file."""

    file: Delivered
    received_at: datetime
    accepted: int
    reasons: list[Finding]
    flags: list[Finding]

    @property
    def stem(self) -> str:
        """The file's name, and which content it had: no other receipt has this name."""
        return f"{self.file.path.name}~{self.file.sha256[:12]}"


def write_receipt(folder: Path, receipt: Receipt, rejected: pa.Table) -> None:
    """`rejected` has the rows of the receipt's reasons, as delivered."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {column.name: column.label or column.name for column in receipt.file.contract.columns}
    labels |= receipt.file.headings
    details = f"{receipt.stem}.rejected.csv" if receipt.reasons else None
    if details:
        _write_rejected(folder / details, receipt, rejected, labels)
    told = _told(receipt, labels, details)
    (folder / f"{receipt.stem}.receipt.json").write_text(json.dumps(told, ensure_ascii=False, indent=2), "utf-8")
    (folder / f"{receipt.stem}.receipt.html").write_text(_page(receipt, told), "utf-8")


def _told(receipt: Receipt, labels: dict[str, str], details: str | None) -> dict[str, Any]:
    file = receipt.file
    return {
        "文件": file.path.name,
        "部门": departments()[file.department].title,
        "数据集": file.contract.title,
        "状态": "已接收",
        "接收时间": f"{receipt.received_at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        "内容标识": file.sha256,
        "字节数": file.bytes,
        "报送行数": file.rows.num_rows,
        "接收行数": receipt.accepted,
        "存疑行数": len(receipt.flags),
        "退回行数": len(receipt.reasons),
        "问题汇总": _counted(receipt.reasons, labels),
        "问题示例": _examples(receipt.reasons, labels),
        "退回明细": details,
        "存疑汇总": _counted(receipt.flags, labels),
        "存疑示例": _examples(receipt.flags, labels),
    }


def _counted(findings: list[Finding], labels: dict[str, str]) -> list[dict[str, Any]]:
    said = (text.split(": ", 2) for one in findings for text in one.said)
    counted = Counter((name, what) for name, what, _ in said)
    return [{"列": _column(name, labels), "问题": what, "行数": n} for (name, what), n in counted.most_common()]


def _examples(findings: list[Finding], labels: dict[str, str]) -> list[dict[str, Any]]:
    first = [(one.line, text.split(": ", 2)) for one in findings[:EXAMPLES] for text in one.said][:EXAMPLES]
    return [{"行": line, "列": _column(name, labels), "问题": what, "值": cell} for line, (name, what, cell) in first]


def _column(name: str, labels: dict[str, str]) -> str:
    """The department's heading; what is said of no column is said of the row."""
    return labels.get(name, "整行")


def _write_rejected(path: Path, receipt: Receipt, rejected: pa.Table, labels: dict[str, str]) -> None:
    """The rows as delivered, under the department's own headings, with their lines and every reason."""
    # Two columns may have been read from one heading.
    columns = {heading: name for name, heading in receipt.file.headings.items()}
    cells = [rejected[name].to_pylist() for name in columns.values()]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([*columns, "行号", "退回原因"])
        reasons = ["；".join(_in_words(text, labels) for text in one.said) for one in receipt.reasons]
        writer.writerows(zip(*cells, rejected[LINE].to_pylist(), reasons, strict=True))


def _in_words(text: str, labels: dict[str, str]) -> str:
    name, what, cell = text.split(": ", 2)
    return f"{_column(name, labels)}：{what}（{cell}）"


def _page(receipt: Receipt, told: dict[str, Any]) -> str:
    """The same for people, in one file."""
    shown = ("问题汇总", "问题示例", "存疑汇总", "存疑示例")
    tables = "".join(_table(title, told[title]) for title in shown if told[title])
    details = told["退回明细"]
    link = f'<p><a href="{escape(str(details))}">下载退回明细（CSV）</a></p>\n' if details else ""
    return PAGE.format(
        name=escape(receipt.file.path.name),
        department=told["部门"],
        feed=told["数据集"],
        received=told["接收时间"],
        rows=told["报送行数"],
        accepted=told["接收行数"],
        doubtful=told["存疑行数"],
        rejected=told["退回行数"],
        parts=link + tables,
        sha256=told["内容标识"],
        bytes=told["字节数"],
        json=escape(f"{receipt.stem}.receipt.json"),
    )


def _table(title: str, rows: list[dict[str, Any]]) -> str:
    headings = "".join(f"<th>{heading}</th>" for heading in rows[0])
    lines = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row.values()) for row in rows)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<h2>{title}</h2>\n<table><tr>{headings}</tr>\n{body}</table>\n"
