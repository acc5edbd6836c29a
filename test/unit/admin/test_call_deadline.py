"""How a call ends at its deadline, and what comes after that."""

from __future__ import annotations

import pytest

from kafka.admin.call import Ask
from kafka.admin.lookups import GROUP, to_any, to_controller, to_coordinator, to_leader
from kafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    NotControllerError,
    RequestTimedOutError,
)
from kafka.structs import TopicPartition
from test.support.admin_operation import Operation
from test.unit.admin.calls import asks_of, call_about, codes, metadata

CONTROLLER = to_controller()
COORDINATOR = to_coordinator(GROUP, str)
LEADER = to_leader(lambda key: TopicPartition(key, 0))


def test_late_call_names_attempts_error_and_node() -> None:
    call = call_about("a", CONTROLLER, deadline=0.35)
    for now in (0.0, 0.1):
        (ask,) = asks_of(call, now)
        if ask.is_lookup:
            call.on_answer(ask, 0, metadata(controller=2), now)
            (ask,) = asks_of(call, now)
        node = ask.target.node_id
        assert node is not None
        call.on_answer(ask, node, codes({"a": NotControllerError.errno}), now)
    wakeup = call.next_wakeup()
    assert wakeup == pytest.approx(0.3)
    (lookup,) = asks_of(call, wakeup)
    assert call.next_wakeup() == 0.35
    assert call.poll(0.35) == []
    error = call.outcome().errors["a"]
    assert isinstance(error, KafkaTimeoutError)
    assert "group a: no result in 0.3 s, after 2 attempts: NotControllerError from node 2" in str(
        error
    )
    assert isinstance(error.__cause__, NotControllerError)
    call.on_answer(lookup, 0, metadata(), 0.4)
    assert call.is_done


def test_late_call_names_the_silent_node() -> None:
    call = call_about("a", CONTROLLER, deadline=2.0)
    asks_of(call, 0.0)
    call.poll(2.0)
    assert "no answer in 2.0 s from node 1" in str(call.outcome().errors["a"])


def test_late_call_names_what_was_not_found() -> None:
    call = call_about("a", COORDINATOR, deadline=2.0)
    asks_of(call, 0.0)
    call.poll(2.0)
    assert "the group coordinator was not found" in str(call.outcome().errors["a"])


def test_what_is_done_by_the_deadline_stays() -> None:
    call = call_about("ab", LEADER, deadline=2.0)
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, metadata(leaders={"a": 0, "b": 1}), 0.0)
    first, _ = asks_of(call, 0.0)
    call.on_answer(first, 0, codes({"a": 0}), 0.1)
    call.poll(2.0)
    outcome = call.outcome()
    assert list(outcome.results) == ["a"]
    assert list(outcome.errors) == ["b"]


def test_requests_carry_the_time_that_is_left() -> None:
    seen = []

    class Timed(Operation):
        def build(self, keys, timeout_ms):
            seen.append(timeout_ms)
            return super().build(keys, timeout_ms)

    call = call_about("a", to_any(), operation=Timed(to_any()), deadline=31.0)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, RequestTimedOutError("silent"), 30.0)
    asks_of(call, 30.1)
    assert seen == pytest.approx([30_000, 900], abs=1)


def test_answer_that_comes_twice_changes_nothing() -> None:
    call = call_about("a", to_any())
    (ask,) = asks_of(call, 0.0)
    assert isinstance(ask, Ask)
    call.on_answer(ask, 0, codes({"a": 0}), 0.0)
    call.on_answer(ask, 1, codes({"a": 69}), 0.0)
    call.on_failure(ask, KafkaConnectionError("lost"), 0.0)
    assert call.outcome().results == {"a": 0}
    assert repr(call) == "<Call about groups done=1/1>"
