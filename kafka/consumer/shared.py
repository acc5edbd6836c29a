"""What the loop of a consumer shares with the application's side, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from kafka.consumer.commit_reports import CommitReports
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.poll_times import PollTimes
    from kafka.consumer.user_tasks import UserTasks
    from kafka.subscription import SubscriptionState

CLOSED: Final = "the consumer was closed"
"""Why a group was left and commits have failed, for both sides."""


class Shared(NamedTuple):
    """All of it; each part says itself which side may do what.

    Args:
        subscriptions: what to read; the loop changes it.
        buffer: fetched data, positions, errors to raise.
        tasks: what the loop asks of the application's side.
        polls: when the application polled.
        reports: outcomes of commits that nobody waits for.
    """

    subscriptions: SubscriptionState
    buffer: FetchBuffer
    tasks: UserTasks
    polls: PollTimes
    reports: CommitReports
