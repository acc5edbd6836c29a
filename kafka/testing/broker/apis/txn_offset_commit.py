"""TxnOffsetCommit (28): offsets of a group that count when a transaction commits (KIP-98).

- Answered by the group's coordinator. The offsets wait until the transaction ends; a later commit
  of the group without transaction wins over them.
- Needs WRITE on the transactional id, READ on the group and READ on each topic.
- The transaction must hold the group's offsets: before 5 they are added by AddOffsetsToTxn (else
  INVALID_TXN_STATE, from 4 on TRANSACTION_ABORTABLE), from 5 on they join by this request
  (KIP-890). Releases that do not verify that (before 3.6) take offsets after the end of the
  transaction, unless its marker had a newer epoch. The fenced get INVALID_PRODUCER_EPOCH, in every
  version.
- From 3 on the consumer's member id, instance id and generation are checked against the group
  (KIP-447); a stale member epoch of a KIP-848 group is ILLEGAL_GENERATION. Before, or without them,
  anybody may commit.
- From 6 on topics come by id: UNKNOWN_TOPIC_ID for one that is gone.
- Metadata over offset.metadata.max.bytes is OFFSET_METADATA_TOO_LARGE.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from kafka.errors import (
    CoordinatorNotAvailableError,
    InvalidGroupIdError,
    NotEnoughReplicasError,
    TransactionalIdAuthorizationFailedError,
)
from kafka.protocol.messages.txn_offset_commit import (
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.groups.commits import commit_offsets, entries_of
from kafka.testing.broker.groups.coordinator import Commit
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import Transactions, offsets_partition

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.groups.coordinator import GroupCoordinator
    from kafka.testing.broker.groups.offsets import Committed, Key


def names_topics_by_id(version: int) -> bool:
    """Return whether topics come as ids."""
    return version >= 6


def group_joins_by_commit(version: int) -> bool:
    """Return whether the request adds the group's offsets to the transaction (KIP-890)."""
    return version >= 5


def knows_abortable(version: int) -> bool:
    """Return whether the answer may be TRANSACTION_ABORTABLE (KIP-890)."""
    return version >= 4


@handles(TxnOffsetCommitRequest, by_topic=True)
async def txn_offset_commit(
    context: RequestContext, request: TxnOffsetCommitRequest
) -> TxnOffsetCommitResponse:
    """Keep offsets until the producer's transaction ends."""
    entries = entries_of(request)
    name = request.transactional_id
    if not context.allows(Operation.WRITE, ResourceType.TRANSACTIONAL_ID, name):
        return _response(request, [TransactionalIdAuthorizationFailedError.errno] * len(entries))
    commit = Commit(
        request.group_id,
        request.member_id,
        request.group_instance_id,
        request.generation_id_or_member_epoch,
        transactional=True,
        misses_groups=names_topics_by_id(context.api_version),
    )

    def store(coordinator: GroupCoordinator, offsets: dict[Key, Committed]) -> None:
        coordinator.offsets.pending_commit(
            request.group_id, request.producer_id, request.producer_epoch, offsets
        )

    codes = commit_offsets(
        context,
        commit,
        entries,
        by_id=names_topics_by_id(context.api_version),
        store=store,
        admit=lambda: _join(context, request),
    )
    return _response(request, codes)


def _join(context: RequestContext, request: TxnOffsetCommitRequest) -> None:
    if not request.group_id:
        raise InvalidGroupIdError("the group id is empty")
    try:
        context.cluster.component(Transactions).join(
            request.transactional_id,
            ProducerIdAndEpoch(request.producer_id, request.producer_epoch),
            offsets_partition(request.group_id),
            may_join=group_joins_by_commit(context.api_version),
            knows_abortable=knows_abortable(context.api_version),
        )
    except NotEnoughReplicasError as error:
        # What a partition's leader says is not for clients of a coordinator; they retry this.
        raise CoordinatorNotAvailableError(*error.args) from error


def _response(request: TxnOffsetCommitRequest, codes: list[int]) -> TxnOffsetCommitResponse:
    position = count()
    return TxnOffsetCommitResponse(
        topics=[
            TxnOffsetCommitResponse.TxnOffsetCommitResponseTopic(
                name=topic.name,
                topic_id=topic.topic_id,
                partitions=[
                    TxnOffsetCommitResponse.TxnOffsetCommitResponsePartition(
                        partition_index=partition.partition_index,
                        error_code=codes[next(position)],
                    )
                    for partition in topic.partitions
                ],
            )
            for topic in request.topics
        ]
    )
