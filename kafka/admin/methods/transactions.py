"""Methods about transactions (KIP-664)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from kafka.admin import arguments, group_arguments
from kafka.admin.failures import settle
from kafka.admin.fan_out import DictOfAnswers, ListOfAnswers
from kafka.admin.hanging_transactions import (
    forgotten,
    ids_to_describe,
    open_for_long,
    partitions_led,
    too_late,
    unknown_to_coordinators,
)
from kafka.admin.operations.describe_topics import DescribeAllTopics
from kafka.admin.operations.partition_producers import AbortTransaction, DescribeProducers
from kafka.admin.operations.transactions import (
    NO_DURATION,
    DescribeTransactions,
    ListTransactions,
    TransactionFilter,
    listings_of,
    whole,
)
from kafka.admin.settled import joined, together
from kafka.errors import TransactionalIdNotFoundError, UnknownTopicOrPartitionError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.hanging_transactions import HangingTransaction
    from kafka.admin.operation import Outcome
    from kafka.admin.transaction_types import (
        AbortTransactionSpec,
        PartitionProducerState,
        TransactionDescription,
        TransactionListing,
    )
    from kafka.structs import TopicPartition

_ALL_TOPICS: Final = "topics"
_GONE: Final = (TransactionalIdNotFoundError, UnknownTopicOrPartitionError)


async def list_transactions(
    admin: Admin,
    broker_ids: Iterable[int] | None = None,
    producer_id_filters: Iterable[int] | None = None,
    state_filters: Iterable[str] | None = None,
    duration_filter_ms: int | None = None,
    transactional_id_pattern: str | None = None,
    *,
    raise_errors: bool = True,
) -> DictOfAnswers[int, list[TransactionListing]]:
    """List the transactional ids that brokers coordinate.

    Args:
        broker_ids: ask these brokers only.
        producer_id_filters: only those of these producers.
        state_filters: only those in these states: names, or `TransactionState`.
        duration_filter_ms: only transactions that run for longer, in ms (KIP-994).
        transactional_id_pattern: only ids that match this regular expression as a whole, in the
            syntax of RE2 (KIP-1152).
        raise_errors: whether a broker that has not answered is an error; else it is in ``errors``
            of what is returned.

    Returns:
        The listings by node id of the broker.

    Raises:
        KafkaError: a broker has not answered; ``results`` has the listings of the others.
        UnsupportedVersionError: a broker is too old for a filter, or for the call.
    """
    brokers = group_arguments.nodes("broker_ids", broker_ids)
    wanted = TransactionFilter(
        tuple(group_arguments.states_of_transactions("state_filters", state_filters)),
        tuple(group_arguments.numbers("producer_id_filters", producer_id_filters)),
        NO_DURATION
        if duration_filter_ms is None
        else arguments.number("duration_filter_ms", duration_filter_ms),
        None
        if transactional_id_pattern is None
        else group_arguments.one_name("transactional_id_pattern", transactional_id_pattern),
    )
    raises = arguments.flag("raise_errors", raise_errors)
    deadline = admin.deadline()
    parts = [
        admin.run_everywhere(operation, deadline, brokers) for operation in listings_of(wanted)
    ]
    outcome = joined(await asyncio.gather(*parts), whole)
    settle(outcome, outcome.results, raise_errors=raises)
    return DictOfAnswers(outcome.results, outcome)


async def describe_transactions(
    admin: Admin, transactional_ids: str | Iterable[str]
) -> dict[str, TransactionDescription]:
    """Describe the transactions of transactional ids.

    Args:
        transactional_ids: the ids, or one.

    Returns:
        The description by id.

    Raises:
        TransactionalIdNotFoundError: no producer has had one of the ids lately.
        KafkaError: the first failure; its ``results`` has the others.
    """
    names = arguments.names("transactional_ids", transactional_ids)
    outcome = await admin.run(DescribeTransactions(), names, admin.deadline())
    settle(outcome, outcome.results)
    return outcome.results


async def describe_producers(
    admin: Admin, partitions: Iterable[TopicPartition], broker_id: int | None = None
) -> dict[TopicPartition, PartitionProducerState]:
    """Describe the producers that partitions remember.

    Args:
        partitions: the partitions.
        broker_id: the replica to ask; the leader of each by default.

    Returns:
        The producers by partition.

    Raises:
        KafkaError: the first failure; its ``results`` has the other partitions.
    """
    wanted = arguments.partitions("partitions", partitions)
    node_id = group_arguments.node("broker_id", broker_id)
    outcome = await admin.run(DescribeProducers(node_id), wanted, admin.deadline())
    settle(outcome, outcome.results)
    return outcome.results


async def abort_transaction(admin: Admin, spec: AbortTransactionSpec) -> None:
    """Abort a transaction that hangs in one partition, by writing the marker for it.

    The broker takes the marker for what it is told; see `find_hanging_transactions` for which
    transactions need it.

    Args:
        spec: partition, producer and epochs, as `describe_producers` tells them.

    Raises:
        ClusterAuthorizationFailedError: it takes ALTER or CLUSTER_ACTION on the cluster.
        InvalidProducerEpochError: the producer has a newer epoch by now.
        KafkaError: the leader has refused, or was not found.
    """
    wanted = group_arguments.spec_to_abort("spec", spec)
    outcome = await admin.run(AbortTransaction(), [wanted], admin.deadline())
    settle(outcome, None)


async def find_hanging_transactions(
    admin: Admin,
    broker_ids: Iterable[int] | None = None,
    max_transaction_timeout_ms: int = 900_000,
    *,
    raise_errors: bool = True,
) -> ListOfAnswers[HangingTransaction]:
    """Find the transactions that are open for longer than any is allowed to be.

    Either the coordinator should have ended the transaction, or only a partition knows of it: then
    nobody will end it, and readers of committed records wait for ever. `abort_transaction` helps.

    Args:
        broker_ids: look at transactions that these coordinate, and partitions that they lead.
        max_transaction_timeout_ms: how long a transaction may take; ``transaction.max.timeout.ms``
            of the brokers.
        raise_errors: whether a broker that has not answered is an error; else it is in ``errors``
            of what is returned.

    Returns:
        A dict for each, see `HangingTransaction`.

    Raises:
        KafkaError: not all brokers and partitions have answered; ``results`` has what hangs by the
            answers of the others.
    """
    brokers = group_arguments.nodes("broker_ids", broker_ids)
    longest = arguments.number("max_transaction_timeout_ms", max_transaction_timeout_ms)
    raises = arguments.flag("raise_errors", raise_errors)
    deadline = admin.deadline()
    now_ms = int(admin.net.runtime.clock.wall() * 1000)
    partitions = await _partitions_led(admin, brokers, deadline)
    # What is silent must leave time for what comes after.
    half = admin.share_of(deadline, 0.5)
    producers, listed = await asyncio.gather(
        admin.run(DescribeProducers(), partitions, half),
        admin.run_everywhere(ListTransactions(TransactionFilter()), half),
    )
    opened = open_for_long(producers.results, now_ms, longest)
    names = ids_to_describe(listed.results, opened, brokers)
    described = await admin.run(DescribeTransactions(), names, deadline)
    said = _without_what_is_gone(together(producers, listed, described))
    found = too_late(described.results, now_ms, longest, brokers)
    # Unless all coordinators have spoken, nobody can say that none of them knows a transaction.
    if not said.errors.keys() & {*listed.errors, *described.errors}:
        unknown = unknown_to_coordinators(opened, described.results)
        # It may have ended while the coordinators were asked.
        places = dict.fromkeys(one.partition for one in unknown)
        again = await admin.run(DescribeProducers(), places, deadline)
        still = open_for_long(again.results, now_ms, longest)
        found += forgotten([one for one in unknown if one in still], now_ms)
    settle(said, found, raise_errors=raises)
    return ListOfAnswers(found, said)


async def _partitions_led(
    admin: Admin, brokers: Collection[int] | None, deadline: Deadline
) -> list[TopicPartition]:
    topics = await admin.run(DescribeAllTopics(), [_ALL_TOPICS], deadline)
    settle(topics, [])
    return partitions_led(topics.results[_ALL_TOPICS], brokers)


def _without_what_is_gone(outcome: Outcome[Any, Any]) -> Outcome[Any, Any]:
    """Return *outcome* without what was deleted or has expired meanwhile.

    Any: several calls have been put together.
    """
    left = {key: error for key, error in outcome.errors.items() if not isinstance(error, _GONE)}
    return outcome._replace(errors=left)
