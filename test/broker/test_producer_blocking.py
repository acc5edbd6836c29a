"""Stories of the blocking producer: threads, signals, callbacks, forks and the end of a process."""

from __future__ import annotations

import gc
import logging
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kafka.errors import (
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    NoBrokersAvailable,
)
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from test.support.scripted_broker import Delay, Drop, ScriptedCluster

ROOT = Path(__file__).parents[2]


@pytest.fixture
def cluster() -> Iterator[ScriptedCluster]:
    with ScriptedCluster.in_thread() as found:
        found.add_topic("t")
        yield found


def make(cluster: ScriptedCluster, **options: object) -> KafkaProducer:
    return KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options)


@pytest.fixture
def producer(cluster: ScriptedCluster) -> Iterator[KafkaProducer]:
    with make(cluster) as found:
        yield found


def values(cluster: ScriptedCluster) -> list[bytes | None]:
    return [record.value for record in cluster.log("t", 0).records()]


def test_get_returns_where_the_record_is(producer: KafkaProducer) -> None:
    found = producer.send("t", b"value", b"key", [("a", b"b")], 0, 99).get(5)
    assert (found.offset, found.timestamp, found.serialized_key_size) == (0, 99, 3)


def test_get_gives_up_in_time(cluster: ScriptedCluster) -> None:
    producer = make(cluster, linger_ms=60_000)
    began = time.monotonic()
    with pytest.raises(KafkaTimeoutError, match=r"within 0\.1 s"):
        producer.send("t", b"x").get(0.1)
    assert time.monotonic() - began < 0.5
    producer.close(0)


def test_what_is_changed_after_send_does_not_change_the_record(
    cluster: ScriptedCluster, producer: KafkaProducer
) -> None:
    value, headers = bytearray(b"before"), [("a", b"b")]
    future = producer.send("t", value, headers=headers)
    value[:] = b"after!"
    headers.append(("c", b"d"))
    future.get(5)
    (stored,) = cluster.log("t", 0).records()
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
        ({"value": b"", "timestamp_ms": -1}, ValueError, "negative"),
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


def test_serializers_get_topic_headers_and_data(cluster: ScriptedCluster) -> None:
    class Serializer:
        def serialize(self, topic: str, headers: object, data: object) -> bytes:
            return f"{topic} {headers} {data}".encode()

    with make(cluster, key_serializer=str.encode, value_serializer=Serializer()) as producer:
        producer.send("t", 7, key="k", headers=[("a", b"b")])
    (stored,) = cluster.log("t", 0).records()
    assert (stored.key, stored.value) == (b"k", b"t [('a', b'b')] 7")


def test_a_partitioner_of_the_user_decides(cluster: ScriptedCluster) -> None:
    cluster.add_topic("many", partitions=4)
    with make(cluster, partitioner=lambda key, every, available: every[-1]) as producer:
        assert producer.send("many", b"x").get(5).partition == 3


def test_many_threads_share_a_producer(cluster: ScriptedCluster, producer: KafkaProducer) -> None:
    def work(name: bytes) -> None:
        for number in range(500):
            producer.send("t", b"%s-%d" % (name, number))

    threads = [threading.Thread(target=work, args=(b"%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    producer.flush(20)
    stored = values(cluster)
    assert len(stored) == len(set(stored)) == 4000
    for name in range(8):
        own = [int(v.split(b"-")[1]) for v in stored if v and v.startswith(b"%d-" % name)]
        assert own == list(range(500))


# -- callbacks ---------------------------------------------------------------------------------


def test_callbacks_run_on_a_thread_of_their_own_and_may_send(
    cluster: ScriptedCluster, producer: KafkaProducer
) -> None:
    seen: list[str] = []

    def call(metadata: object, word: str) -> None:
        seen.append(f"{word} {threading.current_thread().name}")
        producer.send("t", b"from the callback")

    producer.send("t", b"x").add_callback(call, word="hello")
    producer.flush(5)
    producer.flush(5)
    # Added before or after the delivery, it runs on the callback thread or here.
    assert seen[0].startswith("hello ")
    assert values(cluster) == [b"x", b"from the callback"]


def test_a_callback_added_after_the_delivery_runs_at_once(producer: KafkaProducer) -> None:
    future = producer.send("t", b"x")
    expected = future.get(5)
    seen: list[object] = []
    assert future.add_callback(seen.append) is future
    assert seen == [expected]


@pytest.mark.parametrize("name", ["flush", "close"])
def test_waiting_inside_a_callback_is_refused(cluster: ScriptedCluster, name: str) -> None:
    seen: list[BaseException] = []
    with make(cluster, linger_ms=50) as producer:

        def call(_: object) -> None:
            try:
                getattr(producer, name)()
            except KafkaError as error:
                seen.append(error)

        producer.send("t", b"x").add_callback(call)
        producer.flush(5)
    assert isinstance(seen[0], IllegalStateError)
    assert f"{name}() inside a delivery callback" in str(seen[0])


# -- calls that interrupt a send() -------------------------------------------------------------


class InterruptionError(Exception):
    """What the signal handler of a test raises."""


def test_a_signal_handler_that_raises_leaves_no_record_torn_or_lost(
    cluster: ScriptedCluster,
) -> None:
    producer = make(cluster, linger_ms=5)
    producer.send("t", b"warm up").get(5)
    raised = 0
    inside = False

    def handler(*_: object) -> None:
        nonlocal raised, inside
        if inside:
            inside = False
            raised += 1
            raise InterruptionError

    previous = signal.signal(signal.SIGALRM, handler)
    done: list[bytes] = []
    number = 0
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
        while raised < 10_000:
            try:
                while True:
                    # Set again each time: an exception raised inside a __del__ goes nowhere.
                    inside = True
                    number += 1
                    value = b"%08d" % number
                    producer.send("t", value, value)
                    done.append(value)
            except InterruptionError:
                continue
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    producer.close(30)
    records = cluster.log("t", 0).records()[1:]
    assert all(record.key == record.value for record in records)
    stored = [record.value for record in records]
    assert len(stored) == len(set(stored))
    assert set(done) - set(stored) == set()


def test_send_in_a_signal_handler_works(cluster: ScriptedCluster) -> None:
    producer = make(cluster, linger_ms=5)
    producer.send("t", b"warm up").get(5)
    futures = []

    def handler(*_: object) -> None:
        futures.append(producer.send("t", b"from the handler"))

    previous = signal.signal(signal.SIGALRM, handler)
    sent = 0
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        while len(futures) < 500:
            producer.send("t", b"from the program")
            sent += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    producer.flush(20)
    assert all(future.succeeded() for future in futures)
    stored = values(cluster)
    assert stored.count(b"from the handler") == len(futures)
    assert stored.count(b"from the program") == sent
    producer.close(5)


def test_close_in_a_signal_handler_delivers_everything(cluster: ScriptedCluster) -> None:
    producer = make(cluster, linger_ms=1000)
    producer.send("t", b"warm up").get(5)
    closed = threading.Event()

    def handler(*_: object) -> None:
        producer.close(5)
        closed.set()

    previous = signal.signal(signal.SIGALRM, handler)
    sent = 1
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KafkaError, match="closed"):  # noqa: PT012 - which send() meets it is chance
            while True:
                producer.send("t", b"x")
                sent += 1
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert closed.is_set()
    producer.close(5)
    deadline = time.monotonic() + 5
    while len(values(cluster)) < sent and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(values(cluster)) == sent


def test_send_in_del_works(cluster: ScriptedCluster, producer: KafkaProducer) -> None:
    class Tomb:
        def __del__(self) -> None:
            producer.send("t", b"last words")

    for _ in range(50):
        tomb = Tomb()
        tomb.itself = tomb  # type: ignore[attr-defined]
        del tomb
        producer.send("t", b"x")
    gc.collect()
    producer.flush(5)
    assert values(cluster).count(b"last words") == 50


def test_a_logging_handler_may_produce_what_the_client_itself_logs(
    cluster: ScriptedCluster,
) -> None:
    producer = make(cluster)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            producer.send("logs", record.getMessage().encode())

    async def hang_up() -> None:
        cluster.disconnect(0)

    cluster.add_topic("logs")
    handler = Handler()
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        producer.send("t", b"x").get(5)
        cluster.call_in_thread(hang_up())
        producer.send("t", b"y").get(5)
        logger.warning("the last line")
        producer.flush(5)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    producer.close(5)
    assert b"the last line" in [r.value for r in cluster.log("logs", 0).records()]


# -- memory, time-outs, the end ----------------------------------------------------------------


def test_send_waits_for_memory(cluster: ScriptedCluster) -> None:
    with make(cluster, buffer_memory=20_000, batch_size=1000) as producer:
        producer.send("t", b"warm up").get(5)
        cluster.fail_next(ProduceRequest, Delay(0.3))
        began = time.monotonic()
        for _ in range(100):
            producer.send("t", b"x" * 500)
        assert time.monotonic() - began > 0.2
        producer.flush(10)
    assert len(values(cluster)) == 101


def test_send_gives_up_without_memory(cluster: ScriptedCluster) -> None:
    producer = make(cluster, buffer_memory=5000, batch_size=1000, max_block_ms=200)
    producer.send("t", b"warm up").get(5)
    cluster.fail_next(ProduceRequest, *[Drop()] * 10)
    began = time.monotonic()
    with pytest.raises(KafkaTimeoutError, match="max_block_ms"):  # noqa: PT012 - one of them
        for _ in range(100):
            producer.send("t", b"x" * 500)
    assert time.monotonic() - began < 0.7
    producer.close(0)


def test_flush_gives_up_in_time(cluster: ScriptedCluster) -> None:
    producer = make(cluster)
    producer.send("t", b"warm up").get(5)
    cluster.fail_next(ProduceRequest, Drop())
    producer.send("t", b"x")
    began = time.monotonic()
    with pytest.raises(KafkaTimeoutError, match="flush"):
        producer.flush(0.2)
    assert time.monotonic() - began < 0.7
    producer.close(0)


def test_close_with_the_brokers_down_ends_in_time_and_may_be_repeated(
    cluster: ScriptedCluster,
) -> None:
    producer = make(cluster)
    producer.send("t", b"warm up").get(5)
    cluster.call_in_thread(cluster.kill(0))
    future = producer.send("t", b"x")
    began = time.monotonic()
    producer.close(0.3)
    producer.close(0.3)
    assert time.monotonic() - began < 0.8
    assert isinstance(future.exception, KafkaTimeoutError)


def test_close_from_another_thread_cuts_a_close_short(cluster: ScriptedCluster) -> None:
    producer = make(cluster)
    producer.send("t", b"warm up").get(5)
    cluster.call_in_thread(cluster.kill(0))
    future = producer.send("t", b"x")
    first = threading.Thread(target=producer.close, args=(30,))
    first.start()
    began = time.monotonic()
    producer.close(0)
    first.join(5)
    assert time.monotonic() - began < 1
    assert future.failed()


def test_a_closed_producer_takes_no_records(cluster: ScriptedCluster) -> None:
    producer = make(cluster)
    producer.close()
    with pytest.raises(KafkaError, match="closed"):
        producer.send("t", b"x")


def test_no_thread_is_left_after_close(cluster: ScriptedCluster) -> None:
    producer = make(cluster, client_id="threads")
    future = producer.send("t", b"x")
    future.add_callback(lambda _: None)
    producer.close()
    names = [thread.name for thread in threading.enumerate()]
    assert [name for name in names if "threads" in name] == []


def test_nobody_home_is_an_error_that_names_the_address() -> None:
    with pytest.raises(NoBrokersAvailable, match=r"127\.0\.0\.1:1"):
        KafkaProducer(bootstrap_servers="127.0.0.1:1", bootstrap_timeout_ms=200)


def test_a_forgotten_producer_warns_and_still_delivers(cluster: ScriptedCluster) -> None:
    producer = make(cluster, linger_ms=1000)
    producer.send("t", b"x")
    with pytest.warns(ResourceWarning, match="was not closed"):  # noqa: PT031 - two steps make it
        del producer
        gc.collect()
    deadline = time.monotonic() + 5
    while not values(cluster) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert values(cluster) == [b"x"]


def test_a_producer_is_not_pickled(producer: KafkaProducer) -> None:
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(producer)


def test_what_instrumentation_touches_is_there(
    cluster: ScriptedCluster, producer: KafkaProducer
) -> None:
    future = producer.send("t", b"x", partition=0)
    assert future._produce_future.topic_partition[1] == 0  # noqa: SLF001 - they do
    host, port = cluster.bootstrap_servers[0].split(":")
    assert producer._metadata.controller[1:3] == (host, int(port))  # noqa: SLF001 - the same
    assert producer.config["bootstrap_servers"] == cluster.bootstrap_servers
    assert producer.DEFAULT_CONFIG["linger_ms"] == 0
    future.get(5)


# -- processes ---------------------------------------------------------------------------------


def in_child(work: object) -> int:
    """Run *work* in a forked child; return its exit status, 99 if it hangs."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()  # type: ignore[operator]
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        select.select([], [], [], 0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return 99


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_parent_and_child_both_deliver_after_a_fork(cluster: ScriptedCluster) -> None:
    producer = make(cluster, linger_ms=300)
    producer.send("t", b"warm up").get(5)
    pending = producer.send("t", b"buffered by the parent")

    def work() -> None:
        with pytest.raises(IllegalStateError, match="forked"):
            pending.get(1)
        producer.send("t", b"from the child").get(10)
        producer.close(5)

    assert in_child(work) == 0
    pending.get(5)
    producer.send("t", b"from the parent").get(5)
    producer.close(5)
    assert sorted(values(cluster)) == [  # type: ignore[type-var]
        b"buffered by the parent",
        b"from the child",
        b"from the parent",
        b"warm up",
    ]


EXIT = """
import logging, sys
logging.basicConfig(level=logging.ERROR, format="%(message)s", stream=sys.stdout)
from kafka import KafkaProducer
producer = KafkaProducer(bootstrap_servers=sys.argv[1], linger_ms=60000, delivery_timeout_ms=120000)
for number in range(10):
    producer.send("t", b"%d" % number)
"""


def run_to_its_end(cluster: ScriptedCluster, program: str) -> tuple[float, str]:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, cluster.bootstrap_servers[0]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return time.monotonic() - began, done.stdout + done.stderr


def test_a_program_that_ends_without_close_has_delivered(cluster: ScriptedCluster) -> None:
    took, output = run_to_its_end(cluster, EXIT)
    assert len(values(cluster)) == 10
    assert took < 5
    assert output == ""


def test_a_program_that_ends_with_the_broker_silent_ends_in_time_and_says_what_is_lost(
    cluster: ScriptedCluster,
) -> None:
    cluster.fail_next(ProduceRequest, *[Drop()] * 10)
    took, output = run_to_its_end(cluster, EXIT)
    assert took < 8
    assert "topic=t: 10 records were not delivered" in output
