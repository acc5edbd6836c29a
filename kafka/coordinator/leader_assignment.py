"""What the leader of a classic group does: share the partitions out among the members.  Pure.

The leader has to know the partitions of all topics of the group, also of those to which only others
subscribe. It watches their numbers afterwards: when one changes, the group shares out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.coordinator.assignors.messages import assignment_bytes, read_member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.assignors.strategy import AssignmentStrategy, MemberAssignment
    from kafka.protocol.messages.join_group import JoinGroupResponse


class LeaderAssignment:
    """The assignment of one generation.

    Args:
        strategy: the assignor that the group has chosen.
        members: all members, as JoinGroup names them to the leader.
        snapshot: the cluster as known when JoinGroup was answered.

    Attributes:
        topics: all topics that members subscribe to.

    Raises:
        KafkaProtocolError: a member has sent something that is not a subscription.
    """

    def __init__(
        self,
        strategy: AssignmentStrategy,
        members: Iterable[JoinGroupResponse.JoinGroupResponseMember],
        snapshot: ClusterSnapshot,
    ) -> None:
        self._strategy = strategy
        self._members = tuple(
            read_member(member.member_id, member.group_instance_id, member.metadata)
            for member in members
        )
        self._since = snapshot.version
        self._counts: dict[str, int] | None = None
        self.topics = frozenset(topic for member in self._members for topic in member.topics)

    def __repr__(self) -> str:
        """Return a status line."""
        state = "WAITING" if self._counts is None else "WATCHING"
        return (
            f"<LeaderAssignment {state} {self._strategy.name}"
            f" members={len(self._members)} topics={len(self.topics)}>"
        )

    def knows_all(self, snapshot: ClusterSnapshot) -> bool:
        """Return whether *snapshot* says of each topic what partitions it has, or that it fails."""
        if snapshot.all_listed_in > self._since:
            return True
        return all(
            snapshot.partitions(topic) is not None or snapshot.topic_error(topic) is not None
            for topic in self.topics
        )

    def watch(self, snapshot: ClusterSnapshot) -> None:
        """Remember the numbers of partitions that the assignment is made of."""
        self._counts = self._counts_in(snapshot)

    def work(self, snapshot: ClusterSnapshot) -> Callable[[], Mapping[str, MemberAssignment]]:
        """Return the call that makes the assignment; it may run on another thread."""
        strategy, members = self._strategy, self._members
        return lambda: strategy.assign(snapshot, members)

    def why_outdated(self, snapshot: ClusterSnapshot) -> str | None:
        """Return why the assignment does not fit *snapshot* any more, ``None`` if it does.

        A topic that is not there for a moment changes nothing.
        """
        if self._counts is None:
            return None
        for topic, count in self._counts_in(snapshot).items():
            before = self._counts.get(topic, 0)
            if before != count:
                noun = "partition" if count == 1 else "partitions"
                return f"topic {topic} has {count} {noun}, {before} before"
        return None

    def _counts_in(self, snapshot: ClusterSnapshot) -> dict[str, int]:
        counts = {topic: snapshot.partition_count(topic) for topic in sorted(self.topics)}
        return {topic: count for topic, count in counts.items() if count is not None}


def encoded(assignments: Mapping[str, MemberAssignment]) -> dict[str, bytes]:
    """Return the assignments of the members as SyncGroup carries them."""
    return {member_id: assignment_bytes(given) for member_id, given in assignments.items()}
