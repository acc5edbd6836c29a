"""Stories of calls that interrupt a send() of the same thread."""

from __future__ import annotations

import gc
import logging
import signal
import threading

import pytest

from kafka.errors import (
    KafkaError,
)
from kafka.producer.kafka import KafkaProducer
from kafka.testing import EmbeddedCluster
from test.support.blocking_producer import make, values
from test.support.waiting import until


class InterruptionError(Exception):
    """What the signal handler of a test raises."""


# What is raised inside a weak reference's callback goes nowhere, and says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_handler_that_raises_leaves_no_record_torn_or_lost(
    cluster: EmbeddedCluster,
) -> None:
    producer = make(cluster, linger_ms=5)
    producer.send("t", b"warm up").get(60)
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
    producer.close(60)
    records = cluster.records("t", 0)[1:]
    assert all(record.key == record.value for record in records)
    stored = [record.value for record in records]
    assert len(stored) == len(set(stored))
    assert set(done) - set(stored) == set()


def test_send_in_a_signal_handler_works(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, linger_ms=5)
    producer.send("t", b"warm up").get(60)
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
    producer.flush(60)
    assert all(future.succeeded() for future in futures)
    stored = values(cluster)
    assert stored.count(b"from the handler") == len(futures)
    assert stored.count(b"from the program") == sent
    producer.close(60)


def test_close_in_a_signal_handler_delivers_everything(cluster: EmbeddedCluster) -> None:
    producer = make(cluster, linger_ms=1000)
    producer.send("t", b"warm up").get(60)
    closed = threading.Event()

    def handler(*_: object) -> None:
        producer.close(60)
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
    producer.close(60)
    until(lambda: len(values(cluster)) >= sent)
    assert len(values(cluster)) == sent


def test_send_in_del_works(cluster: EmbeddedCluster, producer: KafkaProducer) -> None:
    class Tomb:
        def __del__(self) -> None:
            producer.send("t", b"last words")

    # The collector may run in the cluster's thread, where waiting for its metadata would never end.
    producer.send("t", b"x").get(60)
    for _ in range(50):
        tomb = Tomb()
        tomb.itself = tomb  # type: ignore[attr-defined]
        del tomb
        producer.send("t", b"x")
    gc.collect()
    producer.flush(60)
    assert values(cluster).count(b"last words") == 50


def test_a_logging_handler_may_produce_what_the_client_itself_logs(
    cluster: EmbeddedCluster,
) -> None:
    producer = make(cluster)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            producer.send("logs", record.getMessage().encode())

    cluster.create_topic("logs")
    handler = Handler()
    logger = logging.getLogger("kafka")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        producer.send("t", b"x").get(60)
        cluster.disconnect(0)
        producer.send("t", b"y").get(60)
        logger.warning("the last line")
        producer.flush(60)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    producer.close(60)
    assert b"the last line" in [r.value for r in cluster.records("logs", 0)]
