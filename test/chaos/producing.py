"""The story of a producer: three brokers, one program that sends, and one harm after another.

Job: cause the harm until all is sent, then compare what the program was told with the log.
Limits: real time; it sends at least as long as each kind of harm has happened once.
"""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka import KafkaConsumer
from kafka.structs import TopicPartition
from test.chaos import ledger
from test.chaos.brokers import BrokerHarms
from test.chaos.program import Program
from test.chaos.proxy import Proxy
from test.chaos.settings import BROKER_PROPERTIES
from test.support.apache_kafka import KafkaCluster
from test.support.ports import PortLease

if TYPE_CHECKING:
    from collections.abc import Callable

_TOPIC: Final = "chaos"
_PARTITIONS: Final = 6
_BROKERS: Final = 3
_LISTENERS: Final = {"PLAINTEXT": "PLAINTEXT", "PROXIED": "PLAINTEXT"}
#: Seconds between two harms of the proxy, at most.
_PROXY_PAUSE: Final = 1.0
# Seconds that the program may take after the last harm, and reading may.
_PATIENCE: Final = 300.0
#: Options of the producer of the program that sends.
SENDING: Final = {
    "acks": "all",
    "enable_idempotence": True,
    "linger_ms": 5,
    "request_timeout_ms": 5000,
    "delivery_timeout_ms": 60_000,
}


class Outcome(NamedTuple):
    """What came of the story.

    Args:
        told: what the program was told.
        harms: how many of each kind there were.
        differences: what does not hold.
        seconds: how long it sent.
    """

    told: ledger.Told
    harms: dict[str, int]
    differences: list[str]
    seconds: float

    def __str__(self) -> str:
        harms = ", ".join(f"{name}: {count}" for name, count in self.harms.items())
        sent = f"sent {self.told.sent} in {self.seconds:.0f} s, acked {self.told.acked}"
        judged = self.differences or ["every acknowledged record once, in order"]
        return "\n".join([f"{sent}, failed {len(self.told.failures)}; {harms}", *judged])


class ProducerStory:
    """One run.

    Args:
        release: of Apache Kafka.
        records: how many are sent.
        seconds: in about how many.
        seed: chooses the victims.
        tell: called with a line about each event.
        proxied: whether the program talks to the brokers through a proxy that does harm as well.
    """

    def __init__(
        self,
        release: str,
        records: int,
        seconds: float,
        seed: int,
        tell: Callable[[str], object],
        *,
        proxied: bool,
    ) -> None:
        self._release = release
        self._records = records
        self._rate = records / seconds
        self._random = random.Random(seed)
        self._tell = tell
        self._proxied = proxied
        self._over = threading.Event()

    def run(self) -> Outcome:
        """Tell the story.

        Raises:
            AssertionError: the program failed, or did not end.
        """
        with ExitStack() as stack:
            lease = PortLease(_BROKERS)
            stack.callback(lease.close)
            cluster = KafkaCluster(
                self._release,
                _BROKERS,
                properties=BROKER_PROPERTIES,
                listeners=_LISTENERS,
                advertised={"PROXIED": list(lease.ports)} if self._proxied else {},
            )
            stack.enter_context(cluster)
            cluster.create_topic(_TOPIC, _PARTITIONS, _BROKERS, {"min.insync.replicas": "2"})
            servers = cluster.bootstrap_servers
            harms: dict[str, int] = {}
            if self._proxied:
                ports = [cluster.port(node, "PROXIED") for node in cluster.nodes]
                proxy = stack.enter_context(Proxy(dict(zip(lease.ports, ports, strict=True))))
                stack.enter_context(_Harming(proxy, self._random.random(), self._over))
                servers = [f"127.0.0.1:{port}" for port in lease.ports]
            begun = time.monotonic()
            told = self._send(cluster, servers, harms)
            seconds = time.monotonic() - begun
            self._over.set()
            if self._proxied:
                harms |= {kind.value: count for kind, count in proxy.harms.items()}
            self._tell("reading")
            differences = ledger.differences(told, read_all(cluster.bootstrap_servers, _TOPIC))
            return Outcome(told, harms, differences, seconds)

    def _send(
        self, cluster: KafkaCluster, servers: list[str], harms: dict[str, int]
    ) -> ledger.Told:
        words = [",".join(servers), _TOPIC, str(self._records), str(self._rate)]
        output = cluster.directory / "sending.out"
        sending = Program("sending", [*words, json.dumps(SENDING)], output)
        try:
            brokers = BrokerHarms(cluster, self._random, self._tell)
            while sending.is_running:
                brokers.next()
                # Between two harms something is to go well.
                self._over.wait(self._random.uniform(1.0, 5.0))
            harms["broker"] = brokers.count
            sending.end(_PATIENCE)
            return ledger.parse(output.read_text())
        finally:
            sending.kill()


class _Harming:
    """A thread that has the proxy do harm again and again."""

    def __init__(self, proxy: Proxy, seed: float, over: threading.Event) -> None:
        self._proxy = proxy
        self._random = random.Random(seed)
        self._over = over
        self._thread = threading.Thread(target=self._run, name="harming")

    def _run(self) -> None:
        while not self._over.wait(self._random.uniform(0.1, _PROXY_PAUSE)):
            self._proxy.harm(self._random)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()


def read_all(
    servers: list[str], topic: str, *, isolation_level: str = "read_uncommitted"
) -> dict[int, list[int]]:
    """Return the numbers in each partition of a topic.

    Raises:
        AssertionError: they did not come in time.
    """
    numbers: dict[int, list[int]] = {}
    with KafkaConsumer(
        bootstrap_servers=servers, auto_offset_reset="earliest", isolation_level=isolation_level
    ) as consumer:
        partitions = [
            TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
        ]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        limit = time.monotonic() + _PATIENCE
        while any(consumer.position(tp) < end for tp, end in ends.items()):
            assert time.monotonic() < limit, f"not read to {ends}"
            for tp, records in consumer.poll(1000, max_records=10_000).items():
                numbers.setdefault(tp.partition, []).extend(int(r.value or b"-1") for r in records)
    return numbers
