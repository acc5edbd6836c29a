"""Whom to ask for what, and why not."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka._base.backoff import ExponentialBackoff
from kafka.consumer.fetch_planner import FetchPlanner, Reason
from kafka.errors import KafkaError
from kafka.structs import TopicPartition
from kafka.subscription import FetchState, Hold, PartitionState
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


class Planned(NamedTuple):
    """A plan with the partitions of each node, and the reasons of all others."""

    fetches: dict[int, list[PartitionState]]
    reasons: dict[TopicPartition, Reason]
    wakeup: float


def look(
    planner: FetchPlanner,
    *states: PartitionState,
    in_flight: tuple[int, ...] = (),
    full: bool = False,
    now: float = 10.0,
) -> Planned:
    made = planner.plan(now, in_flight=in_flight, buffer_full=full)
    reasons = {
        state.tp: planner.reason(state.tp, now, in_flight=in_flight, buffer_full=full)
        for state in states
    }
    return Planned(
        {node: planner.take(node).asked for node in made.nodes},
        {tp: reason for tp, reason in reasons.items() if reason is not None},
        made.wakeup,
    )


def planner_of(
    *states: PartitionState,
    leaders: dict[TopicPartition, int] | None = None,
    nodes: Nodes | None = None,
    stuck: tuple[TopicPartition, ...] = (),
    now: float = 10.0,
) -> FetchPlanner:
    cluster = Cluster(dict.fromkeys(TPS, 1) if leaders is None else leaders)
    planner = FetchPlanner(cluster, nodes or Nodes(), stuck)
    planner.assign(states, now)
    return planner


def plan(
    *states: PartitionState,
    leaders: dict[TopicPartition, int] | None = None,
    nodes: Nodes | None = None,
    in_flight: tuple[int, ...] = (),
    full: bool = False,
    now: float = 10.0,
    stuck: tuple[TopicPartition, ...] = (),
) -> Planned:
    planner = planner_of(*states, leaders=leaders, nodes=nodes, stuck=stuck, now=now)
    return look(planner, *states, in_flight=in_flight, full=full, now=now)


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


@pytest.mark.parametrize(
    ("hold", "reason"),
    [
        (Hold.PAUSED, Reason.PAUSED),
        (Hold.REVOKING, Reason.REVOKING),
        (Hold.ASSIGNING, Reason.ASSIGNING),
        (Hold.PAUSED | Hold.ASSIGNING, Reason.PAUSED),
        (Hold.REVOKING | Hold.ASSIGNING, Reason.REVOKING),
    ],
)
def test_partition_on_hold_is_left_out(hold: Hold, reason: Reason) -> None:
    state = partition()
    state.set_hold(hold, on=True)
    assert plan(state).reasons == {TPS[0]: reason}


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
        one.set_hold(Hold.PAUSED, on=paused)
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
    one.set_hold(Hold.PAUSED, on=paused)
    assert bool(plan(one).fetches) == one.is_fetchable()


@pytest.mark.parametrize("hold", Hold)
@pytest.mark.parametrize("state", FetchState)
def test_partition_on_hold_is_not_fetched(state: FetchState, hold: Hold) -> None:
    one = partition(0, state)
    one.set_hold(hold, on=True)
    made = plan(one)
    assert (made.fetches, len(made.reasons)) == ({}, 1)


# -- changes ---------------------------------------------------------------------------------


def test_only_what_changed_is_named_for_the_next_fetch() -> None:
    a, b = partition(0), partition(1)
    planner = planner_of(a, b)
    planner.take(1)
    b.advance(5, 11.0)
    planner.update(b, 11.0)
    assert planner.take(1) == ([b], [])


def test_partition_that_is_paused_is_dropped_from_its_node() -> None:
    a, b = partition(0), partition(1)
    planner = planner_of(a, b)
    planner.take(1)
    a.set_hold(Hold.PAUSED, on=True)
    planner.update(a, 11.0)
    assert planner.take(1) == ([], [TPS[0]])


def test_partition_that_is_resumed_before_the_next_fetch_is_asked_for() -> None:
    a = partition(0)
    planner = planner_of(a)
    planner.take(1)
    for on in (True, False):
        a.set_hold(Hold.PAUSED, on=on)
        planner.update(a, 11.0)
    assert planner.take(1) == ([a], [])


def test_partition_moves_to_its_new_leader() -> None:
    leaders = dict.fromkeys(TPS, 1)
    a, b = partition(0), partition(1)
    planner = planner_of(a, b, leaders=leaders)
    planner.take(1)
    leaders[TPS[0]] = 2
    planner.update(a, 11.0)
    assert look(planner).fetches == {1: [], 2: [a]}
    assert planner.reason(TPS[0], 11.0, in_flight=(2,), buffer_full=False) is Reason.IN_FLIGHT


def test_partition_that_is_not_assigned_any_more_is_dropped() -> None:
    a, b = partition(0), partition(1)
    planner = planner_of(a, b)
    planner.take(1)
    planner.assign([b], 11.0)
    assert planner.take(1) == ([b], [TPS[0]])
    assert planner.reason(TPS[0], 11.0, in_flight=(), buffer_full=False) is None


def test_node_without_partitions_is_not_asked() -> None:
    planner = planner_of(partition(0))
    planner.assign([], 11.0)
    assert planner.plan(11.0, in_flight=(), buffer_full=False) == ([], math.inf)


def test_change_of_a_partition_that_is_not_assigned_is_ignored() -> None:
    planner = planner_of(partition(0))
    planner.take(1)
    planner.update(partition(1), 11.0)
    assert planner.take(1) == ([], [])


def test_partition_is_asked_for_after_its_back_off() -> None:
    state = partition()
    state.backed_off(10.0, ExponentialBackoff(0.5, 0.5), lambda low, _high: low)
    planner = planner_of(state)
    before = look(planner, now=10.4)
    assert (before.fetches, before.wakeup) == ({}, 10.5)
    assert look(planner, now=10.5).fetches == {1: [state]}


def test_end_of_a_preference_moves_the_partition_to_its_leader() -> None:
    state = preferring(3)
    planner = planner_of(state)
    planner.take(3)
    assert planner.plan(19.0, in_flight=(), buffer_full=False) == ([3], 20.0)
    assert look(planner, now=20.0).fetches == {1: [state]}


def test_repeated_updates_keep_one_timer() -> None:
    state = preferring(3)
    planner = planner_of(state)
    for step in range(5):
        state.preferred_until = 20.0 + step
        planner.update(state, 11.0)
    wakeups = [planner.plan(now, in_flight=(), buffer_full=False).wakeup for now in (12.0, 20.0)]
    assert wakeups == [20.0, 24.0]


@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.sampled_from(["pause", "resume", "seek", "reset", "fail", "back off", "replica"]),
        ),
        max_size=30,
    )
)
def test_planner_told_of_changes_agrees_with_one_that_looks_at_everything(
    steps: list[tuple[int, str]],
) -> None:
    states = [partition(number) for number in range(6)]
    nodes = Nodes({2: 1.0})
    leaders = {tp: 1 + number % 3 for number, tp in enumerate(TPS[:5])}
    planner = planner_of(*states, leaders=leaders, nodes=nodes)
    now = 10.0
    for number, event in steps:
        now += 0.2
        state = states[number]
        if event in {"pause", "resume"}:
            state.set_hold(Hold.PAUSED, on=event == "pause")
        elif event == "seek":
            state.seek(number, 99)
        elif event == "reset":
            state.await_reset(EARLIEST, 99)
        elif event == "fail":
            state.fail(KafkaError("broken"))
        elif event == "back off":
            state.backed_off(now, ExponentialBackoff(0.5, 0.5), lambda low, _high: low)
        else:
            state.preferred_replica, state.preferred_until = 3, now + 0.5
        planner.update(state, now)
    made = planner.plan(now, in_flight=(), buffer_full=False)
    fresh = planner_of(*states, leaders=leaders, nodes=nodes, now=now)
    assert sorted(made.nodes) == sorted(fresh.plan(now, in_flight=(), buffer_full=False).nodes)
    for tp in TPS:
        reasons = [p.reason(tp, now, in_flight=(), buffer_full=False) for p in (planner, fresh)]
        assert reasons[0] == reasons[1]
