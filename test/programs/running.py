"""Run a program as its user does: in a process and a directory of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# A program that hangs is ended before the test is.
_PATIENCE = 280.0


class Done(NamedTuple):
    """What a program left.

    Args:
        status: its exit status.
        output: what it printed.
        errors: what it wrote to the standard error.
    """

    status: int
    output: str
    errors: str


def run(*command: str | Path, directory: Path, **variables: str) -> Done:
    """Run *command* in *directory*; a word that is a `Path` is a file beside this one.

    Args:
        command: program and arguments.
        directory: where it runs.
        variables: for its environment.

    Raises:
        AssertionError: it does not end; what it started is ended with it.
    """
    words = [str(HERE / word) if isinstance(word, Path) else word for word in command]
    with subprocess.Popen(
        words,
        cwd=directory,
        env=_environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            output, errors = process.communicate()
            raise AssertionError(f"it hangs; so far: {output}\n{errors}") from None
    return Done(process.returncode, output, errors)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    # The package is found also where it is not installed. Python 3.12 and later warn of forks in
    # general; servers that fork silence that.
    quiet = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore:This process:DeprecationWarning"}
    return {**os.environ, **quiet, **variables}


@contextmanager
def cluster_elsewhere(*options: str) -> Iterator[list[str]]:
    """Run ``python -m kafka.testing``; yield the addresses that it tells clients."""
    command = [sys.executable, "-m", "kafka.testing", "--port", "0", *options]
    with subprocess.Popen(
        command, cwd=ROOT, env=_environment({}), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            name, _, servers = process.stdout.readline().strip().partition("=")
            assert name == "bootstrap_servers"
            yield servers.split(",")
            process.terminate()
            assert process.wait(100) == 0
        finally:
            process.kill()
