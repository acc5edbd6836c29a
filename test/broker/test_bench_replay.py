"""The server of the benchmarks that replays a fixed log, read by this client."""

from __future__ import annotations

import asyncio
import socket
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaConsumer, TopicPartition
from kafka.protocol.headers import decode_response, encode_request
from kafka.protocol.messages.fetch import FetchRequest
from kafka.record.memory_records import iter_batches
from test.bench.replay import ReplayServer, build_log
from test.support.raw_client import RawClient

if TYPE_CHECKING:
    from collections.abc import Iterator

COUNT, SIZE = 2000, 100


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer("t", build_log(COUNT, SIZE), 2) as running:
        yield running


def consumer(server: ReplayServer, **options: object) -> KafkaConsumer:
    found = KafkaConsumer(
        bootstrap_servers=server.address,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=10,
        **options,
    )
    found.assign([TopicPartition("t", number) for number in range(2)])
    return found


def test_every_partition_has_the_whole_log(server: ReplayServer) -> None:
    with consumer(server) as reader:
        found = islice(reader, 2 * COUNT)
        places = [(record.partition, record.offset, len(record.value)) for record in found]
    assert sorted(places) == [(part, offset, SIZE) for part in (0, 1) for offset in range(COUNT)]


def test_offsets_of_both_ends_are_told(server: ReplayServer) -> None:
    first, second = TopicPartition("t", 0), TopicPartition("t", 1)
    with consumer(server) as reader:
        assert reader.beginning_offsets([first, second]) == {first: 0, second: 0}
        assert reader.end_offsets([first, second]) == {first: COUNT, second: COUNT}


def test_reading_starts_where_it_was_asked_to(server: ReplayServer) -> None:
    with consumer(server) as reader:
        reader.assign([TopicPartition("t", 0)])
        reader.seek(TopicPartition("t", 0), COUNT - 3)
        found = [record.offset for record in islice(reader, 3)]
        assert found == [COUNT - 3, COUNT - 2, COUNT - 1]


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
def test_a_log_can_be_compressed_and_vary(codec: str) -> None:
    log = build_log(500, SIZE, codec=codec, vary=True)
    with ReplayServer("t", log, 1) as server, consumer(server) as reader:
        reader.assign([TopicPartition("t", 0)])
        sizes = [len(record.value) for record in islice(reader, 500)]
        end = reader.end_offsets([TopicPartition("t", 0)])[TopicPartition("t", 0)]
    assert (end, min(sizes), max(sizes)) == (500, SIZE // 2, SIZE + SIZE // 2)


@pytest.mark.parametrize(
    ("most", "room", "expected"),
    [
        pytest.param(1, 10**6, (1, 0), id="one batch, whatever its size, then no room"),
        pytest.param(10**6, 10**6, (4, 4), id="all"),
        pytest.param(10**6, 1, (1, 1), id="one batch of each partition"),
    ],
)
def test_limits_count_whole_batches(
    server: ReplayServer, most: int, room: int, expected: tuple[int, int]
) -> None:
    parts = [
        FetchRequest.FetchPartition(partition=number, fetch_offset=0, partition_max_bytes=room)
        for number in range(2)
    ]
    topics = [FetchRequest.FetchTopic(topic="t", partitions=parts)]
    request = FetchRequest(max_bytes=most, max_wait_ms=0, topics=topics)

    async def story() -> tuple[int, ...]:
        client = await RawClient.connect(server.address)
        response = await client.send(request, 4)
        client.close()
        found = response.responses[0].partitions
        return tuple(len(list(iter_batches(part.records, check_crcs=True))) for part in found)

    assert asyncio.run(story()) == expected


@pytest.mark.parametrize(("partition", "offset", "error"), [(2, 0, 3), (0, COUNT + 1, 1)])
def test_what_is_not_there_is_an_error(
    server: ReplayServer, partition: int, offset: int, error: int
) -> None:
    part = FetchRequest.FetchPartition(
        partition=partition, fetch_offset=offset, partition_max_bytes=1000
    )
    request = FetchRequest(
        max_bytes=1000,
        max_wait_ms=0,
        topics=[FetchRequest.FetchTopic(topic="t", partitions=[part])],
    )
    frame = b"".join(encode_request(request, 4, correlation_id=7, client_id=None))
    answer = b"".join(map(bytes, server.answer(frame[4:])))
    response = decode_response(FetchRequest, 4, answer[4:])
    assert response.responses[0].partitions[0].error_code == error


def test_a_version_it_does_not_speak_ends_the_connection(server: ReplayServer) -> None:
    host, _, port = server.address.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as client:
        request = FetchRequest(max_wait_ms=0, topics=[])
        client.sendall(b"".join(encode_request(request, 11, correlation_id=1, client_id=None)))
        assert client.recv(1) == b""
