"""Full-width characters (全角) and the half-width ones that mean the same."""

from __future__ import annotations

WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
NARROW = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " "


def narrowed(text: str) -> str:
    """The text in half-width characters."""
    return text.translate(str.maketrans(WIDE, NARROW))
