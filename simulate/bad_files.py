"""A period flows in; a few files that nobody can take, and the truth that they will be refused, flow out."""

from __future__ import annotations

from pathlib import Path

from simulate.files import Truth
from simulate.firms import Period

STRANGE_HEADING = "编号,店名,检查情况,得分\n1,汉口某店,良好,95\n"
BROKEN_WORKBOOK = b"PK\x03\x04" + bytes(range(256)) * 8
UNKNOWN_DEPARTMENT = "swjz"


def write_bad_files(out: Path, period: Period) -> list[Truth]:
    """An empty file, a heading nobody promised, a department nobody knows, a workbook that does not open."""
    day = str(period.last).replace("-", "")
    bad = (
        ("scjg", "complaint", f"投诉举报_{day}_补报.csv", "empty_file", b""),
        ("yjgl", "check_action", f"检查台账_{day}.csv", "strange_heading", STRANGE_HEADING.encode("gb18030")),
        (
            UNKNOWN_DEPARTMENT,
            "check_action",
            f"行政检查_{day}.csv",
            "unknown_department",
            STRANGE_HEADING.encode(),
        ),
        ("yjj", "punish_action", f"行政处罚_{day}_新.xlsx", "unreadable", BROKEN_WORKBOOK),
    )
    for department, feed, file, _, content in bad:
        path = out / department / feed / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [Truth(department, feed, file, None, "", kind, "refused", "") for department, feed, file, kind, _ in bad]
