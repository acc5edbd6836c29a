"""The values that methods of groups take: states, types, times, members to remove.  Pure."""

from __future__ import annotations

from enum import StrEnum, unique
from typing import NamedTuple


@unique
class GroupState(StrEnum):
    """The states of a group, by the names that brokers use."""

    UNKNOWN = "Unknown"
    PREPARING_REBALANCE = "PreparingRebalance"
    COMPLETING_REBALANCE = "CompletingRebalance"
    STABLE = "Stable"
    DEAD = "Dead"
    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    RECONCILING = "Reconciling"
    NOT_READY = "NotReady"


@unique
class GroupType(StrEnum):
    """The protocols that groups speak (KIP-848, KIP-932, KIP-1071)."""

    UNKNOWN = "Unknown"
    CLASSIC = "classic"
    CONSUMER = "consumer"
    SHARE = "share"
    STREAMS = "streams"


class OffsetTimestamp(int):
    """A time, in ms since the Unix epoch, where a plain ``int`` would mean an offset."""


class MemberToRemove(NamedTuple):
    """A member that `remove_group_members` takes out of its group.

    Args:
        member_id: id the coordinator gave it; ``None`` to name a static member by its instance.
        group_instance_id: id of a static member (KIP-345), ``None`` for a dynamic one.
        reason: why, for the log of the broker (KIP-800); ``None`` for a text of this client.
    """

    member_id: str | None = None
    group_instance_id: str | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        """What results call the member: its id, else its instance."""
        return self.member_id or self.group_instance_id or ""
