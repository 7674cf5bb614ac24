"""A seed and a number flow in; the case of that number flows out, always the same."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import books, packs, places, records, text
from tests.fuzz.cases import Case, Draw

FAMILIES: dict[Callable[[Draw], Case], int] = {
    text.text: 40,
    text.noise: 3,
    books.book: 17,
    records.json_file: 9,
    records.parquet_file: 7,
    packs.zip_file: 9,
    packs.gz_file: 3,
    places.odd_name: 4,
    places.somewhere_else: 2,
    places.with_marker: 2,
    places.unfinished: 1,
    places.no_file: 3,
}
HEAVY = (*text.HEAVY, *books.HEAVY, *records.HEAVY, *packs.HEAVY, *places.HEAVY)
# One in so many is a file of tens of megabytes, or becomes one: they cost seconds each.
RARE = 80


def make(seed: int, number: int) -> Case:
    """The case of that number; heavy ones come in turn, so that few files show all of them."""
    draw = Draw.of(seed, number)
    if number % RARE == seed % RARE:
        return HEAVY[number // RARE % len(HEAVY)](draw)
    [family] = draw.random.choices(list(FAMILIES), list(FAMILIES.values()))
    return family(draw)
