"""When and where nodes are dialled."""

from __future__ import annotations

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka._base.transitions import IllegalTransitionError
from kafka.errors import KafkaConnectionError
from kafka.net.node_states import NODE_TRANSITIONS, Address, NodeStates, NodeStatus

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


def test_least_loaded_prefers_few_requests_in_flight() -> None:
    states = make()
    ready(states, 1)
    ready(states, 2)
    assert states.least_loaded([1, 2], {1: 3, 2: 1}.__getitem__, 1.0) == 2


def test_least_loaded_prefers_ready_to_connecting_to_new() -> None:
    states = make()
    states.on_connecting(2, 0.0)
    assert states.least_loaded([1, 2], lambda _: 0, 1.0) == 2
    ready(states, 3)
    assert states.least_loaded([1, 2, 3], lambda _: 9, 1.0) == 3


def test_least_loaded_takes_the_node_tried_longest_ago() -> None:
    states = make()
    failed(states, 1, 5.0)
    failed(states, 2, 3.0)
    assert states.least_loaded([1, 2], lambda _: 0, 100.0) == 2


def test_least_loaded_has_no_answer_while_all_back_off() -> None:
    states = make()
    failed(states, 1, 5.0)
    assert states.least_loaded([1], lambda _: 0, 5.0) is None


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
