"""The real register of Hubei (94,447 market entities up to 2010), dropped unchanged as a department would drop it."""

from __future__ import annotations

import gzip
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from spark_jobs import pipeline
from spark_jobs.lake.home import Home
from spark_jobs.lake.tables import read
from spark_jobs.landing.land import make_landing_zone

DATA = Path(os.environ.get("LAKEWARDEN_DATA", Path(__file__).parents[2] / "shared" / "data"))
REGISTER = DATA / "hubei_register" / "hubei_register_to_2010.csv.gz"
ROWS = 94_447
# 10,062.0000(万美元) whose point was lost on its way: a capital of 10,062 or of 100,620,000 times ten thousand?
LOST_POINT = re.compile(r"capital_amount: 不是可识别的金额: \d{1,3},\d{7}\(万.*\)")

pytestmark = pytest.mark.skipif(
    not REGISTER.exists(),
    reason="the register's licence (CC BY-NC-SA) keeps it out of the repository; LAKEWARDEN_DATA names its folder",
)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("register"))
    make_landing_zone(home)
    (home.landing / "scjg" / "enterprise" / "register.csv").write_bytes(gzip.decompress(REGISTER.read_bytes()))
    for stage in pipeline.STAGES:
        stage(home)
    return home


def test_every_row_is_accounted_for(register: Home) -> None:
    [delivery] = read(register.table("ops", "delivery")).to_pylist()
    assert delivery["state"] == "accepted"
    assert delivery["rows_delivered"] == ROWS
    assert delivery["rows_accepted"] + delivery["rows_quarantined"] == ROWS
    assert read(register.table("base", "supervised_object"), ["object_id"]).num_rows == delivery["rows_accepted"]


def test_shifted_rows_are_quarantined_with_reasons(register: Home) -> None:
    rows = read(register.table("quarantine", "scjg_enterprise")).to_pylist()
    reasons = {row["_line"]: row["_reasons"] for row in rows}
    lost_points = [line for line, [reason, *_] in reasons.items() if LOST_POINT.fullmatch(reason)]
    assert len(lost_points) == 290
    assert {line: reason for line, reason in reasons.items() if line not in lost_points} == {
        66175: ["enterprise_type: 格式不符: 39(万新加坡元)"],
        71231: ["uscc: 不是统一社会信用代码（GB 32100 规定的 18 位）: 429006NA000000022X"],
    }


def test_doubtful_codes_are_kept_and_flagged(register: Home) -> None:
    flags = read(register.table("silver", "scjg_enterprise"), ["_flags"]).column("_flags").to_pylist()
    counted = Counter(flag.rsplit(": ", 1)[0] for row in flags for flag in row)
    assert counted == {
        "uscc: 小写字母已改为大写": 44,
        "uscc: 第 18 位校验码不符（GB 32100）": 29,
        "uscc: 第 17 位组织机构代码校验码不符（GB 11714）": 45,
        "object_name: 含有自造字，别处显示不出": 1,
        "address_registered: 问号可能是丢失的文字": 5,
    }


def test_every_spelling_of_capital_is_an_amount_in_a_currency(register: Home) -> None:
    rows = read(register.table("silver", "scjg_enterprise"), ["capital_amount", "capital_currency"]).to_pandas()
    assert (rows.capital_amount.isna() == rows.capital_currency.isna()).all()
    assert rows.capital_currency.value_counts().to_dict() == {
        "CNY": 71_094,
        "USD": 417,
        "HKD": 97,
        "EUR": 19,
        "JPY": 6,
        "AUD": 4,
        "FRF": 2,
        "CHF": 1,
        "GBP": 1,
    }


def test_historical_divisions_are_kept_and_mapped_to_todays(register: Home) -> None:
    columns = ["registration_region_code", "registration_city_code"]
    rows = read(register.table("base", "supervised_object"), columns).to_pandas()
    jianli = rows[rows.registration_region_code == "421023"]
    assert len(jianli) > 300
    assert set(jianli.registration_city_code) == {"421000"}
    placed = rows[rows.registration_region_code.str.startswith("42") & (rows.registration_region_code != "420000")]
    assert placed.registration_city_code.notna().all()


def test_the_dashboard_has_every_firm(register: Home) -> None:
    scored = read(register.table("gold", "risk_score"), ["object_id"]).num_rows
    assert scored == read(register.table("base", "supervised_object"), ["object_id"]).num_rows
