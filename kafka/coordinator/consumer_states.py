"""The states of a member of a KIP-848 group, and what errors ask of it.  Pure."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from kafka._base.transitions import Transitions
from kafka.errors import (
    FencedMemberEpochError,
    GroupMaxSizeReachedError,
    InvalidRegularExpressionError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownMemberIdError,
    UnreleasedInstanceIdError,
    UnsupportedAssignorError,
    UnsupportedVersionError,
    for_code,
)
from kafka.errors.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.errors import KafkaError
    from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatResponse


class MemberState(Enum):
    """How far a member has come."""

    UNSUBSCRIBED = "unsubscribed"
    """It is no member, and sends nothing."""
    JOINING = "joining"
    """It asks to become a member, with epoch 0."""
    RECONCILING = "reconciling"
    """It goes from the partitions it owns to those it is to own."""
    ACKNOWLEDGING = "acknowledging"
    """It owes the coordinator the word that it has done so."""
    STABLE = "stable"
    """It owns what it is to own."""
    FENCED = "fenced"
    """The coordinator has given it up; the listener hears of that before it joins again."""
    PREPARE_LEAVING = "prepare_leaving"
    """It commits and gives partitions up before it leaves; heartbeats go on."""
    LEAVING = "leaving"
    """It owns nothing, and tells the coordinator that it leaves."""
    STALE = "stale"
    """It has left, as the application does not poll; it joins again with the next poll."""
    FATAL = "fatal"
    """The coordinator has refused it for good, until the subscription changes."""


MEMBER_TRANSITIONS: Final = Transitions(
    {
        MemberState.UNSUBSCRIBED: (MemberState.JOINING, MemberState.FATAL),
        MemberState.JOINING: (
            MemberState.RECONCILING,
            MemberState.STABLE,
            MemberState.FENCED,
            MemberState.PREPARE_LEAVING,
            MemberState.FATAL,
        ),
        MemberState.RECONCILING: (
            MemberState.ACKNOWLEDGING,
            MemberState.STABLE,
            MemberState.FENCED,
            MemberState.PREPARE_LEAVING,
            MemberState.FATAL,
        ),
        MemberState.ACKNOWLEDGING: (
            MemberState.RECONCILING,
            MemberState.STABLE,
            MemberState.FENCED,
            MemberState.PREPARE_LEAVING,
            MemberState.FATAL,
        ),
        MemberState.STABLE: (
            MemberState.RECONCILING,
            MemberState.FENCED,
            MemberState.PREPARE_LEAVING,
            MemberState.FATAL,
        ),
        # Fenced while it prepared to leave, it has nothing left to tell.
        MemberState.FENCED: (MemberState.JOINING, MemberState.UNSUBSCRIBED),
        MemberState.PREPARE_LEAVING: (
            MemberState.LEAVING,
            MemberState.UNSUBSCRIBED,
            MemberState.FENCED,
            MemberState.STALE,
            MemberState.FATAL,
        ),
        MemberState.LEAVING: (MemberState.UNSUBSCRIBED, MemberState.STALE),
        # A static member that has left for a while may give its place up.
        MemberState.STALE: (MemberState.JOINING, MemberState.LEAVING, MemberState.UNSUBSCRIBED),
        MemberState.FATAL: (MemberState.UNSUBSCRIBED,),
    }
)

# The group has the member; it owns what it was assigned.
IN_GROUP: Final = frozenset(
    {
        MemberState.JOINING,
        MemberState.RECONCILING,
        MemberState.ACKNOWLEDGING,
        MemberState.STABLE,
    }
)
# It is on its way to an assignment.
REBALANCING: Final = IN_GROUP - {MemberState.STABLE}
# It goes on sending heartbeats.
BEATING: Final = IN_GROUP | {MemberState.PREPARE_LEAVING, MemberState.LEAVING}
# The next heartbeat is due at once.
URGENT: Final = frozenset({MemberState.JOINING, MemberState.ACKNOWLEDGING, MemberState.LEAVING})

HEARTBEAT_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    FencedMemberEpochError: Verdict.RESET,
    UnknownMemberIdError: Verdict.RESET,
    UnknownError: Verdict.RETRY,
    # The other topics are read, and the topic as well once an ACL is there.
    TopicAuthorizationFailedError: Verdict.SKIP,
}

TRY_AGAIN: Final = (Verdict.FIND_COORDINATOR, Verdict.RETRY, Verdict.REFRESH_METADATA)

_HINTS: Final[Mapping[type[KafkaError], str]] = {
    UnreleasedInstanceIdError: (
        "another consumer uses this group_instance_id; close it, or wait for the end of its session"
    ),
    UnsupportedAssignorError: "set group_remote_assignor to an assignor that the brokers have",
    InvalidRegularExpressionError: "SubscriptionPattern takes regular expressions of RE2",
    GroupMaxSizeReachedError: "the brokers' group.consumer.max.size is the limit",
    UnsupportedVersionError: (
        "group_protocol 'consumer' needs brokers of 4.0 or later and the feature group.version 1; "
        "'classic' works with all"
    ),
}


def heartbeat_error(group_id: str, answer: ConsumerGroupHeartbeatResponse) -> KafkaError | None:
    """Return the error that a heartbeat was answered with, ``None`` for none."""
    if not answer.error_code:
        return None
    found = for_code(answer.error_code)
    parts = (answer.error_message or found.description, _HINTS.get(found))
    return found(f"group {group_id!r}: {'; '.join(part for part in parts if part)}")
