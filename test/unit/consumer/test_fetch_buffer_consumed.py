"""What is committed of what the buffer has handed out, and how polls are called for it."""

from __future__ import annotations

import pytest

from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.structs import OffsetAndMetadata
from kafka.subscription import Hold
from test.unit.consumer.consumer_data import OTHER, TP, batch, fetched, started


@pytest.fixture
def buffer() -> FetchBuffer:
    made = FetchBuffer(lambda _: 100, lambda: None)
    made.assign([started(), started(OTHER, 2)])
    return made


def test_position_and_epoch_of_the_last_record_are_committed(buffer: FetchBuffer) -> None:
    buffer.put(fetched(batch(0, b"a"), offset=0))
    buffer.advance(TP, 1, 7, 3)
    assert buffer.consumed()[TP] == OffsetAndMetadata(7, "", 3)


def test_what_is_only_buffered_is_not_committed(buffer: FetchBuffer) -> None:
    buffer.put(fetched(batch(0, b"a", b"b")))
    assert buffer.consumed()[TP].offset == 0


def test_some_partitions_may_be_asked_for(buffer: FetchBuffer) -> None:
    assert set(buffer.consumed()) == {TP, OTHER}
    assert set(buffer.consumed([TP])) == {TP}
    assert buffer.consumed([]) == {}


def test_partition_without_a_position_is_left_out(buffer: FetchBuffer) -> None:
    buffer.restart(TP, 5, None, -1)
    assert set(buffer.consumed()) == {OTHER}


def test_partition_whose_seek_is_on_the_way_is_left_out(buffer: FetchBuffer) -> None:
    state = started()
    buffer.assign([state, started(OTHER, 2)])
    buffer.leave(state, buffer.generation(TP))
    assert set(buffer.consumed()) == {OTHER}
    buffer.restart(TP, 5, 9, -1)
    assert buffer.consumed()[TP].offset == 9


def test_partition_on_hold_is_committed(buffer: FetchBuffer) -> None:
    buffer.hold(TP, Hold.REVOKING)
    assert TP in buffer.consumed()


def test_partition_that_was_given_up_is_left_out(buffer: FetchBuffer) -> None:
    buffer.assign([started(OTHER, 2)])
    assert set(buffer.consumed()) == {OTHER}


def test_call_for_attention_is_news_until_it_is_taken(buffer: FetchBuffer) -> None:
    assert not buffer.has_news()
    buffer.call_attention()
    assert buffer.attention
    assert buffer.has_news()
    buffer.take_attention()
    assert not buffer.has_news()


def test_call_for_attention_ends_the_wait_of_a_poll_and_stops_an_iterator(
    buffer: FetchBuffer,
) -> None:
    told: list[str] = []
    buffer.watch(lambda: told.append("waits"))
    buffer.on_change(lambda: told.append("iterates"))
    buffer.call_attention()
    assert sorted(told) == ["iterates", "waits"]
