"""Methods about groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin import arguments, group_arguments
from kafka.admin.failures import settle
from kafka.admin.fan_out import ListOfAnswers
from kafka.admin.group_information import group_information
from kafka.admin.lost_answers import settled_before
from kafka.admin.operation import Fallback
from kafka.admin.operations.describe_groups import (
    DescribeClassicGroups,
    DescribeNewGroups,
    is_no_new_group,
)
from kafka.admin.operations.groups import DeleteGroups, ListGroups, RemoveMembers, merged
from kafka.errors import GroupIdNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kafka.admin.admin import Admin
    from kafka.admin.group_descriptions import Described, GroupDescription
    from kafka.admin.group_types import MemberToRemove
    from kafka.admin.operation import Outcome
    from kafka.admin.operations.groups import ListedGroup
    from kafka.admin.settled import Settled
    from kafka.errors import KafkaError
    from kafka.structs import GroupInformation


# -- listed ----------------------------------------------------------------------------------


async def list_groups(
    admin: Admin,
    broker_ids: Iterable[int] | None = None,
    states_filter: Iterable[str] | None = None,
    types_filter: Iterable[str] | None = None,
    *,
    raise_errors: bool = True,
) -> ListOfAnswers[ListedGroup]:
    """List the groups of all brokers.

    Args:
        broker_ids: ask these brokers only.
        states_filter: only groups in these states (KIP-518): names, or `GroupState`.
        types_filter: only groups of these types (KIP-848): names, or `GroupType`.
        raise_errors: whether a broker that has not answered is an error; else it is in ``errors``
            of what is returned.

    Returns:
        A dict for each group: ``group_id``, ``protocol_type``, ``group_state``, ``group_type``.

    Raises:
        KafkaError: a broker has not answered; ``results`` has the groups of others by node id.
        UnsupportedVersionError: a broker is too old for a filter.
    """
    operation = ListGroups(
        group_arguments.states_of_groups("states_filter", states_filter),
        group_arguments.types_of_groups("types_filter", types_filter),
    )
    outcome = await _listed(admin, operation, broker_ids, raise_errors)
    return ListOfAnswers(merged(outcome.results.values()), outcome)


async def _listed(
    admin: Admin, operation: ListGroups, broker_ids: Iterable[int] | None, raise_errors: bool
) -> Outcome[int, list[ListedGroup]]:
    brokers = group_arguments.nodes("broker_ids", broker_ids)
    raises = arguments.flag("raise_errors", raise_errors)
    outcome = await admin.run_everywhere(operation, admin.deadline(), brokers)
    settle(outcome, outcome.results, raise_errors=raises)
    return outcome


async def list_consumer_groups(
    admin: Admin, broker_ids: Iterable[int] | None = None, *, raise_errors: bool = True
) -> ListOfAnswers[tuple[str, str]]:
    """List the groups of all brokers, as kafka-python 2.x does.

    Args:
        broker_ids: ask these brokers only.
        raise_errors: see `list_groups`.

    Returns:
        Pairs of a group and its protocol type, ``consumer`` for consumers.
    """
    outcome = await _listed(admin, ListGroups(), broker_ids, raise_errors)
    groups = merged(outcome.results.values())
    return ListOfAnswers(((one["group_id"], one["protocol_type"]) for one in groups), outcome)


# -- described -------------------------------------------------------------------------------


async def describe_groups(
    admin: Admin,
    group_ids: str | Iterable[str],
    group_coordinator_id: int | None = None,
    include_authorized_operations: bool = False,
) -> dict[str, GroupDescription]:
    """Describe groups, those of KIP-848 as well.

    Args:
        group_ids: their names, or one name.
        group_coordinator_id: the broker to ask first; coordinators are looked up if it is not
            one.
        include_authorized_operations: insist on what the caller may do (KIP-430). It is told
            anyway where the broker can.

    Returns:
        A dict for each group, with the ``error`` of a group that could not be described. A group
        that is not there is ``Dead``. Groups of KIP-848 have a ``group_type`` and epochs beside.

    Raises:
        KafkaError: a coordinator was not found, or has not answered; ``results`` has the others.
        UnsupportedVersionError: a broker cannot tell what the caller may do.
    """
    outcome = await _described(
        admin, group_ids, group_coordinator_id, include_authorized_operations
    )
    found = {name: described.group for name, described in outcome.results.items()}
    settle(outcome, found)
    return found


async def _described(
    admin: Admin,
    group_ids: str | Iterable[str],
    group_coordinator_id: int | None,
    include_authorized_operations: bool,
) -> Outcome[str, Described]:
    names = arguments.names("group_ids", group_ids)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    insists = arguments.flag("include_authorized_operations", include_authorized_operations)
    fallbacks = [Fallback(DescribeClassicGroups(node_id), is_no_new_group)]
    if not insists:
        fallbacks.append(Fallback(DescribeClassicGroups(node_id, with_operations=False)))
    return await admin.run(DescribeNewGroups(node_id), names, admin.deadline(), fallbacks=fallbacks)


async def describe_consumer_groups(
    admin: Admin,
    group_ids: str | Iterable[str],
    group_coordinator_id: int | None = None,
    include_authorized_operations: bool = False,
) -> list[GroupInformation]:
    """Describe groups, as kafka-python 2.x does.

    Args:
        group_ids: their names, or one name.
        group_coordinator_id: the broker to ask first; coordinators are looked up if it is not
            one.
        include_authorized_operations: see `describe_groups`.

    Returns:
        The groups, in the order of *group_ids*; the metadata and assignments of consumers decoded.

    Raises:
        KafkaError: a group could not be described.
    """
    outcome = await _described(
        admin, group_ids, group_coordinator_id, include_authorized_operations
    )
    groups = [
        group_information(found.group)
        for found in outcome.results.values()
        if found.error is None or isinstance(found.error, GroupIdNotFoundError)
    ]
    refused = {
        name: found.error
        for name, found in outcome.results.items()
        if found.error is not None and not isinstance(found.error, GroupIdNotFoundError)
    }
    settle(outcome._replace(errors={**refused, **outcome.errors}), groups)
    return groups


# -- deleted ---------------------------------------------------------------------------------


async def delete_groups(
    admin: Admin, group_ids: str | Iterable[str], group_coordinator_id: int | None = None
) -> dict[str, str]:
    """Delete groups that have no members, and what they have committed.

    Args:
        group_ids: their names, or one name.
        group_coordinator_id: the broker to ask first; coordinators are looked up if it is not
            one.

    Returns:
        ``'OK'`` or the name of the error, by group.

    Raises:
        KafkaError: a coordinator was not found, or has not answered; ``results`` has the others.
    """
    outcome = await _deleted(admin, group_ids, group_coordinator_id)
    texts = {
        name: "OK" if found.error is None else found.kind.__name__
        for name, found in outcome.results.items()
    }
    settle(outcome, texts)
    return texts


async def delete_consumer_groups(
    admin: Admin, group_ids: str | Iterable[str], group_coordinator_id: int | None = None
) -> list[tuple[str, type[KafkaError]]]:
    """Delete groups that have no members, as kafka-python 2.x does.

    Args:
        group_ids: their names, or one name.
        group_coordinator_id: the broker to ask first; coordinators are looked up if it is not
            one.

    Returns:
        Pairs of a group and the class of its error, `NoError` for none.
    """
    outcome = await _deleted(admin, group_ids, group_coordinator_id)
    pairs = [(name, found.kind) for name, found in outcome.results.items()]
    settle(outcome, pairs)
    return pairs


async def _deleted(
    admin: Admin, group_ids: str | Iterable[str], group_coordinator_id: int | None
) -> Outcome[str, Settled]:
    names = arguments.names("group_ids", group_ids)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    outcome = await admin.run(DeleteGroups(node_id), names, admin.deadline())
    return settled_before("DeleteGroups", outcome)


# -- members ---------------------------------------------------------------------------------


async def remove_group_members(
    admin: Admin,
    group_id: str,
    members: MemberToRemove | Iterable[MemberToRemove],
    group_coordinator_id: int | None = None,
) -> dict[str, type[KafkaError]]:
    """Take members out of a classic group (KIP-345); its other members share their partitions out.

    Args:
        group_id: the group.
        members: whom to remove.
        group_coordinator_id: the broker to ask first; the coordinator is looked up if it is
            another one.

    Returns:
        The class of the error of each member, `NoError` for who is gone, by its
        ``group_instance_id``, or by its ``member_id`` if it has none.

    Raises:
        KafkaError: the coordinator was not found, or has not answered.
        UnsupportedVersionError: the broker is too old for static members.
    """
    name = group_arguments.one_name("group_id", group_id)
    leaving = group_arguments.members("members", members)
    node_id = group_arguments.node("group_coordinator_id", group_coordinator_id)
    outcome = await admin.run(RemoveMembers(name, node_id), leaving, admin.deadline())
    outcome = settled_before("LeaveGroup", outcome)
    kinds = {member.name: found.kind for member, found in outcome.results.items()}
    settle(outcome, kinds)
    return kinds
