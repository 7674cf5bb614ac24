"""Typed columns flow in; cells flow out as departments write them: right, in every spelling that is accepted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache

import numpy as np

from schemas.characters import narrowed
from schemas.contract import Column, FeedContract, Heading, code_list
from simulate.amounts import amounts, number_text
from simulate.promises import broken, is_narrowed, known_spellings
from simulate.style import Style
from simulate.word_lists import Array, Table

NOTHING = ("N/A", "NA", "无", "-", "--", "/", "null", "NULL", "[已脱敏]", "【已脱敏】")
NOTHING_READ = frozenset(word.upper() for word in NOTHING)
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
SEPARATORS = (",", "、", ";", "|", "/", " ")
LIST_JOINER = ","  # between the items of a list, until a file writes its own separator
ODD_SPELLING, FULL_WIDTH, SPACES, NOTHING_WORD = 0.02, 0.006, 0.006, 0.2
DATE_STYLES: dict[str, Callable[[date], str]] = {
    "iso": lambda day: day.isoformat(),
    "slash": lambda day: f"{day.year}/{day.month}/{day.day}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "clock": lambda day: f"{day.isoformat()} {9 + day.day % 9:02d}:{day.day * 2 % 60:02d}:00",
}
MOMENT_STYLES: dict[str, Callable[[datetime], str]] = {
    "iso": lambda moment: moment.isoformat(sep=" "),
    "slash": lambda moment: f"{moment.year}/{moment.month}/{moment.day} {moment:%H:%M:%S}",
    "compact": lambda moment: f"{moment:%Y%m%d%H%M%S}",
}


def spellings(column: Column) -> dict[str, tuple[str, ...]]:
    """For every code of a column what may be written for it: itself, if it may be, then what means no other code."""
    assert column.codes
    listed = _spellings(column.codes)
    if not (column.pattern or column.max_length):
        return listed
    return {code: tuple(text for text in several if not broken(column, text)) for code, several in listed.items()}


@cache
def _spellings(name: str) -> dict[str, tuple[str, ...]]:
    owners: dict[str, set[str]] = {}
    written = {code.code: (code.code, code.label, *code.aliases) for code in code_list(name)}
    for code, several in written.items():
        for spelling in several:
            owners.setdefault(spelling.strip().upper(), set()).add(code)
    return {
        code: tuple(
            spelling
            for spelling in several
            if (spelling == code or len(owners[spelling.strip().upper()]) == 1) and spelling.upper() not in NOTHING_READ
        )
        for code, several in written.items()
    }


def write_cells(
    contract: FeedContract, column: Column, heading: Heading, rows: Table, style: Style, rng: np.random.Generator
) -> Array:
    """The cells of one column of one file."""
    values = rows[column.name]
    is_null = nulls_of(values)
    if column.parse in ("amount", "currency"):
        cells = amounts(contract, column, heading, rows, style, rng)
    elif column.type == "date":
        cells = _dates(values, is_null, style, rng)
    elif column.type == "timestamp":
        cells = _moments(values, is_null, style)
    elif column.codes:
        cells = _codes(column, values, is_null, style, rng)
    elif column.type == "list":
        cells = _lists(column, values, style)
    elif values.dtype.kind == "f":
        cells = _figures(values / float(heading.scale or 1), is_null, style, rng)
    else:
        cells = values.copy()
    if is_narrowed(column):
        _widen(cells, is_null, rng)
    _pad(cells, is_null, rng)
    _say_nothing(column, cells, is_null, style, rng)
    return cells


def nulls_of(values: Array) -> Array:
    """Which values are none."""
    if values.dtype.kind == "M":
        return np.isnat(values)
    nulls: Array = np.isnan(values) if values.dtype.kind == "f" else values == ""
    return nulls


def _dates(values: Array, is_null: Array, style: Style, rng: np.random.Generator) -> Array:
    """Mostly in the file's own way, a few in another, as typed by hand."""
    days, where = np.unique(np.where(is_null, np.datetime64("2000-01-01"), values), return_inverse=True)
    objects = days.astype(object)
    cells = np.array([DATE_STYLES[style.dates](day) for day in objects], dtype=object)[where]
    if style.is_typed:
        typed = rng.random(len(cells)) < 0.8
        cells[typed] = objects[where][typed]
    odd = np.flatnonzero(rng.random(len(cells)) < ODD_SPELLING)
    ways = rng.choice(np.array(["iso", "slash", "compact", "chinese"], dtype=object), len(odd))
    cells[odd] = [DATE_STYLES[way](day) for way, day in zip(ways, objects[where[odd]], strict=True)]
    return cells


def _moments(values: Array, is_null: Array, style: Style) -> Array:
    """Date and time of day in the file's way, to the second."""
    written = MOMENT_STYLES.get(style.dates, MOMENT_STYLES["iso"])
    moments = np.where(is_null, np.datetime64("2000-01-01T00:00:00"), values).astype("datetime64[s]").astype(object)
    return np.array([written(moment) for moment in moments], dtype=object)


def _figures(values: Array, is_null: Array, style: Style, rng: np.random.Generator) -> Array:
    """Numbers as text, in workbooks mostly as numbers."""
    typed = (rng.random(len(values)) < 0.8) & style.is_typed
    known = np.where(is_null, 0.0, values)
    written = zip(known.tolist(), typed, strict=True)
    cells = [value if as_number else number_text(value, style.thousands) for value, as_number in written]
    return np.array(cells, dtype=object)


def _lists(column: Column, values: Array, style: Style) -> Array:
    """The items with a separator between them."""
    separator = separator_of(column, style)
    return np.array([text.replace(LIST_JOINER, separator) for text in values], dtype=object)


def separator_of(column: Column, style: Style) -> str:
    """The file's separator, or the first that the contract splits at."""
    separators = (style.separator, *SEPARATORS)
    fitting = (mark for mark in separators if re.fullmatch(column.separator or ",", narrowed(mark)))
    return next(fitting, style.separator)


def _codes(column: Column, values: Array, is_null: Array, style: Style, rng: np.random.Generator) -> Array:
    """The file's column in codes or, by its habit, in labels and aliases; a few cells the other way round."""
    cells = values.copy()
    codes, where = np.unique(np.where(is_null, "", values).astype(str), return_inverse=True)
    by_label = (rng.random() < style.labels) ^ (rng.random(len(values)) < ODD_SPELLING)
    draw, listed = rng.random(len(values)), spellings(column)
    for number, code in enumerate(codes):
        spelled = listed.get(str(code), ())
        as_code = code in spelled[:1]
        here = np.flatnonzero((where == number) & (by_label | (not as_code)))
        if code and len(here):
            known = np.array(spelled[as_code:][:2] or spelled, dtype=object)
            cells[here] = known[(draw[here] ** 2 * len(known)).astype(int)]
    if style.is_typed and column.codes == "region":
        numeric = np.flatnonzero(~by_label & ~is_null & (draw < 0.5))
        cells[numeric] = [int(code) for code in values[numeric]]
    return cells


def _widen(cells: Array, is_null: Array, rng: np.random.Generator) -> None:
    """Full-width digits and letters, from an input method left on."""
    for row in np.flatnonzero(~is_null & (rng.random(len(cells)) < FULL_WIDTH)):
        if isinstance(cells[row], str):
            cells[row] = cells[row].translate(WIDE)


def _pad(cells: Array, is_null: Array, rng: np.random.Generator) -> None:
    """Spaces around, half or full width."""
    for row in np.flatnonzero(~is_null & (rng.random(len(cells)) < SPACES)):
        if isinstance(cells[row], str):
            before, after = ((" ", ""), ("", "  "), ("\u3000", ""), (" ", " "))[int(rng.integers(4))]
            cells[row] = before + cells[row] + after


def _say_nothing(column: Column, cells: Array, is_null: Array, style: Style, rng: np.random.Generator) -> None:
    """What stands where there is nothing: the file's own word, at times another."""
    accepted = known_spellings(column.codes) if column.codes else frozenset()
    others = np.array([word for word in NOTHING if word.upper() not in accepted], dtype=object)
    where = np.flatnonzero(is_null)
    cells[where] = "" if style.nothing.upper() in accepted else style.nothing
    some = where[rng.random(len(where)) < NOTHING_WORD]
    cells[some] = rng.choice(others, len(some))
