"""Stories of the blocking producer: arguments, threads, callbacks and limits."""

from __future__ import annotations

import gc
import pickle
import threading

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka._base.waiting import Notification
from kafka.errors import (
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NoBrokersAvailable,
)
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay, DropResponse
from test.support.blocking_producer import make, values
from test.support.waiting import A_DAY, A_DAY_MS, is_inside, once_inside, until


def test_get_returns_where_the_record_is(producer: KafkaProducer) -> None:
    found = producer.send("t", b"value", b"key", [("a", b"b")], 0, 99).get(60)
    assert (found.offset, found.timestamp, found.serialized_key_size) == (0, 99, 3)


def test_get_gives_up_in_time(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, linger_ms=A_DAY_MS, delivery_timeout_ms=2 * A_DAY_MS)
    with pytest.raises(KafkaTimeoutError, match=r"within 0\.1 s"):
        producer.send("t", b"x").get(0.1)
    producer.close(0)


def test_what_is_changed_after_send_does_not_change_the_record(
    cluster: EmbeddedCluster, producer: KafkaProducer
) -> None:
    value, headers = bytearray(b"before"), [("a", b"b")]
    future = producer.send("t", value, headers=headers)
    value[:] = b"after!"
    headers.append(("c", b"d"))
    future.get(60)
    (stored,) = cluster.records("t", 0)
    assert stored.value == b"before"
    assert list(stored.headers) == [("a", b"b")]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"value": "text"}, TypeError, "value must be bytes"),
        ({"key": 7, "value": b""}, TypeError, "key must be bytes"),
        ({}, ValueError, "both None"),
        ({"value": b"", "headers": {"a": b"b"}}, TypeError, "headers must be a list"),
        ({"value": b"", "headers": [("a", "b")]}, TypeError, "'a' must be bytes"),
        ({"value": b"", "headers": [(b"a", b"b")]}, TypeError, "name must be a str"),
        ({"value": b"", "partition": "0"}, TypeError, "partition must be an int"),
        ({"value": b"", "partition": -1}, ValueError, "partition -1"),
        ({"value": b"", "timestamp_ms": 1.5}, TypeError, "timestamp_ms must be an int"),
        ({"value": b"", "timestamp_ms": -1}, ValueError, "timestamp_ms must be from 0"),
        ({"value": b"", "timestamp_ms": 2**63}, ValueError, "timestamp_ms must be from 0"),
        ({"value": b"x" * 1_100_000}, MessageSizeTooLargeError, "max_request_size"),
        ({"topic": "a/b", "value": b""}, ValueError, "not a topic name"),
        ({"topic": b"bytes", "value": b""}, TypeError, "topic must be a str"),
    ],
)
def test_wrong_arguments_are_refused_by_name(
    producer: KafkaProducer, arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        producer.send(**{"topic": "t", **arguments})  # type: ignore[arg-type]


def test_serializers_get_topic_headers_and_data(cluster: EmbeddedCluster) -> None:
    class Serializer:
        def serialize(self, topic: str, headers: object, data: object) -> bytes:
            return f"{topic} {headers} {data}".encode()

    with make(cluster, key_serializer=str.encode, value_serializer=Serializer()) as producer:
        producer.send("t", 7, key="k", headers=[("a", b"b")])
    (stored,) = cluster.records("t", 0)
    assert (stored.key, stored.value) == (b"k", b"t [('a', b'b')] 7")


def test_a_partitioner_of_the_user_decides(cluster: EmbeddedCluster) -> None:
    cluster.create_topic("many", 4)
    with make(cluster, partitioner=lambda key, every, available: every[-1]) as producer:
        assert producer.send("many", b"x").get(60).partition == 3


def test_many_threads_share_a_producer(cluster: EmbeddedCluster, producer: KafkaProducer) -> None:
    def work(name: bytes) -> None:
        for number in range(500):
            producer.send("t", b"%s-%d" % (name, number))

    threads = [threading.Thread(target=work, args=(b"%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    producer.flush(60)
    stored = values(cluster)
    assert len(stored) == len(set(stored)) == 4000
    for name in range(8):
        own = [int(v.split(b"-")[1]) for v in stored if v and v.startswith(b"%d-" % name)]
        assert own == list(range(500))


def test_callbacks_run_on_a_thread_of_their_own_and_may_send(
    cluster: EmbeddedCluster, producer: KafkaProducer
) -> None:
    seen: list[str] = []

    def call(metadata: object, word: str) -> None:
        seen.append(f"{word} {threading.current_thread().name}")
        producer.send("t", b"from the callback")

    producer.send("t", b"x").add_callback(call, word="hello")
    producer.flush(60)
    producer.flush(60)
    # Added before or after the delivery, it runs on the callback thread or here.
    assert seen[0].startswith("hello ")
    assert values(cluster) == [b"x", b"from the callback"]


def test_a_callback_added_after_the_delivery_runs_at_once(producer: KafkaProducer) -> None:
    future = producer.send("t", b"x")
    expected = future.get(60)
    seen: list[object] = []
    assert future.add_callback(seen.append) is future
    assert seen == [expected]


@pytest.mark.parametrize("name", ["flush", "close"])
def test_waiting_inside_a_callback_is_refused(cluster: EmbeddedCluster, name: str) -> None:
    seen: list[BaseException] = []
    with make(cluster, linger_ms=50) as producer:

        def call(_: object) -> None:
            try:
                getattr(producer, name)()
            except KafkaError as error:
                seen.append(error)

        producer.send("t", b"x").add_callback(call)
        producer.flush(60)
    assert isinstance(seen[0], IllegalStateError)
    assert f"{name}() inside a delivery callback" in str(seen[0])


def answer_the_second(cluster: EmbeddedCluster) -> None:
    """Let the time come of a delayed answer to the second request, once that is there."""
    until(lambda: cluster.count(ProduceRequest) == 2)
    cluster.advance(A_DAY)


def test_send_waits_for_memory(cluster: EmbeddedCluster) -> None:
    with make(cluster, buffer_memory=20_000, batch_size=1000, max_block_ms=A_DAY_MS) as producer:
        producer.send("t", b"warm up").get(60)
        cluster.inject(ProduceRequest, Delay(A_DAY))
        with once_inside(Notification.wait, lambda: answer_the_second(cluster)) as waited:
            for _ in range(100):
                producer.send("t", b"x" * 500)
        assert waited.is_set()
        producer.flush(60)
    assert len(values(cluster)) == 101


def test_send_gives_up_without_memory(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, buffer_memory=5000, batch_size=1000, max_block_ms=200)
    producer.send("t", b"warm up").get(60)
    cluster.inject(ProduceRequest, DropResponse(applied=False), times=10)
    with pytest.raises(KafkaTimeoutError, match="max_block_ms"):  # noqa: PT012 - one of them
        for _ in range(100):
            producer.send("t", b"x" * 500)
    producer.close(0)


def test_flush_gives_up_in_time(cluster: EmbeddedCluster) -> None:
    producer = make(cluster)
    producer.send("t", b"warm up").get(60)
    cluster.inject(ProduceRequest, DropResponse(applied=False))
    producer.send("t", b"x")
    with pytest.raises(KafkaTimeoutError, match=r"flush: .* after 0\.2 s"):
        producer.flush(0.2)
    producer.close(0)


def test_close_with_the_brokers_down_ends_in_time_and_may_be_repeated(
    cluster: EmbeddedCluster,
) -> None:
    producer = make(cluster, delivery_timeout_ms=A_DAY_MS)
    producer.send("t", b"warm up").get(60)
    cluster.kill(0)
    future = producer.send("t", b"x")
    producer.close(0.3)
    producer.close(0.3)
    assert isinstance(future.exception, KafkaTimeoutError)


def test_close_from_another_thread_cuts_a_close_short(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, delivery_timeout_ms=A_DAY_MS)
    producer.send("t", b"warm up").get(60)
    cluster.kill(0)
    future = producer.send("t", b"x")
    first = threading.Thread(target=producer.close, args=(A_DAY,))
    first.start()
    until(lambda: is_inside(EventLoopThread.call, first.ident))
    producer.close(0)
    first.join()
    assert future.failed()


def test_a_closed_producer_takes_no_records(cluster: EmbeddedCluster) -> None:
    producer = make(cluster)
    producer.close()
    with pytest.raises(KafkaError, match="closed"):
        producer.send("t", b"x")


def test_no_thread_is_left_after_close(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, client_id="threads")
    future = producer.send("t", b"x")
    future.add_callback(lambda _: None)
    producer.close()
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if "threads" in name] == []


def test_nobody_home_is_an_error_that_names_the_address() -> None:
    with pytest.raises(NoBrokersAvailable, match=r"127\.0\.0\.1:1"):
        KafkaProducer(bootstrap_servers="127.0.0.1:1", bootstrap_timeout_ms=200)


def test_a_forgotten_producer_warns_and_still_delivers(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, linger_ms=1000)
    producer.send("t", b"x")
    with pytest.warns(ResourceWarning, match="was not closed"):  # noqa: PT031 - two steps make it
        del producer
        gc.collect()
    until(lambda: values(cluster))
    assert values(cluster) == [b"x"]


def test_a_forgotten_producer_ends_its_threads(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, client_id="forgotten")
    producer.send("t", b"x").add_callback(lambda _: None).get(60)
    with pytest.warns(ResourceWarning, match="was not closed"):  # noqa: PT031 - two steps make it
        del producer
        gc.collect()
    until(lambda: not [t for t in threading.enumerate() if "forgotten" in t.name])


def test_a_producer_is_not_pickled(producer: KafkaProducer) -> None:
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(producer)


def test_what_instrumentation_touches_is_there(
    cluster: EmbeddedCluster, producer: KafkaProducer
) -> None:
    future = producer.send("t", b"x", partition=0)
    assert future._produce_future.topic_partition[1] == 0  # noqa: SLF001 - they do
    host, port = cluster.bootstrap_servers[0].split(":")
    assert producer._metadata.controller[1:3] == (host, int(port))  # noqa: SLF001 - the same
    assert producer.config["bootstrap_servers"] == cluster.bootstrap_servers
    assert producer.DEFAULT_CONFIG["linger_ms"] == 0
    future.get(60)
