"""The topics that a producer knows, and where a record of a known topic goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka._base.deadline import NEVER
from kafka._base.retry import RetryState
from kafka.cluster import ClusterMetadata
from kafka.producer.topic_info import TopicInfo
from kafka.producer.topics import Topics, queue_for
from test.unit.producer.sending import Surroundings

if TYPE_CHECKING:
    from kafka._base.runtime import Runtime

NO_TOPICS = ClusterMetadata().snapshot


class NetStub:
    """A network that knows what a test says, and fetches nothing."""

    def __init__(self, cluster: ClusterMetadata, runtime: Runtime) -> None:
        self.cluster = cluster
        self.runtime = runtime
        self.metadata = None


class Stage(Surroundings):
    """The topics of a producer, and the records it holds."""

    def __init__(self, *leaders: int) -> None:
        super().__init__(*leaders)
        net = NetStub(self.cluster, self.runtime)
        self.topics = Topics(self.accumulator, net)  # type: ignore[arg-type] # a stub

    async def open(self) -> TopicInfo:
        """Find "t", as a send() does, and put the records of `send` there."""
        self.route = await self.topics.find("t", None, NEVER)
        return self.route


async def test_records_without_a_key_avoid_the_partitions_of_slow_nodes() -> None:
    stage = Stage(0, 1, 0)
    route = await stage.open()
    stage.topics.avoid(frozenset({0}))
    assert route.sticky.topic_partition.partition == 1
    stage.cluster.lead(1, 0, 0)
    stage.topics.update(stage.cluster.snapshot)
    assert route.sticky.topic_partition.partition == 0


async def test_slow_nodes_are_not_avoided_when_all_are_slow() -> None:
    stage = Stage(0, 1)
    stage.topics.avoid(frozenset({0, 1}))
    route = await stage.open()
    assert route.sticky in route.queues


@pytest.mark.parametrize(("leader", "not_before"), [(0, 9.0), (-1, 9.0), (1, 0.0)])
async def test_a_batch_is_sent_to_another_leader_without_back_off(
    leader: int, not_before: float
) -> None:
    stage = Stage(0)
    await stage.open()
    stage.topics.update(stage.cluster.snapshot)
    stage.send(b"a")
    (batch,) = stage.queue().batches
    batch.retry = RetryState(1, 9.0)
    stage.cluster.lead(leader)
    stage.topics.update(stage.cluster.snapshot)
    assert batch.retry == RetryState(1, not_before)


async def test_a_topic_that_is_gone_is_not_known() -> None:
    stage = Stage(0)
    await stage.open()
    stage.topics.update(NO_TOPICS)
    assert not stage.topics.known


async def test_a_partition_keeps_its_queue_while_batches_wait_in_it() -> None:
    """Two queues of one partition would overtake each other, and meet in one request."""
    stage = Stage(0)
    before = (await stage.open()).queues[0]
    stage.send(b"A")
    stage.topics.update(NO_TOPICS)
    assert (await stage.open()).queues[0] is before
    stage.send(b"B")
    assert list(stage.accumulator.active) == [before]
    assert stage.waiting() == [b"A", b"B"]


async def test_a_partition_keeps_its_queue_while_its_batches_are_in_flight() -> None:
    stage = Stage(0)
    before = (await stage.open()).queues[0]
    stage.send(b"A")
    batch = stage.accumulator.pop(before)
    before.in_flight += 1
    assert batch is not None
    for _ in range(3):
        stage.topics.update(NO_TOPICS)
    assert (await stage.open()).queues[0] is before


async def test_a_topic_that_comes_back_has_the_partitions_of_now() -> None:
    stage = Stage(0)
    before = await stage.open()
    stage.topics.update(NO_TOPICS)
    stage.cluster.lead(0, 1, 2)
    after = await stage.open()
    assert len(after.queues) == 3
    assert after.queues[0] is before.queues[0]
    assert after.available == (0, 1, 2)


async def test_all_topics_can_be_forgotten() -> None:
    stage = Stage(0)
    await stage.open()
    stage.topics.forget_all()
    assert not stage.topics.known


def make_route() -> TopicInfo:
    route = TopicInfo("t", batch_size=1000, limit=1000, uniform=max)
    route.update(3, ())
    return route


def test_a_given_partition_outranks_the_key() -> None:
    route = make_route()
    assert queue_for(route, b"key", 2) is route.queues[2]


def test_a_key_always_goes_to_the_same_partition() -> None:
    route = make_route()
    assert queue_for(route, b"key", None) is queue_for(route, b"key", None)


def test_the_key_is_ignored_if_it_is_to_be() -> None:
    route = TopicInfo("t", batch_size=100, limit=1000, uniform=max, ignores_keys=True)
    route.update(3, ())
    assert queue_for(route, b"k", None) is None
    assert queue_for(route, b"k", 1) is route.queues[1]


def test_a_record_without_key_and_partition_goes_where_such_records_stick() -> None:
    assert queue_for(make_route(), None, None) is None


@pytest.mark.parametrize("partition", [-1, 3])
def test_a_partition_that_does_not_exist_is_refused(partition: int) -> None:
    with pytest.raises(ValueError, match="partitions 0 to 2"):
        queue_for(make_route(), None, partition)
