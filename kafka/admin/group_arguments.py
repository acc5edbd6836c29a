"""Check what users give to methods of groups and transactions, before anything is sent.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import NamedTuple, TypeVar

from kafka.admin.arguments import mapping, names, not_empty, number, partition, partitions, shown
from kafka.admin.group_types import GroupState, GroupType, MemberToRemove, OffsetTimestamp
from kafka.admin.named_enum import member_of
from kafka.admin.transaction_types import AbortTransactionSpec, TransactionState
from kafka.structs import OffsetAndMetadata, OffsetSpec, TopicPartition

E = TypeVar("E", bound=Enum)


class ResetTargets(NamedTuple):
    """Where a group is to go on.

    Attributes:
        times: by partition, an `OffsetSpec` or a time in ms.
        offsets: by partition, the offset.
    """

    times: dict[TopicPartition, int]
    offsets: dict[TopicPartition, int]


def group_specs(argument: str, given: object) -> dict[str, list[TopicPartition] | None]:
    """Return groups that a user named, each with the partitions to tell, ``None`` for all.

    Args:
        argument: what it is called in the method's signature.
        given: a name, names, or names with lists of partitions or ``None``.
    """
    if not isinstance(given, Mapping):
        return dict.fromkeys(names(argument, given))
    groups = mapping(argument, given, "group names, or group names with partitions")
    return {
        names(argument, group_id)[0]: None
        if wanted is None
        else partitions(f"{argument}[{group_id!r}]", wanted)
        for group_id, wanted in groups.items()
    }


def one_name(argument: str, given: object) -> str:
    """Return the one name that a user gave; raise for anything else than a ``str``."""
    if not isinstance(given, str):
        raise TypeError(f"{argument} must be a str, not {shown(given)}")
    return names(argument, given)[0]


def node(argument: str, given: object) -> int | None:
    """Return the node id that a user gave, ``None`` for none."""
    return None if given is None else number(argument, given)


def nodes(argument: str, given: object) -> list[int] | None:
    """Return the node ids that a user gave, one or several; ``None`` for all brokers."""
    return None if given is None else not_empty(argument, numbers(argument, given))


def numbers(argument: str, given: object) -> list[int]:
    """Return the numbers that a user gave, one or several; none of them for ``None``."""
    if given is None:
        return []
    return [number(argument, one) for one in _several(argument, given, int, "numbers")]


def states_of_groups(argument: str, given: object) -> list[str]:
    """Return the states of groups that a user named, in any case; none for all."""
    return _choices(argument, given, GroupState)


def types_of_groups(argument: str, given: object) -> list[str]:
    """Return the types of groups that a user named, in any case; none for all."""
    return _choices(argument, given, GroupType)


def states_of_transactions(argument: str, given: object) -> list[str]:
    """Return the states of transactions that a user named, in any case; none for all."""
    return _choices(argument, given, TransactionState)


def _choices(argument: str, given: object, kind: type[E]) -> list[str]:
    if given is None:
        return []
    found = [member_of(kind, name, argument) for name in _several(argument, given, str, "names")]
    return [member.value for member in dict.fromkeys(found)]


def _several(argument: str, given: object, one: type, what: str) -> list[object]:
    """Return *given* as a list; what is of the type *one* is a list of one."""
    if isinstance(given, one):
        return [given]
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise TypeError(f"{argument} must be {what}, not {shown(given)}")
    return list(given)


def members(argument: str, given: object) -> list[MemberToRemove]:
    """Return the members that a user wants out of a group.

    Args:
        argument: what it is called in the method's signature.
        given: one or several `MemberToRemove`.
    """
    if isinstance(given, MemberToRemove):
        given = [given]
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{argument} must be a list of MemberToRemove, not {shown(given)}")
    found = [_member(argument, one) for one in given]
    return list(dict.fromkeys(not_empty(argument, found)))


def _member(argument: str, given: object) -> MemberToRemove:
    if not isinstance(given, MemberToRemove):
        raise TypeError(f"{argument} must hold MemberToRemove, not {shown(given)}")
    for name, value in zip(given._fields, given, strict=True):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{argument}: {name} must be a str or None, not {shown(value)}")
    if not given.name:
        raise ValueError(f"{argument}: {given!r} has neither a member_id nor a group_instance_id")
    return given


def offsets_to_commit(argument: str, given: object) -> dict[TopicPartition, OffsetAndMetadata]:
    """Return the offsets that a user wants committed.

    Args:
        argument: what it is called in the method's signature.
        given: an `OffsetAndMetadata`, or the offset alone, by partition.
    """
    expected = "a dict of TopicPartition to OffsetAndMetadata"
    return {
        partition(argument, tp): _offset(f"{argument}[{tp!r}]", offset)
        for tp, offset in mapping(argument, given, expected).items()
    }


def _offset(argument: str, given: object) -> OffsetAndMetadata:
    if not isinstance(given, OffsetAndMetadata):
        if isinstance(given, bool) or not isinstance(given, int):
            raise TypeError(f"{argument} must be an OffsetAndMetadata, not {shown(given)}")
        given = OffsetAndMetadata(given)
    number(f"{argument}.offset", given.offset)
    number(f"{argument}.leader_epoch", given.leader_epoch, least=-1)
    if not isinstance(given.metadata, str):
        raise TypeError(f"{argument}.metadata must be a str, not {shown(given.metadata)}")
    return given


def reset_targets(argument: str, given: object) -> ResetTargets:
    """Return where a user wants a group to go on.

    Args:
        argument: what it is called in the method's signature.
        given: an `OffsetSpec`, an `OffsetTimestamp`, or an offset, by partition.
    """
    expected = "a dict of TopicPartition to OffsetSpec, OffsetTimestamp or int"
    times: dict[TopicPartition, int] = {}
    offsets: dict[TopicPartition, int] = {}
    for key, target in mapping(argument, given, expected).items():
        tp = partition(argument, key)
        name = f"{argument}[{key!r}]"
        if isinstance(target, OffsetSpec):
            times[tp] = target
        elif isinstance(target, OffsetTimestamp):
            times[tp] = number(name, int(target))
        else:
            offsets[tp] = number(name, target)
    return ResetTargets(times, offsets)


def spec_to_abort(argument: str, given: object) -> AbortTransactionSpec:
    """Return what a user wants aborted."""
    if not isinstance(given, AbortTransactionSpec):
        raise TypeError(f"{argument} must be an AbortTransactionSpec, not {shown(given)}")
    partition(f"{argument}.topic_partition", given.topic_partition)
    for name in ("producer_id", "producer_epoch"):
        number(f"{argument}.{name}", getattr(given, name))
    number(f"{argument}.coordinator_epoch", given.coordinator_epoch, least=-1)
    return given
