"""Groups: listed, deleted, and members taken out (ListGroups, DeleteGroups, LeaveGroup).  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict

from kafka.admin import verdicts
from kafka.admin.lookups import to_broker
from kafka.admin.operations.group_coordinators import each_group, one_group
from kafka.admin.settled import Settled, settled
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse
from kafka.protocol.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
from kafka.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.admin.group_types import MemberToRemove
    from kafka.admin.operation import Answer, Lookup
    from kafka.errors import KafkaError

_REASON: Final = "removed by an admin client"


class ListedGroup(TypedDict):
    """One group of `list_groups`.

    ``group_state`` is empty where the broker is older than 2.6 (KIP-518), ``group_type`` where it
    is older than 3.8 (KIP-848).
    """

    group_id: str
    protocol_type: str
    group_state: str
    group_type: str


class ListGroups:
    """List the groups that brokers coordinate; the keys are node ids.

    Args:
        states: only groups in these states (KIP-518); empty for all.
        types: only groups of these types (KIP-848); empty for all.
    """

    noun = "broker"
    lookup: Lookup[int] = to_broker(lambda node_id: node_id)
    verdicts = verdicts.LIST_GROUPS

    def __init__(self, states: Sequence[str] = (), types: Sequence[str] = ()) -> None:
        self._states = states
        self._types = types

    def build(self, keys: Sequence[int], timeout_ms: int) -> ListGroupsRequest:
        """Return the request, which is the same for each broker."""
        del keys, timeout_ms
        return ListGroupsRequest(states_filter=self._states, types_filter=self._types)

    def read(
        self, answer: Answer[ListGroupsResponse], keys: Sequence[int]
    ) -> Mapping[int, list[ListedGroup] | KafkaError]:
        """Return the groups that the broker coordinates, in the order of its answer."""
        response = answer.response
        if response.error_code:
            error = answer.error(response.error_code, None, f"broker {answer.node_id}")
            return dict.fromkeys(keys, error)
        groups = [
            ListedGroup(
                group_id=group.group_id,
                protocol_type=group.protocol_type,
                group_state=group.group_state,
                group_type=group.group_type,
            )
            for group in response.groups
        ]
        return dict.fromkeys(keys, groups)


def merged(answers: Iterable[Iterable[ListedGroup]]) -> list[ListedGroup]:
    """Return the groups of all brokers, each once.

    A group whose coordinator is just moving may be listed by two brokers.
    """
    found: dict[str, ListedGroup] = {}
    for groups in answers:
        for group in groups:
            found.setdefault(group["group_id"], group)
    return list(found.values())


class DeleteGroups:
    """Delete groups and what they have committed; the keys are groups.

    Args:
        node_id: where the caller believes the coordinator to be.
    """

    noun = "group"
    verdicts = verdicts.GROUPS

    def __init__(self, node_id: int | None = None) -> None:
        self.lookup = each_group(node_id)

    def build(self, keys: Sequence[str], timeout_ms: int) -> DeleteGroupsRequest:
        """Return the request about some groups."""
        del timeout_ms
        return DeleteGroupsRequest(groups_names=keys)

    def read(
        self, answer: Answer[DeleteGroupsResponse], keys: Sequence[str]
    ) -> Mapping[str, Settled | KafkaError]:
        """Return what was decided about each group."""
        del keys
        return {
            found.group_id: settled(
                answer,
                found.error_code,
                found.error_message,
                f"group {found.group_id}",
                self.verdicts,
            )
            for found in answer.response.results
        }


class RemoveMembers:
    """Take members out of a classic group (KIP-345); the keys are members.

    Args:
        group_id: the group.
        node_id: where the caller believes its coordinator to be.
    """

    noun = "member"
    verdicts = verdicts.GROUPS

    def __init__(self, group_id: str, node_id: int | None = None) -> None:
        self.lookup = one_group(group_id, node_id)
        self._group_id = group_id

    def build(self, keys: Sequence[MemberToRemove], timeout_ms: int) -> LeaveGroupRequest:
        """Return the request in which some members leave."""
        del timeout_ms
        return LeaveGroupRequest(
            group_id=self._group_id,
            members=[
                LeaveGroupRequest.MemberIdentity(
                    member_id=member.member_id or "",
                    group_instance_id=member.group_instance_id,
                    reason=member.reason or _REASON,
                )
                for member in keys
            ],
        )

    def read(
        self, answer: Answer[LeaveGroupResponse], keys: Sequence[MemberToRemove]
    ) -> Mapping[MemberToRemove, Settled | KafkaError]:
        """Return what was decided about each member; an error of the group is that of all."""
        response = answer.response
        if response.error_code or not response.members:
            # Without an error: a broker that takes one member only does not repeat it.
            group = f"group {self._group_id}"
            verdict = settled(answer, response.error_code, None, group, self.verdicts)
            return dict.fromkeys(keys, verdict)
        codes = {
            found.group_instance_id or found.member_id: found.error_code
            for found in response.members
        }
        settled_members: dict[MemberToRemove, Settled | KafkaError] = {}
        for member in keys:
            code = codes.get(member.group_instance_id or member.member_id or "")
            if code is not None:
                what = f"group {self._group_id}: member {member.name}"
                settled_members[member] = settled(answer, code, None, what, self.verdicts)
        return settled_members
