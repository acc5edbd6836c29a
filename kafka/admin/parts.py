"""When keys of a call that are done go on to what depends on them, without the others.  Pure.

Usually all at once, so that what follows takes few requests too. A node that is silent does not
hold up the keys of others: these go on after a while.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic

from kafka.admin.operation import K, Outcome, V

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline

_PATIENCE: Final = 1.0
# What comes after a part needs time as well.
_SHARE: Final = 0.25


class Parts(Generic[K, V]):
    """Divide the outcome of a call into parts that go on.

    Args:
        deadline: when the call ends.
        now: when it begins.
    """

    def __init__(self, deadline: Deadline, now: float) -> None:
        self._patience = min(_PATIENCE, deadline.remaining(now) * _SHARE)
        self._next_at = now + self._patience
        self._gone_on: set[K] = set()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Parts gone_on={len(self._gone_on)} next_at={self._next_at:.3f}>"

    def wakeup(self, outcome: Outcome[K, V]) -> float | None:
        """Return when keys that are done go on at the latest; ``None`` if there are none.

        Args:
            outcome: what has come of the call so far.
        """
        done = len(outcome.results) + len(outcome.errors)
        return self._next_at if done > len(self._gone_on) else None

    def take(self, outcome: Outcome[K, V], now: float, *, is_whole: bool) -> Outcome[K, V] | None:
        """Return the outcome of the keys that go on now; ``None`` if there are none.

        Args:
            outcome: what has come of the call so far.
            now: the time.
            is_whole: whether all keys are done.
        """
        at = self.wakeup(outcome)
        if at is None or (now < at and not is_whole):
            return None
        gone_on = self._gone_on
        results = {key: value for key, value in outcome.results.items() if key not in gone_on}
        errors = {key: error for key, error in outcome.errors.items() if key not in gone_on}
        doubtful = outcome.doubtful & {*results, *errors}
        self._gone_on = gone_on | results.keys() | errors.keys()
        self._next_at = now + self._patience
        return Outcome(results, errors, doubtful)
