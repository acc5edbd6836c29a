"""Tell the stories: ``python -m test.chaos --stories group,producer --seconds 180``."""

from __future__ import annotations

import argparse
import sys
from typing import Final, Protocol

from test.chaos.exactly_once import ExactlyOnceStory
from test.chaos.producing import ProducerStory
from test.chaos.story import Story
from test.support.apache_kafka import NEWEST, missing_toolchain

STORIES: Final = ("group", "producer", "proxy", "exactly-once")
# Seconds that a partition may stand still longer than the fault lasts.
_ALLOWED: Final = 3.0


class Judged(Protocol):
    """What came of a story."""

    @property
    def differences(self) -> list[str]:
        """What does not hold."""


def main() -> int:
    """Return 1 if something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m test.chaos", description=__doc__)
    parser.add_argument("--stories", default=",".join(STORIES), help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=180, help="default: %(default)s")
    parser.add_argument("--protocols", default="classic,consumer", help="of groups (%(default)s)")
    parser.add_argument("--records", type=int, default=2_000_000, help="default: %(default)s")
    parser.add_argument("--release", default=NEWEST, help="of Apache Kafka (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="chooses victims (%(default)s)")
    options = parser.parse_args()
    if missing := missing_toolchain():
        print(missing, file=sys.stderr)
        return 1
    stories = options.stories.split(",")
    if unknown := set(stories) - set(STORIES):
        parser.error(f"no such story: {', '.join(sorted(unknown))}")
    held = [_tell(story, options) for story in stories]
    return int(not all(held))


def _say(line: str) -> None:
    print(line, flush=True)


def _tell(name: str, options: argparse.Namespace) -> bool:
    """Tell one story; return whether everything held."""
    release, seconds, seed = options.release, options.seconds, options.seed
    if name == "group":
        held = [_tell_group(protocol, options) for protocol in options.protocols.split(",")]
        return all(held)
    _say(f"-- {name} on {release}")
    common = (release, options.records, seconds, seed, _say)
    if name == "exactly-once":
        outcome: Judged = ExactlyOnceStory(*common).run()
    else:
        outcome = ProducerStory(*common, proxied=name == "proxy").run()
    _say(str(outcome))
    return not outcome.differences


def _tell_group(protocol: str, options: argparse.Namespace) -> bool:
    _say(f"-- {protocol} group on {options.release}")
    outcome = Story(options.release, protocol, options.seconds, options.seed, _say).run()
    _say(str(outcome))
    return not outcome.lost and outcome.worst.excess <= _ALLOWED


if __name__ == "__main__":
    sys.exit(main())
