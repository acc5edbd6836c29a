"""CreateTopics, DeleteTopics, CreatePartitions, ElectLeaders, reassignments, log directories."""

from __future__ import annotations

from uuid import UUID

from kafka.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
)
from kafka.protocol.messages.create_partitions import CreatePartitionsRequest
from kafka.protocol.messages.create_topics import CreateTopicsRequest, CreateTopicsResponse
from kafka.protocol.messages.delete_topics import DeleteTopicsRequest
from kafka.protocol.messages.describe_log_dirs import (
    DescribeLogDirsRequest,
    DescribeLogDirsResponse,
)
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse
from kafka.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
)
from kafka.protocol.messages.metadata import MetadataRequest
from test.differential.case import Talk, case
from test.support.embedded import batch, produce_request


def creating(
    name: str,
    partitions: int = 1,
    factor: int = 1,
    *,
    config: dict[str, str | None] | None = None,
    assignments: dict[int, list[int]] | None = None,
    validate_only: bool = False,
) -> CreateTopicsRequest:
    entry = CreateTopicsRequest.CreatableTopicConfig
    assigned = CreateTopicsRequest.CreatableReplicaAssignment
    topic = CreateTopicsRequest.CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=factor,
        configs=[entry(name=key, value=value) for key, value in (config or {}).items()],
        assignments=[
            assigned(partition_index=index, broker_ids=ids)
            for index, ids in (assignments or {}).items()
        ],
    )
    return CreateTopicsRequest(topics=[topic], timeout_ms=5000, validate_only=validate_only)


#: Configs that Kafka's own settings for the tests do not touch.
TELLING = {"cleanup.policy", "retention.ms", "max.message.bytes", "segment.bytes"}


def only_telling(answer: CreateTopicsResponse) -> None:
    """Leave out what DescribeConfigs is compared by."""
    for topic in answer.topics:
        topic.configs = [found for found in topic.configs or () if found.name in TELLING]


@case(CreateTopicsRequest)
async def topic_created(talk: Talk) -> None:
    await talk.send(creating(talk.name(), 3), only=only_telling)
    await talk.send(creating(talk.name(), config={"retention.ms": "1000"}), only=only_telling)
    await talk.send(
        creating(talk.name(), -1, -1, assignments={0: [talk.node()], 1: [talk.node()]}),
        only=only_telling,
    )


@case(CreateTopicsRequest, lowest=4)
async def topic_created_with_defaults(talk: Talk) -> None:
    await talk.send(creating(talk.name(), -1, -1), only=only_telling)


@case(CreateTopicsRequest)
async def topic_exists(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(creating(topic))


@case(CreateTopicsRequest)
async def topic_names_refused(talk: Talk) -> None:
    for name in ("", ".", "..", "a b", "x" * 250, "a/b"):
        await talk.send(creating(name))


@case()
async def topic_names_that_collide(talk: Talk) -> None:
    name = talk.name()
    await talk.send(creating(f"{name}.a_b"), 5, only=only_telling)
    await talk.known(f"{name}.a_b")
    await talk.send(creating(f"{name}_a.b"), 5, only=only_telling)
    await talk.send(creating("__consumer_offsets"), 5)


@case(CreateTopicsRequest)
async def counts_refused(talk: Talk) -> None:
    for partitions, factor in ((0, 1), (-2, 1), (1, 0), (1, -2), (1, 2), (1, 5)):
        await talk.send(creating(talk.name(), partitions, factor))


@case(CreateTopicsRequest)
async def assignments_refused(talk: Talk) -> None:
    here = talk.node()
    for assignments in (
        {0: [here, here]},
        {0: [here], 2: [here]},
        {1: [here]},
        {0: []},
        {0: [here], 1: [here, here + 7]},
    ):
        await talk.send(creating(talk.name(), -1, -1, assignments=assignments))
    await talk.send(creating(talk.name(), 1, 1, assignments={0: [here]}))
    await talk.send(creating(talk.name(), -1, 1, assignments={0: [here]}))
    await talk.send(creating(talk.name(), 1, -1, assignments={0: [here]}))


@case(CreateTopicsRequest)
async def configs_of_topics_refused(talk: Talk) -> None:
    for config in (
        {"no.such.config": "1"},
        {"retention.ms": "many"},
        {"retention.ms": None},
        {"cleanup.policy": "shred"},
        {"segment.bytes": "1"},
        {"min.insync.replicas": "0"},
        {"compression.type": "rar"},
    ):
        await talk.send(creating(talk.name(), config=config))


@case(CreateTopicsRequest, lowest=1)
async def creation_validated(talk: Talk) -> None:
    name = talk.name()
    await talk.send(creating(name, 2, validate_only=True), only=only_telling)
    await talk.send(creating(name, 2, 9, validate_only=True))
    asked = MetadataRequest.MetadataRequestTopic(name=name)
    await talk.send(MetadataRequest(topics=[asked], allow_auto_topic_creation=False), 8)


@case()
async def topic_named_twice(talk: Talk) -> None:
    request = creating(talk.name())
    request.topics = [*request.topics] * 2
    await talk.send(request, 5)


@case()
async def no_topics_to_create(talk: Talk) -> None:
    await talk.send(CreateTopicsRequest(topics=[], timeout_ms=1000), 5)


@case(DeleteTopicsRequest, highest=5)
async def topics_deleted(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(DeleteTopicsRequest(topic_names=[topic], timeout_ms=5000))
    await talk.send(DeleteTopicsRequest(topic_names=[topic, talk.name()], timeout_ms=5000))
    await talk.send(DeleteTopicsRequest(topic_names=["a b"], timeout_ms=5000))
    await talk.send(DeleteTopicsRequest(topic_names=[], timeout_ms=5000))


@case(DeleteTopicsRequest, lowest=6)
async def topics_deleted_by_name_or_id(talk: Talk) -> None:
    first, second = await talk.topic(), await talk.topic()
    state = DeleteTopicsRequest.DeleteTopicState
    topic_id = await talk.topic_id(second)

    async def delete(*states: DeleteTopicsRequest.DeleteTopicState) -> None:
        await talk.send(DeleteTopicsRequest(topics=states, timeout_ms=5000))

    await delete(state(name=first, topic_id=topic_id))
    await delete(state(name=first), state(name=first))
    await delete(state(name=first))
    await delete(state(name=None, topic_id=topic_id))
    await delete(state(name=None, topic_id=topic_id))
    await delete(state(name=talk.name()))
    await delete(state(name=None, topic_id=UUID(int=99)))
    await delete(state(name=None))


def growing(
    name: str, count: int, *, to: list[list[int]] | None = None, validate_only: bool = False
) -> CreatePartitionsRequest:
    assigned = CreatePartitionsRequest.CreatePartitionsAssignment
    topic = CreatePartitionsRequest.CreatePartitionsTopic(
        name=name,
        count=count,
        assignments=None if to is None else [assigned(broker_ids=ids) for ids in to],
    )
    return CreatePartitionsRequest(topics=[topic], timeout_ms=5000, validate_only=validate_only)


@case(CreatePartitionsRequest)
async def partitions_created(talk: Talk) -> None:
    here = talk.node()
    topic = await talk.topic(2)
    await talk.send(growing(topic, 3, validate_only=True))
    await talk.send(growing(topic, 3))
    for count, to in (
        (3, None),
        (2, None),
        (0, None),
        (-1, None),
        (5, [[here]]),
        (4, [[here, here]]),
        (4, [[here + 7]]),
        (4, [[]]),
        (4, []),
        (4, [[here]]),
    ):
        await talk.send(growing(topic, count, to=to))
    await talk.send(growing(talk.name(), 3))


@case()
async def partitions_created_twice(talk: Talk) -> None:
    request = growing(await talk.topic(), 3)
    request.topics = [*request.topics] * 2
    await talk.send(request, 3)


@case(ElectLeadersRequest)
async def leaders_elected(talk: Talk) -> None:
    topic = await talk.topic(2)
    wanted = ElectLeadersRequest.TopicPartitions
    for kind in (0, 1) if talk.version else (0,):
        for name, partitions in ((topic, [0, 1]), (topic, [7]), (talk.name(), [0])):
            asked = wanted(topic=name, partitions=partitions)
            await talk.send(
                ElectLeadersRequest(election_type=kind, topic_partitions=[asked], timeout_ms=5000)
            )
    await talk.send(ElectLeadersRequest(topic_partitions=[], timeout_ms=5000))

    def only(answer: ElectLeadersResponse) -> None:
        results = answer.replica_election_results
        answer.replica_election_results = [found for found in results if found.topic == topic]

    await talk.send(ElectLeadersRequest(topic_partitions=None, timeout_ms=5000), only=only)


@case(ElectLeadersRequest, lowest=1)
async def elections_refused(talk: Talk) -> None:
    topic = ElectLeadersRequest.TopicPartitions(topic=await talk.topic(), partitions=[0])
    request = ElectLeadersRequest(election_type=5, topic_partitions=[topic], timeout_ms=5000)
    await talk.refused(request, talk.version)


@case(AlterPartitionReassignmentsRequest)
async def reassignments(talk: Talk) -> None:
    here, topic = talk.node(), await talk.topic()
    entry = AlterPartitionReassignmentsRequest.ReassignablePartition

    async def move(name: str, index: int, to: list[int] | None, *, grow: bool = True) -> None:
        one = AlterPartitionReassignmentsRequest.ReassignableTopic(
            name=name, partitions=[entry(partition_index=index, replicas=to)]
        )
        await talk.send(
            AlterPartitionReassignmentsRequest(
                topics=[one], timeout_ms=5000, allow_replication_factor_change=grow
            )
        )

    for name, index, to in (
        (topic, 0, [here]),
        (topic, 0, None),
        (topic, 0, []),
        (topic, 0, [here, here]),
        (topic, 0, [here + 7]),
        (topic, 0, [-1]),
        (topic, 5, [here]),
        ("no-such-topic", 0, [here]),
        ("no-such-topic", 0, None),
    ):
        await move(name, index, to)
    if talk.version:
        await move(topic, 0, [here, here + 7], grow=False)
    await talk.send(AlterPartitionReassignmentsRequest(topics=[], timeout_ms=5000))


@case(ListPartitionReassignmentsRequest)
async def reassignments_listed(talk: Talk) -> None:
    wanted = ListPartitionReassignmentsRequest.ListPartitionReassignmentsTopics
    topic = await talk.topic()
    for topics in (
        None,
        [],
        [wanted(name=topic, partition_indexes=[0, 4])],
        [wanted(name="no-such-topic", partition_indexes=[0])],
    ):
        await talk.send(ListPartitionReassignmentsRequest(topics=topics, timeout_ms=5000))


@case(DescribeLogDirsRequest)
async def log_dirs(talk: Talk) -> None:
    topic = await talk.topic(2)
    await talk.quiet(produce_request(topic, batch(b"a")), 9)
    wanted = DescribeLogDirsRequest.DescribableLogDirTopic
    for topics in (
        [wanted(topic=topic, partitions=[0, 1])],
        [wanted(topic=topic, partitions=[5])],
        [wanted(topic="no-such-topic", partitions=[0])],
        [],
    ):
        await talk.send(DescribeLogDirsRequest(topics=topics))

    def only(answer: DescribeLogDirsResponse) -> None:
        for found in answer.results:
            found.topics = [one for one in found.topics if one.name == topic]

    await talk.send(DescribeLogDirsRequest(topics=None), only=only)
