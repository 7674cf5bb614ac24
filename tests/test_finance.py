"""Field finance: forms and units, ratios beside the limit of their day, identities, forms due, who is scored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from spark_jobs.building.base import build_base
from spark_jobs.building.views import build_gold, build_themes
from spark_jobs.lake.home import Home
from tests.field_rows import limit, rows_of, year
from tests.silver_rows import Row, deliver, lake

LENDER, SURETY, SILENT = "91420100MA4K00010R", "91420100MA4K0007XR", "91420500MA4K000969"
AS_OF = date(2026, 11, 1)
LAW, OLD_RULE, NEW_RULE = "《融资担保公司监督管理条例》第十五条", "旧办法", "《小额贷款公司监督管理暂行办法》"
BEGIN = date(2017, 10, 1)

LIMITS = [
    limit("finance", "JR1-BS", "10", BEGIN, LAW),
    limit("finance", "JR1-XN", "15", BEGIN, LAW),
    limit("finance", "JR1-ZB", "0.5", BEGIN, LAW),
    limit("finance", "JR3-GD", "0", BEGIN, LAW),
    limit("finance", "JR4-DH", "0.2", BEGIN, OLD_RULE, date(2026, 8, 31)),
    limit("finance", "JR4-DH", "0.1", date(2026, 9, 1), NEW_RULE),
    limit("finance", "JR7-BL", "0.1", BEGIN, NEW_RULE),
    limit("finance", "JR10-YB", "10", BEGIN, LAW),
    limit("finance", "JR10-JB", "15", BEGIN, LAW),
    limit("finance", "JR12-CE", "0.001", BEGIN, LAW),
    limit("finance", "JR13-LL", "0.12", BEGIN, LAW),
]


def _institution(uscc: str, kind: str, **more: Any) -> Row:
    told = {
        "uscc": uscc,
        "finance_institution_kind": kind,
        "licence_kind": kind,
        "licence_no": f"N{uscc}",
        "holder_name": uscc,
    }
    return {**told, "institution_state": "1", "issued_date": date(2015, 1, 1), "region_code": "420107", **more}


def _figures(uscc: str, month: date, filed: date | None, **told: str) -> Iterator[Row]:
    """The figures of one form; `XD07="500 wan"` is an item with its figure and unit."""
    when = (
        {"month": month}
        if told.keys() & {"XD07"}
        else {"report_year": month.year, "report_quarter": (month.month + 2) // 3}
    )
    for item, said in told.items():
        figure, unit, *last = said.split()
        more = {"last_figure": Decimal(last[0])} if last else {}
        value = {"finance_item": item, "figure": Decimal(figure), "figure_unit": unit, "region_code": "420107"}
        yield {"uscc": uscc, **when, "filed_date": filed, **value, **more}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A lender over three months, a guarantor over two quarters, and one that works and has filed nothing."""
    with lake(tmp_path_factory.mktemp("finance")) as home:
        registered = [
            {"uscc": one, "industry_code": "6635", "region_code": "420107"} for one in (LENDER, SURETY, SILENT)
        ]
        deliver(home, "scjg_enterprise", "scjg", "2026-01-01", registered)
        deliver(home, "theme_limit", "jrj", "2026-01-01", LIMITS)
        gone = {"institution_state": "6", "exit_date": date(2026, 1, 31)}
        deliver(
            home,
            "jrj_institution",
            "jrj",
            "2026-01-01",
            [
                _institution(LENDER, "JR01"),
                _institution(SURETY, "JR02"),
                _institution(SILENT, "JR01"),
                _institution("91420600MA4873X97K", "JR01", **gone),
            ],
        )
        whole = {"XD51": "900 wan", "XD52": "50 wan", "XD53": "50 wan", "XD11": "400 wan", "XD12": "600 wan"}
        lent = {"XD05": "100 wan", "XD06": "50 wan"}
        deliver(
            home,
            "jrj_microloan_month",
            "jrj",
            "2026-10-20",
            [
                *_figures(
                    LENDER,
                    date(2026, 7, 1),
                    date(2026, 8, 10),
                    XD07="1000 wan",
                    XD91="150 wan",
                    XD95="1000 wan",
                    **whole,
                ),
                # 150 of 1,000: within the limit of August, above that of September. The same in yuan.
                *_figures(
                    LENDER,
                    date(2026, 8, 1),
                    date(2026, 9, 11),
                    XD07="10500000 yuan",
                    XD91="1500000 yuan",
                    XD95="1000 wan",
                    **lent,
                ),
                *_figures(
                    LENDER,
                    date(2026, 9, 1),
                    None,
                    XD07="1200 wan 1100",
                    XD91="150 wan",
                    XD95="1000 wan",
                    XD73="12.5 percent",
                    **lent,
                    XD53="-20 wan",
                    XD54="200 wan",
                    XD51="1020 wan",
                ),
            ],
        )
        deliver(
            home,
            "jrj_guarantee_quarter",
            "jrj",
            "2026-10-20",
            [
                *_figures(
                    SURETY,
                    date(2026, 4, 1),
                    date(2026, 7, 15),
                    DB03="1000 wan",
                    DB04="12000 wan",
                    DB05="4000 wan",
                    DB06="3000 wan",
                    DB11="12 times",
                ),
                *_figures(
                    SURETY,
                    date(2026, 7, 1),
                    date(2026, 10, 15),
                    DB03="1000 wan",
                    DB04="12000 wan",
                    DB05="2000 wan",
                    DB06="3000 wan",
                    DB11="10 times",
                    DB18="11000 wan",
                    DB21="1 wan",
                ),
            ],
        )
        clues = {"FJ1": "承诺高额回报", "FJ2": "到期不兑付", "FJ3": "散发传单"}
        deliver(
            home,
            "jrj_fund_raising_clue",
            "jrj",
            "2026-10-20",
            [
                {
                    "complaint_no": number,
                    "complained_uscc": LENDER,
                    "complaint_matter": text,
                    "received_date": date(2026, 10, 1),
                    "region_code": "420107",
                }
                for number, text in clues.items()
            ],
        )
        grade = {
            "uscc": SURETY,
            "object_name": "甲",
            "rating_year": 2025,
            "credit_grade": "B",
            "rated_date": date(2026, 5, 20),
        }
        deliver(home, "jrj_rating", "jrj", "2026-06-01", [grade])
        owners = [("甲", "60", "1"), ("乙", "40", "0")]
        deliver(
            home,
            "jrj_shareholder",
            "jrj",
            "2026-06-01",
            [
                {"uscc": SURETY, "shareholder_name": name, "share_percent": Decimal(share), "is_controlling": owns}
                for name, share, owns in owners
            ],
        )
        assert build_base(home).parked == []
        build_themes(home, as_of=AS_OF)
        build_gold(home, AS_OF)
        yield home


def _ratios(home: Home, code: str) -> list[tuple[int, Decimal, Decimal, bool, str]]:
    rows = [row for row in rows_of(home, "themes.finance_institution_period") if row["ratio_code"] == code]
    told = ((r["month"].month, r["ratio_value"], r["held_limit"], r["is_over_limit"], r["legal_basis"]) for r in rows)
    return sorted(told)


def test_money_in_any_unit_is_yuan_and_shares_are_shares(built: Home) -> None:
    values = {
        (row["month"].month, row["finance_item"]): row["figure_value"]
        for row in rows_of(built, "themes.finance_figure")
    }
    assert (values[7, "XD07"], values[8, "XD07"], values[9, "XD73"]) == (10_000_000, 10_500_000, Decimal("0.125"))
    assert values[9, "DB11"] == 10  # the third quarter stands at September


def test_a_concentration_is_beside_the_limit_and_the_law_of_its_day(built: Home) -> None:
    assert _ratios(built, "JR04A") == [
        (7, Decimal("0.15"), Decimal("0.2"), False, OLD_RULE),
        (8, Decimal("0.15"), Decimal("0.2"), False, OLD_RULE),
        (9, Decimal("0.15"), Decimal("0.1"), True, NEW_RULE),
    ]
    assert year(built, "loan_concentration_rate")[:2] == (2, 3)


def test_who_serves_small_firms_and_farmers_may_guarantee_fifteen_times(built: Home) -> None:
    # In June 7 of 12 were small or farmers; what it answers for is not told, so what it guarantees stands for it.
    assert _ratios(built, "JR01") == [(6, 12, 15, False, LAW), (9, 11, 10, True, LAW)]
    assert year(built, "guarantee_multiple") == (230_000_000, 20_000_000, True)
    assert _ratios(built, "JR03") == [(9, 10_000, 0, True, LAW)]


def test_bad_loans_are_those_of_the_three_lower_classes(built: Home) -> None:
    assert [row[:2] for row in _ratios(built, "JR07")] == [(7, Decimal("0.05")), (9, Decimal("0.15"))]


def test_a_form_that_does_not_add_up_is_told_by_its_identity(built: Home) -> None:
    rows = rows_of(built, "themes.finance_balance_check")
    broken = {(row["month"].month, row["identity_code"]): row["difference"] for row in rows if row["is_broken"]}
    assert broken == {
        (9, "XD_flow"): 1_000_000,  # 1,200 told; 1,050 and 100 lent, 50 repaid
        (9, "XD_carried"): 500_000,  # 1,100 told as last month's; 1,050 were told then
        (9, "XD_negative"): -200_000,
        (9, "DB_multiple"): -2,  # ten told, twelve by what is guaranteed
    }
    kept = {(row["month"].month, row["identity_code"]) for row in rows if not row["is_broken"]}
    assert {(7, "XD_classes"), (7, "XD_modes"), (8, "XD_flow"), (9, "XD_classes"), (6, "DB_multiple")} <= kept


def test_forms_are_due_of_who_works_and_late_without_their_day(built: Home) -> None:
    due = {
        (row["object_id"], row["month"].month): (row["is_filed"], row["is_in_time"])
        for row in rows_of(built, "themes.finance_report_due")
    }
    assert due == {
        (LENDER, 7): (True, True),
        (LENDER, 8): (True, False),
        (LENDER, 9): (True, False),
        **{(SILENT, month): (False, False) for month in (7, 8, 9)},
        (SURETY, 6): (True, True),
        (SURETY, 9): (True, True),
    }
    assert year(built, "report_timeliness_rate")[:2] == (3, 8)


def test_what_is_known_of_an_organisation_today_stands_in_one_row(built: Home) -> None:
    rows = {row["object_id"]: row for row in rows_of(built, "themes.finance_institution_now")}
    assert rows.keys() == {LENDER, SURETY, SILENT}
    surety = rows[SURETY]
    assert (surety["guarantee_multiple_now"], surety["breaches"], surety["supervision_grade"]) == (11, 2, "B")
    assert (surety["controlling_share"], rows[SILENT]["reports_late_12m"]) == (60, 3)


def test_limits_identities_late_forms_and_clues_make_a_score(built: Home) -> None:
    scores = {
        row["object_id"]: row for row in rows_of(built, "gold.risk_score") if row["model"] == "finance_institution"
    }
    reasons = {one: {reason["indicator"] for reason in row["reasons"]} for one, row in scores.items()}
    assert reasons[LENDER] == {"ratios_breached", "reports_late", "identities_broken", "raising_clues_promising"}
    assert "reports_late" in reasons[SILENT]
    assert year(built, "raising_clues_total")[0] == 3
