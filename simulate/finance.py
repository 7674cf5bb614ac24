"""Firms flow in; local financial organisations and the forms they file flow out as columns.

Forms keep their identities and the law's limits, but for a share that breaks them: whoever compares them finds it.
"""

from __future__ import annotations

import numpy as np

from simulate.firms import NAT, Period
from simulate.marks import SPARE
from simulate.word_lists import Array, Table, industries, texts

# Money services, investment and holding first, then other companies.
LIKELY = ("66", "67", "69", "7211", "7212")
FEWEST, OF_FIRMS, SPARE_ROWS = 36, 0.01, 5
KINDS = {"JR01": 0.4, "JR02": 0.25, "JR04": 0.2, "JR05": 0.05, "JR06": 0.05, "JR08": 0.05}
STATES = {"1": 0.88, "3": 0.04, "2": 0.04, "4": 0.02, "6": 0.02}
MONTHS_BEFORE = 8  # forms of so many months before the period are delivered with its first file
WITHIN = 10  # days after a period's end by which most forms are filed
LATE, MISSING, BROKEN, STRAINED = 0.06, 0.03, 0.05, 0.2
WAN = 10_000
FEWEST_CLUES = 24
CLUES = (
    "承诺年化收益18%以上，宣称高额回报，要求介绍亲友投资",
    "理财产品到期不兑付，公司以各种理由拖延",
    "宣称保本付息，现提现困难，门店关闭",
    "在小区内散发投资养老项目传单",
    "未经许可发放贷款，收取高额手续费",
)


def make_organisations(firms: Table, there: Array, period: Period, rng: np.random.Generator) -> Table:
    """One row an organisation; some strained ones come near the limits of the law or beyond."""
    mix = industries()
    company = there[firms["form"][there] == "91"]
    likely = np.array([mix[kind].code.startswith(LIKELY) for kind in firms["industry"][company]], bool)
    pool = np.concatenate([company[likely], rng.permutation(company[~likely])])
    count = min(max(FEWEST, round(OF_FIRMS * len(firms["uscc"]))), len(pool))
    firm, kinds = pool[:count], rng.choice(list(KINDS), count, p=list(KINDS.values())).astype(object)
    # A guarantor and a microloan company there are in any province.
    kinds[: min(3, count)] = ["JR01", "JR02", "JR04"][: min(3, count)]
    state = rng.choice(list(STATES), count, p=list(STATES.values())).astype(object)
    state[: min(3, count)] = "1"
    strain = np.where(rng.random(count) < STRAINED, rng.uniform(0.9, 1.4, count), rng.uniform(0.2, 0.8, count))
    strain[: min(3, count)] = [0.95, 1.2, 0.7][: min(3, count)]  # and one that is near the limits, one beyond
    issued = firms["established_date"][firm] + rng.integers(10, 90, count).astype("timedelta64[D]")
    issued = np.minimum(issued, period.first - 400)
    is_gone = state == "6"
    return {
        "firm": firm,
        "object_name": firms["object_name"][firm],
        "holder_name": firms["object_name"][firm],
        "uscc": firms["uscc"][firm],
        "finance_institution_kind": kinds,
        "licence_no": texts([f"鄂金办函〔{str(day)[:4]}〕{n:04d}号" for n, day in enumerate(issued, 1)]),
        "issued_date": issued,
        "valid_to": np.where(kinds == "JR02", period.last + 900, NAT).astype("datetime64[D]"),
        "paid_in_cny": np.round(rng.lognormal(9.2, 0.6, count)) * WAN,
        "institution_state": state,
        "exit_kind": np.where(is_gone, "1", "").astype(object),
        "exit_date": np.where(is_gone, period.first - 30, NAT).astype("datetime64[D]"),
        "branches": np.zeros(count),
        "_strain": strain,
        SPARE: np.arange(count) >= count - SPARE_ROWS,
    }


def make_shareholders(institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """Two of every organisation: who controls it, and the rest."""
    count = len(institutions["uscc"])
    which = np.repeat(np.arange(count), 2)
    is_first = np.arange(2 * count) % 2 == 0
    share = np.round(np.repeat(rng.uniform(51, 90, count), 2), 2)
    names = np.repeat(institutions["object_name"], 2)
    return {
        "firm": institutions["firm"][which],
        "uscc": institutions["uscc"][which],
        "shareholder_name": texts(
            [f"{name}{'控股' if first else '二'}股东" for name, first in zip(names, is_first, strict=True)]
        ),
        "shareholder_uscc": np.full(2 * count, "", dtype=object),
        "share_percent": np.where(is_first, share, 100 - share),
        "is_controlling": np.where(is_first, "1", "0").astype(object),
        "told_date": institutions["issued_date"][which],
    }


def make_ratings(institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """One row an organisation that works: last year's rating, the worse the more it is strained."""
    which = np.flatnonzero(institutions["institution_state"] != "6")
    strain = institutions["_strain"][which]
    grade = np.where(strain < 0.45, "A", np.where(strain < 0.8, "B", np.where(strain < 1.1, "C", "D")))
    parts = ("governance_score", "business_score", "compliance_score", "control_score", "supervision_score")
    scores = {name: np.round(np.clip(20 - 8 * strain + rng.normal(0, 1, len(which)), 1, 20), 1) for name in parts}
    rated = period.first + rng.integers(0, period.days, len(which)).astype("timedelta64[D]")
    return {
        **{name: institutions[name][which] for name in ("firm", "uscc", "object_name")},
        **scores,
        "credit_grade": grade.astype(object),
        "rating_year": rated.astype("datetime64[Y]").astype(float) + 1969,
        "rated_date": rated,
    }


def make_clues(institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """Clues of illegal fund raising, mostly of who is strained; every third names nobody outside its text."""
    count = max(FEWEST_CLUES, period.days // 3)
    strain = institutions["_strain"]
    firm = institutions["firm"][rng.choice(len(strain), count, p=strain / strain.sum())]
    names_nobody = rng.random(count) < 0.3
    names = dict(zip(institutions["firm"].tolist(), institutions["object_name"], strict=True))
    received = period.first + np.sort(rng.integers(0, period.days, count)).astype("timedelta64[D]")
    return {
        "firm": firm,
        "complaint_no": texts([f"FJ{str(day).replace('-', '')}{n:04d}" for n, day in enumerate(received, 1)]),
        "complained_name": np.where(names_nobody, "", texts([names[one] for one in firm.tolist()])).astype(object),
        "complained_uscc": np.full(count, "", dtype=object),
        "complaint_matter": rng.choice(np.array(CLUES, dtype=object), count),
        "raised_cny": np.round(rng.lognormal(12.5, 1.3, count), -3),
        "people_involved": np.ceil(rng.lognormal(2.2, 1.0, count)),
        "received_date": received,
        "closed_date": np.where(rng.random(count) < 0.5, np.minimum(received + 20, period.last), NAT),
    }


def make_forms(kind: str, institutions: Table, period: Period, rng: np.random.Generator) -> Table:
    """One row a figure of the forms of a kind: XD of microloan companies, DB of guarantors, DD of pawnbrokers."""
    rows: list[tuple[int, np.datetime64, str, float, str, float]] = []
    filed: list[np.datetime64] = []
    for one, code in enumerate(institutions["finance_institution_kind"]):
        form, tell = FORMS.get(code, ("", _microloans))
        if form != kind or institutions["institution_state"][one] == "6":
            continue
        for month, items in tell(institutions, one, _months(period, kind == "DB"), rng):
            last = (month + 1).astype("datetime64[D]") - 1
            late = rng.integers(WITHIN + 6, WITHIN + 30) if rng.random() < LATE else rng.integers(1, WITHIN)
            if rng.random() < MISSING or last + late > period.last:
                continue
            for item, (figure, unit, before) in items.items():
                rows.append((one, month, item, figure, unit, before))
                filed.append(last + late)
    which = np.array([row[0] for row in rows], dtype=int)
    months = np.array([row[1] for row in rows], dtype="datetime64[M]")
    return {
        "firm": institutions["firm"][which],
        "uscc": institutions["uscc"][which],
        "month": months.astype("datetime64[D]"),
        "report_year": months.astype("datetime64[Y]").astype(float) + 1970,
        "report_quarter": months.astype(int) % 12 // 3 + 1.0,
        "finance_item": texts([row[2] for row in rows]),
        "figure": np.array([row[3] for row in rows], dtype=float),
        "figure_unit": texts([row[4] for row in rows]),
        "last_figure": np.array([row[5] for row in rows], dtype=float),
        "loan_count": np.full(len(rows), np.nan),
        "year_start_figure": np.full(len(rows), np.nan),
        "filed_date": np.array(filed, dtype="datetime64[D]"),
    }


def _months(period: Period, by_quarter: bool) -> list[np.datetime64]:
    """The months that end before the period does, of quarters the last ones."""
    first = period.first.astype("datetime64[M]") - MONTHS_BEFORE
    every = np.arange(first, period.last.astype("datetime64[M]"))
    return [month for month in every if not by_quarter or month.astype(int) % 3 == 2]


# Of an item its figure, unit and the figure of the month before; of an organisation its items by month.
Items = dict[str, tuple[float, str, float]]
Told = list[tuple[np.datetime64, Items]]


def _split(whole: float, shares: tuple[float, ...], rng: np.random.Generator) -> list[float]:
    """Parts that come to the whole, in hundredths of 万元."""
    weights = rng.dirichlet(np.array(shares) * 40)
    parts = [round(whole * weight, 2) for weight in weights[:-1]]
    return [*parts, round(whole - sum(parts), 2)]


def _microloans(institutions: Table, one: int, months: list[np.datetime64], rng: np.random.Generator) -> Told:
    strain = float(institutions["_strain"][one])
    equity = float(institutions["paid_in_cny"][one]) / WAN
    told: Told = []
    loans = round(equity * rng.uniform(0.7, 1.1), 2)
    for month in months:
        lent, repaid = round(loans * rng.uniform(0.02, 0.12), 2), round(loans * rng.uniform(0.02, 0.12), 2)
        before, loans = loans, round(loans + lent - repaid, 2)
        bad = (0.01, 0.005, 0.005) if strain < 0.9 else (0.06, 0.04, 0.03)
        classes = _split(loans, (1 - sum(bad) - 0.04, 0.04, *bad), rng)
        figures = {"XD05": lent, "XD06": repaid, "XD07": loans}
        figures |= dict(zip(("XD11", "XD12", "XD14", "XD15"), _split(loans, (0.15, 0.5, 0.25, 0.1), rng), strict=True))
        figures |= dict(zip(("XD31", "XD32", "XD33", "XD34"), _split(loans, (0.2, 0.2, 0.2, 0.4), rng), strict=True))
        figures |= dict(zip(("XD41", "XD42", "XD43", "XD44"), _split(loans, (0.2, 0.3, 0.4, 0.1), rng), strict=True))
        figures |= dict(zip(("XD51", "XD52", "XD53", "XD54", "XD55"), classes, strict=True))
        debt = round(equity * strain * 0.6, 2)
        figures |= {"XD63": round(equity + debt, 2), "XD64": debt, "XD65": equity, "XD95": equity}
        single = round(equity * strain * 0.075, 2)
        figures |= {"XD91": single, "XD92": round(single * 1.3, 2), "XD93": debt, "XD94": 0.0}
        if rng.random() < BROKEN:
            figures["XD51"] = round(figures["XD51"] * 1.05, 2)
        items: Items = {item: (value, "wan", before if item == "XD07" else np.nan) for item, value in figures.items()}
        items["XD73"] = (round(7 + strain * 4, 2), "percent", np.nan)
        told.append((month, items))
    return told


def _guarantees(institutions: Table, one: int, months: list[np.datetime64], rng: np.random.Generator) -> Told:
    strain = float(institutions["_strain"][one])
    told: Told = []
    assets = round(float(institutions["paid_in_cny"][one]) / WAN * rng.uniform(1.0, 1.2), 2)
    for month in months:
        strain *= rng.uniform(0.98, 1.04)
        outstanding = round(assets * strain * 9, 2)
        small, farm = round(outstanding * rng.uniform(0.15, 0.3), 2), round(outstanding * rng.uniform(0.05, 0.15), 2)
        ended = round(outstanding * 0.3, 2)
        figures = {"DB03": assets, "DB04": outstanding, "DB05": small, "DB06": farm, "DB16": round(ended * 1.1, 2)}
        figures |= {"DB18": round(outstanding - 0.2 * (small + farm), 2), "DB17": ended}
        figures |= {"DB12": round(ended * strain * 0.03, 2), "DB19": round(assets * strain * 0.08, 2)}
        figures |= {"DB20": round(assets * strain * 0.11, 2), "DB21": 0.0 if strain < 1.3 else 200.0}
        multiple = outstanding / assets * (1 if rng.random() > BROKEN else 0.8)
        items: Items = {item: (value, "wan", np.nan) for item, value in figures.items()}
        told.append((month, items | {"DB11": (round(multiple, 2), "times", np.nan)}))
    return told


def _pawns(institutions: Table, one: int, months: list[np.datetime64], rng: np.random.Generator) -> Told:
    strain = float(institutions["_strain"][one])
    told: Told = []
    capital = min(float(institutions["paid_in_cny"][one]) / WAN, 3000.0)
    for month in months:
        houses = round(capital * strain * 0.8, 2)
        goods, rights = round(capital * rng.uniform(0.1, 0.3), 2), round(capital * rng.uniform(0, 0.1), 2)
        whole = round(houses + goods + rights, 2) if rng.random() > BROKEN else houses
        figures = {"DD01": round(whole * 0.3, 2), "DD03": whole, "DD04": goods, "DD05": houses, "DD06": rights}
        figures |= {"DD09": round(capital * 1.1, 2), "DD10": round(capital * strain * 0.5, 2), "DD12": capital}
        figures |= {"DD13": round(capital * strain * 0.08, 2)}
        told.append((month, {item: (value, "wan", np.nan) for item, value in figures.items()}))
    return told


FORMS = {"JR01": ("XD", _microloans), "JR02": ("DB", _guarantees), "JR04": ("DD", _pawns)}
