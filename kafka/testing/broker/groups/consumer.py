"""A KIP-848 group: members, epochs, the target assignment.  Pure.

Three epochs: the group's grows with every change of members, subscriptions or topics; the target's
is the group's it was computed for; a member's is the target's it has reached. All is driven by
heartbeats; `poll` is to be called when `next_wakeup` has come.
"""

from __future__ import annotations

import math
from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import (
    FencedInstanceIdError,
    FencedMemberEpochError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    StaleMemberEpochError,
    UnknownMemberIdError,
    UnreleasedInstanceIdError,
    UnsupportedAssignorError,
    UnsupportedVersionError,
)
from kafka.testing.broker.groups.assignors import ASSIGNORS, Subscriber
from kafka.testing.broker.groups.consumer_member import (
    JOINING_EPOCH,
    LEAVING_STATIC_EPOCH,
    ConsumerMember,
)
from kafka.testing.broker.groups.subscription import TopicInfo, compile_pattern, resolve, subscribed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.consumer_member import Beat

NONE: frozenset[TopicPartitionId] = frozenset()


class ConsumerState(Enum):
    """The states, by the names ListGroups and ConsumerGroupDescribe give them."""

    EMPTY = "Empty"
    ASSIGNING = "Assigning"
    RECONCILING = "Reconciling"
    STABLE = "Stable"
    DEAD = "Dead"


class Settings(NamedTuple):
    """The settings of a group, from the configs; times in seconds.

    Attributes:
        assignment_interval: shortest time between two target assignments.
        assignors: names that members may ask for; the first is the default.
    """

    session_timeout: float = 45.0
    heartbeat_interval: float = 5.0
    assignment_interval: float = 0.0
    max_size: int = (1 << 31) - 1
    assignors: tuple[str, ...] = tuple(ASSIGNORS)


class BeatOutcome(NamedTuple):
    """The answer to a heartbeat.

    Attributes:
        assignment: ``None`` if it is as the client knows it.
    """

    member_id: str
    member_epoch: int
    heartbeat_interval: float = 0.0
    assignment: frozenset[TopicPartitionId] | None = None


class ConsumerGroup:
    """One group.

    Args:
        group_id: its name.
        settings: asked with every heartbeat.
    """

    def __init__(self, group_id: str, *, settings: Callable[[], Settings] = Settings) -> None:
        self.group_id = group_id
        # A new group has changed once already: it has come to be.
        self.epoch = 1
        self.target_epoch = 0
        self.members: dict[str, ConsumerMember] = {}
        self.static: dict[str, str] = {}
        self.targets: dict[str, frozenset[TopicPartitionId]] = {}
        self._settings = settings
        self._is_dead = False
        self._assigned_at = -math.inf
        self._resolved: dict[str, frozenset[str]] = {}
        self._topics: dict[str, TopicInfo] = {}

    def __repr__(self) -> str:
        return (
            f"<ConsumerGroup {self.group_id} {self.state.name} epoch={self.epoch} "
            f"target={self.target_epoch} members={len(self.members)}>"
        )

    # -- questions ----------------------------------------------------------------------------

    @property
    def state(self) -> ConsumerState:
        """The state of the group, from its epochs."""
        if self._is_dead:
            return ConsumerState.DEAD
        if not self.members:
            return ConsumerState.EMPTY
        if self.epoch > self.target_epoch:
            return ConsumerState.ASSIGNING
        if all(member.is_reconciled(self.target_epoch) for member in self.members.values()):
            return ConsumerState.STABLE
        return ConsumerState.RECONCILING

    @property
    def is_empty(self) -> bool:
        """Whether the group has no member."""
        return not self.members

    @property
    def assignor(self) -> str:
        """The assignor most members ask for, or the default."""
        asked = Counter(
            member.assignor for member in self.members.values() if member.assignor is not None
        )
        return asked.most_common(1)[0][0] if asked else self._settings().assignors[0]

    @property
    def is_classic(self) -> bool:
        """Whether it has members, and all of them speak the classic protocol."""
        return bool(self.members) and all(
            member.classic is not None for member in self.members.values()
        )

    @property
    def max_size(self) -> int:
        """The most members that it may have."""
        return self._settings().max_size

    def has_room(self, member_id: str) -> bool:
        """Return whether a member may join, or is there already."""
        return member_id in self.members or len(self.members) < self.max_size

    def waits_for_others(self, member: ConsumerMember) -> bool:
        """Return whether another member still has a partition that *member* is to get."""
        missing = self.targets.get(member.member_id, NONE) - member.assigned.keys()
        return not all(self._is_free(partition, member) for partition in missing)

    def topics_of(self, member: ConsumerMember) -> frozenset[str]:
        """Return the names of the topics a member subscribes to."""
        by_pattern = self._resolved.get(member.regex, frozenset()) if member.regex else frozenset()
        return member.names | by_pattern

    def is_subscribed(self, topic: str) -> bool:
        """Return whether a member subscribes to *topic*."""
        return any(topic in self.topics_of(member) for member in self.members.values())

    def validate_epoch(self, member_id: str | None, epoch: int) -> None:
        """Check that a member, or a client that names no member, may fetch committed offsets.

        Raises:
            UnknownMemberIdError: there is no such member.
            StaleMemberEpochError: the epoch is not the member's.
        """
        if member_id is None and epoch < 0:
            return
        member = self._existing(member_id or "")
        if epoch != member.epoch:
            raise StaleMemberEpochError(f"{member.member_id} is at {member.epoch}, not {epoch}")

    def validate_commit(
        self,
        member_id: str,
        epoch: int,
        partitions: Iterable[TopicPartitionId],
        *,
        transactional: bool,
        speaks_epochs: bool = True,
    ) -> None:
        """Check that a member, or any client if the group is empty, may commit offsets.

        A commit from an earlier epoch counts for partitions the member has had since (KIP-1251).

        Args:
            member_id: who commits.
            epoch: of the member.
            partitions: for which.
            transactional: it is part of a transaction, and may leave the member out.
            speaks_epochs: the request is of a version that knows of member epochs.

        Raises:
            UnknownMemberIdError: there is no such member.
            UnsupportedVersionError: the request knows nothing of member epochs.
            StaleMemberEpochError: the epoch is not the member's.
            IllegalGenerationError: it is not, and the member speaks the classic protocol.
        """
        if epoch < 0 and (not self.members or (transactional and not member_id)):
            return
        member = self._existing(member_id)
        if member.classic is not None:
            if epoch != member.epoch:
                raise IllegalGenerationError(f"{member_id} is at {member.epoch}, not {epoch}")
            return
        if not transactional and not speaks_epochs:
            raise UnsupportedVersionError("commits to this group need OffsetCommit v9")
        if epoch > member.epoch or (
            epoch < member.epoch
            and any(epoch < member.assigned.get(key, member.epoch) for key in partitions)
        ):
            raise StaleMemberEpochError(f"{member_id} is at {member.epoch}, not {epoch}")

    def _existing(self, member_id: str) -> ConsumerMember:
        member = self.members.get(member_id)
        if member is None:
            raise UnknownMemberIdError(f"{self.group_id} has no member {member_id!r}")
        return member

    def next_wakeup(self) -> float | None:
        """Return when `poll` has something to do, or ``None``."""
        earliest = min((member.deadline for member in self.members.values()), default=math.inf)
        return None if earliest == math.inf else earliest

    # -- heartbeats ---------------------------------------------------------------------------

    def heartbeat(
        self,
        beat: Beat,
        topics: Mapping[str, TopicInfo],
        now: float,
        *,
        may_see: Callable[[str], bool] = lambda _: True,
    ) -> BeatOutcome:
        """Take a heartbeat that joins, stays or leaves.

        Args:
            beat: what it says.
            topics: all topics there are.
            now: seconds.
            may_see: whether the client may describe a topic, for its pattern.

        Raises:
            BrokerResponseError: the member, its epoch or what it asks for is not possible.
        """
        if beat.member_epoch < 0:
            return self._leave(beat)
        settings = self._settings()
        _check_wishes(beat, settings)
        member = self._member(beat)
        before = frozenset(member.assigned)
        changed = member.update(beat)
        if member.regex:
            self._resolved[member.regex] = resolve(member.regex, topics, may_see)
        if self._has_new_topics(topics) or changed:
            self.epoch += 1
        next_assignment = self._assigned_at + settings.assignment_interval
        if self.epoch > self.target_epoch and now >= next_assignment:
            self._assign(now)
        member.reconcile(
            self.targets.get(member.member_id, NONE),
            self.target_epoch,
            owned=beat.owned,
            is_free=lambda partition: self._is_free(partition, member),
            now=now,
        )
        member.session_deadline = now + (beat.classic or settings).session_timeout
        tell = beat.is_full or frozenset(member.assigned) != before
        return BeatOutcome(
            member.member_id,
            member.epoch,
            settings.heartbeat_interval,
            frozenset(member.assigned) if tell else None,
        )

    def _member(self, beat: Beat) -> ConsumerMember:
        if beat.instance_id is not None:
            member = self._static_member(beat)
        else:
            member = self.members.get(beat.member_id)
        if member is None:
            if beat.member_epoch != JOINING_EPOCH:
                raise UnknownMemberIdError(f"{self.group_id} has no member {beat.member_id!r}")
            if not self.has_room(beat.member_id):
                raise GroupMaxSizeReachedError
            member = self.members[beat.member_id] = ConsumerMember(beat.member_id)
            if beat.instance_id is not None:
                self.static[beat.instance_id] = beat.member_id
            return member
        self._check_epoch(member, beat)
        return member

    def _static_member(self, beat: Beat) -> ConsumerMember | None:
        assert beat.instance_id is not None
        holder = self.members.get(self.static.get(beat.instance_id, ""))
        if beat.member_epoch != JOINING_EPOCH:
            return self._static_holder(beat)
        if holder is None:
            return None
        if holder.member_id == beat.member_id:
            if holder.epoch == LEAVING_STATIC_EPOCH:
                holder.epoch = JOINING_EPOCH
            return holder
        # In the classic protocol the newer of two members with one instance id wins.
        if holder.epoch != LEAVING_STATIC_EPOCH and beat.classic is None:
            raise UnreleasedInstanceIdError(
                f"the instance id {beat.instance_id!r} is {holder.member_id}'s"
            )
        return self._replace(holder, beat.member_id)

    def _static_holder(self, beat: Beat) -> ConsumerMember:
        holder = self.members.get(self.static.get(beat.instance_id or "", ""))
        if holder is None:
            raise UnknownMemberIdError(f"no member has the instance id {beat.instance_id!r}")
        if holder.member_id != beat.member_id:
            raise FencedInstanceIdError(
                f"the instance id {beat.instance_id!r} is {holder.member_id}'s"
            )
        return holder

    def _replace(self, old: ConsumerMember, member_id: str) -> ConsumerMember:
        member = ConsumerMember(member_id)
        member.succeed(old)
        del self.members[old.member_id]
        self.members[member_id] = member
        self.targets[member_id] = self.targets.pop(old.member_id, NONE)
        self.static[member.instance_id or ""] = member_id
        return member

    @staticmethod
    def _check_epoch(member: ConsumerMember, beat: Beat) -> None:
        epoch = beat.member_epoch
        if epoch in {member.epoch, JOINING_EPOCH}:
            return
        # The answer that told the member its new epoch may have been lost.
        is_late = epoch == member.previous_epoch and (
            beat.owned is not None and beat.owned <= member.assigned.keys()
        )
        if not is_late:
            raise FencedMemberEpochError(
                f"{member.member_id} is at epoch {member.epoch}, not {epoch}"
            )

    def _leave(self, beat: Beat) -> BeatOutcome:
        if beat.instance_id is None:
            member = self._existing(beat.member_id)
        else:
            member = self._static_holder(beat)
        if beat.member_epoch == LEAVING_STATIC_EPOCH:
            member.go_away()
        else:
            self._remove(member)
        return BeatOutcome(beat.member_id, beat.member_epoch)

    def _remove(self, member: ConsumerMember) -> None:
        del self.members[member.member_id]
        self.targets.pop(member.member_id, None)
        if member.instance_id is not None:
            self.static.pop(member.instance_id, None)
        self.epoch += 1
        if not self.members:
            # No member is left to assign partitions to.
            self.target_epoch = self.epoch

    # -- assigning ----------------------------------------------------------------------------

    def _has_new_topics(self, topics: Mapping[str, TopicInfo]) -> bool:
        """Look up the subscribed topics; return whether they have changed."""
        names = {name for member in self.members.values() for name in self.topics_of(member)}
        before, self._topics = self._topics, subscribed(names, topics)
        return before != self._topics

    def _assign(self, now: float) -> None:
        members = [
            Subscriber(
                member.member_id,
                member.instance_id,
                frozenset(info.topic_id for info in self._infos(member)),
                self.targets.get(member.member_id, NONE),
            )
            for member in self.members.values()
        ]
        partitions = {info.topic_id: info.partitions for info in self._topics.values()}
        found = ASSIGNORS[self.assignor](members, partitions)
        self.targets = {member_id: frozenset(target) for member_id, target in found.items()}
        self.target_epoch = self.epoch
        self._assigned_at = now

    def _infos(self, member: ConsumerMember) -> list[TopicInfo]:
        return [self._topics[name] for name in self.topics_of(member) if name in self._topics]

    def _is_free(self, partition: TopicPartitionId, member: ConsumerMember) -> bool:
        return not any(
            partition in other.assigned or partition in other.revoking
            for other in self.members.values()
            if other is not member
        )

    # -- what a test does to it -----------------------------------------------------------------

    def expel(self, member_id: str) -> None:
        """Give up a member, as if its session had ended."""
        self._remove(self.members[member_id])

    def rebalance(self) -> None:
        """Compute the assignment afresh with the next heartbeat, in a new epoch."""
        if self.members:
            self.targets = {}
            self._assigned_at = -math.inf
            self.epoch += 1

    # -- time -----------------------------------------------------------------------------------

    def poll(self, now: float) -> None:
        """Remove the members that have been silent, or have not revoked, for too long."""
        for member in [member for member in self.members.values() if member.deadline <= now]:
            self._remove(member)

    def bury(self) -> None:
        """Delete an empty group."""
        self._is_dead = True


def _check_wishes(beat: Beat, settings: Settings) -> None:
    if beat.assignor is not None and beat.assignor not in settings.assignors:
        raise UnsupportedAssignorError(
            f"{beat.assignor!r} is not one of {', '.join(settings.assignors)}"
        )
    if beat.regex:
        compile_pattern(beat.regex)
