"""Partitions: DeleteRecords, ListOffsets, which their leaders answer.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from kafka.admin import verdicts
from kafka.admin.lookups import to_broker, to_leader
from kafka.admin.operation import by_topic, in_words
from kafka.protocol.messages.delete_records import DeleteRecordsRequest, DeleteRecordsResponse
from kafka.protocol.messages.list_offsets import ListOffsetsRequest, ListOffsetsResponse
from kafka.structs import OffsetAndTimestamp, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.admin.operation import Answer, Lookup
    from kafka.errors import KafkaError
    from kafka.structs import IsolationLevel

V = TypeVar("V")

_NOUN = "partition"


def _itself(tp: TopicPartition) -> TopicPartition:
    return tp


class DeleteRecords:
    """Delete the records before an offset; the keys are partitions.

    Args:
        offsets: by partition; -1 for the high watermark.
        leader_id: the broker to ask, if the caller knows better.
    """

    noun = _NOUN

    def __init__(self, offsets: Mapping[TopicPartition, int], leader_id: int | None = None) -> None:
        self._offsets = offsets
        self.verdicts = (
            verdicts.DELETE_RECORDS if leader_id is None else verdicts.DELETE_RECORDS_ON_BROKER
        )
        self.lookup: Lookup[TopicPartition] = (
            to_leader(_itself) if leader_id is None else to_broker(lambda _tp: leader_id)
        )

    def build(self, keys: Sequence[TopicPartition], timeout_ms: int) -> DeleteRecordsRequest:
        """Return the request."""
        request = DeleteRecordsRequest

        def partition(tp: TopicPartition) -> DeleteRecordsRequest.DeleteRecordsPartition:
            return request.DeleteRecordsPartition(
                partition_index=tp.partition, offset=self._offsets[tp]
            )

        return request(
            topics=[
                request.DeleteRecordsTopic(name=name, partitions=partitions)
                for name, partitions in by_topic(keys, partition).items()
            ],
            timeout_ms=timeout_ms,
        )

    def read(
        self, answer: Answer[DeleteRecordsResponse], keys: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, int | KafkaError]:
        """Return the first offset that is left of each partition."""
        del keys
        return _by_partition(answer, lambda one: one.low_watermark)


class ListOffsets:
    """Find offsets by time or meaning; the keys are partitions.

    Args:
        specs: a timestamp in ms, or a number of `OffsetSpec`, by partition.
        isolation: whether offsets of open transactions count.
    """

    noun = _NOUN
    lookup: Lookup[TopicPartition] = to_leader(_itself)
    verdicts = verdicts.LIST_OFFSETS

    def __init__(self, specs: Mapping[TopicPartition, int], isolation: IsolationLevel) -> None:
        self._specs = specs
        self._isolation = isolation

    def build(self, keys: Sequence[TopicPartition], timeout_ms: int) -> ListOffsetsRequest:
        """Return the request."""
        request = ListOffsetsRequest

        def partition(tp: TopicPartition) -> ListOffsetsRequest.ListOffsetsPartition:
            return request.ListOffsetsPartition(
                partition_index=tp.partition, timestamp=self._specs[tp]
            )

        return request(
            replica_id=-1,
            isolation_level=self._isolation,
            topics=[
                request.ListOffsetsTopic(name=name, partitions=partitions)
                for name, partitions in by_topic(keys, partition).items()
            ],
            timeout_ms=timeout_ms,
        )

    def read(
        self, answer: Answer[ListOffsetsResponse], keys: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndTimestamp | KafkaError]:
        """Return what each leader has found."""
        del keys
        return _by_partition(
            answer, lambda one: OffsetAndTimestamp(one.offset, one.timestamp, one.leader_epoch)
        )


# Any: the partitions of either response.
def _by_partition(
    answer: Answer[Any], value: Callable[[Any], V]
) -> dict[TopicPartition, V | KafkaError]:
    """Return the *value* of each partition in a response, or its error."""
    found: dict[TopicPartition, V | KafkaError] = {}
    for topic in answer.response.topics:
        for one in topic.partitions:
            tp = TopicPartition(topic.name, one.partition_index)
            found[tp] = (
                answer.error(one.error_code, None, in_words(_NOUN, tp))
                if one.error_code
                else value(one)
            )
    return found
