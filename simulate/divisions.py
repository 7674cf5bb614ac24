"""The code list of divisions flows in; where firms sit, and the bodies that supervise them there, flow out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from schemas.contract import Code, Strict, code_list
from schemas.identities import USCC_ALPHABET, org_code_check_char, uscc_check_char
from simulate.departments import office_of
from simulate.word_lists import Array, read_rows

HISTORY = date(2000, 1, 1)


class City(Strict):
    """A prefecture: where its seat is, its share of the market entities (per cent, as in the real register), and the
    letter of its plates."""

    city: str
    share: float
    longitude: float
    latitude: float
    plate: str


@cache
def prefectures() -> dict[str, City]:
    """The prefectures by code."""
    return {row.city: row for row in read_rows("cities.csv", City)}


@dataclass(frozen=True)
class Place:
    """A county-level division of today; `former` is the code it had until `renamed`."""

    code: str
    label: str
    city: str
    city_label: str
    former: str | None
    renamed: date | None

    @property
    def full_label(self) -> str:
        """The name with its prefecture's before it."""
        return self.label if self.code == self.city else self.city_label + self.label

    @property
    def short(self) -> str:
        """The name as firms' names begin with it."""
        return self.city_label.removesuffix("市").removesuffix("土家族苗族自治州").removesuffix("林区")


@cache
def places() -> tuple[Place, ...]:
    """Every county-level division that exists today, and the four places without a prefecture."""
    codes = {code.code: code for code in code_list("region")}
    return tuple(_place(code, codes) for code in codes.values() if _is_place(code))


def _is_place(code: Code) -> bool:
    if code.valid_to or code.extra["successor"] or code.extra["note"].startswith("统计用"):
        return False
    directly_under_province = code.code in prefectures() and code.code.startswith("4290")
    return code.extra["level"] == "county" or directly_under_province


def _place(code: Code, codes: dict[str, Code]) -> Place:
    city = codes[code.extra["parent"]] if code.extra["level"] == "county" else code
    former = next(
        (
            other
            for other in codes.values()
            if other.extra["successor"] == code.code and other.valid_to and date.fromisoformat(other.valid_to) > HISTORY
        ),
        None,
    )
    return Place(
        code=code.code,
        label=code.label,
        city=city.code,
        city_label=city.label,
        former=former.code if former else None,
        renamed=date.fromisoformat(former.valid_to) if former and former.valid_to else None,
    )


def place_weights(rng: np.random.Generator) -> Array:
    """The share of market entities in each place: prefectures as they are, counties drawn, town districts larger."""
    sizes = rng.gamma(6.0, size=len(places())) * np.array([1.5 if p.label.endswith("区") else 1.0 for p in places()])
    cities = np.array([place.city for place in places()])
    weights = np.zeros(len(sizes))
    for city in prefectures().values():
        here = cities == city.city
        weights[here] = city.share * sizes[here] / sizes[here].sum()
    shares: Array = weights / weights.sum()
    return shares


def uscc(kind: str, region: str, body: str) -> str:
    """A 统一社会信用代码 whose two check characters hold (GB 11714 inside, GB 32100 at the end)."""
    first17 = kind + region + body + org_code_check_char(body)
    return first17 + uscc_check_char(first17)


@dataclass(frozen=True)
class Body:
    """A body that checks and punishes: its name and its own code."""

    name: str
    code: str


def body_of(department: str, place: Place) -> Body:
    """The department's body that answers for a place, from its county or its prefecture."""
    office, number, region = office_of(department), places().index(place), place.code
    if office.seat == "city":
        number, region = sorted(prefectures()).index(place.city), place.city
    name = office.body.format(place=place.full_label, city=place.short)
    series, letter = divmod(office.serial, len(USCC_ALPHABET))
    return Body(name, uscc("11", region, f"M{'YXWU'[series]}{USCC_ALPHABET[letter]}{number:05d}"))
