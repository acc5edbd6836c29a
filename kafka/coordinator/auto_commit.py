"""Decide when the application is asked to have its progress committed.  Pure.

What a poll has returned is in work until the application comes back. So the interval only says when
a commit is due; it is made inside the next poll, or the one that waits at that moment, before that
hands out anything.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from kafka._base.transitions import Transitions

# Seconds; with an interval of 0 the application would be called without end.
_SHORTEST: Final = 0.05


class CallUser(NamedTuple):
    """Have the application's next poll, or the one that waits, call `AutoCommit.on_user`."""


class AutoCommitState(Enum):
    """What the next commit by interval waits for."""

    STOPPED = "stopped"
    """The first poll."""
    WAITING = "waiting"
    """The end of the interval."""
    DUE = "due"
    """The application's next poll."""


AUTO_COMMIT_TRANSITIONS: Final = Transitions(
    {
        AutoCommitState.STOPPED: {AutoCommitState.WAITING},
        AutoCommitState.WAITING: {AutoCommitState.DUE},
        AutoCommitState.DUE: {AutoCommitState.WAITING},
    }
)


class AutoCommit:
    """The interval of ``enable_auto_commit``.

    Args:
        interval: seconds between two commits; not below 0.05.
    """

    def __init__(self, interval: float) -> None:
        self._interval = max(interval, _SHORTEST)
        self._state = AutoCommitState.STOPPED
        self._due_at = 0.0

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<AutoCommit {self._state.name} due_at={self._due_at:.3f}>"

    @property
    def is_due(self) -> bool:
        """Whether the application's next poll is to commit; any thread."""
        return self._state is AutoCommitState.DUE

    def on_user_poll(self, now: float) -> None:
        """React to the application asking for records: the first time begins the interval."""
        if self._state is AutoCommitState.STOPPED:
            self._begin(now)

    def on_user(self, now: float) -> bool:
        """React to a poll that has counted what was consumed; return whether to commit that."""
        if self._state is not AutoCommitState.DUE:
            return False
        self._begin(now)
        return True

    def poll(self, now: float) -> list[CallUser]:
        """Return the actions that are due."""
        if self._state is not AutoCommitState.WAITING or now < self._due_at:
            return []
        self._step(AutoCommitState.DUE)
        return [CallUser()]

    def next_wakeup(self) -> float | None:
        """Return when to poll again if no input comes before."""
        return self._due_at if self._state is AutoCommitState.WAITING else None

    def _begin(self, now: float) -> None:
        self._due_at = now + self._interval
        self._step(AutoCommitState.WAITING)

    def _step(self, new: AutoCommitState) -> None:
        self._state = AUTO_COMMIT_TRANSITIONS.step(self._state, new)
