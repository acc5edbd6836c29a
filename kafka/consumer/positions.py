"""Give assigned partitions a position, and have it confirmed after a change of leader.

Runs on the loop. Each partition moves through the states of `FetchState`; answers are applied only
if the partition still stands where it stood when the question was asked.
"""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.retry import RetryState
from kafka.consumer.offset_requests import (
    LEADER_EPOCH_VERDICTS,
    LIST_OFFSETS_VERDICTS,
    EpochToCheck,
    judge_epoch_end,
    leader_epoch_request,
    read_leader_epochs,
)
from kafka.errors import (
    KafkaError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    RetriableError,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest
from kafka.subscription import FetchState
from kafka.subscription.reset import EARLIEST, LATEST, NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka._base.clock import Clock
    from kafka.cluster import ClusterSnapshot
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.offset_requests import EpochEnd, FoundOffset
    from kafka.consumer.offsets import OffsetLookup
    from kafka.net.network_client import NetworkClient
    from kafka.structs import TopicPartition
    from kafka.subscription import OffsetReset, PartitionState, SubscriptionState

    Spawn = Callable[[Coroutine[None, None, None], str], object]

log = logging.getLogger(__name__)

# KIP-320: earlier versions of OffsetForLeaderEpoch ask for a permission that consumers lack.
VALIDATES_SINCE: Final = 3


class PositionRules(NamedTuple):
    """How positions are found.

    Args:
        policy: what to do without a valid position.
        request_timeout: seconds before a search that found nothing is repeated.
        backoff: between two attempts.
    """

    policy: OffsetReset
    request_timeout: float
    backoff: ExponentialBackoff


class Positions:
    """Drive partitions out of every state but `FetchState.FETCHING`.

    Args:
        client: sends OffsetForLeaderEpoch.
        lookup: sends ListOffsets.
        subscriptions: the partitions.
        buffer: told of every new start.
        rules: how positions are found.
        clock: the time.
        uniform: randomness for the back-off.
        spawn: starts a background task.
        changed: called after answers, when there may be something to fetch.
    """

    def __init__(
        self,
        client: NetworkClient,
        lookup: OffsetLookup,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        rules: PositionRules,
        *,
        clock: Clock,
        uniform: Uniform,
        spawn: Spawn,
        changed: Callable[[], None],
    ) -> None:
        self._client = client
        self._lookup = lookup
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._rules = rules
        self._clock = clock
        self._uniform = uniform
        self._spawn = spawn
        self._changed = changed
        self._asking: set[tuple[TopicPartition, int]] = set()

    # -- starts ----------------------------------------------------------------------------

    def seek(self, state: PartitionState, offset: int, *, offset_epoch: int = -1) -> None:
        """Start *state* at *offset*; with an epoch the leader is asked first (KIP-320)."""
        state.seek(offset, self._subscriptions.next_generation(), offset_epoch=offset_epoch)
        state.leader_epoch = self._client.cluster.snapshot.leader_epoch(state.tp)
        self._buffer.restart(state)
        self._buffer.set_held(state.tp, state.state is FetchState.AWAIT_VALIDATION)

    def reset(self, state: PartitionState, target: OffsetReset) -> None:
        """Have the position of *state* looked up."""
        state.await_reset(target, self._subscriptions.next_generation())
        self._buffer.restart(state)

    def fail(self, state: PartitionState, error: KafkaError) -> None:
        """Stop *state* until a poll has raised *error*."""
        state.fail(error)
        self._buffer.put_error(state.tp, state.generation, error)

    def start_late(self, state: PartitionState) -> None:
        """Start a partition that appeared after the subscription, without losing its records.

        With the policy ``latest`` what was written before the first look would be skipped.
        """
        if state.state is FetchState.INITIALIZING and self._rules.policy == LATEST:
            self.reset(state, EARLIEST)

    def out_of_range(self, state: PartitionState, error_text: str) -> None:
        """React to a fetch before the start or behind the end of the log."""
        position = self._buffer.position(state.tp)
        if position is not None and position != state.offset:
            # Only what was fetched ahead is gone: a truncation. Ask again from the position.
            self._refetch(state, position)
            return
        if self._rules.policy == NONE:
            self.fail(state, OffsetOutOfRangeError(error_text))
            return
        log.warning(
            "partition=%s-%d offset %d is out of range; resetting to %s",
            *state.tp,
            state.offset,
            self._rules.policy.kind.value,
        )
        self.reset(state, self._rules.policy)

    def _refetch(self, state: PartitionState, position: int) -> None:
        epoch = self._buffer.last_leader_epoch(state.tp)
        self.seek(state, position)
        state.offset_epoch = epoch
        self._buffer.restart(state)

    # -- the loop's rounds -----------------------------------------------------------------

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """Have positions validated whose leader has a newer epoch."""
        for state in self._subscriptions.assignment:
            epoch = snapshot.leader_epoch(state.tp)
            if not state.has_offset or epoch <= state.leader_epoch:
                continue
            if self._buffer.last_leader_epoch(state.tp) < 0:
                state.leader_epoch = epoch
            else:
                state.await_validation(epoch)
                self._buffer.set_held(state.tp, True)

    def drive(self, now: float) -> float:
        """Ask what has to be asked now; return when to be called again at the latest."""
        wakeup = math.inf
        resets: dict[int, list[PartitionState]] = {}
        checks: dict[int, list[PartitionState]] = {}
        for state in self._subscriptions.assignment:
            if state.failure is not None:
                continue
            if state.state is FetchState.INITIALIZING:
                self._initialize(state)
            if state.state is FetchState.FETCHING or (state.tp, state.generation) in self._asking:
                continue
            if not state.retry.may_start(now):
                wakeup = min(wakeup, state.retry.not_before)
                continue
            leader = self._client.cluster.snapshot.leader_for(state.tp)
            if leader is None or state.state is FetchState.INITIALIZING:
                continue
            nodes = resets if state.state is FetchState.AWAIT_RESET else checks
            nodes.setdefault(leader, []).append(state)
        for node, states in resets.items():
            self._start(self._look_up(node, states), states, f"reset-{node}")
        for node, states in checks.items():
            self._start(self._validate(node, states), states, f"validate-{node}")
        return wakeup

    def _initialize(self, state: PartitionState) -> None:
        if self._rules.policy != NONE:
            self.reset(state, self._rules.policy)
            return
        tp = state.tp
        error = f"{tp.topic}-{tp.partition} has no position and auto_offset_reset is 'none'; seek()"
        self.fail(state, NoOffsetForPartitionError(error))

    def _start(
        self, work: Coroutine[None, None, None], states: Iterable[PartitionState], name: str
    ) -> None:
        self._asking.update((state.tp, state.generation) for state in states)
        self._spawn(work, name)

    def _current(self, asked: dict[TopicPartition, int]) -> Iterable[PartitionState]:
        """Yield the states that still stand where they stood when *asked* was made."""
        for tp, generation in asked.items():
            state = self._subscriptions.assignment.get(tp)
            if state is not None and state.generation == generation:
                yield state

    # -- reset -----------------------------------------------------------------------------

    async def _look_up(self, node: int, states: list[PartitionState]) -> None:
        asked = {state.tp: state.generation for state in states}
        wall = self._clock.wall()
        targets = {s.tp: s.reset.timestamp(wall) for s in states if s.reset is not None}
        made_at = self._clock.now()
        try:
            found = await self._lookup.ask(node, targets)
            for state in self._current(asked):
                self._apply_found(state, found.get(state.tp), made_at)
        except KafkaError as exc:
            self._not_answered(asked, exc)
        finally:
            self._asking.difference_update(asked.items())
        self._changed()

    def _apply_found(
        self, state: PartitionState, found: FoundOffset | None, made_at: float
    ) -> None:
        verdict = Verdict.RETRY
        if found is not None:
            verdict = verdict_for(found.error, LIST_OFFSETS_VERDICTS)
        if found is None or verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}:
            self._back_off(state)
        elif verdict is Verdict.FATAL:
            self.fail(state, found.error(f"{state.tp.topic}-{state.tp.partition}: ListOffsets"))
        elif verdict is Verdict.SKIP or found.offset < 0:
            # KIP-1106: no record is that young yet; look again, but not at once.
            state.retry = RetryState(0, made_at + self._rules.request_timeout)
        else:
            log.info("partition=%s-%d position reset to %d", *state.tp, found.offset)
            self.seek(state, found.offset)

    # -- validation ------------------------------------------------------------------------

    async def _validate(self, node: int, states: list[PartitionState]) -> None:
        asked = {state.tp: state.generation for state in states}
        checks = {
            s.tp: EpochToCheck(self._buffer.last_leader_epoch(s.tp), s.leader_epoch) for s in states
        }
        try:
            versions = await self._client.versions_of(node)
            if versions.supports(OffsetForLeaderEpochRequest, VALIDATES_SINCE):
                response = await self._client.send(leader_epoch_request(checks), node)
                ends = read_leader_epochs(response)
                for state in self._current(asked):
                    self._apply_end(state, ends.get(state.tp), checks[state.tp])
            else:
                for state in self._current(asked):
                    self._confirm(state)
        except KafkaError as exc:
            self._not_answered(asked, exc)
        finally:
            self._asking.difference_update(asked.items())
        self._changed()

    def _confirm(self, state: PartitionState) -> None:
        state.validated()
        self._buffer.set_held(state.tp, False)

    def _apply_end(self, state: PartitionState, end: EpochEnd | None, check: EpochToCheck) -> None:
        if state.state is not FetchState.AWAIT_VALIDATION:
            return
        now = EpochToCheck(self._buffer.last_leader_epoch(state.tp), state.leader_epoch)
        verdict = Verdict.RETRY if end is None else verdict_for(end.error, LEADER_EPOCH_VERDICTS)
        if end is None or verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}:
            self._back_off(state)
        elif verdict is Verdict.FATAL:
            self.fail(state, end.error(f"{state.tp.topic}-{state.tp.partition}: validation"))
        elif verdict is Verdict.SKIP:
            self._confirm(state)
        elif now == check:
            self._apply_valid_end(state, end)

    def _apply_valid_end(self, state: PartitionState, end: EpochEnd) -> None:
        position = self._buffer.position(state.tp)
        if position is None:
            position = state.offset
        result = judge_epoch_end(end, position=position, fetch_offset=state.offset)
        if not result.truncated:
            self._confirm(state)
            if result.restart_at is not None:
                self._refetch(state, result.restart_at)
        elif self._rules.policy == NONE:
            self.fail(state, _truncation_error(state, position, result.divergent))
        elif result.restart_at is None:
            self._warn_truncated(state, position, self._rules.policy.kind.value)
            self.reset(state, self._rules.policy)
        else:
            self._warn_truncated(state, position, result.restart_at)
            self.seek(state, result.restart_at)
            state.offset_epoch = result.leader_epoch
            self._buffer.restart(state)

    def _warn_truncated(self, state: PartitionState, old: int, new: object) -> None:
        log.warning(
            "partition=%s-%d was truncated: records before offset %d are gone; going on at %s",
            *state.tp,
            old,
            new,
        )

    # -- failures --------------------------------------------------------------------------

    def _not_answered(self, asked: dict[TopicPartition, int], error: KafkaError) -> None:
        for state in self._current(asked):
            if isinstance(error, RetriableError):
                self._back_off(state)
            else:
                self.fail(state, error)

    def _back_off(self, state: PartitionState) -> None:
        state.backed_off(self._clock.now(), self._rules.backoff, self._uniform)
        self._client.metadata.request_update()


def _truncation_error(
    state: PartitionState, position: int, divergent: int | None
) -> LogTruncationError:
    tp = state.tp
    since = "" if divergent is None else f" from offset {divergent}"
    return LogTruncationError(
        f"{tp.topic}-{tp.partition} was truncated{since} below the position {position} and "
        f"auto_offset_reset is 'none'; seek() to go on"
    )
