"""Text of strangers flows in; the same flows out with a sign in the place of everything that nobody would see."""

from __future__ import annotations

import re

SHAPELESS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# Blanks that look like another one, and characters that each machine draws as it likes (of GBK days, or none at all).
UNSURE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\ue000-\uf8ff]")
BLANKS_AT_ENDS = re.compile("^[ \u3000]+|[ \u3000]+$")


def visible(text: str) -> str:
    """The text with a sign in the place of every character that would not be seen."""
    return SHAPELESS.sub(_by_code, text)


def shown_value(cell: str) -> str:
    """A cell as a reason quotes it: blanks at its ends as ␣, what looks like something else by its code."""
    ends = BLANKS_AT_ENDS.sub(lambda match: "␣" * len(match[0]), cell)
    return UNSURE.sub(_by_code, visible(ends))


def _by_code(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"
