"""AddPartitionsToTxn (24): partitions join a transaction before they are written to.

- v0 to v3 come from producers, for one transaction, and answer with an error per partition.
- v4 and newer come from brokers (CLUSTER_ACTION), for several transactions; one with `verify_only`
  adds nothing and says TRANSACTION_ABORTABLE for what is not part of the transaction (KIP-890).
- All or nothing: if a topic is unknown or not allowed, the other partitions of the transaction are
  OPERATION_NOT_ATTEMPTED. Internal topics are not allowed.
- From 2 on the fenced get PRODUCER_FENCED, before INVALID_PRODUCER_EPOCH (KIP-588).
- While the last transaction lacks a marker the answer is CONCURRENT_TRANSACTIONS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    OperationNotAttemptedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.protocol.messages.add_partitions_to_txn import (
    AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse,
)
from kafka.structs import TopicPartition
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.transactions.coordinator import ProducerIdAndEpoch
from kafka.testing.broker.transactions.service import OFFSETS_TOPIC, Transactions, fenced_code

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

Transaction = AddPartitionsToTxnRequest.AddPartitionsToTxnTransaction
TopicResult = AddPartitionsToTxnResponse.AddPartitionsToTxnTopicResult
PartitionResult = AddPartitionsToTxnResponse.AddPartitionsToTxnPartitionResult
Codes = dict[TopicPartition, int]

_OK = 0
_INTERNAL = frozenset((OFFSETS_TOPIC, "__transaction_state"))


def has_several_transactions(version: int) -> bool:
    """Return whether the request is the batched one of brokers (KIP-890)."""
    return version >= 4


def knows_fencing(version: int) -> bool:
    """Return whether the answer may be PRODUCER_FENCED (KIP-588)."""
    return version >= 2


@handles(AddPartitionsToTxnRequest, by_topic=True)
async def add_partitions_to_txn(
    context: RequestContext, request: AddPartitionsToTxnRequest
) -> AddPartitionsToTxnResponse:
    """Add partitions to transactions, or check that they are part of them."""
    if not has_several_transactions(context.api_version):
        only = Transaction(
            transactional_id=request.v3_and_below_transactional_id,
            producer_id=request.v3_and_below_producer_id,
            producer_epoch=request.v3_and_below_producer_epoch,
            topics=request.v3_and_below_topics,
        )
        return AddPartitionsToTxnResponse(results_by_topic_v3_and_below=_results(context, only))
    if not context.allows(Operation.CLUSTER_ACTION, ResourceType.CLUSTER, CLUSTER_NAME):
        raise ClusterAuthorizationFailedError
    return AddPartitionsToTxnResponse(
        results_by_transaction=[
            AddPartitionsToTxnResponse.AddPartitionsToTxnResult(
                transactional_id=transaction.transactional_id,
                topic_results=_results(context, transaction),
            )
            for transaction in request.transactions
        ]
    )


def _results(context: RequestContext, transaction: Transaction) -> list[TopicResult]:
    codes = _codes(context, transaction)
    return [
        TopicResult(
            name=topic.name,
            results_by_partition=[
                PartitionResult(
                    partition_index=index,
                    partition_error_code=codes[TopicPartition(topic.name, index)],
                )
                for index in topic.partitions
            ],
        )
        for topic in transaction.topics
    ]


def _codes(context: RequestContext, transaction: Transaction) -> Codes:
    asked = [
        TopicPartition(topic.name, index)
        for topic in transaction.topics
        for index in topic.partitions
    ]
    refused = _refused(context, asked, applied=False)
    if not refused:
        try:
            codes = _handled(context, transaction, asked)
        except BrokerResponseError as error:
            code = fenced_code(error, knows_fencing=knows_fencing(context.api_version))
            codes = dict.fromkeys(asked, code)
        return codes | _refused(context, asked, applied=True)
    return dict.fromkeys(asked, OperationNotAttemptedError.errno) | refused


def _refused(context: RequestContext, asked: list[TopicPartition], *, applied: bool) -> Codes:
    found = {partition: context.refusal(*partition) for partition in asked}
    return {
        partition: refusal.code
        for partition, refusal in found.items()
        if refusal is not None and refusal.applied is applied
    }


def _handled(
    context: RequestContext, transaction: Transaction, asked: list[TopicPartition]
) -> Codes:
    name = transaction.transactional_id
    if not context.allows(Operation.WRITE, ResourceType.TRANSACTIONAL_ID, name):
        raise TransactionalIdAuthorizationFailedError
    if not transaction.verify_only:
        impossible = _impossible(context, asked)
        if impossible:
            return dict.fromkeys(asked, OperationNotAttemptedError.errno) | impossible
    transactions = context.cluster.component(Transactions)
    transactions.check_coordinator(context.broker.node_id, name)
    producer = ProducerIdAndEpoch(transaction.producer_id, transaction.producer_epoch)
    if not transaction.verify_only:
        transactions.add_partitions(name, producer, set(asked))
        return dict.fromkeys(asked, _OK)
    return {partition: _verified(transactions, name, producer, partition) for partition in asked}


def _impossible(context: RequestContext, asked: list[TopicPartition]) -> Codes:
    codes = {}
    for partition in asked:
        if partition.topic in _INTERNAL or not context.allows(
            Operation.WRITE, ResourceType.TOPIC, partition.topic
        ):
            codes[partition] = TopicAuthorizationFailedError.errno
        elif context.cluster.partition(*partition) is None:
            codes[partition] = UnknownTopicOrPartitionError.errno
    return codes


def _verified(
    transactions: Transactions, name: str, producer: ProducerIdAndEpoch, partition: TopicPartition
) -> int:
    try:
        transactions.coordinator.verify(name, producer, partition)
    except BrokerResponseError as error:
        return error.errno
    return _OK
