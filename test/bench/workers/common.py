"""What the measured runs share: the task, the clock, the report."""

from __future__ import annotations

import itertools
import json
import os
import resource
import time
from typing import NamedTuple

LINGER_MS = 5
BATCH_BYTES = 65536
IDLE_SECONDS = 30.0


class Task(NamedTuple):
    """What to do: *count* records of *size* bytes through *topic*."""

    bootstrap: str
    topic: str
    count: int
    size: int


class Stopwatch:
    """Wall and CPU time between `start` and `stop`."""

    def start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def keys_of(count: int) -> list[bytes]:
    """Return *count* 16-byte keys, 10,000 of them distinct."""
    distinct = [f"{number:016d}".encode() for number in range(10_000)]
    return list(itertools.islice(itertools.cycle(distinct), count))


def drop(future: object) -> None:
    """Let go of *future*."""


def text_of(size: int) -> bytes:
    """Return *size* bytes that compress to about half."""
    return os.urandom(size // 2).hex().encode().ljust(size, b"0")


def report(
    done: tuple[float, float],
    records: int,
    latency: list[float] | None = None,
    wakeups: int = 0,
) -> int:
    wall, cpu = done
    result = {
        "records": records,
        "wall": wall,
        "cpu": cpu,
        "wakeups": wakeups,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    if latency:
        latency.sort()
        result["p50"] = latency[len(latency) // 2]
        result["p99"] = latency[len(latency) * 99 // 100]
    print(json.dumps(result))
    return 0
