"""What kafka-python's own tests take from their fixtures and helpers, for a broker that runs.

`test_released_suite` copies this file beside them, as ``conftest.py`` and in place of the modules
that they import. It is this project's own; nothing of kafka-python's is in it.
"""

from __future__ import annotations

import os
import random
import string
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

PATIENCE = 60.0
PARTITIONS = 4


def random_string(length: int) -> str:
    """Return so many letters."""
    return "".join(random.choices(string.ascii_letters, k=length))


def env_kafka_version() -> tuple[int, ...]:
    """Return the release of the broker."""
    return tuple(map(int, os.environ["KAFKA_VERSION"].split(".")))


def create_topics(servers: str, names: list[str]) -> None:
    """Create topics of four partitions."""
    with KafkaAdminClient(bootstrap_servers=servers) as admin:
        wanted = {"num_partitions": PARTITIONS, "replication_factor": 1}
        admin.create_topics(dict.fromkeys(names, wanted), wait_for_metadata=True)


@pytest.fixture
def kafka_broker() -> str:
    """Return where the broker is."""
    return os.environ["KAFKA_SERVERS"]


@pytest.fixture
def kafka_admin_client(kafka_broker: str) -> Iterator[KafkaAdminClient]:
    """Return a client."""
    with KafkaAdminClient(bootstrap_servers=kafka_broker, client_id="admin") as client:
        yield client


@pytest.fixture
def topic(kafka_broker: str, request: pytest.FixtureRequest) -> str:
    """Return a topic of this test's own."""
    name = f"{request.node.name}_{random_string(10)}"
    create_topics(kafka_broker, [name])
    return name


# Any: options of every type.
ConsumerFactory = Callable[..., Any]


@pytest.fixture
def kafka_consumer_factory(kafka_broker: str, topic: str) -> ConsumerFactory:
    """Return what makes consumers, to be used as context managers."""

    @contextmanager
    def factory(topics: tuple[str, ...] = (topic,), **options: Any) -> Iterator[KafkaConsumer]:
        options = {"auto_offset_reset": "earliest", "heartbeat_interval_ms": 500, **options}
        with KafkaConsumer(*topics, bootstrap_servers=kafka_broker, **options) as consumer:
            yield consumer

    return factory


@pytest.fixture
def send_messages(kafka_broker: str, topic: str) -> Iterator[Callable[..., None]]:
    """Return what sends a record for each number."""
    with KafkaProducer(bootstrap_servers=kafka_broker) as producer:

        def send(numbers: range, partition: int = 0, topic: str = topic) -> None:
            sent = [producer.send(topic, b"%d" % n, partition=partition) for n in numbers]
            for future in sent:
                future.get(PATIENCE)

        yield send


class Members:
    """Consumers that poll on threads of their own."""

    def __init__(self, factory: ConsumerFactory) -> None:
        self._factory = factory
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._owned: dict[int, int] = {}

    def spawn(self, group_id: str, count: int = 1) -> None:
        """Start *count* members."""
        for _ in range(count):
            thread = threading.Thread(target=self._run, args=[group_id, len(self._threads)])
            self._threads.append(thread)
            thread.start()

    def _run(self, group_id: str, number: int) -> None:
        with self._factory(group_id=group_id) as consumer:
            while not self._over.is_set():
                consumer.poll(timeout_ms=200)
                self._owned[number] = len(consumer.assignment())

    def wait_for_stable(self, timeout: float = PATIENCE) -> None:
        """Return when each group has shared out all partitions, and each member has some."""
        end = time.monotonic() + timeout
        groups = 2
        while not (
            sum(self._owned.values()) == groups * PARTITIONS
            and len(self._owned) == len(self._threads)
            and all(self._owned.values())
        ):
            assert time.monotonic() < end, self._owned
            self._over.wait(0.1)

    def stop(self) -> None:
        """End all members."""
        self._over.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def consumer_group(kafka_consumer_factory: ConsumerFactory) -> Iterator[Members]:
    """Return members to be started."""
    members = Members(kafka_consumer_factory)
    with ExitStack() as stack:
        stack.callback(members.stop)
        yield members
