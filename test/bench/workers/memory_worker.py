"""Memory of one client in a process of its own; prints one JSON line.

Run by `test.bench.memory` under the interpreter that has the client installed, as
``python memory_worker.py MODE TASK`` with *TASK* in JSON. Python finds the modules of this folder
and no others of this project. Modes that end in a broker that does not answer print a line
``ready`` when the producer has delivered its first record, and go on when they read a line.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import statistics
import sys
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from common import BATCH_BYTES, IDLE_SECONDS, LINGER_MS, drop

_PAGE = os.sysconf("SC_PAGE_SIZE")
_CLEAR, _STATM, _STATUS = (Path("/proc/self") / n for n in ("clear_refs", "statm", "status"))
_INTERVAL = 0.02
_LOT = 1000


class MemoryTask(NamedTuple):
    """What to do.

    Attributes:
        bootstrap: the cluster.
        topic: where records go or come from.
        count: how many records at most.
        size: bytes of each value.
        distinct: whether each value is an object of its own.
        keyed: whether each record has a key of its own.
        headers: how many headers each record has, names and values of their own.
        callback: whether each future gets a callback.
        keeps: whether the futures are kept.
        options: of the client.
    """

    bootstrap: str
    topic: str
    count: int
    size: int
    distinct: bool = False
    keyed: bool = False
    headers: int = 0
    callback: bool = False
    keeps: bool = False
    options: dict[str, Any] = {}  # noqa: RUF012 - a field of a tuple, which nobody changes

    def record(self) -> Callable[[], tuple[bytes, bytes | None, list[tuple[str, bytes]] | None]]:
        """Return what makes the value, key and headers of the next record."""
        reused, numbers = os.urandom(self.size), itertools.count()
        # Slices are new objects, as many random values would be, and cost much less.
        pool = os.urandom(self.size + 65_536)

        def record() -> tuple[bytes, bytes | None, list[tuple[str, bytes]] | None]:
            number = next(numbers)
            start = number % 65_536
            value = pool[start : start + self.size] if self.distinct else reused
            key = b"%016d" % number if self.keyed else None
            headers = [(f"name-{n}-{number}", b"%08d" % number) for n in range(self.headers)]
            return value, key, headers or None

        return record


class Recorder:
    """Resident memory of this process over time, in bytes."""

    def __init__(self) -> None:
        self.times = array("d")
        self.sizes = array("q")
        self.start = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Take the size now as the start; forget the highest so far."""
        with suppress(OSError), _CLEAR.open("w") as file:
            # Where that is not allowed, the highest may be one of the time before.
            file.write("5")
        self.start = resident()
        self._thread.start()

    def end(self) -> dict[str, float]:
        """Return megabytes: at the start, at most, and what the second half added to the first.

        Added in the middle of their samples, and by the line through the second half: a buffer
        that fills and empties moves the latter, and one more for a response of 6 MB moves the
        peak, a leak moves all.
        """
        self._end.set()
        self._thread.join()
        half = len(self.sizes) // 2
        first, second = self.sizes[:half], self.sizes[half:]
        growth = statistics.median(second) - statistics.median(first) if first else 0
        return {
            "start_mb": self.start / 1e6,
            "peak_mb": max(highest(), max(self.sizes, default=0)) / 1e6,
            "growth_mb": growth / 1e6,
            "slope_mb": slope(self.times[half:], second) / 1e6,
        }

    def _run(self) -> None:
        while not self._end.wait(_INTERVAL):
            self.times.append(time.perf_counter())
            self.sizes.append(resident())


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return int(_STATM.read_bytes().split()[1]) * _PAGE


def highest() -> int:
    """Return the most bytes that were in memory.

    Not ``ru_maxrss``: a process starts with that of the one that started it.
    """
    found = [line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(found[0].split()[1]) * 1024 if found else 0


def slope(times: array[float], sizes: array[int]) -> float:
    """Return how much *sizes* grow from the first to the last of *times*, by least squares."""
    if len(times) < 3:
        return 0.0
    middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((t - middle) ** 2 for t in times)
    rise = sum((t - middle) * (s - mean) for t, s in zip(times, sizes, strict=True))
    return rise / spread * (times[-1] - times[0]) if spread else 0.0


def report(recorder: Recorder, records: int) -> int:
    print(json.dumps(recorder.end() | {"records": records}), flush=True)
    return 0


# -- through a working broker --------------------------------------------------------------------


def options_of(task: MemoryTask) -> dict[str, Any]:
    return {
        "bootstrap_servers": task.bootstrap,
        "acks": 1,
        "linger_ms": LINGER_MS,
        "batch_size": BATCH_BYTES,
        "enable_idempotence": False,
        **task.options,
    }


def send(task: MemoryTask, recorder: Recorder) -> int:
    from kafka import KafkaProducer

    producer = KafkaProducer(**options_of(task))
    record = task.record()
    producer.send(task.topic, record()[0]).get(30)
    futures: list[Any] = []
    keep = futures.append if task.keeps else drop
    recorder.begin()
    for _ in range(task.count):
        value, key, headers = record()
        keep(producer.send(task.topic, value, key, headers))
    producer.flush()
    result = report(recorder, task.count)
    producer.close()
    return result


def send_many(task: MemoryTask, recorder: Recorder) -> int:
    from kafka import KafkaProducer

    producer = KafkaProducer(**options_of(task))
    record = task.record()
    producer.send(task.topic, record()[0]).get(30)
    recorder.begin()
    for _ in range(task.count // _LOT):
        producer.send_many(task.topic, [record()[0] for _ in range(_LOT)])
    producer.flush()
    result = report(recorder, task.count)
    producer.close()
    return result


async def async_send(task: MemoryTask, recorder: Recorder) -> int:
    from kafka.aio import AsyncKafkaProducer

    producer = AsyncKafkaProducer(**options_of(task))
    await producer.start()
    record = task.record()
    await (await producer.send(task.topic, record()[0]))
    recorder.begin()
    for _ in range(task.count):
        value, key, headers = record()
        await producer.send(task.topic, value, key, headers)
    await producer.flush()
    result = report(recorder, task.count)
    await producer.close()
    return result


def consumer_of(task: MemoryTask) -> Any:
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=task.bootstrap,
        auto_offset_reset="earliest",
        consumer_timeout_ms=int(IDLE_SECONDS * 1000),
        **task.options,
    )
    partitions = consumer.partitions_for_topic(task.topic)
    consumer.assign([TopicPartition(task.topic, number) for number in sorted(partitions)])
    return consumer


def poll(task: MemoryTask, recorder: Recorder) -> int:
    consumer = consumer_of(task)
    seen = 0
    recorder.begin()
    limit = time.perf_counter() + 6 * IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        for records in consumer.poll(timeout_ms=500, max_records=500).values():
            seen += len(records)
    return report(recorder, seen)


def poll_batch(task: MemoryTask, recorder: Recorder) -> int:
    consumer = consumer_of(task)
    seen = 0
    recorder.begin()
    limit = time.perf_counter() + 6 * IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        for batch in consumer.poll_batch(timeout_ms=500, max_records=500):
            seen += len(batch.values)
    return report(recorder, seen)


def iterate(task: MemoryTask, recorder: Recorder) -> int:
    consumer = consumer_of(task)
    recorder.begin()
    seen = sum(1 for _ in itertools.islice(consumer, task.count))
    return report(recorder, seen)


async def getmany(task: MemoryTask, recorder: Recorder) -> int:
    from kafka.aio import AsyncKafkaConsumer

    consumer = AsyncKafkaConsumer(
        task.topic, bootstrap_servers=task.bootstrap, auto_offset_reset="earliest", **task.options
    )
    await consumer.start()
    seen = 0
    recorder.begin()
    limit = time.perf_counter() + 6 * IDLE_SECONDS
    while seen < task.count and time.perf_counter() < limit:
        batches = await consumer.getmany(timeout_ms=500, max_records=500)
        seen += sum(map(len, batches.values()))
    result = report(recorder, seen)
    await consumer.stop()
    return result


# -- to a broker that does not answer ------------------------------------------------------------


def _proceed() -> None:
    """Tell that the broker may go now, and wait until it is gone."""
    print("ready", flush=True)
    sys.stdin.readline()


def send_until_full(task: MemoryTask, recorder: Recorder) -> int:
    from kafka import KafkaProducer

    producer = KafkaProducer(**options_of(task))
    record = task.record()
    value, key, headers = record()
    producer.send(task.topic, value, key, headers).get(30)
    futures: list[Any] = []
    keep = futures.append if task.keeps else drop
    _proceed()
    recorder.begin()
    sent = 0
    try:
        while sent < task.count:
            value, key, headers = record()
            future = producer.send(task.topic, value, key, headers)
            if task.callback:
                future.add_callback(drop)
            keep(future)
            sent += 1
    except (BufferError, _timeout_error()):
        pass
    return _leave(recorder, sent)


def send_many_until_full(task: MemoryTask, recorder: Recorder) -> int:
    from kafka import KafkaProducer

    producer = KafkaProducer(**options_of(task))
    record = task.record()
    producer.send(task.topic, record()[0]).get(30)
    _proceed()
    recorder.begin()
    sent = 0
    try:
        while sent < task.count:
            values, keys, _ = zip(*(record() for _ in range(_LOT)), strict=True)
            producer.send_many(task.topic, values, keys if task.keyed else None)
            sent += _LOT
    except (BufferError, _timeout_error()):
        pass
    return _leave(recorder, sent)


async def async_send_until_full(task: MemoryTask, recorder: Recorder) -> int:
    from kafka.aio import AsyncKafkaProducer

    producer = AsyncKafkaProducer(**options_of(task))
    await producer.start()
    record = task.record()
    await (await producer.send(task.topic, record()[0]))
    _proceed()
    recorder.begin()
    sent = 0
    try:
        while sent < task.count:
            value, key, headers = record()
            await producer.send(task.topic, value, key, headers)
            sent += 1
    except (BufferError, _timeout_error()):
        pass
    return _leave(recorder, sent)


def _timeout_error() -> type[Exception]:
    from kafka.errors import KafkaTimeoutError

    return KafkaTimeoutError


def _leave(recorder: Recorder, sent: int) -> int:
    # While nothing comes in, nothing may grow either.
    time.sleep(1)
    report(recorder, sent)
    # The producer would try to deliver for two minutes more.
    os._exit(0)


# Any: coroutine functions of the modes' shape.
def awaited(story: Any) -> Callable[[MemoryTask, Recorder], int]:
    """Return *story* as a mode that runs it on a loop of its own."""
    return partial(_run, story)


def _run(story: Any, task: MemoryTask, recorder: Recorder) -> int:
    return int(asyncio.run(story(task, recorder)))


MODES: dict[str, Callable[[MemoryTask, Recorder], int]] = {
    "send": send,
    "send-many": send_many,
    "async-send": awaited(async_send),
    "poll": poll,
    "poll-batch": poll_batch,
    "iterator": iterate,
    "getmany": awaited(getmany),
    "full": send_until_full,
    "full-many": send_many_until_full,
    "full-async": awaited(async_send_until_full),
}

if __name__ == "__main__":
    MODES[sys.argv[1]](MemoryTask(**json.loads(sys.argv[2])), Recorder())
