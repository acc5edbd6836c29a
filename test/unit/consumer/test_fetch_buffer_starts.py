"""Where the application began to read a partition, and how often partitions went away."""

from __future__ import annotations

import pytest

from kafka.consumer.fetch_buffer import FetchBuffer
from test.unit.consumer.consumer_data import OTHER, TP, started


@pytest.fixture
def buffer() -> FetchBuffer:
    return FetchBuffer(lambda _: 100, lambda: None)


def test_start_stays_while_the_position_moves(buffer: FetchBuffer) -> None:
    buffer.assign([started(offset=5)])
    assert buffer.start(TP) == 5
    buffer.restart(TP, 2, 9, -1)
    assert (buffer.start(TP), buffer.position(TP)) == (5, 9)


def test_start_that_is_looked_up_counts_when_it_is_found(buffer: FetchBuffer) -> None:
    buffer.assign([started()])
    assert buffer.start(OTHER) is None
    buffer.assign([])
    buffer.assign([started(generation=2, offset=7)])
    assert buffer.start(TP) == 7


def test_start_survives_a_place_that_is_left(buffer: FetchBuffer) -> None:
    state = started(offset=5)
    buffer.assign([state])
    buffer.leave(state, 1)
    buffer.restart(TP, 2, 9, -1)
    assert buffer.start(TP) == 5
    buffer.restart(TP, 3, 1, -1)
    assert buffer.start(TP) == 1


def test_only_what_goes_away_counts_as_revoked(buffer: FetchBuffer) -> None:
    kept = started()
    buffer.assign([kept])
    buffer.assign([kept, started(OTHER, 2)])
    assert buffer.revocations == 0
    buffer.assign([kept])
    assert buffer.revocations == 1
    buffer.assign([started(generation=3)])
    assert buffer.revocations == 2
