"""Records that a deserializer rejects and damaged batches: each way to read, both faces."""

from __future__ import annotations

import json
import logging
import threading
from contextlib import asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer
from kafka.errors import CorruptBatchError, RecordDeserializationError
from kafka.serializer import SKIP_RECORD, UndecodedBytes
from test.broker.consumer_support import T0, consumer, read, values
from test.support.stage import cluster_of
from test.support.waiting import A_DAY_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from kafka.aio import AsyncKafkaConsumer
    from kafka.testing import EmbeddedCluster

VALUES = (b"0", b"bad", b"2", b"bad", b"4")


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of() as running:
        running.create_topic("t")
        running.append("t", *VALUES)
        yield running


# Any: options of every type.
def blocking(cluster: EmbeddedCluster, **options: Any) -> KafkaConsumer:
    return KafkaConsumer(
        "t",
        bootstrap_servers=cluster.bootstrap_servers,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
        value_deserializer=json.loads,
        **options,
    )


# Any: options of every type.
@asynccontextmanager
async def stage(**options: Any) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaConsumer]]:
    """Give a cluster with the values, and an async consumer of them."""
    options = {"value_deserializer": json.loads, "consumer_timeout_ms": 1000} | options
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", *VALUES)
        async with consumer(cluster, "t", **options) as reader:
            yield cluster, reader


# -- raised ---------------------------------------------------------------------------------


def polled(reader: KafkaConsumer) -> list[object]:
    return [record.value for record in reader.poll(A_DAY_MS).get(T0, [])]


def columns(reader: KafkaConsumer) -> list[object]:
    return [value for batch in reader.poll_batch(A_DAY_MS) for value in batch.values]


def iterated(reader: KafkaConsumer) -> list[object]:
    return [next(reader).value]


@pytest.mark.parametrize("take", [polled, columns, iterated])
def test_blocking_reader_goes_past_each_rejected_record_by_seek(
    cluster: EmbeddedCluster, take: Callable[[KafkaConsumer], list[object]]
) -> None:
    found: list[object] = []
    with blocking(cluster) as reader:
        while len(found) < 5:
            try:
                found += take(reader)
            except RecordDeserializationError as error:
                place = (error.topic, error.partition, error.offset)
                found.append((*place, error.value, reader.position(T0)))
                reader.seek(T0, error.offset + 1)
    assert found == [0, ("t", 0, 1, b"bad", 1), 2, ("t", 0, 3, b"bad", 3), 4]


async def async_polled(reader: AsyncKafkaConsumer) -> list[object]:
    return values((await reader.poll(5000)).get(T0, []))


async def async_columns(reader: AsyncKafkaConsumer) -> list[object]:
    return [value for batch in await reader.poll_batch(5000) for value in batch.values]


async def async_many(reader: AsyncKafkaConsumer) -> list[object]:
    return values((await reader.getmany(timeout_ms=5000)).get(T0, []))


async def async_one(reader: AsyncKafkaConsumer) -> list[object]:
    return [(await reader.getone()).value]


async def async_iterated(reader: AsyncKafkaConsumer) -> list[object]:
    async for record in reader:
        return [record.value]
    return []


@pytest.mark.parametrize(
    "take", [async_polled, async_columns, async_many, async_one, async_iterated]
)
async def test_async_reader_goes_past_each_rejected_record_by_seek(
    take: Callable[[AsyncKafkaConsumer], Awaitable[list[object]]],
) -> None:
    found: list[object] = []
    async with stage() as (_, reader):
        while len(found) < 5:
            try:
                found += await take(reader)
            except RecordDeserializationError as error:
                found.append((error.offset, await reader.position(T0)))
                reader.seek(T0, error.next_offset)
    assert found == [0, (1, 1), 2, (3, 3), 4]


# -- skipped, raw, replaced -----------------------------------------------------------------


def test_skipped_records_are_left_out_with_one_warning(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    with blocking(cluster, on_deserialize_error="skip") as reader:
        assert [record.value for record in islice(reader, 3)] == [0, 2, 4]
        assert reader.position(T0) == 5
    (line,) = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert "skipped records of t-0" in line
    assert "2 so far, the last at offset 3 (value: JSONDecodeError)" in line


async def test_async_reader_skips_a_partition_of_nothing_else() -> None:
    async with stage(on_deserialize_error="skip") as (cluster, reader):
        assert values(await read(reader, 3)) == [0, 2, 4]
        cluster.append("t", *[b"bad"] * 1200)
        cluster.append("t", b"7")
        assert values(await read(reader, 1)) == [7]
        assert await reader.position(T0) == 1206


async def test_raw_record_has_the_bytes_and_the_reason() -> None:
    async with stage(on_deserialize_error="raw") as (_, reader):
        records = await read(reader, 5)
        assert values(records) == [0, b"bad", 2, b"bad", 4]
        errors = [r.value.error for r in records if isinstance(r.value, UndecodedBytes)]
        assert [error.offset for error in errors] == [1, 3]
        assert isinstance(errors[0].__cause__, json.JSONDecodeError)


async def test_raw_values_are_told_in_columns_too() -> None:
    async with stage(on_deserialize_error="raw") as (_, reader):
        (batch,) = await reader.poll_batch(5000)
        kinds = [type(value) for value in batch.values]
        assert kinds == [int, UndecodedBytes, int, UndecodedBytes, int]


def test_callable_runs_on_the_polling_thread_and_parks_what_it_skips(
    cluster: EmbeddedCluster,
) -> None:
    parked: list[tuple[threading.Thread, int, bytes | None]] = []

    def park(error: RecordDeserializationError) -> object:
        parked.append((threading.current_thread(), error.offset, error.value))
        return "instead" if error.offset == 1 else SKIP_RECORD

    with blocking(cluster, on_deserialize_error=park) as reader:
        assert [record.value for record in islice(reader, 4)] == [0, "instead", 2, 4]
    here = threading.current_thread()
    assert parked == [(here, 1, b"bad"), (here, 3, b"bad")]


async def test_what_a_callable_raises_comes_out_of_poll_behind_the_records_before() -> None:
    def refuse(_: RecordDeserializationError) -> object:
        raise LookupError("mine")

    async with stage(on_deserialize_error=refuse) as (_, reader):
        assert values(await read(reader, 1)) == [0]
        for _ in range(2):
            with pytest.raises(LookupError, match="mine") as caught:
                await reader.poll(5000)
        error = caught.value.__cause__
        assert isinstance(error, RecordDeserializationError)
        reader.seek(T0, error.next_offset)
        assert values(await read(reader, 1)) == [2]


async def test_key_that_is_rejected_is_raw_and_its_value_is_not() -> None:
    def refuse(_: bytes) -> object:
        raise ValueError

    async with stage(key_deserializer=refuse, on_deserialize_error="raw") as (cluster, reader):
        await read(reader, 5)
        cluster.append("t", b"7", key=b"k")
        (record,) = await read(reader, 1)
        assert (type(record.key), record.key, record.value) == (UndecodedBytes, b"k", 7)


# -- what is committed ----------------------------------------------------------------------


@pytest.mark.parametrize(("policy", "expected"), [("raise", 1), ("skip", 5), ("raw", 5)])
async def test_group_commits_up_to_a_rejected_record_and_over_a_skipped_one(
    policy: str, expected: int
) -> None:
    async with stage(group_id="g", on_deserialize_error=policy) as (_, reader):
        await read(reader, 1)
        await reader.commit()
        assert await reader.committed(T0) == expected


def test_group_that_iterates_commits_over_what_was_skipped(cluster: EmbeddedCluster) -> None:
    with blocking(cluster, group_id="g", on_deserialize_error="skip") as reader:
        committed = []
        for record in reader:
            reader.commit()
            committed.append((record.value, reader.committed(T0)))
            if len(committed) == 3:
                break
        assert committed == [(0, 2), (2, 4), (4, 5)]


# -- damaged batches ------------------------------------------------------------------------


@pytest.mark.parametrize("take", [polled, columns, iterated])
def test_blocking_reader_goes_past_a_damaged_batch_by_seek(
    cluster: EmbeddedCluster, take: Callable[[KafkaConsumer], list[object]]
) -> None:
    cluster.append("t", b"5", b"6", b"7")
    cluster.append("t", b"8")
    cluster.corrupt("t", 0, 6)
    found: list[object] = []
    with blocking(cluster, on_deserialize_error=lambda error: error.offset) as reader:
        while len(found) < 7:
            try:
                found += take(reader)
            except CorruptBatchError as error:
                found.append((error.topic_partition, error.offset))
                reader.seek(T0, error.next_offset)
    assert found == [0, 1, 2, 3, 4, (T0, 5), 8]


async def test_damaged_batch_is_one_error_for_each_poll_until_the_seek() -> None:
    async with stage(value_deserializer=None) as (cluster, reader):
        await read(reader, 5)
        cluster.append("t", b"5", b"6")
        cluster.append("t", b"7")
        cluster.corrupt("t", 0, 5)
        for _ in range(2):
            with pytest.raises(CorruptBatchError, match=r"t-0 at offset 5.*seek to 7"):
                await reader.poll(5000)
        assert await reader.position(T0) == 5
        reader.seek(T0, 7)
        assert values(await read(reader, 1)) == [b"7"]


async def test_seek_into_a_damaged_batch_names_the_same_end() -> None:
    async with stage(value_deserializer=None) as (cluster, reader):
        cluster.append("t", b"5", b"6", b"7")
        cluster.corrupt("t", 0, 5)
        await reader.poll(5000)
        reader.seek(T0, 6)
        with pytest.raises(CorruptBatchError) as caught:
            await reader.poll(5000)
        assert (caught.value.offset, caught.value.next_offset) == (6, 8)
