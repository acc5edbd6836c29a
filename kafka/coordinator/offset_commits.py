"""Decide when offsets are committed, and what becomes of a commit that fails.  Pure.

One OffsetCommit is in flight at a time, so that commits take effect in the order of the calls. The
next request carries what all waiting commits have in common: of each partition the newest offset.
A partition that has to be tried again goes into the next request too, and holds up nobody else.

A commit belongs to the partitions as they were assigned when it was made. If the group moves on to
another generation before it has come through, it is sent again only if each of its partitions has
stayed with this consumer; otherwise it could overwrite what the new owner has committed.
"""

from __future__ import annotations

from enum import Enum
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Final

from kafka._base.retry import RetryState
from kafka._base.transitions import Transitions
from kafka.cluster import ClusterSnapshot
from kafka.coordinator.commit_requests import (
    COMMIT_VERDICTS,
    NEEDS_IDENTITY,
    AskRejoin,
    CommitKind,
    SendCommit,
    Settled,
    combined,
    commit_request,
    generation_over,
    member_refused,
    not_a_member,
    partitions_lost,
    read_commit,
    rebalance_waits,
)
from kafka.coordinator.membership import (
    NO_GENERATION,
    FindCoordinator,
    RequestMetadata,
)
from kafka.coordinator.pending_commit import PendingCommit
from kafka.errors import KafkaError, RetriableError, UnknownError
from kafka.errors.verdict import Verdict, verdict_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.coordinator.membership import MemberIdentity
    from kafka.protocol.messages.offset_commit import OffsetCommitResponse
    from kafka.structs import OffsetAndMetadata, TopicPartition
    from kafka.subscription import SubscriptionState

    Offsets = Mapping[TopicPartition, OffsetAndMetadata]
    Action = SendCommit | Settled | AskRejoin | FindCoordinator | RequestMetadata

# Somebody waits for these.
_AWAITED: Final = frozenset({CommitKind.SYNC, CommitKind.REVOKE, CommitKind.CLOSE})
# These cannot wait for the next generation: it begins only after they have ended.
_LAST: Final = frozenset({CommitKind.REVOKE, CommitKind.CLOSE})

_TRIED_AGAIN: Final = frozenset(
    {Verdict.RETRY, Verdict.REFRESH_METADATA, Verdict.FIND_COORDINATOR, *NEEDS_IDENTITY}
)


class CommitState(Enum):
    """What the commits that are not settled wait for."""

    IDLE = "idle"
    """Nothing: the next poll sends them."""
    IN_FLIGHT = "in flight"
    """An answer."""
    BACKING_OFF = "backing off"
    """The end of the back-off."""
    AWAIT_IDENTITY = "await identity"
    """The generation, or member epoch, that follows the refused one; or the end of the back-off."""


COMMIT_TRANSITIONS: Final = Transitions(
    {
        CommitState.IDLE: {CommitState.IN_FLIGHT},
        CommitState.IN_FLIGHT: {
            CommitState.IDLE,
            CommitState.BACKING_OFF,
            CommitState.AWAIT_IDENTITY,
        },
        CommitState.BACKING_OFF: {CommitState.IDLE},
        CommitState.AWAIT_IDENTITY: {CommitState.IDLE},
    }
)


class OffsetCommits:
    """The commits of one consumer.

    Args:
        group_id: the group.
        subscriptions: who owns what: a partition that stays keeps its `PartitionState`.
        identity: returns who commits now, ``None`` while the consumer is no member of its group.
        backoff: between two attempts.
        uniform: randomness for the back-off.
        renews: returns whether a generation is about to begin without the user's next call, or
            before it. What is sent then and refused is sent again.
    """

    def __init__(
        self,
        group_id: str,
        subscriptions: SubscriptionState,
        identity: Callable[[], MemberIdentity | None],
        backoff: ExponentialBackoff,
        uniform: Uniform,
        *,
        renews: Callable[[], bool],
    ) -> None:
        self._group_id = group_id
        self._subscriptions = subscriptions
        self._identity = identity
        self._backoff = backoff
        self._uniform = uniform
        self._renews = renews
        self._renewed = False  # what `renews` returned when the last request was made
        self._user_is_needed = False
        self._snapshot = ClusterSnapshot()
        self._state = CommitState.IDLE
        self._retry = RetryState()
        # Whether the back-off is for the coordinator, not only for some topics.
        self._backs_off_from_all = False
        # The identity refused last, for which a rebalance is asked for once; and while awaiting
        # another one, whether that takes a rebalance.
        self._refused: MemberIdentity | None = None
        self._awaits_rebalance = False
        self._numbers = count(1)
        # Those that are not settled, in the order of the calls, and those in flight.
        self._commits: dict[int, PendingCommit] = {}
        self._in_flight: list[PendingCommit] = []
        # Those that may have to be settled, those that somebody waits for, and all deadlines.
        self._to_check: dict[int, PendingCommit] = {}
        self._awaited: dict[int, PendingCommit] = {}
        self._deadlines: list[tuple[float, int]] = []
        self._checked_identity: MemberIdentity | None = None
        self._actions: list[Action] = []

    def __repr__(self) -> str:
        """Return a status line."""
        state, waiting = self._state.name, len(self._commits)
        return f"<OffsetCommits group={self._group_id} {state} waiting={waiting}>"

    # -- inputs ----------------------------------------------------------------------------

    def submit(self, offsets: Offsets, kind: CommitKind, deadline: float) -> int:
        """Commit *offsets*; ends with `Settled`.

        Args:
            offsets: by partition; may be empty.
            kind: who commits, and why; the last ones before a revocation or the end are settled
                after all that were made before.
            deadline: when to give up, in seconds.

        Returns:
            The number of the commit.
        """
        number = next(self._numbers)
        owners = {tp: self._subscriptions.assignment.get(tp) for tp in offsets}
        commit = PendingCommit(number, kind, deadline, offsets, self._identity(), owners)
        self._commits[number] = self._to_check[number] = commit
        if kind in _AWAITED:
            self._awaited[number] = commit
        heappush(self._deadlines, (deadline, number))
        if self._state is CommitState.BACKING_OFF and not self._backs_off_from_all:
            self._step(CommitState.IDLE)
        elif self._state is CommitState.AWAIT_IDENTITY and kind in _LAST:
            self._step(CommitState.IDLE)  # the last chance of all
        return number

    def withdraw(self, number: int, newer: Offsets) -> bool:
        """Forget the commit *number* if *newer* has all of its partitions; return whether it has.

        One that is in flight, or settled, stays.
        """
        commit = self._commits.get(number)
        if commit is None or commit in self._in_flight or not commit.waiting.keys() <= newer.keys():
            return False
        del self._commits[number]
        self._to_check.pop(number, None)
        return True

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """React to a new view of the cluster: it has the ids of topics."""
        self._snapshot = snapshot

    def on_user_needed(self, needed: bool) -> None:
        """React to a rebalance that waits for the user's next call, or does so no longer.

        The user who waits for a commit makes no such call.
        """
        self._user_is_needed = needed

    def on_response(
        self, sent: SendCommit, answer: OffsetCommitResponse | KafkaError, now: float
    ) -> None:
        """React to the answer to *sent*, or to what went wrong."""
        outcomes: dict[TopicPartition, tuple[Verdict, KafkaError]] = {}
        if isinstance(answer, KafkaError):
            again = isinstance(answer, RetriableError)
            outcome = (Verdict.FIND_COORDINATOR if again else Verdict.FATAL), answer
            outcomes = dict.fromkeys(sent.offsets, outcome)
        else:
            found = read_commit(sent.request, answer)
            for tp in sent.offsets:
                # A partition that the answer leaves out is tried again.
                error = found.get(tp, UnknownError)
                outcomes[tp] = _verdict(error, sent.identity), error()
        for commit in self._in_flight:
            if commit.number in self._commits:
                self._apply(commit, sent.identity, outcomes)
                self._to_check[commit.number] = commit
        self._in_flight = []
        self._go_on(sent.identity, {verdict for verdict, _ in outcomes.values()}, now)

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return the actions that are due."""
        self._check_owners()
        while (at := self._next_deadline()) is not None and now >= at:
            late = self._commits[heappop(self._deadlines)[1]]
            self._settle(late, late.too_late(self._group_id) if late.waiting else None)
        if self._state is CommitState.AWAIT_IDENTITY:
            # The same one again after a back-off: the refusal may have been a mistake.
            has_begun = self._renewed and not self._renews()
            if has_begun or self._identity() != self._refused or self._retry.may_start(now):
                self._step(CommitState.IDLE)
            elif self._awaits_rebalance:
                self._end_what_cannot_wait()
        elif self._state is CommitState.BACKING_OFF and self._retry.may_start(now):
            self._step(CommitState.IDLE)
        if self._state is CommitState.IDLE and self._commits:
            self._send()
        actions, self._actions = self._actions, []
        return actions

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        times = [self._next_deadline()]
        if self._state in {CommitState.BACKING_OFF, CommitState.AWAIT_IDENTITY}:
            times.append(self._retry.not_before)
        return min((time for time in times if time is not None), default=None)

    def _next_deadline(self) -> float | None:
        while self._deadlines and self._deadlines[0][1] not in self._commits:
            heappop(self._deadlines)  # settled
        return self._deadlines[0][0] if self._deadlines else None

    # -- who commits -----------------------------------------------------------------------

    def _check_owners(self) -> None:
        """Look at the commits that are new or answered; at all of them in a new generation."""
        identity = self._identity()
        if identity != self._checked_identity:
            self._checked_identity = identity
            self._to_check = dict(self._commits)
        to_check, self._to_check = self._to_check, {}
        flying = {commit.number for commit in self._in_flight}
        for number, commit in sorted(to_check.items()):
            if number in self._commits and number not in flying:
                self._check_owner(commit)

    def _check_owner(self, commit: PendingCommit) -> None:
        """Settle *commit* if it has nothing to wait for, or must not be sent any more."""
        identity, before = self._identity(), commit.identity
        if not commit.waiting:
            if commit.kind not in _LAST or self._is_first(commit):
                self._settle(commit, None)
            else:
                self._to_check[commit.number] = commit  # once others are settled
        elif identity is None or before is None:
            self._settle(commit, not_a_member(self._group_id, commit.waiting))
        elif identity != before:
            lost = commit.lost(self._subscriptions.assignment, identity)
            if lost:
                self._settle(commit, partitions_lost(self._group_id, commit.waiting, lost))
            commit.identity = identity

    def _is_first(self, commit: PendingCommit) -> bool:
        """Return whether all commits before *commit* are settled, but for those that are stuck."""
        return all(
            number == commit.number
            for number, other in self._commits.items()
            if number <= commit.number and not other.is_stuck
        )

    def _end_what_cannot_wait(self) -> None:
        """Settle those that would keep the rebalance, which they wait for, from going on."""
        for commit in list(self._awaited.values()):
            if commit.kind is CommitKind.SYNC and self._user_is_needed:
                self._settle(commit, rebalance_waits(self._group_id, commit.waiting))
            elif commit.kind in _LAST and commit.identity is not None:
                self._settle(commit, generation_over(commit.identity, commit.waiting))

    # -- requests --------------------------------------------------------------------------

    def _send(self) -> None:
        identity = self._identity()
        assert identity is not None, "without one no commit waits"
        offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        for commit in self._commits.values():
            if not commit.fits(offsets):
                break
            offsets |= commit.waiting
            self._in_flight.append(commit)
        self._renewed = self._renews()
        self._step(CommitState.IN_FLIGHT)
        request = commit_request(identity, offsets, self._snapshot)
        self._actions.append(SendCommit(request, offsets, identity))

    def _apply(
        self,
        commit: PendingCommit,
        identity: MemberIdentity,
        outcomes: Mapping[TopicPartition, tuple[Verdict, KafkaError]],
    ) -> None:
        """Apply the answer to *commit*."""
        # One of no offsets waits only for those before it.
        was_stuck, commit.is_stuck = commit.is_stuck, bool(commit.waiting)
        for tp in list(commit.waiting):
            verdict, error = outcomes[tp]
            if verdict is Verdict.SUCCEED:
                commit.done.append(tp)
            elif verdict is Verdict.ABORT:
                self._settle(commit, member_refused(identity, commit.waiting, type(error)))
                return
            elif verdict in _TRIED_AGAIN:
                commit.trouble = error
                commit.is_stuck &= verdict is Verdict.REFRESH_METADATA
                continue
            else:
                commit.errors[tp] = error
            del commit.waiting[tp]
        if was_stuck and commit.is_stuck and commit.kind in _LAST:
            # New metadata has not helped: the topic may be deleted, and all else waits for this.
            commit.give_up()

    def _go_on(self, identity: MemberIdentity, verdicts: set[Verdict], now: float) -> None:
        """Choose what to wait for before the next request."""
        if not verdicts & _TRIED_AGAIN:
            self._retry = RetryState()
            self._step(CommitState.IDLE)
            return
        self._retry = self._retry.failed(now, self._backoff, self._uniform)
        if verdicts & NEEDS_IDENTITY:
            # A generation that begins without this commit's end need not be waited for in vain.
            rebalance = Verdict.REJOIN in verdicts and not self._renewed
            self._await_identity(identity, rebalance=rebalance)
            return
        if Verdict.REFRESH_METADATA in verdicts:
            self._actions.append(RequestMetadata())
        if Verdict.FIND_COORDINATOR in verdicts:
            self._actions.append(FindCoordinator())
        self._backs_off_from_all = bool({Verdict.RETRY, Verdict.FIND_COORDINATOR} & verdicts)
        self._step(CommitState.BACKING_OFF)

    def _await_identity(self, refused: MemberIdentity, *, rebalance: bool) -> None:
        is_news = refused != self._refused and refused == self._identity()
        self._refused, self._awaits_rebalance = refused, rebalance
        self._step(CommitState.AWAIT_IDENTITY)
        if rebalance and is_news:
            self._actions.append(AskRejoin("a commit has shown that the group is rebalancing"))

    def _settle(self, commit: PendingCommit, error: KafkaError | None) -> None:
        """End *commit*, with the errors of its partitions if there is no *error* of all."""
        if self._commits.pop(commit.number, None) is None:
            return
        self._awaited.pop(commit.number, None)
        if error is None and commit.errors:
            error = combined(self._group_id, commit.errors, commit.done)
        self._actions.append(Settled(commit.number, error))

    def _step(self, new: CommitState) -> None:
        self._state = COMMIT_TRANSITIONS.step(self._state, new)


def _verdict(error: type[KafkaError], identity: MemberIdentity) -> Verdict:
    verdict = verdict_for(error, COMMIT_VERDICTS)
    if verdict in NEEDS_IDENTITY and identity.epoch == NO_GENERATION:
        return Verdict.ABORT  # none follows where there is no membership
    return verdict
