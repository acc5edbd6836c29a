"""WriteTxnMarkers (27): end transactions in partitions that this broker leads.

- Sent by coordinators, and by admin clients to abort a transaction that hangs (KIP-664).
- Needs ALTER or CLUSTER_ACTION on the cluster; without it the answer is
  CLUSTER_AUTHORIZATION_FAILED for each partition.
- A coordinator epoch older than that of the last marker is TRANSACTION_COORDINATOR_FENCED, a
  producer epoch older than that of the records INVALID_PRODUCER_EPOCH; from 2 on a marker of TV2
  must have a newer producer epoch than the records (KIP-1228).
- A partition of __consumer_offsets ends the transaction in the groups whose offsets it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import BrokerResponseError, ClusterAuthorizationFailedError
from kafka.protocol.messages.write_txn_markers import (
    WriteTxnMarkersRequest,
    WriteTxnMarkersResponse,
)
from kafka.testing.broker.authorizer import CLUSTER_NAME, Operation, ResourceType
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import served_partition
from kafka.testing.broker.transactions.markers import Marker, write_marker
from kafka.testing.broker.transactions.service import OFFSETS_TOPIC, Transactions

if TYPE_CHECKING:
    from kafka.testing.broker.context import RequestContext

WritableMarker = WriteTxnMarkersRequest.WritableTxnMarker
TopicResult = WriteTxnMarkersResponse.WritableTxnMarkerTopicResult
PartitionResult = WriteTxnMarkersResponse.WritableTxnMarkerPartitionResult

_OK = 0
_TV2 = 2


@handles(WriteTxnMarkersRequest, by_topic=True)
async def write_txn_markers(
    context: RequestContext, request: WriteTxnMarkersRequest
) -> WriteTxnMarkersResponse:
    """Write each marker to each of its partitions."""
    return WriteTxnMarkersResponse(
        markers=[
            WriteTxnMarkersResponse.WritableTxnMarkerResult(
                producer_id=marker.producer_id,
                topics=[
                    TopicResult(
                        name=topic.name,
                        partitions=[
                            PartitionResult(
                                partition_index=index,
                                error_code=_code(context, marker, topic.name, index),
                            )
                            for index in topic.partition_indexes
                        ],
                    )
                    for topic in marker.topics
                ],
            )
            for marker in request.markers
        ]
    )


def _code(context: RequestContext, marker: WritableMarker, topic: str, index: int) -> int:
    refusal = context.refusal(topic, index)
    if refusal is not None and not refusal.applied:
        return refusal.code
    try:
        _write(context, marker, topic, index)
    except BrokerResponseError as error:
        return error.errno
    return _OK if refusal is None else refusal.code


def _write(context: RequestContext, marker: WritableMarker, topic: str, index: int) -> None:
    if not any(
        context.allows(operation, ResourceType.CLUSTER, CLUSTER_NAME)
        for operation in (Operation.ALTER, Operation.CLUSTER_ACTION)
    ):
        raise ClusterAuthorizationFailedError
    transactions = context.cluster.component(Transactions)
    written = Marker(
        marker.producer_id,
        marker.producer_epoch,
        marker.coordinator_epoch,
        marker.transaction_result,
        is_bumped=marker.transaction_version >= _TV2,
    )
    if topic == OFFSETS_TOPIC:
        transactions.end_offsets(index, written)
    else:
        write_marker(served_partition(context, topic, index), written, transactions.at())
