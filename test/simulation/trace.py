"""What happened in a story, in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

# Said at ERROR of calls that a member of the story gives up after a time-out, some on purpose.
_GIVEN_UP: Final = "had timed out, was not called again, and has failed"


class Trace:
    """The last lines of a story, with the virtual time."""

    def __init__(self, length: int = 100_000) -> None:
        self.lines: deque[str] = deque(maxlen=length)

    def __call__(self, line: str) -> None:
        """Add a line."""
        self.lines.append(f"{asyncio.get_running_loop().time():9.3f} {line}")


class LogHandler(logging.Handler):
    """Puts what is logged into the trace, and keeps what must never be logged.

    Args:
        trace: gets every line.

    Attributes:
        errors: what was logged at ERROR or above without cause in the story.
    """

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.errors: list[str] = []
        self._trace = trace
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep *record*."""
        line = self.format(record)
        if record.levelno >= logging.ERROR and _GIVEN_UP not in line:
            self.errors.append(line)
        try:
            self._trace(line)
        except RuntimeError:  # no loop runs any more
            self._trace.lines.append(f"          {line}")
