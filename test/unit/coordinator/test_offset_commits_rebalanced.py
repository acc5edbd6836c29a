"""What rebalances do to commits that have not come through yet."""

from __future__ import annotations

import pytest

from kafka.coordinator.commit_requests import AskRejoin, CommitKind
from kafka.coordinator.membership import RequestMetadata
from kafka.errors import (
    CommitFailedError,
    CoordinatorLoadInProgressError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    StaleMemberEpochError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)
from test.unit.coordinator.commit_bench import (
    BACKOFF,
    DEADLINE,
    MEMBER,
    NEXT,
    OUTSIDER,
    T0,
    T1,
    U0,
    CommitBench,
)

BLOCKED = [RebalanceInProgressError, IllegalGenerationError]


def test_consumer_that_is_no_member_cannot_commit() -> None:
    bench = CommitBench(identity=None)
    number = bench.commit()
    assert isinstance(bench.settled[number], CommitFailedError)
    assert bench.sent == []


@pytest.mark.parametrize("error", [*BLOCKED, StaleMemberEpochError])
@pytest.mark.parametrize("kind", [CommitKind.SYNC, CommitKind.ASYNC, CommitKind.AUTO])
def test_commit_of_partitions_that_stay_is_sent_again_by_the_next_generation(
    error: type[KafkaError], kind: CommitKind
) -> None:
    bench = CommitBench()
    number = bench.commit(kind=kind)
    bench.answer(error)
    bench.poll(1.1)
    assert len(bench.sent) == 1
    bench.identity = NEXT
    bench.poll(1.2)
    assert bench.sent[1].identity == NEXT
    bench.answer(now=2.0)
    assert bench.settled == {number: None}


@pytest.mark.parametrize("error", [*BLOCKED, StaleMemberEpochError])
def test_commit_fails_if_a_partition_of_it_was_away_in_between(error: type[KafkaError]) -> None:
    bench = CommitBench()
    number = bench.commit(T0, T1)
    bench.answer(error)
    bench.subscriptions.replace_assignment([T0])
    bench.subscriptions.replace_assignment([T0, T1])
    bench.identity = NEXT
    bench.poll(1.1)
    found = bench.settled[number]
    assert isinstance(found, CommitFailedError)
    assert "and t-1 did not stay" in str(found)
    assert len(bench.sent) == 1


def test_commit_of_a_partition_that_was_never_owned_fails_with_the_generation() -> None:
    bench = CommitBench()
    number = bench.commit(U0)
    bench.answer(IllegalGenerationError)
    bench.identity = NEXT
    bench.poll(2.0)
    assert isinstance(bench.settled[number], CommitFailedError)


def test_commit_fails_if_the_member_is_dropped_while_it_waits() -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.answer(RebalanceInProgressError)
    bench.identity = None
    bench.poll(2.0)
    assert isinstance(bench.settled[number], CommitFailedError)


def test_commit_fails_if_the_consumer_comes_back_as_another_member() -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.answer(RebalanceInProgressError)
    bench.identity = NEXT._replace(member_id="other")
    bench.poll(2.0)
    assert isinstance(bench.settled[number], CommitFailedError)


def test_commit_that_comes_through_counts_although_the_member_was_dropped_meanwhile() -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.identity = None
    bench.poll(1.0)
    bench.answer()
    assert bench.settled == {number: None}


def test_generation_that_began_before_the_refusal_came_is_tried_at_once() -> None:
    bench = CommitBench()
    bench.commit()
    bench.identity = NEXT
    assert bench.answer(IllegalGenerationError) == []
    assert [sent.identity for sent in bench.sent] == [MEMBER, NEXT]


@pytest.mark.parametrize("error", BLOCKED)
def test_refusal_by_the_group_asks_for_a_rebalance_once(error: type[KafkaError]) -> None:
    bench = CommitBench()
    bench.commit()
    (asked,) = bench.answer(error)
    assert isinstance(asked, AskRejoin)
    bench.poll(1.0 + BACKOFF)
    assert bench.answer(error, now=2.0) == []


@pytest.mark.parametrize("error", [*BLOCKED, StaleMemberEpochError])
def test_refusal_that_was_a_mistake_costs_a_back_off(error: type[KafkaError]) -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.answer(error)
    assert bench.machine.next_wakeup() == 1.0 + BACKOFF
    bench.poll(1.0 + BACKOFF)
    assert [sent.identity for sent in bench.sent] == [MEMBER, MEMBER]
    bench.answer(now=2.0)
    assert bench.settled == {number: None}


def test_stale_epoch_needs_no_rebalance() -> None:
    bench = CommitBench()
    bench.commit()
    assert bench.answer(StaleMemberEpochError) == []


@pytest.mark.parametrize("error", BLOCKED)
@pytest.mark.parametrize("kind", [CommitKind.REVOKE, CommitKind.CLOSE])
def test_last_commit_of_a_generation_does_not_wait_for_the_next(
    error: type[KafkaError], kind: CommitKind
) -> None:
    bench = CommitBench()
    number = bench.commit(kind=kind)
    bench.answer(error)
    found = bench.settled[number]
    assert isinstance(found, CommitFailedError)
    assert "generation 3 is over" in str(found)


def test_last_commit_is_sent_although_an_earlier_one_was_refused() -> None:
    bench = CommitBench()
    bench.commit(kind=CommitKind.ASYNC)
    bench.answer(RebalanceInProgressError)
    number = bench.commit(T0, at=9, kind=CommitKind.REVOKE, now=1.1)
    assert bench.committed() == {T0: 9}
    bench.answer(now=3.0)
    assert bench.settled[number] is None


@pytest.mark.parametrize("kind", [CommitKind.REVOKE, CommitKind.CLOSE])
def test_last_commit_ends_after_those_made_before(kind: CommitKind) -> None:
    bench = CommitBench()
    first = bench.commit(kind=CommitKind.ASYNC)
    last = bench.machine.submit({}, kind, DEADLINE)
    bench.poll()
    assert bench.settled == {}
    bench.answer()
    assert list(bench.settled) == [first, last]


def test_last_commit_does_not_wait_for_topics_that_are_not_there() -> None:
    bench = CommitBench()
    first = bench.commit(U0, kind=CommitKind.ASYNC)
    bench.answer(UnknownTopicOrPartitionError)
    last = bench.machine.submit({}, CommitKind.REVOKE, DEADLINE)
    bench.poll(1.0)
    assert bench.settled == {last: None}
    assert first not in bench.settled


@pytest.mark.parametrize("kind", [CommitKind.REVOKE, CommitKind.CLOSE])
def test_last_commit_gives_up_topics_that_new_metadata_does_not_bring_back(
    kind: CommitKind,
) -> None:
    bench = CommitBench()
    number = bench.commit(T0, U0, kind=kind)
    assert bench.answer(of={U0: UnknownTopicOrPartitionError}) == [RequestMetadata()]
    assert bench.settled == {}
    bench.poll(1.0 + BACKOFF)
    assert bench.committed() == {U0: 5}
    bench.answer(UnknownTopicOrPartitionError, now=2.0)
    found = bench.settled[number]
    assert isinstance(found, UnknownTopicOrPartitionError)
    assert "u-0 were not committed" in str(found)
    assert "those of t-0 were" in str(found)


def test_last_commit_waits_for_partitions_that_may_still_be_committed() -> None:
    bench = CommitBench()
    bench.commit(T0, U0, kind=CommitKind.REVOKE)
    for now in (1.0, 2.0):
        errors = {U0: UnknownTopicOrPartitionError, T0: CoordinatorLoadInProgressError}
        bench.answer(of=errors, now=now)
        bench.poll(now + BACKOFF)
    assert bench.settled == {}
    assert bench.committed() == {T0: 5, U0: 5}


def test_commit_of_the_application_waits_longer_for_topics_that_are_not_there() -> None:
    bench = CommitBench()
    bench.commit(U0)
    for now in (1.0, 2.0, 3.0):
        bench.answer(UnknownTopicOrPartitionError, now=now)
        bench.poll(now + BACKOFF)
    assert bench.settled == {}


@pytest.mark.parametrize("error", BLOCKED)
def test_user_who_has_to_come_first_does_not_wait_for_the_commit(error: type[KafkaError]) -> None:
    bench = CommitBench()
    waits, goes_on = bench.commit(T0), bench.commit(T1, kind=CommitKind.ASYNC)
    bench.answer(error)
    bench.machine.on_user_needed(True)
    bench.poll(1.1)
    assert isinstance(bench.settled[waits], RebalanceInProgressError)
    assert goes_on not in bench.settled


def test_user_may_wait_for_a_stale_epoch_which_a_heartbeat_brings_up_to_date() -> None:
    bench = CommitBench()
    bench.machine.on_user_needed(True)
    number = bench.commit()
    bench.answer(StaleMemberEpochError)
    assert number not in bench.settled


def test_user_who_was_needed_and_came_may_wait_again() -> None:
    bench = CommitBench()
    bench.machine.on_user_needed(True)
    bench.machine.on_user_needed(False)
    bench.commit()
    bench.answer(RebalanceInProgressError)
    assert bench.settled == {}


# -- without membership ----------------------------------------------------------------------


def test_consumer_outside_of_the_group_commits_with_generation_minus_one() -> None:
    bench = CommitBench(OUTSIDER)
    bench.commit()
    request = bench.sent[0].request
    assert (request.generation_id_or_member_epoch, request.member_id) == (-1, "")


@pytest.mark.parametrize("error", [*BLOCKED, StaleMemberEpochError, UnknownMemberIdError])
def test_group_with_members_refuses_a_consumer_outside_for_good(error: type[KafkaError]) -> None:
    bench = CommitBench(OUTSIDER)
    number = bench.commit()
    assert bench.answer(error) == []
    assert "the group has members" in str(bench.settled[number])


# -- a member that leaves while its group begins a generation ------------------------------------


@pytest.mark.parametrize("error", BLOCKED)
@pytest.mark.parametrize("kind", [CommitKind.SYNC, CommitKind.REVOKE, CommitKind.CLOSE])
def test_commit_during_the_begin_of_a_generation_is_sent_again_in_it(
    error: type[KafkaError], kind: CommitKind
) -> None:
    bench = CommitBench()
    bench.renews = True
    bench.machine.on_user_needed(True)
    number = bench.commit(kind=kind)
    assert bench.answer(error) == []
    assert bench.settled == {}
    bench.identity = NEXT
    bench.poll(1.1)
    assert bench.sent[-1].identity == NEXT
    bench.answer()
    assert bench.settled == {number: None}


def test_commit_is_sent_again_as_soon_as_the_generation_has_begun() -> None:
    bench = CommitBench()
    bench.renews = True
    bench.commit(kind=CommitKind.REVOKE)
    bench.answer(RebalanceInProgressError)
    bench.renews = False
    bench.poll(1.1)
    assert len(bench.sent) == 2


def test_commit_fails_if_the_generation_that_has_begun_refuses_it_too() -> None:
    bench = CommitBench()
    bench.renews = True
    number = bench.commit(kind=CommitKind.REVOKE)
    bench.renews = False  # before the refusal has come
    bench.answer(RebalanceInProgressError)
    assert (len(bench.sent), bench.settled) == (2, {})
    bench.answer(RebalanceInProgressError)
    assert isinstance(bench.settled[number], CommitFailedError)


def test_last_commit_of_nothing_ends_with_the_ones_before_although_they_are_tried_again() -> None:
    bench = CommitBench()
    first = bench.commit(kind=CommitKind.ASYNC)
    last = bench.machine.submit({}, CommitKind.REVOKE, DEADLINE)
    for now in (1.0, 2.0, 3.0):
        bench.answer(CoordinatorLoadInProgressError, now=now)
        bench.poll(now + BACKOFF)
        assert bench.settled == {}
    bench.answer(now=4.0)
    assert bench.settled == {first: None, last: None}
