"""Verdicts flow in; what the department reads flows out: receipts, the rejected rows with reasons, and its index.

Every page is a function of ledger, sidecars and quarantine, so a lost folder can be written again. The newest delivery
of a file name has the receipt `<file>.receipt.json`; when another one follows under the same name, the earlier one's
receipt moves to `<file>~<identity>.receipt.json`, and the index links to both.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from schemas.contract import feeds
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, read_sidecar, with_sidecar
from spark_jobs.lake.renamed import called_now
from spark_jobs.lake.whole import write_whole
from spark_jobs.receipts.doubtful import Doubtful, doubtful
from spark_jobs.receipts.offering import explained_at, offered, write_templates
from spark_jobs.receipts.paths import (
    UNJUDGED,
    Ledger,
    index_path,
    page_path,
    receipt_path,
    receipt_stem,
    rejected_path,
)
from spark_jobs.receipts.rejected import Rejected, quarantined, write_rejected
from spark_jobs.receipts.render import render
from spark_jobs.receipts.repeated import repeated
from spark_jobs.receipts.sentences import (
    NOTHING_IN,
    STATES,
    correction,
    decision,
    department_title,
    feed_title,
    is_all_rejected,
    local,
    next_step,
    outcome,
    state_of,
    taken_back,
)
from spark_jobs.receipts.waiting import waiting

__all__ = ["index_path", "receipt_path", "receipt_stem", "restore_receipts", "write_index", "write_receipts"]

URGENT = ("refused", "held")
# Entries of the first page; where there are more, every month has a page.
NEWEST = 200
MOST_URGENT = 50


def write_receipts(home: Home, deliveries: Sequence[Delivery]) -> None:
    """Receipts, rejected rows and the departments' pages; called before the ledger has the deliveries' new verdicts.

    A crash in between leaves pages that the repeated run writes again. What is not judged yet is on the page only.
    """
    if not deliveries:
        return
    ledger = Ledger.load(home, {delivery.department for delivery in deliveries}, deliveries)
    _write(home, ledger, [*deliveries, *ledger.superseded_by(home, deliveries)])
    for department in ledger.departments:
        _write_index(home, ledger, department, ledger.of_same_names(deliveries))


def write_index(home: Home, department: str) -> None:
    """The pages that list all deliveries of a department, newest first: the newest ones, and every month's."""
    ledger = Ledger.load(home, {department})
    _write_index(home, ledger, department, ledger.of(department))


def restore_receipts(home: Home, department: str) -> None:
    """Writes everything below the department's receipts again, from ledger, sidecars and quarantine."""
    ledger = Ledger.load(home, {department})
    _write(home, ledger, ledger.of(department))
    _write_index(home, ledger, department, ledger.of(department))


def _write(home: Home, ledger: Ledger, deliveries: Sequence[Delivery]) -> None:
    """Receipts of these deliveries, and their rejected rows feed by feed."""
    judged = [
        _with_columns(home, delivery) if delivery.rows else delivery
        for delivery in deliveries
        if delivery.state not in UNJUDGED
    ]
    remarks = _Remarks.of(home, judged)
    troubled: dict[str, dict[str, Delivery]] = defaultdict(dict)
    for delivery in judged:
        if delivery.rows_quarantined and delivery.feed in feeds():
            troubled[delivery.feed][delivery.delivery] = delivery
        else:
            _write_receipt(home, ledger, delivery, Rejected(), remarks)
    for feed, some in troubled.items():
        for name, rows in quarantined(home, feeds()[feed], some):
            delivery = some.pop(name)
            rejected = write_rejected(rejected_path(ledger.path(home, delivery)), feeds()[feed], delivery, rows)
            _write_receipt(home, ledger, delivery, rejected, remarks)
        for delivery in some.values():
            _write_receipt(home, ledger, delivery, Rejected(), remarks)


@dataclass(frozen=True)
class _Remarks:
    """What is to be said of accepted rows, by delivery: doubts, and keys that are told twice."""

    doubts: Mapping[str, Doubtful]
    repeated: Mapping[str, Sequence[Mapping[str, object]]]

    @classmethod
    def of(cls, home: Home, deliveries: Sequence[Delivery]) -> _Remarks:
        """Asks silver only where there is something."""
        doubts: dict[str, Doubtful] = {}
        twice: dict[str, Sequence[Mapping[str, object]]] = {}
        for feed, some in _by_feed(deliveries, "rows_doubtful").items():
            doubts |= doubtful(home, feeds()[feed], some)
        for feed, some in _by_feed(deliveries, "duplicate_keys").items():
            twice |= repeated(home, feeds()[feed], some)
        return cls(doubts, twice)


def _by_feed(deliveries: Sequence[Delivery], counted: str) -> dict[str, dict[str, Delivery]]:
    """By feed and identity those deliveries of which so many rows, of whatever kind, were counted."""
    found: dict[str, dict[str, Delivery]] = defaultdict(dict)
    for delivery in deliveries:
        if getattr(delivery, counted) and delivery.feed in feeds():
            found[delivery.feed][delivery.delivery] = delivery
    return found


def _with_columns(home: Home, delivery: Delivery) -> Delivery:
    """The delivery with its headings and pages, which the ledger does not keep."""
    if delivery.columns is not None:
        return delivery
    try:
        sidecar = read_sidecar(home, delivery.delivery)
    except FileNotFoundError:
        return delivery
    if delivery.feed in feeds():
        [sidecar] = called_now(feeds()[delivery.feed], [sidecar])
    return with_sidecar(delivery, sidecar)


def _write_receipt(home: Home, ledger: Ledger, delivery: Delivery, rejected: Rejected, remarks: _Remarks) -> None:
    """The receipt for programs and the one for people; rejected rows of an earlier verdict go."""
    path = ledger.path(home, delivery)
    path.parent.mkdir(parents=True, exist_ok=True)
    if rejected.file is None:
        rejected_path(path).unlink(missing_ok=True)
    doubt = remarks.doubts.get(delivery.delivery, Doubtful())
    receipt = _receipt(ledger, delivery, rejected, doubt, remarks.repeated.get(delivery.delivery, ()))
    index = index_path(home, delivery.department)
    up = "../" * len(path.parent.relative_to(index.parent).parts)
    explained = explained_at(index, delivery.department, delivery.feed)
    page = render(
        "receipt.html",
        receipt=receipt,
        state=state_of(delivery),
        next=next_step(delivery),
        index=f"{up}index.html",
        explained=explained and up + explained,
        rejected=rejected.file and quote(rejected.file.name),
        json=quote(path.name),
    )
    write_whole(page_path(path), page, errors="replace")
    write_whole(path, json.dumps(receipt, ensure_ascii=False, indent=2), errors="replace")


def _receipt(
    ledger: Ledger,
    delivery: Delivery,
    rejected: Rejected,
    doubt: Doubtful,
    twice: Sequence[Mapping[str, object]],
) -> dict[str, object]:
    return {
        "文件": delivery.file_name,
        "部门": department_title(delivery.department),
        "数据集": feed_title(delivery),
        "状态": state_of(delivery).word,
        "说明": outcome(delivery),
        "更正": correction(ledger.received, delivery),
        "处理意见": decision(delivery),
        "接收时间": local(delivery.received_at),
        "内容标识": delivery.delivery,
        "编码": delivery.encoding,
        "字节数": delivery.bytes,
        "工作表": [{"工作表": page, "行数": rows} for page, rows in (delivery.pages or {}).items()],
        "读取情况": delivery.remarks or [],
        "报送行数": delivery.rows,
        "接收行数": delivery.rows_accepted,
        "存疑行数": delivery.rows_doubtful,
        "退回行数": delivery.rows_quarantined,
        "此前在册条数": delivery.keys_standing,
        "撤下条数": delivery.keys_withdrawn,
        "问题汇总": [{"列": c, "问题": p, "行数": n} for (c, p), n in rejected.counted.most_common()],
        "问题示例": rejected.examples,
        "退回明细": rejected.file.name if rejected.file else None,
        "存疑汇总": doubt.counted,
        "存疑示例": doubt.examples,
        "主键重复行数": delivery.duplicate_keys,
        "重复主键": twice,
    }


def _write_index(home: Home, ledger: Ledger, department: str, changed: Sequence[Delivery]) -> None:
    """The first page, and the pages of those months that the changed deliveries came in; others stay as they are."""
    path = index_path(home, department)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_templates(home, path, department)
    newest_first = ledger.of(department)[::-1]
    first, older = newest_first[:NEWEST], newest_first[NEWEST:]
    months = list(dict.fromkeys(map(_month, older)))
    to_mend = waiting(home, ledger.of(department), ledger.is_newest)
    nothing_in = [delivery for delivery in to_mend if is_all_rejected(delivery)]
    turned_away = [one for one in newest_first if one.state in URGENT and ledger.is_newest(one)]
    urgent = sorted((*turned_away, *nothing_in), key=lambda delivery: delivery.received_at, reverse=True)
    partly = [delivery for delivery in to_mend if not is_all_rejected(delivery)]
    counted = Counter(map(state_of, newest_first))
    states = list(dict.fromkeys((*STATES.values(), NOTHING_IN)))
    common = {"title": department_title(department), "states": states}
    stale = {_month(delivery) for delivery in changed if delivery.department == department}
    for month in months:
        page_of_month = path.with_name(f"index-{month}.html")
        if month in stale or not page_of_month.exists():
            entries = [_entry(home, ledger, path, delivery) for delivery in newest_first if _month(delivery) == month]
            page = render("index.html", **common, month=month, months=[], entries=entries)
            write_whole(page_of_month, page, errors="replace")
    page = render(
        "index.html",
        **common,
        month="",
        months=months,
        latest=local(newest_first[0].received_at) if newest_first else "",
        total=len(newest_first),
        counts=[(state, counted[state]) for state in states if counted[state]],
        urgent=[_entry(home, ledger, path, delivery) for delivery in (*urgent, *partly)[:MOST_URGENT]],
        urgent_total=len(urgent),
        partly_total=len(partly),
        templates=offered(path, department),
        entries=[_entry(home, ledger, path, delivery) for delivery in first],
    )
    write_whole(path, page, errors="replace")


def _to_mend(delivery: Delivery) -> str:
    is_partly = delivery.state == "accepted" and delivery.rows_quarantined and not is_all_rejected(delivery)
    return f"{delivery.rows} 行中退回 {delivery.rows_quarantined} 行。" if is_partly else ""


def _month(delivery: Delivery) -> str:
    """The month of receipt, as its page is named."""
    return local(delivery.received_at)[:7]


def _entry(home: Home, ledger: Ledger, index: Path, delivery: Delivery) -> dict[str, object]:
    """One line of the index; links are relative to it."""
    is_judged = delivery.state not in UNJUDGED
    path = ledger.path(home, delivery)
    page, rejected = (
        quote("/".join(file.relative_to(index.parent).parts)) for file in (page_path(path), rejected_path(path))
    )
    decided = decision(delivery)
    remarks = (
        "没有一行通过核验。" if is_all_rejected(delivery) else "",
        _to_mend(delivery),
        taken_back(delivery) if delivery.state == "accepted" and delivery.keys_withdrawn else "",
        delivery.reason if is_judged else "",
        correction(ledger.received, delivery),
        f"处理意见：{decided}" if decided else "",
    )
    counts = (delivery.rows, delivery.rows_accepted, delivery.rows_doubtful, delivery.rows_quarantined)
    rows, accepted, doubted, quarantined = (f"{count:,}" if delivery.rows else "" for count in counts)
    return {
        "received": local(delivery.received_at),
        "feed": feed_title(delivery),
        "file": delivery.file_name,
        "state": state_of(delivery),
        "rows": rows,
        "accepted": accepted if is_judged else "",
        "doubtful": doubted if is_judged else "",
        "quarantined": quarantined if is_judged else "",
        "remarks": " ".join(filter(None, remarks)),
        "receipt": page if is_judged else "",
        "rejected": rejected if is_judged and delivery.rows_quarantined else "",
        "is_superseded": not ledger.is_newest(delivery),
    }
