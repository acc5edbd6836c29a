"""Records whose partition the loop finds: what is waited for, whichever thread is faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kafka.errors import KafkaTimeoutError
from kafka.producer.detached_records import DetachedRecords
from test.unit.producer.sending import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from kafka._base.deadline import Deadline
    from kafka.producer.topic_info import TopicInfo

RECORD = (0, None, b"value", None)


class Topics:
    """Finds the topic of a test at once, or nothing."""

    def __init__(self) -> None:
        self.route: TopicInfo | None = None

    async def find(self, topic: str, partition: int | None, deadline: Deadline) -> TopicInfo:
        if self.route is None:
            raise KafkaTimeoutError("nothing is known of the topic")
        return self.route


def run_now(work: Coroutine[Any, Any, None], *, name: str) -> None:
    """Run *work*, which waits for nothing, to its end."""
    with pytest.raises(StopIteration):
        work.send(None)


class Stage(Surroundings):
    """Detached records, and a loop that does with what is posted to it what a test says."""

    def __init__(self, post: Callable[[Callable[[], object]], object]) -> None:
        super().__init__(0, spawn=run_now)
        self.topics = Topics()
        self.detached = DetachedRecords(
            accumulator=self.accumulator,
            incomplete=self.incomplete,
            topics=self.topics,  # type: ignore[arg-type] # a stub
            runtime=self.runtime._replace(post=post),
            max_block=1.0,
        )


def run_at_once(function: Callable[[], object]) -> None:
    """Be as fast as the loop of another thread may be."""
    function()


def test_a_record_is_complete_even_if_the_loop_is_faster_than_the_call_that_sends_it() -> None:
    """A batch that is tracked after it was completed would be waited for for ever."""
    stage = Stage(run_at_once)
    future = stage.detached.send("t", RECORD, 100, None)
    assert isinstance(future.exception, KafkaTimeoutError)
    assert stage.incomplete.incomplete == []


def test_a_record_waits_in_the_queue_of_its_partition() -> None:
    stage = Stage(run_at_once)
    stage.topics.route = stage.route
    stage.detached.send("t", RECORD, 100, None)
    assert stage.waiting() == [b"value"]
    assert len(stage.incomplete.incomplete) == 1


def test_a_record_is_incomplete_before_the_loop_has_found_its_place() -> None:
    stage = Stage(lambda _: None)
    stage.detached.send("t", RECORD, 100, None)
    assert len(stage.incomplete.incomplete) == 1


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_nobody_waits_for_a_record_whose_call_raises(error: type[BaseException]) -> None:
    def refuse(_: object) -> None:
        raise error

    stage = Stage(refuse)
    with pytest.raises(error):
        stage.detached.send("t", RECORD, 100, None)
    assert stage.incomplete.incomplete == []
