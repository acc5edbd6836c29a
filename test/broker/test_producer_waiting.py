"""Stories of calls that wait, of what interrupts them, and of how long they may take."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay


@pytest.fixture
def embedded() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster() as found:
        found.create_topic("t")
        yield found


def producer_of(cluster: EmbeddedCluster, **options: object) -> KafkaProducer:
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options)
    producer.send("t", b"warm up").get(5)
    return producer


@contextmanager
def on_alarm(handler: Callable[[], object]) -> Iterator[None]:
    """Have *handler* called by SIGALRM."""
    previous = signal.signal(signal.SIGALRM, lambda *_: handler())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_send_in_a_signal_handler_gets_memory_before_the_send_that_it_interrupted(
    embedded: EmbeddedCluster,
) -> None:
    producer = producer_of(embedded, buffer_memory=20_000, batch_size=1000, max_block_ms=5000)
    embedded.inject(ProduceRequest, Delay(1.0))
    began = time.monotonic()
    with on_alarm(lambda: producer.send("t", b"from the handler" * 30)):
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        for _ in range(100):
            producer.send("t", b"x" * 500)
    assert time.monotonic() - began < 4
    producer.close(10)
    assert len(embedded.records("t")) == 102
