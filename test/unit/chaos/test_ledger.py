"""What a program was told, beside what is in the log."""

from __future__ import annotations

import pytest

from test.chaos.ledger import Told, differences, parse

TOLD = Told(5, 4, {2: "unknown KafkaTimeoutError: not delivered"})
GOOD = {0: [0, 2, 4], 1: [1, 3]}


def test_what_a_program_prints_is_read() -> None:
    text = "failed 2 unknown KafkaTimeoutError: not delivered\nsent 5 acked 4 failed 1\n"
    assert parse(text) == TOLD


def test_a_log_with_each_acknowledged_record_once_differs_in_nothing() -> None:
    assert differences(TOLD, GOOD) == []
    assert differences(TOLD, {0: [0, 4], 1: [1, 3]}) == []


@pytest.mark.parametrize(
    ("log", "problem"),
    [
        ({0: [0, 4], 1: [1]}, "1 acked, not in the log: [3]"),
        ({0: [0, 4, 4], 1: [1, 3]}, "1 in the log twice: [4]"),
        ({0: [0, 4], 1: [1, 3, 7]}, "1 in the log, though not sent: [7]"),
    ],
)
def test_what_differs_is_named(log: dict[int, list[int]], problem: str) -> None:
    assert differences(TOLD, log) == [problem]


def test_a_record_that_was_said_not_to_be_written_must_not_be_there() -> None:
    told = Told(5, 4, {2: "absent MessageSizeTooLargeError: too large"})
    assert differences(told, GOOD) == ["1 in the log, though said not to be written: [2]"]


def test_records_of_one_key_are_in_order() -> None:
    told = Told(2001, 2001, {})
    log = {0: [number for number in range(2001) if number not in {0, 1000}] + [1000, 0]}
    assert differences(told, log) == ["2 out of order in partition 0: [0, 1000]"]


def test_what_was_sent_is_what_was_acknowledged_and_what_failed() -> None:
    assert differences(TOLD._replace(acked=3), GOOD) == ["3 acked + 1 failed, sent 5"]
