"""The hook ``on_offset_reset``, on both faces."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaConsumer
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.broker.consumer_support import T0, consumer, read, values
from test.support.group_stories import both_protocols, member
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.testing import EmbeddedCluster

    Reset = tuple[TopicPartition, int | None, int, str]

RECORDS = [b"a", b"b", b"c"]


def with_records(cluster: EmbeddedCluster) -> None:
    cluster.create_topic("t", 1)
    cluster.append("t", *RECORDS)


async def test_first_position_is_told_before_its_records_are_returned() -> None:
    told: list[Reset] = []
    async with cluster_of() as cluster:
        with_records(cluster)
        async with consumer(cluster, "t", on_offset_reset=lambda *reset: told.append(reset)) as c:
            await read(c, 3)
    assert told == [(T0, None, 0, "had no position")]


@both_protocols
async def test_group_without_a_committed_offset_is_told(protocol: str) -> None:
    told: list[Reset] = []

    def hook(*reset: object) -> None:
        told.append(reset)  # type: ignore[arg-type] # the test says what they are

    async with cluster_of() as cluster:
        with_records(cluster)
        async with member(cluster, protocol, on_offset_reset=hook) as reader:
            reader.subscribe(["t"])
            await read(reader, 3)
            await reader.commit({T0: OffsetAndMetadata(3, "", -1)})
        assert told == [(T0, None, 0, "had no committed offset")]
        async with member(cluster, protocol, on_offset_reset=hook) as reader:
            reader.subscribe(["t"])
            cluster.append("t", b"d")
            assert values(await read(reader, 1)) == [b"d"]
    assert len(told) == 1


async def test_position_out_of_range_is_told_with_both_positions_and_the_reason() -> None:
    told: list[Reset] = []
    async with cluster_of() as cluster:
        with_records(cluster)
        async with consumer(cluster, on_offset_reset=lambda *reset: told.append(reset)) as reader:
            reader.assign([T0])
            reader.seek(T0, 1000)
            assert values(await read(reader, 3)) == RECORDS
    assert told == [(T0, 1000, 0, "is out of range")]


async def test_positions_that_the_application_asks_for_are_not_told() -> None:
    told: list[Reset] = []
    async with cluster_of() as cluster:
        with_records(cluster)
        async with consumer(cluster, on_offset_reset=lambda *reset: told.append(reset)) as reader:
            reader.assign([T0])
            reader.seek_to_beginning(T0)
            await read(reader, 3)
            reader.seek(T0, 1)
            await read(reader, 2)
    assert told == []


async def test_coroutine_is_awaited_in_the_poll_and_may_use_the_consumer() -> None:
    async with cluster_of() as cluster:
        with_records(cluster)

        async def start_elsewhere(tp: TopicPartition, old: int | None, new: int, why: str) -> None:
            await asyncio.sleep(1)
            assert (old, new, why) == (None, 0, "had no position")
            assert await reader.position(tp) == 0
            reader.seek(tp, 2)

        async with consumer(cluster, "t", on_offset_reset=start_elsewhere) as reader:
            assert values(await read(reader, 1)) == [b"c"]


async def test_error_of_the_hook_is_raised_by_one_poll() -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async with cluster_of() as cluster:
        with_records(cluster)
        async with consumer(cluster, "t", on_offset_reset=fail) as reader:
            with pytest.raises(ZeroDivisionError):
                await reader.poll(60_000)
            assert values(await read(reader, 3)) == RECORDS


def test_blocking_consumer_calls_the_hook_on_the_thread_that_polls() -> None:
    threads: list[threading.Thread] = []
    with cluster_of() as cluster:
        with_records(cluster)
        with KafkaConsumer(
            "t",
            bootstrap_servers=cluster.bootstrap_servers,
            auto_offset_reset="earliest",
            consumer_timeout_ms=60_000,
            on_offset_reset=lambda *_: threads.append(threading.current_thread()),
        ) as reader:
            assert next(reader).value == b"a"
    assert threads == [threading.current_thread()]


def test_hook_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="on_offset_reset='log': must be callable"):
        KafkaConsumer(on_offset_reset="log")
