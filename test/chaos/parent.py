"""A program of the story goes with the process that started it."""

from __future__ import annotations

import os
import sys


def go_with_the_parent() -> None:
    """Wait on a thread until the other end of the standard input is gone, then end at once."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
