"""Groups as brokers list them, groups deleted, and members taken out of them."""

from __future__ import annotations

from kafka.admin.group_types import MemberToRemove
from kafka.admin.operation import Answer
from kafka.admin.operations.groups import (
    DeleteGroups,
    ListedGroup,
    ListGroups,
    RemoveMembers,
    merged,
)
from kafka.admin.settled import Settled
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupIdNotFoundError,
    NoError,
    NonEmptyGroupError,
    UnknownMemberIdError,
)
from kafka.protocol.messages.delete_groups import DeleteGroupsResponse
from kafka.protocol.messages.leave_group import LeaveGroupResponse
from kafka.protocol.messages.list_groups import ListGroupsResponse

Listed = ListGroupsResponse.ListedGroup
Deleted = DeleteGroupsResponse.DeletableGroupResult
Left = LeaveGroupResponse.MemberResponse

DYNAMIC = MemberToRemove("m-1")
STATIC = MemberToRemove(group_instance_id="i-1", reason="moved")


def kind(found: object) -> object:
    assert isinstance(found, Settled)
    return found.kind


# -- ListGroups ----------------------------------------------------------------------------


def listed(name: str, state: str = "Stable") -> ListedGroup:
    return ListedGroup(
        group_id=name, protocol_type="consumer", group_state=state, group_type="classic"
    )


def test_request_carries_both_filters() -> None:
    request = ListGroups(["Stable", "Empty"], ["consumer"]).build([1], 1000)
    assert request.states_filter == ["Stable", "Empty"]
    assert request.types_filter == ["consumer"]


def test_answer_is_read_in_its_order() -> None:
    entries = [
        Listed(group_id=name, protocol_type="consumer", group_state="Stable", group_type="classic")
        for name in ("b", "a")
    ]
    answer = Answer(ListGroupsResponse(groups=entries), 1)
    assert ListGroups().read(answer, [1]) == {1: [listed("b"), listed("a")]}


def test_error_of_a_broker_names_it() -> None:
    code = CoordinatorNotAvailableError.errno
    error = ListGroups().read(Answer(ListGroupsResponse(error_code=code), 7), [7])[7]
    assert isinstance(error, CoordinatorNotAvailableError)
    assert "node 7" in str(error)


def test_group_that_two_brokers_list_appears_once() -> None:
    first, second = [listed("g"), listed("h")], [listed("g", "Empty"), listed("i")]
    assert merged([first, second]) == [listed("g"), listed("h"), listed("i")]


# -- DeleteGroups --------------------------------------------------------------------------


def test_groups_of_one_coordinator_share_a_request() -> None:
    assert DeleteGroups().build(["g", "h"], 1000).groups_names == ["g", "h"]


def test_deletion_is_answered_by_group() -> None:
    response = DeleteGroupsResponse(
        results=[
            Deleted(group_id="g"),
            Deleted(group_id="h", error_code=NonEmptyGroupError.errno),
            Deleted(group_id="i", error_code=CoordinatorLoadInProgressError.errno),
        ]
    )
    found = DeleteGroups().read(Answer(response, 1), ["g", "h", "i"])
    assert kind(found["g"]) is NoError
    assert kind(found["h"]) is NonEmptyGroupError
    assert isinstance(found["i"], CoordinatorLoadInProgressError)


# -- LeaveGroup ----------------------------------------------------------------------------


def test_request_names_members_by_id_or_instance_and_gives_reasons() -> None:
    request = RemoveMembers("g").build([DYNAMIC, STATIC], 1000)
    assert request.group_id == "g"
    dynamic, static = request.members
    assert (dynamic.member_id, dynamic.group_instance_id) == ("m-1", None)
    assert dynamic.reason
    assert (static.member_id, static.group_instance_id, static.reason) == ("", "i-1", "moved")


def test_removal_is_answered_by_member() -> None:
    response = LeaveGroupResponse(
        members=[
            Left(member_id="m-1", group_instance_id=None, error_code=UnknownMemberIdError.errno),
            Left(member_id="", group_instance_id="i-1"),
        ]
    )
    found = RemoveMembers("g").read(Answer(response, 1), [DYNAMIC, STATIC])
    assert {member: kind(each) for member, each in found.items()} == {
        DYNAMIC: UnknownMemberIdError,
        STATIC: NoError,
    }


def test_static_member_is_recognised_when_the_broker_tells_its_member_id() -> None:
    response = LeaveGroupResponse(members=[Left(member_id="m-9", group_instance_id="i-1")])
    assert kind(RemoveMembers("g").read(Answer(response, 1), [STATIC])[STATIC]) is NoError


def test_answer_that_is_too_old_to_name_members_is_about_the_one_asked() -> None:
    answer = Answer(LeaveGroupResponse(), 1)
    assert kind(RemoveMembers("g").read(answer, [DYNAMIC])[DYNAMIC]) is NoError


def test_error_of_the_group_is_that_of_each_member() -> None:
    answer = Answer(LeaveGroupResponse(error_code=GroupIdNotFoundError.errno), 1)
    found = RemoveMembers("g").read(answer, [DYNAMIC, STATIC])
    assert [kind(each) for each in found.values()] == [GroupIdNotFoundError] * 2
