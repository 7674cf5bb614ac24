"""Verdicts flow in; what the department reads flows out: a receipt and, if needed, the rejected rows with reasons."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa

from schemas.contract import departments, feeds
from spark_jobs.home import LOCAL, Home
from spark_jobs.ledger import Delivery

STATES = {
    "unpacked": "已拆分",
    "rejected": "不予入库",
    "accepted": "已接收",
    "held": "暂缓入库",
    "refused": "已退回",
    "duplicate": "重复报送",
}
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
EXAMPLES = 20


def receipt_path(home: Home, delivery: Delivery) -> Path:
    """Where the department finds its receipt."""
    return home.receipts / delivery.department / delivery.folder / f"{delivery.file_name}.receipt.json"


def write_receipt(home: Home, delivery: Delivery, quarantined: pa.Table | None = None) -> None:
    """Writes the receipt; a second file holds the rejected rows, if there are any."""
    path = receipt_path(home, delivery)
    path.parent.mkdir(parents=True, exist_ok=True)
    rejected = path.with_name(f"{delivery.file_name}.rejected.csv")
    rows = quarantined.sort_by("_line").to_pylist() if quarantined is not None else []
    if rows:
        _write_rejected(rejected, delivery, rows)
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(json.dumps(_receipt(delivery, rows, rejected), ensure_ascii=False, indent=2), encoding="utf-8")
    temporary.replace(path)


def _receipt(delivery: Delivery, rows: list[dict[str, object]], rejected: Path) -> dict[str, object]:
    contract = feeds().get(delivery.feed)
    problems = [problem for row in rows for problem in _problems(delivery, row)]
    counted = Counter((problem["列"], problem["问题"]) for problem in problems)
    return {
        "文件": delivery.file_name,
        "部门": known.title if (known := departments().get(delivery.department)) else delivery.department,
        "数据集": contract.title if contract else delivery.feed,
        "状态": STATES[delivery.state],
        "说明": delivery.reason or _summary(delivery),
        "处理意见": f"{delivery.decided_by}：{delivery.decided_why}" if delivery.decided_by else None,
        "接收时间": delivery.received_at.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S"),
        "内容标识": delivery.delivery,
        "编码": delivery.encoding,
        "字节数": delivery.bytes,
        "报送行数": delivery.rows,
        "接收行数": delivery.rows_accepted,
        "退回行数": delivery.rows_quarantined,
        "问题汇总": [{"列": c, "问题": p, "行数": n} for (c, p), n in counted.most_common()],
        "问题示例": problems[:EXAMPLES],
        "退回明细": rejected.name if rows else None,
    }


def _summary(delivery: Delivery) -> str:
    if not delivery.rows_quarantined:
        return f"全部 {delivery.rows_accepted} 行已接收。"
    return (
        f"共 {delivery.rows} 行，接收 {delivery.rows_accepted} 行，退回 {delivery.rows_quarantined} 行。"
        "请按退回明细更正后，将更正的行另存为新文件重新报送。"
    )


def _problems(delivery: Delivery, row: dict[str, object]) -> list[dict[str, object]]:
    """The reasons against one row, with the department's own headings."""
    listed = row["_reasons"]
    assert isinstance(listed, list)
    return [{"行": row["_line"], **_problem(delivery, reason)} for reason in listed]


def _problem(delivery: Delivery, reason: str) -> dict[str, str]:
    column, what, value = reason.split(": ", 2)
    return {"列": _heading(delivery, column), "问题": what, "值": value}


def _heading(delivery: Delivery, column: str) -> str:
    """What the department calls the column: its own heading, else the standard's name."""
    contract = feeds()[delivery.feed]
    labels = {c.name: c.label or c.name for c in contract.columns}
    return (delivery.columns or {}).get(column) or labels.get(column, "整行")


def _write_rejected(path: Path, delivery: Delivery, rows: list[dict[str, object]]) -> None:
    """The rows as delivered, then the reasons; a spreadsheet opens it (UTF-8 with BOM) and runs no formula in it."""
    columns = delivery.columns or {}
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["行号", *columns.values(), "退回原因"])
        for row in rows:
            cells = dict(row["_row"])  # type: ignore[call-overload]
            reasons = "；".join(f"{p['列']}：{p['问题']}（{p['值']}）" for p in _problems(delivery, row))
            writer.writerow([row["_line"], *(_safe(cells.get(name)) for name in columns), _safe(reasons)])


def _safe(cell: str | None) -> str:
    """A cell that a spreadsheet takes as text when it could be a formula; plain numbers stay as they are."""
    text = cell or ""
    is_number = text[:1] in "+-" and text[1:].replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not is_number else text


def write_index(home: Home, department: str) -> None:
    """The department's page (the next commit draws it)."""


def restore_receipts(home: Home, department: str) -> None:
    """The department's page (the next commit draws it)."""
