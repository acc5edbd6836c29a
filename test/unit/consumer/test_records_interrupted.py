"""Records of a poll that a signal handler ends by raising."""

from __future__ import annotations

import pytest

from kafka._base.observer import Observer
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.records import RecordReader
from test.unit.consumer.consumer_data import OTHER, TP, batch, fetched, started

LARGE = bytes(600_000)


class Hand:
    """Press Ctrl-C once."""

    def __init__(self) -> None:
        self.presses = 1

    def __call__(self) -> None:
        if self.presses:
            self.presses -= 1
            raise KeyboardInterrupt


def reader_of(buffer: FetchBuffer) -> RecordReader:
    return RecordReader(buffer, deserialize_key=None, deserialize_value=None, observer=Observer())


@pytest.mark.parametrize("count", [1, 500])
def test_records_decoded_before_an_interruption_come_with_the_next_poll(count: int) -> None:
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started(), started(OTHER, 2)])
    buffer.put(fetched(batch(0, LARGE)))
    buffer.put(fetched(batch(1, b"next"), offset=1))
    buffer.put(fetched(batch(0, LARGE), tp=OTHER, generation=2))
    reader = reader_of(buffer)
    reader.make_way = Hand()
    with pytest.raises(KeyboardInterrupt):
        reader.take(500, views=False)
    offsets: dict[object, list[int]] = {TP: [], OTHER: []}
    for _ in range(3):
        for found in reader.take(count, views=False):
            offsets[found.topic_partition] += found.offsets
    assert offsets == {TP: [0, 1], OTHER: [0]}
    assert (buffer.position(TP), buffer.position(OTHER)) == (2, 1)


def test_position_stays_before_what_an_interrupted_poll_decoded() -> None:
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started()])
    buffer.put(fetched(batch(0, LARGE)))
    reader = reader_of(buffer)
    reader.make_way = Hand()
    with pytest.raises(KeyboardInterrupt):
        reader.take(500, views=False)
    assert buffer.position(TP) == 0


def test_records_of_an_interrupted_poll_are_gone_after_a_seek() -> None:
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started()])
    buffer.put(fetched(batch(0, LARGE)))
    reader = reader_of(buffer)
    reader.make_way = Hand()
    with pytest.raises(KeyboardInterrupt):
        reader.take(500, views=False)
    buffer.restart(started(generation=7, offset=5))
    assert reader.take(500, views=False) == []


def test_records_are_deserialized_again_after_an_interruption() -> None:
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started()])
    buffer.put(fetched(batch(0, b"a")))
    buffer.put(fetched(batch(1, b"b", b"c", b"d"), offset=1))
    hand = Hand()

    def deserialize(topic: str, headers: object, data: bytes | None) -> object:
        if data == b"c":
            hand()
        return data

    reader = RecordReader(
        buffer, deserialize_key=None, deserialize_value=deserialize, observer=Observer()
    )
    with pytest.raises(KeyboardInterrupt):
        reader.take(500, views=False)
    values = [
        value for _ in range(3) for found in reader.take(2, views=False) for value in found.values
    ]
    assert (values, buffer.position(TP)) == ([b"a", b"b", b"c", b"d"], 4)
