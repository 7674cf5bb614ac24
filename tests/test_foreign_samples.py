"""Registers that nobody made for Lakewarden, each a contract in samples/foreign: row by row, and whole files."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.compute as pc
import pytest

from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from tests.sample_rows import assert_verdicts, drop, verdicts

ROOT = Path(__file__).parent.parent
FOREIGN = ROOT / "samples" / "foreign"
DATA = Path(os.environ.get("LAKEWARDEN_DATA", ROOT.parent / "shared" / "data"))
FEEDS = {
    "fsa_hygiene_rating": "fsa/hygiene_rating",
    "toronto_infraction": "toronto/infraction",
    "chicago_inspection": "chicago/inspection",
    "wuhan2020_hospital": "wuhan2020/hospital",
    "wuhan2020_hotel": "wuhan2020/hotel",
    "bjmemc_air_hour": "bjmemc/air_hour",
    "fdic_failed_bank": "fdic/failed_bank",
    "fda_recall": "fda/recall",
    "scenic5a_spot": "scenic5a/spot",
}
AIR = DATA / "environment_air_beijing" / "PRSA_Dongsi_2013-2015.csv.gz"
REGISTER = DATA / "food_hygiene_uk" / "fsa_wholesalers_apr2025.csv.gz"
YEARS = DATA / "inspection_toronto"
HOTELS = DATA / "health_public_places" / "hotels.csv"
BANKS = DATA / "finance_failed_banks" / "banklist.csv"
HOSPITALS = DATA / "health_hospitals_hubei" / "hospitals.csv"
RECALLS = DATA / "drug_recalls_fda" / "fda_recalls_2024_2025_dirty.xlsx"
SCENIC = DATA / "tourism_scenic_5a" / "scenic_5a.csv"

needs_data = pytest.mark.skipif(
    not (REGISTER.exists() and YEARS.exists()),
    reason="the whole files are too large for the repository; LAKEWARDEN_DATA names the folder that has them",
)


def lakewarden(home: Home, *words: str) -> None:
    """Runs the command in a process of its own: contracts are read once a process."""
    known = {**os.environ, "LAKEWARDEN_SCHEMAS": str(FOREIGN)}
    command = [str(Path(sys.executable).with_name("lakewarden")), "--home", str(home.path), *words]
    told = subprocess.run(command, env=known, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("foreign") / "lake")
    for folder in FEEDS.values():
        drop(FOREIGN / f"{folder}.csv", home.landing / folder / "sample.csv")
    lakewarden(home, "land")
    return home


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("whole") / "lake")
    for packed, folder in [
        (REGISTER, "fsa/hygiene_rating"),
        *((year, "toronto/infraction") for year in YEARS.glob("*.gz")),
    ]:
        target = home.landing / folder / packed.stem
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.decompress(packed.read_bytes()))
    lakewarden(home, "land")
    return home


def test_the_contracts_pass_the_lint() -> None:
    known = {**os.environ, "LAKEWARDEN_SCHEMAS": str(FOREIGN)}
    told = subprocess.run(
        [sys.executable, "-m", "schemas", "lint"], cwd=ROOT, env=known, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize(("feed", "folder"), FEEDS.items(), ids=FEEDS.keys())
def test_every_row_of_the_excerpt_gets_the_verdict_it_carries(judged: Home, feed: str, folder: str) -> None:
    assert_verdicts(FOREIGN / f"{folder}.csv", verdicts(judged, feed))


@pytest.mark.skipif(not AIR.exists(), reason="LAKEWARDEN_DATA names the folder that has the stations' files")
def test_days_of_a_station_come_to_what_duckdb_says_of_the_raw_file(tmp_path: Path) -> None:
    home, month = Home(tmp_path / "lake"), tmp_path / "january.csv"
    lines = gzip.decompress(AIR.read_bytes()).decode().splitlines(keepends=True)
    month.write_text("".join([lines[0], *(line for line in lines if line.split(",")[1:3] == ["2014", "1"])]))
    target = home.landing / "bjmemc" / "air_hour" / "january.csv"
    target.parent.mkdir(parents=True)
    target.write_bytes(month.read_bytes())
    lakewarden(home, "land")
    lakewarden(home, "build")
    days = read(home.table("base", "reading_day")).to_pylist()
    ours = {
        (row["reading_date"].day, row["indicator_code"]): (row["valid"], round(float(row["day_avg"] or 0), 3))
        for row in days
    }
    columns = {"PM2.5": "a34004", "PM10": "a34002", "SO2": "a21026", "NO2": "a21004", "CO": "a21005", "TEMP": "a01001"}
    figure = 'count("{0}"), coalesce(avg("{0}"), 0)'
    counted = ", ".join(figure.format(name) for name in columns)
    sql = f"select day, {counted} from read_csv('{month}', nullstr='NA') group by day order by day"
    theirs = duckdb.sql(sql).fetchall()
    assert len(theirs) == 31
    for day, *figures in theirs:
        for place, code in enumerate(columns.values()):
            assert ours[day, code] == (figures[2 * place], pytest.approx(figures[2 * place + 1], abs=0.001)), (
                day,
                code,
            )
    assert any(row["valid"] < 24 for row in days)  # there are gaps, and they are not taken for values


@pytest.mark.skipif(not BANKS.exists(), reason="LAKEWARDEN_DATA names the folder that has the whole list")
def test_two_ways_of_writing_a_day_are_read_as_duckdb_reads_them(tmp_path: Path) -> None:
    home = Home(tmp_path / "lake")
    (target := home.landing / "fdic" / "failed_bank" / "banklist.csv").parent.mkdir(parents=True)
    target.write_bytes(BANKS.read_bytes())
    lakewarden(home, "land")
    columns = ["fdic_certificate", "closing_date", "updated_date", "us_state"]
    rows = read(home.table("silver", "fdic_failed_bank"), columns).to_pylist()
    ours = {row["fdic_certificate"]: (row["closing_date"], row["updated_date"]) for row in rows}
    closed, updated = """strptime("Closing Date", '%m/%d/%Y')""", """strptime("Updated Date", '%d-%b-%y')"""
    sql = f"select CERT, cast({closed} as date), cast({updated} as date) from read_csv('{BANKS}', all_varchar = true)"
    theirs = {code: (first, last) for code, first, last in duckdb.sql(sql).fetchall()}
    assert ours == theirs
    assert len(theirs) == 349
    assert len({row["us_state"] for row in rows}) == 44  # WY and the 43 names


@pytest.mark.skipif(not RECALLS.exists(), reason="LAKEWARDEN_DATA names the folder that has the whole workbook")
def test_a_workbook_with_line_breaks_in_its_cells_is_read_whole(tmp_path: Path) -> None:
    home = Home(tmp_path / "lake")
    (target := home.landing / "fda" / "recall" / RECALLS.name).parent.mkdir(parents=True)
    target.write_bytes(RECALLS.read_bytes())
    lakewarden(home, "land")
    [delivery] = read(home.table("ops", "delivery")).to_pylist()
    assert (delivery["state"], delivery["rows_accepted"], delivery["rows_quarantined"]) == ("accepted", 5_453, 0)
    columns = ["product_no", "event_class", "classified_date", "product"]
    ours = {row["product_no"]: row for row in read(home.table("silver", "fda_recall"), columns).to_pylist()}
    counted = Counter(row["event_class"] for row in ours.values())
    assert counted == {"1": 2_730, "2": 2_394, "3": 329}  # as they stand in the workbook
    assert ours["216542"]["product"] == "Cinnamon, Clear Plastic Container, 100G, \nUPC 6251136 034139"
    assert ours["216542"]["classified_date"] == date(2026, 1, 9)


@needs_data
def test_every_row_of_the_whole_files_is_accepted_and_no_key_stands_twice(whole: Home) -> None:
    ledger = read(whole.table("ops", "delivery")).to_pylist()
    assert {(row["state"], row["reason"], row["rows_quarantined"]) for row in ledger} == {("accepted", "", 0)}
    accepted = {row["file_name"]: row["rows_accepted"] for row in ledger}
    assert accepted == {
        "fsa_wholesalers_apr2025.csv": 13_785,
        "dinesafe.2001.csv": 6_066,
        "dinesafe.2002.csv": 6_352,
        "dinesafe.2003.csv": 7_160,
        "dinesafe.2004.csv": 7_181,
        "dinesafe.2005.csv": 8_642,
        "dinesafe.2006.csv": 9_096,
        "dinesafe.2007.csv": 10_130,
        "dinesafe.2008.csv": 11_666,
        "dinesafe.2009.csv": 11_393,
        "dinesafe.2010.csv": 14_920,
    }
    keys = {
        "fsa_hygiene_rating": ["authority", "row_in_authority"],
        "toronto_infraction": ["inspection_id", "record_no"],
    }
    for feed, key in keys.items():
        rows = read(whole.table("silver", feed), key)
        assert rows.group_by(key).aggregate([]).num_rows == rows.num_rows


@needs_data
def test_two_rating_schemes_and_two_spellings_become_the_agencys_own_rating_keys(whole: Home) -> None:
    rows = read(whole.table("silver", "fsa_hygiene_rating"), ["rating", "is_rating_pending", "rating_date", "latitude"])
    assert Counter(rows["rating"].to_pylist()) == {
        "fhrs_5": 8_164,
        "fhrs_4": 1_206,
        "fhrs_3": 323,
        "fhrs_2": 103,
        "fhrs_1": 104,
        "fhrs_0": 9,
        "fhrs_awaitinginspection": 1_549,
        "fhis_pass": 1_543,
        "fhis_improvement_required": 112,
        "fhis_pass_and_eat_safe": 4,
        "fhis_awaiting_inspection": 668,
    }
    assert Counter(rows["is_rating_pending"].to_pylist()) == {"0": 13_731, "1": 54}
    assert (rows["rating_date"].null_count, rows["latitude"].null_count) == (1_799, 4_817)


@needs_data
def test_mangled_names_and_half_postcodes_are_kept_and_flagged(whole: Home) -> None:
    flags = read(whole.table("silver", "fsa_hygiene_rating"), ["_flags"])["_flags"].to_pylist()
    assert Counter(flag.rsplit(": ", 1)[0] for row in flags for flag in row) == {
        "business: 格式不符": 56,
        "business: 连续的问号可能是丢失的文字": 1,
        "address_1: 格式不符": 24,
        "address_2: 格式不符": 4,
        "address_3: 格式不符": 3,
        "postcode: 格式不符": 7,
    }
    assert sum(map(bool, flags)) == 87


@needs_data
def test_clean_inspections_and_fines_of_ten_years_are_all_there(whole: Home) -> None:
    columns = ["inspection_id", "infraction", "severity", "fine_cad", "outcome", "_flags"]
    rows = read(whole.table("silver", "toronto_infraction"), columns)
    assert pc.count_distinct(rows["inspection_id"]).as_py() == 61_608
    assert rows["infraction"].null_count == 39_204
    assert Counter(rows["severity"].to_pylist()) == {None: 39_204, "M": 26_962, "S": 22_374, "C": 2_707, "NA": 1_359}
    assert (pc.count(rows["fine_cad"]).as_py(), pc.sum(rows["fine_cad"]).as_py()) == (436, Decimal("225245.50"))
    assert Counter(rows["outcome"].to_pylist())["Conviction - Fined & Probationary Order"] == 3
    assert not any(rows["_flags"].to_pylist())


# Registered bodies, with invented codes: as the list calls them, otherwise written, and almost so.
REGISTERED = {
    "12420700420000154Q": ("鄂州市 中心医院", "420700"),
    "12420700420000162K": ("鄂州市中医医院", "420700"),
    "12420100420000170F": ("武汉市第六医院", "420100"),
    "124205004200001891": ("宜昌市仁和医院", "420500"),
    "12421100420000197K": ("黄冈市团风县人民医院", "421121"),
}


@pytest.mark.skipif(not HOSPITALS.exists(), reason="LAKEWARDEN_DATA names the folder that has the whole file")
def test_hospitals_without_codes_are_linked_by_name(tmp_path: Path) -> None:
    """Every figure beside what DuckDB counts in the raw file."""
    home = Home(tmp_path / "lake")
    (target := home.landing / "wuhan2020" / "hospital" / "hospitals.csv").parent.mkdir(parents=True)
    target.write_bytes(HOSPITALS.read_bytes())
    lines = [f"{code},{name},{region}" for code, (name, region) in REGISTERED.items()]
    firms = home.landing / "mzt" / "object_organization" / "bodies.csv"
    firms.parent.mkdir(parents=True)
    firms.write_text("\n".join(["统一社会信用代码,相对人名称,行政区划", *lines, ""]), encoding="utf-8")
    lakewarden(home, "land")
    lakewarden(home, "build")
    with duckdb.connect() as database:
        said = "regexp_replace(name, '\\s', '', 'g')"
        raw = f"(select {said} as said from read_csv('{HOSPITALS}', all_varchar = true))"
        rows, names = database.sql(f"select count(*), count(distinct said) from {raw}").fetchall()[0]
        spelled = [name.replace(" ", "") for name, _ in REGISTERED.values()]
        same = {
            row[0] for row in database.sql(f"select distinct said from {raw} where said in {(*spelled,)}").fetchall()
        }
    [ledger] = [row for row in read(home.table("ops", "delivery")).to_pylist() if row["feed"] == "wuhan2020_hospital"]
    assert (ledger["rows_accepted"], ledger["rows_quarantined"], ledger["state"]) == (rows, 0, "accepted")
    base = read(home.table("base", "special_element")).to_pylist()
    assert len(base) == names
    linked = {row["holder_name"]: row["object_id"] for row in base if row["object_link"] == "name"}
    assert {*linked} == same
    assert sum(row["object_id"] is not None for row in base) == len(same) == 2
    offered = {
        row["mention_name"]: row["candidate_name"] for row in read(home.table("ops", "link_candidate")).to_pylist()
    }
    assert offered["团风县人民医院"] == "黄冈市团风县人民医院"  # 人民 is half a core: a person decides
    assert not linked.keys() & offered.keys()


@pytest.mark.skipif(not HOTELS.exists(), reason="LAKEWARDEN_DATA names the folder that has the whole file")
def test_hotels_are_split_into_their_divisions_as_duckdb_splits_the_raw_file(tmp_path: Path) -> None:
    home = Home(tmp_path / "lake")
    (target := home.landing / "wuhan2020" / "hotel" / "hotels.csv").parent.mkdir(parents=True)
    target.write_bytes(HOTELS.read_bytes())
    lakewarden(home, "land")
    lakewarden(home, "build")
    whole = f"(select *, trim(name) as said from read_csv('{HOTELS}', all_varchar = true))"
    raw = f"(select * from {whole} where said <> '-')"  # provinces that had none to name
    with duckdb.connect() as database:
        [nameless] = database.sql(f"select count(*) from {whole} where said = '-'").fetchall()[0]
        rows, offices, nowhere, addressless = database.sql(
            f"""select count(*), count(*) filter (regexp_full_match(said, '.*[局会部]')),
            count(*) filter (not regexp_full_match(city, '[^-]+(市|州|盟|地区|区|县)(-[^-]+)?')),
            count(*) filter (trim(coalesce(address, '')) in ('', '-')) from {raw}"""
        ).fetchall()[0]
        places = database.sql(
            f"""select province, split_part(city, '-', 1), nullif(split_part(city, '-', 2), ''),
            strftime(cast(replace(replace(date, 'T', ' '), 'Z', '') as timestamp) + interval 8 hours, '%Y-%m-%d'),
            count(distinct said) from {raw} group by all"""
        ).fetchall()
    [ledger] = [row for row in read(home.table("ops", "delivery")).to_pylist() if row["feed"] == "wuhan2020_hotel"]
    assert (ledger["rows_accepted"], ledger["rows_quarantined"]) == (rows, nameless) == (407, 11)
    silver = read(home.table("silver", "wuhan2020_hotel")).to_pylist()
    flags = Counter(flag.split(":")[0] for row in silver for flag in row["_flags"] if "格式不符" in flag)
    assert flags == {"hotel_name": offices, "place_path": nowhere}
    assert sum(row["address_operating"] is None for row in silver) == addressless
    base = read(home.table("base", "travel_hotel")).to_pylist()
    ours = Counter(
        (row["province_name"], row["prefecture_name"], row["district_name"], str(row["noted_day"])) for row in base
    )
    # Two are noted twice.
    assert sum(ours.values()) == len({(row["province_name"], row["place_path"], row["hotel_name"]) for row in silver})
    assert {tuple(key) for *key, count in places if ours[tuple(key)] != count} == set()


@pytest.mark.skipif(not SCENIC.exists(), reason="LAKEWARDEN_DATA names the folder that has the whole file")
def test_an_address_tells_the_division_and_what_lies_elsewhere_is_set_aside(tmp_path: Path) -> None:
    """Every spot of the province by county and prefecture, beside what DuckDB cuts out of the raw addresses."""
    home = Home(tmp_path / "lake")
    (target := home.landing / "scenic5a" / "spot" / "scenic_5a.csv").parent.mkdir(parents=True)
    target.write_bytes(SCENIC.read_bytes())
    lakewarden(home, "land")
    lakewarden(home, "build")
    label = "([^省市]+?(?:市|自治州|林区))((?:[^市区县]+(?:自治县|[市区县]))?)"
    cut = f"regexp_extract(address, '^湖北省{label}', ['city', 'county'])"
    sql = f"select id, unnest({cut}) from read_csv('{SCENIC}', all_varchar = true) where province = '湖北省'"
    theirs = {code.upper(): (city, county) for code, city, county in duckdb.sql(sql).fetchall()}
    [rows] = duckdb.sql(f"select count(*) from read_csv('{SCENIC}', all_varchar = true)").fetchall()[0]
    [ledger] = read(home.table("ops", "delivery")).to_pylist()
    assert (ledger["rows_accepted"], ledger["rows_quarantined"]) == (len(theirs), rows - len(theirs)) == (13, 274)
    names = {row["code"]: row["label"] for row in read(home.table("codes", "region")).to_pylist()}
    base = read(home.table("base", "special_element")).to_pylist()
    ours = {row["element_code"]: (names[row["city_code"]], names[row["region_code"]]) for row in base}
    assert ours == theirs
    assert {row["element_class"] for row in base} == {"09"}
