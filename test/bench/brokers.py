"""What serves the clients that are measured: a place is where a row's records go or come from."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, Protocol, Self

from test.support.apache_kafka import KafkaCluster
from test.support.apache_kafka.secured import SecuredKafka

KAFKA_VERSION = "4.4.0"
PATIENCE = 30.0
#: As many as librdkafka's mock cluster gives a topic that it makes itself.
MOCK_PARTITIONS = 4


class Records(NamedTuple):
    """The records of a row, which a broker holds before consumers come."""

    number: int
    size: int
    codec: str | None
    vary: bool
    busy: int | None = None

    @property
    def topic(self) -> str:
        """A name that tells them from others."""
        name = f"bench-{self.number}-{self.size}-{self.codec or 'plain'}-{int(self.vary)}"
        return name if self.busy is None else f"{name}-{self.busy}-busy"


class Place(NamedTuple):
    """Bootstrap servers and topic; over TLS, the file with the certificate to trust."""

    bootstrap: str
    topic: str
    ca: str | None = None


class Broker(Protocol):
    """One kind of broker, running."""

    def empty(self, topic: str, partitions: int) -> Place:
        """Return a topic to write to, made on first use."""

    def holding(self, records: Records, partitions: int) -> Place:
        """Return a topic that holds *records*, made on first use."""


class RealKafka:
    """One Apache Kafka broker.

    Args:
        cluster: runs it.
        fill: writes records to a place.
    """

    def __init__(self, cluster: KafkaCluster, fill: Callable[[Place, Records], object]) -> None:
        self._cluster = cluster
        self._fill = fill
        self._made: set[str] = set()

    @classmethod
    def start(cls, stack: ExitStack, fill: Callable[[Place, Records], object]) -> Self:
        """Start it; it ends with *stack*."""
        return cls(stack.enter_context(KafkaCluster(version=KAFKA_VERSION)), fill)

    def empty(self, topic: str, partitions: int) -> Place:
        place = Place(",".join(self._cluster.bootstrap_servers), f"{topic}-{partitions}")
        if place.topic not in self._made:
            self._made.add(place.topic)
            self._cluster.create_topic(place.topic, partitions=partitions)
        return place

    def holding(self, records: Records, partitions: int) -> Place:
        is_new = f"{records.topic}-{partitions}" not in self._made
        place = self.empty(records.topic, partitions)
        if is_new:
            self._fill(place, records)
        return place


class TlsKafka(RealKafka):
    """One Apache Kafka broker with a listener for TLS besides that without.

    Its JVM compiles for speed: without that it encrypts slower than any client reads.
    """

    def __init__(self, secured: SecuredKafka, fill: Callable[[Place, Records], object]) -> None:
        super().__init__(secured.cluster, fill)
        self._secured = secured

    @classmethod
    def start(cls, stack: ExitStack, fill: Callable[[Place, Records], object]) -> Self:
        """Start it; it ends with *stack*."""
        secured = SecuredKafka(KAFKA_VERSION, "TLS", jvm_options=["-XX:TieredStopAtLevel=4"])
        return cls(stack.enter_context(secured), fill)

    def over_tls(self, place: Place) -> Place:
        """Return *place* as it is reached over TLS."""
        return Place(self._secured.address("TLS"), place.topic, self._secured.pki.ca)


class MockCluster:
    """The brokers in C that librdkafka has for tests; they keep 5 MB of each partition."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    @classmethod
    def start(cls, stack: ExitStack) -> Self:
        """Start them in a process of their own; it ends with *stack*."""
        return cls(stack.enter_context(mock_cluster()))

    def empty(self, topic: str, partitions: int) -> Place:
        """Return a topic, of as many partitions as this kind of cluster gives it."""
        from confluent_kafka import Producer

        producer = Producer({"bootstrap.servers": self._bootstrap, "log_level": 2})
        found = producer.list_topics(topic, PATIENCE).topics[topic]
        assert len(found.partitions) == MOCK_PARTITIONS
        return Place(self._bootstrap, topic)

    def holding(self, records: Records, partitions: int) -> Place:
        raise NotImplementedError("the mock cluster forgets: consumers read from the others")


_MOCK = """
import sys
from confluent_kafka.admin import AdminClient
admin = AdminClient({"test.mock.num.brokers": 1, "bootstrap.servers": "ignored"})
brokers = admin.list_topics(timeout=10).brokers.values()
print(",".join(f"{found.host}:{found.port}" for found in brokers), flush=True)
sys.stdin.read()
"""


@contextmanager
def mock_cluster() -> Iterator[str]:
    """Run librdkafka's mock cluster in a process of its own; yield its bootstrap servers."""
    with printing_process([sys.executable, "-c", _MOCK]) as servers:
        yield servers


class Replay:
    """Servers of `test.bench.replay`, one for each kind of records."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._servers: dict[tuple[Records, int], str] = {}

    def empty(self, topic: str, partitions: int) -> Place:
        raise NotImplementedError("a fixed log takes no records: producers write to the others")

    def holding(self, records: Records, partitions: int) -> Place:
        wanted = records, partitions
        if wanted not in self._servers:
            self._servers[wanted] = self._stack.enter_context(replay(records, partitions))
        return Place(self._servers[wanted], records.topic)


@contextmanager
def replay(records: Records, partitions: int) -> Iterator[str]:
    """Run a server that replays *records* in a process of its own; yield its address."""
    command = [sys.executable, "-m", "test.bench.replay", records.topic, str(records.number)]
    command += [str(records.size), f"--partitions={partitions}"]
    command += [f"--codec={records.codec}"] if records.codec else []
    command += ["--vary"] if records.vary else []
    with printing_process(command) as server:
        yield server


@contextmanager
def printing_process(command: list[str]) -> Iterator[str]:
    """Run what prints a line when it is ready, and yield that line; it ends with the block."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()
