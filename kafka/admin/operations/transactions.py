"""Transactional ids, as their coordinators list and describe them (KIP-664).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.admin import request_size, verdicts
from kafka.admin.lookups import TRANSACTION, to_broker, to_coordinator
from kafka.admin.transaction_types import (
    TransactionDescription,
    TransactionListing,
    TransactionState,
)
from kafka.protocol.messages.describe_transactions import (
    DescribeTransactionsRequest,
    DescribeTransactionsResponse,
)
from kafka.protocol.messages.list_transactions import (
    ListTransactionsRequest,
    ListTransactionsResponse,
)
from kafka.structs import TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.admin.operation import Answer, Lookup
    from kafka.errors import KafkaError

NO_DURATION: Final = -1
"""The duration filter that lets every transaction pass."""


class TransactionFilter(NamedTuple):
    """Which transactional ids to list; all of it must hold.

    Attributes:
        states: the state is one of these; any if empty.
        producer_ids: the producer id is one of these; any if empty.
        duration_ms: the transaction runs for longer (KIP-994); `NO_DURATION` for any.
        pattern: a regular expression for the whole id, in RE2's syntax (KIP-1152).
    """

    states: tuple[str, ...] = ()
    producer_ids: tuple[int, ...] = ()
    duration_ms: int = NO_DURATION
    pattern: str | None = None


class ListTransactions:
    """List the transactional ids that brokers coordinate; the keys are brokers.

    Args:
        wanted: which to list; more producers than a request can list are for several operations,
            see `listings_of`.
    """

    noun = "broker"
    lookup: Lookup[int] = to_broker(lambda node_id: node_id)
    verdicts = verdicts.LIST_TRANSACTIONS

    def __init__(self, wanted: TransactionFilter) -> None:
        self._wanted = wanted

    def build(self, keys: Sequence[int], timeout_ms: int) -> ListTransactionsRequest:
        """Return the request, which is the same for each broker."""
        del keys, timeout_ms
        return ListTransactionsRequest(
            state_filters=self._wanted.states,
            producer_id_filters=self._wanted.producer_ids,
            duration_filter=self._wanted.duration_ms,
            transactional_id_pattern=self._wanted.pattern,
        )

    def read(
        self, answer: Answer[ListTransactionsResponse], keys: Sequence[int]
    ) -> Mapping[int, list[TransactionListing] | KafkaError]:
        """Return what the broker lists, in the order of its answer."""
        response = answer.response
        if response.error_code:
            error = answer.error(response.error_code, None, f"broker {answer.node_id}")
            return dict.fromkeys(keys, error)
        listed = [
            TransactionListing(
                found.transactional_id, found.producer_id, state_of(found.transaction_state)
            )
            for found in response.transaction_states
        ]
        return dict.fromkeys(keys, listed)


def listings_of(wanted: TransactionFilter) -> list[ListTransactions]:
    """Return operations for *wanted*, each of which fits into a request; nearly always one."""

    def listing(some: Sequence[int]) -> ListTransactions:
        return ListTransactions(wanted._replace(producer_ids=tuple(some)))

    parts = request_size.divided(lambda some: listing(some).build((), 0), wanted.producer_ids)
    return [listing(some) for some in parts]


def whole(parts: Iterable[Sequence[TransactionListing]]) -> list[TransactionListing]:
    """Return what a broker has listed in parts."""
    return [one for part in parts for one in part]


class DescribeTransactions:
    """Describe transactional ids; they are the keys."""

    noun = "transactional id"
    lookup: Lookup[str] = to_coordinator(TRANSACTION, str)
    verdicts = verdicts.DESCRIBE_TRANSACTIONS

    def build(self, keys: Sequence[str], timeout_ms: int) -> DescribeTransactionsRequest:
        """Return the request about some transactional ids."""
        del timeout_ms
        return DescribeTransactionsRequest(transactional_ids=keys)

    def read(
        self, answer: Answer[DescribeTransactionsResponse], keys: Sequence[str]
    ) -> Mapping[str, TransactionDescription | KafkaError]:
        """Return the description of each."""
        del keys
        return {
            found.transactional_id: answer.error(
                found.error_code, None, f"transactional id {found.transactional_id}"
            )
            if found.error_code
            else _description(found, answer.node_id)
            for found in answer.response.transaction_states
        }


def _description(
    found: DescribeTransactionsResponse.TransactionState, node_id: int
) -> TransactionDescription:
    return TransactionDescription(
        coordinator_id=node_id,
        state=state_of(found.transaction_state),
        producer_id=found.producer_id,
        producer_epoch=found.producer_epoch,
        transaction_timeout_ms=found.transaction_timeout_ms,
        transaction_start_time_ms=found.transaction_start_time_ms,
        topic_partitions=frozenset(
            TopicPartition(topic.topic, number)
            for topic in found.topics
            for number in topic.partitions
        ),
    )


def state_of(name: str) -> TransactionState:
    """Return the state that a broker names; states of newer brokers are `UNKNOWN`."""
    try:
        return TransactionState(name)
    except ValueError:
        return TransactionState.UNKNOWN
