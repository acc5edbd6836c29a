"""Incremental fetch sessions (KIP-227)."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.consumer.fetch_session import FetchPosition, FetchSession
from kafka.errors import (
    FetchSessionIdNotFoundError,
    InvalidFetchSessionEpochError,
    KafkaConnectionError,
    KafkaError,
)
from kafka.structs import TopicPartition

A, B, C = (TopicPartition("a", number) for number in range(3))
ID, OTHER_ID, NO_ID = UUID(int=1), UUID(int=2), UUID(int=0)


def part(offset: int = 0, topic_id: UUID = ID) -> FetchPosition:
    return FetchPosition(topic_id, offset, -1, 1, False)


def opened(*partitions: TopicPartition) -> FetchSession:
    """Return a session the broker has given the id 7."""
    session = FetchSession()
    sent = session.build({tp: part() for tp in partitions})
    assert session.on_success(sent, 7, partitions) is None
    return session


def test_first_request_is_full_and_opens_a_session() -> None:
    sent = FetchSession().build({A: part(), B: part()})
    assert sent == (0, 0, {A: part(), B: part()}, {}, True)
    assert sent.is_full


def test_second_request_names_only_what_changed() -> None:
    sent = opened(A, B).build({A: part(5), B: part()})
    assert sent == (7, 1, {A: part(5)}, {}, True)


def test_request_without_changes_is_empty_and_still_sent() -> None:
    assert opened(A).build({A: part()}) == (7, 1, {}, {}, True)


def test_added_and_forgotten_partitions_are_named() -> None:
    sent = opened(A, B).build({C: part()}, [A])
    assert (sent.partitions, sent.forgotten) == ({C: part()}, {A: ID})


def test_topic_made_anew_is_forgotten_and_added() -> None:
    sent = opened(A).build({A: part(topic_id=OTHER_ID)})
    assert (sent.partitions, sent.forgotten) == ({A: part(topic_id=OTHER_ID)}, {A: ID})


def test_partitions_that_are_not_named_again_stay_in_the_session() -> None:
    session = opened(A, B)
    session.build({B: part(5)})
    assert session.positions == {A: part(), B: part(5)}


def test_partition_asked_for_again_from_another_start_is_not_sent_twice() -> None:
    session = opened(A)
    moved = part()._replace(generation=2)
    assert (session.build({A: moved}).partitions, session.positions) == ({}, {A: moved})


@pytest.mark.parametrize("offset", [0, 5])
def test_new_start_with_unknown_end_of_a_partition_of_the_session_opens_a_new_one(
    offset: int,
) -> None:
    session = opened(A, B)
    anew = part(offset)._replace(generation=2, end_known=False)
    sent = session.build({A: anew})
    assert sent == (7, 0, {A: anew, B: part()}, {}, True)
    assert session.on_success(sent, 8, [A, B]) is None
    assert session.build({A: anew._replace(end_known=True)}) == (8, 1, {}, {}, True)


def test_answer_about_the_start_before_does_not_count_for_an_unknown_end() -> None:
    session = FetchSession()
    sent = session.build({A: part()._replace(end_known=False)})
    assert session.on_success(sent, 7, [A]) is None
    assert session.build({A: part()._replace(generation=2, end_known=False)}).is_full


def test_start_with_unknown_end_that_was_asked_for_already_stays_in_the_session() -> None:
    # The broker answers it again after an error.
    session = opened(A)
    assert session.build({A: part()._replace(end_known=False)}) == (7, 1, {}, {}, True)


def test_partition_with_unknown_end_that_is_not_in_the_session_is_added() -> None:
    session = opened(A)
    new = part()._replace(generation=2, end_known=False)
    assert session.build({B: new}) == (7, 1, {B: new}, {}, True)


def test_partition_that_was_forgotten_and_comes_back_is_added() -> None:
    session = opened(A, B)
    session.on_success(session.build({}, [A]), 7, [])
    anew = part()._replace(generation=2, end_known=False)
    assert session.build({A: anew}) == (7, 2, {A: anew}, {}, True)


def test_partition_that_changed_comes_last_in_a_full_request() -> None:
    session = FetchSession(enabled=False)
    session.build({A: part(), B: part()})
    assert list(session.build({A: part(5)}).partitions) == [B, A]


def test_partition_dropped_before_the_session_opens_is_not_named() -> None:
    session = opened(A, B)
    session.on_error(KafkaConnectionError)
    assert session.build({}, [A]) == (7, 0, {B: part()}, {}, True)


def test_session_knows_the_names_of_its_topics() -> None:
    session = opened(A)
    session.build({A: part(topic_id=OTHER_ID)})
    assert session.topic_names == {ID: "a", OTHER_ID: "a"}


def test_topic_without_id_moves_the_session_to_names() -> None:
    sent = opened(A).build({A: part(), B: part(topic_id=NO_ID)})
    assert (sent.session_id, sent.epoch, len(sent.partitions)) == (7, 0, 2)


def test_topic_that_got_an_id_moves_the_session_to_ids() -> None:
    session = FetchSession()
    session.on_success(session.build({A: part(topic_id=NO_ID)}), 7, [A])
    assert session.build({A: part()}) == (7, 0, {A: part()}, {}, True)


def test_session_of_names_goes_on_with_names() -> None:
    session = FetchSession()
    first = session.build({A: part(topic_id=NO_ID)})
    session.on_success(first, 7, [A])
    assert session.build({A: part(1, NO_ID)}).epoch == 1


def test_request_without_partitions_says_whether_its_session_uses_ids() -> None:
    session = FetchSession()
    session.on_success(session.build({A: part(topic_id=NO_ID)}), 7, [A])
    assert session.build({}) == (7, 1, {}, {}, False)
    assert session.close_request() == (7, -1, {}, {}, False)


def test_epoch_grows_by_one_with_every_answer() -> None:
    session = opened(A)
    for _ in range(3):
        session.on_success(session.build({A: part()}), 7, [])
    assert session.build({A: part()}).epoch == 4


def test_broker_without_sessions_gets_full_requests() -> None:
    session = FetchSession()
    session.on_success(session.build({A: part()}), 0, [A])
    sent = session.build({A: part()})
    assert (sent.session_id, sent.epoch, sent.partitions) == (0, 0, {A: part()})


def test_full_answer_that_lacks_a_partition_ends_the_session() -> None:
    session = FetchSession()
    sent = session.build({A: part(), B: part()})
    assert session.on_success(sent, 7, [A]) == "partitions missing: a-1"
    assert session.build({A: part()}).epoch == 0


def test_empty_full_answer_of_a_throttled_broker_is_accepted() -> None:
    session = FetchSession()
    assert session.on_success(session.build({A: part()}), 0, []) is None


def test_answer_about_something_else_ends_the_session() -> None:
    session = opened(A)
    sent = session.build({A: part()})
    assert session.on_success(sent, 7, [B]) == "partitions not asked for: a-1"
    assert session.build({A: part()}).epoch == 0


def test_incremental_answer_may_name_any_part_of_the_session() -> None:
    session = opened(A, B)
    assert session.on_success(session.build({A: part(), B: part()}), 7, [B]) is None


@pytest.mark.parametrize(
    ("error", "session_id"),
    [
        (FetchSessionIdNotFoundError, 0),
        (InvalidFetchSessionEpochError, 7),
        (KafkaConnectionError, 7),
    ],
)
def test_error_starts_a_new_session(error: type[KafkaError], session_id: int) -> None:
    session = opened(A)
    session.build({A: part(9)})
    session.on_error(error)
    assert session.build({A: part(9)}) == (session_id, 0, {A: part(9)}, {}, True)


def test_close_says_so_to_the_broker() -> None:
    assert opened(A).close_request() == (7, -1, {}, {}, True)


def test_only_a_session_the_broker_knows_is_open() -> None:
    assert (FetchSession().is_open, opened(A).is_open) == (False, True)


def test_without_sessions_every_request_is_full_and_final() -> None:
    session = FetchSession(enabled=False)
    session.on_success(session.build({A: part()}), 0, [A])
    session.on_error(KafkaConnectionError)
    anew = part()._replace(generation=2, end_known=False)
    assert session.build({A: anew}) == (0, -1, {A: anew}, {}, True)
    assert session.build({A: part(), B: part()}) == (0, -1, {A: part(), B: part()}, {}, True)
