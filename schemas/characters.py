"""Characters that mean the same as others: full-width ones (全角), GBK's private area, radicals, unseen signs."""

from __future__ import annotations

import unicodedata

WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
NARROW = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " "
# Signs without a shape: controls, soft hyphens, joiners, fillers, zero widths, directions, byte order marks, variants
# of a shape, marks of pictures and tags.
UNSEEN = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    r"\U000e0000-\U000e0fff"
)
# Blanks beside the usual one: without a break, of other widths, between lines, of Braille.
BLANKS = r"\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800"
# What GB 18030 still places in the private area as Python decodes it, with its place of today (GB 18030-2022).
_PLACED = {
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
    0xE78D: 0xFE10, 0xE78E: 0xFE12, 0xE78F: 0xFE11, 0xE790: 0xFE13, 0xE791: 0xFE14, 0xE792: 0xFE15, 0xE793: 0xFE16,
    0xE794: 0xFE17, 0xE795: 0xFE18, 0xE796: 0xFE19, 0xE76C: 0x20AC, 0xE7C7: 0x1E3F, 0xE7C8: 0x01F9, 0xE7E7: 0x303E,
    **{0xE7E8 + place: 0x2FF0 + place for place in range(12)},
}  # fmt: skip
# Radicals that stand for themselves as characters, as they are copied out of PDF; Unicode gives most of them no other.
_RADICALS = dict(
    zip(
        "⺟⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "母西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)


def _official_places() -> dict[int, str]:
    """By character of the private area the one it means: GBK kept FE50 to FEA0 there, from U+E815 on."""
    trails = [*range(0x50, 0x7F), *range(0x80, 0xA1)]
    decoded = {0xE815 + place: bytes((0xFE, trail)).decode("gb18030") for place, trail in enumerate(trails)}
    return decoded | {private: chr(official) for private, official in _PLACED.items()} | _same_shapes()


def _same_shapes() -> dict[int, str]:
    """By radical and by character kept for other standards' sake the usual one: ⼀ is 一."""
    shapes = {ord(radical): usual for radical, usual in _RADICALS.items()}
    for code in (*range(0x2F00, 0x2FD6), *range(0xF900, 0xFB00)):
        usual = unicodedata.normalize("NFKC", chr(code))
        if usual != chr(code) and len(usual) == 1:
            shapes[code] = usual
    return shapes


# What may have another place; for Arrow's expressions.
DISPLACED = "\ue000-\uf8ff\u2e80-\u2fd5\uf900-\ufaff"
_NARROWING = str.maketrans(WIDE, NARROW)
_PLACING = _official_places()


def narrowed(text: str) -> str:
    """The text in half-width characters."""
    return text.translate(_NARROWING)


def placed(text: str) -> str:
    """The text with every character in the place that it has today: those of the private area, and radicals."""
    return text.translate(_PLACING)
