"""ApiVersions, Metadata, DescribeCluster, DescribeTopicPartitions."""

from __future__ import annotations

from uuid import UUID

from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.describe_cluster import DescribeClusterRequest
from kafka.protocol.messages.describe_topic_partitions import DescribeTopicPartitionsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from test.differential.case import Talk, case

ALL_OPERATIONS = {"include_topic_authorized_operations": True}


def metadata(*names: str | None, **options: object) -> MetadataRequest:
    topics = [MetadataRequest.MetadataRequestTopic(name=name) for name in names]
    return MetadataRequest(topics=topics, **options)  # type: ignore[arg-type] # by name


def only_apis_of_clients(answer: ApiVersionsResponse) -> None:
    """Leave out APIs of share and streams groups, and of metrics that Kafka has by a plugin."""
    answer.api_keys = [
        key
        for key in answer.api_keys
        if key.api_key <= 70 or 73 <= key.api_key <= 75 or key.api_key in (80, 81)
    ]


@case(ApiVersionsRequest)
async def versions_offered(talk: Talk) -> None:
    request = ApiVersionsRequest(client_software_name="raw", client_software_version="1")
    await talk.send(request, only=only_apis_of_clients)


@case(ApiVersionsRequest, lowest=3)
async def software_name_refused(talk: Talk) -> None:
    for name, version in (("", "1"), ("raw", ""), ("-raw", "1"), ("raw", "1 2"), ("a" * 300, "1")):
        request = ApiVersionsRequest(client_software_name=name, client_software_version=version)
        await talk.send(request, only=only_apis_of_clients)


@case(MetadataRequest)
async def topic_found(talk: Talk) -> None:
    topic = await talk.topic(3)
    await talk.send(metadata(topic))


@case(MetadataRequest, lowest=4)
async def topic_unknown(talk: Talk) -> None:
    await talk.send(metadata(talk.name(), allow_auto_topic_creation=False))


@case(MetadataRequest, lowest=4)
async def topic_names_refused(talk: Talk) -> None:
    for name in ("a b", ".", "..", "", "a/b", "x" * 250, "ü"):
        await talk.send(metadata(name, allow_auto_topic_creation=False))
        await talk.send(metadata(name, allow_auto_topic_creation=True))


@case(MetadataRequest)
async def topic_made_by_asking(talk: Talk) -> None:
    name = talk.name()
    await talk.send(metadata(name))
    await talk.known(name)
    await talk.send(metadata(name))


@case(MetadataRequest, lowest=1)
async def no_topics_asked(talk: Talk) -> None:
    await talk.send(metadata())


@case(MetadataRequest)
async def all_topics_asked(talk: Talk) -> None:
    mine = await talk.topic(2)
    request = metadata() if talk.version == 0 else MetadataRequest(topics=None)

    def only(answer: MetadataResponse) -> None:
        keep = {mine, "__consumer_offsets"}
        answer.topics = [topic for topic in answer.topics if topic.name in keep]

    await talk.send(request, only=only)


@case(MetadataRequest, lowest=8, highest=10)
async def operations_on_the_cluster(talk: Talk) -> None:
    await talk.send(metadata(include_cluster_authorized_operations=True))


@case(MetadataRequest, lowest=8)
async def operations_on_a_topic(talk: Talk) -> None:
    await talk.send(metadata(await talk.topic(), **ALL_OPERATIONS))


@case(MetadataRequest, lowest=12)
async def topics_by_id(talk: Talk) -> None:
    topic = await talk.topic(2)
    wanted = MetadataRequest.MetadataRequestTopic
    found = wanted(name=None, topic_id=await talk.topic_id(topic))
    unknown = wanted(name=None, topic_id=UUID(int=0x1234567890))
    await talk.send(MetadataRequest(topics=[found]))
    await talk.send(MetadataRequest(topics=[unknown]))
    await talk.send(MetadataRequest(topics=[found, unknown]))
    await talk.send(MetadataRequest(topics=[found], allow_auto_topic_creation=False))


@case(MetadataRequest, lowest=10)
async def topics_by_id_and_name(talk: Talk) -> None:
    topic = await talk.topic()
    both = MetadataRequest.MetadataRequestTopic(name=topic, topic_id=await talk.topic_id(topic))
    await talk.refused(MetadataRequest(topics=[both]), talk.version)


@case(MetadataRequest, lowest=10)
async def neither_id_nor_name(talk: Talk) -> None:
    neither = MetadataRequest.MetadataRequestTopic(name=None)
    await talk.refused(MetadataRequest(topics=[neither]), talk.version)


@case(MetadataRequest)
async def topic_asked_twice(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(metadata(topic, topic))


@case(MetadataRequest)
async def internal_topics(talk: Talk) -> None:
    await talk.quiet(FindCoordinatorRequest(key_type=1, coordinator_keys=["x"]), 4)
    await talk.send(metadata("__consumer_offsets", "__transaction_state"))


@case(DescribeClusterRequest)
async def cluster(talk: Talk) -> None:
    await talk.send(DescribeClusterRequest())
    await talk.send(DescribeClusterRequest(include_cluster_authorized_operations=True))


@case(DescribeClusterRequest, lowest=1)
async def controllers(talk: Talk) -> None:
    await talk.send(DescribeClusterRequest(endpoint_type=2))
    await talk.send(DescribeClusterRequest(endpoint_type=3))


@case(DescribeClusterRequest, lowest=2)
async def fenced_brokers(talk: Talk) -> None:
    await talk.send(DescribeClusterRequest(include_fenced_brokers=True))


def describe(
    *names: str, limit: int = 2000, cursor: tuple[str, int] | None = None
) -> DescribeTopicPartitionsRequest:
    request = DescribeTopicPartitionsRequest
    at = None if cursor is None else request.Cursor(topic_name=cursor[0], partition_index=cursor[1])
    return request(
        topics=[request.TopicRequest(name=name) for name in names],
        response_partition_limit=limit,
        cursor=at,
    )


@case(DescribeTopicPartitionsRequest)
async def partitions_described(talk: Talk) -> None:
    topics = [await talk.topic(3), await talk.topic(2)]
    await talk.send(describe(*topics))


@case(DescribeTopicPartitionsRequest)
async def partitions_described_in_pages(talk: Talk) -> None:
    first, second = await talk.topic(3), await talk.topic(2)
    await talk.send(describe(first, second, limit=2))
    await talk.send(describe(first, second, limit=2, cursor=(first, 2)))
    await talk.send(describe(first, second, limit=2, cursor=(second, 1)))
    await talk.send(describe(first, second, limit=1, cursor=(second, 7)))
    await talk.send(describe(first, second, limit=3))


@case(DescribeTopicPartitionsRequest)
async def partitions_of_unknown_topics(talk: Talk) -> None:
    topic = await talk.topic()
    await talk.send(describe(talk.name()))
    await talk.send(describe(topic, talk.name()))
    await talk.send(describe("a b"))
    await talk.send(describe(topic, topic))


@case(DescribeTopicPartitionsRequest)
async def limits_of_pages_refused(talk: Talk) -> None:
    topic = await talk.topic(2)
    for limit in (0, -1):
        await talk.send(describe(topic, limit=limit))
    await talk.send(describe(topic, cursor=(topic, -1)))
    await talk.send(describe(topic, cursor=("zzz", 0)))
