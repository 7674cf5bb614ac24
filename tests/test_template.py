"""A workbook to fill: what is filled in lands without a doubt, and what explains it is never read as data."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from html import unescape
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from schemas.characters import narrowed
from schemas.contract import code_list, deliverers, feeds
from spark_jobs import pipeline
from spark_jobs.command.cli import main
from spark_jobs.lake.codes import code_spellings
from spark_jobs.lake.home import Home
from spark_jobs.lake.ledger import read_ledger
from spark_jobs.lake.tables import read
from spark_jobs.landing.formats.sheet import plain
from spark_jobs.landing.land import make_landing_zone
from spark_jobs.receipts.explaining import explained
from spark_jobs.receipts.filling import Filling, choices, fillings
from spark_jobs.receipts.template import EXPLAINED, LISTED, template
from tests.drops import FIRMS, drop, table

SAMPLES = Path(__file__).parent.parent / "samples"
EPOCH = date(1899, 12, 30)
DAY = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})")


def filled(workbook: bytes, rows: list[list[str | float | None]]) -> bytes:
    """The template with rows typed into it, as a spreadsheet saves them: each cell in its column's format."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as before:
        parts = {name: before.read(name) for name in before.namelist()}
    page = parts["xl/worksheets/sheet1.xml"].decode()
    styles = {int(first): style for first, style in re.findall(r'<col min="(\d+)"[^>]* style="(\d+)"', page)}
    lines = []
    for line, row in enumerate(rows, 2):
        cells = []
        for place, value in enumerate(row, 1):
            begin = f'<c r="{_letters(place)}{line}" s="{styles[place]}"'
            if isinstance(value, float):
                cells.append(f"{begin}><v>{value}</v></c>")
            elif value:
                cells.append(f'{begin} t="inlineStr"><is><t>{escape(value)}</t></is></c>')
        lines.append(f'<row r="{line}">{"".join(cells)}</row>')
    parts["xl/worksheets/sheet1.xml"] = page.replace("</sheetData>", "".join(lines) + "</sheetData>").encode()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as after:
        for name, part in parts.items():
            after.writestr(name, part)
    return content.getvalue()


def _letters(place: int) -> str:
    return chr(64 + place) if place <= 26 else f"A{chr(64 + place - 26)}"


def typed(filling: Filling, cell: str) -> str | float | None:
    """A sample's cell as somebody types it who follows the template: chosen from the list, a day, a number."""
    if not cell.strip():
        return None
    if filling.allowed and filling.column.codes:
        spellings = code_spellings(filling.column.codes)
        first = re.split(filling.column.separator, cell)[0] if filling.column.separator else cell
        meant = spellings[narrowed(first).strip().upper()]
        return next(word for word in filling.allowed if spellings[narrowed(word).strip().upper()] == meant)
    if filling.column.parse == "month":
        return cell
    if filling.column.type == "date" and not (filling.column.parse == "term_end" and not DAY.match(cell)):
        year, month, day = map(int, (DAY.match(cell) or pytest.fail(cell)).groups())
        return float((date(year, month, day) - EPOCH).days)
    return 1234.5 if filling.column.parse == "amount" else cell


def sample_rows(feed: str) -> list[dict[str, str]]:
    """The rows of a feed's sample that are good, by contract column."""
    contract = feeds()[feed]
    path = SAMPLES.joinpath(*filter(None, [contract.department]), f"{contract.folder}.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["#expect"]]
    named = {plain(h.heading): column.name for column in reversed(contract.columns) for h in column.headings}
    return [{named[plain(heading)]: cell for heading, cell in row.items() if plain(heading) in named} for row in rows]


def headings_of(feed: str) -> list[str]:
    """The headings of a feed's sample."""
    sample = feeds()[feed].sample
    assert sample
    return sample.read_text(encoding="utf-8").splitlines()[0].split(",")


def is_side_by_side(feed: str) -> bool:
    """Whether a feed's sample has figures side by side; the template has a figure a row."""
    unfold = feeds()[feed].unfold
    return bool(unfold and any(heading in unfold.cells for heading in headings_of(feed)))


def typed_rows(feed: str) -> list[list[str | float | None]]:
    """The good rows of a feed's sample as they are typed into its template."""
    columns = fillings(feeds()[feed])
    return [[typed(filling, row.get(filling.column.name, "")) for filling in columns] for row in sample_rows(feed)]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which every feed's template landed, filled in."""
    home = Home(tmp_path_factory.mktemp("templates") / "lake")
    make_landing_zone(home)
    for feed, contract in feeds().items():
        if not is_side_by_side(feed):
            book = filled(template(contract), typed_rows(feed))
            drop(home, "填好.xlsx", book, f"{deliverers(contract)[0]}/{contract.folder}")
    pipeline.land(home)
    pipeline.conform(home)
    return home


@pytest.mark.parametrize("feed", feeds())
def test_what_is_filled_in_lands_without_a_doubt(landed: Home, feed: str) -> None:
    if is_side_by_side(feed):
        pytest.skip("its sample has figures side by side; the template has a figure a row")
    rows = typed_rows(feed)
    assert rows
    told = [dict(row) for row in read(landed.table("quarantine", feed), ["_line", "_reasons"]).to_pylist()]
    doubts = [row for row in read(landed.table("silver", feed), ["_line", "_flags"]).to_pylist() if row["_flags"]]
    [one] = [one for one in read_ledger(landed) if one.feed == feed]
    assert (one.rows, one.rows_quarantined, one.rows_doubtful) == (len(rows), 0, 0), (one.reason, told, doubts)


@pytest.mark.parametrize("feed", feeds())
def test_a_template_has_the_headings_and_no_row(feed: str) -> None:
    contract = feeds()[feed]
    book = CalamineWorkbook.from_filelike(io.BytesIO(template(contract)))
    assert book.sheet_names[1:] == [EXPLAINED, LISTED]
    [headings] = book.get_sheet_by_index(0).to_python()
    assert headings == [filling.heading for filling in fillings(contract)]
    required = {column.headings[0].heading for column in contract.columns if column.required}
    assert required <= set(headings)
    promised = {plain(h.heading) for column in contract.columns for h in column.headings}
    for name in (EXPLAINED, LISTED):
        for row in book.get_sheet_by_name(name).to_python():
            assert not promised & {plain(str(cell)) for cell in row}, row


def test_the_same_contract_makes_the_same_file() -> None:
    assert template(feeds()["officer"]) == template(feeds()["officer"])


def test_cells_keep_digits_and_lists_are_those_of_the_codes() -> None:
    with zipfile.ZipFile(io.BytesIO(template(feeds()["scjg_enterprise"]))) as book:
        page, styles = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/styles.xml").decode()
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])
    styled = re.findall(r'<col min="(\d+)"[^>]* style="(\d+)"', page)
    by_column = {int(first): formats[int(style)] for first, style in styled}
    columns = fillings(feeds()["scjg_enterprise"])
    for place, filling in enumerate(columns, 1):
        assert (by_column[place] == "49") == (filling.column.type == "string"), filling.heading
    assert "'代码表'!$A$2:$A$" in page
    assert page.count("<dataValidation ") == len(columns)
    [state] = [filling for filling in columns if filling.column.name == "registration_state"]
    assert state.allowed == choices("registration_state")
    assert escape(",".join(state.allowed)) in page


@pytest.mark.parametrize("codes", ["region", "industry", "registration_state", "punish_kind", "yes_no"])
def test_every_choice_means_one_code(codes: str) -> None:
    spellings = code_spellings(codes)
    meant = [spellings[narrowed(word).strip().upper()] for word in choices(codes)]
    assert len(set(meant)) == len(meant)


def test_the_departments_page_offers_a_template_a_feed_and_writes_it_once(home: Home) -> None:
    drop(home, "a.csv", table(*FIRMS))
    pipeline.land(home)
    folder = home.receipts / "scjg" / "templates"
    made = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {"enterprise.xlsx", "officer.xlsx", "check_action.xlsx"} <= made.keys()
    assert "drug_trade_licence.xlsx" not in made
    page = (home.receipts / "scjg" / "index.html").read_text("utf-8")
    assert '<td>landing/scjg/enterprise/</td><td><a href="templates/enterprise.html">填报说明</a></td>' in page
    assert '<a href="templates/enterprise.xlsx">Excel 模板</a>' in page
    (folder / "officer.xlsx").unlink()
    pipeline.conform(home)
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {name: moment for name, moment in after.items() if made[name] != moment}.keys() == {"officer.xlsx"}


def test_the_command_writes_a_template(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "名单.xlsx"
    told = CliRunner().invoke(main, ["template", "officer", "--out", str(out), "--home", str(home.path)])
    assert told.exit_code == 0, told.output
    assert out.read_bytes() == template(feeds()["officer"])
    told = CliRunner().invoke(main, ["template", "horoscope", "--home", str(home.path)])
    assert told.exit_code == 2
    assert "no such feed" in told.output


@pytest.mark.parametrize("name", ["市场主体登记信息", "enterprise", "scjg/enterprise", "scjg_enterprise"])
def test_a_feed_is_called_by_its_title_and_folder_too(home: Home, name: str) -> None:
    told = CliRunner().invoke(main, ["schemas", "show", name, "--home", str(home.path)])
    assert (told.exit_code, told.output.splitlines()[0]) == (0, "scjg_enterprise  市场主体登记信息")


def test_a_name_that_nobody_has_is_answered_with_likely_ones(home: Home) -> None:
    told = CliRunner().invoke(main, ["schemas", "show", "市场主体登记", "--home", str(home.path)])
    assert (told.exit_code, told.output) == (
        2,
        "lakewarden: 市场主体登记: no such contract; did you mean scjg_enterprise?\n",
    )
    told = CliRunner().invoke(main, ["template", "base.licence", "--home", str(home.path)])
    assert (told.exit_code, "no such feed" in told.output) == (2, True)


@pytest.mark.parametrize("feed", feeds())
def test_a_page_explains_every_column_and_code(feed: str) -> None:
    contract = feeds()[feed]
    page = unescape(explained(contract, deliverers(contract)[0]))
    for filling in fillings(contract):
        assert f"<td>{' 或 '.join(known.heading for known in filling.column.headings)}</td>" in page
        for code in code_list(filling.column.codes) if filling.column.codes else ():
            known = f"<b>{code.code}</b> {code.label}" in page or f"{code.code} {code.label}" in page
            assert known != bool(code.valid_to or code.extra.get("successor")), code
    assert f"landing/{deliverers(contract)[0]}/{contract.folder}/" in page


def test_the_page_says_the_cadence_as_the_code_list_does() -> None:
    assert "每季度" in explained(feeds()["special_site"], "wlt")
