"""The number of firms flows in; the firms, with the risk that nobody sees, flow out as columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from schemas.identities import ORG_CODE_ALPHABET, USCC_ALPHABET, org_code_check_char, uscc_check_char
from simulate.divisions import place_weights, places, uscc
from simulate.names import addresses, firm_names
from simulate.word_lists import (
    Array,
    Industry,
    Table,
    industries,
    person_names,
    random_for,
)

YEARS = 30
NEW_A_YEAR = 0.08
CHANGED_A_YEAR = 0.10
NAT = np.datetime64("NaT", "D")
# Shares of codes that were wrong when they were issued: the firms are real and use them everywhere.
WRONG_CHECK_DIGIT, WRONG_ORG_CODE = 0.0012, 0.0008
STATES = {"1": 0.935, "2": 0.02, "3": 0.04, "4": 0.005}


@dataclass(frozen=True)
class Period:
    """The days that are simulated, both ends included."""

    first: np.datetime64
    last: np.datetime64

    @classmethod
    def until(cls, until: date, days: int) -> Period:
        """The `days` days that end with `until`."""
        last = np.datetime64(until, "D")
        return cls(last - (days - 1), last)

    @property
    def days(self) -> int:
        """How many days there are."""
        return int((self.last - self.first).astype(int)) + 1


def make_firms(count: int, period: Period, seed: int) -> Table:
    """One row a firm: who and where it is, when it came, changed and went, and how likely it is to break rules."""
    rng = random_for(seed, "firms")
    mix = industries()
    shares = np.array([industry.share for industry in mix])
    kind = rng.choice(len(mix), count, p=shares / shares.sum())
    where = rng.choice(len(places()), count, p=place_weights(rng))
    established = _established(rng, count, period)
    form = _form(rng, kind, mix)
    firms: Table = {
        "industry": kind,
        "industry_code": np.array([mix[k].code for k in kind], dtype=object),
        "place": where,
        "region_code": np.array([places()[w].code for w in where], dtype=object),
        "form": form,
        "established_date": established,
        "risk": _risk(rng, kind, mix, established, period),
        "complaint_weight": np.array([mix[k].complaints for k in kind]) * rng.lognormal(0, 0.6, count),
        "registration_state": rng.choice(list(STATES), count, p=list(STATES.values())).astype(object),
        "legal_representative": person_names(rng, count),
    }
    firms["registration_state"][established >= period.first] = "1"
    firms["capital_amount"], firms["capital_currency"] = _capital(rng, form)
    firms["enterprise_type"] = _enterprise_type(rng, form)
    firms["business_scope"] = _scope(rng, kind, mix)
    firms["object_name"] = firm_names(rng, firms, mix)
    firms["address_registered"] = addresses(rng, where)
    firms["uscc"], firms["code_fault"] = _codes(rng, firms, seed)
    _add_changes(rng, firms, period)
    return firms


def of_trade(firms: Table, there: Array, industries: tuple[str, ...], fewest: int, rng: np.random.Generator) -> Array:
    """Of the firms that are there those of a trade, by how its codes begin; others with them where they are too few."""
    own = there[[code.startswith(industries) for code in firms["industry_code"][there]]]
    lacking = max(min(fewest, len(there)) - len(own), 0)
    others = rng.choice(np.setdiff1d(there, own), lacking, replace=False)
    return np.concatenate([own, others]).astype(int)


def _established(rng: np.random.Generator, count: int, period: Period) -> Array:
    """Mostly young firms, none older than thirty years; a few come while we watch."""
    age = np.minimum(rng.exponential(7.5, count) * 365.25, rng.uniform(0.9, 1.0, count) * YEARS * 365.25).astype(int)
    before = period.first - 1 - age.astype("timedelta64[D]")
    inside = period.first + rng.integers(0, period.days, count).astype("timedelta64[D]")
    is_new = rng.random(count) < NEW_A_YEAR * period.days / 365
    return np.where(is_new, inside, before).astype("datetime64[D]")


def _form(rng: np.random.Generator, kind: Array, mix: tuple[Industry, ...]) -> Array:
    """The first two characters of the code: 91 企业, 92 个体工商户, 93 农民专业合作社, 52 民办非企业单位."""
    individual = np.array([industry.individual**0.8 if industry.shop else 0.0 for industry in mix])[kind]
    section_a = np.array([industry.code.startswith("03") or industry.code == "0141" for industry in mix])[kind]
    school = np.array([industry.code == "8391" for industry in mix])[kind]
    clinic = np.array([industry.code == "8424" for industry in mix])[kind]
    draw, other = rng.random(len(kind)), rng.random(len(kind))
    form = np.where(draw < individual, "92", "91")
    form = np.where((form == "91") & section_a & (other < 0.7), "93", form)
    form = np.where((form == "91") & school & (other < 0.4), "52", form)
    return np.where(clinic, "52", form).astype(object)


def _risk(
    rng: np.random.Generator, kind: Array, mix: tuple[Industry, ...], established: Array, period: Period
) -> Array:
    """The chance of being found wanting: industry and age set its mean, the firm itself the rest (Beta)."""
    years = np.maximum((period.last - established).astype(int) / 365.25, 0)
    logit = (
        -2.1 + np.array([industry.risk for industry in mix])[kind] + 0.4 * (years < 2) - 0.025 * np.minimum(years, 15)
    )
    mean = 1 / (1 + np.exp(-logit))
    return rng.beta(mean * 3, (1 - mean) * 3)


def _capital(rng: np.random.Generator, form: Array) -> tuple[Array, Array]:
    """Log-normal in round sums of 10,000; a household business often states none."""
    typical = np.array([{"91": 120.0, "92": 6.0, "93": 80.0, "52": 30.0}[f] for f in form])
    drawn = typical * rng.lognormal(0, 1.1, len(form))
    scale = np.where(drawn >= 100, 50, np.where(drawn >= 10, 5, 1))
    amount = np.maximum(np.round(drawn / scale) * scale, 1) * 10_000
    amount[rng.random(len(form)) < np.where(form == "92", 0.35, 0.03)] = np.nan
    foreign = (form == "91") & (rng.random(len(form)) < 0.015)
    currency = np.where(foreign, rng.choice(np.array(["USD", "HKD", "EUR"]), len(form)), "CNY").astype(object)
    return amount, currency


def _enterprise_type(rng: np.random.Generator, form: Array) -> Array:
    companies = [
        "有限责任公司(自然人独资)",
        "有限责任公司(自然人投资或控股)",
        "有限责任公司（法人独资）",
        "股份有限公司(非上市、自然人投资或控股)",
        "有限责任公司分公司(自然人投资或控股)",
        "",
    ]
    company = rng.choice(np.array(companies, dtype=object), len(form), p=[0.38, 0.4, 0.06, 0.02, 0.06, 0.08])
    others = {"92": "个体工商户", "93": "农民专业合作社", "52": "民办非企业单位"}
    return np.array([others.get(f, c) for f, c in zip(form, company, strict=True)], dtype=object)


def _scope(rng: np.random.Generator, kind: Array, mix: tuple[Industry, ...]) -> Array:
    ending = "（依法须经批准的项目，经相关部门批准后方可开展经营活动）"
    endings = rng.choice(np.array(["", ending, "***", "++"], dtype=object), len(kind), p=[0.55, 0.3, 0.1, 0.05])
    scopes: Array = np.array([mix[k].scope for k in kind], dtype=object) + endings
    return scopes


def _codes(rng: np.random.Generator, firms: Table, seed: int) -> tuple[Array, Array]:
    """Codes from ranges that are not issued (organisation codes MY… and 9…), valid but for a few known faults."""
    count = len(firms["form"])
    fault = rng.choice(
        np.array(["", "check_digit", "org_code"], dtype=object),
        count,
        p=[1 - WRONG_CHECK_DIGIT - WRONG_ORG_CODE, WRONG_CHECK_DIGIT, WRONG_ORG_CODE],
    )
    year = firms["established_date"].astype("datetime64[Y]").astype(int) + 1970
    break_code: dict[str, Callable[[str], str]] = {
        "": str,
        "check_digit": _other_check,
        "org_code": _other_org_check,
    }
    codes = []
    for row in range(count):
        place = places()[firms["place"][row]]
        is_old = place.former and place.renamed and firms["established_date"][row] < np.datetime64(place.renamed, "D")
        region = place.former if is_old and place.former else place.code
        serial = row * 15_485_863 + seed * 7_919  # a prime step: no serial comes twice
        has_digits = year[row] < 2015 and firms["form"][row] != "92"
        body = f"9{serial % 10**7:07d}" if has_digits else "MY" + _base31(serial % 31**6)
        codes.append(break_code[fault[row]](uscc(firms["form"][row], region, body)))
    return np.array(codes, dtype=object), fault


def _base31(number: int) -> str:
    digits = ""
    for _ in range(6):
        number, digit = divmod(number, 31)
        digits += USCC_ALPHABET[digit]
    return digits


def _other_check(code: str) -> str:
    """The code with another last character than GB 32100 asks for."""
    return code[:17] + USCC_ALPHABET[(USCC_ALPHABET.index(code[17]) + 7) % 31]


def _other_org_check(code: str) -> str:
    """The code with another organisation check than GB 11714 asks for, and a right last character."""
    right = org_code_check_char(code[8:16])
    assert code[16] == right
    first17 = code[:16] + str((ORG_CODE_ALPHABET.index(right) + 3) % 10)
    return first17 + uscc_check_char(first17)


def _add_changes(rng: np.random.Generator, firms: Table, period: Period) -> None:
    """When and how a firm that was there at the start changed: left, moved, changed its capital or its head."""
    count = len(firms["form"])
    may_change = (firms["established_date"] < period.first) & (firms["registration_state"] == "1")
    changes = may_change & (rng.random(count) < CHANGED_A_YEAR * period.days / 365)
    day = period.first + rng.integers(0, period.days, count).astype("timedelta64[D]")
    firms["change_date"] = np.where(changes, day, NAT)
    how = rng.choice(np.array(["closed", "moved", "capital", "head"], dtype=object), count, p=[0.3, 0.25, 0.3, 0.15])
    firms["change"] = np.where(changes, how, "")
    firms["closed_date"] = np.where(firms["change"] == "closed", firms["change_date"], NAT)
    gone = firms["registration_state"] != "1"
    firms["closed_date"] = np.where(gone, period.first - 1, firms["closed_date"]).astype("datetime64[D]")
