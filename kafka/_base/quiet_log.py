"""Say a repeated trouble less and less often.  Pure: `now` is passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging
    from collections.abc import Hashable

_FIRST_PAUSE: Final = 10.0
_LONGEST_PAUSE: Final = 300.0


class _Trouble:
    __slots__ = ("next_at", "pause", "suppressed")

    def __init__(self) -> None:
        self.next_at = float("-inf")
        self.pause = _FIRST_PAUSE
        self.suppressed = 0


class QuietLog:
    """A logger for troubles that come again and again, such as a broker that is down.

    The first message about a subject is written, then one after 10 s, 20 s, 40 s, up to every
    300 s, with the number of those left out: six in ten minutes.
    """

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._troubles: dict[Hashable, _Trouble] = {}

    def warning(self, subject: Hashable, now: float, message: str, *args: object) -> None:
        """Log *message* unless one about *subject* was logged a short while ago."""
        trouble = self._troubles.setdefault(subject, _Trouble())
        if now < trouble.next_at:
            trouble.suppressed += 1
            return
        if trouble.suppressed:
            self._log.warning(f"{message} (repeated %d times)", *args, trouble.suppressed)
        else:
            self._log.warning(message, *args)
        trouble.suppressed = 0
        trouble.next_at = now + trouble.pause
        trouble.pause = min(trouble.pause * 2, _LONGEST_PAUSE)

    def has_trouble(self, subject: Hashable) -> bool:
        """Return whether there is trouble with *subject*, which has been logged."""
        return subject in self._troubles

    def over(self, subject: Hashable) -> bool:
        """Forget *subject*; return whether there had been trouble with it."""
        return self._troubles.pop(subject, None) is not None
