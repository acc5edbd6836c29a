"""Records of a poll that a signal handler ends by raising."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType

import pytest

from kafka._base.observer import Observer
from kafka.consumer.completed_fetch import AbortedTransaction, CompletedFetch
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.consumer.fetch_collector import FetchCollector
from kafka.consumer.record_decoder import RecordDecoder
from kafka.errors import KafkaError
from kafka.record.batch import build_batch, encode_records
from kafka.record.control import ControlType, end_transaction_batch
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


def collector_on(buffer: FetchBuffer) -> FetchCollector:
    return FetchCollector(buffer, RecordDecoder(), Observer())


@pytest.mark.parametrize("count", [1, 500])
def test_records_decoded_before_an_interruption_come_with_the_next_poll(count: int) -> None:
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started(), started(OTHER, 2)])
    buffer.put(fetched(batch(0, LARGE)))
    buffer.put(fetched(batch(1, b"next"), offset=1))
    buffer.put(fetched(batch(0, LARGE), tp=OTHER, generation=2))
    collector = collector_on(buffer)
    collector.yield_to_loop = Hand()
    with pytest.raises(KeyboardInterrupt):
        collector.collect_batches(500, views=False)
    offsets: dict[object, list[int]] = {TP: [], OTHER: []}
    for _ in range(3):
        for found in collector.collect_batches(count, views=False):
            offsets[found.topic_partition] += found.offsets
    assert offsets == {TP: [0, 1], OTHER: [0]}
    assert (buffer.position(TP), buffer.position(OTHER)) == (2, 1)


def after_an_interrupted_poll() -> tuple[FetchBuffer, FetchCollector]:
    """Return a buffer with one record, and a collector whose poll of it was interrupted."""
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started()])
    buffer.put(fetched(batch(0, LARGE)))
    collector = collector_on(buffer)
    collector.yield_to_loop = Hand()
    with pytest.raises(KeyboardInterrupt):
        collector.collect_batches(500, views=False)
    return buffer, collector


def test_position_stays_before_what_an_interrupted_poll_decoded() -> None:
    buffer, _ = after_an_interrupted_poll()
    assert buffer.position(TP) == 0


def test_records_of_an_interrupted_poll_are_gone_after_a_seek() -> None:
    buffer, collector = after_an_interrupted_poll()
    buffer.restart(TP, 7, 5, -1)
    assert collector.collect_batches(500, views=False) == []


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

    collector = FetchCollector(buffer, RecordDecoder(deserialize_value=deserialize), Observer())
    with pytest.raises(KeyboardInterrupt):
        collector.collect_batches(500, views=False)
    values = [
        value
        for _ in range(3)
        for found in collector.collect_batches(2, views=False)
        for value in found.values
    ]
    assert (values, buffer.position(TP)) == ([b"a", b"b", b"c", b"d"], 4)


class AlarmError(Exception):
    """What a handler raises for a time that is over."""


class AfterLines:
    """Raise in a line of the codec, the one of that number."""

    def __init__(self, number: int, error: type[BaseException]) -> None:
        self.left = number
        self.error = error

    def __call__(self, frame: FrameType, event: str, arg: object, /) -> AfterLines | None:
        if "/kafka/record/" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.left -= 1
            if not self.left:
                raise self.error
        return self


def transactions() -> CompletedFetch:
    """Return an aborted transaction of a producer and one it has committed."""

    def data(offset: int) -> bytes:
        return build_batch(
            encode_records([5] * 2, [None] * 2, [b"a", b"b"], None),
            count=2,
            base_timestamp=5,
            max_timestamp=5,
            base_offset=offset,
            producer_id=5,
            producer_epoch=0,
            transactional=True,
        )

    ends = [
        end_transaction_batch(
            kind,
            base_offset=offset,
            producer_id=5,
            producer_epoch=0,
            coordinator_epoch=0,
            timestamp=5,
        )
        for kind, offset in ((ControlType.ABORT, 4), (ControlType.COMMIT, 7))
    ]
    records = batch(0, b"a", b"b") + data(2) + ends[0] + data(5) + ends[1]
    return CompletedFetch(TP, 1, 0, records, aborted=[AbortedTransaction(5, 2)])


@pytest.mark.parametrize("error", [KeyboardInterrupt, AlarmError])
def test_no_line_of_the_codec_loses_records_when_a_handler_raises_there(
    error: type[BaseException],
) -> None:
    for number in itertools.count(1):
        buffer = FetchBuffer(lambda _: 10**7, lambda: None)
        buffer.assign([started()])
        buffer.put(transactions())
        collector, lines, before = collector_on(buffer), AfterLines(number, error), sys.gettrace()
        sys.settrace(lines)
        try:
            found = collector.collect_batches(500, views=False)
            offsets = [offset for records in found for offset in records.offsets]
        except error:
            offsets = []
        finally:
            sys.settrace(before)
        while found := collector.collect_batches(500, views=False):
            offsets += [offset for records in found for offset in records.offsets]
        assert (number, offsets, buffer.position(TP)) == (number, [0, 1, 5, 6], 8)
        if lines.left > 0:
            break
    assert number > 50


class AfterCalls:
    """Raise where Python looks for signals: in a call or after one, the one of that number."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, arg: object, /) -> None:
        if "/kafka/consumer/" in frame.f_code.co_filename and event in {"call", "c_return"}:
            self.left -= 1
            if not self.left:
                raise AlarmError


def interrupted(number: int, call: Callable[[], object]) -> bool:
    """Return whether *call* came to its look for signals of that *number*, where it was ended."""
    looks, before = AfterCalls(number), sys.getprofile()
    sys.setprofile(looks)
    try:
        call()
    except (AlarmError, KafkaError):
        pass
    finally:
        sys.setprofile(before)
    return looks.left <= 0


def two_partitions(buffer: FetchBuffer) -> None:
    buffer.assign([started(), started(OTHER, 2)])
    buffer.put(fetched(batch(0, b"a", b"b")))
    buffer.put(fetched(batch(0, b"x"), tp=OTHER, generation=2))
    buffer.put(fetched(batch(2, b"c"), offset=2))


def collected(collector: FetchCollector) -> dict[object, list[int]]:
    """Return the offsets that come from now on."""
    offsets: dict[object, list[int]] = {TP: [], OTHER: []}
    while found := collector.collect_records(500, update_offsets=True):
        for tp, records in found.items():
            offsets[tp] += [record.offset for record in records]
    return offsets


@pytest.mark.parametrize("update", [True, False])
@pytest.mark.parametrize("first", [0, 1, 2, 500])
def test_no_look_for_signals_in_a_poll_loses_records_or_sizes(first: int, update: bool) -> None:
    for number in itertools.count(1):
        buffer = FetchBuffer(lambda _: 10**7, lambda: None)
        two_partitions(buffer)
        collector = collector_on(buffer)
        if first:
            collector.collect_records(first, update_offsets=False)
        if not interrupted(number, partial(collector.collect_records, 500, update_offsets=update)):
            break
        assert (number, buffer.position(TP), buffer.position(OTHER)) == (number, 0, 0)
        assert (number, collected(collector)) == (number, {TP: [0, 1, 2], OTHER: [0]})
        assert (buffer.position(TP), buffer.position(OTHER)) == (3, 1)
        assert "size=0/" in repr(buffer)
    assert number > 10


def test_no_look_for_signals_in_settling_loses_records() -> None:
    for number in itertools.count(1):
        buffer = FetchBuffer(lambda _: 10**7, lambda: None)
        two_partitions(buffer)
        collector = collector_on(buffer)
        last = next(iter(collector.collect_records(500, update_offsets=False)[TP]))
        if not interrupted(number, partial(collector.mark_consumed, last)):
            break
        offsets = collected(collector)
        assert (number, offsets[TP][-2:], offsets[OTHER]) == (number, [1, 2], [0])
    assert number > 5


@pytest.mark.parametrize("recovers", [True, False])
def test_no_look_for_signals_leaves_a_partition_stuck(recovers: bool) -> None:
    """Nothing of it would be fetched any more."""
    for number in itertools.count(1):
        buffer = FetchBuffer(lambda _: 10**7, lambda: None)
        two_partitions(buffer)
        bad = {b"a"}

        def deserialize(
            topic: str, headers: object, data: bytes | None, bad: set[bytes] = bad
        ) -> object:
            if data in bad:
                raise ValueError
            return data

        collector = FetchCollector(buffer, RecordDecoder(deserialize_value=deserialize), Observer())
        if recovers:
            with pytest.raises(KafkaError):
                collector.collect_batches(500, views=False)
            bad.clear()
        ended = interrupted(number, partial(collector.collect_batches, 500, views=False))
        bad.clear()
        while collector.collect_batches(500, views=False):
            pass
        assert (number, buffer.stuck, buffer.position(TP)) == (number, set(), 3)
        assert "size=0/" in repr(buffer)
        if not ended:
            break
    assert number > 10


def test_records_looked_at_in_parts_come_whole() -> None:
    """The second part took the place of the first."""
    buffer = FetchBuffer(lambda _: 10**7, lambda: None)
    buffer.assign([started()])
    buffer.put(fetched(batch(0, b"a", b"b", b"c")))
    collector = collector_on(buffer)
    for count in (500, 1):
        collector.collect_records(count, update_offsets=False)
    assert collected(collector)[TP] == [0, 1, 2]
