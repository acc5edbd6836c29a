"""Compare what a program was told about its records with what is in the log.  Pure.

The numbers of the records grow; records with the same key are to be in the log in that order.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from test.chaos.sending import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_ABSENT = "absent"
_SHOWN = 10


class Told(NamedTuple):
    """What a program has printed.

    Args:
        sent: how many records it has sent.
        acked: how many were acknowledged.
        failures: by number, what the error said; first whether the record is absent.
    """

    sent: int
    acked: int
    failures: Mapping[int, str]


def parse(text: str) -> Told:
    """Return what a program has printed that has come to its end."""
    failures = {}
    sent = acked = 0
    for line in text.splitlines():
        words = line.split(" ", 2)
        if words[0] == "failed":
            failures[int(words[1])] = words[2]
        elif words[0] == "sent":
            _, sent_text, _, acked_text, *_ = line.split()
            sent, acked = int(sent_text), int(acked_text)
    return Told(sent, acked, failures)


def differences(told: Told, log: Mapping[int, Sequence[int]]) -> list[str]:
    """Return what does not hold; *log* has the numbers in each partition, in order."""
    times = Counter(number for numbers in log.values() for number in numbers)
    acked = set(range(told.sent)) - told.failures.keys()
    absent = {number for number, why in told.failures.items() if why.startswith(_ABSENT)}
    problems = []
    if told.acked + len(told.failures) != told.sent:
        problems.append(f"{told.acked} acked + {len(told.failures)} failed, sent {told.sent}")
    problems += _some("acked, not in the log", acked - times.keys())
    problems += _some("in the log twice", (number for number, n in times.items() if n > 1))
    problems += _some("in the log, though said not to be written", absent & times.keys())
    problems += _some("in the log, though not sent", times.keys() - set(range(told.sent)))
    for partition, numbers in log.items():
        problems += _some(f"out of order in partition {partition}", _out_of_order(numbers))
    return problems


def _some(what: str, numbers: Iterable[int]) -> list[str]:
    found = sorted(numbers)
    return [f"{len(found)} {what}: {found[:_SHOWN]}"] if found else []


def _out_of_order(numbers: Sequence[int]) -> Iterator[int]:
    last: dict[int, int] = {}
    for number in numbers:
        key = number % KEYS
        if number < last.get(key, -1):
            yield number
        last[key] = number
