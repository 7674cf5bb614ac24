"""Texts flow in; areas in square metres and degrees flow out, with doubts; null for what is not wholly understood.

A unit in the cell counts before that of its heading, and is told: 1.5公顷 under 面积（亩）.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa

from schemas.contract import Scale
from spark_jobs.judging.arrays import Mask
from spark_jobs.lake.columns import arrow_type

NUMBER = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3}){1,12}|[0-9]{1,40})(?:[.][0-9]{0,40})?"
# In square metres; 15 亩 are a hectare. As NFKC writes them: ㎡ and m² are m2.
AREA_UNITS: dict[str, Scale] = {
    **dict.fromkeys(("m2", "平方米", "平米", "平方公尺"), 1),
    **dict.fromkeys(("亩", "市亩"), Fraction(2000, 3)),
    **dict.fromkeys(("公顷", "ha", "hm2"), 10_000),
    **dict.fromkeys(("km2", "平方公里", "平方千米"), 1_000_000),
}
AREA = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>{'|'.join(AREA_UNITS)})?", re.IGNORECASE)
# 114°21′36″, 114度21分36秒, 114-21-36: degrees, minutes and, where they are written, seconds.
ANGLE = re.compile(
    r"(?P<degrees>[0-9]{1,3})(?:[°度]|-(?=[0-9]))\s*(?P<minutes>[0-9]{1,2}(?:[.][0-9]+)?)(?:[′'’分]|-(?=[0-9])|$)\s*"
    r"(?:(?P<seconds>[0-9]{1,2}(?:[.][0-9]+)?)(?:″|\"|”|''|′′|秒|$))?"
)
PLAIN_DEGREES = re.compile(r"(?P<number>[+-]?[0-9]{1,3}(?:[.][0-9]+)?)[°度]?")
OWN_UNIT, OF_MINUTES = "按单元格里写的单位折算为平方米", "由度分秒换算为度"
Doubts = tuple[tuple[str, Mask], ...]


def read_areas(text: pa.Array, scale: Scale, kind: str) -> tuple[pa.Array, Doubts]:
    """Areas in square metres; `scale` turns the unit of the heading into them, where the cell names none."""
    found = [_matched(AREA, cell) for cell in text.to_pylist()]
    values = [
        one and Fraction(one["number"].replace(",", "")) * (AREA_UNITS[_lower(one["unit"])] if one["unit"] else scale)
        for one in found
    ]
    has_unit = np.array([bool(one and one["unit"]) for one in found], bool)
    return _decimals(values, kind), ((OWN_UNIT, has_unit),)


def read_degrees(text: pa.Array, scale: Scale, kind: str) -> tuple[pa.Array, Doubts]:
    """Degrees, as a number or with minutes and seconds."""
    values: list[Fraction | None] = []
    has_minutes = np.zeros(len(text), bool)
    for place, cell in enumerate(text.to_pylist()):
        if plain := _matched(PLAIN_DEGREES, cell):
            values.append(Fraction(plain["number"]))
            continue
        angle = _matched(ANGLE, cell)
        minutes, seconds = (Fraction(angle[part] or 0) if angle else Fraction() for part in ("minutes", "seconds"))
        is_angle = angle is not None and minutes < 60 and seconds < 60
        values.append(Fraction(angle["degrees"]) + minutes / 60 + seconds / 3600 if angle and is_angle else None)
        has_minutes[place] = is_angle
    return _decimals(values, kind), ((OF_MINUTES, has_minutes),)


QUANTITIES = {"area": read_areas, "degrees": read_degrees}


def _matched(pattern: re.Pattern[str], cell: str | None) -> re.Match[str] | None:
    return pattern.fullmatch(unicodedata.normalize("NFKC", cell).strip()) if cell else None


def _lower(unit: str) -> str:
    return unit if unit in AREA_UNITS else unit.lower()


def _decimals(values: Sequence[Fraction | None], kind: str) -> pa.Array:
    """Rounded half up to decimal(p,s); null for what does not fit."""
    typed = arrow_type(kind)
    most, step = 10 ** (typed.precision - typed.scale), Decimal(1).scaleb(-typed.scale)
    fitting = [value if value is not None and abs(value) < most else None for value in values]
    return pa.array(
        [
            None
            if value is None
            else (Decimal(value.numerator) / Decimal(value.denominator)).quantize(step, ROUND_HALF_UP)
            for value in fitting
        ],
        typed,
    )
