"""Read what users give to the methods about topics and partitions.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Final
from uuid import UUID

from kafka.admin import arguments
from kafka.admin.named_enum import member_of
from kafka.admin.new_partitions import NewPartitions
from kafka.admin.new_topic import NewTopic
from kafka.structs import IsolationLevel, OffsetSpec, TopicPartition

if TYPE_CHECKING:
    from kafka.admin.operations.topics import TopicKey

_TOPIC_FIELDS: Final = frozenset({"num_partitions", "replication_factor", "assignments", "configs"})
_PARTITION_FIELDS: Final = frozenset({"count", "assignments"})
# The smallest number that ListOffsets gives a meaning to: KIP-1023.
_LEAST_SPEC: Final = -6


class ElectionType(IntEnum):
    """Who may become leader in an election (KIP-460)."""

    PREFERRED = 0
    UNCLEAN = 1


def new_topics(given: object) -> dict[str, NewTopic]:
    """Return the topics to create, by name.

    Args:
        given: a name, a `NewTopic`, several of them, or a dict of names with their properties.

    Raises:
        TypeError, ValueError: it is something else; the message says what.
    """
    if isinstance(given, (str, NewTopic)):
        given = [given]
    if isinstance(given, Mapping):
        arguments.not_empty("new_topics", list(given))
        topics = [_topic_of(name, properties) for name, properties in given.items()]
    elif isinstance(given, Iterable) and not isinstance(given, (bytes, bytearray)):
        topics = [one if isinstance(one, NewTopic) else _named(one) for one in given]
    else:
        raise TypeError(
            f"new_topics must be names, NewTopic objects or a dict, not {arguments.shown(given)}"
        )
    found: dict[str, NewTopic] = {}
    for topic in arguments.not_empty("new_topics", topics):
        if topic.name in found:
            raise ValueError(f"new_topics has topic {topic.name!r} twice")
        found[topic.name] = topic
    return found


def _named(name: object) -> NewTopic:
    if not isinstance(name, str):
        raise TypeError(f"new_topics must hold names or NewTopic objects, not {name!r}")
    (checked,) = arguments.names("new_topics", name)
    return NewTopic(checked)


def _topic_of(name: object, properties: object) -> NewTopic:
    if isinstance(properties, NewTopic):
        return properties
    if not isinstance(name, str):
        raise TypeError(f"new_topics must have names as keys, not {name!r}")
    if not isinstance(properties, Mapping):
        raise TypeError(f"new_topics[{name!r}] must be a dict, not {type(properties).__name__}")
    _check_fields(f"new_topics[{name!r}]", properties, _TOPIC_FIELDS)
    return NewTopic(
        name,
        properties.get("num_partitions", -1),
        properties.get("replication_factor", -1),
        properties.get("assignments"),
        properties.get("configs"),
    )


def _check_fields(what: str, given: Mapping[object, object], known: frozenset[str]) -> None:
    unknown = [repr(field) for field in given if field not in known]
    if unknown:
        may_have = ", ".join(sorted(known))
        raise ValueError(f"{what} has no {', '.join(unknown)}; it may have {may_have}")


def topic_keys(argument: str, given: object) -> list[TopicKey]:
    """Return topics that a user named: by names, by ids, or both.

    Args:
        argument: what it is called in the method's signature.
        given: one `str` or `UUID`, or several.
    """
    if isinstance(given, (str, UUID)):
        given = [given]
    if not isinstance(given, Iterable) or isinstance(given, (bytes, bytearray)):
        raise TypeError(f"{argument} must be names or ids of topics, not {arguments.shown(given)}")
    found = [_topic_key(argument, one) for one in arguments.not_empty(argument, list(given))]
    return list(dict.fromkeys(found))


def _topic_key(argument: str, given: object) -> TopicKey:
    if isinstance(given, UUID):
        if not given.int:
            raise ValueError(f"{argument} holds {given!r}, which is the id of no topic")
        return given
    if not isinstance(given, str):
        raise TypeError(f"{argument} must hold names or ids of topics, not {given!r}")
    return arguments.names(argument, given)[0]


def page_start(cursor: object) -> tuple[str, int] | None:
    """Return where a page of `describe_topic_partitions` begins.

    Args:
        cursor: a dict with ``topic_name`` and ``partition_index``; ``None`` for the first page.
    """
    if cursor is None:
        return None
    found = arguments.mapping("cursor", cursor, "a dict with topic_name and partition_index")
    (name,) = arguments.names("cursor['topic_name']", found.get("topic_name"))
    return name, arguments.number("cursor['partition_index']", found.get("partition_index"))


def wanted_partitions(given: object) -> dict[str, NewPartitions]:
    """Return how many partitions topics shall have.

    Args:
        given: ``{topic: number}``, ``{topic: {'count': ..., 'assignments': ...}}`` or
            ``{topic: NewPartitions}``.
    """
    expected = "a dict of topics and numbers, dicts or NewPartitions"
    found = {}
    for name, wanted in arguments.mapping("topic_partitions", given, expected).items():
        (topic,) = arguments.names("topic_partitions", name)
        what = f"topic_partitions[{topic!r}]"
        if isinstance(wanted, NewPartitions):
            found[topic] = wanted
        elif isinstance(wanted, Mapping):
            _check_fields(what, wanted, _PARTITION_FIELDS)
            count = arguments.number(f"{what}['count']", wanted.get("count"), least=1)
            found[topic] = NewPartitions(count, wanted.get("assignments"))
        else:
            found[topic] = NewPartitions(arguments.number(what, wanted, least=1))
    return found


def by_partition(argument: str, given: object, expected: str) -> dict[TopicPartition, object]:
    """Return a dict by partition that a user gave.

    Args:
        argument: what it is called in the method's signature.
        given: what was given.
        expected: what it should be, for the error.
    """
    found = arguments.mapping(argument, given, expected)
    return {arguments.partition(argument, tp): value for tp, value in found.items()}


def offsets(argument: str, given: object, *, least: int) -> dict[TopicPartition, int]:
    """Return offsets by partition that a user gave.

    Args:
        argument: what it is called in the method's signature.
        given: what was given.
        least: the smallest that makes sense.
    """
    found = by_partition(argument, given, "a dict of TopicPartition and offset")
    return {
        tp: arguments.number(f"{argument}[{tp.topic}-{tp.partition}]", offset, least=least)
        for tp, offset in found.items()
    }


def offset_specs(given: object) -> dict[TopicPartition, int]:
    """Return what is looked for in each partition, as ListOffsets has it.

    Args:
        given: `OffsetSpec`, its name, or a timestamp in ms, by partition.
    """
    argument = "topic_partition_specs"
    found = by_partition(argument, given, "a dict of TopicPartition and OffsetSpec or timestamp")
    specs = {}
    for tp, spec in found.items():
        what = f"{argument}[{tp.topic}-{tp.partition}]"
        value = member_of(OffsetSpec, spec, what) if isinstance(spec, str) else spec
        specs[tp] = arguments.number(what, value, least=_LEAST_SPEC)
    return specs


def isolation(given: object) -> IsolationLevel:
    """Return an isolation level that a user gave, as a member, number or ``read_committed``."""
    return member_of(IsolationLevel, given, "isolation_level")


def election(given: object) -> ElectionType:
    """Return an election type that a user gave, as a member, number or name."""
    return member_of(ElectionType, given, "election_type")


def elected_partitions(given: object) -> list[TopicPartition]:
    """Return partitions that a user gave: a list, or a dict of topics and numbers."""
    argument = "topic_partitions"
    if isinstance(given, Mapping):
        found = arguments.mapping(argument, given, "a dict of topics and numbers")
        pairs: list[object] = []
        for topic, numbers in found.items():
            if isinstance(numbers, (str, bytes)) or not isinstance(numbers, Iterable):
                raise TypeError(f"{argument}[{topic!r}] must be numbers of partitions")
            pairs += [(topic, number) for number in numbers]
        given = pairs
    return arguments.partitions(argument, given)


def reassignments(given: object) -> dict[TopicPartition, list[int] | None]:
    """Return the brokers that partitions shall move to; ``None`` cancels a move."""
    argument = "reassignments"
    found: dict[TopicPartition, list[int] | None] = {}
    expected = "a dict of TopicPartition and broker ids or None"
    for tp, brokers in by_partition(argument, given, expected).items():
        what = f"{argument}[{tp.topic}-{tp.partition}]"
        if brokers is None:
            found[tp] = None
            continue
        if isinstance(brokers, (str, bytes)) or not isinstance(brokers, Iterable):
            raise TypeError(f"{what} must be broker ids or None, not {brokers!r}")
        ids = [arguments.number(what, broker) for broker in brokers]
        found[tp] = arguments.not_empty(what, ids)
    return found
