"""The cells of the recorded answers flow in; what the pipeline answers to them now is written in their place.

python -m tests.judged.record            the same cells, the answers of today
python -m tests.judged.record --anew     the cells as tests/judged/cells.py has them now
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.judged.fixture import ANSWERS, CONTRACTS, RECEIVED, read_answers, write_answers


def main() -> None:
    """Reads and writes the folder of answers, or writes another."""
    parser = argparse.ArgumentParser(prog="python -m tests.judged.record", description=__doc__.splitlines()[0])
    parser.add_argument("--anew", action="store_true", help="make the deliveries anew")
    parser.add_argument("--into", type=Path, default=ANSWERS, help="another folder for the answers")
    chosen = parser.parse_args()
    os.environ.pop("LAKEWARDEN_SCHEMAS", None)
    # As in tests/conftest.py: files are whole before anybody looks for them.
    os.environ |= {"LAKEWARDEN_CONTRACTS": str(CONTRACTS), "LAKEWARDEN_NOW": RECEIVED, "LAKEWARDEN_QUIET": "0"}
    # Contracts are read once a process, so what reads them comes after what names their folder.
    from tests.judged.deliveries import deliveries
    from tests.judged.pipeline import judged

    sent = deliveries() if chosen.anew else {path.stem: read_answers(path) for path in sorted(ANSWERS.glob("*.jsonl"))}
    with tempfile.TemporaryDirectory() as folder:
        for feed, answered in judged(Path(folder) / "lake", sent).items():
            write_answers(chosen.into / f"{feed}.jsonl", answered)


if __name__ == "__main__":
    main()
