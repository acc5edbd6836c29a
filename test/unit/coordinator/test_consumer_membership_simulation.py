"""Members of a KIP-848 group and the coordinator of the embedded broker, without a network."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kafka.coordinator.membership import LeaveMode
from kafka.errors import BrokerResponseError, KafkaConnectionError, NotCoordinatorError
from kafka.protocol.messages.consumer_group_heartbeat import (
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
)
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import TopicPartition
from kafka.testing.broker.groups.consumer import ConsumerGroup, ConsumerState
from kafka.testing.broker.groups.consumer_member import Beat
from kafka.testing.broker.groups.subscription import TopicInfo
from test.unit.coordinator.member_bench import SETTINGS, GroupMember

if TYPE_CHECKING:
    from kafka.testing.broker.groups.assignors import TopicPartitionId
    from kafka.testing.broker.groups.consumer import BeatOutcome

SUBSCRIPTIONS = (("a",), ("b",), ("a", "b"))
# More than enough for all members to come to rest.
LONGEST_CALM = 300


def beat_of(request: ConsumerGroupHeartbeatRequest) -> Beat:
    """Return a request as the coordinator takes it."""
    names, owned = request.subscribed_topic_names, request.topic_partitions
    timeout = request.rebalance_timeout_ms
    return Beat(
        member_id=request.member_id,
        member_epoch=request.member_epoch,
        instance_id=request.instance_id,
        rebalance_timeout=None if timeout < 0 else timeout / 1000,
        names=None if names is None else frozenset(names),
        owned=None
        if owned is None
        else frozenset((topic.topic_id, number) for topic in owned for number in topic.partitions),
    )


def response_of(outcome: BeatOutcome) -> ConsumerGroupHeartbeatResponse:
    """Return what the coordinator answers."""
    response, assignment = ConsumerGroupHeartbeatResponse, None
    if outcome.assignment is not None:
        assignment = response.Assignment(
            topic_partitions=[
                response.TopicPartitions(topic_id=topic_id, partitions=[number])
                for topic_id, number in outcome.assignment
            ]
        )
    return response(
        member_id=outcome.member_id,
        member_epoch=outcome.member_epoch,
        heartbeat_interval_ms=int(outcome.heartbeat_interval * 1000),
        assignment=assignment,
    )


class World:
    """A group, its members, and what may happen to them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.topics = {
            "a": TopicInfo(UUID(int=1), 3),
            "b": TopicInfo(UUID(int=2), 2),
        }
        self.group = ConsumerGroup("g")
        self.members: list[GroupMember] = []
        self._born = 0

    # -- what may happen -------------------------------------------------------------------

    def arrives(self, index: int) -> None:
        """A consumer subscribes and polls for the first time."""
        self._born += 1
        settings = SETTINGS._replace(member_id=f"m{self._born}", auto_commit=index % 2 == 0)
        member = GroupMember(settings, listens=index % 3 != 0)
        member.now = self.now
        self.members.append(member)
        self.learns(len(self.members) - 1)
        member.subscribe(*SUBSCRIPTIONS[index % 3])
        member.user_polls()

    def heartbeat_comes(self, index: int) -> None:
        """The coordinator answers."""
        member = self.member(index)
        if member is not None and member.has_heartbeat_in_flight:
            member.reply(self._answer(member))

    def answer_is_lost(self, index: int) -> None:
        """The coordinator answers, and the connection breaks before that arrives."""
        member = self.member(index)
        if member is not None and member.has_heartbeat_in_flight:
            self._answer(member)
            member.reply(KafkaConnectionError("reset"))

    def request_is_lost(self, index: int) -> None:
        """The connection breaks before the coordinator has heard anything."""
        member = self.member(index)
        if member is not None and member.has_heartbeat_in_flight:
            member.reply(KafkaConnectionError("reset"))

    def coordinator_moves(self, index: int) -> None:
        """Another broker coordinates now."""
        member = self.member(index)
        if member is not None and member.has_heartbeat_in_flight:
            member.refuse(NotCoordinatorError)

    def coordinator_is_found(self, index: int) -> None:
        """The look-up ends."""
        member = self.member(index)
        if member is not None and member.machine.health(self.now).coordinator is None:
            member.find()

    def polls(self, index: int) -> None:
        """The application polls, and does one thing that it is asked."""
        member = self.member(index)
        if member is not None:
            member.user_polls()
            if member.tasks:
                member.do_task()

    def listener_raises(self, index: int) -> None:
        """The application does one thing that it is asked, and fails."""
        member = self.member(index)
        if member is not None and member.tasks:
            member.do_task(ValueError("listener"))

    def commit_ends(self, index: int) -> None:
        """A commit before a revocation ends."""
        member = self.member(index)
        if member is not None and member.commits:
            member.commit()

    def subscribes(self, index: int) -> None:
        """The application wants other topics."""
        member = self.member(index)
        if member is not None:
            member.subscribe(*SUBSCRIPTIONS[index // 7 % 3])
            member.poll()

    def dies(self, index: int) -> None:
        """A consumer is gone without a word."""
        if len(self.members) > 1:
            self.members.remove(self.members[index % len(self.members)])

    def leaves(self, index: int) -> None:
        """A consumer closes; it comes to that in the calls that follow."""
        member = self.member(index)
        if member is None or len(self.members) < 2:
            return
        self.members.remove(member)
        member.machine.on_leave(LeaveMode.DEFAULT, "closed", self.now)
        member.poll()
        for _ in islice(member.play_out(), LONGEST_CALM):
            if member.has_heartbeat_in_flight:
                member.reply(self._answer(member))
            if member.left is not None:
                return
        raise AssertionError(f"it does not leave: {member.machine!r}")

    def is_expelled(self, index: int) -> None:
        """The coordinator gives a member up."""
        member = self.member(index)
        member_id = "" if member is None else member.machine.health(self.now).member_id
        if member_id in self.group.members:
            self.group.expel(member_id)

    def assigns_anew(self, index: int) -> None:
        """The coordinator computes the assignment afresh."""
        self.group.rebalance()

    def topic_grows(self, index: int) -> None:
        """A topic gets another partition, of which nobody has heard yet."""
        name = "ab"[index % 2]
        info = self.topics[name]
        if info.partitions < 6:
            self.topics[name] = info._replace(partitions=info.partitions + 1)

    def topic_is_replaced(self, index: int) -> None:
        """A topic is deleted and created again, with another id."""
        name = "ab"[index % 2]
        info = self.topics[name]
        self.topics[name] = info._replace(topic_id=UUID(int=info.topic_id.int + 16))

    def learns(self, index: int) -> None:
        """A consumer hears of the topics as they are."""
        member = self.member(index)
        if member is None:
            return
        response = MetadataResponse
        made = [
            response.MetadataResponseTopic(
                name=name,
                topic_id=info.topic_id,
                partitions=[
                    response.MetadataResponsePartition(partition_index=number, leader_id=1)
                    for number in range(info.partitions)
                ],
            )
            for name, info in self.topics.items()
        ]
        member.cluster.merge(MetadataResponse(topics=made), lists_all=True)
        member.machine.on_metadata(member.cluster.snapshot, self.now)
        member.poll()

    def time_passes(self, index: int) -> None:
        """Some seconds pass, or minutes."""
        self.now += index % 10 if index % 7 else 60.0
        self.group.poll(self.now)
        for member in self.members:
            member.now = self.now
            member.poll()

    # -- what must hold --------------------------------------------------------------------

    def check(self) -> None:
        """No partition is owned by two members that the coordinator counts as such."""
        owners: dict[TopicPartitionId, str] = {}
        for member in self.members:
            identity = member.machine.identity
            if identity is None or identity.member_id not in self.group.members:
                continue
            for tp, topic_id in member.ids.items():
                other = owners.setdefault((topic_id, tp.partition), identity.member_id)
                assert other == identity.member_id, f"{tp}: {other} and {identity.member_id}"

    def calm_down(self) -> None:
        """Let everything come to rest."""
        for seconds in range(LONGEST_CALM):
            # The coordinator looks at the topics with each heartbeat, every 5 s.
            if seconds > 6 and self.is_at_rest():
                return
            for index in range(len(self.members)):
                for happens in (
                    self.coordinator_is_found,
                    self.learns,
                    self.polls,
                    self.commit_ends,
                    self.heartbeat_comes,
                ):
                    happens(index)
                    self.check()
            self.time_passes(1)
        raise AssertionError(f"no rest: {self.group!r} {self.members}")

    def is_at_rest(self) -> bool:
        """Whether each member has what it is to have, and knows it."""
        return self.group.state is ConsumerState.STABLE and all(
            member.state == "stable"
            and not member.has_heartbeat_in_flight
            and member.machine.health(self.now).coordinator is not None
            and not member.tasks
            and not member.held
            and member.owned == self.target(member)
            for member in self.members
        )

    def target(self, member: GroupMember) -> set[TopicPartition]:
        """Return what the coordinator has assigned to a member."""
        names = {info.topic_id: name for name, info in self.topics.items()}
        member_id = member.machine.health(self.now).member_id
        return {
            TopicPartition(names.get(topic_id, "replaced"), number)
            for topic_id, number in self.group.targets.get(member_id, ())
        }

    def member(self, index: int) -> GroupMember | None:
        """Return one of the members."""
        return self.members[index % len(self.members)] if self.members else None

    def _answer(self, member: GroupMember) -> ConsumerGroupHeartbeatResponse | BrokerResponseError:
        try:
            return response_of(
                self.group.heartbeat(beat_of(member.heartbeat_in_flight), self.topics, self.now)
            )
        except BrokerResponseError as error:
            return error


EVENTS = (
    World.arrives,
    World.heartbeat_comes,
    World.heartbeat_comes,
    World.heartbeat_comes,
    World.answer_is_lost,
    World.request_is_lost,
    World.coordinator_moves,
    World.coordinator_is_found,
    World.coordinator_is_found,
    World.polls,
    World.polls,
    World.polls,
    World.listener_raises,
    World.commit_ends,
    World.subscribes,
    World.dies,
    World.leaves,
    World.is_expelled,
    World.assigns_anew,
    World.topic_grows,
    World.topic_is_replaced,
    World.learns,
    World.time_passes,
    World.time_passes,
)


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 100)), max_size=60))
def test_all_partitions_are_owned_by_one_member_each_in_the_end(
    events: list[tuple[object, int]],
) -> None:
    world = World()
    for index in range(3):
        world.arrives(index)
    for happens, index in events:
        assert callable(happens)
        happens(world, index)
        world.check()
    world.calm_down()
    owned = [tp for member in world.members for tp in member.owned]
    subscribed = {
        topic for member in world.members for topic in member.subscriptions.subscription or ()
    }
    assert sorted(owned) == sorted(
        TopicPartition(name, number)
        for name in subscribed
        for number in range(world.topics[name].partitions)
    )
