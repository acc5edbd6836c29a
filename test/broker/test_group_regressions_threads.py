"""Faults of other clients, about threads: the blocking face heartbeats whatever user code does.

The comment at the top of a test names the report it comes from: a client's repository and number.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.group_stories import Noting, both_protocols
from test.support.stage import cluster_of
from test.support.waiting import A_DAY_MS, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TPS = [TopicPartition("t", number) for number in range(4)]
ALL = set(TPS)
BEATS = {"classic": HeartbeatRequest, "consumer": ConsumerGroupHeartbeatRequest}
# Without them for so long, in ms of the cluster's clock, a member is out.
SESSION = 60_000
INTERVAL = 100
# So many heartbeats, each this much of the cluster's time after the last one, take four sessions.
# A heartbeat is counted when it comes: the time may go on twice before one is answered.
ENOUGH = 10
STEP = 0.4 * SESSION / 1000


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    config = {
        "group.min.session.timeout.ms": "100",
        "group.consumer.session.timeout.ms": str(SESSION),
        "group.consumer.heartbeat.interval.ms": str(INTERVAL),
    }
    with cluster_of(config=config) as running:
        running.create_topic("t", 4)
        for number in range(4):
            running.append("t", *[b"%d" % n for n in range(5)], partition=number)
        yield running


# Any: options of every type.
def member(cluster: EmbeddedCluster, protocol: str, **options: Any) -> KafkaConsumer:
    options = {"group_id": "g", "auto_offset_reset": "earliest", **options}
    if protocol == "classic":
        options |= {"session_timeout_ms": SESSION, "heartbeat_interval_ms": INTERVAL}
    return KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers, group_protocol=protocol, **options
    )


class Beats:
    """The heartbeats that the cluster gets from now on.

    With each that has come, much of a session passes for the cluster, and nothing but the next ones
    keep the member in; how fast the machine is does not matter.
    """

    def __init__(self, cluster: EmbeddedCluster, protocol: str) -> None:
        self._cluster = cluster
        self._api = BEATS[protocol]
        self._seen = cluster.count(self._api)
        self._steps = 0

    def enough(self) -> bool:
        count = self._cluster.count(self._api)
        if count > self._seen:
            self._seen = count
            self._steps += 1
            self._cluster.advance(STEP)
        return self._steps >= ENOUGH


def sleep(enough: Callable[[], bool]) -> None:
    until(enough)


def spin(enough: Callable[[], bool]) -> None:
    """Compute without a pause; look at the cluster from another thread."""
    over = threading.Event()

    def watch() -> None:
        until(enough)
        over.set()

    watching = threading.Thread(target=watch)
    watching.start()
    number = 0
    while not over.is_set():
        number = (number * 31 + 7) % 1_000_003
    watching.join()


def block_a_loop(enough: Callable[[], bool]) -> None:
    """Block the event loop of the application, which knows nothing of the consumer."""

    async def work() -> None:
        until(enough)

    asyncio.run(work())


@both_protocols
@pytest.mark.parametrize("work", [sleep, spin, block_a_loop])
def test_heartbeats_go_on_while_the_application_works_on_a_record(
    cluster: EmbeddedCluster, protocol: str, work: Callable[[Callable[[], bool]], None]
) -> None:
    # kafka-python 1896
    listener = Noting()
    with member(cluster, protocol) as reader:
        reader.subscribe(["t"], listener=listener)
        next(reader)
        generation = cluster.group("g").generation
        work(Beats(cluster, protocol).enough)
        for _ in range(19):
            next(reader)
        assert cluster.group("g").generation == generation
        assert reader.assignment() == ALL
    assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]


@both_protocols
def test_listener_may_use_the_consumer_and_take_its_time_on_the_polling_thread(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    # kafka-python 3.0.12 fails this
    listener = Noting()
    threads: list[threading.Thread] = []
    generations: list[int] = []
    with member(cluster, protocol, enable_auto_commit=False) as reader:

        def use(what: str) -> None:
            threads.append(threading.current_thread())
            assert reader.assignment() == ALL
            positions = [reader.position(tp) for tp in TPS]
            assert positions == [5 if what == "revoked" else 0] * 4
            reader.commit()
            assert list(reader.committed(TPS).values()) == positions
            generations.append(cluster.group("g").generation)
            until(Beats(cluster, protocol).enough)
            generations.append(cluster.group("g").generation)

        listener.on_call = use
        reader.subscribe(["t"], listener=listener)
        count = 0
        while count < 20:
            count += sum(map(len, reader.poll(1000).values()))
        reader.unsubscribe()
        assert reader.committed(TPS) == dict.fromkeys(TPS, 5)
    assert len(set(generations)) == 1
    assert threads == [threading.current_thread()] * 2
    assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]


@both_protocols
def test_listener_that_waits_for_a_lock_of_another_thread_loses_no_session(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    # aiokafka 335
    lock, listener = threading.Lock(), Noting()

    def take_lock(_: str) -> None:
        with lock:
            pass

    listener.on_call = take_lock
    with member(cluster, protocol) as reader:
        reader.subscribe(["t"], listener=listener)
        polled: list[object] = []
        polling = threading.Thread(target=lambda: polled.append(reader.poll(A_DAY_MS)))
        with lock:
            polling.start()
            until(lambda: listener.heard)
            generation = cluster.group("g").generation
            until(Beats(cluster, protocol).enough)
            assert cluster.group("g").generation == generation
        polling.join()
        assert polled[0]
    assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]
