"""Members of a classic group, and the protocol they agree on.  Pure."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket

Protocols = tuple[tuple[str, bytes], ...]


class Join(NamedTuple):
    """The fields of a JoinGroup request; times in seconds.

    Attributes:
        member_id: empty for a new member.
        requires_known_id: a new member is first told its id and has to come back with it (KIP-394).
        may_skip_assignment: a static leader that comes back is told that it leads (KIP-814).
    """

    member_id: str
    instance_id: str | None
    client_id: str
    client_host: str
    session_timeout: float
    rebalance_timeout: float
    protocol_type: str
    protocols: Protocols
    requires_known_id: bool = False
    may_skip_assignment: bool = False


class Member:
    """One member.

    Attributes:
        deadline: when its session ends, if nothing is heard.
        is_new: it has never had an answer to JoinGroup, so it cannot send heartbeats yet.
        awaiting_join: the JoinGroup that waits for an answer.
        awaiting_sync: the SyncGroup that waits for an answer.
    """

    __slots__ = (
        "assignment",
        "awaiting_join",
        "awaiting_sync",
        "client_host",
        "client_id",
        "deadline",
        "instance_id",
        "is_new",
        "member_id",
        "protocols",
        "rebalance_timeout",
        "session_timeout",
    )

    def __init__(self, member_id: str, join: Join) -> None:
        self.member_id = member_id
        self.instance_id = join.instance_id
        self.assignment = b""
        self.is_new = True
        self.deadline = math.inf
        self.awaiting_join: Ticket[JoinOutcome] | None = None
        self.awaiting_sync: Ticket[SyncOutcome] | None = None
        self.update(join)

    def update(self, join: Join) -> None:
        """Take over the fields of a JoinGroup request."""
        self.client_id = join.client_id
        self.client_host = join.client_host
        self.session_timeout = join.session_timeout
        self.rebalance_timeout = join.rebalance_timeout
        self.protocols = join.protocols

    @property
    def expires_at(self) -> float:
        """When the member is given up; a request that waits keeps it, unless it is new."""
        waits = self.awaiting_join is not None or self.awaiting_sync is not None
        return math.inf if waits and not self.is_new else self.deadline

    def heard(self, now: float) -> None:
        """Start the session afresh."""
        self.deadline = now + self.session_timeout

    def metadata(self, protocol: str | None) -> bytes:
        """Return the member's metadata for *protocol*."""
        return next((data for name, data in self.protocols if name == protocol), b"")

    def answer_join(self, outcome: JoinOutcome) -> None:
        """Answer the JoinGroup that waits, if any."""
        ticket, self.awaiting_join = self.awaiting_join, None
        if ticket is not None:
            ticket.resolve(outcome)

    def answer_sync(self, outcome: SyncOutcome) -> None:
        """Answer the SyncGroup that waits, if any."""
        ticket, self.awaiting_sync = self.awaiting_sync, None
        if ticket is not None:
            ticket.resolve(outcome)


def common_protocols(members: Collection[Member]) -> set[str]:
    """Return the names of the protocols that every member supports."""
    votes = Counter(name for member in members for name in {name for name, _ in member.protocols})
    return {name for name, count in votes.items() if count == len(members)}


def select_protocol(members: Collection[Member]) -> str:
    """Return the protocol of the next generation: each member votes for its first common one.

    Votes that are equal go to the one named first.
    """
    candidates = common_protocols(members)
    votes = Counter(
        next(name for name, _ in member.protocols if name in candidates) for member in members
    )
    return votes.most_common(1)[0][0]
