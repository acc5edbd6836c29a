"""When offsets are committed, and what becomes of a commit that fails."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from kafka._base.transitions import IllegalTransitionError
from kafka.coordinator.commit_requests import CommitKind
from kafka.coordinator.membership import FindCoordinator, RequestMetadata
from kafka.coordinator.offset_commits import COMMIT_TRANSITIONS, CommitState
from kafka.errors import (
    CommitFailedError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    FencedInstanceIdError,
    FencedMemberEpochError,
    GroupAuthorizationFailedError,
    InvalidCommitOffsetSizeError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NoError,
    NotCoordinatorError,
    OffsetMetadataTooLargeError,
    RebalanceInProgressError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownMemberIdError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    kafka_errors,
)
from kafka.protocol.messages.offset_commit import OffsetCommitResponse
from kafka.structs import OffsetAndMetadata
from test.unit.coordinator.commit_bench import (
    BACKOFF,
    DEADLINE,
    MEMBER,
    NEXT,
    T0,
    T1,
    T_ID,
    U0,
    CommitBench,
    snapshot_with_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# -- one commit ------------------------------------------------------------------------------


def test_commit_is_sent_at_once_with_the_identity_of_the_member() -> None:
    bench = CommitBench()
    number = bench.commit()
    assert bench.committed() == {T0: 5}
    assert bench.sent[0].identity == MEMBER
    bench.answer()
    assert bench.settled == {number: None}


def test_commit_of_nothing_ends_without_a_request() -> None:
    bench = CommitBench()
    number = bench.machine.submit({}, CommitKind.SYNC, DEADLINE)
    bench.poll()
    assert (bench.settled, bench.sent) == ({number: None}, [])


def test_nothing_is_due_without_a_commit() -> None:
    bench = CommitBench()
    assert (bench.poll(99.0), bench.machine.next_wakeup()) == ([], None)


def test_topics_whose_ids_are_known_are_named_by_them() -> None:
    bench = CommitBench()
    bench.machine.on_metadata(snapshot_with_id())
    bench.commit()
    assert bench.sent[0].request.topics[0].topic_id == T_ID


# -- order -----------------------------------------------------------------------------------


def test_commits_made_during_a_request_go_together_in_the_next_one() -> None:
    bench = CommitBench()
    numbers = [bench.commit(T0, at=1), bench.commit(T0, at=2), bench.commit(T0, T1, at=3)]
    assert bench.committed() == {T0: 1}
    bench.answer()
    assert bench.committed() == {T0: 3, T1: 3}
    bench.answer()
    assert bench.settled == dict.fromkeys(numbers)
    assert len(bench.sent) == 2


def test_older_offset_is_never_sent_after_a_newer_one() -> None:
    bench = CommitBench()
    bench.commit(T0, at=1)
    bench.commit(T0, at=2)
    bench.lose_answer(KafkaConnectionError("gone"))
    bench.poll(2.0)
    assert bench.committed() == {T0: 2}


def test_commits_whose_metadata_texts_differ_do_not_share_a_request() -> None:
    bench = CommitBench()
    bench.commit(T1)
    texts = ["short", "far too long"]
    numbers = [
        bench.machine.submit({T0: OffsetAndMetadata(1, text)}, CommitKind.ASYNC, DEADLINE)
        for text in texts
    ]
    bench.answer()
    bench.answer()
    bench.answer(OffsetMetadataTooLargeError)
    assert [type(bench.settled[number]) for number in numbers] == [
        type(None),
        OffsetMetadataTooLargeError,
    ]


def test_topic_that_has_to_wait_holds_up_no_other_commit() -> None:
    bench = CommitBench()
    first = bench.commit(U0)
    bench.answer(UnknownTopicOrPartitionError)
    second = bench.commit(T0, now=1.0)
    assert bench.committed() == {U0: 5, T0: 5}
    bench.answer(of={U0: UnknownTopicOrPartitionError})
    assert bench.settled == {second: None}
    bench.poll(2.0)
    bench.answer(now=2.0)
    assert bench.settled == {second: None, first: None}


def test_queue_of_many_commits_costs_two_requests() -> None:
    bench = CommitBench()
    numbers = [bench.commit(T0, at=at, kind=CommitKind.ASYNC) for at in range(1, 5001)]
    bench.answer()
    assert bench.committed() == {T0: 5000}
    bench.answer()
    assert bench.settled == dict.fromkeys(numbers)
    assert bench.machine.next_wakeup() is None


def test_commit_waits_for_the_back_off_from_the_coordinator() -> None:
    bench = CommitBench()
    bench.commit(T0)
    bench.answer(CoordinatorLoadInProgressError)
    bench.commit(T1, now=1.0)
    assert len(bench.sent) == 1
    assert bench.machine.next_wakeup() == 1.0 + BACKOFF
    bench.poll(1.0 + BACKOFF)
    assert bench.committed() == {T0: 5, T1: 5}


# -- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "asked"),
    [
        (CoordinatorLoadInProgressError, []),
        (UnknownError, []),
        (UnknownTopicOrPartitionError, [RequestMetadata()]),
        (UnknownTopicIdError, [RequestMetadata()]),
        (CoordinatorNotAvailableError, [FindCoordinator()]),
        (NotCoordinatorError, [FindCoordinator()]),
        (RequestTimedOutError, [FindCoordinator()]),
    ],
)
def test_error_that_may_go_away_is_tried_again_after_a_back_off(
    error: type[KafkaError], asked: list[object]
) -> None:
    bench = CommitBench()
    number = bench.commit()
    assert bench.answer(error) == asked
    assert len(bench.sent) == 1
    bench.poll(1.0 + BACKOFF)
    bench.answer()
    assert bench.settled == {number: None}


@pytest.mark.parametrize(
    "error", [KafkaConnectionError("gone"), RequestTimedOutError("late"), NotCoordinatorError("x")]
)
def test_lost_answer_has_the_coordinator_looked_up_and_the_request_repeated(
    error: KafkaError,
) -> None:
    bench = CommitBench()
    bench.commit()
    assert bench.lose_answer(error) == [FindCoordinator()]
    bench.poll(1.0 + BACKOFF)
    assert len(bench.sent) == 2


@pytest.mark.parametrize("kind", CommitKind)
def test_every_kind_of_commit_is_tried_again(kind: CommitKind) -> None:
    bench = CommitBench()
    number = bench.commit(kind=kind)
    bench.answer(NotCoordinatorError)
    bench.poll(1.0 + BACKOFF)
    bench.answer(now=2.0)
    assert bench.settled == {number: None}


@pytest.mark.parametrize(
    "error",
    [
        GroupAuthorizationFailedError,
        TopicAuthorizationFailedError,
        OffsetMetadataTooLargeError,
        InvalidCommitOffsetSizeError,
        FencedInstanceIdError,
    ],
)
def test_error_that_stays_ends_the_commit(error: type[KafkaError]) -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.answer(error)
    found = bench.settled[number]
    assert type(found) is error
    assert "t-0" in str(found)


def test_failure_of_one_topic_lets_the_others_be_committed() -> None:
    bench = CommitBench()
    number = bench.commit(T0, U0)
    bench.answer(of={U0: TopicAuthorizationFailedError})
    text = str(bench.settled[number])
    assert "u-0 were not committed" in text
    assert "those of t-0 were" in text


def test_failure_of_one_topic_is_told_once_the_others_have_come_through() -> None:
    bench = CommitBench()
    number = bench.commit(T0, U0)
    bench.answer(of={U0: TopicAuthorizationFailedError, T0: UnknownTopicOrPartitionError})
    assert bench.settled == {}
    bench.poll(1.0 + BACKOFF)
    assert bench.committed() == {T0: 5}
    bench.answer(now=2.0)
    assert type(bench.settled[number]) is TopicAuthorizationFailedError


def test_error_that_cannot_be_repeated_ends_the_commit() -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.lose_answer(KafkaError("the client is closed"))
    assert "the client is closed" in str(bench.settled[number])


def test_partition_that_the_answer_leaves_out_is_tried_again() -> None:
    bench = CommitBench()
    number = bench.commit(T0, T1)
    topic = OffsetCommitResponse.OffsetCommitResponseTopic(
        name="t", partitions=[OffsetCommitResponse.OffsetCommitResponsePartition()]
    )
    bench.machine.on_response(bench.sent[0], OffsetCommitResponse(topics=[topic]), 1.0)
    bench.poll(1.0)
    assert bench.settled == {}
    bench.poll(1.0 + BACKOFF)
    assert bench.committed() == {T1: 5}
    bench.answer(now=2.0)
    assert bench.settled == {number: None}


@pytest.mark.parametrize("error", [UnknownMemberIdError, FencedMemberEpochError])
def test_member_that_the_coordinator_does_not_know_has_failed_to_commit(
    error: type[KafkaError],
) -> None:
    bench = CommitBench()
    number = bench.commit(T0, T1)
    bench.answer(error)
    found = bench.settled[number]
    assert isinstance(found, CommitFailedError)
    assert "t-0, t-1" in str(found)


@pytest.mark.parametrize("code", sorted(kafka_errors))
@pytest.mark.parametrize("kind", CommitKind)
def test_after_every_error_code_the_commit_ends_by_its_deadline(
    code: int, kind: CommitKind
) -> None:
    bench = CommitBench()
    number = bench.commit(kind=kind)
    bench.answer(kafka_errors[code])
    bench.poll(DEADLINE)
    assert list(bench.settled) == [number]
    assert (bench.settled[number] is None) == (code == 0)


# -- deadlines -------------------------------------------------------------------------------


def test_commit_ends_at_its_deadline_and_says_what_kept_it() -> None:
    bench = CommitBench()
    number = bench.commit()
    bench.answer(CoordinatorLoadInProgressError)
    assert bench.machine.next_wakeup() == 1.0 + BACKOFF
    bench.poll(DEADLINE)
    found = bench.settled[number]
    assert isinstance(found, KafkaTimeoutError)
    assert "t-0" in str(found)
    assert "CoordinatorLoadInProgressError" in str(found)


def test_commit_without_an_answer_ends_at_its_deadline() -> None:
    bench = CommitBench()
    number = bench.commit()
    assert bench.machine.next_wakeup() == DEADLINE
    bench.poll(DEADLINE)
    assert "has not answered" in str(bench.settled[number])


def test_late_answer_to_a_commit_that_was_given_up_lets_the_next_one_go() -> None:
    bench = CommitBench()
    first = bench.commit(T0, at=1)
    second = bench.commit(T0, at=2, deadline=99.0)
    bench.poll(DEADLINE)
    assert len(bench.sent) == 1
    bench.answer(now=DEADLINE + 1)
    assert bench.committed() == {T0: 2}
    bench.answer(now=DEADLINE + 2)
    assert isinstance(bench.settled[first], KafkaTimeoutError)
    assert bench.settled[second] is None


def test_refusal_of_a_commit_that_was_given_up_has_the_coordinator_looked_up_all_the_same() -> None:
    bench = CommitBench()
    bench.commit()
    bench.poll(DEADLINE)
    assert bench.answer(NotCoordinatorError, now=DEADLINE) == [FindCoordinator()]


# -- the whole table -------------------------------------------------------------------------

ALLOWED = {
    (CommitState.IDLE, CommitState.IN_FLIGHT),
    (CommitState.IN_FLIGHT, CommitState.IDLE),
    (CommitState.IN_FLIGHT, CommitState.BACKING_OFF),
    (CommitState.IN_FLIGHT, CommitState.AWAIT_IDENTITY),
    (CommitState.BACKING_OFF, CommitState.IDLE),
    (CommitState.AWAIT_IDENTITY, CommitState.IDLE),
}


@pytest.mark.parametrize(("old", "new"), list(product(CommitState, CommitState)))
def test_moves_are_those_of_the_table(old: CommitState, new: CommitState) -> None:
    assert COMMIT_TRANSITIONS.allows(old, new) == ((old, new) in ALLOWED)
    if (old, new) not in ALLOWED:
        with pytest.raises(IllegalTransitionError):
            COMMIT_TRANSITIONS.step(old, new)


def in_state(state: CommitState) -> CommitBench:
    """Return a bench with one asynchronous commit, in *state*."""
    bench = CommitBench()
    if state is CommitState.IDLE:
        return bench
    bench.commit(kind=CommitKind.ASYNC)
    if state is CommitState.BACKING_OFF:
        bench.answer(CoordinatorLoadInProgressError)
    elif state is CommitState.AWAIT_IDENTITY:
        bench.answer(RebalanceInProgressError)
    assert state.name in repr(bench.machine)
    return bench


def _become(bench: CommitBench, identity: object) -> None:
    bench.identity = identity  # type: ignore[assignment] # one of three


INPUTS: dict[str, tuple[Callable[[CommitBench], object], dict[CommitState, CommitState]]] = {
    # Input, and the states that it and the next poll change: all others stay.
    "sync": (lambda b: b.commit(T1, now=1.0), {CommitState.IDLE: CommitState.IN_FLIGHT}),
    "last": (
        lambda b: b.commit(T1, kind=CommitKind.REVOKE, now=1.0),
        {
            CommitState.IDLE: CommitState.IN_FLIGHT,
            CommitState.AWAIT_IDENTITY: CommitState.IN_FLIGHT,
        },
    ),
    "metadata": (lambda b: b.machine.on_metadata(snapshot_with_id()), {}),
    "user needed": (lambda b: b.machine.on_user_needed(True), {}),
    "user came": (lambda b: b.machine.on_user_needed(False), {}),
    "next generation": (
        lambda b: _become(b, NEXT),
        {CommitState.AWAIT_IDENTITY: CommitState.IN_FLIGHT},
    ),
    "dropped": (lambda b: _become(b, None), {CommitState.AWAIT_IDENTITY: CommitState.IDLE}),
    "revoked": (lambda b: b.subscriptions.replace_assignment([]), {}),
}


@pytest.mark.parametrize(("state", "event"), list(product(CommitState, INPUTS)))
def test_every_input_is_allowed_in_every_state(state: CommitState, event: str) -> None:
    bench = in_state(state)
    give, moves = INPUTS[event]
    give(bench)
    bench.poll(1.0)
    assert moves.get(state, state).name in repr(bench.machine)


@pytest.mark.parametrize(("state", "event"), list(product(CommitState, INPUTS)))
def test_after_every_input_all_commits_end(state: CommitState, event: str) -> None:
    bench = in_state(state)
    INPUTS[event][0](bench)
    bench.poll(DEADLINE)
    assert "waiting=0" in repr(bench.machine)
    assert NoError not in bench.settled.values()
