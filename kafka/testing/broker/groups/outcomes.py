"""The answers of the group state machines, given at once or later.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from kafka.testing.broker.timers import Event

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError

T = TypeVar("T")


class JoinedMember(NamedTuple):
    """One member, as the leader of a classic group gets it."""

    member_id: str
    instance_id: str | None
    metadata: bytes


class JoinOutcome(NamedTuple):
    """The answer to JoinGroup.

    Attributes:
        members: of all the group, for its leader only.
        skip_assignment: the leader has nothing to assign (KIP-814).
    """

    member_id: str
    error: type[BrokerResponseError] | None = None
    generation_id: int = -1
    protocol_type: str | None = None
    protocol_name: str | None = None
    leader: str = ""
    members: tuple[JoinedMember, ...] = ()
    skip_assignment: bool = False


class SyncOutcome(NamedTuple):
    """The answer to SyncGroup."""

    error: type[BrokerResponseError] | None = None
    protocol_type: str | None = None
    protocol_name: str | None = None
    assignment: bytes = b""


class Ticket(Generic[T]):
    """An answer that may come later.

    Attributes:
        outcome: the answer, once it is there.
        changed: fires when it comes.
    """

    __slots__ = ("changed", "outcome")

    def __init__(self, outcome: T | None = None) -> None:
        self.outcome = outcome
        self.changed = Event()

    def resolve(self, outcome: T) -> None:
        """Set the answer; the first one counts."""
        if self.outcome is None:
            self.outcome = outcome
            self.changed.fire()

    def __repr__(self) -> str:
        return f"<Ticket {self.outcome or 'WAITING'}>"
