"""A member of a KIP-848 group and its way to its target assignment.  Pure."""

from __future__ import annotations

import math
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.transitions import Transitions

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.classic_member import Protocols

JOINING_EPOCH = 0
LEAVING_EPOCH = -1
LEAVING_STATIC_EPOCH = -2


class MemberState(Enum):
    """How far a member has come.

    Attributes:
        STABLE: it has its target.
        UNREVOKED_PARTITIONS: it has to give partitions up first, and stays in its epoch.
        UNRELEASED_PARTITIONS: it is in the newest epoch and waits for others to give some up.
    """

    STABLE = "stable"
    UNREVOKED_PARTITIONS = "unrevoked_partitions"
    UNRELEASED_PARTITIONS = "unreleased_partitions"


# Whatever the state, a new target may ask for a revocation, for patience, or for nothing.
TRANSITIONS = Transitions({state: tuple(MemberState) for state in MemberState})


class ClassicSide:
    """What a member has in addition that speaks the classic protocol.

    Attributes:
        session_timeout: seconds; the group's own is for the others.
        protocols: the assignors that it knows, and its subscription for each.
        join_deadline: when it is given up if it does not join again.
        sync_deadline: when it is given up if it does not ask for its partitions.
    """

    __slots__ = ("join_deadline", "protocols", "session_timeout", "sync_deadline")

    def __init__(self, session_timeout: float, protocols: Protocols) -> None:
        self.session_timeout = session_timeout
        self.protocols = protocols
        self.join_deadline = math.inf
        self.sync_deadline = math.inf

    @property
    def protocol(self) -> str:
        """The name that the member is told; nobody uses the assignor."""
        return self.protocols[0][0]

    @property
    def version(self) -> int:
        """The version of the bytes that the member reads."""
        return int.from_bytes(self.protocols[0][1][:2], signed=True)

    def expect_join(self, deadline: float) -> None:
        """Give the member up at *deadline*; an earlier one stays."""
        self.join_deadline = min(self.join_deadline, deadline)


class Beat(NamedTuple):
    """The fields of a ConsumerGroupHeartbeat request; ``None`` means unchanged.

    Attributes:
        rebalance_timeout: seconds.
        names: topics subscribed to.
        regex: pattern of the subscribed topics; empty removes the pattern.
        owned: partitions of the client; ``None`` if they have not changed since it sent them.
        classic: the member speaks the classic protocol, and this stands for its JoinGroup.
    """

    member_id: str
    member_epoch: int
    instance_id: str | None = None
    rack_id: str | None = None
    rebalance_timeout: float | None = None
    names: frozenset[str] | None = None
    regex: str | None = None
    assignor: str | None = None
    owned: frozenset[TopicPartitionId] | None = None
    client_id: str = ""
    client_host: str = ""
    classic: ClassicSide | None = None

    @property
    def is_full(self) -> bool:
        """Whether the client says all it can, as it does when it joins or has lost an answer."""
        return self.member_epoch == JOINING_EPOCH or (
            self.rebalance_timeout is not None
            and (self.names is not None or self.regex is not None)
            and self.owned is not None
        )


class ConsumerMember:
    """One member.

    Attributes:
        epoch: 0 until it has an assignment, -2 while a static member is away.
        previous_epoch: the one before.
        assigned: its partitions, and the epoch in which it got each (KIP-1251).
        revoking: partitions that it still has and must give up.
        session_deadline: when it is given up, if nothing is heard.
        revoke_deadline: when it is given up if it does not give up `revoking`.
        classic: what it has in addition if it speaks the classic protocol.
    """

    def __init__(self, member_id: str) -> None:
        self.member_id = member_id
        self.instance_id: str | None = None
        self.rack_id: str | None = None
        self.client_id = ""
        self.client_host = ""
        self.rebalance_timeout = 0.0
        self.names: frozenset[str] = frozenset()
        self.regex: str | None = None
        self.assignor: str | None = None
        self.epoch = JOINING_EPOCH
        self.previous_epoch = LEAVING_EPOCH
        self.state = MemberState.STABLE
        self.assigned: dict[TopicPartitionId, int] = {}
        self.revoking: frozenset[TopicPartitionId] = frozenset()
        self.session_deadline = math.inf
        self.revoke_deadline = math.inf
        self.classic: ClassicSide | None = None

    def __repr__(self) -> str:
        return (
            f"<ConsumerMember {self.member_id} {self.state.name} epoch={self.epoch} "
            f"assigned={len(self.assigned)} revoking={len(self.revoking)}>"
        )

    @property
    def deadline(self) -> float:
        """When the member is given up."""
        earliest = min(self.session_deadline, self.revoke_deadline)
        if self.classic is None:
            return earliest
        return min(earliest, self.classic.join_deadline, self.classic.sync_deadline)

    def update(self, beat: Beat) -> bool:
        """Take over the fields of a heartbeat; return whether the subscription or rack changed."""
        before = (self.names, self.regex, self.rack_id, self.assignor)
        self.instance_id = beat.instance_id or self.instance_id
        self.client_id = beat.client_id
        self.client_host = beat.client_host
        self.classic = beat.classic
        if beat.rack_id is not None:
            self.rack_id = beat.rack_id
        if beat.rebalance_timeout is not None:
            self.rebalance_timeout = beat.rebalance_timeout
        if beat.names is not None:
            self.names = beat.names
        if beat.regex is not None:
            self.regex = beat.regex or None
        if beat.assignor is not None:
            self.assignor = beat.assignor
        return before != (self.names, self.regex, self.rack_id, self.assignor)

    def succeed(self, old: ConsumerMember) -> None:
        """Take the place of a static member that went away for a while."""
        for name, value in vars(old).items():
            if name != "member_id":
                setattr(self, name, value)
        self.epoch = JOINING_EPOCH
        self.previous_epoch = JOINING_EPOCH

    def go_away(self) -> None:
        """Be away for a while, as a static member that will be back.

        It keeps its partitions for its successor, whom a commit from any epoch is believed; what it
        had to give up is free.
        """
        self.previous_epoch, self.epoch = self.epoch, LEAVING_STATIC_EPOCH
        self.assigned = dict.fromkeys(self.assigned, JOINING_EPOCH)
        self.revoking = frozenset()
        self.revoke_deadline = math.inf

    def is_reconciled(self, target_epoch: int) -> bool:
        """Return whether the member has the newest target."""
        return self.state is MemberState.STABLE and self.epoch == target_epoch

    def reconcile(
        self,
        target: frozenset[TopicPartitionId],
        target_epoch: int,
        *,
        owned: frozenset[TopicPartitionId] | None,
        is_free: Callable[[TopicPartitionId], bool],
        now: float,
    ) -> None:
        """Go as far towards *target* as the partitions of others allow.

        Args:
            target: partitions it is to have.
            target_epoch: of that target.
            owned: what the client says it has; ``None`` if it does not say.
            is_free: whether no other member has a partition.
            now: seconds.
        """
        epoch = self.epoch
        match self.state:
            case MemberState.STABLE if epoch == target_epoch:
                return
            case MemberState.UNREVOKED_PARTITIONS:
                if owned is None or owned & self.revoking:
                    return
                epoch += 1
            case _:
                pass
        self._advance(target, target_epoch, epoch, owned=owned, is_free=is_free, now=now)

    def _advance(
        self,
        target: frozenset[TopicPartitionId],
        target_epoch: int,
        epoch: int,
        *,
        owned: frozenset[TopicPartitionId] | None,
        is_free: Callable[[TopicPartitionId], bool],
        now: float,
    ) -> None:
        kept = {key: since for key, since in self.assigned.items() if key in target}
        to_revoke = frozenset(self.assigned) - target
        if to_revoke and (owned is None or owned & to_revoke):
            self.assigned = kept
            self.revoking = to_revoke
            self._enter(MemberState.UNREVOKED_PARTITIONS, epoch)
            self.revoke_deadline = now + self.rebalance_timeout
            return
        missing = target - kept.keys()
        free = {key for key in missing if is_free(key)}
        self.assigned = kept | dict.fromkeys(free, target_epoch)
        self.revoking = frozenset()
        self.revoke_deadline = math.inf
        complete = len(free) == len(missing)
        self._enter(
            MemberState.STABLE if complete else MemberState.UNRELEASED_PARTITIONS, target_epoch
        )

    def _enter(self, state: MemberState, epoch: int) -> None:
        self.state = TRANSITIONS.step(self.state, state)
        if epoch != self.epoch:
            self.previous_epoch, self.epoch = self.epoch, epoch
