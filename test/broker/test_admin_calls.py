"""Stories of the calls of both admin clients: where they go, what is repeated, how they end."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import (
    KafkaTimeoutError,
    NotControllerError,
    TopicAlreadyExistsError,
)
from kafka.protocol.messages.create_topics import CreateTopicsRequest
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.structs import TopicPartition
from kafka.testing.broker.faults import Answer, Delay, Disconnect, DropResponse, Fail
from test.support.admins import all_requests, cluster_and_admin
from test.support.stage import asked, port_of


def now() -> float:
    return asyncio.get_running_loop().time()


# -- where calls go ------------------------------------------------------------------------------


async def test_controller_that_has_moved_is_looked_up_again() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Fail(NotControllerError))
        await admin.create_topics("a")
        assert len(asked(cluster, CreateTopicsRequest)) == 2


async def test_call_goes_on_after_a_lost_connection() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Disconnect())
        await admin.create_topics("a")
        assert cluster.control.topics() == ["a"]


@pytest.mark.virtual_time
async def test_every_broker_is_asked_at_once() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.list_groups()
        cluster.inject(ListGroupsRequest, Delay(0.2), times=3)
        began = now()
        assert await admin.list_groups() == []
        assert now() - began < 0.35
        assert sorted(seen.node_id for seen in cluster.requests(ListGroupsRequest)) == [
            *(0, 0, 1, 1, 2, 2)
        ]


async def test_groups_share_requests() -> None:
    async with cluster_and_admin() as (cluster, admin):
        before = all_requests(cluster)
        names = [f"g{number}" for number in range(500)]
        found = await admin.delete_groups(names)
        assert list(found) == names
        assert all_requests(cluster) - before <= 6
        assert len(asked(cluster, FindCoordinatorRequest)) == 1
        assert len(asked(cluster, DeleteGroupsRequest)) == 3


@pytest.mark.virtual_time
async def test_broker_that_is_away_does_not_hide_the_others() -> None:
    async with cluster_and_admin(request_timeout_ms=3000) as (cluster, admin):
        await admin.list_groups()
        cluster.control.freeze(2)
        began = now()
        with pytest.raises(KafkaTimeoutError, match=r"broker 2: no answer in \d.\d s") as caught:
            await admin.list_groups()
        assert now() - began == pytest.approx(3.0, abs=0.1)
        assert list(caught.value.errors) == [2]
        assert caught.value.results == {0: [], 1: []}
        assert await admin.list_groups(raise_errors=False) == []
        cluster.control.thaw(2)
        await admin.list_groups()


@pytest.mark.virtual_time
async def test_broker_that_refuses_connections_is_not_waited_for() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.list_groups()
        await cluster.cut_off(1)
        for _ in range(4):  # also while its connection backs off for longer
            began = now()
            found = await admin.list_groups(raise_errors=False)
            assert now() - began < 2
            assert set(found.results) == {0, 2}
            assert "refused" in str(found.errors[1])


@pytest.mark.virtual_time
async def test_question_for_any_node_is_asked_of_another_one_after_a_second() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        cluster.inject(MetadataRequest, DropResponse(), times=1, topic="a")
        began = now()
        (topic,) = await admin.describe_topics("a")
        assert topic["name"] == "a"
        assert now() - began < 2.0


@pytest.mark.virtual_time
async def test_new_leader_is_asked_soon_although_the_old_one_was_tried_often() -> None:
    tp = TopicPartition("a", 0)
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics({"a": {"assignments": {0: [2, 1, 0]}}})
        stale = [MetadataResponse.MetadataResponsePartition(partition_index=0, leader_id=2)]

        def answer(request: MetadataRequest) -> MetadataResponse:
            return MetadataResponse(
                brokers=[
                    MetadataResponse.MetadataResponseBroker(
                        node_id=node, host="127.0.0.1", port=port_of(cluster, node)
                    )
                    for node in range(3)
                ],
                controller_id=0,
                topics=[MetadataResponse.MetadataResponseTopic(name="a", partitions=stale)],
            )

        # Brokers name one that has died as a leader for as long as its session lasts.
        session_ends = now() + 9
        cluster.inject(
            MetadataRequest, Answer(answer), times=None, when=lambda _: now() < session_ends
        )
        cluster.control.kill(2)
        assert list(await admin.list_partition_offsets({tp: -1})) == [tp]
        assert now() - session_ends < 1.5
        cluster.control.clear_faults()


# -- how calls end -------------------------------------------------------------------------------


async def test_error_names_topic_api_and_node() -> None:
    async with cluster_and_admin(1) as (_, admin):
        await admin.create_topics("a")
        words = r"opic 'a' already exists \(CreateTopics, node 0\)"
        with pytest.raises(TopicAlreadyExistsError, match=words):
            await admin.create_topics("a")


async def test_one_bad_topic_costs_the_others_nothing() -> None:
    async with cluster_and_admin() as (_, admin):
        await admin.create_topics("a")
        with pytest.raises(TopicAlreadyExistsError) as caught:
            await admin.create_topics(["a", "b"])
        assert [code for _, code, _ in caught.value.results.topic_errors] == [36, 0]
        assert list(caught.value.errors) == ["a"]


async def test_error_of_several_topics_names_them() -> None:
    async with cluster_and_admin() as (_, admin):
        await admin.create_topics(["a", "b"])
        with pytest.raises(TopicAlreadyExistsError, match=r"1 more of 3 failed: b: TopicAlready"):
            await admin.create_topics(["a", "b", "c"])


@pytest.mark.virtual_time
async def test_call_without_answer_ends_at_its_deadline() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.inject(CreateTopicsRequest, DropResponse(applied=False))
        began = now()
        with pytest.raises(KafkaTimeoutError, match=r"topic a: no answer in 2\.0 s from node 0"):
            await admin.create_topics("a", timeout_ms=2000)
        assert now() - began < 2.25


async def test_call_that_is_refused_again_and_again_says_why_it_ended() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Fail(NotControllerError), times=None)
        words = r"after \d attempts: NotControllerError from node 0"
        with pytest.raises(KafkaTimeoutError, match=words):
            await admin.create_topics("a", timeout_ms=1000)
        cluster.control.clear_faults()


@pytest.mark.virtual_time
async def test_frozen_cluster_ends_every_kind_of_call_in_time() -> None:
    async with cluster_and_admin(2, default_api_timeout_ms=2000, request_timeout_ms=2000) as (
        cluster,
        admin,
    ):
        await admin.list_groups()
        for node in (0, 1):
            cluster.control.freeze(node)
        for call in (
            admin.create_topics("a"),
            admin.list_groups(),
            admin.describe_topics("a"),
            admin.delete_groups("g"),
        ):
            began = now()
            with pytest.raises(KafkaTimeoutError):
                await call
            assert now() - began < 2.25
        for node in (0, 1):
            cluster.control.thaw(node)
        await admin.create_topics("b")


async def test_cancelled_call_leaves_the_client_usable() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Delay(5.0))
        call = asyncio.ensure_future(admin.create_topics("a"))
        await cluster.until(lambda _: bool(asked(cluster, CreateTopicsRequest)))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await admin.create_topics("b")


async def test_many_calls_at_once_get_their_own_answers() -> None:
    async with cluster_and_admin() as (_, admin):
        names = [f"t{number}" for number in range(20)]
        await asyncio.gather(*(admin.create_topics(name) for name in names))
        found = await asyncio.gather(*(admin.describe_topics(name) for name in names))
        assert [topic["name"] for (topic,) in found] == names
