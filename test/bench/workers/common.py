"""What the measured runs share: the task, the clock, the report."""

from __future__ import annotations

import itertools
import json
import os
import resource
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

LINGER_MS = 5
BATCH_BYTES = 65536
IDLE_SECONDS = 30.0
#: More than a broker takes between two entries in its indexes (log.index.interval.bytes).
INDEX_BYTES = 5000
#: Records of one transaction.
TRANSACTION = 1000
#: Of the broker, for a client that cannot find out by itself; as in ``2.1``.
API_VERSION = os.environ.get("BENCH_API_VERSION")
#: File with the certificate to trust, if the broker is reached over TLS.
CA = os.environ.get("BENCH_CA")
#: How many partitions `kafka.fill` fills.
BUSY = os.environ.get("BENCH_BUSY")


class Task(NamedTuple):
    """What to do: *count* records of *size* bytes through *topic*, compressed by *codec*."""

    bootstrap: str
    topic: str
    count: int
    size: int
    codec: str | None = None


class Stopwatch:
    """Wall and CPU time between `start` and `stop`."""

    def start(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def keys_of(count: int) -> list[bytes]:
    """Return *count* 16-byte keys, 10,000 of them distinct; each an object, as from a request."""
    return [f"{number % 10_000:016d}".encode() for number in range(count)]


def of_broker() -> dict[str, Any]:
    """Return the options that tell a client of kafka-python's API what the broker is."""
    return {"api_version": tuple(map(int, API_VERSION.split(".")))} if API_VERSION else {}


def over_tls() -> dict[str, Any]:
    """Return the options of TLS, for a client of kafka-python's API."""
    return {"security_protocol": "SSL", "ssl_cafile": CA} if CA else {}


def sending(task: Task) -> dict[str, Any]:
    """Return what producers of kafka-python's API have in common."""
    return {
        "bootstrap_servers": task.bootstrap,
        "acks": 1,
        "linger_ms": LINGER_MS,
        "batch_size": BATCH_BYTES,
        "enable_idempotence": False,
        **over_tls(),
    }


def drop(future: object) -> None:
    """Let go of *future*."""


def values_of(size: int) -> list[bytes]:
    """Return values of *size* bytes that compress to about half, and not by each other.

    They are more than a batch holds.
    """
    half = size // 2
    return [os.urandom(size - half) + bytes(half) for _ in range(2 * BATCH_BYTES // size + 1)]


def sizes_of(size: int, *, vary: bool) -> list[int]:
    """Return sizes to be taken in turn, from half to one and a half of *size* if they *vary*."""
    spread = size // 2 if vary else 0
    return [size - spread + n * 31 % 97 * 2 * spread // 96 for n in range(97)]


def varied(size: int) -> list[bytes]:
    """Return values whose sizes vary by half around *size*, to be taken in turn."""
    values, sizes = values_of(size + size // 2), sizes_of(size, vary=True)
    pairs = zip(itertools.cycle(values), itertools.cycle(sizes), strict=False)
    number = max(len(values), len(sizes))
    return [value[:length] for value, length in itertools.islice(pairs, number)]


def payloads(task: Task, *, vary: bool = False) -> Iterator[bytes]:
    """Return the value of each record: one and the same unless a codec would profit from it.

    If sizes *vary*, they do by half.
    """
    if not vary and task.codec is None:
        return itertools.repeat(os.urandom(task.size), task.count)
    values = varied(task.size) if vary else values_of(task.size)
    return itertools.islice(itertools.cycle(values), task.count)


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
