"""How long a call asks about topics that brokers do not know."""

from __future__ import annotations

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka.admin.lookups import to_leader
from kafka.errors import KafkaConnectionError, UnknownTopicOrPartitionError
from kafka.structs import TopicPartition
from test.unit.admin.calls import asks_of, call_about, metadata

LEADER = to_leader(lambda key: TopicPartition(key, 0))


def test_topic_that_is_not_known_is_believed_after_five_attempts() -> None:
    call = call_about("a", LEADER)
    now = 0.0
    for attempt in range(5):
        assert not call.is_done, attempt
        (ask,) = asks_of(call, now)
        call.on_answer(ask, 0, metadata(), now)
        now = call.next_wakeup() or now
    assert isinstance(call.outcome().errors["a"], UnknownTopicOrPartitionError)
    assert now == pytest.approx(1.5)


def test_topic_that_is_not_known_is_not_believed_sooner_with_a_short_back_off() -> None:
    call = call_about("a", LEADER, backoff=ExponentialBackoff(0.005, 0.02))
    now = 0.0
    while not call.is_done:
        (ask,) = asks_of(call, now)
        call.on_answer(ask, 0, metadata(), now)
        now = call.next_wakeup() or now
    assert isinstance(call.outcome().errors["a"], UnknownTopicOrPartitionError)
    assert 1.2 <= now < 1.3


def test_topic_that_is_not_known_after_other_trouble_is_not_believed_at_once() -> None:
    call = call_about("a", LEADER)
    now = 0.0
    for _ in range(7):
        (ask,) = asks_of(call, now)
        call.on_failure(ask, KafkaConnectionError("lost"), now)
        now = call.next_wakeup() or now
    (ask,) = asks_of(call, now)
    call.on_answer(ask, 0, metadata(), now)
    assert not call.is_done
