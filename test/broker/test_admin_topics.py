"""Stories of topics: created, described, made larger, deleted, and made again."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from kafka.admin import NewPartitions, NewTopic
from kafka.errors import (
    InvalidPartitionsError,
    InvalidReplicationFactorError,
    KafkaTimeoutError,
    RequestTimedOutError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.create_partitions import CreatePartitionsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.testing.broker.faults import Answer, Disconnect, DropResponse, Fail, Throttle
from test.support.admins import all_requests, cluster_and_admin
from test.support.stage import asked

# -- creating ------------------------------------------------------------------------------------


async def test_topics_are_created_as_asked() -> None:
    async with cluster_and_admin() as (cluster, admin):
        result = await admin.create_topics(
            {
                "a": {"num_partitions": 3, "replication_factor": 2},
                "b": {"assignments": {0: [1, 2], 1: [2, 0]}},
                "c": {"configs": {"retention.ms": 1000}},
            }
        )
        made = {topic["name"]: topic for topic in result["topics"]}
        assert (made["a"]["num_partitions"], made["a"]["replication_factor"]) == (3, 2)
        assert made["c"]["configs"]["retention.ms"]["config_source"] == "DYNAMIC_TOPIC_CONFIG"
        assert made["c"]["configs"]["retention.ms"]["value"] == "1000"
        (described,) = await admin.describe_topics("b")
        assert [one["replicas"] for one in described["partitions"]] == [[1, 2], [2, 0]]
        assert len(asked(cluster, CreateTopicsRequest)) == 1


async def test_created_topic_has_the_attributes_of_2_x() -> None:
    async with cluster_and_admin(1) as (_, admin):
        result = await admin.create_topics([NewTopic("a", 1, 1)])
        assert result.topic_errors == [("a", 0, None)]
        assert result.topics == result["topics"]
        assert UUID(result["topics"][0]["topic_id"]).int


async def test_nothing_is_created_by_a_check() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        await admin.create_topics("a", validate_only=True)
        assert cluster.control.topics() == []
        with pytest.raises(InvalidReplicationFactorError):
            await admin.create_topics(NewTopic("b", 1, 5), validate_only=True)


async def test_errors_are_part_of_the_value_where_the_user_wants_that() -> None:
    async with cluster_and_admin(1) as (_, admin):
        await admin.create_topics("a")
        result = await admin.create_topics(["a", "b"], raise_errors=False)
        assert [topic["error_code"] for topic in result["topics"]] == [36, 0]
        assert result["topics"][0]["error_message"].endswith("(CreateTopics, node 0)")


async def test_topic_whose_creation_was_not_answered_counts_as_created() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Disconnect(applied=True))
        result = await admin.create_topics(NewTopic("a", 2, 3))
        assert result.topic_errors == [("a", 0, None)]
        assert result["topics"][0]["num_partitions"] == 2
        assert len(asked(cluster, CreateTopicsRequest)) == 2


async def test_topic_that_took_the_broker_too_long_counts_as_created() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Fail(RequestTimedOutError, applied=True))
        assert (await admin.create_topics("a")).topic_errors == [("a", 0, None)]


async def test_other_topic_of_the_name_is_an_error_although_an_answer_was_lost() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(NewTopic("a", 1, 1))
        cluster.inject(CreateTopicsRequest, Disconnect())
        with pytest.raises(TopicAlreadyExistsError):
            await admin.create_topics(NewTopic("a", 2, 1))


async def test_quota_of_changes_is_waited_for() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        topic = CreateTopicsResponse.CreatableTopicResult(name="a", error_code=89)
        refused = CreateTopicsResponse(throttle_time_ms=2000, topics=[topic])
        cluster.inject(CreateTopicsRequest, Answer(refused))
        began = asyncio.get_running_loop().time()
        await admin.create_topics("a")
        assert asyncio.get_running_loop().time() - began >= 2.0


async def test_topic_is_known_everywhere_when_that_is_waited_for() -> None:
    async with cluster_and_admin() as (cluster, admin):
        cluster.control.create_topic("old")
        cluster.inject(MetadataRequest, Fail(UnknownTopicOrPartitionError), node_id=2, topic="old")
        await admin.create_topics("new", wait_for_metadata=True)
        await admin.wait_for_topics(["old", "new"])
        assert len(cluster.requests(MetadataRequest, node_id=2)) >= 3


async def test_topics_that_do_not_come_are_named() -> None:
    async with cluster_and_admin(2) as (_, admin):
        words = "topics not ready after 1.0 s: a on node 0: UnknownTopicOrPartitionError, a on"
        with pytest.raises(KafkaTimeoutError, match=words):
            await admin.wait_for_topics("a", timeout_ms=1000)


@pytest.mark.virtual_time
async def test_topics_are_named_also_if_no_broker_answers() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        for node in (0, 1):
            cluster.control.freeze(node)
        with pytest.raises(KafkaTimeoutError, match=r"after 3\.\d s: a, b: no broker has answered"):
            await admin.wait_for_topics(["a", "b"], timeout_ms=3000)
        for node in (0, 1):
            cluster.control.thaw(node)


@pytest.mark.virtual_time
async def test_dead_broker_is_not_waited_for_by_those_who_wait_for_topics() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.list_groups()
        cluster.control.freeze(2)
        began = asyncio.get_running_loop().time()
        await admin.create_topics("a", wait_for_metadata=True)
        assert asyncio.get_running_loop().time() - began < 5.0
        cluster.control.thaw(2)


# -- deleting and creating again -----------------------------------------------------------------


async def test_topics_are_deleted_by_name_and_by_id() -> None:
    async with cluster_and_admin() as (cluster, admin):
        result = await admin.create_topics(["a", "b", "c"])
        ids = [UUID(topic["topic_id"]) for topic in result["topics"]]
        gone = await admin.delete_topics(["a", ids[1]])
        assert gone["topics"] == [
            {"name": "a", "topic_id": str(ids[0]), "error_code": 0, "error_message": None},
            {"name": "b", "topic_id": str(ids[1]), "error_code": 0, "error_message": None},
        ]
        assert gone.topic_error_codes == [("a", 0), ("b", 0)]
        assert cluster.control.topics() == ["c"]


async def test_missing_topic_is_an_error_of_its_own() -> None:
    async with cluster_and_admin(1) as (_, admin):
        await admin.create_topics("a")
        with pytest.raises(UnknownTopicOrPartitionError, match="topic b: ") as caught:
            await admin.delete_topics(["a", "b"])
        assert caught.value.results.topic_error_codes == [("a", 0), ("b", 3)]


async def test_topic_whose_deletion_was_not_answered_counts_as_deleted() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        cluster.inject(DeleteTopicsRequest, Disconnect(applied=True))
        assert (await admin.delete_topics("a")).topic_error_codes == [("a", 0)]
        assert len(asked(cluster, DeleteTopicsRequest)) == 2


async def test_topic_is_made_again_many_times() -> None:
    async with cluster_and_admin() as (_, admin):
        ids = set()
        for _ in range(10):
            result = await admin.create_topics("a", wait_for_metadata=True)
            ids.add(result["topics"][0]["topic_id"])
            await admin.delete_topics("a", wait_for_metadata=True)
        assert len(ids) == 10


async def test_deletion_is_waited_for_on_every_broker() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        still = MetadataResponse.MetadataResponseTopic(name="a")

        def stale(request: MetadataRequest) -> MetadataResponse:
            return MetadataResponse(topics=[still])

        cluster.inject(
            MetadataRequest, Answer(stale), node_id=1, times=3, when=lambda r: bool(r.topics)
        )
        await admin.delete_topics("a", wait_for_metadata=True)
        assert len([r for r in asked(cluster, MetadataRequest, node_id=1) if r.topics]) == 4


async def test_topic_that_is_still_going_away_is_created_when_it_is_gone() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        await admin.delete_topics("a")
        cluster.control.create_topic("b")
        cluster.inject(CreateTopicsRequest, Fail(TopicAlreadyExistsError), times=3, topic="a")
        result = await admin.create_topics("a")
        assert result.topic_errors == [("a", 0, None)]
        assert len(asked(cluster, CreateTopicsRequest)) == 5


async def test_topic_that_somebody_else_made_again_exists() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("a")
        await admin.delete_topics("a")
        cluster.control.create_topic("a")
        with pytest.raises(TopicAlreadyExistsError):
            await admin.create_topics("a")


# -- more partitions -----------------------------------------------------------------------------


async def test_topics_get_more_partitions() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(["a", "b", "c"])
        result = await admin.create_partitions(
            {"a": 3, "b": {"count": 2, "assignments": [[1]]}, "c": NewPartitions(2)}
        )
        assert result.results[0].name == "a"
        assert result.topic_errors == [("a", 0, None), ("b", 0, None), ("c", 0, None)]
        topics = await admin.describe_topics(["a", "b", "c"])
        assert [len(topic["partitions"]) for topic in topics] == [3, 2, 2]
        assert len(asked(cluster, CreatePartitionsRequest)) == 1


async def test_fewer_partitions_are_refused() -> None:
    async with cluster_and_admin(1) as (_, admin):
        await admin.create_topics(NewTopic("a", 3, 1))
        with pytest.raises(InvalidPartitionsError, match=r"\(CreatePartitions, node 0\)"):
            await admin.create_partitions({"a": 2})
        result = await admin.create_partitions({"a": 2}, raise_errors=False)
        assert result.results[0].error_code == 37
        await admin.create_partitions({"a": 5}, validate_only=True)
        assert len((await admin.describe_topics("a"))[0]["partitions"]) == 3


# -- cost ----------------------------------------------------------------------------------------


async def test_three_hundred_topics_take_few_requests() -> None:
    names = [f"topic-{number:03}" for number in range(300)]
    async with cluster_and_admin() as (cluster, admin):
        counts = []
        for call in (
            lambda: admin.create_topics([NewTopic(name, 1, 1) for name in names]),
            lambda: admin.describe_topics(names),
            admin.list_topics,
            lambda: admin.delete_topics(names),
        ):
            before = all_requests(cluster)
            await call()
            counts.append(all_requests(cluster) - before)
        assert max(counts) <= 8


async def test_throttled_answer_is_an_answer() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.inject(CreateTopicsRequest, Throttle(500))
        await admin.create_topics("a")
        await admin.create_topics("b")
        assert cluster.control.topics() == ["a", "b"]


async def test_lost_answer_is_waited_for_no_longer_than_a_request_may_take() -> None:
    async with cluster_and_admin(1, request_timeout_ms=2000) as (cluster, admin):
        cluster.inject(CreateTopicsRequest, DropResponse())
        result = await admin.create_topics("a")
        assert result.topic_errors == [("a", 0, None)]


@pytest.mark.virtual_time
async def test_topic_that_was_there_is_an_error_if_the_first_request_was_never_sent() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics(NewTopic("a", 1, 1))
        controller = cluster.requests(CreateTopicsRequest)[0].node_id
        cluster.control.kill(controller)
        await asyncio.sleep(0.1)  # the connection is seen to be closed
        call = asyncio.ensure_future(admin.create_topics(NewTopic("a", 1, 1)))
        await asyncio.sleep(0.2)  # an attempt to connect has failed
        await cluster.control.revive(controller)
        with pytest.raises(TopicAlreadyExistsError):
            await call


async def test_topics_that_the_caller_may_not_see_are_not_waited_for() -> None:
    async with cluster_and_admin(2) as (cluster, admin):
        cluster.control.create_topic("a")
        cluster.inject(MetadataRequest, Fail(TopicAuthorizationFailedError), topic="a", times=2)
        with pytest.raises(TopicAuthorizationFailedError, match=r"topic a: .*Metadata, node"):
            await admin.wait_for_topics("a")


async def test_late_wait_carries_what_was_created() -> None:
    async with cluster_and_admin(1) as (cluster, admin):
        cluster.inject(
            MetadataRequest,
            Answer(MetadataResponse()),
            times=None,
            when=lambda request: bool(request.topics),
        )
        with pytest.raises(KafkaTimeoutError, match="topics not ready") as caught:
            await admin.create_topics("a", timeout_ms=1000, wait_for_metadata=True)
        assert caught.value.results.topic_errors == [("a", 0, None)]
        cluster.control.clear_faults()
