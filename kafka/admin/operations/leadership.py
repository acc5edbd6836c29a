"""Who leads and holds partitions: ElectLeaders, and reassignments (KIP-455, KIP-460).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.admin import verdicts
from kafka.admin.lookups import to_controller
from kafka.admin.operation import Every, by_topic, in_words
from kafka.errors import ElectionNotNeededError
from kafka.protocol.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
)
from kafka.protocol.messages.elect_leaders import ElectLeadersRequest, ElectLeadersResponse
from kafka.protocol.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse,
)
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.operation import Answer
    from kafka.errors import KafkaError

_NOUN: Final = "partition"

OngoingReassignment = ListPartitionReassignmentsResponse.OngoingPartitionReassignment
# Error code and text of a partition, as the controller has them.
Elected = tuple[int, str | None]


class ElectLeaders:
    """Elect leaders; the keys are partitions.

    Args:
        election_type: 0 for the preferred leader, 1 for any living replica (KIP-460).
    """

    noun = _NOUN
    lookup = to_controller()
    verdicts = verdicts.ELECT_LEADERS

    def __init__(self, election_type: int) -> None:
        self._election_type = election_type

    def build(self, keys: Sequence[TopicPartition], timeout_ms: int) -> ElectLeadersRequest:
        """Return the request."""
        return ElectLeadersRequest(
            election_type=self._election_type,
            topic_partitions=[
                ElectLeadersRequest.TopicPartitions(topic=name, partitions=numbers)
                for name, numbers in by_topic(keys).items()
            ],
            timeout_ms=timeout_ms,
        )

    def read(
        self, answer: Answer[ElectLeadersResponse], keys: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, Elected | KafkaError]:
        """Return what the controller says of each partition."""
        response = answer.response
        if response.error_code:
            error = answer.error(response.error_code, None, f"{_NOUN}s")
            return dict.fromkeys(keys, error)
        return elections_in(answer)


class ElectAllLeaders:
    """Elect leaders of all partitions that need one; the one key stands for them.

    Args:
        election_type: see `ElectLeaders`.
    """

    noun = "all"
    lookup = to_controller()
    verdicts = verdicts.ELECT_LEADERS

    def __init__(self, election_type: int) -> None:
        self._election_type = election_type

    def build(self, keys: Sequence[str], timeout_ms: int) -> ElectLeadersRequest:
        """Return the request."""
        del keys
        return ElectLeadersRequest(
            election_type=self._election_type, topic_partitions=None, timeout_ms=timeout_ms
        )

    def read(
        self, answer: Answer[ElectLeadersResponse], keys: Sequence[str]
    ) -> Mapping[str, Mapping[TopicPartition, Elected | KafkaError] | KafkaError]:
        """Return what the controller says of each partition."""
        response = answer.response
        if response.error_code:
            return dict.fromkeys(keys, answer.error(response.error_code, None, "all partitions"))
        return dict.fromkeys(keys, elections_in(answer))


def elections_in(
    answer: Answer[ElectLeadersResponse],
) -> Mapping[TopicPartition, Elected | KafkaError]:
    """Return the outcome for each partition; that an election was not needed is no error."""
    found: dict[TopicPartition, Elected | KafkaError] = {}
    for topic in answer.response.replica_election_results:
        for one in topic.partition_result:
            tp = TopicPartition(topic.topic, one.partition_id)
            found[tp] = (
                (one.error_code, one.error_message)
                if one.error_code in (0, ElectionNotNeededError.errno)
                else answer.error(one.error_code, one.error_message, in_words(_NOUN, tp))
            )
    return found


class AlterReassignments:
    """Move partitions to other brokers, or cancel that; the keys are partitions.

    Args:
        wanted: the brokers of each partition; ``None`` cancels a move.
    """

    noun = _NOUN
    lookup = to_controller()
    verdicts = verdicts.ALTER_REASSIGNMENTS

    def __init__(self, wanted: Mapping[TopicPartition, Sequence[int] | None]) -> None:
        self._wanted = wanted

    def build(
        self, keys: Sequence[TopicPartition], timeout_ms: int
    ) -> AlterPartitionReassignmentsRequest:
        """Return the request."""
        request = AlterPartitionReassignmentsRequest

        def partition(
            tp: TopicPartition,
        ) -> AlterPartitionReassignmentsRequest.ReassignablePartition:
            return request.ReassignablePartition(
                partition_index=tp.partition, replicas=self._wanted[tp]
            )

        return request(
            timeout_ms=timeout_ms,
            topics=[
                request.ReassignableTopic(name=name, partitions=partitions)
                for name, partitions in by_topic(keys, partition).items()
            ],
        )

    def read(
        self,
        answer: Answer[AlterPartitionReassignmentsResponse],
        keys: Sequence[TopicPartition],
    ) -> Mapping[TopicPartition, KafkaError | None]:
        """Return what the controller says of each partition."""
        response = answer.response
        if response.error_code:
            error = answer.error(response.error_code, response.error_message, f"{_NOUN}s")
            return dict.fromkeys(keys, error)
        found: dict[TopicPartition, KafkaError | None] = {}
        for topic in response.responses:
            for one in topic.partitions:
                tp = TopicPartition(topic.name, one.partition_index)
                found[tp] = (
                    answer.error(one.error_code, one.error_message, in_words(_NOUN, tp))
                    if one.error_code
                    else None
                )
        return found


class ListReassignments:
    """List moves under way; the keys are partitions, or `Every.PARTITIONS` alone."""

    noun = "moves of"
    lookup = to_controller()
    verdicts = verdicts.LIST_REASSIGNMENTS

    def build(
        self, keys: Sequence[TopicPartition | Every], timeout_ms: int
    ) -> ListPartitionReassignmentsRequest:
        """Return the request about some partitions, or about all."""
        request = ListPartitionReassignmentsRequest
        return request(
            timeout_ms=timeout_ms,
            topics=None
            if Every.PARTITIONS in keys
            else [
                request.ListPartitionReassignmentsTopics(name=name, partition_indexes=numbers)
                for name, numbers in by_topic(_partitions(keys)).items()
            ],
        )

    def read(
        self,
        answer: Answer[ListPartitionReassignmentsResponse],
        keys: Sequence[TopicPartition | Every],
    ) -> Mapping[TopicPartition | Every, dict[TopicPartition, OngoingReassignment] | KafkaError]:
        """Return the moves by partition: for a key that is a partition its own, if there is one."""
        response = answer.response
        if response.error_code:
            error = answer.error(response.error_code, response.error_message, "reassignments")
            return dict.fromkeys(keys, error)
        moves = {
            TopicPartition(topic.name, one.partition_index): one
            for topic in response.topics
            for one in topic.partitions
        }
        if Every.PARTITIONS in keys:
            return {Every.PARTITIONS: moves}
        return {tp: {tp: moves[tp]} if tp in moves else {} for tp in _partitions(keys)}


def _partitions(keys: Sequence[TopicPartition | Every]) -> list[TopicPartition]:
    return [key for key in keys if not isinstance(key, Every)]
