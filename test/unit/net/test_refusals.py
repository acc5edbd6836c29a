"""Brokers that have refused a client."""

from __future__ import annotations

import pytest

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailedError,
    TlsVerificationError,
)
from kafka.net.refusals import Refusals

WRONG = SaslAuthenticationFailedError("node 1: invalid credentials")
EXPIRED = TlsVerificationError("node 2: expired")


def refusals(*nodes: int, connected: tuple[int, ...] = ()) -> Refusals:
    return Refusals(lambda: nodes, connected.__contains__)


def kind_and_text(error: KafkaError | None) -> tuple[type[KafkaError] | None, str]:
    return (None, "") if error is None else (type(error), str(error.args[0]))


def test_refusal_of_all_is_told_with_the_time_of_the_next_attempt() -> None:
    known = refusals(1, 2)
    known.note(1, WRONG, 40.0)
    known.note(2, EXPIRED, 30.0)
    assert kind_and_text(known.of_all(10.0)) == (
        TlsVerificationError,
        "node 2: expired; the next attempt is due in 20.0 s",
    )
    assert kind_and_text(known.of(1, 10.0))[0] is SaslAuthenticationFailedError


def test_nothing_is_refused_once_an_attempt_is_due() -> None:
    known = refusals(1, 2)
    known.note(1, WRONG, 40.0)
    known.note(2, EXPIRED, 30.0)
    assert known.of_all(30.0) is None
    assert known.of(2, 30.0) is None
    assert known.of(1, 30.0) is not None


def test_one_that_refuses_among_others_is_like_one_that_is_down() -> None:
    known = refusals(1, 2)
    known.note(1, WRONG, 40.0)
    assert known.of_all(10.0) is None
    error = known.of(1, 10.0)
    assert kind_and_text(error) == (
        KafkaConnectionError,
        "node 1: invalid credentials; the next attempt is due in 30.0 s",
    )
    assert error is not None
    assert error.__cause__ is not None
    assert error.__cause__.__cause__ is WRONG
    assert type(known.met(WRONG)) is KafkaConnectionError


def test_attempt_that_makes_the_refusal_complete_is_told_as_what_it_is() -> None:
    known = refusals(1)
    known.note(1, WRONG, 40.0)
    assert kind_and_text(known.met(WRONG)) == (
        SaslAuthenticationFailedError,
        "node 1: invalid credentials",
    )


def test_other_errors_stay_connection_errors() -> None:
    known = refusals(1)
    known.note(1, WRONG, 40.0)
    assert type(known.met(KafkaConnectionError("reset"))) is KafkaConnectionError


def test_broker_that_accepts_ends_the_refusal() -> None:
    known = refusals(1)
    known.note(1, WRONG, 40.0)
    known.forget(1)
    assert known.of_all(10.0) is None
    assert known.of(1, 10.0) is None


@pytest.mark.parametrize("nodes", [(), (3,), (1, 3)])
def test_brokers_outside_the_cluster_do_not_count(nodes: tuple[int, ...]) -> None:
    known = refusals(*nodes)
    known.note(1, WRONG, 40.0)
    assert known.of_all(10.0) is None


def test_broker_that_still_answers_on_an_older_connection_does_not_count() -> None:
    known = refusals(1, 2, connected=(2,))
    known.note(1, WRONG, 40.0)
    known.note(2, EXPIRED, 30.0)
    assert known.of_all(10.0) is None
    assert type(known.met(WRONG)) is KafkaConnectionError
    assert type(known.of(2, 10.0)) is KafkaConnectionError


def test_repr_names_the_nodes() -> None:
    known = refusals(1, 2)
    known.note(2, WRONG, 40.0)
    assert repr(known) == "<Refusals nodes=[2]>"
