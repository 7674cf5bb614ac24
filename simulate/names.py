"""Firms' places and trades flow in; their names and addresses flow out."""

from __future__ import annotations

import numpy as np

from simulate.divisions import places
from simulate.word_lists import Array, Industry, Table, some, words


def firm_names(rng: np.random.Generator, firms: Table, mix: tuple[Industry, ...]) -> Array:
    """Place, brand, trade and legal form, as the rules for firm names order them; no name twice in one place."""
    count = len(firms["form"])
    brand = some(rng, "brand_first", count) + some(rng, "brand_second", count) + some(rng, "brand_third", count)
    draw, style = rng.random(count), rng.random(count)
    names: list[str] = []
    taken: set[str] = set()
    for row in range(count):
        industry, place = mix[firms["industry"][row]], places()[firms["place"][row]]
        is_shop = firms["form"][row] == "92" or (firms["form"][row] == "52" and bool(industry.shop))
        trades = industry.shop if is_shop else industry.firm
        trade = trades[int(draw[row] * len(trades))]
        name = _name(place.full_label if is_shop else place.short, str(brand[row]), trade, is_shop, style[row])
        names.append(_untaken(name, str(brand[row]), taken))
        taken.add(names[-1])
    return np.array(names, dtype=object)


def _untaken(name: str, brand: str, taken: set[str]) -> str:
    """The name, with more words in its brand when somebody has it already."""
    more = (first + second for second in words("brand_third") for first in words("brand_first"))
    while name in taken:
        longer = brand + next(more)
        name, brand = name.replace(brand, longer, 1), longer
    return name


def _name(place: str, brand: str, trade: str, is_shop: bool, style: float) -> str:
    if is_shop:
        return f"{place}{brand}{trade}" + ("（个体工商户）" if style < 0.05 else "(个体工商户)" if style < 0.08 else "")
    if style < 0.06:
        return f"{brand}（{place}）{trade}"
    return f"{brand}({place}){trade}" if style < 0.09 else f"{place}{brand}{trade}"


def addresses(rng: np.random.Generator, where: Array) -> Array:
    """Road and number in each place."""
    count = len(where)
    numbers = rng.integers(1, 400, count)
    full = np.array([places()[w].full_label for w in where], dtype=object)
    number = np.array([f"{n}号" for n in numbers], dtype=object)
    written: Array = full + some(rng, "road", count) + number + some(rng, "street_tail", count)
    return written
