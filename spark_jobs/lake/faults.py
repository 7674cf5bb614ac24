"""What an error says flows in; whether the machine is at fault, and what a person does about it, flows out."""

from __future__ import annotations

FULL = "the disk is full; free some space"
# What the system says, however deep in a library.
ADVICE = {
    ("No space left", "os error 28", "Disk quota exceeded"): FULL,
    ("Read-only file system", "os error 30"): "the disk is mounted read-only; make it writable",
    ("Permission denied", "os error 13"): "this user may not write there; mend the permissions",
    ("Too many open files", "os error 24"): "too many open files; raise ulimit -n",
}


def advice_on(text: str) -> str | None:
    """What to do about the machine's fault that an error's text tells of, or None if it tells of none."""
    return next((advice for signs, advice in ADVICE.items() if any(sign in text for sign in signs)), None)
