"""The members of a classic group, their static ids and their leader.  Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka.errors import (
    FencedInstanceIdError,
    InconsistentGroupProtocolError,
    UnknownMemberIdError,
)
from kafka.testing.broker.groups.classic_member import Member, common_protocols, select_protocol
from kafka.testing.broker.groups.outcomes import JoinedMember, JoinOutcome, SyncOutcome

if TYPE_CHECKING:
    from kafka.testing.broker.groups.classic_member import Join


class Roster:
    """The members of one group.

    Attributes:
        members: by member id, in the order they came.
        pending: member ids handed out to members that have not come back with them, and when they
            are given up (KIP-394).
        static: member ids by instance id (KIP-345).
        leader: member id.
    """

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.pending: dict[str, float] = {}
        self.static: dict[str, str] = {}
        self.leader: str | None = None

    def validate(self, member_id: str, instance_id: str | None) -> Member:
        """Return a member.

        Raises:
            UnknownMemberIdError: there is none of that id, or no static one of that instance id.
            FencedInstanceIdError: the instance id is another member's by now.
        """
        if instance_id is not None:
            holder = self.static.get(instance_id)
            if holder is None:
                raise UnknownMemberIdError(f"no member has the instance id {instance_id!r}")
            if holder != member_id:
                raise FencedInstanceIdError(f"the instance id {instance_id!r} is {holder}'s")
        member = self.members.get(member_id)
        if member is None:
            raise UnknownMemberIdError(f"there is no member {member_id!r}")
        return member

    def find_leaving(self, member_id: str, instance_id: str | None) -> str:
        """Return the id of a member that leaves, named by its member id, instance id or both.

        Raises:
            UnknownMemberIdError: there is none.
            FencedInstanceIdError: the instance id is another member's by now.
        """
        if not member_id:
            if instance_id is None or instance_id not in self.static:
                raise UnknownMemberIdError(f"no member has the instance id {instance_id!r}")
            return self.static[instance_id]
        if instance_id is None and member_id in self.pending:
            return member_id
        return self.validate(member_id, instance_id).member_id

    def supports(self, join: Join, protocol_type: str) -> bool:
        """Return whether a member would have a protocol in common with all that are there."""
        if not self.members:
            return bool(join.protocol_type and join.protocols)
        common = common_protocols(self.members.values())
        return join.protocol_type == protocol_type and any(
            name in common for name, _ in join.protocols
        )

    def has_room(self, member_id: str, limit: int, *, joining: bool) -> bool:
        """Return whether a member may join.

        Args:
            member_id: of the one that asks.
            limit: most members.
            joining: a rebalance is gathering members, so those that have not come do not count.
        """
        member = self.members.get(member_id)
        if not joining:
            return member is not None or len(self.members) < limit
        if member is not None and member.awaiting_join is not None:
            return True
        return sum(other.awaiting_join is not None for other in self.members.values()) < limit

    def add(self, member_id: str, join: Join) -> Member:
        """Add a member; the first one leads."""
        member = Member(member_id, join)
        self.pending.pop(member_id, None)
        self.members[member_id] = member
        if join.instance_id is not None:
            self.static[join.instance_id] = member_id
        if self.leader is None:
            self.leader = member_id
        return member

    def remove(self, member_id: str) -> Member | None:
        """Remove a member; its waiting requests are answered UNKNOWN_MEMBER_ID."""
        self.pending.pop(member_id, None)
        member = self.members.pop(member_id, None)
        if member is None:
            return None
        if member.instance_id is not None:
            del self.static[member.instance_id]
        if self.leader == member_id:
            self.leader = next(iter(self.members), None)
        member.answer_join(JoinOutcome("", UnknownMemberIdError))
        member.answer_sync(SyncOutcome(UnknownMemberIdError))
        return member

    def replace(self, old_id: str, new_id: str) -> Member:
        """Give a static member another id; this fences the client that has the old one."""
        member = self.members.pop(old_id)
        member.answer_join(JoinOutcome(old_id, FencedInstanceIdError))
        member.answer_sync(SyncOutcome(FencedInstanceIdError))
        member.member_id = new_id
        self.members[new_id] = member
        assert member.instance_id is not None
        self.static[member.instance_id] = new_id
        if self.leader == old_id:
            self.leader = new_id
        return member

    def next_overdue(self) -> float:
        """Return when the first member is overdue, infinity for never."""
        times = [member.expires_at for member in self.members.values()]
        return min((*times, *self.pending.values()), default=math.inf)

    def overdue(self, now: float) -> list[str]:
        """Return the ids of the overdue members, including those that have not come back yet."""
        late = [member_id for member_id, when in self.pending.items() if when <= now]
        late += [member.member_id for member in self.members.values() if member.expires_at <= now]
        return late

    @property
    def have_all_joined(self) -> bool:
        """Whether every member waits for the answer to its JoinGroup, and no other is expected."""
        return not self.pending and all(
            member.awaiting_join is not None for member in self.members.values()
        )

    def elect_leader(self) -> bool:
        """See to it that the leader is a member that has joined; return whether there is one."""
        leader = self.members.get(self.leader or "")
        if leader is not None and leader.awaiting_join is not None:
            return True
        for member in self.members.values():
            if member.awaiting_join is not None:
                self.leader = member.member_id
                return True
        return False

    @property
    def rebalance_timeout(self) -> float:
        """The longest time a member wants others to wait for it."""
        return max((member.rebalance_timeout for member in self.members.values()), default=0.0)

    def select_protocol(self) -> str:
        """Return the protocol that all support and most prefer."""
        return select_protocol(self.members.values())

    def listed(self, protocol: str | None) -> tuple[JoinedMember, ...]:
        """Return the members as the leader gets them."""
        return tuple(
            JoinedMember(member.member_id, member.instance_id, member.metadata(protocol))
            for member in self.members.values()
        )


def check_protocol(
    said: tuple[str | None, str | None], is_so: tuple[str | None, str | None]
) -> None:
    """Refuse a member that believes in another protocol type or name; not all members say one.

    Raises:
        InconsistentGroupProtocolError: it does.
    """
    for claim, fact in zip(said, is_so, strict=True):
        if claim is not None and fact is not None and claim != fact:
            raise InconsistentGroupProtocolError
