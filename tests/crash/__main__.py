"""A count and a seed flow in; a line a moment flows out, and exit code 1 with every difference if there is one."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.crash.moments import Outcome, Trial, moments
from tests.crash.preloaded import Runner


def main() -> int:
    """Kills as many runs as asked, or as fit into the minutes given."""
    options = _options()
    print(f"seed {options.seed}, {options.moments} moments", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=options.folder)).resolve()
    began, failed, hits = time.monotonic(), 0, Counter[str]()
    with Runner() as runner:
        trial = Trial.prepare(folder, runner, options.seed)
        taken = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in trial.seconds.items())
        print(f"undisturbed: {taken}; prepared in {time.monotonic() - began:.0f} s", flush=True)
        for number, moment in enumerate(moments(options.moments, options.seed), 1):
            if time.monotonic() - began > options.minutes * 60:
                break
            started = time.monotonic()
            outcome = trial.kill(moment)
            hits[outcome.hit] += 1
            _tell(number, outcome, time.monotonic() - started)
            if outcome.unlike:
                failed += 1
                (folder / "killed").rename(folder / f"moment_{number}")
    done = hits.total()
    print(f"{done} kills ({', '.join(f'{hit} {n}' for hit, n in hits.items())}), {failed} unlike, seed {options.seed},")
    print(f"{(time.monotonic() - began) / max(done, 1):.1f} s a moment")
    if failed:
        print(f"kept: {folder}; again: python -m tests.crash --moments {options.moments} --seed {options.seed}")
        return 1
    shutil.rmtree(folder)
    return 0


def _tell(number: int, outcome: Outcome, seconds: float) -> None:
    moment = outcome.moment
    who = "family" if moment.whole_family else "main only"
    verdict = f"UNLIKE ({len(outcome.unlike)})" if outcome.unlike else "equal"
    print(
        f"{number:>4}  {moment.stage:<8} {moment.far:5.1%}  {who:<9}  hit {outcome.hit:<8}"
        f"  plain run {outcome.seconds:4.1f} s  {verdict}  ({seconds:.1f} s)",
        flush=True,
    )
    for difference in outcome.unlike[:20]:
        print(f"        {difference[:600]}", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--minutes", type=float, default=24 * 60, help="stop after so long")
    parser.add_argument("--folder", type=Path, help="where the homes go [default: the system's temporary folder]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
