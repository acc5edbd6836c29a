"""Stories of calls that wait, of what interrupts them, and of how long they may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from kafka._base.waiting import Notification
from kafka.errors import IllegalStateError
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.faults import Delay
from test.support.waiting import A_DAY, A_DAY_MS, is_inside, once_inside, until


@pytest.fixture
def embedded() -> Iterator[EmbeddedCluster]:
    with EmbeddedCluster() as found:
        found.create_topic("t")
        yield found


def producer_of(cluster: EmbeddedCluster, **options: object) -> KafkaProducer:
    producer = KafkaProducer(bootstrap_servers=cluster.bootstrap_servers, **options)
    producer.send("t", b"warm up").get(60)
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
    producer = producer_of(embedded, buffer_memory=20_000, batch_size=1000, max_block_ms=A_DAY_MS)
    embedded.inject(ProduceRequest, Delay(A_DAY))
    program = threading.get_ident()

    def interrupt_and_give_memory() -> None:
        signal.pthread_kill(program, signal.SIGALRM)
        until(lambda: is_inside(Notification.wait, program, times=2))
        until(lambda: embedded.count(ProduceRequest) == 2)
        embedded.advance(A_DAY)

    with (
        on_alarm(lambda: producer.send("t", b"from the handler" * 30)),
        once_inside(Notification.wait, interrupt_and_give_memory),
    ):
        for _ in range(100):
            producer.send("t", b"x" * 500)
    producer.close(60)
    assert len(embedded.records("t")) == 102


def flushing(producer: KafkaProducer) -> None:
    producer.send("t", b"x")
    producer.flush(60)


def getting(producer: KafkaProducer) -> None:
    producer.send("t", b"x").get(60)


@pytest.mark.parametrize("waiting", [flushing, getting])
def test_a_call_in_a_signal_handler_is_answered_wherever_it_interrupts_a_wait(
    embedded: EmbeddedCluster, waiting: Callable[[KafkaProducer], None]
) -> None:
    producer = producer_of(embedded)
    answers: list[set[int] | None] = []

    def ask() -> None:
        found = None
        # Inside a send() or a lock it is refused, elsewhere answered.
        with suppress(IllegalStateError):
            found = producer.partitions_for("t")
        answers.append(found)

    with on_alarm(ask):
        # Different delays, so that every step of a wait is hit by some.
        for number in range(1, 401):
            signal.setitimer(signal.ITIMER_REAL, number * 5e-6)
            while len(answers) < number:
                waiting(producer)
    assert all(found in (None, {0}) for found in answers)
    producer.close(60)


def for_ever(producer: KafkaProducer, timeout: float | None) -> None:
    """Make every call that waits for a delivery."""
    future = producer.send("t", b"x")
    producer.flush(timeout)
    future.get(timeout)
    assert producer.send("t", b"x") is not None
    producer.close(timeout)


@pytest.mark.parametrize("timeout", [float("inf"), 2**63 - 1, 10**400])
def test_a_time_longer_than_the_system_takes_is_waited_for(
    embedded: EmbeddedCluster, timeout: float
) -> None:
    for_ever(producer_of(embedded), timeout)
    assert len(embedded.records("t")) == 3


@pytest.mark.parametrize(
    "options",
    [
        {"delivery_timeout_ms": float("inf")},
        {"delivery_timeout_ms": 2**63 - 1},
        {"linger_ms": float("inf"), "delivery_timeout_ms": float("inf")},
        {"max_block_ms": float("inf"), "buffer_memory": 1000, "batch_size": 100},
    ],
)
def test_options_may_be_longer_than_the_system_takes(
    embedded: EmbeddedCluster, options: dict[str, float]
) -> None:
    producer = KafkaProducer(bootstrap_servers=embedded.bootstrap_servers, **options)
    for _ in range(10):
        producer.send("t", b"x" * 200)
    for_ever(producer, None)
    assert len(embedded.records("t")) == 12


def test_a_time_that_is_none_is_refused_by_name(embedded: EmbeddedCluster) -> None:
    producer = producer_of(embedded)
    embedded.inject(ProduceRequest, Delay(0.5))
    future = producer.send("t", b"x")
    calls = {
        "flush": producer.flush,
        "get": future.get,
        "close": producer.close,
    }
    for name, call in calls.items():
        with pytest.raises(TypeError, match=f"{name}: timeout must be a number of seconds"):
            call("x")  # type: ignore[arg-type]
    producer.close()
    assert future.succeeded()
