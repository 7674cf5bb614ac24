"""What departments really send in their cells, kind by kind: the value that is meant, a doubt, or a reason."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from schemas.contract import Column, FeedContract, feeds
from spark_jobs.judging.cells import Cells
from spark_jobs.judging.garbled import lost_characters
from spark_jobs.judging.judge import Judge, Part
from spark_jobs.lake.codes import code_spellings
from spark_jobs.lake.home import LOCAL
from spark_jobs.lake.regions import division_of_address

RECEIVED = datetime(2026, 11, 26, 2, tzinfo=UTC)
USCC = "91420100MA4K00010R"


def judged(
    feed: str, column: str, cell: str, numbers: str | None = None, **others: str
) -> tuple[Any, list[str], list[str]]:
    """The typed value of one cell of an otherwise usual row, with the flags and the reasons that name its column."""
    contract = feeds()[feed]
    cells = {**usual(contract), column: cell, **others}
    same = {h.heading for h in contract.column(column).headings}
    for other in contract.columns:  # columns that are read from the same heading hold the same cell
        if other.name in cells and same & {h.heading for h in other.headings}:
            cells[other.name] = cell
    headings = {name: contract.column(name).headings[0].heading for name in cells}
    system = {"_delivery": "d", "_line": 2, "_department": "scjg", "_received_at": RECEIVED}
    row = {**cells, **system, "_raw": None, "_fault": None, "_page": None, "_numbers": numbers}
    schema = {"_line": pa.int64(), "_received_at": pa.timestamp("us", tz="UTC")}
    table = pa.table({name: pa.array([value], schema.get(name, pa.string())) for name, value in row.items()})
    found = Judge(contract, [Part("d", RECEIVED, headings)]).judge(table)
    if found.silver:
        kept = found.silver.to_pylist()[0]
        return kept[column], [text.split(": ")[1] for text in kept["_flags"] if text.startswith(f"{column}: ")], []
    assert found.quarantine
    reasons = found.quarantine.to_pylist()[0]["_reasons"]
    return None, [], [text.split(": ")[1] for text in reasons]


def usual(contract: FeedContract) -> dict[str, str]:
    """A good row of that feed: what it must hold, and what these tests change."""
    known = {
        "complaint": {"complaint_no": "TS-1", "complaint_kind": "投诉", "received_date": "2026-11-02"},
        "officer": {"officer_name": "样本甲", "certificate_no": "17010000001"},
    }
    made = known.get(contract.name, {})
    return made | {
        column.name: _good(column.name) for column in contract.columns if column.required and column.name not in made
    }


def _good(name: str) -> str:
    cells = {
        "uscc": USCC,
        "administrative_cp_code": USCC,
        "administrative_cp_document": "统一社会信用代码",
        "item_code": "31001001100001",
        "region_code": "420106",
        "check_date": "2026-11-03",
        "punish_date": "2026-11-06",
        "punish_kind": "罚款",
        "check_form": "日常",
        "check_class": "现场",
        "check_mode": "双随机",
        "check_result": "未发现问题",
        "check_personnel": "张三、李四",
        "check_personnel_code": "17010000001、17050000002",
        "act_party_nature": "法人",
        "administrative_cp_nature": "法人",
        "punish_procedure": "普通程序",
        "case_source": "社会举报",
        "gender": "女",
        "officer_nature": "公务员",
        "id_card": "42010619850315166X",
    }
    return cells.get(name, "样本")


YUAN = [
    ("12 000.00", "12000.00"),
    ("¥12,000.00", "12000.00"),
    ("12000元整", "12000.00"),
    ("12,000.00元", "12000.00"),
    ("1.2万", "12000.00"),
    ("12000 元", "12000.00"),
    ("壹万贰仟元整", "12000.00"),
    ("人民币壹拾万零伍佰元伍角", "100500.50"),
    ("5百万", "5000000.00"),
    ("3万4千元", "34000.00"),
    ("1万亿元", "1000000000000.00"),
    ("伍佰元", "500.00"),
    ("壹亿贰仟万元整", "120000000.00"),
    ("一万亿元", "1000000000000.00"),
    ("十二万三千元", "123000.00"),
    ("伍佰元零伍角", "500.50"),
    ("壹萬貳仟圓整", "12000.00"),
    ("人民币伍佰", "500.00"),
    ("RMB 500", "500.00"),
    ("人民币500元", "500.00"),
    ("CNY500.00", "500.00"),
    ("RMB￥500", "500.00"),
    ("5仟元", "5000.00"),
    ("1.5億", "150000000.00"),
    ("500.", "500.00"),
    ("500元5角", "500.50"),
    ("500元（伍佰元整）", "500.00"),
]


@pytest.mark.parametrize(("cell", "yuan"), YUAN)
def test_an_amount_is_read_whole(cell: str, yuan: str) -> None:
    assert judged("punish_action", "fine_cny", cell) == (Decimal(yuan), [], [])


@pytest.mark.parametrize(
    "cell",
    [
        "1.200,00",
        "1,5",
        "12,34元",
        "1-2万元",
        "100%",
        "100(",
        "约100",
        "100.5.5元",
        "2万5",
        "3亿万",
        "1e5",
        "(100)",
        "壹贰元",
        "二〇元",
        "万元",
        "一百二元",
        "一万二",
        "十一十元",
        "500元（伍仟元整）",
        "RMB500美元",
        "+-5",
        "5万元5角",
    ],
)
def test_an_amount_that_is_not_wholly_understood_is_turned_away(cell: str) -> None:
    value, _, [reason] = judged("punish_action", "fine_cny", cell)
    assert value is None
    assert reason in ("不是可识别的金额", "金额单位不是人民币，或无法识别")


def test_an_amount_in_another_currency_is_no_fine_in_yuan() -> None:
    for cell in ("100美元", "$100", "USD 100", "HK$100"):
        assert judged("punish_action", "fine_cny", cell)[2] == ["金额单位不是人民币，或无法识别"]
    assert judged("scjg_enterprise", "capital_currency", "USD 100", capital_amount="USD 100")[0] == "USD"
    assert judged("scjg_enterprise", "capital_amount", "51.1万美元", capital_currency="51.1万美元")[0] == Decimal(
        "511000.00"
    )
    assert judged("scjg_enterprise", "capital_currency", "51.1万美元", capital_amount="51.1万美元")[0] == "USD"


@pytest.mark.parametrize("cell", ["-500", "-¥500", "¥-500", "－５００"])
def test_a_negative_amount_is_read_and_breaks_its_bound(cell: str) -> None:
    assert judged("punish_action", "fine_cny", cell)[2] == ["小于 0"]


def test_what_is_rounded_is_doubted() -> None:
    assert judged("punish_action", "fine_cny", "100.555") == (Decimal("100.56"), ["小数位数过多，已四舍五入"], [])


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-11-01T16:00:00.000Z", date(2026, 11, 2)),
        ("2026-11-01 16:00:00+00:00", date(2026, 11, 2)),
        ("20261102083000", date(2026, 11, 2)),
        ("2026年11月2日 8时30分", date(2026, 11, 2)),
        ("1793577600000", date(2026, 11, 2)),
        ("2026-11-02T01:00:00+09:00", date(2026, 11, 2)),
        ("2026-11-02+08:00", date(2026, 11, 2)),
        ("2026-11-02+0800", date(2026, 11, 2)),
        ("202611020930", date(2026, 11, 2)),
        ("20261102093000123", date(2026, 11, 2)),
        ("1793577600", date(2026, 11, 2)),
        ("1793577600000000", date(2026, 11, 2)),
        ("2026年11月2日 上午9时", date(2026, 11, 2)),
        ("2026年11月2日（星期一）", date(2026, 11, 2)),
        ("2026 年 11 月 2 日", date(2026, 11, 2)),
        ("2026—11—02", date(2026, 11, 2)),
        ("2026/11/2 9:5", date(2026, 11, 2)),
        ("2026-11-01 23:30 GMT+7", date(2026, 11, 2)),
        ("2026-11-01 16:00:00 UTC", date(2026, 11, 2)),
    ],
)
def test_a_day_is_that_of_china(cell: str, day: date) -> None:
    assert judged("check_action", "check_date", cell) == (day, [], [])


@pytest.mark.parametrize(
    "cell",
    [
        *("2026-11-02 附件", "2026-11-02 99:99", "2026年11月2日（星期三）", "2026-11-02 13:00 上午", "2026-11-02 上午"),
        *("11/02/2026", "26-11-02", "2026-11", "2026110209", "20261", "2026-13-02", "民国115年11月2日"),
    ],
)
def test_nothing_behind_a_date_is_dropped_unread(cell: str) -> None:
    assert judged("check_action", "check_date", cell)[2] == ["不是有效日期"]


@pytest.mark.parametrize("cell", ["2026-11-02 08:00 EST", "2026-11-02T08:00:00+8", "2026-11-02 08:00 CST"])
def test_a_zone_that_is_not_understood_is_named(cell: str) -> None:
    assert judged("check_action", "check_date", cell)[2] == ["时区看不懂，请写成 +08:00，或不写时区"]


@pytest.mark.parametrize(
    ("cell", "hour"),
    [
        *(
            ("2026年11月2日上午9时", 9),
            ("2026年11月2日下午3时05分", 15),
            ("2026-11-02 下午3:05", 15),
            ("2026-11-02 9点", 9),
        ),
        *(
            ("2026-11-02 12:30 AM", 0),
            ("2026-11-02 12:30 PM", 12),
            ("2026-11-02 11:00 pm", 23),
            ("2026-11-02 15时整", 15),
        ),
        *(("2026-11-02 09:30 GMT+8", 9), ("2026-11-02 09:30+08:00[Asia/Shanghai]", 9), ("2026-11-02 01:30 UTC", 9)),
    ],
)
def test_an_hour_is_that_of_china(cell: str, hour: int) -> None:
    moment, flags, _ = judged("check_action", "cd_time", cell, cd_operation="U")
    assert (moment.astimezone(LOCAL).hour, flags) == (hour, [])


def test_noon_or_midnight_is_not_guessed() -> None:
    assert judged("check_action", "cd_time", "2026-11-02 上午12:30", cd_operation="U")[2] == ["不是有效时间"]


def test_a_spreadsheets_number_of_a_day_is_that_day_and_doubted() -> None:
    doubt = "是表格软件的日期序号，已换算成日期"
    assert judged("check_action", "check_date", "46328") == (date(2026, 11, 2), [doubt], [])
    moment, flags, _ = judged("check_action", "cd_time", "46328.395833", cd_operation="U")
    assert (moment, flags) == (datetime(2026, 11, 2, 1, 30, tzinfo=UTC), [doubt])
    assert judged("check_action", "check_date", "20261102.0") == (date(2026, 11, 2), ["已去掉末尾的 .0"], [])


@pytest.mark.parametrize("cell", ["1900-01-01", "1899-12-30", "1970-01-01 08:00:00"])
def test_the_day_on_which_a_program_begins_to_count_is_doubted(cell: str) -> None:
    _, flags, _ = judged("officer", "certificate_expiry_date", cell)
    assert flags == ["像是系统的默认日期，不是真实日期"]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2021-06-01 至 2027-05-31", date(2027, 5, 31)),
        ("2021.06.01-2027.05.31", date(2027, 5, 31)),
        ("自2021年6月1日起至2027年5月31日止", date(2027, 5, 31)),
        ("长期", date(2099, 12, 31)),
        ("至2027-05-31", date(2027, 5, 31)),
        ("截至2027-05-31", date(2027, 5, 31)),
        ("有效期至2027年5月31日", date(2027, 5, 31)),
        ("2021-06-01 00:00:00 至 2027-05-31 00:00:00", date(2027, 5, 31)),
        ("2021-06-01起长期有效", date(2099, 12, 31)),
        ("长 期", date(2099, 12, 31)),
        ("无固定期限", date(2099, 12, 31)),
        ("永久有效", date(2099, 12, 31)),
    ],
)
def test_a_term_ends_on_its_last_day(cell: str, day: date) -> None:
    assert judged("officer", "certificate_expiry_date", cell) == (day, [], [])


@pytest.mark.parametrize("cell", ["2021-06-01 至 2027-05-31", "2021-06-01至今", "至今", "长期有效"])
def test_a_term_is_no_date(cell: str) -> None:
    assert judged("check_action", "check_date", cell)[2] == ["应填一个日期，这里写的是一段期间或长期"]


@pytest.mark.parametrize(
    "cell", ["2027-05-31 至 2021-06-01", "2021-06-01至今", "2021-06-01起", "2021-02-30至2027-05-31"]
)
def test_a_term_without_an_end_or_that_ends_before_it_begins_is_turned_away(cell: str) -> None:
    [reason] = judged("officer", "certificate_expiry_date", cell)[2]
    assert reason == "期限看不懂：应写明截止日期（不早于起始日期）或“长期”"


@pytest.mark.parametrize(
    "cell",
    [
        *('="TS-1"', "='TS-1'", '=T("TS-1")', "'TS-1", "`TS-1", "‘TS-1", "´TS-1", '"TS-1"', "“TS-1”"),
        *("\x1fTS-1", "TS-1\xa0", "TS\u200b-1", "\ufeffts-1", "TS-1\u3164", "TS\u034f-1", "TS-1\ufffc", "TS-1\u2800"),
        *("ＴＳ－１", "TS—1", "TS–1", "TS−1", "TS -1", "TS\xa0- 1", "TS\u3000-1"),
    ],
)
def test_a_key_is_what_it_means(cell: str) -> None:
    value, flags, _ = judged("complaint", "complaint_no", cell)
    assert (value, bool(flags)) == ("TS-1", cell != "ＴＳ－１")


@pytest.mark.parametrize("cell", ["202611.0", "202611.00", "202611 .0", "202611. 0", "202611.", "202,611", "202 611"])
def test_a_key_that_became_a_number_is_that_key(cell: str) -> None:
    value, flags, _ = judged("complaint", "complaint_no", cell)
    assert (value, len(flags)) == ("202611", 1)


def test_the_letters_before_a_number_may_stand_apart() -> None:
    value, flags, _ = judged(
        "yjj_drug_trade_licence",
        "licence_no",
        "鄂DB 0270003",
        licence_kind="药品经营许可证",
        issued_date="2021-06-01",
        valid_to="长期",
    )
    assert (value, flags) == ("鄂DB0270003", ["已去掉中间的空格"])


def test_what_a_list_spells_with_a_blank_has_it_by_right() -> None:
    for cell, code in {"HJ 212-2017": "HJ212-2017", "hj 212-2017": "HJ212-2017", "GB/T 24476": "GB24476"}.items():
        others = {"monitor_device_class": "污染源自动监测"}
        value, flags, _ = judged("monitor_device", "monitor_protocol", cell, **others)
        assert (value, "已去掉中间的空格" in flags) == (code, False)


def test_a_code_with_check_digits_may_be_broken_up() -> None:
    assert judged("scjg_enterprise", "uscc", "91420100 MA4K 0001 0R") == (USCC, ["已去掉中间的空格"], [])


@pytest.mark.parametrize("cell", ["=A2", '=TEXT(A2,"0")', "=VLOOKUP(A2,表!A:C,2,0)"])
def test_a_formula_is_no_content(cell: str) -> None:
    reason = "是公式，文件里没有它的结果，请粘贴为数值后重新导出"
    assert judged("complaint", "complaint_no", cell)[2] == [reason]
    assert judged("complaint", "complained_name", cell)[2] == [reason]
    assert judged("complaint", "complaint_matter", "=10=20不成立")[0] == "=10=20不成立"


@pytest.mark.parametrize("cell", ["#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "########"])
def test_an_error_value_is_no_content(cell: str) -> None:
    reason = "是表格的错误值或显示不下的井号，内容已丢失，请在原表中改正"
    assert judged("scjg_enterprise", "address_registered", cell)[2] == [reason]


def test_ditto_is_doubted_and_turned_away_where_something_must_stand() -> None:
    told = "写的是“同上”，请填写完整内容"
    assert judged("scjg_enterprise", "address_registered", "同上") == ("同上", [told], [])
    assert judged("complaint", "complained_name", "〃")[2] == [told]


def test_digits_that_may_be_lost_are_doubted() -> None:
    doubt = "15 位以后全是 0，可能是表格软件丢了末几位"
    assert judged("complaint", "complaint_no", "142010202611021000")[1] == [doubt]
    assert judged("complaint", "complaint_no", "142010202611021010")[1] == []


@pytest.mark.parametrize("cell", ['="武汉样本公司"', "'武汉样本公司", "`武汉样本公司"])
def test_a_name_is_without_what_keeps_it_text(cell: str) -> None:
    assert judged("complaint", "complained_name", cell)[:2] == ("武汉样本公司", ["已去掉强制为文本的符号"])
    assert judged("complaint", "complaint_matter", "'假一赔十'是假的")[:2] == ("'假一赔十'是假的", [])


@pytest.mark.parametrize("cell", ["13800000000.0", "１３８００００００００", "\u202d13800000000\u202c", "'13800000000"])
def test_a_cell_that_fits_its_pattern_once_it_is_tidied_is_tidied(cell: str) -> None:
    value, flags, _ = judged("complaint", "complainant_phone", cell)
    assert (value, len(flags)) == ("13800000000", 1)
    assert judged("complaint", "complainant_phone", "1.38E+10")[:2] == ("1.38E+10", ["格式不符"])


def test_a_code_in_powers_of_ten_has_lost_its_digits() -> None:
    lost = "已变成科学计数法，位数丢失，请把该列设为文本后重新导出"
    assert judged("complaint", "complaint_no", "1.42010E+19")[2] == [lost]
    assert lost in judged("check_action", "item_code", "3.1001E+13")[2]


@pytest.mark.parametrize(
    "cell",
    [
        *(r"\N", "nan", "NaT", "None", "#N/A", "<NA>", "(null)", "undefined", "ＮＵＬＬ", "n/a", "N.A."),
        *(
            "暂无",
            "不详",
            "待定",
            "（无）",
            "【无】",
            "无。",
            "不 详",
            "未知",
            "未填写",
            "不适用",
            "暂无数据",
            "空",
            "无\xa0",
        ),
        *("0000-00-00", "0000/00/00", "1900-01-00", "—", "－－", "———", "/", "\\", "…", "***", "()", "？"),
    ],
)
def test_a_word_for_nothing_says_nothing(cell: str) -> None:
    if "\xa0" in cell:
        assert judged("scjg_enterprise", "address_registered", cell) == (None, [], [])
        return
    assert judged("scjg_enterprise", "established_date", cell) == (None, [], [])
    assert judged("scjg_enterprise", "address_registered", cell) == (None, [], [])


@pytest.mark.parametrize("cell", ["190000", "0", "000", "1.", "无锡", "空军招待所", "某*"])
def test_what_only_looks_like_nothing_is_kept(cell: str) -> None:
    assert judged("scjg_enterprise", "address_registered", cell)[0] == cell


@pytest.mark.parametrize("cell", ["（无）", "无。", "【无】", "没有", "否"])
def test_a_word_in_brackets_is_the_code_that_the_list_knows(cell: str) -> None:
    assert judged("punish_action", "reconsideration", cell)[0] == "00"
    assert judged("punish_action", "litigation", cell)[0] == "00"


def test_a_word_that_the_list_knows_is_its_code_first() -> None:
    assert [judged("punish_action", name, "无")[0] for name in ("reconsideration", "litigation", "legal_review")] == [
        "00",
        "00",
        "0",
    ]


PENALTIES = [
    *("罚款;没收违法所得", "罚款；没收违法所得", "罚款、没收违法所得", "罚款，没收违法所得", "没收违法所得 罚款"),
    *("罚款|没收违法所得", "罚款｜没收", "罚款&没收", "罚款\\没收", "罚款\n没收", "罚款<br>没收", "罚款\\n没收"),
    *("罚款和没收违法所得", "罚款，并处没收违法所得", "罚款没收违法所得", "罚款·没收", "罚款。没收。"),
    *("02;03", "2、3", "02、没收", "02罚款；03没收", "02-罚款、03-没收", "罚款(02)、没收(03)", "02.罚款 03.没收"),
    *("1.罚款 2.没收", "1、罚款；2、没收", "（1）罚款（2）没收", "①罚款②没收", '["罚款","没收"]', "[02,03]"),
]


@pytest.mark.parametrize("cell", PENALTIES)
def test_all_kinds_of_a_penalty_are_kept_and_the_gravest_counts(cell: str) -> None:
    assert judged("punish_action", "punish_kind", cell)[0] == "03"
    assert sorted(judged("punish_action", "punish_kinds", cell)[0]) == ["02", "03"]


@pytest.mark.parametrize(
    ("cell", "unknown"),
    [
        ("罚款、戴高帽", "戴高帽"),
        ("罚款戴高帽", "罚款戴高帽"),
        ("03罚款、警告", "03罚款"),  # the code says another thing than the label
        ("1、罚款", "1、罚款"),  # the number counts, or is 警告
        ("罚款5000元", "罚款5000元"),
        ("0203", "0203"),
    ],
)
def test_the_unknown_one_of_several_is_named(cell: str, unknown: str) -> None:
    assert judged("punish_action", "punish_kind", cell)[2] == [f"“{unknown}”不在代码表中"]


@pytest.mark.parametrize("cell", ["罚款（5000元）", "警告、罚款(5000元)"])
def test_a_kind_with_an_amount_in_brackets_says_what_to_write(cell: str) -> None:
    [reason] = judged("punish_action", "punish_kind", cell)[2]
    assert reason.endswith("不在代码表中，请只写“罚款”，括号内的“5000元”写到相应的列")
    assert judged("punish_action", "punish_kind", "罚款（戴高帽）（5000元）")[2] == [
        "“罚款(戴高帽)(5000元)”不在代码表中"
    ]


@pytest.mark.parametrize(
    ("cell", "code"), [("01日常", "01"), ("日常(01)", "01"), ("02日常", None), ("日常（02）", None)]
)
def test_a_code_beside_its_label_is_that_code_and_no_other(cell: str, code: str | None) -> None:
    assert judged("check_action", "check_form", cell)[0] == code


OFFICERS = [
    *("张三 李四", "张三\n李四", "张三；\n李四", "张三（17010000001）、李四17050000002", "张三/李四", "张 三、李四"),
    *("张三|李四", "张三&李四", "张三+李四", "张三\\李四", "张三<br>李四", '["张三","李四"]', "（张三、李四）"),
    *("张三（组长）、李四（外聘专家）", "组长：张三，组员：李四", "执法人员：张三、李四", "张三科长、李四同志"),
    *("张三：17010000001；李四：17050000002", "张三(鄂A17010000001)、李四", "张三、李四（执法证号：17050000002）"),
    *("张三17010000001李四17050000002", "张三-17010000001、李四", "张三<17010000001>,李四", "张三、李四、张 三"),
    *("1.张三 2.李四", "1、张三；2、李四", "①张三②李四", "张三、李四、无"),
]


@pytest.mark.parametrize("cell", OFFICERS)
def test_officers_are_told_apart(cell: str) -> None:
    assert judged("check_action", "check_personnel", cell)[0] == ["张三", "李四"]


FEWER = "少于 2 人（多人之间请用“、”隔开）"


@pytest.mark.parametrize(
    "cell",
    [
        "张三、张三",
        "张三、张三（17010000001）",
        "阿卜杜拉•买买提、阿卜杜拉·买买提",
        "张三、无",
        "张三等2人",
        "张三李四",
    ],
)
def test_one_person_twice_is_one_person(cell: str) -> None:
    assert judged("check_action", "check_personnel", cell)[2] == [FEWER]


@pytest.mark.parametrize("cell", ["欧阳 修 张三、李四", "张 三 李 四、王五", "1、张三", "张三 1、张三 2"])
def test_people_that_cannot_be_told_apart_are_turned_away(cell: str) -> None:
    assert judged("check_action", "check_personnel", cell)[2] == ["分不清是几个人，请用“、”隔开"]


@pytest.mark.parametrize(
    ("cell", "people", "doubt"),
    [
        ("张三、李四等3人", ["张三", "李四"], ["写着“等”，没有写出全部姓名"]),
        ("张三和李四、王五", ["张三和李四", "王五"], ["有超过 4 个字的姓名，可能是几个人连在一起"]),
        ("John Smith, Mary Poppins", ["John Smith", "Mary Poppins"], []),
        ("阿卜杜拉.买买提、张三", ["阿卜杜拉·买买提", "张三"], []),
        ("李长江、李局长", ["李长江", "李局长"], []),
    ],
)
def test_names_are_kept_as_they_are(cell: str, people: list[str], doubt: list[str]) -> None:
    assert judged("check_action", "check_personnel", cell) == (people, doubt, [])


@pytest.mark.parametrize(
    "cell",
    [
        *("17010000001|17050000002", "17010000001&17050000002", "１７０１００００００１、17050000002"),
        *("张三17010000001、李四17050000002", "张三：17010000001；李四：17050000002", "17010000001.0、17050000002"),
        *("No.17010000001 No.17050000002", "张三（17010000001）、李四（17050000002）", '"17010000001"、"17050000002"'),
    ],
)
def test_licences_are_told_apart_and_from_names(cell: str) -> None:
    assert judged("check_action", "check_personnel_code", cell)[0] == ["17010000001", "17050000002"]


def test_a_licence_has_all_its_digits_and_all_its_letters() -> None:
    lost = "已变成科学计数法，位数丢失，请把该列设为文本后重新导出"
    assert judged("check_action", "check_personnel_code", "1.70100E+10、17050000002")[2] == [lost]
    assert judged("check_action", "check_personnel_code", "鄂A-17010000001、17050000002")[0] == [
        "鄂A-17010000001",
        "17050000002",
    ]
    assert judged("check_action", "check_personnel_code", "17010000001、无")[2] == [FEWER]


@pytest.mark.parametrize(
    "cell",
    [
        *("420106000000", "420106007012", "420106007", "湖北省-武汉市-武昌区", "湖北省 武汉市 武昌区", "420106.0"),
        *(
            "武汉武昌",
            "湖北武汉武昌",
            "中国/湖北省/武汉市/武昌区",
            "420000/420100/420106",
            "湖北省/武汉市/武昌区/水果湖街道",
        ),
        *("420106武昌区", "武昌区（420106）", "420106-武昌区", "武昌区 420106", '["420000","420100","420106"]'),
    ],
)
def test_a_division_is_its_first_six_digits_or_its_path_of_names(cell: str) -> None:
    assert judged("check_action", "region_code", cell)[0] == "420106"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("武汉江岸", "420102"),
        ("湖北省/省直辖县级行政区划/仙桃市", "429004"),
        ("武汉市本级", "420100"),
        ("恩施恩施市", "422801"),
    ],
)
def test_a_path_ends_where_it_ends(cell: str, code: str) -> None:
    assert judged("check_action", "region_code", cell)[0] == code


@pytest.mark.parametrize(
    "cell",
    ["湖北省/宜昌市/武昌区", "武昌区、洪山区", "武昌区(420111)", "武汉市/水果湖街道", "北京市东城区", "42010600"],
)
def test_a_path_whose_parts_disagree_is_none(cell: str) -> None:
    assert judged("check_action", "region_code", cell)[2] == ["不在代码表中"]


def test_characters_of_the_private_area_have_their_place_of_today() -> None:
    assert judged("scjg_enterprise", "object_name", "武汉\ue863\ue81e公司") == ("武汉䶮龴公司", [], [])
    assert judged("scjg_enterprise", "object_name", "武汉\ue9f0公司")[1] == ["含有自造字，别处显示不出"]


@pytest.mark.parametrize(
    ("cell", "usual"),
    [("\ue7c7\ue7c8店", "ḿǹ店"), ("⼀⼆⻄店", "一二西店"), ("\uf900店", "豈店"), ("王\ue843", "王龹")],
)
def test_characters_of_other_places_are_the_usual_ones(cell: str, usual: str) -> None:
    assert judged("scjg_enterprise", "object_name", cell) == (usual, [], [])


MISREAD = "是用错编码读出的乱码，请用原来的编码重新导出"


@pytest.mark.parametrize(
    ("cell", "doubt"),
    [
        ("武汉晨\ufffd公司", "含有无法辨认的字符（�）"),
        ("武汉??公司", "连续的问号可能是丢失的文字"),
        ("武汉？？公司", "连续的问号可能是丢失的文字"),
        ("?三", "问号可能是丢失的文字"),
        ("武汉\uf8f5公司", "含有自造字，别处显示不出"),
        ("武汉\U000f0000公司", "含有自造字，别处显示不出"),
        ("武汉锟斤拷公司", "含有“锟斤拷”一类的乱码，原来的文字已丢失"),
        ("烫烫烫", "含有“锟斤拷”一类的乱码，原来的文字已丢失"),
        ("王□", "含有代替缺字的符号（□、〓等）"),
        ("武汉&#20013;公司", "含有网页或程序的转义符，请重新导出"),
        ("\\u6b66\\u6c49", "含有网页或程序的转义符，请重新导出"),
        ("武汉样本".encode().decode("gbk"), MISREAD),
        ("武汉样本".encode("gbk").decode("latin-1"), MISREAD),
        ("商贸".encode().decode("cp1252"), MISREAD),
    ],
)
@pytest.mark.parametrize("column", ["object_name", "legal_representative", "address_registered"])
def test_lost_characters_are_doubted(column: str, cell: str, doubt: str) -> None:
    assert judged("scjg_enterprise", column, cell) == (cell, [doubt], [])


@pytest.mark.parametrize(
    "cell", ["Café Zürich", "浠水县联通公司", "吃了吗店", "A&B公司", "×××公司", "ÅÄÖ", "娉娉袅袅店"]
)
def test_rare_characters_are_no_lost_ones(cell: str) -> None:
    assert judged("scjg_enterprise", "object_name", cell) == (cell, [], [])


def test_prose_may_ask() -> None:
    assert judged("complaint", "complaint_matter", "为什么不退款??")[1] == []


def test_of_many_cells_a_misread_column_is_seen() -> None:
    cells = pa.array([f"武汉样本{place}公司".encode().decode("gbk", "ignore") for place in range(30_000)])
    assert [mask.all() for _, mask in lost_characters(cells, is_short=True)] == [True]


def test_a_number_may_have_lost_its_first_zero() -> None:
    doubt = "数字单元格存不下开头的 0，可能是 111，也可能是 0111"
    assert judged("scjg_enterprise", "industry_code", "111", ",industry_code,")[1] == [doubt]
    assert judged("scjg_enterprise", "industry_code", "111")[1] == []
    assert judged("scjg_enterprise", "industry_code", "4", ",industry_code,") == ("04", [], [])
    assert judged("scjg_enterprise", "industry_code", "5219", ",industry_code,")[1] == []


def test_a_telephone_may_have_lost_the_zero_of_its_area_code() -> None:
    doubt = "数字单元格存不下开头的 0，可能少了区号的 0"
    assert judged("complaint", "complainant_phone", "2787654321", ",complainant_phone,")[1] == [doubt]
    assert judged("complaint", "complainant_phone", "2787654321")[1] == []
    assert judged("complaint", "complainant_phone", "13800000000", ",complainant_phone,")[1] == []


# What makes a pattern look again and again, as often as a cell may hold it.
REPEATED = (
    *(
        "长",
        " ",
        ":",
        "1",
        "1 ",
        "1,",
        "万",
        "亿万",
        "(",
        "()",
        "、",
        "张三 ",
        "-",
        "年月日",
        "2026-",
        "\"'",
        "=",
        "罚款并处",
    ),
    *(
        "无",
        ".",
        "1.",
        "零",
        "一二三",
        "A-",
        "<br>",
        "[{",
        "至",
        "2026年1月1日至",
        "?",
        "锟斤拷",
        "&#12",
        "RMB",
        "¥$",
        "/湖北省",
    ),
    *("17010000001", "（张三）", "\\", "武汉市", "上午9时", "10,06", "第1部分"),
)


# What says nothing of how a cell is read.
BESIDE = {"name", "label", "doc", "headings", "sensitivity", "required", "required_with", "not_before", "refers"}


@pytest.fixture(scope="module")
def unlike() -> list[tuple[str, Column]]:
    """One column of each kind, with the feed that it stands in: some 400 of 2,500 are read in different ways."""
    kinds = {
        (column.model_dump_json(exclude=BESIDE), column.headings[0].scale): (contract.name, column)
        for contract in feeds().values()
        for column in contract.columns
    }
    return [*kinds.values()]


@pytest.mark.parametrize("part", REPEATED)
def test_no_cell_takes_long_or_stops_a_feed(part: str, unlike: list[tuple[str, Column]]) -> None:
    cell = pa.array([part * (5_000 // len(part))])
    for feed, column in unlike:
        started = time.process_time()
        Cells.read(column, cell, column.headings[0].heading)
        assert time.process_time() - started < 2, (feed, column.name)


def quantity(feed: str, name: str, cell: str) -> tuple[Decimal | None, set[str]]:
    """What a cell below the column's first heading says, and the doubts about it."""
    column = feeds()[feed].column(name)
    found = Cells.read(column, pa.array([cell]), column.headings[0].heading)
    return found.typed[0].as_py(), {words for words, mask in found.doubts if mask[0]}


@pytest.mark.parametrize(
    ("cell", "area", "is_told"),
    [
        ("320", "320.00", False),
        ("320㎡", "320.00", True),
        ("1,200.5 m²", "1200.50", True),
        ("15亩", "10000.00", True),
        ("0.5亩", "333.33", True),
        ("１.5公顷", "15000.00", True),
        ("0.2563平方公里", "256300.00", True),
    ],
)
def test_an_area_is_in_square_metres_and_a_unit_in_its_cell_is_told(cell: str, area: str, is_told: bool) -> None:
    value, doubts = quantity("wlt_internet_cafe", "venue_area_m2", cell)
    assert (str(value), bool(doubts)) == (area, is_told)


def test_the_unit_of_an_area_is_that_of_its_cell_before_that_of_its_heading() -> None:
    assert quantity("zrzy_temp_land", "temp_land_m2", "1.5") == (Decimal(1000), set())  # the heading says 亩
    assert quantity("zrzy_temp_land", "temp_land_m2", "1.5公顷")[0] == 15_000


@pytest.mark.parametrize("cell", ["约三百平", "12英亩", "3 4", "12.亩半", "一公顷"])
def test_an_area_that_is_not_wholly_understood_is_none(cell: str) -> None:
    assert quantity("wlt_internet_cafe", "venue_area_m2", cell)[0] is None


@pytest.mark.parametrize("cell", ["114°21′36″", "114度21分36秒", "114-21-36", "114°21.6′", "114.36"])
def test_degrees_may_have_minutes_and_seconds(cell: str) -> None:
    assert quantity("wlt_relic", "longitude", cell)[0] == Decimal("114.36")


@pytest.mark.parametrize("cell", ["114°61′", "114°21′61″", "东经一百一十四度"])
def test_what_is_no_angle_is_no_place(cell: str) -> None:
    assert quantity("wlt_relic", "longitude", cell)[0] is None


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("湖北省武汉市武昌区蛇山街特1号", "420106"),
        ("湖北省 宜昌市 夷陵区三斗坪镇", "420506"),
        ("湖北省恩施土家族苗族自治州利川市腾龙镇", "422802"),
        ("武汉市", "420100"),
        ("汉阳大道1号", None),
        ("江苏省苏州市常熟市沙家浜镇", None),
        ("海南省武汉市场路1号", None),
    ],
)
def test_an_address_begins_with_the_smallest_division_that_it_names_whole(address: str, code: str | None) -> None:
    assert division_of_address(address, code_spellings("region")) == code
