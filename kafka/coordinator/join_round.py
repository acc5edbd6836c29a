"""What one member does to get an assignment out of a generation.  Pure.

The member tells the leader its subscription, once for each of its assignors (JoinGroup); the group
chooses one that all have. The leader shares out as soon as it knows the topics of the group, and
hands the assignments in (SyncGroup). When to join, and what becomes of the assignment, is for
`kafka.coordinator.classic_membership` to decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.assignors.messages import read_assignment, subscription_bytes
from kafka.coordinator.classic_requests import join_request, sync_request
from kafka.coordinator.leader_assignment import LeaderAssignment, encoded
from kafka.coordinator.membership import JOIN
from kafka.coordinator.strategy_work import StrategyWork
from kafka.errors import InconsistentGroupProtocolError
from kafka.protocol.consumer_protocol import PROTOCOL_TYPE
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.assignors.strategy import AssignmentStrategy, MemberAssignment
    from kafka.coordinator.classic_states import ClassicSettings
    from kafka.coordinator.membership import MemberIdentity
    from kafka.coordinator.outbox import Outbox
    from kafka.protocol.messages.join_group import JoinGroupResponse
    from kafka.protocol.messages.sync_group import SyncGroupResponse
    from kafka.structs import TopicPartition


class JoinRound:
    """The current attempt to join, and the generation that came of it.

    Args:
        settings: the assignors, the rack, and time-outs.
        outbox: where the requests go.
        new_number: makes the numbers of tasks.

    Attributes:
        work: the code of assignors that runs on the user's side.
    """

    def __init__(
        self, settings: ClassicSettings, outbox: Outbox, new_number: Callable[[], int]
    ) -> None:
        self.work = StrategyWork(new_number)
        self._settings = settings
        self._outbox = outbox
        self._strategies = {strategy.name: strategy for strategy in settings.strategies}
        # What JoinGroup says; None before it is known.
        self._topics: frozenset[str] | None = None
        self._protocols: dict[str, bytes] | None = None
        # What has come of it.
        self._chosen: AssignmentStrategy | None = None
        self._leader: LeaderAssignment | None = None
        self._must_assign = False
        # What SyncGroup says, by member; None before it is known.
        self._assignments: dict[str, bytes] | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        chosen = None if self._chosen is None else self._chosen.name
        return f"<JoinRound protocol={chosen} leader={self._leader!r} {self.work!r}>"

    # -- questions -------------------------------------------------------------------------

    @property
    def group_topics(self) -> frozenset[str]:
        """All topics of the group, which only the leader knows."""
        return frozenset() if self._leader is None else self._leader.topics

    @property
    def is_leader(self) -> bool:
        """Whether the member shares out in this generation."""
        return self._leader is not None

    @property
    def is_ready(self) -> bool:
        """Whether JoinGroup, or SyncGroup in a generation, can be sent as far as it is known."""
        said = self._protocols if self._chosen is None else self._assignments
        return said is not None

    @property
    def is_about_to_send(self) -> bool:
        """Whether only the back-off, or the coordinator, keeps the next request from being sent."""
        kind = JoinGroupRequest if self._chosen is None else SyncGroupRequest
        return self.is_ready and not self._outbox.waits_for(kind)

    def why_outdated(self, subscription: frozenset[str], snapshot: ClusterSnapshot) -> str | None:
        """Return why the generation does not fit any more, ``None`` if it does.

        Args:
            subscription: the topics subscribed to now.
            snapshot: the cluster as known now.
        """
        if self._topics is not None and self._topics != subscription:
            return f"the subscription is now to {', '.join(sorted(subscription)) or 'no topics'}"
        return None if self._leader is None else self._leader.why_outdated(snapshot)

    # -- the steps of a round --------------------------------------------------------------

    def join(
        self,
        member: MemberIdentity,
        topics: frozenset[str],
        owned: Sequence[TopicPartition],
        *,
        reason: str,
        now: float,
    ) -> bool:
        """Send JoinGroup unless it is sent, as soon as it can be; return whether it leaves now.

        Args:
            member: who joins.
            topics: what to subscribe to.
            owned: partitions that the member holds on to.
            reason: why it joins.
            now: seconds.
        """
        if self._outbox.waits_for(JoinGroupRequest):
            return False
        if self._topics != topics:
            self._find_out(topics, owned, member.epoch)
        self._outbox.find_coordinator()
        if self._protocols is None or not self._outbox.is_open(now):
            return False
        request = join_request(self._settings, member, self._protocols, reason)
        self._outbox.send(request, JOIN, timeout=self._settings.join_timeout, sender=member)
        return True

    def on_joined(self, response: JoinGroupResponse, snapshot: ClusterSnapshot) -> None:
        """Begin the generation that JoinGroup has brought.

        Raises:
            InconsistentGroupProtocolError: the group is of another kind.
            KafkaProtocolError: a member has sent something that is not a subscription.
        """
        name = response.protocol_name or ""
        chosen = self._strategies.get(name)
        if chosen is None or response.protocol_type not in {None, PROTOCOL_TYPE}:
            raise self._inconsistent(response.protocol_type, name)
        self._chosen = chosen
        self._leader, self._assignments = None, {}
        if response.leader == response.member_id:
            self._leader = LeaderAssignment(chosen, response.members, snapshot)
            self._assignments = None
            # A static leader that was only restarted shares nothing out afresh (KIP-814).
            self._must_assign = not response.skip_assignment

    def knows_topics(self, snapshot: ClusterSnapshot) -> bool:
        """Return whether *snapshot* says enough for the assignment."""
        return self._leader is None or self._leader.knows_all(snapshot)

    def sync(self, member: MemberIdentity, snapshot: ClusterSnapshot, now: float) -> None:
        """Send SyncGroup unless it is sent, as soon as it can be; share out before as the leader.

        Args:
            member: who asks.
            snapshot: the cluster as known now.
            now: seconds.
        """
        if self._chosen is None or self._outbox.waits_for(SyncGroupRequest):
            return
        if self._assignments is None and self._leader is not None and not self.work.is_busy:
            self._share_out(self._leader, self._chosen, snapshot)
        self._outbox.find_coordinator()
        if self._assignments is None or not self._outbox.is_open(now):
            return
        request = sync_request(member, self._chosen.name, self._assignments)
        self._outbox.send(request, JOIN, timeout=self._settings.join_timeout, sender=member)

    def on_synced(self, response: SyncGroupResponse, generation: int) -> MemberAssignment:
        """Return the assignment that SyncGroup has brought, and tell the assignor.

        Raises:
            InconsistentGroupProtocolError: it is of another assignor.
            KafkaProtocolError: it is not an assignment.
        """
        kind, name, chosen = response.protocol_type, response.protocol_name, self._chosen
        # Old brokers say neither (KIP-559).
        if chosen is None or name not in {None, chosen.name} or kind not in {None, PROTOCOL_TYPE}:
            raise self._inconsistent(kind, name)
        assignment = read_assignment(response.assignment)
        self._assignments = None
        self.work.notify(
            lambda: chosen.on_assignment(assignment, generation), on_user=chosen.runs_user_code
        )
        return assignment

    def forget(self) -> None:
        """End the round: the member joins anew, or not at all."""
        self.work.drop()
        self._topics = self._protocols = self._assignments = None
        self._chosen = self._leader = None

    def _find_out(
        self, topics: frozenset[str], owned: Sequence[TopicPartition], generation: int
    ) -> None:
        """Find out what JoinGroup is to say."""
        self.forget()
        self._topics = topics

        def work() -> dict[str, bytes]:
            return {
                name: subscription_bytes(
                    topics,
                    strategy.subscription_user_data(topics),
                    owned=owned,
                    generation=generation,
                    rack=self._settings.rack or None,
                )
                for name, strategy in self._strategies.items()
            }

        on_user = any(strategy.runs_user_code for strategy in self._strategies.values())
        self.work.run(work, self._set_protocols, on_user=on_user)

    def _share_out(
        self, leader: LeaderAssignment, chosen: AssignmentStrategy, snapshot: ClusterSnapshot
    ) -> None:
        if not leader.knows_all(snapshot):
            return
        leader.watch(snapshot)
        if not self._must_assign:
            self._assignments = {}
            return
        work = leader.work(snapshot)
        self.work.run(lambda: encoded(work()), self._set_assignments, on_user=chosen.runs_user_code)

    def _inconsistent(self, kind: str | None, name: str | None) -> InconsistentGroupProtocolError:
        return InconsistentGroupProtocolError(
            f"the group uses {name!r} of type {kind!r}; this consumer has "
            f"{', '.join(self._strategies)} of type {PROTOCOL_TYPE!r}. Give all its members an "
            "assignor in common, or choose another group_id"
        )

    def _set_protocols(self, protocols: dict[str, bytes]) -> None:
        self._protocols = protocols

    def _set_assignments(self, assignments: dict[str, bytes]) -> None:
        self._assignments = assignments
