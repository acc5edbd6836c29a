"""The steps of send(), gone through by hand: no loop, no thread, no brokers."""

from __future__ import annotations

from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest

from kafka._base.deadline import Deadline
from kafka._base.observer import Observer
from kafka.cluster import ClusterMetadata
from kafka.config.producer import ProducerConfig
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from kafka.producer.future import FutureRecordMetadata, FutureRecordsMetadata, future_of
from kafka.producer.send_path import SendPath
from kafka.producer.steps import NeedMemory, NeedRoute
from kafka.producer.topic_info import TopicInfo
from test.unit.producer.support import make_batch

NOW = 100.0
MAX_BLOCK = 60.0
SERVERS = {"bootstrap_servers": "broker:9092"}


class Waiter:
    """A waiter that a test wakes by going on."""

    def __init__(self) -> None:
        self.in_queue: Any = object()

    def wake(self) -> None:
        """Do nothing: nobody waits."""


class Accumulator:
    """Takes records while it has memory, and writes down who waits for some."""

    def __init__(self) -> None:
        self.gate = SimpleNamespace(
            configure=self._configure,
            append=self._put_plain,
            append_with=self._put_with,
            append_block=self._put_block,
            topics={},
            largest=None,
        )
        self.refuses: KafkaError | None = None
        self.has_open_batch = False
        self.put: list[tuple[Any, ...]] = []
        self.magic = 2
        self.pool = SimpleNamespace(used=77)
        self.has_memory = True
        self.closed = False
        self.taken: list[tuple[Any, ...]] = []
        self.waiting: list[object] = []

    def check_accepts(self) -> None:
        if self.refuses is not None:
            raise self.refuses

    def _configure(self, *, wall: object, largest: int) -> None:
        self.gate.largest = largest

    def _put_plain(self, topic: str, value: Any, key: Any) -> FutureRecordMetadata | None:
        return self._put_with(topic, value, key, None, None, None)

    def _put_with(self, *record: Any) -> FutureRecordMetadata | None:
        if not self.has_open_batch:
            return None
        self.put.append(record)
        return future_of(make_batch(), 0)

    def _put_block(self, queue: object, shape: object, entries: Any, ends: Any, start: int) -> Any:
        if not self.has_memory:
            return None
        self.taken += entries[start:]
        return make_batch(), 0, len(entries) - start

    def append(
        self,
        route: object,
        queue: object,
        record: tuple[Any, ...],
        size: int,
        waiter: object = None,
    ) -> FutureRecordMetadata | None:
        if self.closed:
            raise KafkaError("the producer is closed")
        if not self.has_memory:
            return None
        self.taken.append(record)
        return future_of(make_batch(record), 0)

    def enter_queue(self, waiter: object) -> None:
        self.waiting.append(waiter)

    def leave_queue(self, waiter: object) -> None:
        self.waiting.remove(waiter)


class Detached:
    """Writes down the records that have no partition yet."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.errors: list[KafkaError] = []

    def send(
        self, topic: str, record: tuple[Any, ...], size: int, partition: int | None
    ) -> FutureRecordMetadata:
        self.sent.append((topic, record[1], record[2], partition))
        return future_of(make_batch(record), 0)

    def failed(self, topic: str, partition: int | None, error: KafkaError) -> FutureRecordMetadata:
        self.errors.append(error)
        return future_of(make_batch(), 0)


class Story:
    """A send path and what is around it; its driver as well."""

    def __init__(self, **options: object) -> None:
        self.accumulator = Accumulator()
        self.topics = SimpleNamespace(known={})
        self.detached = Detached()
        self.broken: KafkaError | None = None
        self.waiter: Waiter | None = Waiter()
        self.path = SendPath(
            ProducerConfig.from_kwargs({**SERVERS, "max_block_ms": MAX_BLOCK * 1000, **options}),
            accumulator=self.accumulator,  # type: ignore[arg-type]
            topics=self.topics,  # type: ignore[arg-type]
            detached=self.detached,  # type: ignore[arg-type]
            cluster=ClusterMetadata(),
            clock=SimpleNamespace(now=lambda: NOW, wall=lambda: NOW),  # type: ignore[arg-type]
            wall=lambda: NOW,
            observer=Observer(),
            check=self._check,
        )

    def _check(self) -> None:
        if self.broken is not None:
            raise self.broken

    def know(self, partitions: int = 1) -> TopicInfo:
        """Let the path know the topic "t"."""
        self.topics.known["t"] = route = route_of(partitions)
        return route

    def send(
        self, value: Any = b"v", key: Any = None, partition: int | None = None, **options: Any
    ) -> Any:
        headers, timestamp = options.get("headers"), options.get("timestamp_ms")
        topic = options.get("topic", "t")
        return self.path.send(topic, value, key, headers, partition, timestamp, self)

    def run(self, steps: Any) -> Any:
        """Leave the steps to the test."""
        return steps

    def send_many(self, values: Any, keys: Any = None, **options: Any) -> Any:
        headers = options.get("headers")
        return self.path.steps_of_many("t", values, keys, headers, None, None, self.new_waiter)

    def new_waiter(self) -> Waiter | None:
        return self.waiter


def route_of(partitions: int = 1) -> TopicInfo:
    route = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
    route.update(partitions, ())
    return route


def finish(steps: Generator[Any, Any, Any], answer: object) -> Any:
    """Answer the last need of *steps*, and return what they return."""
    with pytest.raises(StopIteration) as end:
        steps.send(answer)
    return end.value.value


# -- nothing to wait for ---------------------------------------------------------------------


def test_a_record_of_a_known_topic_needs_no_steps() -> None:
    story = Story()
    story.know()
    assert isinstance(story.send(b"v", b"k"), FutureRecordMetadata)
    assert story.accumulator.taken == [(100_000, b"k", b"v", None)]


@pytest.mark.parametrize(
    ("options", "passes"),
    [({}, True), ({"value_serializer": bytes}, False), ({"partitioner": lambda *_: 0}, False)],
    ids=["no users' code", "a serializer", "a partitioner"],
)
def test_only_records_that_users_code_need_not_see_may_pass_it_by(
    options: dict[str, object], passes: bool
) -> None:
    story = Story(**options)
    story.accumulator.has_open_batch = True
    found = [story.path.put("t", b"v", None), story.path.put_with("t", b"v", None, None, 0, None)]
    assert [future is not None for future in found] == [passes, passes]


def test_what_users_code_returns_goes_into_an_open_batch() -> None:
    story = Story(key_serializer=str.encode, value_serializer=str.encode, partitioner=lambda *_: 1)
    story.know(2)
    story.accumulator.has_open_batch = True
    assert isinstance(story.send("v", "k", headers=[("h", b"x")]), FutureRecordMetadata)
    assert story.accumulator.put == [("t", b"v", b"k", [("h", b"x")], 1, None)]
    assert story.accumulator.taken == []


def test_users_code_is_called_once_if_no_open_batch_takes_the_record() -> None:
    calls: list[object] = []

    def serialize(value: str) -> bytes:
        calls.append(value)
        return value.encode()

    def choose(*_: object) -> int:
        calls.append("partition")
        return 1

    story = Story(value_serializer=serialize, partitioner=choose)
    story.know(2)
    story.send("v")
    assert calls == ["v", "partition"]
    assert story.accumulator.taken == [(100_000, None, b"v", None)]


def test_the_users_partitioner_chooses_the_partition() -> None:
    seen: list[tuple[object, ...]] = []

    class Partitioner:
        def partition(self, topic: str, key: bytes | None, cluster: object) -> int:
            seen.append((topic, key))
            return 2

    story = Story(partitioner=Partitioner())
    story.know(3)
    story.send(b"v", b"k")
    assert seen == [("t", b"k")]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"value": "text"}, TypeError, "value must be bytes"),
        ({"value": None}, ValueError, "both None"),
        ({"partition": "0"}, TypeError, "partition must be an int"),
        ({"partition": -1}, ValueError, "partition -1 of topic t does not exist"),
        ({"timestamp_ms": -1}, ValueError, "timestamp_ms"),
        ({"headers": {}}, TypeError, "headers must be a list"),
        ({"topic": 7}, TypeError, "topic must be a str"),
        ({"value": bytes(2_000_000)}, MessageSizeTooLargeError, "max_request_size=1048576"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_sent(
    arguments: dict[str, Any], error: type[Exception], words: str
) -> None:
    story = Story()
    story.know()
    with pytest.raises(error, match=words):
        story.send(**arguments)
    assert story.accumulator.taken == []


# -- waiting for the topic -------------------------------------------------------------------


def test_an_unknown_topic_is_needed_once() -> None:
    story = Story()
    steps = story.send()
    assert next(steps) == NeedRoute("t", None, Deadline(NOW + MAX_BLOCK))
    assert isinstance(finish(steps, route_of()), FutureRecordMetadata)
    assert [record[2] for record in story.accumulator.taken] == [b"v"]


def test_an_unknown_partition_is_looked_for() -> None:
    story = Story()
    story.know(1)
    steps = story.send(partition=1)
    assert next(steps) == NeedRoute("t", 1, Deadline(NOW + MAX_BLOCK))
    finish(steps, route_of(2))
    assert len(story.accumulator.taken) == 1


def test_a_partition_that_is_not_found_is_an_error() -> None:
    steps = Story().send(partition=1)
    next(steps)
    with pytest.raises(ValueError, match="partition 1 of topic t does not exist"):
        steps.send(route_of(1))


def test_a_topic_that_the_brokers_refuse_fails_the_future() -> None:
    story = Story()
    steps = story.send()
    next(steps)
    error = TopicAuthorizationFailedError("no")
    with pytest.raises(StopIteration) as end:
        steps.throw(error)
    assert isinstance(end.value.value, FutureRecordMetadata)
    assert story.detached.errors == [error]


def test_a_topic_that_is_not_found_in_time_is_an_error_of_the_call() -> None:
    steps = Story().send()
    next(steps)
    with pytest.raises(KafkaTimeoutError, match="nothing is known"):
        steps.throw(KafkaTimeoutError("nothing is known of t"))


def test_a_call_that_cannot_wait_for_the_topic_is_placed_later() -> None:
    story = Story()
    steps = story.send(b"v", b"k", 3)
    next(steps)
    assert isinstance(finish(steps, None), FutureRecordMetadata)
    assert story.detached.sent == [("t", b"k", b"v", 3)]


def test_a_closed_producer_needs_nothing() -> None:
    story = Story()
    story.broken = KafkaError("the producer is closed")
    with pytest.raises(KafkaError, match="closed"):
        next(story.send())


def test_an_impossible_topic_is_not_asked_for() -> None:
    with pytest.raises(ValueError, match="is not a topic name"):
        next(Story().send(topic="a/b"))


# -- waiting for memory ----------------------------------------------------------------------


def test_a_record_without_memory_waits_in_the_queue_until_there_is_some() -> None:
    story = Story()
    story.know()
    story.accumulator.has_memory = False
    steps = story.send()
    waiter = story.waiter
    assert waiter is not None
    assert next(steps) == NeedMemory(waiter, Deadline(NOW + MAX_BLOCK))
    assert steps.send(None) == NeedMemory(waiter, Deadline(NOW + MAX_BLOCK))  # woken for nothing
    assert story.accumulator.waiting == [waiter.in_queue]
    story.accumulator.has_memory = True
    assert isinstance(finish(steps, None), FutureRecordMetadata)
    assert story.accumulator.waiting == []


def test_no_memory_in_time_is_an_error_that_names_the_options() -> None:
    story = Story()
    story.know()
    story.accumulator.has_memory = False
    steps = story.send()
    next(steps)
    with pytest.raises(KafkaTimeoutError, match=r"within 60 s \(max_block_ms\): 77 of buffer_mem"):
        steps.throw(TimeoutError())
    assert story.accumulator.waiting == []


def test_waiting_for_topic_and_memory_ends_at_one_time() -> None:
    story = Story()
    story.accumulator.has_memory = False
    steps = story.send()
    first = next(steps)
    second = steps.send(route_of())
    assert isinstance(second, NeedMemory)
    assert second.deadline == first.deadline


def test_a_call_that_cannot_wait_for_memory_is_refused() -> None:
    story = Story()
    story.know()
    story.accumulator.has_memory = False
    story.waiter = None
    with pytest.raises(KafkaTimeoutError, match="this send\\(\\) cannot wait"):
        next(story.send())
    assert story.accumulator.waiting == []


def test_a_producer_closed_meanwhile_ends_the_wait() -> None:
    story = Story()
    story.know()
    story.accumulator.has_memory = False
    steps = story.send()
    next(steps)
    story.accumulator.closed = True
    with pytest.raises(KafkaError, match="closed"):
        steps.send(None)
    assert story.accumulator.waiting == []


def test_a_call_that_is_given_up_leaves_the_queue() -> None:
    story = Story()
    story.know()
    story.accumulator.has_memory = False
    steps = story.send()
    next(steps)
    steps.close()
    assert story.accumulator.waiting == []


# -- many records ----------------------------------------------------------------------------


def test_many_records_of_bytes_go_in_as_a_block() -> None:
    story = Story()
    story.know()
    steps = story.send_many([b"a", b"b"])
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert isinstance(end.value.value, FutureRecordsMetadata)
    assert story.accumulator.taken == [b"a", b"b"]


def test_many_records_need_their_topic_once() -> None:
    story = Story()
    steps = story.send_many([b"a", b"b", b"c"])
    assert isinstance(next(steps), NeedRoute)
    assert len(finish(steps, route_of())) == 3


def test_many_records_wait_for_memory_in_the_middle() -> None:
    story = Story()
    story.know()
    story.accumulator.has_memory = False
    steps = story.send_many([b"a", b"b"])
    assert isinstance(next(steps), NeedMemory)
    story.accumulator.has_memory = True
    finish(steps, None)
    assert story.accumulator.taken == [(100_000, None, b"a", None), b"b"]


@pytest.mark.parametrize("options", [{}, {"headers": [("a", b"b")]}])
def test_one_bad_record_keeps_all_from_being_sent(options: dict[str, Any]) -> None:
    story = Story()
    story.know()
    with pytest.raises(TypeError, match="value must be bytes"):
        next(story.send_many([b"good", "bad"], **options))
    assert story.accumulator.taken == []


def test_many_records_with_headers_go_one_by_one() -> None:
    story = Story()
    story.know()
    steps = story.send_many([b"a", b"b"], headers=[("h", b"x")])
    with pytest.raises(StopIteration) as end:
        next(steps)
    assert len(end.value.value) == 2
    assert [record[2] for record in story.accumulator.taken] == [b"a", b"b"]


def test_many_records_of_a_refused_topic_all_fail() -> None:
    story = Story()
    steps = story.send_many([b"a", b"b"])
    next(steps)
    error = TopicAuthorizationFailedError("no")
    with pytest.raises(StopIteration) as end:
        steps.throw(error)
    assert len(end.value.value) == 2
    assert story.detached.errors == [error, error]


def test_many_records_that_cannot_wait_for_the_topic_are_placed_later() -> None:
    story = Story()
    steps = story.send_many([b"a", b"b"], [b"k", b"l"])
    next(steps)
    finish(steps, None)
    assert story.detached.sent == [("t", b"k", b"a", None), ("t", b"l", b"b", None)]
