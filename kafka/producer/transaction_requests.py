"""Make the requests of transactions, read the answers, and say what their errors mean.  Pure.

The tables follow KIP-1050: what is not `Verdict.RETRY` or `Verdict.FIND_COORDINATOR` either fails
the transaction, which the application then aborts (`Verdict.ABORT`), or ends the producer
(`Verdict.FENCE`, `Verdict.FATAL`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka.errors import (
    ClusterAuthorizationFailedError,
    CommitFailedError,
    CoordinatorLoadInProgressError,
    FencedInstanceIdError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    InvalidProducerEpochError,
    InvalidProducerIdMappingError,
    InvalidTxnStateError,
    KafkaError,
    KafkaProtocolError,
    OperationNotAttemptedError,
    ProducerFencedError,
    RequestTimedOutError,
    StaleMemberEpochError,
    TopicAuthorizationFailedError,
    TransactionAbortableError,
    TransactionalIdAuthorizationFailedError,
    UnknownMemberIdError,
    UnknownProducerIdError,
    UnknownTopicOrPartitionError,
    UnsupportedVersionError,
    for_code,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.adapt import END_TXN_WITHOUT_TV2, TXN_OFFSET_COMMIT_WITHOUT_TV2
from kafka.protocol.messages.add_offsets_to_txn import (
    AddOffsetsToTxnRequest,
)
from kafka.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
)
from kafka.protocol.messages.end_txn import EndTxnRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from kafka.structs import ConsumerGroupMetadata, TopicPartition
from kafka.subscription.grouping import by_topic, names_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from kafka.producer.sequences import ProducerIdentity
    from kafka.protocol.schema import Request
    from kafka.structs import OffsetAndMetadata

    AnyRequest = Request[Any]  # Any: each has its own kind of response
    Verdicts = Mapping[type[KafkaError], Verdict]

_EVERYWHERE: Final[Verdicts] = {
    # The broker has not answered, or not in a way that can be read: perhaps another one is the
    # coordinator by now.
    RequestTimedOutError: Verdict.FIND_COORDINATOR,
    KafkaProtocolError: Verdict.FIND_COORDINATOR,
    CoordinatorLoadInProgressError: Verdict.RETRY,
    TransactionAbortableError: Verdict.ABORT,
    # KIP-588: both mean that a newer producer has the transactional id, or that the broker has
    # ended the transaction because it took too long.
    ProducerFencedError: Verdict.FENCE,
    InvalidProducerEpochError: Verdict.FENCE,
}

INIT_PRODUCER_ID_VERDICTS: Final[Verdicts] = {
    **_EVERYWHERE,
    # Rights may be granted: the call may be repeated.
    TransactionalIdAuthorizationFailedError: Verdict.ABORT,
    ClusterAuthorizationFailedError: Verdict.ABORT,
}
ADD_PARTITIONS_VERDICTS: Final[Verdicts] = {
    **_EVERYWHERE,
    UnknownTopicOrPartitionError: Verdict.RETRY,
    UnknownProducerIdError: Verdict.ABORT,
    TopicAuthorizationFailedError: Verdict.ABORT,
    OperationNotAttemptedError: Verdict.ABORT,
}
ADD_OFFSETS_VERDICTS: Final[Verdicts] = {
    **_EVERYWHERE,
    UnknownProducerIdError: Verdict.ABORT,
    GroupAuthorizationFailedError: Verdict.ABORT,
}
TXN_OFFSET_COMMIT_VERDICTS: Final[Verdicts] = {
    **_EVERYWHERE,
    UnknownTopicOrPartitionError: Verdict.RETRY,
    GroupAuthorizationFailedError: Verdict.ABORT,
    TopicAuthorizationFailedError: Verdict.ABORT,
    FencedInstanceIdError: Verdict.ABORT,
    CommitFailedError: Verdict.ABORT,
    # The broker does not know group metadata (KIP-447); nothing was sent.
    UnsupportedVersionError: Verdict.ABORT,
}
END_TXN_VERDICTS: Final[Verdicts] = {
    **_EVERYWHERE,
    UnknownProducerIdError: Verdict.ABORT,
    # What a commit gets from version 2 on if the broker has aborted the transaction, because it
    # took too long. An abort finds that out: it succeeds, or is refused for good.
    InvalidTxnStateError: Verdict.ABORT,
}
"""What to do about the error codes of each API; all others follow their class."""

VERDICTS: Final[Mapping[type[AnyRequest], Verdicts]] = {
    InitProducerIdRequest: INIT_PRODUCER_ID_VERDICTS,
    AddPartitionsToTxnRequest: ADD_PARTITIONS_VERDICTS,
    AddOffsetsToTxnRequest: ADD_OFFSETS_VERDICTS,
    TxnOffsetCommitRequest: TXN_OFFSET_COMMIT_VERDICTS,
    EndTxnRequest: END_TXN_VERDICTS,
}

_CAPS: Final[Mapping[type[AnyRequest], int]] = {
    TxnOffsetCommitRequest: TXN_OFFSET_COMMIT_WITHOUT_TV2,
    EndTxnRequest: END_TXN_WITHOUT_TV2,
}

# Errors of a Produce response that no transaction can follow. All others fail the transaction.
_FATAL_TO_PRODUCE: Final = frozenset(
    {
        ClusterAuthorizationFailedError,
        TransactionalIdAuthorizationFailedError,
        ProducerFencedError,
        UnsupportedVersionError,
        InvalidProducerIdMappingError,
    }
)
# The coordinator of the group no longer counts the consumer as a member of this generation.
_NOT_A_MEMBER: Final = frozenset(
    {UnknownMemberIdError, IllegalGenerationError, StaleMemberEpochError}
)


class PendingOffsets(NamedTuple):
    """Offsets that a transaction is to commit for a group.

    Args:
        group: the group, and which of its members has consumed.
        offsets: by partition.
    """

    group: ConsumerGroupMetadata
    offsets: Mapping[TopicPartition, OffsetAndMetadata]

    @property
    def group_id(self) -> str:
        """The group."""
        return self.group.group_id or ""


def verdict_on(error: KafkaError, request: AnyRequest) -> Verdict:
    """Return what *error* means as the answer to *request*."""
    verdict = verdict_for(type(error), VERDICTS[type(request)])
    if verdict is Verdict.REFRESH_METADATA and not isinstance(error, UnknownTopicOrPartitionError):
        # The connection broke, or there is none.
        return Verdict.FIND_COORDINATOR
    return verdict


def cap_of(request: AnyRequest) -> int | None:
    """Return the highest version of *request* in a transaction below TV2 (KIP-890)."""
    return _CAPS.get(type(request))


def is_fatal_to_produce(error: KafkaError) -> bool:
    """Return whether a batch that failed with *error* ends the producer, not its transaction."""
    return type(error) in _FATAL_TO_PRODUCE


# -- requests ------------------------------------------------------------------------------


def add_partitions_request(
    transactional_id: str, producer: ProducerIdentity, partitions: Collection[TopicPartition]
) -> AddPartitionsToTxnRequest:
    """Return the request that adds *partitions* to the transaction."""
    topic = AddPartitionsToTxnRequest.AddPartitionsToTxnTopic
    return AddPartitionsToTxnRequest(
        v3_and_below_transactional_id=transactional_id,
        v3_and_below_producer_id=producer.producer_id,
        v3_and_below_producer_epoch=producer.epoch,
        v3_and_below_topics=[
            topic(name=name, partitions=[tp.partition for tp in found])
            for name, found in by_topic(sorted(partitions)).items()
        ],
    )


def add_offsets_request(
    transactional_id: str, producer: ProducerIdentity, group_id: str
) -> AddOffsetsToTxnRequest:
    """Return the request that adds the offsets of a group to the transaction."""
    return AddOffsetsToTxnRequest(
        transactional_id=transactional_id,
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        group_id=group_id,
    )


def txn_offset_commit_request(
    transactional_id: str, producer: ProducerIdentity, pending: PendingOffsets
) -> TxnOffsetCommitRequest:
    """Return the request that commits *pending* when the transaction is committed (KIP-447)."""
    request = TxnOffsetCommitRequest
    group = pending.group
    topics = [
        request.TxnOffsetCommitRequestTopic(
            name=topic,
            partitions=[
                request.TxnOffsetCommitRequestPartition(
                    partition_index=tp.partition,
                    committed_offset=pending.offsets[tp].offset or 0,
                    committed_leader_epoch=pending.offsets[tp].leader_epoch,
                    committed_metadata=pending.offsets[tp].metadata,
                )
                for tp in partitions
            ],
        )
        for topic, partitions in by_topic(pending.offsets).items()
    ]
    return TxnOffsetCommitRequest(
        transactional_id=transactional_id,
        group_id=pending.group_id,
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        generation_id_or_member_epoch=group.generation_id,
        member_id=group.member_id,
        group_instance_id=group.group_instance_id,
        topics=topics,
    )


def end_request(
    transactional_id: str, producer: ProducerIdentity, *, commit: bool
) -> EndTxnRequest:
    """Return the request that ends the transaction."""
    return EndTxnRequest(
        transactional_id=transactional_id,
        producer_id=producer.producer_id,
        producer_epoch=producer.epoch,
        committed=commit,
    )


# -- answers -------------------------------------------------------------------------------


def read_add_partitions(
    response: AddPartitionsToTxnResponse,
) -> tuple[dict[str, KafkaError], KafkaError | None]:
    """Return the errors of topics, and the worst; a broker adds all of a request or nothing."""
    errors: dict[TopicPartition, type[KafkaError]] = {
        TopicPartition(topic.name, part.partition_index): for_code(part.partition_error_code)
        for topic in response.results_by_topic_v3_and_below
        for part in topic.results_by_partition
        if part.partition_error_code
    }
    # It says nothing but that another partition was refused: that one decides.
    causes = {tp: kind for tp, kind in errors.items() if kind is not OperationNotAttemptedError}
    topics = {
        topic: _named({tp: causes[tp] for tp in tps})[0] for topic, tps in by_topic(causes).items()
    }
    return topics, worst(_named(causes or errors), ADD_PARTITIONS_VERDICTS)


def read_txn_offset_commit(
    sent: PendingOffsets, response: TxnOffsetCommitResponse
) -> tuple[PendingOffsets, KafkaError | None]:
    """Return what of *sent* has to be sent again, and the worst error."""
    errors = {
        TopicPartition(topic.name, part.partition_index): for_code(part.error_code)
        for topic in response.topics
        for part in topic.partitions
        if part.error_code
    }
    left = {tp: offset for tp, offset in sent.offsets.items() if tp in errors}
    found = [
        _not_a_member(sent, error) if type(error) in _NOT_A_MEMBER else error
        for error in _named(errors)
    ]
    return sent._replace(offsets=left), worst(found, TXN_OFFSET_COMMIT_VERDICTS)


def read_code(request: AnyRequest, code: int) -> KafkaError | None:
    """Return the error of an answer that has one *code* for everything."""
    if not code:
        return None
    error = for_code(code)
    return error(f"{request.NAME}: {getattr(error, 'description', '')}")


def worst(errors: Iterable[KafkaError], verdicts: Verdicts) -> KafkaError | None:
    """Return the error with the gravest consequence; of several such the first."""
    return max(errors, key=lambda error: _GRAVITY[verdict_for(type(error), verdicts)], default=None)


# What is not here waits and tries again.
_GRAVE: Final = (
    Verdict.RETRY,
    Verdict.REFRESH_METADATA,
    Verdict.FIND_COORDINATOR,
    Verdict.ABORT,
    Verdict.FENCE,
    Verdict.FATAL,
)
_GRAVITY: Final = {
    verdict: _GRAVE.index(verdict) if verdict in _GRAVE else 0 for verdict in Verdict
}


def _named(errors: Mapping[TopicPartition, type[KafkaError]]) -> list[KafkaError]:
    """Return an error for each class, which names its partitions."""
    grouped: dict[type[KafkaError], list[TopicPartition]] = {}
    for tp, kind in errors.items():
        grouped.setdefault(kind, []).append(tp)
    return [
        kind(f"{names_of(tps)}: {getattr(kind, 'description', '')}")
        for kind, tps in grouped.items()
    ]


def _not_a_member(sent: PendingOffsets, error: KafkaError) -> CommitFailedError:
    group = sent.group
    failed = CommitFailedError(
        f"group={group.group_id}: the offsets of {names_of(sent.offsets)} were not added to the "
        f"transaction: member {group.member_id or '(none)'} of generation {group.generation_id} is "
        "no member of the group any more, and its partitions may belong to others. Abort the "
        "transaction and go on with poll(), which joins the group again"
    )
    failed.__cause__ = error
    return failed
