"""Produce requests: what is in one, how it is encoded, what its response says.  Pure.

The sender decides which batches go together; `kafka.producer.batch_fate` decides what the
results make of them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.errors import (
    CorrelationIdError,
    CorruptRecordError,
    DuplicateSequenceNumberError,
    IllegalSaslStateError,
    IllegalStateError,
    InvalidReceiveError,
    KafkaError,
    KafkaProtocolError,
    MessageSizeTooLargeError,
    NoError,
    RecordListTooLargeError,
    RequestTimedOutError,
    SaslAuthenticationFailedError,
    TlsError,
    TlsVerificationError,
    UnknownTopicOrPartitionError,
    UnsupportedSaslMechanismError,
    UnsupportedVersionError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.produce_template import ProduceTemplate
from kafka.structs import BrokerMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from kafka.cluster import ClusterSnapshot
    from kafka.net.connection import Connection
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.topic_info import PartitionQueue
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.produce import ProduceResponse
    from kafka.protocol.produce_template import ProduceAck, ProduceSettings

    ProduceOutcome = ProduceResponse | ProduceAck | KafkaError

PRODUCE_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    # The batch came in whole, but damaged: the copy kept here is sound.
    CorruptRecordError: Verdict.RETRY,
    # Written by an earlier attempt whose answer was lost (KIP-98).
    DuplicateSequenceNumberError: Verdict.SUCCEED,
    MessageSizeTooLargeError: Verdict.SPLIT,
    RecordListTooLargeError: Verdict.SPLIT,
    # No answer says nothing about the broker's health; it may also have lost the partition.
    RequestTimedOutError: Verdict.REFRESH_METADATA,
    # An unreadable answer closes the connection, so it is treated as a lost one.
    KafkaProtocolError: Verdict.REFRESH_METADATA,
    InvalidReceiveError: Verdict.REFRESH_METADATA,
    CorrelationIdError: Verdict.REFRESH_METADATA,
    # All brokers refuse the client. They did not when the record was taken, so credentials or
    # certificates are being changed: there is time until `delivery_timeout_ms`.
    TlsError: Verdict.REFRESH_METADATA,
    TlsVerificationError: Verdict.REFRESH_METADATA,
    SaslAuthenticationFailedError: Verdict.REFRESH_METADATA,
    UnsupportedSaslMechanismError: Verdict.REFRESH_METADATA,
    IllegalSaslStateError: Verdict.REFRESH_METADATA,
}


class DrainedBatch(NamedTuple):
    """A batch that was taken out of its queue, and that queue."""

    queue: PartitionQueue
    batch: ProducerBatch


class SentBatches(NamedTuple):
    """The batches of one request that was written to a node, as long as it has no answer."""

    node_id: int
    batches: list[DrainedBatch]


class ProduceDraft:
    """The batches that go to one node in this step.

    Args:
        connection: takes one request in this step.
        versions: what the broker speaks.
        max_bytes: how many bytes of batches fit into the request.

    Attributes:
        bytes_left: how many still fit.
    """

    __slots__ = ("batches", "bytes_left", "connection", "versions")

    def __init__(self, connection: Connection, versions: ApiVersions, max_bytes: int) -> None:
        self.connection = connection
        self.versions = versions
        self.bytes_left = max_bytes
        self.batches: list[DrainedBatch] = []

    def add(self, queue: PartitionQueue, batch: ProducerBatch) -> bool:
        """Add *batch* if it fits; return whether it does. One batch fits whatever its size."""
        size = batch.encoded_size
        if size > self.bytes_left and self.batches:
            self.bytes_left = 0
            return False
        self.bytes_left -= size
        self.batches.append(DrainedBatch(queue, batch))
        return True


class InFlightProduce:
    """A Produce request that was written; its outcome is handled in the step that brings it.

    A connection calls `set_result` or `set_exception`. What it calls after that has no effect.

    Args:
        node_id: the broker it went to.
        batches: what is in it.
        snapshot: the cluster when it was written; the response is read with its topic ids.
        on_outcome: called with this and the outcome.

    Attributes:
        handled: whether the outcome is being handled. *on_outcome* sets it, as late as that: an
            exception out of a signal handler before it has the connection report an error instead.
    """

    __slots__ = ("_on_outcome", "batches", "handled", "node_id", "snapshot")

    def __init__(
        self,
        node_id: int,
        batches: list[DrainedBatch],
        *,
        snapshot: ClusterSnapshot,
        on_outcome: Callable[[InFlightProduce, ProduceOutcome], None],
    ) -> None:
        self.node_id = node_id
        self.batches = batches
        self.snapshot = snapshot
        self.handled = False
        self._on_outcome = on_outcome

    def done(self) -> bool:
        """Return whether the outcome has been handled."""
        return self.handled

    def set_result(self, result: ProduceResponse | ProduceAck, /) -> None:
        """Handle the response."""
        if not self.handled:
            self._on_outcome(self, result)

    def set_exception(self, exception: KafkaError, /) -> None:
        """Handle the error because of which there is no response."""
        if not self.handled:
            self._on_outcome(self, exception)


class LeaderHint(NamedTuple):
    """The leader an error named (KIP-951)."""

    leader: int
    leader_epoch: int
    endpoints: tuple[BrokerMetadata, ...]


class PartitionResult(NamedTuple):
    """What a broker answered for one partition; times in ms since the epoch.

    Args:
        error: ``None`` if it has stored the batch.
        base_offset: of the first record.
        timestamp: that the broker gave all records; -1 for none.
        record_errors: the records that the broker names as the cause, by index.
        hint: the leader that the broker names.
        log_start_offset: of the partition; -1 if the answer does not say.
        written: whether the request was written at all; an error may come before.
    """

    error: KafkaError | None
    base_offset: int = -1
    timestamp: int = -1
    record_errors: Mapping[int, KafkaError] = {}
    hint: LeaderHint | None = None
    log_start_offset: int = -1
    written: bool = True


def make_request(
    batches: list[DrainedBatch], snapshot: ClusterSnapshot, settings: ProduceSettings
) -> ProduceRequest:
    """Return the request that carries *batches*, each of another partition.

    Raises:
        IllegalStateError: a partition comes twice; brokers would store one batch of the two.
    """
    topics: dict[str, dict[int, ProduceRequest.PartitionProduceData]] = defaultdict(dict)
    for _, batch in batches:
        topic, partition = batch.topic_partition
        if partition in topics[topic]:
            raise IllegalStateError(f"{topic}-{partition}: two batches in one request")
        topics[topic][partition] = ProduceRequest.PartitionProduceData(
            index=partition, records=batch.pieces()
        )
    return ProduceRequest(
        transactional_id=settings.transactional_id,
        acks=settings.acks,
        timeout_ms=settings.timeout_ms,
        topic_data=[
            ProduceRequest.TopicProduceData(
                name=name, topic_id=snapshot.topic_id(name), partition_data=list(data.values())
            )
            for name, data in topics.items()
        ],
    )


def template_of(
    queue: PartitionQueue,
    versions: ApiVersions,
    snapshot: ClusterSnapshot,
    settings: ProduceSettings,
) -> ProduceTemplate:
    """Return the template of requests with one batch of *queue*; make one if it has changed."""
    topic, partition = queue.topic_partition
    topic_id = snapshot.topic_id(topic)
    template = queue.template
    if (
        template is None
        or template.versions is not versions
        or template.topic_id is not topic_id
        or template.settings is not settings
    ):
        template = queue.template = ProduceTemplate(
            versions, settings, topic=topic, topic_id=topic_id, partition=partition
        )
    return template


def reopen_for(batch: ProducerBatch, magic: int) -> None:
    """Make *batch* ready to be encoded again, in the record format *magic* of its leader.

    The leader joined, or was upgraded, after the batch was encoded; or other brokers are older
    (from Produce 3 on a broker refuses what is not of format 2).

    Raises:
        UnsupportedVersionError: the format has no headers, and a record has some.
    """
    batch.reopen()
    if magic < 2 and batch.has_headers:
        topic, partition = batch.topic_partition
        raise UnsupportedVersionError(
            f"{topic}-{partition}: the leader is older than Kafka 0.11 and cannot store "
            f"record headers"
        )


def read_results(
    response: ProduceResponse, batches: list[DrainedBatch], snapshot: ClusterSnapshot
) -> dict[TopicPartition, PartitionResult]:
    """Return the result of each batch; a partition that is left out counts as unknown.

    Args:
        response: what the broker answered.
        batches: what the request carried.
        snapshot: the cluster when the request was made; topic ids may have changed since.
    """
    asked = {batch.topic_partition for _, batch in batches}
    names: dict[UUID, str] = {snapshot.topic_id(topic): topic for topic, _ in asked}
    found: dict[TopicPartition, PartitionResult] = {}
    for topic in response.responses:
        name = topic.name or names.get(topic.topic_id, "")
        for partition in topic.partition_responses:
            tp = TopicPartition(name, partition.index)
            found[tp] = _result(tp, partition, response)
    for tp in asked - found.keys():
        place = f"{tp.topic}-{tp.partition}"
        found[tp] = PartitionResult(
            UnknownTopicOrPartitionError(f"{place}: left out of the answer")
        )
    return found


def _result(
    tp: TopicPartition,
    partition: ProduceResponse.PartitionProduceResponse,
    response: ProduceResponse,
) -> PartitionResult:
    current = partition.current_leader
    hint = None
    if current is not None and current.leader_id >= 0:
        endpoints = tuple(
            BrokerMetadata(e.node_id, e.host, e.port, e.rack) for e in response.node_endpoints
        )
        hint = LeaderHint(current.leader_id, current.leader_epoch, endpoints)
    error_class = for_code(partition.error_code)
    if error_class is NoError:
        return PartitionResult(None, partition.base_offset, partition.log_append_time_ms, hint=hint)
    place = f"{tp.topic}-{tp.partition}"
    detail = partition.error_message or getattr(error_class, "description", "")
    # KIP-467: the records the broker names get its words, the others hear of their neighbours.
    record_errors: dict[int, KafkaError] = {
        culprit.batch_index: error_class(f"{place}: {culprit.batch_index_error_message or detail}")
        for culprit in partition.record_errors
    }
    error = error_class(f"{place}: {detail}")
    return PartitionResult(
        error,
        record_errors=record_errors,
        hint=hint,
        log_start_offset=partition.log_start_offset,
    )
