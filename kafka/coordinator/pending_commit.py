"""One commit that is not settled.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.errors import KafkaTimeoutError
from kafka.subscription.grouping import names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.coordinator.commit_requests import CommitKind
    from kafka.coordinator.membership import MemberIdentity
    from kafka.errors import KafkaError
    from kafka.structs import OffsetAndMetadata, TopicPartition
    from kafka.subscription import Assignment, PartitionState

    Offsets = Mapping[TopicPartition, OffsetAndMetadata]


class PendingCommit:
    """What is left of a commit, and what has come of the rest.

    Attributes:
        number: tells it from all others.
        kind: who commits, and why.
        deadline: when to give up.
        waiting: the offsets that are not committed yet.
        identity: who commits.
        owners: the states of its partitions when it was made, ``None`` for those not assigned.
        done: the partitions committed.
        errors: what has failed for good, by partition.
        trouble: the last error that was worth another attempt.
        is_stuck: whether only topics that the brokers do not know keep it waiting.
    """

    __slots__ = (
        "deadline",
        "done",
        "errors",
        "identity",
        "is_stuck",
        "kind",
        "number",
        "owners",
        "trouble",
        "waiting",
    )

    def __init__(
        self,
        number: int,
        kind: CommitKind,
        deadline: float,
        offsets: Offsets,
        identity: MemberIdentity | None,
        owners: dict[TopicPartition, PartitionState | None],
    ) -> None:
        self.number = number
        self.kind = kind
        self.deadline = deadline
        self.waiting = dict(offsets)
        self.identity = identity
        self.owners = owners
        self.done: list[TopicPartition] = []
        self.errors: dict[TopicPartition, KafkaError] = {}
        self.trouble: KafkaError | None = None
        self.is_stuck = False

    def fits(self, offsets: Offsets) -> bool:
        """Return whether its offsets may replace those in *offsets*, as newer ones.

        What is wrong with the metadata text of one commit must not fail another.
        """
        waiting = self.waiting
        return all(
            offsets[tp].metadata == waiting[tp].metadata for tp in waiting.keys() & offsets.keys()
        )

    def lost(self, assignment: Assignment, identity: MemberIdentity) -> list[TopicPartition]:
        """Return the partitions that did not stay with this member since the commit was made.

        Args:
            assignment: the partitions owned now.
            identity: who commits now.
        """
        before, owners = self.identity, self.owners
        if before is None or before.member_id != identity.member_id:
            return list(self.waiting)
        return [
            tp for tp in self.waiting if owners[tp] is None or assignment.get(tp) is not owners[tp]
        ]

    def give_up(self) -> None:
        """Let what is still waiting fail with the last error that was worth another attempt."""
        assert self.trouble is not None, "nothing is given up before it has failed"
        self.errors |= dict.fromkeys(self.waiting, self.trouble)
        self.waiting.clear()

    def too_late(self, group_id: str) -> KafkaTimeoutError:
        """Return the error of the commit at its deadline."""
        why = "the coordinator has not answered" if self.trouble is None else str(self.trouble)
        names = names_of(self.waiting)
        late = KafkaTimeoutError(
            f"group={group_id}: the offsets of {names} were not committed in time: {why}"
        )
        late.__cause__ = self.trouble
        return late
