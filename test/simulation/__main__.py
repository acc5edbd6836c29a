"""Run stories by their seeds: ``python -m test.simulation --first 0 --count 50``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from test.simulation.running import STORIES, run_story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from test.simulation.running import Outcome

# Lines of its trace that a failed story is printed with.
_LAST: Final = 40
# How many things happen in a story, by what it is about.
_STEPS: Final = {"group": 200, "producer": 100, "exactly-once": 100}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m test.simulation", description=__doc__)
    parser.add_argument("--story", choices=STORIES, default="group", help="about what")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--count", type=int, default=50, help="how many seeds")
    parser.add_argument("--steps", type=int, help="how many things happen in each (200 or 100)")
    parser.add_argument("--jobs", type=int, default=1, help="how many run at a time")
    parser.add_argument(
        "--journal", type=Path, help="outcomes are added to it; what has passed is not run again"
    )
    parser.add_argument("--trace", action="store_true", help="print all that happens, in detail")
    options = parser.parse_args(arguments)
    steps = options.steps or _STEPS[options.story]
    done = _passed(options.journal)
    seeds = [
        seed
        for seed in range(options.first, options.first + options.count)
        if (options.story, seed, steps) not in done
    ]
    level = logging.DEBUG if options.trace else logging.INFO
    failed = []
    run = partial(run_story, steps=steps, story=options.story, level=level)
    with ProcessPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(run, seeds):
            _report(outcome, whole=options.trace)
            if outcome.problem is not None:
                failed.append(outcome.seed)
            if options.journal is not None:
                _note(options.journal, options.story, outcome, steps)
    print(f"{len(seeds)} stories of {steps} steps; failed: {failed or 'none'}")
    return 1 if failed else 0


def _report(outcome: Outcome, *, whole: bool) -> None:
    verdict = "passed" if outcome.problem is None else "FAILED"
    print(f"{outcome.seed} {verdict} {outcome.plan} {outcome.seconds:.0f} s", flush=True)
    if whole or outcome.problem is not None:
        print("\n".join(outcome.trace if whole else outcome.trace[-_LAST:]))
        print(outcome.problem or "", flush=True)


def _passed(journal: Path | None) -> set[tuple[str, int, int]]:
    if journal is None or not journal.exists():
        return set()
    lines = [line.split() for line in journal.read_text().splitlines()]
    return {
        (story, int(seed), int(steps))
        for story, seed, steps, verdict in lines
        if verdict == "passed"
    }


def _note(journal: Path, story: str, outcome: Outcome, steps: int) -> None:
    verdict = "passed" if outcome.problem is None else "failed"
    with journal.open("a") as file:
        file.write(f"{story} {outcome.seed} {steps} {verdict}\n")


if __name__ == "__main__":
    if sys.flags.hash_randomization:
        # Sets are gone through in the same order in every run only so.
        again = [sys.executable, "-m", "test.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
