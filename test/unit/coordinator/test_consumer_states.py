"""The states of a member of a KIP-848 group, and what errors ask of it."""

from __future__ import annotations

import pytest

from kafka.coordinator.consumer_states import (
    BEATING,
    IN_GROUP,
    MEMBER_TRANSITIONS,
    URGENT,
    MemberState,
    heartbeat_error,
)
from kafka.errors import FencedMemberEpochError, UnrecognizedBrokerError, UnsupportedAssignorError
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse


def test_member_can_come_back_from_each_state() -> None:
    for state in MemberState:
        reached = {state}
        while (
            more := {
                target
                for source in reached
                for target in MemberState
                if MEMBER_TRANSITIONS.allows(source, target)
            }
            - reached
        ):
            reached |= more
        assert reached == set(MemberState)


def test_states_of_a_group_send_heartbeats() -> None:
    assert IN_GROUP < BEATING
    assert URGENT < BEATING


def test_answer_without_a_code_is_no_error() -> None:
    assert heartbeat_error("g", ConsumerGroupHeartbeatResponse()) is None


@pytest.mark.parametrize(
    ("code", "message", "kind", "says"),
    [
        (110, None, FencedMemberEpochError, "group 'g': The member epoch"),
        (110, "epoch 3", FencedMemberEpochError, "group 'g': epoch 3"),
        (112, "no 'x'", UnsupportedAssignorError, "no 'x'; set group_remote_assignor"),
        (9999, None, UnrecognizedBrokerError, "group 'g'"),
    ],
)
def test_error_tells_the_group_the_brokers_words_and_what_to_do(
    code: int, message: str | None, kind: type[Exception], says: str
) -> None:
    answer = ConsumerGroupHeartbeatResponse(error_code=code, error_message=message)
    error = heartbeat_error("g", answer)
    assert isinstance(error, kind)
    assert says in str(error)
