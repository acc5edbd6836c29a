"""Whom to ask for what, and why not."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.backoff import ExponentialBackoff
from kafka.consumer.fetch_planner import FetchPlanner, Plan, Reason
from kafka.errors import KafkaError
from kafka.structs import TopicPartition
from kafka.subscription import FetchState, PartitionState
from kafka.subscription.reset import EARLIEST

TPS = [TopicPartition("t", number) for number in range(6)]


class Cluster:
    def __init__(self, leaders: dict[TopicPartition, int]) -> None:
        self.leaders = leaders

    def leader_for(self, tp: TopicPartition, /) -> int | None:
        return self.leaders.get(tp)


class Nodes:
    def __init__(self, delays: dict[int, float] | None = None, known: set[int] | None = None):
        self.delays = delays or {}
        self.known = {1, 2, 3} if known is None else known

    def delay(self, node_id: int, /) -> float:
        return self.delays.get(node_id, 0.0)

    def is_known(self, node_id: int, /) -> bool:
        return node_id in self.known


def partition(number: int = 0, state: FetchState = FetchState.FETCHING) -> PartitionState:
    made = PartitionState(TPS[number], number + 1)
    if state is FetchState.FETCHING:
        made.seek(0, number + 1)
    elif state is FetchState.AWAIT_RESET:
        made.await_reset(EARLIEST, number + 1)
    elif state is FetchState.AWAIT_VALIDATION:
        made.seek(0, number + 1, offset_epoch=1)
    return made


def plan(
    *states: PartitionState,
    leaders: dict[TopicPartition, int] | None = None,
    nodes: Nodes | None = None,
    in_flight: tuple[int, ...] = (),
    full: bool = False,
    now: float = 10.0,
    stuck: tuple[TopicPartition, ...] = (),
) -> Plan:
    cluster = Cluster(dict.fromkeys(TPS, 1) if leaders is None else leaders)
    planner = FetchPlanner(cluster, nodes or Nodes())
    return planner.plan(states, now, in_flight=in_flight, buffer_full=full, stuck=stuck)


def test_partitions_are_grouped_by_leader() -> None:
    a, b, c = partition(0), partition(1), partition(2)
    made = plan(a, b, c, leaders={TPS[0]: 1, TPS[1]: 2, TPS[2]: 1})
    assert made.fetches == {1: [a, c], 2: [b]}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (FetchState.INITIALIZING, Reason.INITIALIZING),
        (FetchState.AWAIT_RESET, Reason.AWAIT_RESET),
        (FetchState.AWAIT_VALIDATION, Reason.AWAIT_VALIDATION),
    ],
)
def test_partition_without_a_valid_position_waits(state: FetchState, reason: Reason) -> None:
    assert plan(partition(0, state)).reasons == {TPS[0]: reason}


def test_paused_partition_is_left_out() -> None:
    state = partition()
    state.paused = True
    assert plan(state).reasons == {TPS[0]: Reason.PAUSED}


def test_failed_partition_waits_for_the_error_to_be_seen() -> None:
    state = partition()
    state.fail(KafkaError("broken"))
    assert plan(state).reasons == {TPS[0]: Reason.FAILED}


def test_partition_with_data_that_cannot_be_read_gets_no_more() -> None:
    made = plan(partition(0), partition(1), stuck=(TPS[0],))
    assert made.reasons == {TPS[0]: Reason.FAILED}
    assert [state.tp for state in made.fetches[1]] == [TPS[1]]


def test_back_off_names_when_it_ends() -> None:
    state = partition()
    state.backed_off(10.0, ExponentialBackoff(0.5, 0.5), lambda low, _high: low)
    made = plan(state, now=10.1)
    assert (made.reasons[TPS[0]], made.wakeup) == (Reason.BACKING_OFF, 10.5)


def test_partition_without_leader_is_named() -> None:
    assert plan(partition(), leaders={}).reasons == {TPS[0]: Reason.NO_LEADER}


def test_one_fetch_per_node_is_in_flight() -> None:
    assert plan(partition(), in_flight=(1,)).reasons == {TPS[0]: Reason.IN_FLIGHT}


def test_unreachable_node_does_not_delay_another() -> None:
    made = plan(partition(0), partition(1), leaders={TPS[0]: 1, TPS[1]: 2}, nodes=Nodes({1: 3.0}))
    assert list(made.fetches) == [2]
    assert (made.reasons, made.wakeup) == ({TPS[0]: Reason.NODE_UNAVAILABLE}, 13.0)


def test_full_buffer_stops_fetching() -> None:
    assert plan(partition(), full=True).reasons == {TPS[0]: Reason.BUFFER_FULL}


def test_nothing_to_wait_for_needs_no_wakeup() -> None:
    assert plan(partition()).wakeup == math.inf


def preferring(replica: int) -> PartitionState:
    state = partition()
    state.preferred_replica, state.preferred_until = replica, 20.0
    return state


def test_preferred_replica_is_asked_instead_of_the_leader() -> None:
    assert list(plan(preferring(3)).fetches) == [3]


def test_preference_ends_after_a_while() -> None:
    assert list(plan(preferring(3), now=20.0).fetches) == [1]


def test_preferred_replica_that_left_the_cluster_is_not_asked() -> None:
    assert list(plan(preferring(9)).fetches) == [1]


@given(
    states=st.lists(
        st.tuples(st.sampled_from(FetchState), st.booleans(), st.booleans(), st.integers(-1, 3)),
        max_size=6,
    ),
    leaders=st.dictionaries(st.sampled_from(TPS), st.integers(1, 3)),
    delays=st.dictionaries(st.integers(1, 3), st.sampled_from([0.0, 1.0])),
    in_flight=st.sets(st.integers(1, 3)),
    full=st.booleans(),
)
def test_every_partition_is_asked_for_or_has_a_reason(
    states: list[tuple[FetchState, bool, bool, int]],
    leaders: dict[TopicPartition, int],
    delays: dict[int, float],
    in_flight: set[int],
    full: bool,
) -> None:
    made = []
    for number, (state, paused, failed, replica) in enumerate(states):
        one = partition(number, state)
        one.paused = paused
        one.preferred_replica, one.preferred_until = replica, 99.0
        if failed:
            one.fail(KafkaError("broken"))
        made.append(one)
    planned = plan(
        *made, leaders=leaders, nodes=Nodes(delays), in_flight=tuple(in_flight), full=full
    )
    asked = [state.tp for group in planned.fetches.values() for state in group]
    assert sorted(asked + list(planned.reasons)) == sorted(state.tp for state in made)


@pytest.mark.parametrize(("paused", "state"), list(product([True, False], FetchState)))
def test_only_what_may_be_fetched_is_fetched(paused: bool, state: FetchState) -> None:
    one = partition(0, state)
    one.paused = paused
    assert bool(plan(one).fetches) == one.is_fetchable()
