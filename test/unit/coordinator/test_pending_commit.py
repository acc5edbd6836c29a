"""What is left of a commit."""

from __future__ import annotations

from kafka.coordinator.commit_requests import CommitKind
from kafka.coordinator.pending_commit import PendingCommit
from kafka.errors import CoordinatorLoadInProgressError, KafkaTimeoutError
from kafka.structs import OffsetAndMetadata
from kafka.subscription import SubscriptionState
from test.unit.coordinator.commit_bench import MEMBER, NEXT, T0, T1, U0, offsets


def pending(subscriptions: SubscriptionState) -> PendingCommit:
    """Return a commit of two assigned partitions and one that is not."""
    assignment = subscriptions.replace_assignment([T0, T1])
    owners = {tp: assignment.get(tp) for tp in (T0, T1, U0)}
    return PendingCommit(1, CommitKind.SYNC, 60.0, offsets(T0, T1, U0), MEMBER, owners)


def test_partitions_that_stay_are_not_lost() -> None:
    subscriptions = SubscriptionState()
    commit = pending(subscriptions)
    subscriptions.replace_assignment([T1, T0])
    assert commit.lost(subscriptions.assignment, NEXT) == [U0]


def test_partition_that_went_and_came_back_is_lost() -> None:
    subscriptions = SubscriptionState()
    commit = pending(subscriptions)
    subscriptions.replace_assignment([T0])
    subscriptions.replace_assignment([T0, T1])
    assert commit.lost(subscriptions.assignment, NEXT) == [T1, U0]


def test_all_is_lost_for_another_member() -> None:
    subscriptions = SubscriptionState()
    commit = pending(subscriptions)
    other = MEMBER._replace(member_id="other")
    assert commit.lost(subscriptions.assignment, other) == [T0, T1, U0]


def test_newer_offset_replaces_an_older_one_with_the_same_text() -> None:
    commit = pending(SubscriptionState())
    assert commit.fits({T0: OffsetAndMetadata(1)})
    assert commit.fits({})
    assert not commit.fits({T0: OffsetAndMetadata(1, "note")})


def test_commit_at_its_deadline_says_what_kept_it() -> None:
    commit = pending(SubscriptionState())
    assert "t-0, t-1, u-0 were not committed in time" in str(commit.too_late("g"))
    commit.trouble = CoordinatorLoadInProgressError("loading")
    late = commit.too_late("g")
    assert isinstance(late, KafkaTimeoutError)
    assert "loading" in str(late)
    assert late.__cause__ is commit.trouble


def test_what_is_given_up_fails_with_the_last_trouble() -> None:
    commit = pending(SubscriptionState())
    commit.trouble = CoordinatorLoadInProgressError("loading")
    commit.give_up()
    assert commit.waiting == {}
    assert commit.errors == dict.fromkeys((T0, T1, U0), commit.trouble)
