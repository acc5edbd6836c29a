"""What the answer to a change means that was sent again because the first answer was lost.  Pure.

The first request may have been carried out; then many APIs refuse the second one. `RULES` has each
API that changes something, so that none is forgotten.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.admin.operations.topics import config_text
from kafka.admin.settled import Settled
from kafka.errors import (
    GroupIdNotFoundError,
    InvalidPartitionsError,
    KafkaError,
    NoReassignmentInProgressError,
    ResourceNotFoundError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka.admin.new_partitions import NewPartitions
    from kafka.admin.new_topic import NewTopic
    from kafka.admin.operation import K, Outcome, V
    from kafka.admin.operations.configs import Described
    from kafka.admin.operations.describe_topics import FoundTopic


class Rule(NamedTuple):
    """What the second answer may say of a change that the first request has made.

    Attributes:
        done: errors after which it is as was asked, whoever did it.
        compared: errors after which what there is has to be compared with what was asked.
    """

    done: tuple[type[KafkaError], ...] = ()
    compared: tuple[type[KafkaError], ...] = ()


# Asked twice, they say twice that it is done.
_SAME_AGAIN: Final = Rule()

RULES: Final[Mapping[str, Rule]] = {
    "AlterClientQuotas": _SAME_AGAIN,
    "AlterConfigs": _SAME_AGAIN,
    # A move is asked for again; what is cancelled is no longer under way.
    "AlterPartitionReassignments": Rule(done=(NoReassignmentInProgressError,)),
    "AlterReplicaLogDirs": _SAME_AGAIN,
    "AlterUserScramCredentials": Rule(done=(ResourceNotFoundError,)),
    "CreateAcls": _SAME_AGAIN,
    "CreatePartitions": Rule(compared=(InvalidPartitionsError,)),
    "CreateTopics": Rule(compared=(TopicAlreadyExistsError,)),
    # What matches nothing any more counts as deleted. Which ACLs the first request has deleted
    # cannot be told: they leave nothing behind, not even an error.
    "DeleteAcls": _SAME_AGAIN,
    "DeleteGroups": Rule(done=(GroupIdNotFoundError,)),
    "DeleteRecords": _SAME_AGAIN,
    "DeleteTopics": Rule(done=(UnknownTopicOrPartitionError, UnknownTopicIdError)),
    # That an election is not needed counts as done in any case.
    "ElectLeaders": _SAME_AGAIN,
    "IncrementalAlterConfigs": _SAME_AGAIN,
    "LeaveGroup": Rule(done=(UnknownMemberIdError,)),
    "OffsetCommit": _SAME_AGAIN,
    # A group of which nothing is left is gone.
    "OffsetDelete": Rule(done=(GroupIdNotFoundError,)),
    "UpdateFeatures": _SAME_AGAIN,
    "WriteTxnMarkers": _SAME_AGAIN,
}


def done_before(api: str, outcome: Outcome[K, V], value: Callable[[K], V]) -> Outcome[K, V]:
    """Return *outcome* with what an earlier request has done among the results.

    Args:
        api: the API, a key of `RULES`.
        outcome: what came of the call.
        value: returns the result of a key that is done.
    """
    done = {
        key: value(key)
        for key, error in outcome.errors.items()
        if key in outcome.doubtful and isinstance(error, RULES[api].done)
    }
    return outcome.merged(outcome._replace(results=done, errors={}))


def settled_before(api: str, outcome: Outcome[K, Settled]) -> Outcome[K, Settled]:
    """Return *outcome* with what an earlier request has done counted as done; see `done_before`."""
    outcome = done_before(api, outcome, lambda _key: Settled())
    done = {
        key: Settled()
        for key, found in outcome.results.items()
        if key in outcome.doubtful and isinstance(found.error, RULES[api].done)
    }
    return outcome._replace(results=outcome.results | done)


def has_layout(asked: NewTopic, found: FoundTopic) -> bool:
    """Return whether a topic has the partitions and replicas that were asked for."""
    if found.error_code:
        return False
    replicas = {one.partition_index: list(one.replica_nodes) for one in found.partitions}
    if asked.replica_assignments:
        return replicas == {n: list(ids) for n, ids in asked.replica_assignments.items()}
    return asked.num_partitions in (-1, len(replicas)) and all(
        asked.replication_factor in (-1, len(ids)) for ids in replicas.values()
    )


def has_configs(asked: NewTopic, found: Described | None) -> bool:
    """Return whether a topic has the configs that were asked for; others do not matter.

    Args:
        asked: the topic as it shall be.
        found: its configs, ``None`` if they cannot be told.
    """
    values = {} if found is None else {config.name: config.value for config in found.configs}
    return all(
        _is_same(config_text(value), values.get(name))
        for name, value in asked.topic_configs.items()
        if value is not None
    )


def has_grown(asked: NewPartitions, found: FoundTopic) -> bool:
    """Return whether a topic has as many partitions as were asked for, where they were wanted."""
    replicas = {one.partition_index: list(one.replica_nodes) for one in found.partitions}
    if found.error_code or len(replicas) != asked.total_count:
        return False
    placed = asked.new_assignments or ()
    first = asked.total_count - len(placed)
    return all(replicas.get(first + n) == list(ids) for n, ids in enumerate(placed))


def _is_same(asked: str | None, found: str | None) -> bool:
    """Return whether two texts are the same value: brokers may tell 0.50 as 0.5."""
    if asked is None or found is None:
        return asked == found
    try:
        return Decimal(asked) == Decimal(found)
    except InvalidOperation:
        return _parts(asked) == _parts(found)


def _parts(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",")]
