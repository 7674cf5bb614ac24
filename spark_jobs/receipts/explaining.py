"""A department and its feed flow in; the page that explains how the feed is filled flows out, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.contract import FeedContract, code_list, departments
from spark_jobs.receipts.filling import Filling, fillings
from spark_jobs.receipts.render import render

MODES = {"full": "全量（每份文件都是完整名单）", "change": "变更（只送新增和修改的行）"}
# Codes that are shown in the table itself; longer lists stand below it.
FEW = 8


def explained(contract: FeedContract, department: str) -> str:
    """The page as HTML."""
    columns = fillings(contract)
    delivery = contract.delivery
    assert delivery
    lists = {filling.column.codes: filling for filling in columns if filling.column.codes}
    return render(
        "feed.html",
        title=contract.title,
        department=departments()[department].title,
        folder=f"landing/{department}/{contract.folder}/",
        cadence=dict(_codes("cadence"))[delivery.cadence],
        mode=MODES[delivery.mode],
        template=f"{contract.folder}.xlsx",
        keys=[filling.heading for filling in columns if filling.column.name in contract.key],
        key_rule="" if contract.is_snapshot else "再报同一主键，就是更正这一条。",
        columns=[_column(filling) for filling in columns],
        ignored=contract.ignore,
        lists=[
            {"name": name, "title": filling.heading, "codes": list(_codes(str(name)))}
            for name, filling in lists.items()
            if not _is_short(filling)
        ],
    )


def _column(filling: Filling) -> dict[str, object]:
    column = filling.column
    is_long = bool(column.codes) and not _is_short(filling)
    short = "、".join(f"{code} {label}" for code, label in _codes(column.codes)) if column.codes else ""
    return {
        "headings": [known.heading for known in column.headings],
        "meaning": column.label or "",
        "is_required": filling.is_required,
        "form": filling.form,
        "allowed": short if not is_long else "",
        "list": column.codes if is_long else "",
        "listed": f"见下面的代码表（{len(filling.allowed):,} 项）",
        "example": filling.example,
    }


def _is_short(filling: Filling) -> bool:
    return len(filling.allowed) <= FEW


def _codes(name: str) -> Iterator[tuple[str, str]]:
    """The codes in force, each with its label."""
    for code in code_list(name):
        if not code.valid_to and not code.extra.get("successor"):
            yield code.code, code.label
