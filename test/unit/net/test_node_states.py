"""When and where nodes are dialled."""

from __future__ import annotations

import itertools

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka._base.transitions import IllegalTransitionError
from kafka.errors import KafkaConnectionError
from kafka.net.node_states import (
    NODE_TRANSITIONS,
    PATIENCE,
    Address,
    Load,
    NodeStates,
    NodeStatus,
)

A, B = Address("10.0.0.1", 9092), Address("10.0.0.2", 9092)
ERROR = KafkaConnectionError("refused")


def make() -> NodeStates[int]:
    return NodeStates(
        reconnect=ExponentialBackoff(0.05, 1.0),
        setup=ExponentialBackoff(10.0, 30.0),
        uniform=lambda low, high: (low + high) / 2,
    )


def failed(states: NodeStates[int], node: int, now: float) -> None:
    states.on_connecting(node, now)
    states.on_failed(node, now, ERROR)


def ready(states: NodeStates[int], node: int, now: float = 0.0) -> None:
    states.on_connecting(node, now)
    states.on_ready(node, now)


def test_fresh_node_may_be_dialled_at_once() -> None:
    assert make().ready_in(1, 0.0) == 0.0


def test_failed_attempts_back_off_longer_and_longer() -> None:
    states = make()
    waits = []
    for now in (0.0, 10.0, 20.0, 30.0, 40.0, 50.0):
        failed(states, 1, now)
        waits.append(round(states.ready_in(1, now), 3))
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.0]


def test_attempt_that_would_end_in_the_same_way_is_put_off_for_the_longest_time() -> None:
    states = make()
    states.on_connecting(1, 0.0)
    states.on_failed(1, 0.0, ERROR, is_final=True)
    assert states.ready_in(1, 0.0) == 1.0
    failed(states, 1, 1.0)
    assert states.ready_in(1, 1.0) == pytest.approx(0.1)


def test_setup_may_take_longer_after_failures() -> None:
    states = make()
    assert states.on_connecting(1, 0.0) == 10.0
    states.on_failed(1, 0.0, ERROR)
    assert states.on_connecting(1, 1.0) == 20.0


def test_success_ends_the_back_off() -> None:
    states = make()
    failed(states, 1, 0.0)
    ready(states, 1, 1.0)
    states.on_lost(1, 2.0, None)
    assert states.ready_in(1, 2.0) == 0.0


def test_connection_that_broke_backs_off_once() -> None:
    states = make()
    ready(states, 1)
    states.on_lost(1, 5.0, ERROR)
    assert states.ready_in(1, 5.0) == pytest.approx(0.05)


def test_broker_that_hangs_up_again_and_again_is_dialled_less_and_less() -> None:
    states = make()
    waits = []
    for now in (0.0, 10.0, 20.0):
        ready(states, 1, now)
        states.on_lost(1, now + 0.1, ERROR)
        waits.append(round(states.ready_in(1, now + 0.1), 3))
    assert waits == [0.05, 0.1, 0.2]


def test_node_that_answered_a_request_is_dialled_again_soon() -> None:
    states = make()
    for now in (0.0, 1.0, 2.0, 3.0):
        failed(states, 1, now)
    ready(states, 1, 5.0)
    states.on_lost(1, 5.4, ERROR, answered=True)
    assert states.ready_in(1, 5.4) == pytest.approx(0.05)
    assert states.on_connecting(1, 6.0) == 10.0


def test_connection_that_answered_nothing_goes_on_growing_the_back_off() -> None:
    states = make()
    for now in (0.0, 1.0, 2.0):
        failed(states, 1, now)
    ready(states, 1, 5.0)
    states.on_lost(1, 5.4, ERROR, answered=False)
    assert states.ready_in(1, 5.4) == pytest.approx(0.4)
    assert states.on_connecting(1, 6.0) == 10.0


def test_attempt_that_was_given_up_says_nothing_about_the_node() -> None:
    states = make()
    states.on_connecting(1, 0.0)
    states.on_given_up(1, ERROR)
    assert states.ready_in(1, 0.0) == 0.0
    assert states.on_connecting(1, 0.0) == 10.0


def test_node_that_moved_has_no_past() -> None:
    states = make()
    for now in (0.0, 1.0, 2.0):
        states.on_resolved(1, [A, B])
        failed(states, 1, now)
    states.on_moved(1)
    assert states.ready_in(1, 2.0) == 0.0
    assert states.needs_addresses(1)
    assert states.on_connecting(1, 2.0) == 10.0


def test_every_address_is_tried_before_resolving_again() -> None:
    states = make()
    states.on_resolved(1, [A, B])
    assert [states.next_address(1), states.next_address(1)] == [A, B]
    assert states.needs_addresses(1)


def test_lost_connection_resolves_again_and_leaves_the_last_address_for_the_end() -> None:
    states = make()
    states.on_resolved(1, [A, B])
    states.next_address(1)
    ready(states, 1)
    states.on_lost(1, 1.0, ERROR)
    assert states.needs_addresses(1)
    states.on_resolved(1, [A, B])
    assert states.next_address(1) == B


def test_back_off_belongs_to_the_node_not_to_the_address() -> None:
    states = make()
    states.on_resolved(1, [A, B])
    states.next_address(1)
    failed(states, 1, 0.0)
    assert states.ready_in(1, 0.0) > 0


def test_throttled_node_is_not_ready() -> None:
    states = make()
    ready(states, 1)
    states.throttle(1, 3.0)
    states.throttle(1, 2.0)
    assert states.ready_in(1, 1.0) == 2.0


IDLE = Load()
NOW = 100.0


def in_state(states: NodeStates[int], node: int, state: str) -> Load:
    """Bring *node* into a state at `NOW`; return what is in flight to it."""
    if state in {"connecting", "ready", "loaded", "full", "late"}:
        states.on_connecting(node, NOW - 0.5)
    if state == "connecting long":
        states.on_connecting(node, NOW - 5.0)
    if state in {"ready", "loaded", "full", "late"}:
        states.on_ready(node, NOW - 0.5)
    if state == "failed before":
        failed(states, node, NOW - 50.0)
    return {
        "loaded": Load(3, NOW - 0.9),
        "full": Load(5, NOW - 0.1, has_room=False),
        "late": Load(6, NOW - PATIENCE),
    }.get(state, IDLE)


# From the fittest to the least fit.
FITNESS = [
    "ready",
    "loaded",
    "never tried",
    "failed before",
    "connecting",
    "full",
    "late",
]


@pytest.mark.parametrize(("better", "worse"), list(itertools.combinations(FITNESS, 2)))
def test_least_loaded_prefers_the_fitter_node(better: str, worse: str) -> None:
    for first, second in ((1, 2), (2, 1)):
        states = make()
        loads = {first: in_state(states, first, better), second: in_state(states, second, worse)}
        assert states.least_loaded([1, 2], loads.__getitem__, NOW) == first


@pytest.mark.parametrize(
    ("main", "other", "reserve_is_taken"),
    [
        ("ready", "ready", False),
        ("never tried", "never tried", False),
        ("never tried", "ready", True),
        ("connecting", "never tried", True),
        ("late", "never tried", True),
        ("late", "connecting", True),
    ],
)
def test_least_loaded_takes_from_the_reserve_only_what_is_fitter(
    main: str, other: str, reserve_is_taken: bool
) -> None:
    states = make()
    loads = {1: in_state(states, 1, main), 2: in_state(states, 2, other)}
    found = states.least_loaded([1], loads.__getitem__, NOW, reserve=[2])
    assert found == (2 if reserve_is_taken else 1)


@pytest.mark.parametrize(
    ("state", "slow"),
    [
        ("never tried", False),
        ("failed before", False),
        ("connecting", False),
        ("connecting long", True),
        ("ready", False),
        ("loaded", False),
        ("full", False),
        ("late", True),
    ],
)
def test_slow_node_is_one_that_leaves_somebody_waiting(state: str, slow: bool) -> None:
    states = make()
    load = in_state(states, 1, state)
    assert states.is_slow(1, load, NOW, longest_poll=0.0) is slow


def test_node_that_backs_off_is_slow() -> None:
    states = make()
    failed(states, 1, NOW)
    assert states.is_slow(1, IDLE, NOW, longest_poll=0.0)


def test_node_that_may_hold_its_answer_back_is_not_slow_before_that_time() -> None:
    states = make()
    load = in_state(states, 1, "late")
    assert not states.is_slow(1, load, NOW, longest_poll=0.5)
    assert states.is_slow(1, load, NOW + 0.5, longest_poll=0.5)


def test_least_loaded_takes_the_node_tried_longest_ago() -> None:
    states = make()
    failed(states, 1, 5.0)
    failed(states, 2, 3.0)
    assert states.least_loaded([1, 2], lambda _: IDLE, 100.0) == 2


def test_least_loaded_has_no_answer_while_all_back_off() -> None:
    states = make()
    failed(states, 1, 5.0)
    assert states.least_loaded([1], lambda _: IDLE, 5.0) is None


def test_forgotten_node_starts_over() -> None:
    states = make()
    failed(states, 1, 5.0)
    states.forget([1])
    assert states.ready_in(1, 5.0) == 0.0


@pytest.mark.parametrize("old", NodeStatus)
@pytest.mark.parametrize("new", NodeStatus)
def test_every_move_is_in_the_table_or_refused(old: NodeStatus, new: NodeStatus) -> None:
    if NODE_TRANSITIONS.allows(old, new):
        assert NODE_TRANSITIONS.step(old, new) is new
    else:
        with pytest.raises(IllegalTransitionError):
            NODE_TRANSITIONS.step(old, new)
