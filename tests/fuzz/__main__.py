"""A count and a seed flow in; a line a batch flows out, and exit code 1 with every offending file if there is one."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.batch import Tally, run
from tests.fuzz.cases import Case
from tests.fuzz.families import make

# Files in one home: enough that its fixed costs do not count, few enough that a broken pass is soon found.
BATCH = 250


def main() -> int:
    """Lands as many hostile files as asked."""
    options = _options()
    numbers = options.only or range(options.files)
    print(f"seed {options.seed}, {len(numbers)} files", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=options.home)).resolve()
    all_, began = Tally(), time.monotonic()
    for start in range(0, len(numbers), options.batch):
        cases = [make(options.seed, number) for number in numbers[start : start + options.batch]]
        tally = run(cases, folder)
        all_.add(tally)
        for offence in tally.offences:
            _tell(offence.case, offence.what, options.seed)
        states = ", ".join(f"{state} {count}" for state, count in sorted(tally.states.items()))
        print(
            f"{start + len(cases):>6}  {time.monotonic() - began:5.0f} s  land {tally.seconds:5.1f} s"
            f"  slowest {tally.slowest:4.1f} s  memory {tally.memory >> 20:>4} MiB  {states}",
            flush=True,
        )
    print(
        f"{len(numbers)} files, seed {options.seed}: {len(all_.offences)} offences, slowest {all_.slowest:.1f} s,"
        f" memory {all_.memory >> 20} MiB, {time.monotonic() - began:.0f} s"
    )
    if all_.offences:
        print(f"offending files are kept in {_keep(all_, folder)}")
        return 1
    shutil.rmtree(folder)
    return 0


def _tell(case: Case | None, what: str, seed: int) -> None:
    who = f"file {case.number} ({case.what}), seed {seed}" if case else f"seed {seed}"
    print(f"  OFFENCE {who}: {what}", flush=True)


def _keep(tally: Tally, folder: Path) -> Path:
    kept = folder / "offenders"
    for case in {offence.case.number: offence.case for offence in tally.offences if offence.case}.values():
        place = kept / str(case.number)
        place.mkdir(parents=True)
        (place.parent.parent / "outside").mkdir(exist_ok=True)
        case.put(place / os.fsdecode(case.name))
    return kept


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", type=int, nargs="+", metavar="NUMBER", help="just these files of that seed")
    parser.add_argument("--batch", type=int, default=BATCH, help="files in one home")
    parser.add_argument("--home", type=Path, help="where the homes go [default: the system's temporary folder]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
