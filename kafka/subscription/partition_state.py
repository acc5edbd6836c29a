"""One assigned partition: where to fetch next, and whether it may be fetched.  Pure.

The loop thread owns it. The position, i.e. what the application has reached, is kept by the
`FetchBuffer`; `offset` is ahead of it by what is buffered.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from kafka._base.retry import RetryState
from kafka._base.transitions import Transitions
from kafka.subscription.hold import Hold

if TYPE_CHECKING:
    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.errors import KafkaError
    from kafka.structs import TopicPartition
    from kafka.subscription.reset import OffsetReset


class FetchState(Enum):
    """What a partition waits for."""

    INITIALIZING = "initializing"
    """Without a position: committed offset or reset policy not looked at yet."""
    AWAIT_COMMITTED = "await committed"
    """Waiting for the group's coordinator to say what is committed."""
    FETCHING = "fetching"
    """With a position that can be fetched from."""
    AWAIT_RESET = "await reset"
    """Waiting for ListOffsets to name a position."""
    AWAIT_VALIDATION = "await validation"
    """Waiting for OffsetForLeaderEpoch to confirm the position (KIP-320)."""


_PAUSED: Final = Hold.PAUSED.value

FETCH_TRANSITIONS: Final = Transitions(
    {
        FetchState.INITIALIZING: (
            FetchState.AWAIT_COMMITTED,
            FetchState.FETCHING,
            FetchState.AWAIT_RESET,
            FetchState.AWAIT_VALIDATION,
        ),
        FetchState.AWAIT_COMMITTED: (
            FetchState.AWAIT_COMMITTED,
            FetchState.FETCHING,
            FetchState.AWAIT_RESET,
            FetchState.AWAIT_VALIDATION,
        ),
        FetchState.FETCHING: (
            FetchState.FETCHING,
            FetchState.AWAIT_RESET,
            FetchState.AWAIT_VALIDATION,
        ),
        FetchState.AWAIT_RESET: (FetchState.FETCHING, FetchState.AWAIT_RESET),
        FetchState.AWAIT_VALIDATION: (
            FetchState.FETCHING,
            FetchState.AWAIT_RESET,
            FetchState.AWAIT_VALIDATION,
        ),
    }
)


class PartitionState:
    """The fetch side of one partition.

    Attributes:
        tp: the partition.
        state: what it waits for.
        generation: number that changes whenever the partition starts at another place; what was
            asked for under an older number is dropped when it arrives.
        offset: where the next fetch starts; meaningless without a position.
        offset_epoch: leader epoch of the record before the place it started at, -1 if unknown.
        leader_epoch: epoch of the leader the position is known to be valid for, -1 if unknown.
        reset: what to look for while awaiting a reset.
        holds: the bits of every `Hold` on it; an ``int``, because `IntFlag` computes in Python.
        failure: error that the user has to see before the partition is fetched again.
        refused: whether `failure` says why the position could not be validated.
        retry: back-off after errors of this partition.
        preferred_replica: node to fetch from instead of the leader (KIP-392), -1 for none.
        preferred_until: when the preference ends.
        high_watermark: end of the replicated log as of the last fetch; ``None`` before it.
        last_stable_offset: first offset of the oldest open transaction; ``None`` if unknown.
        log_start_offset: first offset kept; ``None`` if unknown.
        last_fetch: when the last answer arrived, ``None`` before the first.
    """

    __slots__ = (
        "failure",
        "generation",
        "high_watermark",
        "holds",
        "last_fetch",
        "last_stable_offset",
        "leader_epoch",
        "log_start_offset",
        "offset",
        "offset_epoch",
        "preferred_replica",
        "preferred_until",
        "refused",
        "reset",
        "retry",
        "state",
        "tp",
    )

    def __init__(self, tp: TopicPartition, generation: int) -> None:
        self.tp = tp
        self.state = FetchState.INITIALIZING
        self.generation = generation
        self.offset = -1
        self.offset_epoch = -1
        self.leader_epoch = -1
        self.reset: OffsetReset | None = None
        self.holds = 0
        self.failure: KafkaError | None = None
        self.refused = False
        self.retry = RetryState()
        self.preferred_replica = -1
        self.preferred_until = 0.0
        self.high_watermark: int | None = None
        self.last_stable_offset: int | None = None
        self.log_start_offset: int | None = None
        self.last_fetch: float | None = None

    def __repr__(self) -> str:
        """Return a status line."""
        paused = " paused" if self.paused else ""
        return (
            f"<PartitionState {self.tp.topic}-{self.tp.partition} {self.state.name}"
            f" offset={self.offset}{paused}>"
        )

    @property
    def paused(self) -> bool:
        """Whether the user has paused it."""
        return bool(self.holds & _PAUSED)

    @property
    def has_offset(self) -> bool:
        """Whether `offset` means anything."""
        return self.state in {FetchState.FETCHING, FetchState.AWAIT_VALIDATION}

    def is_fetchable(self) -> bool:
        """Return whether a fetch may be sent for it now, as far as its own state goes."""
        return self.state is FetchState.FETCHING and not self.holds and self.failure is None

    @property
    def is_stopped(self) -> bool:
        """Whether nothing is asked about it until the user has seen `failure`.

        An error of fetching does not stop a validation: the data before it waits for that.
        """
        if self.failure is None:
            return False
        return self.refused or self.state is not FetchState.AWAIT_VALIDATION

    def set_hold(self, hold: Hold, *, on: bool) -> None:
        """Add or remove one *hold*."""
        if on:
            self.holds |= hold.value
        else:
            self.holds &= ~hold.value

    def await_committed(self) -> None:
        """Wait for the committed offset."""
        self._step(FetchState.AWAIT_COMMITTED)

    def seek(self, offset: int, generation: int, *, offset_epoch: int = -1) -> None:
        """Start at *offset*, under a new *generation*.

        Args:
            offset: where to start.
            generation: the new number.
            offset_epoch: epoch of the record before; if known, the position is validated before
                it is fetched from (KIP-320).
        """
        self._step(FetchState.FETCHING)
        self._restart(generation)
        self.offset = offset
        self.offset_epoch = offset_epoch
        if offset_epoch >= 0:
            self._step(FetchState.AWAIT_VALIDATION)

    def await_reset(self, reset: OffsetReset, generation: int) -> None:
        """Forget the position and wait for *reset* to be looked up, under a new *generation*."""
        self._step(FetchState.AWAIT_RESET)
        self._restart(generation)
        self.offset = -1
        self.offset_epoch = -1
        self.reset = reset

    def await_validation(self, leader_epoch: int) -> None:
        """Wait for the leader of *leader_epoch* to confirm the position before fetching on."""
        self._step(FetchState.AWAIT_VALIDATION)
        self.leader_epoch = leader_epoch
        self.preferred_replica = -1

    def validated(self) -> None:
        """Continue from the position: the leader's log contains it."""
        self._step(FetchState.FETCHING)
        self.retry = RetryState()

    def advance(self, offset: int, now: float) -> None:
        """Continue at *offset*: everything before it has arrived at *now*."""
        self.offset = offset
        self.last_fetch = now
        self.retry = RetryState()

    def fail(self, error: KafkaError) -> None:
        """Stop fetching until the application has seen *error*."""
        self.failure = error

    def refuse(self, error: KafkaError, offset: int, generation: int, *, offset_epoch: int) -> None:
        """Go back to *offset*, under a new *generation*, and wait there: validation has failed.

        Args:
            error: what the user has to see before it is validated again.
            offset: what the application has reached.
            generation: the new number.
            offset_epoch: epoch of the record before *offset*.
        """
        self._restart(generation)
        self.offset = offset
        self.offset_epoch = offset_epoch
        self.failure = error
        self.refused = True

    def clear_failure(self) -> None:
        """Go on: the application has seen the error."""
        self.failure = None
        self.refused = False

    def backed_off(self, now: float, backoff: ExponentialBackoff, uniform: Uniform) -> None:
        """Count one more failure, and return to the leader if a replica was preferred.

        Failures of another day do not count: where nothing is written, no data ends the history.
        """
        self.retry = self.retry.recent(now, backoff).failed(now, backoff, uniform)
        self.preferred_replica = -1

    def _restart(self, generation: int) -> None:
        self.generation = generation
        self.clear_failure()
        self.reset = None
        self.retry = RetryState()
        self.preferred_replica = -1

    def _step(self, new: FetchState) -> None:
        self.state = FETCH_TRANSITIONS.step(self.state, new)
