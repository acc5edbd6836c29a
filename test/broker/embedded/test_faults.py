"""What goes wrong on purpose, seen from a client."""

from __future__ import annotations

import pytest

from kafka.errors import KafkaProtocolError, NotLeaderForPartitionError, UnknownServerError
from kafka.protocol.headers import decode_correlation_id
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from kafka.testing.broker import faults
from test.support.embedded import (
    batch,
    cluster_and_client,
    fetch,
    fetch_request,
    id_of,
    offset_at,
    produce,
    produce_request,
)
from test.support.raw_client import RawClient
from test.support.virtual_loop import run


async def test_an_error_is_answered_as_often_as_asked() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.fail(ProduceRequest, NotLeaderForPartitionError, times=2)
        codes = [(await produce(client, "t", batch(b"v"))).error_code for _ in range(3)]
        assert codes == [6, 6, 0]
        assert (await offset_at(client, "t", -1)).offset == 1


async def test_an_error_after_applying_leaves_the_record() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.fail(ProduceRequest, UnknownServerError, applied=True)
        assert (await produce(client, "t", batch(b"v"))).error_code == -1
        assert (await offset_at(client, "t", -1)).offset == 1


@pytest.mark.parametrize("version", [9, 13])
async def test_an_error_for_one_partition_spares_the_others(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        cluster.fail(ProduceRequest, NotLeaderForPartitionError, topic="t", partition=1)
        request = produce_request("t", batch(b"v"), topic_id=await id_of(client, "t"))
        data = ProduceRequest.PartitionProduceData(index=1, records=batch(b"v"))
        request.topic_data[0].partition_data.append(data)
        response = await client.send(request, version)
        codes = [answer.error_code for answer in response.responses[0].partition_responses]
        assert codes == [0, 6]


async def test_an_error_for_another_client_or_broker_or_topic_waits() -> None:
    async with cluster_and_client(EmbeddedCluster(2, topics={"t": 1})) as (cluster, client):
        cluster.create_topic("u")
        cluster.move_leader("u", 0, 0)
        cluster.fail(ProduceRequest, UnknownServerError, client_id="other", optional=True)
        cluster.fail(ProduceRequest, UnknownServerError, node_id=1, optional=True)
        cluster.fail(ProduceRequest, UnknownServerError, topic="u")
        assert (await produce(client, "t", batch(b"v"))).error_code == 0
        assert (await produce(client, "u", batch(b"v"))).error_code == -1


async def test_a_top_level_error_replaces_the_answer() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.fail(InitProducerIdRequest, UnknownServerError)
        response = await client.send(InitProducerIdRequest(transactional_id=None), 4)
        assert (response.error_code, response.producer_id) == (-1, -1)


async def test_a_whole_response_can_be_injected() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.inject(InitProducerIdRequest, faults.Answer(InitProducerIdResponse(producer_id=77)))
        first = await client.send(InitProducerIdRequest(transactional_id=None), 4)
        second = await client.send(InitProducerIdRequest(transactional_id=None), 4)
        assert (first.producer_id, second.producer_id) == (77, 0)


async def test_a_partition_without_topic_is_refused() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        with pytest.raises(KafkaProtocolError):
            cluster.fail(ProduceRequest, UnknownServerError, partition=1)


@pytest.mark.virtual_time
async def test_a_delayed_request_is_handled_later() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.inject(MetadataRequest, faults.Delay(7.0))
        clock = cluster.control.state.clock
        before = clock.now()
        await client.send(MetadataRequest(), 9)
        assert clock.now() - before == pytest.approx(7.0, abs=0.01)


@pytest.mark.virtual_time
async def test_a_throttled_client_is_told_and_then_not_read() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.inject(MetadataRequest, faults.Throttle(3000))
        clock = cluster.control.state.clock
        response = await client.send(MetadataRequest(), 9)
        answered = clock.now()
        await client.send(MetadataRequest(), 9)
        assert response.throttle_time_ms == 3000
        assert clock.now() - answered == pytest.approx(3.0, abs=0.01)


async def test_a_dropped_response_leaves_the_connection() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.inject(ProduceRequest, faults.DropResponse())
        client.post(produce_request("t", batch(b"v")), 9)
        assert (await offset_at(client, "t", -1)).offset == 1


@pytest.mark.parametrize("applied", [False, True])
async def test_a_cut_connection_may_have_done_its_work(applied: bool) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.inject(ProduceRequest, faults.Disconnect(applied=applied))
        client.post(produce_request("t", batch(b"v")), 9)
        with pytest.raises(ConnectionError):
            await client.frame()
        other = await RawClient.connect(cluster.bootstrap_servers[0])
        assert (await offset_at(other, "t", -1)).offset == int(applied)
        other.close()


async def test_half_a_frame_is_followed_by_the_end() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        cluster.inject(MetadataRequest, faults.HalfFrame())
        client.post(MetadataRequest(), 9)
        with pytest.raises(ConnectionError):
            await client.frame()


async def test_garbage_replaces_a_frame() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.inject(MetadataRequest, faults.Garbage(b"\0\0\0\3abc"))
        client.post(MetadataRequest(), 9)
        assert await client.frame() == b"abc"


async def test_a_wrong_correlation_id_is_answered() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.inject(MetadataRequest, faults.WrongCorrelationId(5))
        sent = client.post(MetadataRequest(), 9)
        assert decode_correlation_id(await client.frame()) == sent + 5


@pytest.mark.virtual_time
async def test_a_frozen_broker_answers_when_it_thaws() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.freeze(0)
        client.post(MetadataRequest(), 9)
        with pytest.raises(TimeoutError):
            await client.frame(60.0)
        cluster.thaw(0)
        await client.frame(1.0)


async def test_a_killed_broker_refuses_and_a_revived_one_serves() -> None:
    async with cluster_and_client(EmbeddedCluster(2)) as (cluster, _):
        address = cluster.bootstrap_servers[1]
        other = await RawClient.connect(address)
        cluster.kill(1)
        with pytest.raises(ConnectionError):
            await other.frame()
        with pytest.raises(ConnectionError):
            await RawClient.connect(address)
        await cluster.control.revive(1)
        again = await RawClient.connect(address)
        assert (await again.send(ApiVersionsRequest(), 0)).error_code == 0
        again.close()


async def test_fetch_sessions_die_with_their_broker() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        first = await client.send(FetchRequest(session_epoch=0, topics=_topic()), 12)
        cluster.kill(0)
        await cluster.control.revive(0)
        other = await RawClient.connect(cluster.bootstrap_servers[0])
        request = FetchRequest(session_id=first.session_id, session_epoch=1)
        assert (await other.send(request, 12)).error_code == 70
        other.close()


def _topic() -> list[FetchRequest.FetchTopic]:
    asked = FetchRequest.FetchPartition(partition_max_bytes=1)
    return [FetchRequest.FetchTopic(topic="t", partitions=[asked])]


async def test_requests_are_recorded() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        await client.send(DescribeClusterRequest(), 1)
        await fetch(client, "t", 0)
        seen = [(found.api, found.api_version, found.client_id) for found in cluster.requests()]
        assert seen == [(DescribeClusterRequest, 1, "raw"), (FetchRequest, 12, "raw")]
        assert cluster.count(FetchRequest) == 1


@pytest.mark.virtual_time
async def test_waiting_for_what_does_not_happen_ends() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, _):
        with pytest.raises(TimeoutError):
            await cluster.until(lambda control: control.count(FetchRequest) == 1, 60.0)


@pytest.mark.parametrize("version", [12, 13])
async def test_an_error_for_a_partition_reaches_the_fetch_session_that_has_it(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        topic_id = await id_of(client, "t")
        first = fetch_request("t", 0, topic_id=topic_id, session_epoch=0)
        session = (await client.send(first, version)).session_id
        rule = cluster.fail(FetchRequest, NotLeaderForPartitionError, topic="t", partition=0)
        cluster.fail(FetchRequest, UnknownServerError, topic="t", partition=1, optional=True)
        again = FetchRequest(max_wait_ms=0, session_id=session, session_epoch=1, topics=[])
        response = await client.send(again, version)
        codes = [data.error_code for entry in response.responses for data in entry.partitions]
        assert (rule.hits, codes) == (1, [NotLeaderForPartitionError.errno])


async def test_an_error_for_a_topic_spares_the_fetch_that_forgets_it() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        first = fetch_request("t", 0, session_epoch=0)
        session = (await client.send(first, 12)).session_id
        rule = cluster.inject(FetchRequest, faults.Disconnect(), topic="t", optional=True)
        forgotten = FetchRequest.ForgottenTopic(topic="t", partitions=[0])
        again = FetchRequest(
            max_wait_ms=0, session_id=session, session_epoch=1, forgotten_topics_data=[forgotten]
        )
        assert (await client.send(again, 12)).error_code == 0
        assert rule.hits == 0


async def test_a_topic_is_found_behind_the_group_that_asks_for_it() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 2})) as (cluster, client):
        rule = cluster.inject(OffsetFetchRequest, faults.Disconnect(), topic="t", partition=1)
        topic = OffsetFetchRequest.OffsetFetchRequestTopics(name="t", partition_indexes=[0, 1])
        group = OffsetFetchRequest.OffsetFetchRequestGroup(group_id="g", topics=[topic])
        with pytest.raises(ConnectionError):
            await client.send(OffsetFetchRequest(groups=[group]), 8)
        assert rule.hits == 1


@pytest.mark.virtual_time
async def test_a_broker_that_freezes_in_a_long_poll_answers_when_it_thaws() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (cluster, client):
        client.post(fetch_request("t", 0, max_wait_ms=1000), 12)
        await cluster.until(lambda control: control.count(FetchRequest) == 1)
        cluster.freeze(0)
        with pytest.raises(TimeoutError):
            await client.frame(60.0)
        cluster.thaw(0)
        assert await client.frame(1.0)


def test_a_condition_that_raises_closes_the_connection_and_fails_the_test() -> None:
    async def story() -> None:
        def broken(request: object) -> bool:
            raise LookupError("what the test got wrong")

        async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
            cluster.inject(MetadataRequest, faults.Disconnect(), when=broken)
            with pytest.raises(ConnectionError):
                await client.send(MetadataRequest(), 12)

    with pytest.raises(AssertionError) as caught:
        run(story())
    assert isinstance(caught.value.__cause__, LookupError)
