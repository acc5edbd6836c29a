"""Memory: of millions of records beside kafka-python, and of a buffer that nobody empties.

A process for each run samples its resident memory. Of the first kind are producers and consumers of
a real broker, whose peaks are compared with kafka-python's in the same round, and whose second half
must not need more than the first. Of the second kind are producers whose broker is stopped where
it is (SIGSTOP) or killed once the first record is delivered: they send until there is no memory,
and the most they have taken above what they had before the first send, less ``buffer_memory``, is
what must stay below 20 MB.

    python -m test.bench.memory --rounds 1 --count 5000000 --json memory.json
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from test.bench import machine
from test.bench.end_to_end import WORKERS, interpreter
from test.bench.results import OURS, Result, holds, ratios, straddles, verdict, write
from test.support.apache_kafka import KafkaCluster

WORKER = WORKERS / "memory_worker.py"
RELEASED = "kafka-python"
MOST_RATIO = 1.5
MOST_GROWTH = 5.0
MOST_ABOVE = 20.0
_TIMEOUT = 600.0
_MIB = 1 << 20
_MOST_RECORDS = 50_000_000
_NODE = 1


class Sample(NamedTuple):
    """What a worker reports, in megabytes; see `Recorder.end` there."""

    start_mb: float
    peak_mb: float
    growth_mb: float
    slope_mb: float
    records: int


class Stream(NamedTuple):
    """Records through a working broker: our mode, and kafka-python's to compare with."""

    mode: str
    peer: str
    what: str
    reads: bool = False


class Full(NamedTuple):
    """Records for a broker that does not answer.

    *judged* is whether the limit holds for it: futures that the caller keeps are the caller's.
    """

    what: str
    mode: str = "full"
    size: int = 100
    task: dict[str, Any] = {}  # noqa: RUF012 - a field of a tuple, which nobody changes
    options: dict[str, Any] = {}  # noqa: RUF012 - the same
    kills: bool = False
    judged: bool = True


STREAMS = {
    "memory-send": Stream("send", "send", "send(), peak"),
    "memory-send-many": Stream("send-many", "send", "send_many(), peak"),
    "memory-async-send": Stream("async-send", "send", "await send(), peak"),
    "memory-poll": Stream("poll", "poll", "poll(), peak", reads=True),
    "memory-poll-batch": Stream("poll-batch", "poll", "poll_batch(), peak", reads=True),
    "memory-iterator": Stream("iterator", "iterator", "iterator, peak", reads=True),
    "memory-getmany": Stream("getmany", "poll", "getmany(), peak", reads=True),
}
_OWN = {"distinct": True}
FULL = {
    **{f"full-{size}": Full(f"values of {size} B", size=size) for size in (1, 10, 100)},
    **{f"full-{size}": Full(f"values of {size} B", size=size) for size in (1000, 10_000)},
    "full-reused": Full("one value again and again", task={"distinct": False}),
    "full-8-mb": Full("buffer of 8 MiB", options={"buffer_memory": 8 * _MIB}),
    "full-128-mb": Full("buffer of 128 MiB", options={"buffer_memory": 128 * _MIB}),
    "full-128-mb-1": Full("1 B, buffer of 128 MiB", size=1, options={"buffer_memory": 128 * _MIB}),
    "full-keyed": Full("with keys", task={"keyed": True}),
    "full-keyed-1": Full("1 B, with keys", size=1, task={"keyed": True}),
    "full-headers": Full("10 B, three headers", size=10, task={"headers": 3}),
    "full-callback": Full("10 B, with callbacks", size=10, task={"callback": True}),
    "full-kept-1000": Full("1,000 B, futures kept", size=1000, task={"keeps": True}),
    "full-kept": Full("100 B, futures kept", task={"keeps": True}, judged=False),
    "full-single": Full(
        "10 B, a batch for each", size=10, options={"batch_size": 0, "linger_ms": 0}
    ),
    "full-small-batches": Full("batches of 500 B", options={"batch_size": 500}),
    "full-large-batches": Full("batches of 1 MiB", options={"batch_size": _MIB}),
    "full-lz4": Full(
        "lz4", options={"compression_type": "lz4", "buffer_memory": 8 * _MIB}, task={"size": 1000}
    ),
    "full-many": Full("send_many()", "full-many"),
    "full-many-keyed-1": Full("send_many(), 1 B, keys", "full-many", 1, {"keyed": True}),
    "full-async": Full("await send()", "full-async"),
    "full-killed": Full("broker killed", kills=True),
}


def run(python: str, mode: str, task: dict[str, Any], during: Callable[[], object]) -> Sample:
    """Run *mode* in a process of its own; *during* is called when it says that it is ready."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(
        [python, str(WORKER), mode, json.dumps(task)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if first.strip() == "ready":
            during()
        out, problems = process.communicate("\n", timeout=_TIMEOUT)
    if process.returncode:
        raise SystemExit(f"{mode} failed:\n{problems}")
    return Sample(**json.loads((first + out).splitlines()[-1]))


def measure_streams(
    cluster: KafkaCluster, streams: dict[str, Stream], *, rounds: int, count: int, size: int
) -> list[Result]:
    """Compare *streams* with kafka-python; every round measures each mode of a client once."""
    servers = ",".join(cluster.bootstrap_servers)
    for topic in ("memory-written", "memory-read"):
        cluster.create_topic(topic, partitions=6)
    task = {"bootstrap": servers, "count": count, "size": size, **_OWN}
    read = task | {"topic": "memory-read"}
    if any(stream.reads for stream in streams.values()):
        run(sys.executable, "send", read, _nothing)
    modes = {(OURS, stream.mode): stream for stream in streams.values()}
    modes |= {(RELEASED, stream.peer): stream for stream in streams.values()}
    samples: dict[tuple[str, str], list[Sample]] = {place: [] for place in modes}
    for number in range(rounds):
        for client, mode in list(modes)[:: -1 if number % 2 else 1]:
            given = read if modes[client, mode].reads else task | {"topic": "memory-written"}
            sample = run(interpreter(client), mode, given, _nothing)
            if sample.records < count // 1000 * 1000:
                raise SystemExit(f"{client} {mode}: {sample.records} of {count} records")
            samples[client, mode].append(sample)
    return [
        result
        for row, stream in streams.items()
        for result in judge(row, stream, samples[OURS, stream.mode], samples[RELEASED, stream.peer])
    ]


def judge(row: str, stream: Stream, ours: list[Sample], theirs: list[Sample]) -> list[Result]:
    """Return the results of a row: our peak, kafka-python's, and how far ours is from flat."""
    mine, its = [s.peak_mb for s in ours], [s.peak_mb for s in theirs]
    ratio, low, high = ratios(mine, its)
    growth = statistics.median(s.growth_mb for s in ours)
    peak = _result(row, stream.what, statistics.median(mine))
    return [
        peak,
        peak._replace(
            client=RELEASED,
            value=statistics.median(its),
            ratio=ratio,
            low=low,
            high=high,
            target=MOST_RATIO,
            holds=holds(ratio, MOST_RATIO, more_is_better=False),
            straddles=straddles(low, high, MOST_RATIO, more_is_better=False),
            peak_rss_mb=statistics.median(its),
        ),
        peak._replace(
            row=f"{row}-growth",
            what=stream.what.replace("peak", "second half above the first"),
            value=growth,
            target=MOST_GROWTH,
            holds=growth < MOST_GROWTH,
            straddles=len({s.growth_mb < MOST_GROWTH for s in ours}) > 1,
        ),
    ]


def measure_full(cluster: KafkaCluster, row: str, rounds: int) -> Result:
    """Return how far the memory of a producer without a broker goes above its buffer."""
    case = FULL[row]
    options = {"buffer_memory": 32 * _MIB, "max_block_ms": 1500, **case.options}
    task = {
        "bootstrap": ",".join(cluster.bootstrap_servers),
        "topic": "memory-full",
        "count": _MOST_RECORDS,
        "size": case.size,
        "options": options,
        **_OWN,
        **case.task,
    }
    leave, come_back = (
        (cluster.kill, cluster.start) if case.kills else (cluster.freeze, cluster.thaw)
    )
    samples = []
    for _ in range(rounds):
        try:
            samples.append(run(sys.executable, case.mode, task, lambda: leave(_NODE)))
        finally:
            come_back(_NODE)
    buffer = options["buffer_memory"] / 1e6
    each = [s.peak_mb - s.start_mb - buffer for s in samples]
    above = statistics.median(each)
    peak = statistics.median(s.peak_mb for s in samples)
    what = f"broker unreachable, above buffer_memory: {case.what}"
    result = _result(f"memory-{row}", what, above)._replace(peak_rss_mb=peak)
    if not case.judged:
        return result
    inside = {mb < MOST_ABOVE for mb in each}
    return result._replace(target=MOST_ABOVE, holds=above < MOST_ABOVE, straddles=len(inside) > 1)


def _result(row: str, what: str, value: float) -> Result:
    return Result(
        row, what, "kafka", OURS, "MB", value, None, None, None, None, None, False, 0.0, value
    )


def _nothing() -> None:
    """Leave the broker alone."""


def line(result: Result) -> str:
    """Return one line of the printed table."""
    text = f"{result.row:26} {result.client:13} {result.value:8.1f} MB  {result.what}"
    if result.ratio is not None:
        text += f"  ours is {result.ratio:.2f}x ({result.low:.2f}-{result.high:.2f})"
    if result.target is not None:
        sign = "<=" if result.ratio is not None else "<"
        text += f"  {sign} {result.target:g}: {verdict(result)}"
    return text


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--count", type=int, default=5_000_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument(
        "--rows", default="streams,full", help="names of rows; streams or full for all"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = options.rows.split(",")
    streams = {name: STREAMS[name] for name in STREAMS if name in names or "streams" in names}
    rows = [name for name in FULL if name in names or "full" in names]
    results: list[Result] = []
    with KafkaCluster(version="4.4.0") as cluster:
        if streams:
            rounds, count = options.rounds, options.count
            results += measure_streams(
                cluster, streams, rounds=rounds, count=count, size=options.size
            )
            print("\n".join(map(line, results)), flush=True)
        cluster.create_topic("memory-full", partitions=6)
        for row in rows:
            results.append(measure_full(cluster, row, options.rounds))
            print(line(results[-1]), flush=True)
    if options.json is not None:
        head = machine.head({client: interpreter(client) for client in (OURS, RELEASED)})
        write(options.json, head | {"rounds": options.rounds, "count": options.count}, results)


if __name__ == "__main__":
    main()
