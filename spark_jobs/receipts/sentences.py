"""A delivery flows in; what its department reads of it flows out, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.contract import departments, feeds
from spark_jobs.lake.home import LOCAL
from spark_jobs.lake.ledger import Delivery
from spark_jobs.lake.text_mark import REJECTED_NOTES

# Excel's rows, less the heading.
SHEET_ROWS = (1 << 20) - 1


class State(NamedTuple):
    """What a department reads of a state; `tone` is its colour."""

    word: str
    tone: str
    meaning: str
    action: str


LIST_AGAIN = (
    "清单不全的，请补齐后重新报送；分成几份的，请把各份（包括没有改动的）打成一个压缩包报送。"
    "确实应当撤下的，请告知平台管理人员，核实后放行。"
)
ALL_AGAIN = (
    "全部行都退回，多半是同一个原因：先看“问题汇总”。请在原文件中更正，用原文件名重新报送；"
    "也可以在退回明细中更正，另存后报送。"
)
TWICE = "主键重复的，请对照“重复主键”核对：重复登记的无需处理，编号写错的更正后重新报送。"
AGAIN = "改好后重新报送（可以用原文件名）。"
DOUBTFUL = "存疑的行已入库：请对照“存疑示例”核对，属实的无需处理，有误的更正后重新报送。"
JUDGING = State("处理中", "busy", "文件已收到，正在逐行核验。", "请稍后再看本页。")
STATES = {
    "accepted": State("已接收", "good", "已入库；个别行可能退回。", "有退回行时，按退回明细更正后重新报送。"),
    "held": State(
        "暂缓入库",
        "wait",
        "文件可读，但整份数据与约定或以往差别过大，尚未入库。",
        "看“说明”。数据有误的，补齐或更正后重新报送；数据无误的，请告知平台管理人员，核实后放行。",
    ),
    "refused": State("已退回", "bad", "文件无法读取、表头不符或目录不对，没有入库。", f"看“说明”，{AGAIN}"),
    "rejected": State("不予入库", "bad", "暂缓入库后经核实，决定不入库。", f"看“处理意见”，{AGAIN}"),
    "duplicate": State("重复报送", "idle", "内容与以前的文件完全相同，不重复入库。", "无需处理。"),
    "unpacked": State("已拆分", "idle", "压缩包已拆开，包内每个文件各有回执。", "看包内各文件的回执。"),
    "nil": State("零报告", "good", "文件说明本期没有数据，已登记，没有入库的行。", "无需处理。"),
    "landed": JUDGING,
    "replay_all": JUDGING,
    "replay_quarantined": JUDGING,
}


# Of an accepted delivery none of whose rows was: nobody may take it for done.
NOTHING_IN = State("全部退回", "bad", "文件可读，但没有一行通过核验，没有入库。", f"看退回明细或“问题汇总”，{AGAIN}")


def state_of(delivery: Delivery) -> State:
    """What the department reads of the delivery's state."""
    return NOTHING_IN if is_all_rejected(delivery) else STATES[delivery.state]


def is_all_rejected(delivery: Delivery) -> bool:
    """Whether it was accepted as a delivery, and none of its rows were."""
    return delivery.state == "accepted" and delivery.rows_quarantined > 0 and not delivery.rows_accepted


def department_title(name: str) -> str:
    """The department's full name; what nobody registered is called as its folder."""
    return department.title if (department := departments().get(name)) else name or "未登记的部门"


def feed_title(delivery: Delivery) -> str:
    """The feed's name; what nobody promised is called as its folder."""
    return contract.title if (contract := feeds().get(delivery.feed)) else delivery.folder or "（目录之外）"


def local(moment: datetime) -> str:
    """The moment as clocks in China show it."""
    return moment.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")


def _is_full(delivery: Delivery) -> bool:
    contract = feeds().get(delivery.feed)
    return bool(contract and contract.delivery and contract.delivery.mode == "full")


def outcome(delivery: Delivery) -> str:
    """What became of the delivery, in a sentence or two."""
    if delivery.state != "accepted":
        return delivery.reason
    doubt = f"其中 {delivery.rows_doubtful} 行存疑" if delivery.rows_doubtful else ""
    if is_all_rejected(delivery):
        summary = f"共 {delivery.rows} 行，全部退回，没有入库。"
    elif not delivery.rows_quarantined:
        summary = f"全部 {delivery.rows_accepted} 行已接收{f'，{doubt}' if doubt else ''}。"
    else:
        accepted = f"接收 {delivery.rows_accepted} 行{f'（{doubt}）' if doubt else ''}"
        summary = f"共 {delivery.rows} 行，{accepted}，退回 {delivery.rows_quarantined} 行。"
    return f"{summary}{taken_back(delivery)}{delivery.reason}"


def taken_back(delivery: Delivery) -> str:
    """What a full list withdraws, also where that is nothing."""
    if delivery.keys_withdrawn is None:
        return ""
    together = f"与同批另 {len(delivery.parts) - 1} 份合为一份清单，" if delivery.parts else ""
    return f"{together}撤下 {delivery.keys_withdrawn} 条（此前在册 {delivery.keys_standing} 条）。"


def next_step(delivery: Delivery) -> str:
    """What the department does now."""
    if delivery.state == "held" and (delivery.keys_withdrawn or delivery.parts):
        return LIST_AGAIN
    if delivery.state != "accepted":
        return STATES[delivery.state].action
    if is_all_rejected(delivery):
        return ALL_AGAIN
    step = _next_step_with_rejected(delivery) if delivery.rows_quarantined else ""
    if delivery.duplicate_keys:
        step += TWICE
    return step + (DOUBTFUL if delivery.rows_doubtful else "") or "无需处理。"


def _next_step_with_rejected(delivery: Delivery) -> str:
    if _is_full(delivery):
        step = "这个数据集每次报送全量：请按退回明细在原数据中更正，再重新报送完整的文件。"
    else:
        step = (
            "请直接在退回明细中更正，存为新文件（CSV 或 Excel）报送到同一目录：已接收的行不必再报，"
            f"“{'”“'.join(REJECTED_NOTES)}”两列和格子前的单引号（'）可以保留，平台会略过。"
        )
    if delivery.rows_quarantined > SHEET_ROWS:
        step += f"退回行超过 {SHEET_ROWS} 行，表格软件显示不全。"
    return step


def correction(received: Mapping[str, datetime], delivery: Delivery) -> str | None:
    """Which earlier delivery this one takes the place of; `received` has the times of receipt."""
    if not delivery.corrects:
        return None
    earlier = received.get(delivery.corrects)
    when = f" {local(earlier)} " if earlier else ""
    if _is_full(delivery):
        return f"更正：以本次全量数据替代此前{when}报送的同名文件。"
    return f"更正：按主键替代此前{when}报送的同名文件。"


def decision(delivery: Delivery) -> str | None:
    """Who decided what about a held delivery, and why."""
    if not delivery.decided_by:
        return None
    when = f"{local(delivery.decided_at)} " if delivery.decided_at else ""
    return f"{when}{delivery.decided_by}：{delivery.decided_why}"
