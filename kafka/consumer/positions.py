"""Decide how assigned partitions get a position, and how it is validated.  Pure.

`PositionMachine` moves partitions out of every `FetchState` but ``FETCHING``: it looks offsets up,
and has the leader confirm a position after a change of leader (KIP-320). An answer counts only for
a partition that still has the start it had when the question was asked. The application's progress
is not kept here but in the fetch buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from kafka._base.retry import RetryState
from kafka.cluster import ClusterSnapshot
from kafka.consumer.leader_search import LeaderSearch
from kafka.consumer.offset_requests import (
    LEADER_EPOCH_VERDICTS,
    LIST_OFFSETS_VERDICTS,
    EpochToCheck,
    judge_epoch_end,
)
from kafka.consumer.partition_timers import PartitionTimers
from kafka.consumer.position_actions import (
    CheckEpochs,
    Fail,
    FetchCommitted,
    ListOffsets,
    OffsetToFind,
    PositionToCheck,
    Start,
)
from kafka.consumer.reset_reports import ResetReports
from kafka.coordinator.membership import RequestMetadata, SetHold
from kafka.coordinator.offset_fetch import OFFSET_FETCH_VERDICTS
from kafka.errors import (
    KafkaError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RetriableError,
)
from kafka.errors.verdict import Verdict, is_refusal, verdict_for
from kafka.subscription import FetchState, Hold
from kafka.subscription.reset import EARLIEST, LATEST, NONE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.consumer.offset_requests import EpochEnd, FoundOffset
    from kafka.consumer.position_actions import Action
    from kafka.consumer.reset_reports import OnReset
    from kafka.coordinator.offset_fetch import FetchedOffset
    from kafka.structs import TopicPartition
    from kafka.subscription import OffsetReset, PartitionState, SubscriptionState

# What is asked about before it is fetched.
_ASKED: Final = frozenset(
    {FetchState.AWAIT_COMMITTED, FetchState.AWAIT_RESET, FetchState.AWAIT_VALIDATION}
)
_LATE: Final = "appeared after the subscription"
_TRUNCATED: Final = "was behind the end of the log, which the new leader has truncated"


class PositionSettings(NamedTuple):
    """How positions are found.

    Args:
        policy: what to do without a valid position.
        request_timeout: seconds before a search that found nothing is repeated.
        backoff: between two attempts.
        in_group: whether what the group has committed comes before the policy.
        on_reset: is told of each position found without the application's doing.
    """

    policy: OffsetReset
    request_timeout: float
    backoff: ExponentialBackoff
    in_group: bool = False
    on_reset: OnReset | None = None


class Progress(Protocol):
    """What the machine asks about how far the application has read."""

    def position(self, tp: TopicPartition, /) -> int | None:
        """Return the offset of the next record to hand out, ``None`` without a position."""

    def last_leader_epoch(self, tp: TopicPartition, /) -> int:
        """Return the leader epoch of the last record handed out, -1 if unknown."""


class PositionMachine:
    """Give assigned partitions a position, and keep it valid.

    It changes the `PartitionState` objects of the assignment itself; its actions say what others
    have to do about it.

    Args:
        subscriptions: the partitions, and numbers for their starts.
        progress: how far the application has read.
        settings: how positions are found.
        uniform: randomness for the back-off.
    """

    def __init__(
        self,
        subscriptions: SubscriptionState,
        progress: Progress,
        settings: PositionSettings,
        uniform: Uniform,
    ) -> None:
        self._subscriptions = subscriptions
        self._progress = progress
        self._settings = settings
        self._uniform = uniform
        self._snapshot = ClusterSnapshot()
        self._active = False
        self._decided: list[Start | Fail] = []
        # Partitions whose hold may not fit their state any more.
        self._holds: dict[TopicPartition, None] = {}
        self._wants_metadata = False
        # Partitions that may have to be asked about now, and when others have to.
        self._due: dict[TopicPartition, None] = {}
        self._timers = PartitionTimers()
        # A question about a start is asked once at a time.
        self._asking: set[tuple[TopicPartition, int]] = set()
        self._search = LeaderSearch(settings.backoff, uniform)
        self._resets = ResetReports(settings.on_reset)
        # Without a committed offset these are read from their beginning.
        self._late: set[TopicPartition] = set()

    def __repr__(self) -> str:
        """Return a status line."""
        state = "ACTIVE" if self._active else "WAITING"
        return (
            f"<PositionMachine {state} asking={len(self._asking)}"
            f" leaderless={len(self._search.leaderless)}>"
        )

    # -- inputs ----------------------------------------------------------------------------

    def on_user_poll(self) -> None:
        """Begin to ask brokers: the application wants records or a position."""
        self._active = True

    def on_assignment(self, late: Collection[TopicPartition] = ()) -> None:
        """React to a new assignment.

        Args:
            late: partitions that appeared after the subscription. With the policy ``latest``, what
                was written before the first look at them would be skipped, so they are read from
                their beginning.
        """
        assignment = self._subscriptions.assignment
        self._late = {tp for tp in self._late if tp in assignment}
        for tp in late:
            state = assignment.get(tp)
            if state is None or state.state is not FetchState.INITIALIZING:
                continue
            if self._settings.in_group:
                self._late.add(tp)
            elif self._settings.policy == LATEST:
                self.on_reset(state, EARLIEST, _LATE)
        self._review_all()

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """React to a new view of the cluster: leaders, their epochs, errors of topics."""
        self._snapshot = snapshot
        self._review_all()

    def on_leaders(self, snapshot: ClusterSnapshot, changed: Iterable[TopicPartition]) -> None:
        """React to the new leaders of *changed*, which errors have named (KIP-951)."""
        self._snapshot = snapshot
        for state in self._assigned(changed):
            self._search.leaderless.discard(state.tp)
            self._review(state)
        self._search.end_if_found()

    def on_seek(self, state: PartitionState, offset: int, leader_epoch: int = -1) -> None:
        """Start *state* at *offset*; with an epoch the leader is asked first (KIP-320)."""
        generation = self._subscriptions.next_generation()
        state.seek(offset, generation, offset_epoch=leader_epoch)
        self._started(state)

    def on_reset(
        self, state: PartitionState, target: OffsetReset, reason: str | None = None
    ) -> None:
        """Look the position of *state* up anew.

        Args:
            state: the partition.
            target: what to look for.
            reason: what is wrong with the position that it had, or why it had none, the position or
                the partition being the subject; ``None`` if the application wants another one.
        """
        generation = self._subscriptions.next_generation()
        if reason is not None:
            old = self._position(state) if state.has_offset else None
            self._resets.begun(state.tp, generation, old, reason)
        state.await_reset(target, generation)
        self._decided.append(Start(state.tp, None, -1))
        self._look_at(state)

    def on_out_of_range(self, state: PartitionState, error_text: str) -> None:
        """React to a Fetch before the start or behind the end of the log."""
        policy = self._settings.policy
        position = self._progress.position(state.tp)
        if position is not None and position != state.offset:
            # Only what was fetched ahead is gone: a truncation. Ask again from the position.
            self._fetch_again(state, position)
        elif policy == NONE:
            text = f"{error_text}: it is not in the log, and auto_offset_reset is 'none'; seek()"
            self.on_failure(state, OffsetOutOfRangeError(text))
        else:
            self.on_reset(state, policy, "is out of range")

    def on_failure(self, state: PartitionState, error: KafkaError) -> None:
        """Stop *state* until a poll has raised *error*, after the data fetched before it.

        A position that waits for the leader's confirmation is confirmed all the same: the data is
        withheld until then, and would hide the error.
        """
        state.fail(error)
        self._decided.append(Fail(state.tp, error))

    def on_error_raised(self, state: PartitionState, now: float) -> None:
        """Try *state* again, though not at once: a poll has raised its error."""
        state.clear_failure()
        state.backed_off(now, self._settings.backoff, self._uniform)
        self._look_at(state)

    def on_committed(
        self,
        action: FetchCommitted,
        answer: Mapping[TopicPartition, FetchedOffset] | KafkaError,
        now: float,
    ) -> None:
        """React to what came of *action*."""
        for state in self._answered(action.partitions):
            if isinstance(answer, KafkaError):
                self._not_answered(state, answer, now)
            elif state.state is FetchState.AWAIT_COMMITTED:
                self._apply_committed(state, answer[state.tp], now)

    def on_offsets(
        self,
        action: ListOffsets,
        answer: Mapping[TopicPartition, FoundOffset] | KafkaError,
        now: float,
    ) -> None:
        """React to what came of *action*."""
        for state in self._answered(action.partitions):
            if isinstance(answer, KafkaError):
                self._not_answered(state, answer, now)
            else:
                self._apply_found(state, answer.get(state.tp), action.made_at, now)

    def on_epochs(
        self,
        action: CheckEpochs,
        answer: Mapping[TopicPartition, EpochEnd] | KafkaError | None,
        now: float,
    ) -> None:
        """React to what came of *action*; ``None``: the broker is too old, so it is believed."""
        for state in self._answered(action.partitions):
            if isinstance(answer, KafkaError):
                self._not_answered(state, answer, now)
            elif answer is None:
                self._confirm(state)
            elif state.state is FetchState.AWAIT_VALIDATION:
                check = action.partitions[state.tp].check
                self._apply_end(state, answer.get(state.tp), check, now)

    # -- decisions -------------------------------------------------------------------------

    def poll(self, now: float) -> list[Action]:
        """Return the actions that are due: questions only once the application reads."""
        actions = self._take_decided()
        # What is decided is done first: a question depends on where the application then stands.
        if self._active and not actions:
            self._due.update(dict.fromkeys(self._timers.pop_due(now)))
            questions = self._questions(now)
            self._search_leaders(now)
            actions = [*self._take_decided(), *questions]
        if self._wants_metadata:
            self._wants_metadata = False
            actions.append(RequestMetadata())
        return actions

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        if not self._active:
            return None
        times = [self._timers.next_due(), self._search.next_due()]
        return min((time for time in times if time is not None), default=None)

    def _take_decided(self) -> list[Action]:
        decided, self._decided = self._decided, []
        return [*decided, *self._changed_holds()]

    def _questions(self, now: float) -> list[FetchCommitted | ListOffsets | CheckEpochs]:
        due, self._due = self._due, {}
        committed: dict[TopicPartition, int] = {}
        resets: dict[int, dict[TopicPartition, OffsetToFind]] = {}
        checks: dict[int, dict[TopicPartition, PositionToCheck]] = {}
        for state in self._assigned(due):
            if state.is_stopped:
                continue
            if state.state is FetchState.INITIALIZING:
                self._initialize(state)
            if not self._may_ask(state, now):
                continue
            if state.state is FetchState.AWAIT_COMMITTED:
                committed[state.tp] = state.generation
                self._asking.add((state.tp, state.generation))
                continue
            # Without a leader the next metadata brings it back.
            node = self._snapshot.leader_for(state.tp)
            if node is None:
                continue
            if state.reset is not None:
                target = OffsetToFind(state.generation, state.reset)
                resets.setdefault(node, {})[state.tp] = target
            else:
                check = PositionToCheck(state.generation, self._check_of(state))
                checks.setdefault(node, {})[state.tp] = check
            self._asking.add((state.tp, state.generation))
        return [
            *([FetchCommitted(committed)] if committed else ()),
            *(ListOffsets(node, parts, now) for node, parts in resets.items()),
            *(CheckEpochs(node, parts) for node, parts in checks.items()),
        ]

    def _may_ask(self, state: PartitionState, now: float) -> bool:
        """Return whether there is a question about *state* that may be asked now."""
        if state.state not in _ASKED or state.is_stopped:
            return False
        if (state.tp, state.generation) in self._asking:
            return False
        if not state.retry.may_start(now):
            self._timers.set(state.tp, state.retry.not_before)
            return False
        return True

    def _initialize(self, state: PartitionState) -> None:
        if self._settings.in_group:
            state.await_committed()
        else:
            self._reset_by_policy(state)

    def _reset_by_policy(self, state: PartitionState) -> None:
        """Begin to look for the first position of *state*, if the policy allows it."""
        policy, tp = self._settings.policy, state.tp
        if policy == LATEST and tp in self._late:
            policy = EARLIEST
        what = "committed offset" if self._settings.in_group else "position"
        if policy != NONE:
            self.on_reset(state, policy, f"had no {what}")
            return
        error = f"{tp.topic}-{tp.partition} has no {what} and auto_offset_reset is 'none'; seek()"
        self.on_failure(state, NoOffsetForPartitionError(error))

    def _search_leaders(self, now: float) -> None:
        """Ask for metadata while a partition that is read has no leader."""
        if self._search.is_due(now):
            self._wants_metadata |= any(
                not state.is_stopped and not state.paused
                for state in self._assigned(self._search.leaderless)
            )

    def _changed_holds(self) -> Iterator[SetHold]:
        on: list[TopicPartition] = []
        off: list[TopicPartition] = []
        for state in self._assigned(self._holds):
            wanted = state.state is FetchState.AWAIT_VALIDATION
            if wanted != bool(state.holds & Hold.VALIDATING.value):
                (on if wanted else off).append(state.tp)
        self._holds = {}
        if on:
            yield SetHold(tuple(on), Hold.VALIDATING, on=True)
        if off:
            yield SetHold(tuple(off), Hold.VALIDATING, on=False)

    # -- one partition ---------------------------------------------------------------------

    def _assigned(self, partitions: Iterable[TopicPartition]) -> Iterator[PartitionState]:
        for tp in partitions:
            state = self._subscriptions.assignment.get(tp)
            if state is not None:
                yield state

    def _look_at(self, state: PartitionState) -> None:
        """Look at *state* in the next poll."""
        self._due[state.tp] = None
        self._holds[state.tp] = None

    def _started(self, state: PartitionState) -> None:
        state.leader_epoch = self._snapshot.leader_epoch(state.tp)
        self._decided.append(Start(state.tp, state.offset, state.offset_epoch))
        self._look_at(state)

    def _restart(self, state: PartitionState, offset: int, leader_epoch: int) -> None:
        """Start at *offset*, which needs no validation although the epoch is known."""
        state.seek(offset, self._subscriptions.next_generation())
        state.offset_epoch = leader_epoch
        self._started(state)

    def _fetch_again(self, state: PartitionState, position: int) -> None:
        """Drop what was fetched ahead of *position*."""
        self._restart(state, position, self._progress.last_leader_epoch(state.tp))

    def _fail(self, state: PartitionState, error: KafkaError) -> None:
        """Stop *state*: what it waits for has failed with *error*.

        Without confirmation what was fetched ahead is never handed out. It is dropped, because a
        poll raises an error only when no data is left before it.
        """
        if state.state is not FetchState.AWAIT_VALIDATION:
            self.on_failure(state, error)
            return
        position = self._progress.position(state.tp)
        state.refuse(
            error,
            state.offset if position is None else position,
            self._subscriptions.next_generation(),
            offset_epoch=self._progress.last_leader_epoch(state.tp),
        )
        self._decided += [
            Start(state.tp, state.offset, state.offset_epoch),
            Fail(state.tp, error),
        ]

    def _back_off(self, state: PartitionState, now: float) -> None:
        state.backed_off(now, self._settings.backoff, self._uniform)
        self._wants_metadata = True
        self._look_at(state)

    def _review_all(self) -> None:
        """Look at all partitions: once for each answer about the cluster and each assignment."""
        self._search.leaderless = set()
        for state in self._subscriptions.assignment:
            self._review(state)
        self._search.end_if_found()

    def _review(self, state: PartitionState) -> None:
        snapshot, tp = self._snapshot, state.tp
        if snapshot.leader_for(tp) is None:
            self._search.leaderless.add(tp)
        error = snapshot.topic_error(tp.topic)
        if error is not None and not issubclass(error, RetriableError):
            if not state.is_stopped:
                self._fail(state, error(tp.topic))
        elif state.has_offset and snapshot.leader_epoch(tp) > state.leader_epoch:
            self._follow_leader(state, snapshot.leader_epoch(tp))
        if state.state is not FetchState.FETCHING:
            self._due[tp] = None

    def _follow_leader(self, state: PartitionState, epoch: int) -> None:
        if self._progress.last_leader_epoch(state.tp) < 0:
            state.leader_epoch = epoch
        else:
            state.await_validation(epoch)
            self._look_at(state)

    # -- answers ---------------------------------------------------------------------------

    def _answered(
        self, asked: Mapping[TopicPartition, int | OffsetToFind | PositionToCheck]
    ) -> Iterator[PartitionState]:
        """Yield the states whose start is still the one that was asked about."""
        for tp, question in asked.items():
            generation = question if isinstance(question, int) else question.generation
            self._asking.discard((tp, generation))
            state = self._subscriptions.assignment.get(tp)
            if state is not None and state.generation == generation:
                self._look_at(state)
                yield state

    def _not_answered(self, state: PartitionState, error: KafkaError, now: float) -> None:
        # A refusal concerns the whole client: it is raised without the partition's failing.
        if isinstance(error, RetriableError) or is_refusal(error):
            self._back_off(state, now)
        else:
            self._fail(state, error)

    def _apply_committed(self, state: PartitionState, found: FetchedOffset, now: float) -> None:
        verdict = verdict_for(found.error, OFFSET_FETCH_VERDICTS)
        if verdict is Verdict.SUCCEED:
            committed = found.committed
            if committed is None or committed.offset is None:
                self._reset_by_policy(state)
            else:
                self.on_seek(state, committed.offset, committed.leader_epoch)
        elif verdict is Verdict.FATAL:
            where = f"{state.tp.topic}-{state.tp.partition}"
            self.on_failure(state, found.error(f"{where}: its committed offset"))
        else:
            self._back_off(state, now)

    def _apply_found(
        self, state: PartitionState, found: FoundOffset | None, made_at: float, now: float
    ) -> None:
        verdict = Verdict.RETRY
        if found is not None:
            verdict = verdict_for(found.error, LIST_OFFSETS_VERDICTS)
        if found is None or verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}:
            self._back_off(state, now)
        elif verdict is Verdict.FATAL:
            where = f"{state.tp.topic}-{state.tp.partition}"
            self.on_failure(state, found.error(f"{where}: ListOffsets"))
        elif verdict is Verdict.SKIP or found.offset < 0:
            # KIP-1106: no record is that young yet; look again, but not at once.
            state.retry = RetryState(0, made_at + self._settings.request_timeout)
        else:
            self._resets.found(state.tp, state.generation, found.offset)
            self.on_seek(state, found.offset)

    def _check_of(self, state: PartitionState) -> EpochToCheck:
        return EpochToCheck(self._progress.last_leader_epoch(state.tp), state.leader_epoch)

    def _confirm(self, state: PartitionState) -> None:
        state.validated()
        self._look_at(state)

    def _apply_end(
        self, state: PartitionState, end: EpochEnd | None, check: EpochToCheck, now: float
    ) -> None:
        verdict = Verdict.RETRY if end is None else verdict_for(end.error, LEADER_EPOCH_VERDICTS)
        if end is None or verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}:
            self._back_off(state, now)
        elif verdict is Verdict.FATAL:
            where = f"{state.tp.topic}-{state.tp.partition}"
            self._fail(state, end.error(f"{where}: validation"))
        elif verdict is Verdict.SKIP:
            self._confirm(state)
        elif self._check_of(state) == check:
            self._apply_valid_end(state, end)

    def _apply_valid_end(self, state: PartitionState, end: EpochEnd) -> None:
        position = self._position(state)
        policy = self._settings.policy
        result = judge_epoch_end(end, position=position, fetch_offset=state.offset)
        if not result.truncated:
            self._confirm(state)
            if result.restart_at is not None:
                self._fetch_again(state, result.restart_at)
        elif policy == NONE:
            self._fail(state, _truncation_error(state, position, result.divergent))
        elif result.restart_at is None:
            self.on_reset(state, policy, _TRUNCATED)
        else:
            self._resets.moved(state.tp, position, result.restart_at, _TRUNCATED)
            self._restart(state, result.restart_at, result.leader_epoch)

    def _position(self, state: PartitionState) -> int:
        """Return what the application has reached; without that, where *state* started."""
        position = self._progress.position(state.tp)
        return state.offset if position is None else position


def _truncation_error(
    state: PartitionState, position: int, divergent: int | None
) -> LogTruncationError:
    tp = state.tp
    since = "" if divergent is None else f" from offset {divergent}"
    return LogTruncationError(
        f"{tp.topic}-{tp.partition} was truncated{since} below the position {position} and "
        f"auto_offset_reset is 'none'; seek() to go on"
    )
