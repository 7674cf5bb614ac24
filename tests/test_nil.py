"""Files that say that there is nothing to report."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.contract import FeedContract
from spark_jobs.landing.formats.sheet import Unreadable
from spark_jobs.landing.formats.staging import stage
from tests.files import HEAD, ORIGIN, land, promise, source_of


def change_feed() -> FeedContract:
    """The small contract, of files that say what is new."""
    contract = promise()
    return contract.model_copy(update={"delivery": contract.delivery.model_copy(update={"mode": "change"})})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", f"{HEAD}\n本期无数据\n"),
        ("a.csv", f"{HEAD}\n无,,\n"),
        ("a.csv", f"本月无新增数据\n{HEAD}\n"),
        ("a.csv", "本期无数据\n"),
        ("10月零报告.csv", f"{HEAD}\n"),
        ("10月（无数据）.csv", f"{HEAD}\n,,\n"),
        ("a.json", '{"code": 0, "data": {"total": 0, "list": []}}'),
    ],
)
def test_a_nil_report_is_a_delivery_of_no_rows_that_leaves_no_file(tmp_path: Path, name: str, content: str) -> None:
    source = source_of(tmp_path, name, content.encode(), change_feed())
    assert stage(source, ORIGIN, tmp_path / "bronze.parquet").rows == 0
    assert not (tmp_path / "bronze.parquet").exists()


def test_a_full_list_of_nothing_withdraws_nobody(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="每次报送全量：没有数据行就是撤回全部数据"):
        land(tmp_path, "a.csv", f"{HEAD}\n本期无数据\n")


@pytest.mark.parametrize("content", [f"{HEAD}\n", f"{HEAD}\n无锡样本商贸有限公司\n", f"{HEAD}\n,,\n"])
def test_headings_alone_are_no_nil_report_and_the_way_to_say_so_is_told(tmp_path: Path, content: str) -> None:
    if "无锡" in content:
        assert land(tmp_path, "a.csv", content, change_feed()).faults == {2: "列数与表头不一致"}
        return
    with pytest.raises(Unreadable, match="没有数据行。本期确实没有数据的，请在表头下一行写“本期无数据”"):
        land(tmp_path, "a.csv", content, change_feed())
