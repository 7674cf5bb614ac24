"""What a receipt tells of rows: whole rows come back in cells, unseen signs are seen, keys told twice are named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from schemas import contract as reader
from schemas.contract import contracts, feeds
from spark_jobs import pipeline
from spark_jobs.judging import decide
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import read_ledger
from spark_jobs.lake.text_mark import LOOSE_CELLS
from spark_jobs.receipts import index_path
from spark_jobs.receipts.advising import advice
from spark_jobs.receipts.loose import loose_cells
from spark_jobs.receipts.signs import shown_value
from tests.drops import FIRMS, GOOD, HEADINGS, OTHER, drop, receipt, table

PLACE = "scjg/enterprise"


def landed(home: Home, name: str, text: str) -> dict[str, object]:
    drop(home, name, text)
    pipeline.land(home)
    pipeline.conform(home)
    return receipt(home, name)


def returned(home: Home, name: str) -> list[dict[str, str]]:
    raw = (home.receipts / PLACE / f"{name}.rejected.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(raw)))


def as_csv(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


# -- nothing accepted --------------------------------------------------------------------------------------------------


def test_a_delivery_of_which_nothing_was_accepted_waits_for_somebody(home: Home) -> None:
    bad = table(*(row.replace("201", "202") + ",多" for row in FIRMS))
    told = landed(home, "a.csv", bad)
    assert told["状态"] == "全部退回"
    assert str(told["说明"]).startswith("共 5 行，全部退回，没有入库。")
    page = index_path(home, "scjg").read_text("utf-8")
    assert "需要处理：1 份文件未入库" in page
    assert "没有一行通过核验" in page
    assert "先看“问题汇总”" in (home.receipts / PLACE / "a.csv.receipt.html").read_text("utf-8")
    landed(home, "a.csv", table(*FIRMS))
    assert "没有需要处理的文件" in index_path(home, "scjg").read_text("utf-8")


# -- whole rows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("separator", [",", "\t", ";", "|"])
def test_whole_rows_come_back_in_cells_by_the_files_own_separator(home: Home, separator: str) -> None:
    rows = [GOOD, f"{OTHER},多一格", "91420100MA4K00010R,少一格"]
    told = landed(home, "a.csv", table(*rows).replace(",", separator))
    assert told["退回行数"] == 2
    back = returned(home, "a.csv")
    assert [[row[cell].lstrip("'") for cell in LOOSE_CELLS[:4]] for row in back] == [
        [*OTHER.split(","), "多一格"],
        ["91420100MA4K00010R", "少一格", "", ""],
    ]
    # Sent again as they are they are turned away again, for nobody knows which cell is which.
    assert landed(home, "b.csv", as_csv(back))["接收行数"] == 0
    # Mended: each cell under its heading. What is left over stands where it may stay.
    for row, mended in zip(back, (OTHER, FIRMS[2]), strict=True):
        row |= dict(zip(HEADINGS.split(","), mended.split(","), strict=True))
    assert str(landed(home, "c.csv", as_csv(back))["说明"]).startswith("全部 2 行已接收。")


def test_a_row_that_cannot_be_split_stays_in_one_cell() -> None:
    assert loose_cells('{"企业名称": "甲,乙"', 4) == ['{"企业名称": "甲,乙"']
    assert loose_cells("没有分隔符", 4) == ["没有分隔符"]
    assert loose_cells('甲,"乙,丙",丁', 3) == ["甲", "乙,丙", "丁"]
    assert loose_cells("甲|乙,丙|丁", 3) == ["甲", "乙,丙", "丁"]
    assert loose_cells(",".join(map(str, range(99))), 3)[-1].startswith("59,60")


def test_a_row_too_long_to_be_kept_is_mended_in_its_file(home: Home) -> None:
    landed(home, "a.csv", table(GOOD, f"{OTHER},{'长' * 2000}"))
    assert "请在原文件中更正" in returned(home, "a.csv")[0]["退回原因"]


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (" 2016-13-01  ", "␣2016-13-01␣␣"),
        ("2016\u200b-13", "2016⟨U+200B⟩-13"),
        ("\ufeff甲\u00a0", "⟨U+FEFF⟩甲⟨U+00A0⟩"),
        ("张\ue863", "张⟨U+E863⟩"),
        ("甲\t乙", "甲⟨U+0009⟩乙"),
        ("甲 乙\u3000丙", "甲 乙\u3000丙"),
        ("\u3000", "␣"),
    ],
)
def test_signs_that_nobody_sees_are_seen_in_reasons(cell: str, shown: str) -> None:
    assert shown_value(cell) == shown


def test_receipt_and_rejected_rows_quote_values_with_their_unseen_signs(home: Home) -> None:
    told = landed(home, "a.csv", table(GOOD, OTHER.replace("2018-05-01", "2018-05\u200b-41 ")))
    assert told["问题示例"] == [{"行": 3, "列": "注册日期", "问题": "不是有效日期", "值": "2018-05⟨U+200B⟩-41␣"}]
    [row] = returned(home, "a.csv")
    assert row["退回原因"] == "注册日期：不是有效日期（2018-05⟨U+200B⟩-41␣）"
    assert row["注册日期"].lstrip("'") == "2018-05\u200b-41 "


# -- keys told twice ---------------------------------------------------------------------------------------------------


def test_keys_told_twice_are_named_with_their_lines(home: Home) -> None:
    told = landed(home, "a.csv", table(GOOD, OTHER, GOOD.replace("03-01", "03-02"), *FIRMS[2:], *[OTHER] * 11))
    assert told["状态"] == "已接收"
    assert told["主键重复行数"] == 12
    assert told["重复主键"] == [
        {"主键": "统一社会信用代码 91420100MA4K00010R", "行": [2, 4], "行数": 2, "留用行": 4},
        {"主键": "统一社会信用代码 92420502MA4L0TE52G", "行": [3, *range(8, 17)], "行数": 12, "留用行": 18},
    ]
    page = (home.receipts / PLACE / "a.csv.receipt.html").read_text("utf-8")
    assert "<h2>重复主键</h2>" in page
    assert "请对照“重复主键”核对" in page
    assert "2、4" in page
    assert "等 12 行" in page
    assert landed(home, "b.csv", table(*FIRMS))["重复主键"] == []


def test_only_the_first_twenty_keys_are_named(home: Home) -> None:
    rows = [f"样本{number},样本局,{17000000000 + number},420100" for number in range(30)]
    drop(home, "a.csv", table(*rows, *rows, headings="姓名,所属主体,执法证号,行政区划"), "scjg/officer")
    pipeline.land(home)
    pipeline.conform(home)
    told = receipt(home, "a.csv", "scjg/officer")
    assert told["主键重复行数"] == 30
    assert [key["行"] for key in told["重复主键"]] == [[line, line + 30] for line in range(2, 22)]  # type: ignore[attr-defined]


def test_they_are_held_where_the_contract_says_so(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (reader.SCHEMAS / "feeds" / "scjg" / "enterprise.yaml").read_text("utf-8")
    path = tmp_path / "schemas" / "feeds" / "scjg" / "enterprise.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("expect:\n", "expect:\n  duplicate_keys: {max: 0, on: fail}\n"), "utf-8")
    monkeypatch.setenv("LAKEWARDEN_SCHEMAS", str(tmp_path / "schemas"))
    contracts.cache_clear()
    try:
        told = landed(home, "a.csv", table(GOOD, *FIRMS))
        assert told["状态"] == "暂缓入库"
        assert "主键重复行数为 1，高于约定的 0，整批暂缓入库" in str(told["说明"])
        assert told["重复主键"] == [
            {"主键": "统一社会信用代码 91420100MA4K00010R", "行": [2, 3], "行数": 2, "留用行": 3}
        ]
        decide.release(home, "a.csv", "样本", "两行相同，核实")
        assert [one.state for one in read_ledger(home)] == ["accepted"]
    finally:
        monkeypatch.delenv("LAKEWARDEN_SCHEMAS")
        contracts.cache_clear()


# -- advice ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("正常经营", "不在代码表中，"),
        ("存续（在营、开业）在册", "不在代码表中，"),
    ],
)
def test_a_value_that_no_list_knows_is_answered_with_what_may_be_meant(home: Home, state: str, told: str) -> None:
    rows = [f"{row},{state}" for row in FIRMS]
    landed(home, "a.csv", table(*rows, headings=f"{HEADINGS},登记状态"))
    [first, *_] = receipt(home, "a.csv")["问题示例"]  # type: ignore[misc]
    assert first["问题"].startswith(told)
    assert "登记状态：不在代码表中，" in returned(home, "a.csv")[0]["退回原因"]
    page = (home.receipts / PLACE / "a.csv.receipt.html").read_text("utf-8")
    assert '<a href="../templates/enterprise.html">这个数据集怎么填' in page
    assert (home.receipts / "scjg" / "templates" / "enterprise.html").exists()


@pytest.mark.parametrize(
    ("codes", "value", "told"),
    [
        ("punish_kind", "罚金", None),
        ("region", "武昌去", "，是否就是“武昌区”？"),
        ("region", "火星", "，可填内容见“填报说明”"),
        ("yes_no", "大概", "，可填：否、是"),
        ("registration_state", "吊消", "，是否就是“吊销未注销”？"),
    ],
)
def test_advice_is_likely_or_tells_what_is_allowed(codes: str, value: str, told: str | None) -> None:
    column = next(one for feed in feeds().values() for one in feed.columns if one.codes == codes)
    contract = next(feed for feed in feeds().values() if column in feed.columns)
    said = advice(contract, column.name, "不在代码表中", value)
    assert said.startswith(told or "，")
    assert advice(contract, column.name, "缺少必填内容", value) == ""


# -- rows that wait ----------------------------------------------------------------------------------------------------


def needing_action(home: Home) -> str:
    page = index_path(home, "scjg").read_text("utf-8")
    return page.split("报送明细" if "报送明细" in page else "全部报送")[0]


BAD = [row.replace("-0", "-4", 1) for row in FIRMS[:2]]


def test_returned_rows_need_action_until_they_are_sent_again(home: Home) -> None:
    landed(home, "a.csv", table(*FIRMS[2:], *BAD))
    assert "需要处理：1 份文件有退回行待更正" in needing_action(home)
    assert "5 行中退回 2 行" in needing_action(home)
    back = returned(home, "a.csv")
    landed(home, "half.csv", as_csv([{**back[0], "注册日期": "2016-03-01"}]))
    assert "需要处理：1 份文件有退回行待更正" in needing_action(home)
    landed(home, "rest.csv", as_csv([{**back[1], "注册日期": "2016-03-01"}]))
    assert "没有需要处理的文件" in needing_action(home)


def test_rows_that_are_returned_again_wait_with_the_file_that_they_came_in(home: Home) -> None:
    landed(home, "a.csv", table(*FIRMS[2:], *BAD))
    landed(home, "b.csv", as_csv([{**row, "注册日期": "x"} for row in returned(home, "a.csv")]))
    assert "需要处理：1 份文件未入库" in needing_action(home)
    assert "b.csv" in needing_action(home)
    assert "a.csv" not in needing_action(home)


def test_the_same_name_and_a_new_full_list_take_their_place(home: Home) -> None:
    landed(home, "a.csv", table(*FIRMS[2:], *BAD))
    landed(home, "other.csv", table(*FIRMS))
    assert "1 份文件有退回行待更正" in needing_action(home)
    landed(home, "a.csv", table(*FIRMS, ""))
    assert "没有需要处理的文件" in needing_action(home)


def test_what_the_first_delivery_is_told_is_what_its_page_says(home: Home) -> None:
    page = (Path(__file__).parent.parent / "docs" / "first-delivery.md").read_text("utf-8")
    told = landed(home, "a.csv", table(GOOD, OTHER.replace("2018-05-01", "2018-13-01")))
    assert f"> {str(told['说明']).split('；')[0]}\n" in page
    [example] = told["问题示例"]  # type: ignore[misc]
    assert f"> 行 {example['行']}　{example['列']}　{example['问题']}　{example['值']}\n" in page
