"""A position machine whose decisions are carried out as a consumer would, for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.backoff import ExponentialBackoff
from kafka.cluster import ClusterMetadata, ClusterSnapshot
from kafka.consumer.offset_requests import EpochEnd, FoundOffset
from kafka.consumer.position_actions import CheckEpochs, ListOffsets, Start
from kafka.consumer.positions import PositionMachine, PositionSettings
from kafka.coordinator.membership import SetHold
from kafka.errors import KafkaError, NoError
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.subscription import FetchState, PartitionState, SubscriptionState
from kafka.subscription.reset import EARLIEST
from test.unit.consumer.consumer_data import OTHER, TP

if TYPE_CHECKING:
    from kafka.consumer.position_actions import Action
    from kafka.structs import TopicPartition
    from kafka.subscription import OffsetReset

REQUEST_TIMEOUT = 30.0
BACKOFF = 0.5


def snapshot(
    leaders: dict[TopicPartition, int | None],
    *,
    epoch: int = 3,
    error: type[KafkaError] | None = None,
) -> ClusterSnapshot:
    """Return a cluster with these leaders, or with an error for the topic."""
    response = MetadataResponse
    topic = response.MetadataResponseTopic(name=TP.topic, error_code=error.errno if error else 0)
    topic.partitions = [
        response.MetadataResponsePartition(
            partition_index=tp.partition,
            leader_id=-1 if leader is None else leader,
            leader_epoch=epoch,
        )
        for tp, leader in leaders.items()
    ]
    cluster = ClusterMetadata()
    cluster.merge(MetadataResponse(topics=[topic]))
    return cluster.snapshot


class Bench:
    """A machine with two partitions; what it decides is carried out as a consumer would.

    Attributes:
        positions: what the application has reached: offset and leader epoch.
    """

    def __init__(
        self,
        policy: OffsetReset = EARLIEST,
        *,
        active: bool = True,
        partitions: int = 2,
        in_group: bool = False,
    ) -> None:
        self.subscriptions = SubscriptionState()
        self.subscriptions.replace_assignment([TP, OTHER][:partitions])
        self.positions: dict[TopicPartition, tuple[int | None, int]] = {}
        backoff = ExponentialBackoff(BACKOFF, BACKOFF)
        settings = PositionSettings(policy, REQUEST_TIMEOUT, backoff, in_group=in_group)
        self.machine = PositionMachine(self.subscriptions, self, settings, lambda low, _: low)
        self.machine.on_metadata(snapshot({TP: 1, OTHER: 2}))
        self.machine.on_assignment()
        if active:
            self.machine.on_user_poll()

    # What the machine asks about the application's progress.
    def position(self, tp: TopicPartition, /) -> int | None:
        return self.positions.get(tp, (None, -1))[0]

    def last_leader_epoch(self, tp: TopicPartition, /) -> int:
        return self.positions.get(tp, (None, -1))[1]

    @property
    def state(self) -> PartitionState:
        found = self.subscriptions.assignment.get(TP)
        assert found is not None
        return found

    def poll(self, now: float = 0.0) -> list[Action]:
        """Return all actions until there are none, carried out."""
        found: list[Action] = []
        while actions := self.machine.poll(now):
            found += actions
            for action in actions:
                if isinstance(action, Start):
                    self.positions[action.tp] = action.offset, action.leader_epoch
                elif isinstance(action, SetHold):
                    for tp in action.partitions:
                        state = self.subscriptions.assignment.get(tp)
                        assert state is not None
                        state.set_hold(action.hold, on=action.on)
        return found

    def enter(self, wanted: FetchState) -> None:
        """Bring `TP` into a state; the other partition is fetched. Nothing is asked yet."""
        other = self.subscriptions.assignment.get(OTHER)
        if other is not None:
            self.machine.on_seek(other, 0)
        if wanted is FetchState.AWAIT_COMMITTED:
            self.state.await_committed()
        elif wanted is FetchState.FETCHING:
            self.machine.on_seek(self.state, 5)
        elif wanted is FetchState.AWAIT_RESET:
            self.machine.on_reset(self.state, EARLIEST)
        elif wanted is FetchState.AWAIT_VALIDATION:
            self.machine.on_seek(self.state, 5, 2)

    def read(self, position: int, fetched_to: int, epoch: int = 2) -> None:
        """Let the application have read to *position* while there is data up to *fetched_to*."""
        self.enter(FetchState.FETCHING)
        self.poll()
        self.state.advance(fetched_to, 0.0)
        self.positions[TP] = position, epoch

    def asked(self) -> ListOffsets | CheckEpochs:
        """Return the question about `TP` that is due."""
        questions = [a for a in self.poll() if isinstance(a, ListOffsets | CheckEpochs)]
        return next(question for question in questions if TP in question.partitions)

    def lookup(self) -> ListOffsets:
        self.enter(FetchState.AWAIT_RESET)
        question = self.asked()
        assert isinstance(question, ListOffsets)
        return question

    def validation(self, position: int = 5, fetched_to: int = 5) -> CheckEpochs:
        """Return the question that a new leader epoch causes."""
        self.read(position, fetched_to)
        self.machine.on_metadata(snapshot({TP: 1, OTHER: 2}, epoch=4))
        question = self.asked()
        assert isinstance(question, CheckEpochs)
        return question


def found(offset: int, error: type[KafkaError] = NoError) -> dict[TopicPartition, FoundOffset]:
    return {TP: FoundOffset(error, offset, -1, -1)}


def end(
    offset: int, epoch: int = 2, error: type[KafkaError] = NoError
) -> dict[TopicPartition, EpochEnd]:
    return {TP: EpochEnd(error, epoch, offset)}


def kinds(actions: list[Action]) -> list[type]:
    return [type(action) for action in actions]
