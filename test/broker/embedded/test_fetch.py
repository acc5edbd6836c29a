"""Fetch, as the embedded cluster answers it."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    BrokerResponseError,
    FencedLeaderEpochError,
    FetchSessionIdNotFoundError,
    FetchSessionTopicIdError,
    InvalidFetchSessionEpochError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    UnknownLeaderEpochError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnsupportedCompressionTypeError,
)
from kafka.protocol.messages.fetch import FetchRequest
from kafka.record.compression import Codec
from kafka.record.control import ControlType
from kafka.record.memory_records import iter_batches
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.incoming import IncomingBatch, decode_header
from test.support.embedded import (
    batch,
    cluster_and_client,
    code,
    fetch,
    fetch_request,
    id_of,
    produce,
    values,
)
from test.support.raw_client import RawClient

RACK_AWARE = {"replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector"}


def transaction(cluster: EmbeddedCluster, end: ControlType | None) -> None:
    """Append the batch of a transaction, and its marker."""
    state = cluster.control.state
    partition = state.existing("t", 0)
    data = batch(b"in", producer_id=7, epoch=0, sequence=0, transactional=True)
    partition.log.append(IncomingBatch(decode_header(data), data), leader_epoch=0, now=0.0)
    if end is not None:
        partition.log.append_marker(
            end,
            producer_id=7,
            producer_epoch=0,
            coordinator_epoch=0,
            leader_epoch=0,
            now=0.0,
            now_ms=2000,
        )


@pytest.mark.parametrize("version", range(4, 19))
async def test_every_version_reads_what_was_produced(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"a", b"b"))
        await produce(client, "t", batch(b"c"))
        data = await fetch(client, "t", 1, version=version)
        assert values(data) == [b"a", b"b", b"c"]
        assert (data.high_watermark, data.last_stable_offset) == (3, 3)


@pytest.mark.parametrize(("version", "magic"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2)])
@pytest.mark.parametrize("codec", [Codec.NONE, Codec.GZIP])
async def test_old_versions_read_old_formats(version: int, magic: int, codec: Codec) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1}, version="0.11")) as (_, client):
        await produce(client, "t", batch(b"a", b"b", codec=codec), version=3)
        data = await fetch(client, "t", 0, version=version)
        assert isinstance(data.records, memoryview)
        assert {found.magic for found in iter_batches(data.records, check_crcs=True)} == {magic}
        assert values(data) == [b"a", b"b"]


async def test_zstd_is_not_sent_to_old_clients() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"a", codec=Codec.ZSTD))
        data = await fetch(client, "t", 0, version=9)
        assert data.error_code == code(UnsupportedCompressionTypeError)


@pytest.mark.parametrize("offset", [-1, 2])
async def test_an_offset_outside_the_log_is_out_of_range(offset: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"a"))
        data = await fetch(client, "t", offset, max_wait_ms=60_000)
        assert (data.error_code, data.high_watermark) == (code(OffsetOutOfRangeError), -1)


async def test_the_first_batch_comes_whole_and_the_next_is_cut_off() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        first, second = batch(b"a" * 100), batch(b"b" * 100)
        await produce(client, "t", first)
        await produce(client, "t", second)
        tiny = await fetch(client, "t", 0, partition_max_bytes=1)
        cut = await fetch(client, "t", 0, partition_max_bytes=len(first) + 10)
        assert tiny.records is not None
        assert cut.records is not None
        assert (len(tiny.records), len(cut.records)) == (len(first), len(first) + 10)


async def test_only_one_partition_of_an_answer_may_exceed_the_limit() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (_, client):
        for partition in (0, 1):
            await produce(client, "t", batch(b"a" * 100), partition=partition)
        request = fetch_request("t", 0, max_bytes=50)
        asked = FetchRequest.FetchPartition(partition=1, partition_max_bytes=1000)
        request.topics[0].partitions.append(asked)
        response = await client.send(request, 12)
        sizes = [bool(data.records) for data in response.responses[0].partitions]
        assert sizes == [True, False]


async def test_a_fetch_waits_for_its_bytes() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        other = await RawClient.connect(cluster.bootstrap_servers[0])
        request = fetch_request("t", 0, max_wait_ms=60_000, min_bytes=len(batch(b"a")) + 1)
        client.post(request, 12)
        await produce(other, "t", batch(b"a"))
        before = cluster.control.state.clock.now()
        await produce(other, "t", batch(b"b"))
        await client.frame()
        assert cluster.control.state.clock.now() - before < 30
        other.close()


@pytest.mark.virtual_time
async def test_a_fetch_gives_up_after_its_wait() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        clock = cluster.control.state.clock
        before = clock.now()
        data = await fetch(client, "t", 0, max_wait_ms=5000)
        assert (data.error_code, data.records) == (0, b"")
        assert clock.now() - before == pytest.approx(5.0, abs=0.01)


async def test_a_stepped_clock_ends_the_wait() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        loop = asyncio.get_running_loop()
        before = loop.time()
        client.post(fetch_request("t", 0, max_wait_ms=3_600_000), 12)
        await cluster.until(lambda control: control.count(FetchRequest) == 1)
        cluster.advance(3600.0)
        await client.frame()
        assert loop.time() - before < 30


async def test_a_leader_that_moves_ends_the_wait() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 1})) as (cluster, client):
        client.post(fetch_request("t", 0, max_wait_ms=3_600_000), 9)
        await cluster.until(lambda control: control.count(FetchRequest) == 1)
        cluster.move_leader("t", 0, 1)
        await client.frame()


async def test_a_waiting_fetch_does_not_hold_up_other_connections() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        other = await RawClient.connect(cluster.bootstrap_servers[0])
        client.post(fetch_request("t", 0, max_wait_ms=3_600_000), 12)
        assert (await fetch(other, "t", 0)).error_code == 0
        other.close()


@pytest.mark.parametrize(
    ("end", "seen", "aborted"),
    [
        (None, [], []),
        (ControlType.COMMIT, [b"in"], []),
        (ControlType.ABORT, [b"in"], [(7, 0)]),
    ],
)
async def test_read_committed_stops_at_the_last_stable_offset(
    end: ControlType | None, seen: list[bytes], aborted: list[tuple[int, int]]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        transaction(cluster, end)
        data = await fetch(client, "t", 0, isolation_level=1)
        assert values(data) == seen
        assert data.aborted_transactions is not None
        found = [(entry.producer_id, entry.first_offset) for entry in data.aborted_transactions]
        assert found == aborted
        assert data.last_stable_offset == (0 if end is None else 2)


async def test_read_uncommitted_sees_open_transactions() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        transaction(cluster, None)
        data = await fetch(client, "t", 0)
        assert (values(data), data.aborted_transactions) == ([b"in"], None)


@pytest.mark.parametrize(
    ("epoch", "error"), [(0, FencedLeaderEpochError), (2, UnknownLeaderEpochError)]
)
async def test_a_wrong_leader_epoch_is_fenced(epoch: int, error: type[BrokerResponseError]) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.bump_leader_epoch("t", 0)
        data = await fetch(client, "t", 0, leader_epoch=epoch, max_wait_ms=60_000)
        assert data.error_code == code(error)
        assert (await fetch(client, "t", 0, leader_epoch=1)).error_code == 0


async def test_a_truncated_epoch_is_answered_with_where_it_ended() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        for _ in range(3):
            await produce(client, "t", batch(b"a"))
        cluster.truncate("t", 0, 1)
        await produce(client, "t", batch(b"b"))
        await produce(client, "t", batch(b"b"))
        data = await fetch(client, "t", 3, last_fetched_epoch=0, max_wait_ms=60_000)
        assert data.diverging_epoch is not None
        assert (data.diverging_epoch.epoch, data.diverging_epoch.end_offset) == (0, 1)


@pytest.mark.parametrize(("version", "error"), [(10, code(NotLeaderForPartitionError)), (11, 0)])
async def test_followers_serve_from_version_11(version: int, error: int) -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, client):
        cluster.create_topic("t", 1, 2)
        cluster.move_leader("t", 0, 1)
        data = await fetch(client, "t", 0, version=version)
        assert data.error_code == error


async def test_a_rack_aware_leader_names_the_replica_in_the_clients_rack() -> None:
    async with cluster_and_client(EmbeddedCluster(2, racks=["a", "b"], config=RACK_AWARE)) as (
        cluster,
        client,
    ):
        cluster.create_topic("t", 1, 2)
        response = await client.send(fetch_request("t", 0, rack_id="b", max_wait_ms=60_000), 12)
        assert response.responses[0].partitions[0].preferred_read_replica == 1


async def test_a_session_answers_only_what_is_new() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        full = await client.send(fetch_request("t", 0, session_epoch=0), 12)
        assert full.session_id != 0
        again = FetchRequest(session_id=full.session_id, session_epoch=1)
        assert (await client.send(again, 12)).responses == []
        await produce(client, "t", batch(b"a"))
        more = FetchRequest(session_id=full.session_id, session_epoch=2)
        response = await client.send(more, 12)
        assert values(response.responses[0].partitions[0]) == [b"a"]


async def test_forgotten_partitions_are_not_fetched() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        full = await client.send(fetch_request("t", 0, session_epoch=0), 12)
        await produce(client, "t", batch(b"a"))
        forgotten = FetchRequest.ForgottenTopic(topic="t", partitions=[0])
        request = FetchRequest(
            session_id=full.session_id, session_epoch=1, forgotten_topics_data=[forgotten]
        )
        response = await client.send(request, 12)
        assert (response.error_code, response.responses) == (0, [])


@pytest.mark.parametrize(
    ("session", "epoch", "version", "error"),
    [
        ("other", 1, 12, FetchSessionIdNotFoundError),
        ("same", 2, 12, InvalidFetchSessionEpochError),
        ("same", 1, 13, FetchSessionTopicIdError),
    ],
)
async def test_a_session_used_wrongly_is_an_error(
    session: str, epoch: int, version: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        full = await client.send(fetch_request("t", 0, session_epoch=0), 12)
        session_id = full.session_id + (session == "other")
        response = await client.send(
            FetchRequest(session_id=session_id, session_epoch=epoch), version
        )
        assert (response.error_code, response.session_id) == (code(error), 0)


async def test_the_final_epoch_closes_a_session() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        full = await client.send(fetch_request("t", 0, session_epoch=0), 12)
        await client.send(FetchRequest(session_id=full.session_id, session_epoch=-1), 12)
        response = await client.send(FetchRequest(session_id=full.session_id, session_epoch=1), 12)
        assert response.error_code == code(FetchSessionIdNotFoundError)


async def test_without_free_slots_there_is_no_session() -> None:
    slots = {"max.incremental.fetch.session.cache.slots": "1"}
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1}, config=slots)) as (_, client):
        await client.send(fetch_request("t", 0, session_epoch=0), 12)
        response = await client.send(fetch_request("t", 0, session_epoch=0), 12)
        assert (response.error_code, response.session_id) == (0, 0)


async def test_the_id_of_a_deleted_topic_is_unknown() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        topic_id = await id_of(client, "t")
        cluster.delete_topic("t")
        cluster.create_topic("t")
        response = await client.send(fetch_request("", 0, topic_id=topic_id), 18)
        assert response.responses[0].partitions[0].error_code == code(UnknownTopicIdError)


async def test_a_partition_that_is_not_there_is_unknown() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        data = await fetch(client, "t", 0, partition=5, max_wait_ms=60_000)
        assert data.error_code == code(UnknownTopicOrPartitionError)
