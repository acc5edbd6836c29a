"""The end of connections that are idle."""

from __future__ import annotations

from random import Random

import pytest

from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.idle import IdleWatch
from kafka.testing.broker.ids import topic_ids
from kafka.testing.broker.timers import SteppableClock, Timers
from kafka.testing.broker.versions import release


class Story:
    """One connection and its time."""

    def __init__(self, limit: str | None) -> None:
        self.timers = Timers(SteppableClock())
        cluster = Cluster(
            cluster_id="c",
            release=release("4.4"),
            timers=self.timers,
            topic_ids=topic_ids(Random(0)),
            config={} if limit is None else {"connections.max.idle.ms": limit},
        )
        self.closed = 0
        self.watch = IdleWatch(cluster, self._close)

    def _close(self) -> None:
        self.closed += 1

    def step(self, seconds: float) -> None:
        self.timers.clock.step(seconds)
        self.timers.run_due()


def test_a_connection_on_which_nothing_comes_is_closed() -> None:
    story = Story("1000")
    story.watch.begin()
    story.step(0.9)
    assert story.closed == 0
    story.step(0.1)
    assert story.closed == 1


def test_every_request_starts_the_time_afresh() -> None:
    story = Story("1000")
    for _ in range(5):
        story.watch.begin()
        story.step(0.9)
        story.watch.stop()
    story.watch.begin()
    assert story.closed == 0
    story.step(1.0)
    assert story.closed == 1


def test_a_request_that_takes_long_is_not_idle() -> None:
    story = Story("1000")
    story.watch.begin()
    story.watch.stop()
    story.step(10)
    assert story.closed == 0


def test_a_connection_that_has_ended_leaves_no_timer() -> None:
    story = Story("1000")
    story.watch.begin()
    story.watch.end()
    assert story.timers.next_due() is None


@pytest.mark.parametrize("limit", [None, "-1"])
def test_without_a_limit_there_is_no_timer(limit: str | None) -> None:
    story = Story(limit)
    story.watch.begin()
    assert story.timers.next_due() is None
