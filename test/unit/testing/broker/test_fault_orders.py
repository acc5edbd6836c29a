"""What a fault must be to be taken: one that can fire, and that is seen."""

from __future__ import annotations

import pytest

from kafka.errors import NotLeaderForPartitionError
from kafka.protocol.messages.fetch import FetchResponse
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.testing.broker import faults
from kafka.testing.broker.fault_orders import check_action, describe, never_fired
from kafka.testing.broker.faults import Rule

WRONG_KIND: dict[str, object] = {
    "a class": faults.Disconnect,
    "an error class": NotLeaderForPartitionError,
    "a name": "Disconnect",
    "seconds as text": faults.Delay("2"),  # type: ignore[arg-type] # a mistake
    "text for bytes": faults.Garbage("x"),  # type: ignore[arg-type] # a mistake
    "a code": faults.Fail(6),  # type: ignore[arg-type] # a mistake
    "a response class": faults.Answer(ProduceResponse),
}
WITHOUT_EFFECT: dict[str, faults.Action] = {
    "a negative delay": faults.Delay(-1.0),
    "an endless delay": faults.Delay(float("inf")),
    "no throttling": faults.Throttle(0),
    "negative throttling": faults.Throttle(-1),
    "the right correlation id": faults.WrongCorrelationId(0),
    "the right correlation id again": faults.WrongCorrelationId(1 << 31),
    "another API's response": faults.Answer(FetchResponse()),
}


@pytest.mark.parametrize("action", WRONG_KIND.values(), ids=WRONG_KIND.keys())
def test_an_action_of_a_wrong_kind_is_refused(action: object) -> None:
    with pytest.raises(TypeError):
        check_action(action, ProduceRequest)


@pytest.mark.parametrize("action", WITHOUT_EFFECT.values(), ids=WITHOUT_EFFECT.keys())
def test_an_action_without_effect_is_refused(action: faults.Action) -> None:
    with pytest.raises(ValueError, match=r"takes|leaves|answered by"):
        check_action(action, ProduceRequest)


@pytest.mark.parametrize(
    "action",
    [
        faults.Answer(ProduceResponse()),
        faults.Answer(lambda _: ProduceResponse()),
        faults.Fail(NotLeaderForPartitionError),
        faults.Delay(0),
        faults.Throttle(1),
        faults.DropResponse(),
        faults.Disconnect(),
        faults.HalfFrame(),
        faults.Garbage(b"x"),
        faults.WrongCorrelationId(-1),
    ],
)
def test_an_action_with_an_effect_is_taken(action: faults.Action) -> None:
    check_action(action, ProduceRequest)


def test_a_class_in_place_of_an_action_is_answered_with_the_call() -> None:
    with pytest.raises(TypeError, match=r"Disconnect is a class: write Disconnect\(...\)"):
        check_action(faults.Disconnect, ProduceRequest)


def test_faults_that_never_fired_are_told_unless_they_need_not() -> None:
    fired = Rule(ProduceRequest, faults.Disconnect(), times=3, hits=1)
    optional = Rule(ProduceRequest, faults.Disconnect(), optional=True)
    waiting = Rule(ProduceRequest, faults.Fail(NotLeaderForPartitionError), topic="t", partition=2)
    assert never_fired([fired, optional, waiting]) == [
        "Produce NotLeaderForPartitionError topic='t' partition=2"
    ]


def test_a_fault_is_described_with_its_conditions() -> None:
    rule = Rule(ProduceRequest, faults.Delay(2.0), node_id=1, client_id="c", when=lambda _: True)
    assert describe(rule) == "Produce Delay(seconds=2.0) node_id=1 client_id='c' when=..."
