"""Create and extend topics, where the first answer may be lost or an old topic be in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.lost_answers import RULES, has_configs, has_grown, has_layout
from kafka.admin.operation import Outcome
from kafka.admin.operations.configs import DescribeConfigs, ResourceKey
from kafka.admin.operations.describe_topics import DescribeTopics
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    StaleMetadata,
    TopicAlreadyExistsError,
    for_code,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.create_topics import CreateTopicsResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from uuid import UUID

    from kafka._base.deadline import Deadline
    from kafka.admin.admin import Admin
    from kafka.admin.new_partitions import NewPartitions
    from kafka.admin.new_topic import NewTopic
    from kafka.admin.operation import Operation, Verdicts
    from kafka.admin.operations.configs import Described
    from kafka.admin.operations.describe_topics import FoundTopic
    from kafka.admin.operations.topics import CreatedTopic, CreatePartitions, CreateTopics

T = TypeVar("T")

# Metadata of the client itself does not matter here.
_VERDICTS: Final[Verdicts] = {StaleMetadata: Verdict.RETRY}


class _Judged(NamedTuple, Generic[T]):
    """What is known of topics that the controller has refused to change.

    Attributes:
        done: the results of those that are as was asked.
        open: those of which nothing can be said yet: an old one is being deleted, or the broker
            that was asked does not know the new one.
    """

    done: dict[str, T]
    open: list[str]


async def create(
    admin: Admin,
    operation: CreateTopics,
    topics: Mapping[str, NewTopic],
    deadline: Deadline,
    *,
    is_check: bool,
) -> Outcome[str, CreatedTopic]:
    """Create topics.

    What this client has deleted before may still be going away: then it is tried again. A topic
    that exists after a lost answer counts as created if it is as was asked.

    Args:
        admin: the client.
        operation: creates them.
        topics: by name.
        deadline: when to give up.
        is_check: whether nothing is to be created.
    """

    async def judge(outcome: Outcome[str, CreatedTopic]) -> _Judged[CreatedTopic]:
        now = admin.net.runtime.clock.now()
        old = {
            name: admin.deleted_topics.id_of(name, now)
            for name, error in outcome.errors.items()
            if isinstance(error, TopicAlreadyExistsError)
        }
        doubtful = frozenset() if is_check else outcome.doubtful & old.keys()
        names = [name for name in old if old[name] is not None or name in doubtful]
        found = await _described(admin, names, deadline)
        still = [name for name in names if name not in found or _is_old(found[name], old[name])]
        same = {
            name: found[name]
            for name in names
            if name in doubtful and name not in still and has_layout(topics[name], found[name])
        }
        configs, unknown = await _configs(admin, same, deadline)
        done = {
            name: _as_created(topic, configs.get(name))
            for name, topic in same.items()
            if has_configs(topics[name], configs.get(name))
        }
        return _Judged(done, [*still, *(name for name in unknown if name not in done)])

    return await _until_clear(admin, operation, topics, deadline, judge)


async def extend(
    admin: Admin,
    operation: CreatePartitions,
    wanted: Mapping[str, NewPartitions],
    deadline: Deadline,
    *,
    is_check: bool,
) -> Outcome[str, None]:
    """Add partitions; a topic that has them after a lost answer counts as extended.

    Args:
        admin: the client.
        operation: adds them.
        wanted: by topic.
        deadline: when to give up.
        is_check: whether nothing is to be changed.
    """

    async def judge(outcome: Outcome[str, None]) -> _Judged[None]:
        names = [
            name
            for name, error in outcome.errors.items()
            if not is_check
            and name in outcome.doubtful
            and isinstance(error, RULES["CreatePartitions"].compared)
        ]
        found = await _described(admin, names, deadline)
        done = [name for name, topic in found.items() if has_grown(wanted[name], topic)]
        left = [
            name
            for name in names
            if name not in found
            or (
                not (topic := found[name]).error_code
                and len(topic.partitions) < wanted[name].total_count
            )
        ]
        return _Judged(dict.fromkeys(done), left)

    return await _until_clear(admin, operation, wanted, deadline, judge)


async def _until_clear(
    admin: Admin,
    operation: Operation[str, T],
    names: Iterable[str],
    deadline: Deadline,
    judge: Callable[[Outcome[str, T]], Awaitable[_Judged[T]]],
) -> Outcome[str, T]:
    """Ask the controller; ask again about topics for as long as *judge* cannot tell."""
    outcome = await admin.run(operation, names, deadline)
    left: list[str] = []

    async def look() -> None:
        nonlocal outcome, left
        done, left = await judge(outcome)
        outcome = outcome.merged(Outcome(done, {}, outcome.doubtful))

    async def attempt() -> bool | KafkaError:
        nonlocal outcome
        again = await admin.run(operation, left, deadline)
        # That no time was left says nothing new.
        news = {key: e for key, e in again.errors.items() if not isinstance(e, KafkaTimeoutError)}
        outcome = outcome.merged(again._replace(errors=news))
        await look()
        return StaleMetadata(f"not clear yet: {', '.join(left)}") if left else True

    await look()
    if left:
        await admin.until(deadline, attempt, _VERDICTS)
    return outcome


async def _described(admin: Admin, names: list[str], deadline: Deadline) -> dict[str, FoundTopic]:
    """Return what a broker says of topics, without those that it does not know yet."""
    if not names:
        return {}
    found = (await admin.run(DescribeTopics(), names, deadline)).results
    return {
        name: topic
        for name, topic in found.items()
        if not topic.error_code or not issubclass(for_code(topic.error_code), RetriableError)
    }


def _is_old(topic: FoundTopic, deleted: UUID | None) -> bool:
    return deleted is not None and bool(deleted.int) and topic.topic_id == deleted


async def _configs(
    admin: Admin, names: Iterable[str], deadline: Deadline
) -> tuple[dict[str, Described], list[str]]:
    """Return the configs of topics, and those whose configs the broker does not know yet."""
    keys = [ResourceKey(ConfigResourceType.TOPIC, name) for name in names]
    if not keys:
        return {}, []
    wanted = dict.fromkeys(keys, None)
    operation = DescribeConfigs(wanted, include_synonyms=False, include_documentation=False)
    outcome = await admin.run(operation, keys, deadline)
    unknown = [key.name for key, e in outcome.errors.items() if isinstance(e, RetriableError)]
    return {key.name: found for key, found in outcome.results.items()}, unknown


def _as_created(topic: FoundTopic, configs: Described | None) -> CreatedTopic:
    response = CreateTopicsResponse
    return response.CreatableTopicResult(
        name=topic.name or "",
        topic_id=topic.topic_id,
        error_message=None,
        num_partitions=len(topic.partitions),
        replication_factor=len(topic.partitions[0].replica_nodes) if topic.partitions else -1,
        configs=[
            response.CreatableTopicConfigs(
                name=config.name,
                value=config.value,
                read_only=config.read_only,
                config_source=config.config_source,
                is_sensitive=config.is_sensitive,
            )
            for config in (configs.configs if configs is not None else ())
        ],
    )
