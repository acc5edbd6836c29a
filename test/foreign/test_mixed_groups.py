"""Groups on real Apache Kafka whose members are this client and others, two of each.

Members come and go while records arrive. Every member commits before it gives partitions up, so
that the group as a whole reads every record exactly once.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from test.foreign import group_members
from test.foreign.group_members import JavaMember, ReleasedMember
from test.support.apache_kafka import NEWEST, KafkaCluster, missing_toolchain
from test.support.group_workers import NumberStream, Worker, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from test.foreign.group_members import Member
    from test.foreign.released import Released

PARTITIONS = 8
# So many records after each change, while the next one is waited for.
MORE = 200

pytestmark = pytest.mark.timeout(240)

# Any: options of every type.
RANGE: dict[str, Any] = {"partition_assignment_strategy": [RangePartitionAssignor]}
ROUNDROBIN: dict[str, Any] = {"partition_assignment_strategy": [RoundRobinPartitionAssignor]}
COOPERATIVE: dict[str, Any] = {"partition_assignment_strategy": [CooperativeStickyAssignor]}
CONSUMER: dict[str, Any] = {"group_protocol": "consumer"}


@pytest.fixture(scope="module")
def real() -> Iterator[KafkaCluster]:
    """Return one broker, whose groups of KIP-848 take a second for a step."""
    if missing := missing_toolchain():
        pytest.skip(missing)
    properties = {
        "group.consumer.min.heartbeat.interval.ms": "500",
        "group.consumer.heartbeat.interval.ms": "1000",
    }
    with KafkaCluster(NEWEST, properties=properties) as cluster:
        yield cluster


@pytest.fixture
def topic(request: pytest.FixtureRequest, real: KafkaCluster) -> str:
    """Return a fresh topic."""
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)
    real.create_topic(name, partitions=PARTITIONS)
    return name


def has_read(members: Sequence[Member], count: Callable[[], int]) -> None:
    def read() -> int:
        return len({value for member in members for value in member.values})

    until(lambda: read() >= count(), lambda: members)


def owns(ours: Sequence[Worker], all_members: Sequence[Member], *sizes: int) -> None:
    until(lambda: all(len(worker.owned) in sizes for worker in ours), lambda: all_members)


@contextmanager
def calm(stream: NumberStream, members: Sequence[Member], *, quiet: bool) -> Iterator[None]:
    """Let the members change; *quiet*: while there is nothing to read."""
    if quiet:
        stream.pause()
        has_read(members, lambda: len(stream))
    yield
    stream.go_on()
    wanted = len(stream) + MORE
    has_read(members, lambda: wanted)


# Any: options of every type.
def share(
    cluster: KafkaCluster,
    topic: str,
    start: Callable[[], Member],
    options: dict[str, Any],
    *,
    quiet: bool = False,
    repeats: bool = False,
) -> None:
    """Two of theirs and two of ours come, and one of each goes; records arrive all the time.

    Args:
        cluster: where.
        topic: of the group.
        start: starts one of theirs.
        options: of ours.
        quiet: whether no records arrive while members come or go.
        repeats: whether theirs may give partitions up without having committed all they have read.
    """
    servers = cluster.bootstrap_servers
    stream = NumberStream(servers, topic, PARTITIONS, 0.005)
    members: list[Member] = []
    try:
        members.append(start())
        has_read(members, lambda: 1)
        with calm(stream, members, quiet=quiet):
            members.append(first := Worker(servers, topic, **options))
            owns([first], members, PARTITIONS // 2)
        with calm(stream, members, quiet=quiet):
            members.append(start())
            owns([first], members, 2, 3)
        with calm(stream, members, quiet=quiet):
            members.append(second := Worker(servers, topic, **options))
            owns([first, second], members, 2)
        with calm(stream, members, quiet=quiet):
            first.stop()
            owns([second], members, 2, 3)
        with calm(stream, members, quiet=quiet):
            members[0].stop()
            owns([second], members, PARTITIONS // 2)
        sent = stream.stop()
        has_read(members, lambda: sent)
    finally:
        stream.stop()
        for member in members:
            member.stop()
    for worker in (first, second):
        assert len([heard for heard in worker.listener.heard if heard.startswith("a")]) >= 2
    readers: dict[int, list[int]] = {number: [] for number in range(sent)}
    for index, member in enumerate(members):
        for value in member.values:
            readers[value].append(index)
    assert [number for number in readers if not readers[number]] == [], "lost"
    twice = {number: found for number, found in readers.items() if len(found) > 1}
    if repeats:
        ours = {members.index(first), members.index(second)}
        twice = {number: found for number, found in twice.items() if ours.issuperset(found)}
    assert twice == {}, f"read twice, by the members of these numbers: {members}"
    assert all(member.values for member in members), members


_JAVA = "org.apache.kafka.clients.consumer."


@pytest.mark.parametrize(
    ("properties", "options"),
    [
        ({"partition.assignment.strategy": _JAVA + "RangeAssignor"}, RANGE),
        ({"partition.assignment.strategy": _JAVA + "CooperativeStickyAssignor"}, COOPERATIVE),
        ({"group.protocol": "consumer"}, CONSUMER),
    ],
    ids=["range", "cooperative-sticky", "consumer"],
)
def test_with_javas_console_consumers(
    real: KafkaCluster, topic: str, properties: dict[str, str], options: dict[str, Any]
) -> None:
    # Records that Java's consumer reads while a cooperative group rebalances, of partitions that it
    # gives up afterwards, it does not commit: its commit goes before JoinGroup.
    quiet = options is COOPERATIVE
    share(real, topic, lambda: JavaMember(real, topic, **properties), options, quiet=quiet)


@pytest.mark.parametrize(
    ("theirs", "options"),
    [
        ({"partition_assignment_strategy": "range"}, RANGE),
        ({"partition_assignment_strategy": "cooperative-sticky"}, COOPERATIVE),
        ({"group_protocol": "consumer"}, CONSUMER),
    ],
    ids=["range", "cooperative-sticky", "consumer"],
)
def test_with_confluent_kafka(
    real: KafkaCluster, topic: str, theirs: dict[str, object], options: dict[str, Any]
) -> None:
    pytest.importorskip("confluent_kafka", reason="tox -e foreign installs confluent-kafka")
    share(real, topic, lambda: group_members.confluent(real, topic, **theirs), options)


@pytest.mark.parametrize(
    ("assignor", "options"), [("range", RANGE), ("roundrobin", ROUNDROBIN)], ids=["range", "robin"]
)
def test_with_the_released_kafka_python(
    real: KafkaCluster, released: Released, topic: str, assignor: str, options: dict[str, Any]
) -> None:
    # On a busy machine two of its own were seen to read 57 records twice.
    share(
        real, topic, lambda: ReleasedMember(released, real, topic, assignor), options, repeats=True
    )


def test_with_aiokafka(real: KafkaCluster, topic: str) -> None:
    pytest.importorskip("aiokafka", reason="tox -e foreign installs aiokafka")
    share(real, topic, lambda: group_members.aiokafka(real, topic), ROUNDROBIN)
