"""When the application polled last."""

from __future__ import annotations

import math

from kafka.consumer.poll_times import PollTimes


def test_before_the_first_poll_nobody_was_there() -> None:
    assert PollTimes(5.0).last_seen(100.0) == -math.inf


def test_a_poll_is_seen_at_its_time() -> None:
    polls = PollTimes(5.0)
    polls.last = 7.0
    assert polls.last_seen(100.0) == 7.0


def test_a_poll_that_waits_is_seen_now() -> None:
    polls = PollTimes(5.0)
    polls.last, polls.waits = 7.0, 1
    assert polls.last_seen(100.0) == 100.0


def test_a_forgotten_poll_was_never_there() -> None:
    polls = PollTimes(5.0)
    polls.last = 7.0
    polls.forget()
    assert polls.last_seen(100.0) == -math.inf


def test_a_loop_that_runs_in_time_is_not_doubted() -> None:
    polls = PollTimes(5.0)
    assert not polls.take_doubt(1e9)
    polls.vouched_until = 10.0
    assert (polls.take_doubt(9.9), polls.take_doubt(10.0)) == (False, True)


def test_a_poll_that_came_before_the_loop_is_told_once() -> None:
    polls = PollTimes(5.0)
    polls.doubted = True
    assert (polls.take_doubt(0.0), polls.take_doubt(0.0)) == (True, False)
