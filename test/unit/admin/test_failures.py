"""What a call raises, and what it says of errors in its value."""

from __future__ import annotations

import copy
import pickle

import pytest

from kafka.admin.failures import combined, error_fields, settle
from kafka.admin.operation import Outcome
from kafka.errors import (
    GroupIdNotFoundError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    TopicAlreadyExistsError,
)
from kafka.structs import TopicPartition

EXISTS = TopicAlreadyExistsError("a exists")
LATE = KafkaTimeoutError("topic b: no answer")


def outcome(results: dict, errors: dict) -> Outcome:
    return Outcome(results, errors, frozenset())


def test_success_raises_nothing() -> None:
    settle(outcome({"a": 1}, {}), "value")


def test_first_failure_is_raised_with_all_results() -> None:
    with pytest.raises(TopicAlreadyExistsError) as caught:
        settle(outcome({"b": 1}, {"a": EXISTS}), "value")
    assert caught.value is EXISTS
    assert caught.value.results == "value"
    assert caught.value.errors == {"a": EXISTS}


def test_several_failures_are_named() -> None:
    errors = {
        "a": EXISTS,
        TopicPartition("t", 3): GroupIdNotFoundError("x"),
        **{f"k{number}": LATE for number in range(6)},
    }
    error = combined(outcome({"z": 1}, errors), None)
    assert isinstance(error, TopicAlreadyExistsError)
    assert error.__cause__ is EXISTS
    assert str(error).endswith(
        "a exists; and 7 more of 9 failed: t-3: GroupIdNotFoundError, k0: KafkaTimeoutError, "
        "k1: KafkaTimeoutError, k2: KafkaTimeoutError, k3: KafkaTimeoutError, ..."
    )


def test_errors_are_left_to_the_value_where_the_user_wants_that() -> None:
    settle(outcome({}, {"a": EXISTS}), "value", raise_errors=False)
    settle(outcome({"a": 1}, {"b": LATE}), "value", raise_errors=False)


def test_call_that_nobody_has_answered_is_an_error_all_the_same() -> None:
    with pytest.raises(KafkaTimeoutError):
        settle(outcome({}, {"b": LATE}), "value", raise_errors=False)


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (None, (0, None)),
        (EXISTS, (36, "a exists")),
        (LATE, (7, "topic b: no answer")),
        (KafkaConnectionError("lost"), (13, "lost")),
        (KafkaError("other"), (-1, "other")),
    ],
)
def test_errors_have_the_codes_that_brokers_have_for_them(
    error: KafkaError | None, fields: tuple[int, str | None]
) -> None:
    assert error_fields(error) == fields


def test_results_and_errors_survive_copies() -> None:
    error = KafkaError("x")
    assert (error.results, dict(error.errors)) == (None, {})
    error.results, error.errors = {"a": 1}, {"b": KafkaError("y")}
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert twin.results == {"a": 1}
        assert list(twin.errors) == ["b"]
