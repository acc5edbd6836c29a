"""Produce (0): append batches.

- Versions 0 to 2 carry messages of magic 0 and 1, converted to one v2 batch; from 3 on each
  partition carries exactly one batch of magic 2. zstd from 7 on. Topic ids from 13 on.
- Idempotence (KIP-98): repeated batches are acknowledged with the offsets they got, gaps are
  OUT_OF_ORDER_SEQUENCE_NUMBER, old epochs INVALID_PRODUCER_EPOCH.
- Transactional batches ask the transaction coordinator unless their transaction is already open in
  the partition; from 12 on partitions join the transaction by being written to (KIP-890). Versions
  before 11 do not know TRANSACTION_ABORTABLE and get INVALID_TXN_STATE.
- acks: 0 answers nothing, and an error ends the connection; 1 answers at once; -1 needs
  min.insync.replicas and waits for the high watermark, up to the request's timeout
  (REQUEST_TIMED_OUT). Any other value is INVALID_REQUIRED_ACKS.
- From 10 on NOT_LEADER_OR_FOLLOWER names the leader (KIP-951). From 8 on refused records are named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    BrokerResponseError,
    InvalidProducerEpochError,
    InvalidRequiredAcksError,
    InvalidTxnStateError,
    NotEnoughReplicasError,
    NotLeaderForPartitionError,
    OutOfOrderSequenceNumberError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.structs import TopicPartition
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.broker import ConnectionRefusedByBroker
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import leader_hint, served_partition, topic_name
from kafka.testing.broker.incoming import RecordsRefusedError, TimestampRefusedError, accept
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import Transactions
from kafka.testing.broker.waiting import wait_until

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.handlers import RequestContext
    from kafka.testing.broker.incoming import IncomingBatch

PartitionResponse = ProduceResponse.PartitionProduceResponse
PartitionData = ProduceRequest.PartitionProduceData

_ALL, _NONE, _LEADER = -1, 0, 1
_EXPLAINED = (RecordsRefusedError, TimestampRefusedError)
_WITH_LOG_START = (*_EXPLAINED, InvalidProducerEpochError, OutOfOrderSequenceNumberError)


class _Waiting(NamedTuple):
    """A partition whose acknowledgement waits for the high watermark."""

    partition: Partition
    needed: int
    answer: PartitionResponse


def names_topics_by_id(version: int) -> bool:
    """Return whether topics come as ids (KIP-516)."""
    return version >= 13


def hints_leaders(version: int) -> bool:
    """Return whether the answer may name a new leader (KIP-951)."""
    return version >= 10


def partitions_join_by_produce(version: int) -> bool:
    """Return whether a transactional Produce adds its partitions to the transaction (KIP-890)."""
    return version >= 12


def knows_abortable(version: int) -> bool:
    """Return whether the answer may be TRANSACTION_ABORTABLE (KIP-890)."""
    return version >= 11


@handles(ProduceRequest, by_topic=True)
async def produce(context: RequestContext, request: ProduceRequest) -> ProduceResponse | None:
    """Append what each partition carries and acknowledge as *acks* asks."""
    response = ProduceResponse()
    waiting: list[_Waiting] = []
    for topic in request.topic_data:
        answers = ProduceResponse.TopicProduceResponse(name=topic.name, topic_id=topic.topic_id)
        response.responses.append(answers)
        for data in topic.partition_data:
            answer = _append(context, request, topic, data, waiting)
            answers.partition_responses.append(answer)
            if hints_leaders(context.api_version):
                _add_hint(context, topic, answer, response)
    if request.acks == _NONE:
        _close_on_error(response)
        return None
    await _wait_for_replicas(context, request, waiting)
    return response


def _append(
    context: RequestContext,
    request: ProduceRequest,
    topic: ProduceRequest.TopicProduceData,
    data: PartitionData,
    waiting: list[_Waiting],
) -> PartitionResponse:
    name = topic.name
    try:
        if names_topics_by_id(context.api_version):
            name = topic_name(context.cluster, topic.topic_id)
        return _append_to(context, request, name, data, waiting)
    except BrokerResponseError as error:
        return _failed(context, name, data.index, error)


def _failed(
    context: RequestContext, topic: str, index: int, error: BrokerResponseError
) -> PartitionResponse:
    """Return an error; only what is refused for its records or its transaction says why."""
    answer = PartitionResponse(index=index, error_code=error.errno, base_offset=-1)
    if isinstance(error, (RecordsRefusedError, TimestampRefusedError)):
        answer.record_errors = [
            ProduceResponse.BatchIndexAndErrorMessage(
                batch_index=problem.batch_index, batch_index_error_message=problem.message
            )
            for problem in error.problems
        ]
    if isinstance(error, (*_EXPLAINED, InvalidTxnStateError)):
        answer.error_message = ", ".join(map(str, error.args)) or None
    partition = context.cluster.partition(topic, index)
    if partition is not None and isinstance(error, _WITH_LOG_START):
        answer.log_start_offset = partition.log.start_offset
    return answer


def _append_to(
    context: RequestContext,
    request: ProduceRequest,
    topic: str,
    data: PartitionData,
    waiting: list[_Waiting],
) -> PartitionResponse:
    refusal = context.refusal(topic, data.index)
    if refusal is not None and not refusal.applied:
        raise refusal.error
    _authorize(context, request, topic)
    if request.acks not in {_ALL, _NONE, _LEADER}:
        raise InvalidRequiredAcksError(f"acks is {request.acks}, not -1, 0 or 1")
    partition = served_partition(context, topic, data.index)
    config = partition.log.config
    if request.acks == _ALL and len(partition.isr) < config.integer("min.insync.replicas"):
        raise NotEnoughReplicasError(
            f"The size of the current ISR {partition.isr} is insufficient to satisfy the "
            f"min.isr requirement of {config.text('min.insync.replicas')} for partition "
            f"{topic}-{data.index}"
        )
    records = data.records
    assert records is None or isinstance(records, (bytes, bytearray, memoryview))
    batch = accept(
        records,
        produce_version=context.api_version,
        config=config,
        now_ms=context.cluster.clock.wall_ms(),
    )
    _check_transaction(context, request, partition, batch)
    appended = partition.log.append(
        batch, leader_epoch=partition.leader_epoch, now=context.cluster.clock.now()
    )
    if refusal is not None:
        raise refusal.error
    answer = PartitionResponse(
        index=data.index,
        base_offset=appended.base_offset,
        log_append_time_ms=appended.log_append_time_ms,
        log_start_offset=appended.log_start_offset,
    )
    if request.acks == _ALL and partition.log.high_watermark <= appended.last_offset:
        waiting.append(_Waiting(partition, appended.last_offset + 1, answer))
    return answer


def _authorize(context: RequestContext, request: ProduceRequest, topic: str) -> None:
    transactional_id = request.transactional_id
    if transactional_id is not None and not context.allows(
        Operation.WRITE, ResourceType.TRANSACTIONAL_ID, transactional_id
    ):
        raise TransactionalIdAuthorizationFailedError
    if not context.allows(Operation.WRITE, ResourceType.TOPIC, topic):
        raise TopicAuthorizationFailedError


def _check_transaction(
    context: RequestContext, request: ProduceRequest, partition: Partition, batch: IncomingBatch
) -> None:
    header = batch.header
    if not header.is_transactional:
        return
    if request.transactional_id is None:
        raise InvalidTxnStateError("a transactional batch came without a transactional id")
    entry = partition.log.producers.entries.get(header.producer_id)
    is_open = (
        entry is not None
        and entry.transaction_start is not None
        and entry.epoch == header.producer_epoch
    )
    if not is_open:
        context.cluster.component(Transactions).join(
            request.transactional_id,
            ProducerIdAndEpoch(header.producer_id, header.producer_epoch),
            TopicPartition(partition.topic.name, partition.index),
            may_join=partitions_join_by_produce(context.api_version),
            knows_abortable=knows_abortable(context.api_version),
        )


def _add_hint(
    context: RequestContext,
    topic: ProduceRequest.TopicProduceData,
    answer: PartitionResponse,
    response: ProduceResponse,
) -> None:
    if answer.error_code != NotLeaderForPartitionError.errno:
        return
    name = topic.name
    if topic.topic_id != ZERO_UUID:
        name = topic_name(context.cluster, topic.topic_id)
    hint = leader_hint(context, name, answer.index)
    if hint is None:
        return
    partition, node = hint
    answer.current_leader = ProduceResponse.LeaderIdAndEpoch(
        leader_id=partition.leader, leader_epoch=partition.leader_epoch
    )
    if all(endpoint.node_id != node.node_id for endpoint in response.node_endpoints):
        response.node_endpoints.append(
            ProduceResponse.NodeEndpoint(
                node_id=node.node_id,
                host=node.host,
                port=node.port_at(context.peer.listener),
                rack=node.rack,
            )
        )


def _close_on_error(response: ProduceResponse) -> None:
    for topic in response.responses:
        for answer in topic.partition_responses:
            if answer.error_code:
                raise ConnectionRefusedByBroker(
                    f"Produce with acks=0 failed with error {answer.error_code}"
                )


async def _wait_for_replicas(
    context: RequestContext, request: ProduceRequest, waiting: list[_Waiting]
) -> None:
    if not waiting:
        return
    await wait_until(
        lambda: all(item.partition.log.high_watermark >= item.needed for item in waiting),
        [item.partition.log.changed for item in waiting],
        timers=context.cluster.timers,
        limit=request.timeout_ms / 1000,
    )
    for item in waiting:
        if item.partition.log.high_watermark < item.needed:
            item.answer.error_code = RequestTimedOutError.errno
            item.answer.base_offset = -1
