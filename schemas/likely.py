"""A name that is none and the names that there are flow in; what was likely meant flows out, to end a sentence."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

# So many names are listed where none is like the one that was written.
LISTED = 12


def likely(written: str, names: Collection[str]) -> str:
    """The names like it, else the first of all."""
    plain = {name.rpartition(".")[2]: name for name in names}
    close = get_close_matches(written, names, 3, 0.7) or [
        plain[name] for name in get_close_matches(written.rpartition(".")[2], plain, 3, 0.7)
    ]
    if close:
        return f"did you mean {' or '.join(close)}?"
    listed = sorted(names)
    more = f" and {len(listed) - LISTED} more" if len(listed) > LISTED else ""
    return f"there are {', '.join(listed[:LISTED])}{more}" if listed else "there are none"
