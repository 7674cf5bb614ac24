"""The risk model that peers score by, frozen: what bench/contracts/risk/market_firm.yaml says, as Python."""

from __future__ import annotations

from dataclasses import dataclass, field

MODEL, VERSION = "market_firm", "2026.1"
# The least score of each grade in hundredths, from the lowest up; below is blue.
GRADES = {"yellow": 800, "orange": 2500, "red": 4500}
GRADE_NAMES = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}


@dataclass(frozen=True)
class Events:
    """Rows of a base table about the object, counted, or a column of theirs summed."""

    table: str
    date: str
    where: dict[str, tuple[bool | str, ...]] = field(default_factory=dict)
    column: str | None = None


@dataclass(frozen=True)
class DaysSince:
    """Days between a date of the profile and the day of scoring."""

    column: str


@dataclass(frozen=True)
class State:
    """A coded column of the profile; each value has its share of the weight, in hundredths."""

    column: str
    codes: str
    shares: dict[str, int]


@dataclass(frozen=True)
class Flagged:
    """Whether conforming doubted a column of the object's registration, in words that hold `says`."""

    column: str
    says: str


@dataclass(frozen=True)
class Indicator:
    """One thing that adds points, and the words it says so with; shares are in hundredths."""

    name: str
    label: str
    weight: int
    measure: Events | DaysSince | State | Flagged
    reason: str
    reason_missing: str | None = None
    window_days: int = 0
    decay: dict[int, int] = field(default_factory=dict)
    full_at: int | None = None
    bands: dict[int, int] = field(default_factory=dict)
    missing: int = 0


CHECKS = Events("check_action", "check_date", {"is_problem": (True,)})
PUNISHMENTS = Events("punish_action", "punish_date")
HEAVY = Events("punish_action", "punish_date", {"punish_kind": ("04", "05", "06")})
FINES = Events("punish_action", "punish_date", column="fine_cny")
COMPLAINTS = Events("complaint", "received_date", {"complaint_kind": ("1", "2", "6")})
ACCEPTED = Events("complaint", "received_date", {**COMPLAINTS.where, "is_accepted": ("1",)})
INDICATORS = (
    Indicator(
        "problem_checks", "检查发现问题", 24, CHECKS, "近一年检查发现问题{value}次",
        window_days=365, decay={180: 60}, full_at=2,
    ),
    Indicator(
        "unchecked_days", "长期未检查", 6, DaysSince("last_check_date"), "距最近一次检查已{value}日",
        reason_missing="尚无检查记录", bands={365: 50, 730: 100}, missing=50,
    ),
    Indicator(
        "punishments", "行政处罚", 18, PUNISHMENTS, "近三年受到行政处罚{value}次",
        window_days=1095, decay={365: 60, 730: 30}, full_at=2,
    ),
    Indicator(
        "heavy_punishments", "重大行政处罚", 6, HEAVY, "近三年受到停产停业、暂扣吊销许可等重大处罚{value}次",
        window_days=1095, decay={730: 50}, full_at=1,
    ),
    Indicator(
        "fine_cny", "罚款金额", 8, FINES, "近三年罚款合计{value}元",
        window_days=1095, bands={5_000: 20, 20_000: 50, 100_000: 80, 500_000: 100},
    ),
    Indicator(
        "complaints", "投诉举报", 20, COMPLAINTS, "近半年被投诉举报{value}件",
        window_days=180, decay={90: 60}, full_at=5,
    ),
    Indicator(
        "accepted_complaints", "已受理投诉举报", 8, ACCEPTED, "近一年被受理的投诉举报{value}件",
        window_days=365, full_at=4,
    ),
    Indicator(
        "registration_state", "登记状态异常", 7,
        State("registration_state", "registration_state", {"2": 100, "4": 50, "9": 25}), "登记状态为“{value}”",
    ),
    Indicator(
        "doubtful_code", "统一社会信用代码存疑", 3, Flagged("uscc", "校验码不符"), "统一社会信用代码校验码不符",
    ),
)  # fmt: skip
