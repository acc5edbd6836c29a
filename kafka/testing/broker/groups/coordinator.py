"""The groups of a cluster: find, create, replace and delete them, and run their timers.  Pure.

Get it with ``cluster.component(GroupCoordinator)``. All brokers share it, and handlers call
`GroupCoordinator.check` so that only the group's coordinator answers.

A group changes between the classic and the consumer protocol as ``group.consumer.migration.policy``
lets it (`migration`). Limits: a group that becomes classic always rebalances, also when a static
member takes the place of the last one of the consumer protocol. Committed offsets expire in groups
without members only.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from itertools import count
from typing import TYPE_CHECKING, NamedTuple
from uuid import NAMESPACE_OID, uuid5

from kafka.errors import (
    BrokerResponseError,
    GroupIdNotFoundError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    NonEmptyGroupError,
    StaleMemberEpochError,
    UnknownMemberIdError,
)
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.groups.classic import ClassicGroup
from kafka.testing.broker.groups.classic_states import Limits
from kafka.testing.broker.groups.consumer import ConsumerGroup, Settings
from kafka.testing.broker.groups.hosted import HostedMembers
from kafka.testing.broker.groups.migration import downgrade, upgrade
from kafka.testing.broker.groups.offsets import Committed, OffsetStore
from kafka.testing.broker.groups.subscription import TopicInfo
from kafka.testing.broker.timers import Event

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from kafka.testing.broker.cluster import Cluster
    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.classic_member import Member
    from kafka.testing.broker.groups.consumer_member import ConsumerMember
    from kafka.testing.broker.groups.offsets import Key
    from kafka.testing.broker.timers import Timer

AnyGroup = ClassicGroup | ConsumerGroup
# Where a member that speaks the classic protocol can be.
ClassicSeat = ClassicGroup | HostedMembers

_POLICY = "group.consumer.migration.policy"
_UPGRADES, _DOWNGRADES = {"bidirectional", "upgrade"}, {"bidirectional", "downgrade"}


class Commit(NamedTuple):
    """The member that commits offsets, and its group.

    Attributes:
        epoch: generation or member epoch, -1 for none.
        transactional: the request is TxnOffsetCommit.
        speaks_epochs: the version of the request has member epochs.
        misses_groups: the answer may be GROUP_ID_NOT_FOUND.
    """

    group_id: str
    member_id: str = ""
    instance_id: str | None = None
    epoch: int = -1
    transactional: bool = False
    speaks_epochs: bool = True
    misses_groups: bool = False


class GroupCoordinator:
    """All groups.

    Attributes:
        groups: by id.
        offsets: the committed offsets of all groups.
        changed: fires when a group may have changed.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.changed = Event()
        self.groups: dict[str, AnyGroup] = {}
        self.offsets = OffsetStore()
        self.coordinators = cluster.component(Coordinators)
        self._cluster = cluster
        self._ids = count()
        self._timers: dict[str, Timer] = {}
        self._empty_since: dict[str, float] = {}
        self._next_sweep = 0.0
        cluster.metadata_changed.subscribe(self._on_metadata)

    # -- finding --------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The cluster's time in seconds."""
        return self._cluster.clock.now()

    def check(self, node_id: int, group_id: str) -> None:
        """Check that a broker coordinates a group.

        Raises:
            NotCoordinatorError: another broker coordinates the group.
        """
        self.coordinators.check(node_id, KeyType.GROUP, group_id)
        self.sweep()

    def classic(self, group_id: str) -> ClassicGroup:
        """Return a classic group.

        Raises:
            GroupIdNotFoundError: there is none of that id.
        """
        group = self.groups.get(group_id)
        if group is None:
            raise GroupIdNotFoundError(f"Group {group_id} not found.")
        if not isinstance(group, ClassicGroup):
            raise GroupIdNotFoundError(f"Group {group_id} is not a classic group.")
        return group

    def consumer(self, group_id: str) -> ConsumerGroup:
        """Return a KIP-848 group.

        Raises:
            GroupIdNotFoundError: there is none of that id.
        """
        group = self.groups.get(group_id)
        if group is None:
            raise GroupIdNotFoundError(f"Group {group_id} not found.")
        if not isinstance(group, ConsumerGroup):
            raise GroupIdNotFoundError(f"Group {group_id} is not a consumer group.")
        return group

    def known_classic(self, group_id: str) -> ClassicSeat:
        """Return the group that a member of the classic protocol speaks of.

        Raises:
            UnknownMemberIdError: there is no such group, so there is no such member.
        """
        group = self.groups.get(group_id)
        if isinstance(group, ConsumerGroup) and not group.is_empty:
            return self._hosted(group)
        try:
            return self.classic(group_id)
        except GroupIdNotFoundError as exc:
            raise UnknownMemberIdError(str(exc)) from exc

    def classic_to_join(self, group_id: str, member_id: str) -> ClassicSeat:
        """Return the group that a member of the classic protocol joins; a new one may create it.

        Raises:
            UnknownMemberIdError: there is no such group, and the member claims to be known.
            InconsistentGroupProtocolError: the group has members of the other protocol, and groups
                do not change theirs.
        """
        group = self.groups.get(group_id)
        if isinstance(group, ClassicGroup):
            return group
        if group is not None and not group.is_empty:
            if self._policy == "disabled":
                raise InconsistentGroupProtocolError(f"{group_id} is a consumer group with members")
            return self._hosted(group)
        if member_id:
            raise UnknownMemberIdError(f"there is no classic group {group_id!r}")
        return self._new_classic(group_id)

    def _new_classic(self, group_id: str) -> ClassicGroup:
        return ClassicGroup(group_id, new_id=self.new_id, limits=self._limits)

    def _hosted(self, group: ConsumerGroup) -> HostedMembers:
        return HostedMembers(group, self.topics(), self.new_member_id)

    def consumer_to_join(self, group_id: str, member_epoch: int) -> ConsumerGroup:
        """Return the KIP-848 group of a heartbeat; one that joins gets a new group if need be.

        A new group becomes one of the cluster's with `keep`.

        Raises:
            GroupIdNotFoundError: there is no such group, or it is classic and stays so.
        """
        group = self.groups.get(group_id)
        if isinstance(group, ConsumerGroup):
            return group
        if member_epoch != 0:
            return self.consumer(group_id)
        new = ConsumerGroup(group_id, settings=lambda: self._settings(group_id))
        if group is not None and not group.is_empty:
            if self._policy not in _UPGRADES or len(group.roster.members) > new.max_size:
                return self.consumer(group_id)
            upgrade(group, new, self.topics(), self.now)
        return new

    def new_id(self) -> str:
        """Return an unused UUID, for the end of a member id of a classic group."""
        return str(self._new_uuid())

    def new_member_id(self) -> str:
        """Return a member id for a KIP-848 group."""
        return urlsafe_b64encode(self._new_uuid().bytes).decode().rstrip("=")

    def _new_uuid(self) -> UUID:
        # The same ones in every run, so that runs can be repeated.
        return uuid5(NAMESPACE_OID, f"{self._cluster.cluster_id}/{next(self._ids)}")

    def topics(self) -> dict[str, TopicInfo]:
        """Return all topics as groups see them."""
        return {
            name: TopicInfo(topic.topic_id, len(topic.partitions))
            for name, topic in self._cluster.topics.items()
        }

    # -- configs --------------------------------------------------------------------------------

    @property
    def _policy(self) -> str:
        return self._cluster.setting(_POLICY).strip().lower()

    def _limits(self) -> Limits:
        setting = self._cluster.setting
        return Limits(
            initial_delay=int(setting("group.initial.rebalance.delay.ms")) / 1000,
            max_size=int(setting("group.max.size")),
        )

    def _settings(self, group_id: str) -> Settings:
        setting = self._cluster.setting
        own = self._cluster.component(ConfigStore).groups.get(group_id, {})

        def seconds(name: str) -> float:
            return int(own.get(f"consumer.{name}") or setting(f"group.consumer.{name}")) / 1000

        return Settings(
            session_timeout=seconds("session.timeout.ms"),
            heartbeat_interval=seconds("heartbeat.interval.ms"),
            assignment_interval=seconds("assignment.interval.ms"),
            max_size=int(setting("group.consumer.max.size")),
            assignors=tuple(
                name.strip() for name in setting("group.consumer.assignors").split(",")
            ),
        )

    # -- commits --------------------------------------------------------------------------------

    def validate_commit(self, commit: Commit, partitions: Sequence[TopicPartitionId]) -> None:
        """Check a commit of offsets; one without an epoch creates the group if necessary.

        Raises:
            BrokerResponseError: the member or its epoch is not the group's.
        """
        group = self.groups.get(commit.group_id)
        if group is None:
            if commit.epoch >= 0 and commit.misses_groups:
                raise GroupIdNotFoundError(f"Group {commit.group_id} not found.")
            if commit.epoch >= 0:
                raise IllegalGenerationError(f"there is no group {commit.group_id!r}")
            self.keep(self._new_classic(commit.group_id))
        elif isinstance(group, ClassicGroup):
            group.validate_commit(
                commit.member_id,
                commit.instance_id,
                commit.epoch,
                transactional=commit.transactional,
            )
            group.on_commit(commit.member_id, self.now)
        else:
            self._validate_consumer_commit(group, commit, partitions)

    @staticmethod
    def _validate_consumer_commit(
        group: ConsumerGroup, commit: Commit, partitions: Sequence[TopicPartitionId]
    ) -> None:
        try:
            group.validate_commit(
                commit.member_id,
                commit.epoch,
                partitions,
                transactional=commit.transactional,
                speaks_epochs=commit.speaks_epochs,
            )
        except StaleMemberEpochError as exc:
            if commit.transactional:
                # Producers know nothing of member epochs.
                raise IllegalGenerationError(*exc.args) from exc
            raise

    # -- what a test does to groups ---------------------------------------------------------------

    def expel(self, group_id: str, member: str) -> None:
        """Give up a member of a group, as if its session had ended.

        Args:
            group_id: of the group.
            member: its member id or instance id; its client id, if no other member has the same.

        Raises:
            GroupIdNotFoundError: there is no such group.
            ValueError: there is no such member, or more than one.
        """
        group = self._existing(group_id)
        members: Mapping[str, Member | ConsumerMember] = (
            group.roster.members if isinstance(group, ClassicGroup) else group.members
        )
        found = [
            member_id
            for member_id, known in members.items()
            if member in {member_id, known.instance_id, known.client_id}
        ]
        if len(found) != 1:
            raise ValueError(
                f"{len(found)} members of {group_id!r} are called {member!r}; it has "
                f"{sorted(members)}"
            )
        if isinstance(group, ClassicGroup):
            group.expel(found[0], self.now)
        else:
            group.expel(found[0])
        self.keep(group)

    def rebalance(self, group_id: str) -> None:
        """Force a rebalance of a group.

        Raises:
            GroupIdNotFoundError: there is no such group.
            ValueError: it has no members.
        """
        group = self._existing(group_id)
        if group.is_empty:
            raise ValueError(f"the group {group_id!r} has no members that could rebalance")
        if isinstance(group, ClassicGroup):
            group.rebalance(self.now)
        else:
            group.rebalance()
        self.keep(group)

    def _existing(self, group_id: str) -> AnyGroup:
        group = self.groups.get(group_id)
        if group is None:
            raise GroupIdNotFoundError(
                f"there is no group {group_id!r}; the cluster has {sorted(self.groups)}"
            )
        return group

    # -- deleting and expiring --------------------------------------------------------------------

    def delete(self, group_id: str) -> None:
        """Delete a group and its offsets.

        Raises:
            GroupIdNotFoundError: there is no such group.
            NonEmptyGroupError: it has members.
        """
        group = self.groups.get(group_id)
        if group is None:
            raise GroupIdNotFoundError(f"Group {group_id} not found.")
        if not group.is_empty:
            raise NonEmptyGroupError
        self._forget(group)

    def _forget(self, group: AnyGroup) -> None:
        group.bury()
        del self.groups[group.group_id]
        self.offsets.forget(group.group_id)
        self._empty_since.pop(group.group_id, None)
        self._disarm(group.group_id)

    def _on_metadata(self) -> None:
        # Runs between the deletion of a topic and the creation of another of its name.
        self.offsets.retain_topics(self._cluster.topics)

    def sweep(self, *, at_once: bool = False) -> None:
        """Forget the offsets whose retention is over, if it is time again."""
        now = self.now
        if now < self._next_sweep and not at_once:
            return
        setting = self._cluster.setting
        self._next_sweep = now + int(setting("offsets.retention.check.interval.ms")) / 1000
        for group in list(self.groups.values()):
            if group.is_empty:
                self._expire(group, now)

    def _expire(self, group: AnyGroup, now: float) -> None:
        retention = int(self._cluster.setting("offsets.retention.minutes")) * 60
        wall_ms = self._cluster.clock.wall_ms()
        empty_for = now - self._empty_since.setdefault(group.group_id, now)

        def is_over(_: Key, value: Committed) -> bool:
            if value.expires_ms is not None:
                return value.expires_ms <= wall_ms
            return min(empty_for, (wall_ms - value.committed_ms) / 1000) >= retention

        had_offsets = self.offsets.has(group.group_id)
        self.offsets.of(group.group_id).expire(is_over)
        if not self.offsets.has(group.group_id) and (had_offsets or empty_for > 0):
            self._forget(group)

    # -- time -----------------------------------------------------------------------------------

    def keep(self, changed: AnyGroup | HostedMembers) -> None:
        """Keep a group, and arm its timer, after a request that may have changed it.

        It takes the place of one of the other protocol; one that has only classic members left
        becomes a classic group.
        """
        group = self._settled(changed.group if isinstance(changed, HostedMembers) else changed)
        before = self.groups.get(group.group_id)
        if before is not group:
            self._disarm(group.group_id)
            if isinstance(before, ClassicGroup):
                before.dissolve()
        self.groups[group.group_id] = group
        if group.is_empty:
            self._empty_since.setdefault(group.group_id, self.now)
        else:
            self._empty_since.pop(group.group_id, None)
        self._arm(group)
        self.changed.fire()

    def _settled(self, group: AnyGroup) -> AnyGroup:
        """Return *group*, or the classic group that it becomes."""
        if isinstance(group, ClassicGroup) or not group.is_classic:
            return group
        limits = self._limits()
        if self._policy not in _DOWNGRADES or len(group.members) > limits.max_size:
            return group
        classic = self._new_classic(group.group_id)
        downgrade(group, classic, self.topics(), self.now)
        return classic

    def _arm(self, group: AnyGroup) -> None:
        wakeup = group.next_wakeup()
        timer = self._timers.get(group.group_id)
        if wakeup is None:
            self._disarm(group.group_id)
        elif timer is None or not timer.is_pending or timer.when > wakeup:
            # A timer that is too early is cheaper than a new one with each heartbeat.
            self._disarm(group.group_id)
            self._timers[group.group_id] = self._cluster.timers.call_at(
                wakeup, lambda: self._wake(group)
            )

    def _disarm(self, group_id: str) -> None:
        timer = self._timers.pop(group_id, None)
        if timer is not None:
            timer.cancel()

    def _wake(self, group: AnyGroup) -> None:
        if self.groups.get(group.group_id) is group:
            group.poll(self.now)
            self.keep(group)


def error_text(error: BrokerResponseError) -> str:
    """Return the text for an ``error_message`` field."""
    return ", ".join(map(str, error.args)) or error.description
