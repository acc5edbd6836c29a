"""The released kafka-python, which cannot be imported beside this one: it runs in a process."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Self

from test.support.apache_kafka.jars import cache_root

VERSION = "3.0.12"
_PROGRAM = Path(__file__).with_name("released_program.py")
_INSTALL_TIMEOUT = 300.0


class ReleasedError(Exception):
    """It could not be installed, or its program failed."""


class Released:
    """An environment with the released client.

    Args:
        python: the environment's interpreter.
    """

    def __init__(self, python: Path) -> None:
        self._python = python

    @classmethod
    def installed(cls) -> Self:
        """Return the environment, made once per machine and Python.

        Raises:
            ReleasedError: pip could not install it.
        """
        tag = f"kafka-python-{VERSION}-{sys.version_info.major}.{sys.version_info.minor}"
        root = cache_root()
        root.mkdir(parents=True, exist_ok=True)
        directory = root / tag
        with (root / f"{tag}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (directory / "complete").exists():
                cls._install(directory)
        return cls(directory / "bin" / "python")

    @staticmethod
    def _install(directory: Path) -> None:
        venv.create(directory, with_pip=True, clear=True)
        command = [directory / "bin" / "python", "-m", "pip", "install", "-q"]
        done = subprocess.run(
            [*command, f"kafka-python=={VERSION}"],
            check=False,
            capture_output=True,
            text=True,
            timeout=_INSTALL_TIMEOUT,
        )
        if done.returncode != 0:
            raise ReleasedError(f"pip cannot install kafka-python {VERSION}: {done.stderr[-500:]}")
        (directory / "complete").touch()

    def run(self, story: str, servers: str, timeout: float = 60.0) -> object:
        """Run one story of the program and return what it told.

        Raises:
            ReleasedError: it failed.
        """
        done = subprocess.run(
            [self._python, "-P", _PROGRAM, story, servers],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=_environment(),
        )
        if done.returncode != 0:
            raise ReleasedError(f"{story} failed:\n{done.stderr[-3000:]}")
        found: object = json.loads(done.stdout)
        return found

    def start(self, words: list[str], output: Path) -> subprocess.Popen[bytes]:
        """Start a program with its standard input open.

        Args:
            words: the program and its arguments.
            output: file for what it prints; errors go to one of the same name in ``.err``.
        """
        with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
            return subprocess.Popen(
                [self._python, "-P", *words],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=_environment(),
            )


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
