"""What is wrong with wanted topics, and when it is worth a line in the log."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.cluster import ClusterSnapshot, TopicState
from kafka.consumer.topic_troubles import TopicTroubles
from kafka.errors import (
    BrokerResponseError,
    InvalidTopicError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.structs import PartitionMetadata

WANTED: dict[str, set[int]] = {"t": set()}
FINE = ClusterSnapshot(
    topic_states={
        "t": TopicState(UUID(int=1), False, {0: PartitionMetadata("t", 0, 1, 1, (), (), (), None)})
    }
)
MISSING = (
    "topic=t does not exist; it is read as soon as somebody creates it (the brokers do not, or "
    "allow_auto_create_topics is off)"
)


def failing(error: type[BrokerResponseError]) -> ClusterSnapshot:
    return ClusterSnapshot(topic_errors={"t": error})


ABSENT = failing(UnknownTopicOrPartitionError)


def test_topic_that_nobody_creates_is_reported_at_once_and_once() -> None:
    troubles = TopicTroubles(creates=False)
    assert troubles.check(WANTED, ABSENT, 5.0) == [MISSING]
    assert troubles.check(WANTED, ABSENT, 6.0) == troubles.check(WANTED, ABSENT, 600.0) == []
    assert troubles.reason("t") == "does not exist"


def test_topic_that_brokers_may_be_creating_is_reported_a_second_later() -> None:
    troubles = TopicTroubles(creates=True)
    assert troubles.check(WANTED, ABSENT, 5.0) == troubles.check(WANTED, ABSENT, 5.9) == []
    assert troubles.reason("t") == "does not exist"
    assert troubles.check(WANTED, ABSENT, 6.0) == [MISSING]


def test_topic_that_came_and_went_is_reported_again() -> None:
    troubles = TopicTroubles(creates=True)
    for start in (0.0, 100.0):
        assert troubles.check(WANTED, ABSENT, start) == []
        assert troubles.check(WANTED, ABSENT, start + 2) == [MISSING]
        assert troubles.check(WANTED, FINE, start + 3) == []
        assert troubles.reason("t") is None


def test_topic_that_nobody_wants_any_more_is_forgotten() -> None:
    troubles = TopicTroubles(creates=False)
    troubles.check(WANTED, ABSENT, 5.0)
    assert troubles.check({}, ABSENT, 6.0) == []
    assert troubles.reason("t") is None
    assert troubles.check(WANTED, ABSENT, 7.0) == [MISSING]


def test_topic_nothing_is_known_of_yet_is_no_trouble() -> None:
    troubles = TopicTroubles(creates=False)
    assert troubles.check(WANTED, ClusterSnapshot(), 5.0) == []
    assert troubles.reason("t") is None


@pytest.mark.parametrize(
    ("error", "line", "patience"),
    [
        (TopicAuthorizationFailedError, "topic=t may not be read by this client", 0.0),
        (InvalidTopicError, "topic=t cannot be read: InvalidTopicError", 0.0),
        (LeaderNotAvailableError, "topic=t cannot be read: LeaderNotAvailableError", 10.0),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_errors_of_topics_are_reported_when_they_last(
    error: type[BrokerResponseError], line: str, patience: float
) -> None:
    troubles = TopicTroubles(creates=True)
    if patience:
        assert troubles.check(WANTED, failing(error), 0.0) == []
        assert troubles.check(WANTED, failing(error), patience - 0.1) == []
    assert troubles.check(WANTED, failing(error), patience) == [line]


def test_partition_that_a_topic_does_not_have_is_named() -> None:
    troubles = TopicTroubles(creates=False)
    assert troubles.check({"t": {0, 7, 9}}, FINE, 0.0) == [
        "topic=t has no partition 7, 9: it has 1"
    ]
    assert troubles.check({"t": {0}}, FINE, 1.0) == []


def test_topic_whose_records_are_refused_is_reported_once() -> None:
    troubles = TopicTroubles(creates=True)
    assert troubles.refuse("t", 1.0) == "topic=t may not be read by this client"
    assert troubles.refuse("t", 2.0) is None
    assert troubles.check(WANTED, FINE, 3.0) == []
    assert troubles.reason("t") == "may not be read by this client"


def test_topic_that_is_read_again_is_no_trouble() -> None:
    troubles = TopicTroubles(creates=True)
    troubles.refuse("t", 1.0)
    assert troubles.reason("t", last_fetch=0.5) == "may not be read by this client"
    assert troubles.reason("t", last_fetch=1.5) is None
