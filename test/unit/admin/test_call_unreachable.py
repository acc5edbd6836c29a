"""One call: nodes to which no request can be written."""

from __future__ import annotations

from kafka.admin.lookups import to_broker
from kafka.errors import KafkaConnectionError
from test.unit.admin.calls import asks_of, call_about, codes, metadata


def test_a_node_that_refuses_connections_is_given_up_after_a_while() -> None:
    call = call_about("ab", to_broker(lambda key: {"a": 1, "b": 2}[key]), unreachable_after=1.0)
    refused = KafkaConnectionError("node 1: refused")
    found, times = asks_of(call, 0.0)
    call.on_answer(times, 2, codes({"b": 0}), 0.0)
    now = 0.0
    while not call.is_done:
        call.on_failure(found, refused, now, was_written=False)
        now = call.next_wakeup() or now
        if not call.is_done:
            (look_up,) = asks_of(call, now)
            call.on_answer(look_up, 0, metadata(), now)
            (found,) = asks_of(call, now)
    assert call.outcome().errors == {"a": refused}
    assert 1.0 <= now < 2.0


def test_a_node_that_answers_late_is_not_given_up() -> None:
    call = call_about("a", to_broker(lambda _key: 1), unreachable_after=1.0)
    for now in (0.0, 5.0, 10.0):
        (found,) = asks_of(call, now)
        call.on_failure(found, KafkaConnectionError("lost"), now)
        (look_up,) = asks_of(call, now + 1.0)
        call.on_answer(look_up, 0, metadata(), now + 1.0)
    assert not call.is_done
