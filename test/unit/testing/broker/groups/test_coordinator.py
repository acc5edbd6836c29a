"""The groups of a cluster: found, created, replaced, deleted, expired."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kafka.errors import (
    BrokerResponseError,
    GroupIdNotFoundError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    InvalidGroupIdError,
    NonEmptyGroupError,
    NotCoordinatorError,
    StaleMemberEpochError,
    UnknownMemberIdError,
)
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.coordinators import Coordinators, KeyType
from kafka.testing.broker.groups.classic import ClassicGroup
from kafka.testing.broker.groups.classic_member import Join
from kafka.testing.broker.groups.classic_states import State
from kafka.testing.broker.groups.consumer import ConsumerGroup, ConsumerState
from kafka.testing.broker.groups.consumer_member import Beat
from kafka.testing.broker.groups.coordinator import Commit, GroupCoordinator, error_text
from kafka.testing.broker.groups.hosted import HostedMembers
from kafka.testing.broker.groups.offsets import Committed
from kafka.testing.broker.groups.subscription import TopicInfo
from test.support.cluster_state import new_cluster

DAY = 86_400.0
SESSION = 10.0
JOIN = Join(
    member_id="",
    instance_id=None,
    client_id="c",
    client_host="/h",
    session_timeout=SESSION,
    rebalance_timeout=60.0,
    protocol_type="consumer",
    protocols=(("range", b""),),
)


@pytest.fixture
def cluster() -> Cluster:
    made = new_cluster(2)
    made.create_topic("t", partitions=2)
    return made


@pytest.fixture
def groups(cluster: Cluster) -> GroupCoordinator:
    return cluster.component(GroupCoordinator)


def classic(groups: GroupCoordinator, group_id: str = "g") -> ClassicGroup:
    """Return a classic group with a member."""
    group = groups.classic_to_join(group_id, "")
    group.join(JOIN, groups.now)
    groups.keep(group)
    return group


def consumer(groups: GroupCoordinator, group_id: str = "g") -> ConsumerGroup:
    """Return a KIP-848 group with the member m."""
    group = groups.consumer_to_join(group_id, 0)
    joining = Beat("m", 0, rebalance_timeout=30.0, names=frozenset(("t",)), owned=frozenset())
    group.heartbeat(joining, groups.topics(), groups.now)
    groups.keep(group)
    return group


def empty(groups: GroupCoordinator, group_id: str = "g") -> ClassicGroup:
    group = groups.classic_to_join(group_id, "")
    groups.keep(group)
    return group


MAKE: dict[str, Callable[[GroupCoordinator], object]] = {
    "none": lambda groups: None,
    "classic": classic,
    "consumer": consumer,
    "empty": empty,
}
FOUND: dict[str, dict[str, str | type[BrokerResponseError]]] = {
    "classic": {
        "none": GroupIdNotFoundError,
        "classic": "same",
        "consumer": GroupIdNotFoundError,
        "empty": "same",
    },
    "consumer": {
        "none": GroupIdNotFoundError,
        "classic": GroupIdNotFoundError,
        "consumer": "same",
        "empty": GroupIdNotFoundError,
    },
    "known_classic": {
        "none": UnknownMemberIdError,
        "classic": "same",
        "consumer": "hosted",
        "empty": "same",
    },
    "new member joins classic": {
        "none": "new",
        "classic": "same",
        "consumer": "hosted",
        "empty": "same",
    },
    "known member joins classic": {
        "none": UnknownMemberIdError,
        "classic": "same",
        "consumer": "hosted",
        "empty": "same",
    },
    "new member joins consumer": {
        "none": "new",
        "classic": GroupIdNotFoundError,
        "consumer": "same",
        "empty": "new",
    },
    "known member joins consumer": {
        "none": GroupIdNotFoundError,
        "classic": GroupIdNotFoundError,
        "consumer": "same",
        "empty": GroupIdNotFoundError,
    },
}
ASK: dict[str, Callable[[GroupCoordinator], object]] = {
    "classic": lambda groups: groups.classic("g"),
    "consumer": lambda groups: groups.consumer("g"),
    "known_classic": lambda groups: groups.known_classic("g"),
    "new member joins classic": lambda groups: groups.classic_to_join("g", ""),
    "known member joins classic": lambda groups: groups.classic_to_join("g", "m"),
    "new member joins consumer": lambda groups: groups.consumer_to_join("g", 0),
    "known member joins consumer": lambda groups: groups.consumer_to_join("g", 3),
}


@pytest.mark.parametrize("there", MAKE)
@pytest.mark.parametrize("asked", FOUND)
def test_a_group_is_found_made_or_refused(groups: GroupCoordinator, asked: str, there: str) -> None:
    before = MAKE[there](groups)
    expected = FOUND[asked][there]
    if isinstance(expected, str):
        found = ASK[asked](groups)
        if expected == "hosted":
            assert isinstance(found, HostedMembers)
            found = found.group
        assert (found is before) is (expected != "new")
        return
    with pytest.raises(expected):
        ASK[asked](groups)


@pytest.mark.parametrize("member_id", ["", "m"])
def test_classic_members_are_refused_where_groups_keep_their_protocol(member_id: str) -> None:
    config = {"group.consumer.migration.policy": "disabled"}
    groups = new_cluster(config=config).component(GroupCoordinator)
    consumer(groups)
    with pytest.raises(InconsistentGroupProtocolError):
        groups.classic_to_join("g", member_id)


def test_an_empty_consumer_group_gives_way_to_a_classic_one(groups: GroupCoordinator) -> None:
    consumer(groups).heartbeat(Beat("m", -1), groups.topics(), groups.now)
    assert isinstance(groups.classic_to_join("g", ""), ClassicGroup)


def test_a_consumer_group_is_one_of_the_cluster_s_once_it_is_kept(groups: GroupCoordinator) -> None:
    group = groups.consumer_to_join("g", 0)
    assert groups.groups == {}
    groups.keep(group)
    assert groups.groups == {"g": group}


def test_only_the_coordinator_of_a_group_is_let_pass(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    cluster.component(Coordinators).move(KeyType.GROUP, "g", 1)
    groups.check(1, "g")
    with pytest.raises(NotCoordinatorError):
        groups.check(0, "g")


def test_member_ids_are_new_each_time_and_the_same_in_every_run() -> None:
    first, second = (new_cluster().component(GroupCoordinator) for _ in range(2))
    found = [first.new_id(), first.new_member_id(), first.new_id()]
    assert len(set(found)) == 3
    assert found == [second.new_id(), second.new_member_id(), second.new_id()]
    assert (len(found[0]), len(found[1])) == (36, 22)


def test_groups_see_topics_by_name_with_id_and_number_of_partitions(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    assert groups.topics() == {"t": TopicInfo(cluster.topics["t"].topic_id, 2)}


def test_a_consumer_group_has_the_configs_of_the_group_before_the_brokers(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    cluster.config["group.consumer.heartbeat.interval.ms"] = "7000"
    beat = Beat("m", 0, rebalance_timeout=30.0, names=frozenset(("t",)), owned=frozenset())
    outcome = groups.consumer_to_join("g", 0).heartbeat(beat, groups.topics(), 0.0)
    assert outcome.heartbeat_interval == 7.0
    cluster.component(ConfigStore).groups["g"] = {"consumer.heartbeat.interval.ms": "9000"}
    outcome = groups.consumer_to_join("g", 0).heartbeat(beat, groups.topics(), 0.0)
    assert outcome.heartbeat_interval == 9.0


@pytest.mark.parametrize(
    ("commit", "error"),
    [
        (Commit("g"), None),
        (Commit("g", epoch=0), IllegalGenerationError),
        (Commit("g", epoch=0, misses_groups=True), GroupIdNotFoundError),
    ],
)
def test_a_commit_without_a_generation_makes_a_group(
    groups: GroupCoordinator, commit: Commit, error: type[BrokerResponseError] | None
) -> None:
    if error is None:
        groups.validate_commit(commit, [])
        assert groups.classic("g").state is State.EMPTY
        return
    with pytest.raises(error):
        groups.validate_commit(commit, [])
    assert groups.groups == {}


def test_a_commit_of_a_member_is_a_sign_of_life(cluster: Cluster, groups: GroupCoordinator) -> None:
    group = classic(groups)
    member_id = group.roster.leader
    assert member_id is not None
    group.sync(member_id, None, 1, protocol=(None, None), assignments={}, now=groups.now)
    cluster.clock.step(SESSION - 1)
    groups.validate_commit(Commit("g", member_id, epoch=1), [])
    assert group.next_wakeup() == groups.now + SESSION


@pytest.mark.parametrize(
    ("transactional", "error"), [(False, StaleMemberEpochError), (True, IllegalGenerationError)]
)
def test_producers_are_not_told_of_member_epochs(
    groups: GroupCoordinator, transactional: bool, error: type[BrokerResponseError]
) -> None:
    epoch = consumer(groups).members["m"].epoch
    groups.validate_commit(Commit("g", "m", epoch=epoch, transactional=transactional), [])
    with pytest.raises(error):
        groups.validate_commit(Commit("g", "m", epoch=epoch + 9, transactional=transactional), [])


@pytest.mark.parametrize(
    ("there", "error"),
    [
        ("none", GroupIdNotFoundError),
        ("classic", NonEmptyGroupError),
        ("consumer", NonEmptyGroupError),
        ("empty", None),
    ],
)
def test_only_a_group_without_members_can_be_deleted(
    groups: GroupCoordinator, there: str, error: type[BrokerResponseError] | None
) -> None:
    MAKE[there](groups)
    if error is not None:
        with pytest.raises(error):
            groups.delete("g")
        return
    group = groups.classic("g")
    groups.offsets.of("g").commit(("t", 0), Committed(5))
    groups.delete("g")
    assert (groups.groups, groups.offsets.has("g"), group.state) == ({}, False, State.DEAD)


def test_offsets_of_a_topic_are_deleted_with_it(cluster: Cluster, groups: GroupCoordinator) -> None:
    cluster.create_topic("u")
    for topic in ("t", "u"):
        groups.offsets.of("g").commit((topic, 0), Committed(5))
    cluster.delete_topic(cluster.topics["t"])
    assert groups.offsets.of("g").keys() == [("u", 0)]


def commit(groups: GroupCoordinator, cluster: Cluster, **facts: int) -> None:
    value = Committed(5, committed_ms=cluster.clock.wall_ms(), **facts)
    groups.offsets.of("g").commit(("t", 0), value)


def has_expired(cluster: Cluster, groups: GroupCoordinator, seconds: float) -> bool:
    cluster.clock.step(seconds)
    home = groups.coordinators.find(KeyType.GROUP, "g")
    assert home is not None
    groups.check(home.node_id, "g")
    return "g" not in groups.groups


def test_an_empty_group_is_forgotten_with_its_last_offset(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    empty(groups)
    commit(groups, cluster)
    assert not has_expired(cluster, groups, 7 * DAY - 1)
    assert has_expired(cluster, groups, 601)


def test_offsets_that_the_client_gave_a_time_expire_then(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    empty(groups)
    commit(groups, cluster, expires_ms=cluster.clock.wall_ms() + 1000)
    assert not has_expired(cluster, groups, 0.9)
    assert has_expired(cluster, groups, 601)


def test_offsets_of_a_group_with_members_do_not_expire(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    classic(groups)
    commit(groups, cluster)
    assert not has_expired(cluster, groups, 9 * DAY)
    assert groups.offsets.has("g")


def test_groups_are_looked_over_at_an_interval(cluster: Cluster, groups: GroupCoordinator) -> None:
    empty(groups)
    commit(groups, cluster, expires_ms=0)
    assert has_expired(cluster, groups, 0.0)
    empty(groups)
    commit(groups, cluster, expires_ms=0)
    assert not has_expired(cluster, groups, 599)
    assert has_expired(cluster, groups, 1)


def test_a_silent_member_is_given_up_when_its_session_ends(
    cluster: Cluster, groups: GroupCoordinator
) -> None:
    group = consumer(groups)
    assert cluster.timers.next_due() == group.next_wakeup() == 45.0
    cluster.clock.step(45.0)
    cluster.timers.run_due()
    assert group.state is ConsumerState.EMPTY
    assert cluster.timers.next_due() is None


def test_a_group_that_was_deleted_is_not_woken(cluster: Cluster, groups: GroupCoordinator) -> None:
    group = consumer(groups)
    group.heartbeat(Beat("m", -1), groups.topics(), groups.now)
    groups.keep(group)
    groups.delete("g")
    assert cluster.timers.next_due() is None


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (InvalidGroupIdError("a", 2), "a, 2"),
        (InvalidGroupIdError(), InvalidGroupIdError.description),
    ],
)
def test_an_error_says_what_it_was_given_or_what_it_means(
    error: BrokerResponseError, text: str
) -> None:
    assert error_text(error) == text
