"""What polls find in the buffer because of a group: tasks, errors, a nudge."""

from __future__ import annotations

import pytest

from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.errors import KafkaError
from test.support.waiting import A_DAY, once_inside
from test.unit.consumer.consumer_data import OTHER, TP, started

ERROR = KafkaError("fenced")


@pytest.fixture
def buffer() -> FetchBuffer:
    made = FetchBuffer(lambda _: 100, lambda: None)
    made.assign([started(), started(OTHER, 2)])
    return made


def test_tasks_are_news_for_as_long_as_there_are_any(buffer: FetchBuffer) -> None:
    tasks = [1]
    buffer.watch_tasks(tasks)
    assert buffer.has_news()
    tasks.clear()
    assert not buffer.has_news()


def test_nudge_ends_the_wait_of_a_poll(buffer: FetchBuffer) -> None:
    with once_inside(FetchBuffer.wait, buffer.nudge):
        buffer.wait(A_DAY)


def test_nudge_takes_rows_back(buffer: FetchBuffer) -> None:
    taken: list[int] = []
    buffer.on_change(lambda: taken.append(1))
    buffer.nudge()
    assert taken == [1]


def test_wait_for_something_else_does_not_end_at_once_for_other_news(buffer: FetchBuffer) -> None:
    buffer.wake()
    buffer.wait(0.001, lambda: False)
    buffer.wait(A_DAY, lambda: True)


def test_error_of_the_group_is_raised_once(buffer: FetchBuffer) -> None:
    buffer.put_group_error(ERROR, fatal=False)
    assert buffer.has_news()
    assert [buffer.take_error(), buffer.take_error()] == [ERROR, None]


def test_fatal_error_of_the_group_is_raised_until_it_is_cleared(buffer: FetchBuffer) -> None:
    buffer.put_group_error(ERROR, fatal=True)
    assert [buffer.take_error(), buffer.take_error()] == [ERROR, ERROR]
    buffer.clear_group_error()
    assert (buffer.take_error(), buffer.has_news()) == (None, False)


def test_error_of_the_group_outlives_an_assignment(buffer: FetchBuffer) -> None:
    buffer.put_group_error(ERROR, fatal=False)
    buffer.assign([])
    assert buffer.take_error() is ERROR


def test_error_that_is_raised_again_does_not_drag_its_past_along(buffer: FetchBuffer) -> None:
    buffer.put_group_error(ERROR, fatal=True)
    for _ in range(2):
        with pytest.raises(KafkaError) as caught:
            raise buffer.take_error() or AssertionError
        assert len(caught.traceback) == 1


def test_errors_of_partitions_wait_for_the_error_of_the_group(buffer: FetchBuffer) -> None:
    other = KafkaError("of a partition")
    buffer.put_error(TP, 1, other)
    buffer.put_group_error(ERROR, fatal=False)
    assert [buffer.take_error(), buffer.take_error()] == [ERROR, other]
