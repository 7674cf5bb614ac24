"""docs/tutorial.md, typed word for word: each `sh` box runs, and the `text` box below it is in what was seen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TUTORIAL = ROOT / "docs" / "tutorial.md"
BOX = re.compile(r"(<!-- test: skip[^>]*-->\n)?```(sh|text)\n(.*?)```", re.DOTALL)
MARK = "=== box {} ==="


def boxes() -> list[tuple[str, str]]:
    """Commands with the lines they promise, in the page's order; a box behind `<!-- test: skip … -->` is left out."""
    found: list[tuple[str, str]] = []
    for skipped, kind, text in BOX.findall(TUTORIAL.read_text(encoding="utf-8")):
        if kind == "sh" and not skipped:
            found.append((text, ""))
        elif kind == "text" and not skipped:
            assert found, f"a text box without a command: {text}"
            assert not found[-1][1], f"two text boxes behind one command: {text}"
            found[-1] = (found[-1][0], text)
    return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What each box printed, in a folder that looks like a clean clone after `make setup`."""
    clone = tmp_path_factory.mktemp("clone")
    for name in ("samples", "schemas"):
        (clone / name).symlink_to(ROOT / name)
    programs = clone / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "lakewarden"):
        shim = programs / name
        shim.write_text(f'#!/bin/sh\nexec "{Path(sys.executable).with_name(name)}" "$@"\n')
        shim.chmod(0o755)
    script = "\n".join(f"printf '\\n{MARK.format(number)}\\n'\n{text}" for number, (text, _) in enumerate(boxes()))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LAKEWARDEN_")}
    told = subprocess.run(
        ["bash"],
        input=script,
        cwd=clone,
        env={**clean, "PYTHONPATH": str(ROOT), "LAKEWARDEN_QUIET": "0", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return re.split(r"^=== box \d+ ===\n", told.stdout, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("number", range(len(boxes())), ids=lambda number: boxes()[number][0].split("\n")[0][:60])
def test_the_reader_sees_what_the_page_promises(seen: list[str], number: int) -> None:
    _, promised = boxes()[number]
    assert "Traceback" not in seen[number], seen[number]
    rest = words(seen[number])
    for line in promised.splitlines():
        match = re.search(".*?".join(re.escape(part) for part in words(line).split("…")), rest)
        assert match, f"{line!r} is not (or not in its place) in:\n{seen[number]}"
        rest = rest[match.end() :]


def words(text: str) -> str:
    """The text with every run of spaces as one, so that the width of a table does not matter."""
    return re.sub(r"[ \t]+", " ", text).strip()
