"""Tell the story of both protocols: ``python -m test.chaos --seconds 180``."""

from __future__ import annotations

import argparse
import sys

from test.chaos.story import Story
from test.support.apache_kafka import NEWEST, missing_toolchain


def main() -> int:
    """Return 1 if a record was lost."""
    parser = argparse.ArgumentParser(prog="python -m test.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180, help="default: %(default)s")
    parser.add_argument("--protocols", default="classic,consumer", help="default: %(default)s")
    parser.add_argument("--release", default=NEWEST, help="of Apache Kafka (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="chooses victims (%(default)s)")
    options = parser.parse_args()
    if missing := missing_toolchain():
        print(missing, file=sys.stderr)
        return 1
    outcomes = []
    for protocol in options.protocols.split(","):
        print(f"-- {protocol} on {options.release}", flush=True)
        words = (options.release, protocol, options.seconds, options.seed)
        outcomes.append(Story(*words, lambda line: print(line, flush=True)).run())
        print(outcomes[-1], flush=True)
    return int(any(outcome.lost for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
