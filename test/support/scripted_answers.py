"""What the scripted broker answers unless a test says otherwise."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafka.protocol.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.protocol.messages.metadata import MetadataRequest, MetadataResponse
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse

if TYPE_CHECKING:
    from kafka.protocol.schema import Message
    from test.support.scripted_broker import Call, ScriptedCluster
    from test.support.scripted_log import PartitionLog

UNKNOWN_TOPIC = 3
NOT_LEADER = 6
OFFSET_OUT_OF_RANGE = 1
UNKNOWN_TOPIC_ID = 100


def api_versions(request: ApiVersionsRequest, call: Call) -> ApiVersionsResponse:
    return ApiVersionsResponse(
        api_keys=[
            ApiVersionsResponse.ApiVersion(api_key=key, min_version=low, max_version=high)
            for key, (low, high) in sorted(call.cluster.api_ranges().items())
        ]
    )


def metadata(request: MetadataRequest, call: Call) -> MetadataResponse:
    cluster = call.cluster
    if request.topics is None or (not request.topics and call.version == 0):
        names = list(cluster.topics)
    else:
        by_id = {topic_id: name for name, topic_id in cluster.topic_ids.items()}
        names = [t.name or by_id.get(t.topic_id, "") for t in request.topics]
    if cluster.auto_create and request.allow_auto_topic_creation:
        for name in names:
            if name not in cluster.topics and name not in cluster.topic_errors:
                cluster.add_topic(name)
    return MetadataResponse(
        brokers=[_broker(cluster, node_id) for node_id in cluster.ports],
        cluster_id=cluster.cluster_id,
        controller_id=cluster.controller,
        topics=[_topic(cluster, name) for name in names],
    )


def _broker(cluster: ScriptedCluster, node_id: int) -> MetadataResponse.MetadataResponseBroker:
    host, port = cluster.advertised.get(node_id, (cluster.host, cluster.ports[node_id]))
    return MetadataResponse.MetadataResponseBroker(
        node_id=node_id, host=host, port=port, rack=cluster.rack.get(node_id)
    )


def _topic(cluster: ScriptedCluster, name: str) -> MetadataResponse.MetadataResponseTopic:
    code = cluster.topic_errors.get(name, 0 if name in cluster.topics else UNKNOWN_TOPIC)
    if code:
        return MetadataResponse.MetadataResponseTopic(name=name, error_code=code)
    return MetadataResponse.MetadataResponseTopic(
        name=name,
        topic_id=cluster.topic_ids[name],
        partitions=[
            MetadataResponse.MetadataResponsePartition(
                partition_index=number,
                leader_id=log.leader,
                leader_epoch=log.leader_epoch,
                error_code=0 if log.leader >= 0 else 5,
                replica_nodes=log.replicas,
                isr_nodes=log.replicas,
            )
            for number, log in enumerate(cluster.topics[name])
        ],
    )


def produce(request: ProduceRequest, call: Call) -> ProduceResponse | None:
    response = ProduceResponse(
        responses=[
            ProduceResponse.TopicProduceResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[
                    _append(call, _name(call.cluster, topic.name, topic.topic_id), data)
                    for data in topic.partition_data
                ],
            )
            for topic in request.topic_data
        ]
    )
    call.cluster.records_arrived()
    return response if request.acks else None


def _append(
    call: Call, name: str, data: ProduceRequest.PartitionProduceData
) -> ProduceResponse.PartitionProduceResponse:
    code, log = _leader_log(call, name, data.index)
    if log is None:
        return ProduceResponse.PartitionProduceResponse(
            index=data.index, error_code=code, base_offset=-1
        )
    records = data.records
    assert isinstance(records, bytes | bytearray | memoryview)
    return ProduceResponse.PartitionProduceResponse(
        index=data.index, base_offset=log.append(bytes(records)), log_start_offset=log.start_offset
    )


async def fetch(request: FetchRequest, call: Call) -> FetchResponse:
    """Answer when there are min_bytes, an error, or max_wait_ms have passed."""
    loop = asyncio.get_running_loop()
    until = loop.time() + request.max_wait_ms / 1000
    while True:
        response = _read_all(request, call)
        parts = [p for topic in response.responses for p in topic.partitions]
        size = sum(len(p.records or b"") for p in parts)
        left = until - loop.time()
        if size >= request.min_bytes or left <= 0 or any(p.error_code for p in parts):
            return response
        await call.cluster.wait_for_records(left)


def _read_all(request: FetchRequest, call: Call) -> FetchResponse:
    return FetchResponse(
        responses=[
            FetchResponse.FetchableTopicResponse(
                topic=topic.topic,
                topic_id=topic.topic_id,
                partitions=[
                    _read(call, _name(call.cluster, topic.topic, topic.topic_id), p)
                    for p in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _read(call: Call, name: str, part: FetchRequest.FetchPartition) -> FetchResponse.PartitionData:
    code, log = _leader_log(call, name, part.partition)
    if log is None:
        return FetchResponse.PartitionData(
            partition_index=part.partition, error_code=code, high_watermark=-1, records=b""
        )
    end = log.high_watermark
    outside = not log.start_offset <= part.fetch_offset <= end
    stable = end if log.last_stable_offset is None else log.last_stable_offset
    return FetchResponse.PartitionData(
        partition_index=part.partition,
        error_code=OFFSET_OUT_OF_RANGE if outside else 0,
        high_watermark=end,
        last_stable_offset=stable,
        log_start_offset=log.start_offset,
        records=b"" if outside else log.read(part.fetch_offset, part.partition_max_bytes),
    )


def list_offsets(request: ListOffsetsRequest, call: Call) -> ListOffsetsResponse:
    return ListOffsetsResponse(
        topics=[
            ListOffsetsResponse.ListOffsetsTopicResponse(
                name=topic.name, partitions=[_offset(call, topic.name, p) for p in topic.partitions]
            )
            for topic in request.topics
        ]
    )


def _offset(
    call: Call, name: str, part: ListOffsetsRequest.ListOffsetsPartition
) -> ListOffsetsResponse.ListOffsetsPartitionResponse:
    code, log = _leader_log(call, name, part.partition_index)
    answer = ListOffsetsResponse.ListOffsetsPartitionResponse(
        partition_index=part.partition_index, error_code=code
    )
    if log is None:
        return answer
    offset, timestamp = log.offset_for(part.timestamp)
    if call.version == 0:
        answer.old_style_offsets = [offset] if offset >= 0 else []
        return answer
    answer.offset, answer.timestamp = offset, timestamp
    if call.version >= 4:
        answer.leader_epoch = log.leader_epoch if offset >= 0 else -1
    return answer


def _name(cluster: ScriptedCluster, name: str, topic_id: UUID) -> str:
    if name or topic_id.int == 0:
        return name
    return next((n for n, found in cluster.topic_ids.items() if found == topic_id), "")


def _leader_log(call: Call, name: str, partition: int) -> tuple[int, PartitionLog | None]:
    logs = call.cluster.topics.get(name)
    if logs is None:
        return (UNKNOWN_TOPIC if name else UNKNOWN_TOPIC_ID), None
    if not 0 <= partition < len(logs):
        return UNKNOWN_TOPIC, None
    log = logs[partition]
    return (0, log) if log.leader == call.node_id else (NOT_LEADER, None)


def with_error(cluster: ScriptedCluster, request: Message, code: int) -> Message:
    """Return an answer to *request* in which every item has the error *code*."""
    if isinstance(request, ProduceRequest):
        return _failed_produce(request, code)
    if isinstance(request, FetchRequest):
        return _failed_fetch(request, code)
    if isinstance(request, ListOffsetsRequest):
        return _failed_list_offsets(request, code)
    if isinstance(request, MetadataRequest):
        names = [t.name for t in request.topics] if request.topics else list(cluster.topics)
        return MetadataResponse(
            brokers=[_broker(cluster, node_id) for node_id in cluster.ports],
            cluster_id=cluster.cluster_id,
            topics=[
                MetadataResponse.MetadataResponseTopic(name=name, error_code=code) for name in names
            ],
        )
    answer: Any = type(request).RESPONSE(error_code=code)  # type: ignore[attr-defined]
    return answer


def _failed_produce(request: ProduceRequest, code: int) -> ProduceResponse:
    partition = ProduceResponse.PartitionProduceResponse
    return ProduceResponse(
        responses=[
            ProduceResponse.TopicProduceResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[
                    partition(index=data.index, error_code=code, base_offset=-1)
                    for data in topic.partition_data
                ],
            )
            for topic in request.topic_data
        ]
    )


def _failed_fetch(request: FetchRequest, code: int) -> FetchResponse:
    return FetchResponse(
        responses=[
            FetchResponse.FetchableTopicResponse(
                topic=topic.topic,
                topic_id=topic.topic_id,
                partitions=[
                    FetchResponse.PartitionData(
                        partition_index=p.partition, error_code=code, high_watermark=-1, records=b""
                    )
                    for p in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )


def _failed_list_offsets(request: ListOffsetsRequest, code: int) -> ListOffsetsResponse:
    partition = ListOffsetsResponse.ListOffsetsPartitionResponse
    return ListOffsetsResponse(
        topics=[
            ListOffsetsResponse.ListOffsetsTopicResponse(
                name=topic.name,
                partitions=[
                    partition(partition_index=p.partition_index, error_code=code)
                    for p in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
