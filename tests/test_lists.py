"""Full lists in one file or in several: taken as whole only where they prove it, else held until somebody decides."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest

from schemas.contract import feeds, read_contract
from schemas.contract.lint.feeds import only_lists_withdraw
from spark_jobs import pipeline
from spark_jobs.judging import decide
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, read_ledger
from spark_jobs.lake.tables import read
from spark_jobs.landing.parts import gaps, lists, named
from spark_jobs.receipts import index_path
from tests.drops import drop, receipt, table

pytestmark = pytest.mark.usefixtures("six_feeds")

PLACE = "scjg/officer"
HEADINGS = "姓名,所属主体,执法证号,证件有效期,行政区划"


def officers(*numbers: int, valid: str = "2028-12-31") -> str:
    rows = [f"样本{number},样本市市场监督管理局,{17000000000 + number},{valid},420100" for number in numbers]
    return table(*rows, headings=HEADINGS)


def packed(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def landed(home: Home, **files: str | bytes) -> None:
    """Drops the files and lets one run settle them."""
    for name, content in files.items():
        drop(home, name, content, PLACE)
    pipeline.land(home)
    pipeline.conform(home)


def states(home: Home) -> dict[str, str]:
    return {one.file_name: one.state for one in read_ledger(home)}


def known(home: Home, name: str) -> Delivery:
    return next(one for one in read_ledger(home) if one.file_name == name)


def standing(home: Home) -> set[int]:
    """Whom base lists, by the number of the licence."""
    pipeline.base(home)
    rows = read(home.table("base", "enforcement_officer"), ["certificate_no", "withdrawn_at"]).to_pylist()
    return {int(row["certificate_no"]) - 17000000000 for row in rows if row["withdrawn_at"] is None}


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        ("officers_1.csv", "officers_2.csv.gz", "officers-3.csv"),
        ("执法人员1.csv", "执法人员（2）.xlsx", "执法人员第三部分.csv", "执法人员(四).csv"),
        ("officers-2026Q4_1.csv", "officers-2026Q4_2.csv"),
        ("officers part 1.csv", "officers part 2.csv"),
        ("执法人员-武汉市.csv", "执法人员-宜昌.csv", "执法人员-429004.csv"),
        ("officers.zip!a.csv", "officers.zip!b/c.xlsx"),
        ("officers_1.zip!a.csv", "officers_2.zip!b.csv"),
        ("officers 1of3.csv", "officers 2of3.csv"),
        ("执法人员（1／2）.csv", "执法人员（2／2）.csv"),
        ("执法人员_01_共2份.csv", "执法人员_02_共2份.csv"),
        ("执法人员（第1份，共2份）.csv", "执法人员（第2份，共2份）.csv"),
        ("officers_1-3.csv", "officers_2-3.csv", "officers_3-3.csv"),
        ("第1部分 执法人员.csv", "第2部分 执法人员.csv"),
        ("第一部分执法人员.csv", "第二部分执法人员.csv"),
        ("1_执法人员.csv", "2_执法人员.csv"),
    ],
)
def test_these_are_parts_of_one_list(parts: Sequence[str]) -> None:
    assert lists(parts, "!") == dict.fromkeys(parts, tuple(parts))


@pytest.mark.parametrize(
    "editions",
    [
        ("officers-20260930.csv", "officers-20261031.csv"),
        ("officers-2026-09.csv", "officers-2026-10.csv"),
        ("officers_2026_9.csv", "officers_2026_10.csv"),
        ("officers-2026Q3.csv", "officers-2026Q4.csv"),
        ("执法人员9月.csv", "执法人员10月.csv"),
        ("officers.csv", "officers (1).csv"),
        ("officers-v1.csv", "officers-v2.csv"),
        ("officers-202609_1.csv", "officers-202610_1.csv"),
        ("officers.zip!202609.csv", "officers.zip!202610.csv"),
        ("officers.csv", "members.csv"),
        ("officers-10-01.csv", "officers-10-15.csv"),
        ("1_officers.csv", "2_members.csv"),
        ("10-01执法人员.csv", "10-15执法人员.csv"),
    ],
)
def test_these_are_lists_of_their_own(editions: Sequence[str]) -> None:
    assert lists(editions, "!") == {}


def test_a_missing_number_is_missed() -> None:
    assert gaps(["officers_1.csv", "officers_2.csv", "officers_4.csv"], "!") == 1
    assert gaps(["officers_2.csv", "officers_3.csv"], "!") == 1
    assert gaps(["officers_0.csv", "officers_1.csv"], "!") == 0
    assert gaps(["a.zip!武汉.csv", "a.zip!宜昌.csv"], "!") == 0
    assert gaps(["officers 1of3.csv", "officers 2of3.csv"], "!") == gaps(["名单_02_共2份.csv"], "!") == 1
    assert lists(["officers 1of3.csv"], "!") == {"officers 1of3.csv": ("officers 1of3.csv",)}
    assert named("officers_12.csv").number == named("officers（十二）.csv").number == 12


# -- parts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["archive", "series", "places"])
def test_parts_delivered_at_once_are_one_list(home: Home, way: str) -> None:
    names = {"archive": ("a.csv", "b.csv", "c.csv"), "series": ("o_1.csv", "o_2.csv", "o_3.csv")}
    files = dict(
        zip(
            names.get(way, ("武汉.csv", "宜昌.csv", "襄阳.csv")),
            (officers(1, 2), officers(3, 4), officers(5, 6)),
            strict=True,
        )
    )
    landed(home, **({"o.zip": packed(**files)} if way == "archive" else files))
    assert set(states(home).values()) <= {"accepted", "unpacked"}
    assert standing(home) == {1, 2, 3, 4, 5, 6}
    # The next list, in parts again: one left out, one new, a part that is as it was.
    files = {
        f"第二批-{name}": text
        for name, text in zip(files, (officers(1, 2), officers(3, 4, 7), officers(5)), strict=True)
    }
    landed(home, **({"n.zip": packed(**files)} if way == "archive" else files))
    told = [one for one in read_ledger(home) if one.keys_standing == 6]
    assert {(one.state, one.keys_withdrawn) for one in told} == {("accepted", 1)}
    assert standing(home) == {1, 2, 3, 4, 5, 7}
    if way != "archive":
        return
    grown = read(home.table("base", "enforcement_officer")).sort_by("certificate_no").to_pylist()
    pipeline.rebuild(home)
    assert read(home.table("base", "enforcement_officer")).sort_by("certificate_no").to_pylist() == grown


def test_the_receipt_says_how_many_a_list_withdraws(home: Home) -> None:
    landed(home, **{"a.csv": officers(*range(10))})
    assert receipt(home, "a.csv", PLACE)["说明"] == "全部 10 行已接收。撤下 0 条（此前在册 0 条）。"
    landed(home, **{"b.csv": officers(*range(1, 11))})
    assert receipt(home, "b.csv", PLACE)["说明"] == "全部 10 行已接收。撤下 1 条（此前在册 10 条）。"
    assert receipt(home, "b.csv", PLACE)["撤下条数"] == 1
    assert "撤下 1 条（此前在册 10 条）。" in index_path(home, "scjg").read_text("utf-8")
    landed(home, **{"c_1.csv": officers(*range(1, 6)), "c_2.csv": officers(*range(6, 11))})
    assert "与同批另 1 份合为一份清单，撤下 0 条" in str(receipt(home, "c_1.csv", PLACE)["说明"])


def test_parts_of_two_runs_are_held_until_they_come_together(home: Home) -> None:
    landed(home, **{"o_1.csv": officers(1, 2, 3)})
    landed(home, **{"o_2.csv": officers(4, 5, 6)})
    told = receipt(home, "o_2.csv", PLACE)
    assert told["状态"] == "暂缓入库"
    assert told["说明"] == "清单缺少此前在册 3 条中的 3 条（100%，约定不超过 20%），入库会将其撤下，整批暂缓入库。"
    page = (home.receipts / PLACE / "o_2.csv.receipt.html").read_text("utf-8")
    assert "打成一个压缩包" in page
    assert standing(home) == {1, 2, 3}
    # The same contents again, as the receipt asks: they count once, and now as one list.
    landed(home, **{"o.zip": packed(**{"o_1.csv": officers(1, 2, 3), "o_2.csv": officers(4, 5, 6)})})
    assert known(home, "o_2.csv").state == "accepted"
    assert known(home, "o_2.csv").keys_withdrawn == 0
    assert standing(home) == {1, 2, 3, 4, 5, 6}


def test_a_list_with_a_part_that_cannot_be_read_is_held_whole(home: Home) -> None:
    landed(home, **{"全.csv": officers(*range(12))})
    parts = {f"{number}.csv": officers(*range(number, 12, 12)) for number in range(1, 12)}
    landed(home, **{"分.zip": packed(**parts, **{"0.csv": "不是表头\n1\n"})})
    told = {one.reason for one in read_ledger(home) if one.state == "held"}
    assert told == {"清单分 12 份，其中 1 份缺号或不能读取，整批暂缓入库。"}
    assert standing(home) == {*range(12)}
    # Whoever knows better releases the list, not a file of it.
    held = next(one for one in read_ledger(home) if one.state == "held")
    decide.release(home, held.delivery[:12], "样本", "零号已注销，电话核实")
    assert sum(one.state == "held" for one in read_ledger(home)) == 0
    assert standing(home) == {*range(1, 12)}


def test_a_missing_number_holds_the_list(home: Home) -> None:
    landed(home, **{"o_1.csv": officers(1, 2, 3), "o_3.csv": officers(7, 8, 9)})
    assert states(home) == {"o_1.csv": "held", "o_3.csv": "held"}


# -- lists -------------------------------------------------------------------------------------------------------------


def test_the_first_deliveries_are_held_like_any_other(home: Home) -> None:
    landed(home, **{"a.csv": officers(*range(10))})
    landed(home, **{"b.csv": officers(*range(8))})  # a fifth: as much as the contract allows
    assert states(home)["b.csv"] == "accepted"
    landed(home, **{"c.csv": officers(*range(6))})
    assert states(home)["c.csv"] == "held"
    # Compared with what was accepted, not with what was held.
    landed(home, **{"d.csv": officers(*range(5))})
    assert known(home, "d.csv").keys_standing == 8
    decide.release(home, "c.csv", "样本", "人员已调离，核实")
    landed(home, **{"e.csv": officers(*range(6), valid="2029-12-31")})
    assert (known(home, "e.csv").state, known(home, "e.csv").keys_withdrawn) == ("accepted", 0)
    assert standing(home) == {*range(6)}


def test_lists_of_one_run_are_compared_one_after_the_other(home: Home) -> None:
    landed(
        home, **{"o-202609.csv": officers(*range(10)), "o-202610.csv": officers(3), "o-202611.csv": officers(*range(9))}
    )
    assert states(home) == {"o-202609.csv": "accepted", "o-202610.csv": "held", "o-202611.csv": "accepted"}
    assert known(home, "o-202611.csv").keys_withdrawn == 1


def test_a_department_withdraws_only_what_it_listed_itself(home: Home) -> None:
    drop(home, "a.csv", officers(*range(10)), "yjj/officer")
    landed(home, **{"a.csv": officers(3)})
    assert {one.state for one in read_ledger(home)} == {"accepted"}


def test_a_row_that_was_turned_away_mentions_its_key(home: Home) -> None:
    landed(home, **{"a.csv": officers(*range(10))})
    spoiled = (
        officers(*range(6), valid="2028-02-30")
        .replace("17000000000", "１７０００００００００")
        .replace("420100", "999999")
    )
    unsplit = "\n".join(
        f"样本{number},样本局,{17000000000 + number},2028-12-31,420100,多一格" for number in range(6, 10)
    )
    landed(home, **{"b.csv": f"{spoiled}{unsplit}\n"})
    assert known(home, "b.csv").rows_accepted == 0
    assert (known(home, "b.csv").keys_standing, known(home, "b.csv").keys_withdrawn) == (10, 0)
    # What stands after a list whose rows were all turned away is what stood before it.
    landed(home, **{"c.csv": officers(1, 2)})
    assert (known(home, "c.csv").state, known(home, "c.csv").keys_standing) == ("held", 10)


def test_rejected_rows_of_a_list_that_come_back_alone_are_no_list(home: Home) -> None:
    landed(home, **{"a.csv": officers(*range(10)).replace("17000000003,2028-12-31", "17000000003,2028-13-31")})
    back = (home.receipts / PLACE / "a.csv.rejected.csv").read_bytes().decode("utf-8-sig")
    landed(home, **{"b.csv": back.replace("2028-13-31", "2028-12-31")})
    assert states(home)["b.csv"] == "held"


def test_what_was_accepted_is_not_held_when_its_rejected_rows_are_judged_again(home: Home) -> None:
    landed(home, **{"a.csv": officers(*range(10))})
    landed(home, **{"b.csv": officers(*range(9)) + "样本,,17000000099,2028-12-31,420100\n"})
    pipeline.replay("officer")(home)
    pipeline.conform(home)
    assert (known(home, "b.csv").state, known(home, "b.csv").keys_withdrawn) == ("accepted", 1)


def test_a_change_feed_withdraws_nothing_by_what_it_leaves_out(home: Home) -> None:
    contract = feeds()["check_action"]
    expect = contract.expect.model_validate({"withdrawn": {"max": 0.5}})
    assert [*only_lists_withdraw(contract.model_copy(update={"expect": expect}))] == [
        "expect.withdrawn: belongs to mode: full"
    ]
    assert read_contract(feeds()["officer"].file).expect.withdrawn.max == 0.2
