"""A program of the story, as a process that is killed, stopped, or comes to its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence

_ROOT: Final = Path(__file__).parents[2]
_SHOWN: Final = 4000


class Program:
    """A module of this package that runs.

    Args:
        module: its name, e.g. ``"sending"``.
        words: its arguments.
        output: file for what it prints; what it logs is beside it.
    """

    def __init__(self, module: str, words: Sequence[str], output: Path) -> None:
        self.output = output
        self._log = output.with_suffix(".log")
        command = [sys.executable, "-m", f"test.chaos.{module}", *words]
        with output.open("ab") as out, self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=out, stderr=log, cwd=_ROOT
            )

    @property
    def log(self) -> str:
        """The end of what it has logged."""
        return self._log.read_text(errors="replace")[-_SHOWN:]

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self, seconds: float) -> None:
        """Wait until it has ended in order.

        Raises:
            AssertionError: it has failed, or goes on.
        """
        try:
            code: int | None = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        self.kill()
        assert code == 0, f"{self.output.name} has ended with {code}:\n{self.log}"

    def kill(self) -> None:
        """End it at once, if it runs."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
