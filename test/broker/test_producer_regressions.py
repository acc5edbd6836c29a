"""Faults of other producers that no other story shows; over TCP where sockets matter.

The number is that of the list of regressions; those that are not here are named where they stand.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

import pytest

from kafka.errors import KafkaTimeoutError, NotEnoughReplicasError
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.faults import Delay, Fail
from test.support.blocking_producer import make
from test.support.producer_story import cluster_and_producer, values
from test.support.stage import cluster_of, inject_each
from test.support.waiting import until

MEGABYTE = 1024 * 1024


async def test_memory_of_a_batch_that_expires_in_flight_is_kept_until_its_answer() -> None:
    """Regression R40: else what is written of it later could be other records."""
    async with cluster_and_producer(
        buffer_memory=1000,
        batch_size=900,
        delivery_timeout_ms=3000,
        request_timeout_ms=3000,
        max_block_ms=60_000,
    ) as (cluster, producer):
        await (await producer.send("t", b"warm up"))
        # The last attempt is answered after the end of the time for all of them.
        inject_each(cluster, ProduceRequest, *[Fail(NotEnoughReplicasError)] * 2, Delay(2.9))
        first = await producer.send("t", b"a" * 800)
        second = asyncio.create_task(producer.send("t", b"b" * 800))
        with pytest.raises(KafkaTimeoutError, match="may have been written"):
            await first
        await asyncio.sleep(0)
        assert not second.done()
        await (await second)
        assert values(cluster) == [b"warm up", b"a" * 800, b"b" * 800]


class Sluice:
    """A listener in front of a broker that reads only while it is open."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self.open = threading.Event()
        self.open.set()
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.open.set()
        for each in (self._server, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                broker = socket.create_connection(self._target)
                self._sockets += [client, broker]
                for ends in ((client, broker), (broker, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while self.open.wait(60) and (data := source.recv(65536)):
                self.open.wait(60)
                target.sendall(data)


def test_what_a_socket_did_not_take_goes_out_once_it_does() -> None:
    """Regression R43: nothing else wakes the loop then."""
    size = 24 * MEGABYTE
    config = {"message.max.bytes": str(2 * size)}
    with cluster_of(config=config) as cluster, Sluice(cluster.bootstrap_servers[0]) as sluice:
        cluster.create_topic("t")
        cluster.run(lambda control: control.advertise(0, "127.0.0.1", sluice.port))
        options = {"max_request_size": 2 * size, "buffer_memory": 4 * size}
        with make(cluster, **options) as producer:
            producer.send("t", b"warm up").get(60)
            sluice.open.clear()
            large = producer.send("t", bytes(size))
            until(lambda: in_flight(producer) == 1)
            sluice.open.set()
            assert large.get(60).offset == 1
        assert [len(record.value or b"") for record in cluster.records("t")] == [7, size]


def in_flight(producer: KafkaProducer) -> float:
    return float(producer.metrics()["producer-metrics"]["requests-in-flight"])


TIMES: dict[str, tuple[dict[str, object], Callable[[KafkaProducer], object], str]] = {
    "get": ({}, lambda producer: producer.send("t", b"x").get(0.25), "within 0.25 s"),
    "flush": (
        {},
        lambda producer: (producer.send("t", b"x"), producer.flush(0.25)),
        "after 0.25 s",
    ),
    "max_block_ms": (
        {"max_block_ms": 250, "buffer_memory": 100, "batch_size": 100},
        lambda producer: (producer.send("t", b"x"), producer.send("t", b"x")),
        r"within 0.25 s \(max_block_ms\)",
    ),
    "delivery_timeout_ms": (
        {"delivery_timeout_ms": 250, "request_timeout_ms": 250},
        lambda producer: producer.send("t", b"x").get(60),
        r"within 0.25 s \(delivery_timeout_ms\)",
    ),
}


def knows_the_topic(producer: KafkaProducer) -> bool:
    """Ask for its partitions; a busy machine may take longer than `max_block_ms` to answer."""
    with suppress(KafkaTimeoutError):
        return producer.partitions_for("t") is not None
    return False


@pytest.mark.parametrize("name", TIMES)
def test_an_error_says_in_seconds_what_was_given_in_either_unit(name: str) -> None:
    """Regression R44."""
    options, call, text = TIMES[name]
    with cluster_of() as cluster:
        cluster.create_topic("t")
        with make(cluster, **options) as producer:
            until(lambda: knows_the_topic(producer))
            cluster.freeze(0)
            with pytest.raises(KafkaTimeoutError, match=text):
                call(producer)
            producer.close(0)
