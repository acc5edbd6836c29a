"""Produce (0): append batches.

- Versions 0 to 2 carry messages of magic 0 and 1, converted to one v2 batch; releases from 4.0 on
  offer these versions but end the connection (KIP-896). From 3 on each
  partition carries exactly one batch of magic 2. zstd from 7 on. Topic ids from 13 on.
- Idempotence (KIP-98): repeated batches are acknowledged with the offsets they got, gaps are
  OUT_OF_ORDER_SEQUENCE_NUMBER, old epochs INVALID_PRODUCER_EPOCH.
- Transactional batches ask the transaction coordinator unless their transaction is already open in
  the partition; from 12 on partitions join the transaction by being written to (KIP-890). Versions
  before 11 do not know TRANSACTION_ABORTABLE and get INVALID_TXN_STATE.
- A transactional batch in a request without transactional id is
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED for the whole request.
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
from kafka.protocol.messages.fetch import FetchRequest
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.schema import ZERO_UUID
from kafka.structs import TopicPartition
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.context import ConnectionRefusedByBroker
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import leader_hint, served_partition, topic_name
from kafka.testing.broker.incoming import (
    BatchRefusedError,
    RecordsRefusedError,
    TimestampRefusedError,
    accept,
    carries_transaction,
    takes_only_v2,
)
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import Transactions
from kafka.testing.broker.waiting import wait_until

if TYPE_CHECKING:
    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.incoming import IncomingBatch

PartitionResponse = ProduceResponse.PartitionProduceResponse
PartitionData = ProduceRequest.PartitionProduceData

_ALL, _NONE, _LEADER = -1, 0, 1
_EXPLAINED = (RecordsRefusedError, TimestampRefusedError)
#: What the log itself refuses is answered with where it starts.
_BY_THE_LOG = (
    *_EXPLAINED,
    BatchRefusedError,
    InvalidProducerEpochError,
    OutOfOrderSequenceNumberError,
)


class _FencedByCoordinatorError(InvalidProducerEpochError):
    """The transaction coordinator refuses a batch before the log is asked."""


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


def reads_old_messages(broker: BrokerState) -> bool:
    """Return whether the release still knows messages of magic 0 and 1.

    Those from 4.0 on do not (KIP-896), but go on to offer Produce 0 to 2, because librdkafka takes
    a broker without them for one without codecs.
    """
    return broker.apis[FetchRequest.API_KEY].min_version < 4


@handles(ProduceRequest, by_topic=True)
async def produce(context: RequestContext, request: ProduceRequest) -> ProduceResponse | None:
    """Append what each partition carries and acknowledge as *acks* asks."""
    if not takes_only_v2(context.api_version) and not reads_old_messages(context.broker):
        raise ConnectionRefusedByBroker("Produce below version 3 is offered, but not taken")
    if _hides_transaction(request):
        return _refused(request, TransactionalIdAuthorizationFailedError.errno)
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


def _hides_transaction(request: ProduceRequest) -> bool:
    """Return whether batches are transactional though the request names no transactional id."""
    return request.transactional_id is None and any(
        carries_transaction(_records(data))
        for topic in request.topic_data
        for data in topic.partition_data
    )


def _records(data: PartitionData) -> bytes | bytearray | memoryview | None:
    records = data.records
    assert records is None or isinstance(records, (bytes, bytearray, memoryview))
    return records


def _refused(request: ProduceRequest, code: int) -> ProduceResponse | None:
    """Answer every partition with an error."""
    response = ProduceResponse(
        responses=[
            ProduceResponse.TopicProduceResponse(
                name=topic.name,
                topic_id=topic.topic_id,
                partition_responses=[
                    PartitionResponse(index=data.index, error_code=code, base_offset=-1)
                    for data in topic.partition_data
                ],
            )
            for topic in request.topic_data
        ]
    )
    if request.acks == _NONE:
        _close_on_error(response)
        return None
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
    if (
        partition is not None
        and isinstance(error, _BY_THE_LOG)
        and not isinstance(error, _FencedByCoordinatorError)
    ):
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
    needed = config.integer("min.insync.replicas")
    if context.cluster.release.kraft:
        # KIP-966: more than there are replicas is never asked for.
        needed = min(needed, len(partition.replicas))
    if request.acks == _ALL and len(partition.isr) < needed:
        raise NotEnoughReplicasError(
            f"The size of the current ISR {partition.isr} is insufficient to satisfy the "
            f"min.isr requirement of {needed} for partition "
            f"{topic}-{data.index}"
        )
    batch = accept(
        _records(data),
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
    # Without it the whole request was refused.
    assert request.transactional_id is not None
    entry = partition.log.producers.entries.get(header.producer_id)
    is_open = (
        entry is not None
        and entry.transaction_start is not None
        and entry.epoch == header.producer_epoch
    )
    if is_open:
        return
    try:
        context.cluster.component(Transactions).join(
            request.transactional_id,
            ProducerIdAndEpoch(header.producer_id, header.producer_epoch),
            TopicPartition(partition.topic.name, partition.index),
            may_join=partitions_join_by_produce(context.api_version),
            knows_abortable=knows_abortable(context.api_version),
        )
    except InvalidProducerEpochError as error:
        raise _FencedByCoordinatorError(*error.args) from error


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
