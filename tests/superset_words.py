"""Runs in Superset's environment: every message that leader and analyst meet is Chinese (test_dashboards starts it)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from babel.messages.pofile import read_po

from dashboards.superset import scripts, words

# The scripts of the pages that people come to, each known by one of its messages; their names change with a version.
PAGES = {
    "login": "Sign in with",
    "dashboard": "There was a problem refreshing your dashboard. We'll try again in %s, as scheduled.",
    "chart and drill": "The chart is still loading. Please wait a moment and try again.",
    "failure": "Oops! An error occurred!",
    "SQL Lab": "Run a query to display query history",
    "table of results": "Autosize All Columns",
    "start page": "Nothing here yet",
    "own account": "Your user information",
    "users": "List Users",
    "groups": "List Groups",
    "roles": "List Roles",
    "log": "Action Logs",
}
# What these pages show from scripts that all pages share.
SHARED = {
    "%s option", "Choose...", "Click to sort ascending", "Languages", "Loading", "Menu actions trigger", "No data",
    "No results", "Select all", "Select page size", "Show entries per page", "Last day", "Custom date",
    "No results were returned for this query", "Select schema", "No filter",
    "Select database or type to search databases",
}  # fmt: skip
TRANSLATED = re.compile(r"""\.tn?\)\(("(?:[^"\\]|\\.)*"|`[^`$]*`|'(?:[^'\\]|\\.)*')""")
# Names of formats and keys are what they are in every language.
NAMES = re.compile(r"%(\(\w+\))?[sd]|\b(CSV|Excel|XML|PDF|JSON|SQL|Ctrl \+ e|Ctrl \+ Return|URL|ID)\b", re.IGNORECASE)


def literals(script: str) -> Iterator[str]:
    """What a script gives to be translated."""
    for literal in TRANSLATED.findall(script):
        yield json.loads(literal) if literal[0] == '"' else literal[1:-1].replace("\\'", "'")


def met() -> dict[str, set[str]]:
    """The messages of each page."""
    everything = [set(literals(file.read_text(encoding="utf-8"))) for file in scripts.ASSETS.glob("*.js")]
    pages = {page: set.union(set(), *(one for one in everything if mark in one)) for page, mark in PAGES.items()}
    return {**pages, "shared": SHARED}


def main() -> None:
    known = words.messages(words.LANGUAGE)
    for page, messages in met().items():
        assert messages, f"no script has {PAGES[page]!r}"
        missing = sorted(message for message in messages if message.strip() and message not in known)
        assert not missing, f"{page}: not in translations/zh.json: {missing}"
        english = sorted(m for m in messages if m in known and not re.search(r"[\u4e00-\u9fff]", known[m][0]))
        english = [message for message in english if re.search("[A-Za-z]{2}", NAMES.sub("", known[message][0]))]
        assert not english, f"{page}: {english}"

    with (words.SHIPPED / "zh" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        guessed = {m.id: m.string for m in read_po(file, locale="zh") if m.fuzzy and m.id and isinstance(m.id, str)}
    assert len(guessed) > 1000
    shown = {key for key, text in guessed.items() if known.get(key, [None])[0] == text}
    assert shown <= words.ours("zh").keys(), "a guess is shown that nobody has read"
    assert "货币" in guessed.values()

    time = [file for file in scripts.rewritten().values() if b'"zh"===' in file]
    assert time, "no script sets the language of Day.js"
    for page in (
        f"/static/assets/{file.name}" for file in scripts.ASSETS.glob("*.js") if b"scarf.sh" in file.read_bytes()
    ):
        assert b"scarf.sh" not in scripts.rewritten()[page]


if __name__ == "__main__":
    main()
