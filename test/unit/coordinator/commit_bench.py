"""What tests of commits share: a member, its partitions, answers of a coordinator."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kafka._base.backoff import ExponentialBackoff
from kafka.cluster import ClusterMetadata, ClusterSnapshot
from kafka.coordinator.commit_requests import CommitKind, SendCommit, Settled
from kafka.coordinator.membership import MemberIdentity
from kafka.coordinator.offset_commits import OffsetCommits
from kafka.errors import KafkaError, NoError
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.protocol.messages.offset_commit import OffsetCommitResponse
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.subscription import SubscriptionState
from kafka.subscription.grouping import by_topic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.coordinator.offset_commits import Action

T0, T1, U0 = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("u", 0)
T_ID = UUID(int=7)
MEMBER = MemberIdentity("g", "m", 3, "i")
NEXT = MEMBER._replace(epoch=4)
OUTSIDER = MemberIdentity("g", "", -1, None)
DEADLINE = 60.0
BACKOFF = 0.5


def snapshot_with_id() -> ClusterSnapshot:
    """Return a cluster that has the topic ``t`` with an id."""
    topic = MetadataResponse.MetadataResponseTopic(name="t", topic_id=T_ID)
    cluster = ClusterMetadata()
    cluster.merge(MetadataResponse(topics=[topic]))
    return cluster.snapshot


def offsets(*partitions: TopicPartition, at: int = 5) -> dict[TopicPartition, OffsetAndMetadata]:
    return {tp: OffsetAndMetadata(at) for tp in partitions}


class CommitBench:
    """The commits of a member that owns ``t-0`` and ``t-1``.

    Attributes:
        identity: who commits now.
        renews: whether a generation is about to begin.
        settled: how commits have ended, by number.
        sent: the requests, oldest first.
    """

    def __init__(self, identity: MemberIdentity | None = MEMBER) -> None:
        self.identity = identity
        self.renews = False
        self.subscriptions = SubscriptionState()
        self.subscriptions.replace_assignment([T0, T1])
        self.machine = OffsetCommits(
            "g",
            self.subscriptions,
            lambda: self.identity,
            ExponentialBackoff(BACKOFF, BACKOFF),
            lambda low, _: low,
            renews=lambda: self.renews,
        )
        self.settled: dict[int, KafkaError | None] = {}
        self.sent: list[SendCommit] = []

    def poll(self, now: float = 0.0) -> list[Action]:
        """Return what is due, other than requests and ends, which are kept."""
        rest: list[Action] = []
        while actions := self.machine.poll(now):
            for action in actions:
                if isinstance(action, SendCommit):
                    self.sent.append(action)
                elif isinstance(action, Settled):
                    assert action.number not in self.settled
                    self.settled[action.number] = action.error
                else:
                    rest.append(action)
        return rest

    def commit(
        self,
        *partitions: TopicPartition,
        at: int = 5,
        kind: CommitKind = CommitKind.SYNC,
        deadline: float = DEADLINE,
        now: float = 0.0,
    ) -> int:
        """Commit *at* of some partitions, ``t-0`` by default."""
        number = self.machine.submit(offsets(*(partitions or (T0,)), at=at), kind, deadline)
        self.poll(now)
        return number

    def answer(
        self,
        error: type[KafkaError] = NoError,
        of: Mapping[TopicPartition, type[KafkaError]] | None = None,
        now: float = 1.0,
    ) -> list[Action]:
        """Answer the last request, with *error* for what is not in *of*; return what is due."""
        sent = self.sent[-1]
        errors = {tp: (of or {}).get(tp, error) for tp in sent.offsets}
        response = OffsetCommitResponse(
            topics=[
                OffsetCommitResponse.OffsetCommitResponseTopic(
                    name=topic,
                    partitions=[
                        OffsetCommitResponse.OffsetCommitResponsePartition(
                            partition_index=tp.partition, error_code=errors[tp].errno
                        )
                        for tp in partitions
                    ],
                )
                for topic, partitions in by_topic(sent.offsets).items()
            ]
        )
        self.machine.on_response(sent, response, now)
        return self.poll(now)

    def lose_answer(self, error: KafkaError, now: float = 1.0) -> list[Action]:
        """Let the last request fail as a whole."""
        self.machine.on_response(self.sent[-1], error, now)
        return self.poll(now)

    def committed(self) -> dict[TopicPartition, int | None]:
        """Return the offsets in the last request."""
        return {tp: offset.offset for tp, offset in self.sent[-1].offsets.items()}
