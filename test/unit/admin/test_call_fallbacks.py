"""One call: keys that are asked about in another way after an error."""

from __future__ import annotations

from typing import Any

from kafka.admin.lookups import GROUP, to_any, to_coordinator
from kafka.admin.operation import Fallback
from kafka.errors import GroupIdNotFoundError, UnsupportedVersionError
from test.support.admin_operation import Operation
from test.unit.admin.calls import asks_of, call_about, codes, coordinators, targets

COORDINATOR = to_coordinator(GROUP, str)
GONE = GroupIdNotFoundError.errno


def is_gone(error: Exception) -> bool:
    return isinstance(error, GroupIdNotFoundError)


def fallbacks(lookup: Any, *applies: Any) -> list[Fallback[str, int]]:
    return [Fallback(Operation(lookup), one) for one in applies]


def test_a_key_falls_back_at_once_and_at_the_node_that_was_found() -> None:
    call = call_about("ab", COORDINATOR, fallbacks=fallbacks(COORDINATOR, is_gone))
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, coordinators({"a": 1, "b": 2}), 0.0)
    first, second = asks_of(call, 0.0)
    call.on_answer(first, 1, codes({"a": GONE}), 0.0)
    (again,) = asks_of(call, 0.0)
    # Without a look-up, without a back-off, and without waiting for the other node.
    assert (again.step, targets([again])) == (1, {1: ["a"]})
    call.on_answer(again, 1, codes({"a": 0}), 0.0)
    call.on_answer(second, 2, codes({"b": 0}), 0.0)
    assert call.outcome().results == {"a": 1, "b": 2}


def test_an_error_that_no_fallback_is_for_is_that_of_the_key() -> None:
    call = call_about("a", to_any(), fallbacks=fallbacks(to_any(), is_gone))
    (ask,) = asks_of(call, 0.0)
    error = UnsupportedVersionError("too old")
    call.on_failure(ask, error, 0.0)
    assert call.outcome().errors == {"a": error}


def test_the_error_of_the_last_fallback_is_that_of_the_key() -> None:
    call = call_about("a", to_any(), fallbacks=fallbacks(to_any(), is_gone))
    for _ in range(2):
        (ask,) = asks_of(call, 0.0)
        call.on_answer(ask, 0, codes({"a": GONE}), 0.0)
    assert isinstance(call.outcome().errors["a"], GroupIdNotFoundError)


def test_fallbacks_are_taken_in_their_order() -> None:
    def is_old(error: Exception) -> bool:
        return isinstance(error, UnsupportedVersionError)

    call = call_about("a", to_any(), fallbacks=fallbacks(to_any(), is_gone, is_old))
    (ask,) = asks_of(call, 0.0)
    call.on_answer(ask, 0, codes({"a": GONE}), 0.0)
    (ask,) = asks_of(call, 0.0)
    call.on_failure(ask, UnsupportedVersionError("too old"), 0.0)
    (ask,) = asks_of(call, 0.0)
    assert ask.step == 2


def test_keys_that_an_old_broker_took_one_by_one_fall_back_together() -> None:
    call = call_about("abcd", to_any(), fallbacks=[Fallback(Operation(to_any()))])
    pending = asks_of(call, 0.0)
    while not any(ask.step for ask in pending):
        for ask in pending:
            call.on_failure(ask, UnsupportedVersionError("too old"), 0.0)
        pending = asks_of(call, 0.0)
    assert [ask.keys for ask in pending] == [("a", "b", "c", "d")]


def test_a_look_up_that_fails_does_not_fall_back() -> None:
    call = call_about("a", COORDINATOR, fallbacks=[Fallback(Operation(COORDINATOR))])
    (ask,) = asks_of(call, 0.0)
    error = UnsupportedVersionError("too old")
    call.on_failure(ask, error, 0.0)
    assert call.outcome().errors == {"a": error}
