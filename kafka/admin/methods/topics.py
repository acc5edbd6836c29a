"""Methods about topics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafka.admin import arguments, topic_arguments, topic_results
from kafka.admin.failures import combined, results_on_errors, settle
from kafka.admin.lost_answers import done_before
from kafka.admin.methods import topic_changes
from kafka.admin.methods.topic_waits import wait_until_gone, wait_until_known
from kafka.admin.operation import Fallback
from kafka.admin.operations.describe_topics import (
    DescribeAllTopics,
    DescribeTopicPartitions,
    DescribeTopics,
    page_of,
)
from kafka.admin.operations.topics import CreatePartitions, CreateTopics, DeleteTopics
from kafka.admin.settled import together
from kafka.errors import UnsupportedVersionError
from kafka.protocol.messages.delete_topics import DeleteTopicsResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.new_partitions import NewPartitions
    from kafka.admin.new_topic import NewTopic
    from kafka.admin.operation import Outcome
    from kafka.admin.operations.describe_topics import FoundTopic
    from kafka.admin.operations.topics import DeletedTopic, TopicKey
    from kafka.admin.results import (
        CreatePartitionsResult,
        CreateTopicsResult,
        DeleteTopicsResult,
        DescribedTopic,
        TopicPartitionsResult,
    )

_ALL = "topics"


async def create_topics(
    admin: Admin,
    new_topics: str | NewTopic | Iterable[str | NewTopic] | Mapping[str, Mapping[str, Any]],
    timeout_ms: float | None = None,
    validate_only: bool = False,
    raise_errors: bool = True,
    wait_for_metadata: bool = False,
) -> CreateTopicsResult:
    """Create topics.

    Args:
        new_topics: names, `NewTopic` objects, or a dict of names with ``num_partitions``,
            ``replication_factor``, ``assignments`` and ``configs`` each. What is left out is for
            the brokers to decide (KIP-464).
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        validate_only: check only, create nothing (KIP-108).
        raise_errors: whether to raise if a topic could not be created.
        wait_for_metadata: wait until every broker that answers knows the topics.

    Returns:
        ``{'topics': [...]}``, a dict for each topic.

    Raises:
        KafkaError: the first failure; its ``results`` has what came of all topics.
        KafkaTimeoutError: the controller has not answered in time.
        UnsupportedVersionError: the brokers are too old for what was asked.
    """
    topics = topic_arguments.new_topics(new_topics)
    deadline = admin.deadline(timeout_ms)
    checks = arguments.flag("validate_only", validate_only)
    raises = arguments.flag("raise_errors", raise_errors)
    waits = arguments.flag("wait_for_metadata", wait_for_metadata)
    operation = CreateTopics(topics, validate_only=checks)
    outcome = await topic_changes.create(admin, operation, topics, deadline, is_check=checks)
    if not checks:
        admin.deleted_topics.forget(outcome.results)
    result = topic_results.created(topics, outcome)
    if waits and outcome.results and not checks:
        with results_on_errors(result):
            await wait_until_known(admin, list(outcome.results), deadline)
    settle(outcome, result, raise_errors=raises)
    return result


async def delete_topics(
    admin: Admin,
    topics: str | UUID | Iterable[str | UUID],
    timeout_ms: float | None = None,
    raise_errors: bool = True,
    *,
    wait_for_metadata: bool = False,
) -> DeleteTopicsResult:
    """Delete topics and all that is in them.

    Args:
        topics: names or ids (KIP-516), or one.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        raise_errors: whether to raise if a topic could not be deleted.
        wait_for_metadata: wait until no broker that answers lists the topics any more.

    Returns:
        ``{'topics': [...]}``, a dict for each topic.

    Raises:
        KafkaError: the first failure; its ``results`` has what came of all topics.
        KafkaTimeoutError: the controller has not answered in time.
        UnsupportedVersionError: an id, and the brokers are older than 2.8.
    """
    keys = topic_arguments.topic_keys("topics", topics)
    raises = arguments.flag("raise_errors", raise_errors)
    waits = arguments.flag("wait_for_metadata", wait_for_metadata)
    deadline = admin.deadline(timeout_ms)
    outcome = done_before("DeleteTopics", await admin.run(DeleteTopics(), keys, deadline), _gone)
    now = admin.net.runtime.clock.now()
    names = []
    for key, topic in outcome.results.items():
        name = topic.name if topic.name is not None else key
        if isinstance(name, str):
            names.append(name)
            admin.deleted_topics.note(name, topic.topic_id, now)
    result = topic_results.deleted(keys, outcome)
    if waits and names:
        with results_on_errors(result):
            await wait_until_gone(admin, names, deadline)
    settle(outcome, result, raise_errors=raises)
    return result


def _gone(key: TopicKey) -> DeletedTopic:
    return DeleteTopicsResponse.DeletableTopicResult(name=key if isinstance(key, str) else None)


async def create_partitions(
    admin: Admin,
    topic_partitions: Mapping[str, int | Mapping[str, Any] | NewPartitions],
    timeout_ms: float | None = None,
    validate_only: bool = False,
    raise_errors: bool = True,
) -> CreatePartitionsResult:
    """Add partitions to topics.

    Args:
        topic_partitions: by topic: how many partitions it shall have in all, or a dict with
            ``count`` and ``assignments``, or `NewPartitions`.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.
        validate_only: check only, change nothing.
        raise_errors: whether to raise if a topic could not be changed.

    Returns:
        An object whose ``results`` has ``name``, ``error_code`` and ``error_message`` of each.

    Raises:
        KafkaError: the first failure; its ``results`` has what came of all topics.
        KafkaTimeoutError: the controller has not answered in time.
    """
    wanted = topic_arguments.wanted_partitions(topic_partitions)
    checks = arguments.flag("validate_only", validate_only)
    raises = arguments.flag("raise_errors", raise_errors)
    deadline = admin.deadline(timeout_ms)
    operation = CreatePartitions(wanted, validate_only=checks)
    outcome = await topic_changes.extend(admin, operation, wanted, deadline, is_check=checks)
    result = topic_results.extended(wanted, outcome)
    settle(outcome, result, raise_errors=raises)
    return result


async def list_topics(admin: Admin) -> list[str]:
    """Return the names of all topics that the caller may see, internal ones too.

    Raises:
        KafkaTimeoutError: no broker has answered in time.
    """
    topics = await _all_topics(admin, admin.deadline(), with_operations=False)
    return [topic.name for topic in topics if topic.name is not None]


async def describe_topics(
    admin: Admin, topics: str | UUID | Iterable[str | UUID] | None = None
) -> list[DescribedTopic]:
    """Describe topics and their partitions.

    Args:
        topics: names or ids (KIP-516), or one; ``None`` for all.

    Returns:
        A dict for each topic, with ``error_code`` 3 for one that does not exist.

    Raises:
        KafkaTimeoutError: no broker has answered in time.
        UnsupportedVersionError: an id, and the brokers are older than 3.1.
    """
    deadline = admin.deadline()
    if topics is None:
        found = await _all_topics(admin, deadline, with_operations=True)
        return [topic_results.described(topic) for topic in found]
    keys = topic_arguments.topic_keys("topics", topics)
    outcome = await _described(admin, keys, deadline)
    result = [topic_results.described(topic) for topic in outcome.results.values()]
    if outcome.errors:
        raise combined(outcome, result)
    return result


async def _described(
    admin: Admin, keys: Sequence[TopicKey], deadline: Deadline
) -> Outcome[TopicKey, FoundTopic]:
    """Describe topics; ids go in a request of their own: beside one, brokers ignore names."""
    ids = [key for key in keys if isinstance(key, UUID)]
    names = [key for key in keys if isinstance(key, str)]
    parts = await asyncio.gather(
        *(
            admin.run(
                DescribeTopics(with_operations=True),
                some,
                deadline,
                fallbacks=[Fallback(DescribeTopics())],
            )
            for some in (ids, names)
            if some
        )
    )
    found = together(*parts)
    return found._replace(results={key: found.results[key] for key in keys if key in found.results})


async def _all_topics(
    admin: Admin, deadline: Deadline, *, with_operations: bool
) -> list[FoundTopic]:
    operation = DescribeAllTopics(with_operations=with_operations)
    outcome = await admin.run(
        operation, [_ALL], deadline, fallbacks=[Fallback(DescribeAllTopics())]
    )
    if outcome.errors:
        raise combined(outcome, [])
    return outcome.results[_ALL]


async def describe_topic_partitions(
    admin: Admin,
    topics: str | Iterable[str],
    response_partition_limit: int = 2000,
    cursor: Mapping[str, Any] | None = None,
) -> TopicPartitionsResult:
    """Describe partitions page by page, with the replicas that may be elected (KIP-966).

    Args:
        topics: names, or one name. If they are more than a request can list, a page is about those
            that come first, and ``next_cursor`` leads to the others.
        response_partition_limit: so many partitions at most; brokers have a limit of their own.
        cursor: the ``next_cursor`` of the page before.

    Returns:
        ``{'topics': [...], 'next_cursor': ...}``. Brokers before 3.7 do not know of replicas that
        may be elected: ``None`` there.

    Raises:
        KafkaTimeoutError: no broker has answered in time.
    """
    names = arguments.names("topics", topics)
    limit = arguments.number("response_partition_limit", response_partition_limit, least=1)
    start = topic_arguments.page_start(cursor)
    deadline = admin.deadline()
    outcome = await admin.run(DescribeTopicPartitions(names, limit, start), [_ALL], deadline)
    error = outcome.errors.get(_ALL)
    if error is None:
        return topic_results.page(outcome.results[_ALL])
    if not isinstance(error, UnsupportedVersionError):
        raise error
    whole = await _described(admin, names, deadline)
    if whole.errors:
        raise combined(whole, None)
    return topic_results.page(page_of(whole.results.values(), limit, start))


async def wait_for_topics(
    admin: Admin, topic_names: str | Iterable[str], timeout_ms: float | None = 10000
) -> None:
    """Wait until every broker that answers knows topics, and each partition has a leader.

    Args:
        topic_names: names, or one name.
        timeout_ms: how long to wait, in ms; ``None`` for ``default_api_timeout_ms``.

    Raises:
        KafkaTimeoutError: they are not there in time; the message says what is missing where.
    """
    names = arguments.names("topic_names", topic_names)
    await wait_until_known(admin, names, admin.deadline(timeout_ms))
