"""This client beside its peers on one broker, interleaved in one run; prints ratios.

Shared machines are noisy and change speed by the minute, so figures are only ever compared with
others of the same round, and what is printed is the median over the rounds.

    python -m test.bench.end_to_end --rounds 5 --count 1000000 --rows send,poll
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

from test.support.apache_kafka import KafkaCluster

WORKER = Path(__file__).parent / "workers" / "worker.py"
RELEASED = ("kafka-python==3.0.12", "crc32c", "lz4")
OURS = "ours"


class Row(NamedTuple):
    """One comparison: our mode and each peer's, and the mode that writes what they read.

    *share* is the part of the records that is enough; *size* and *partitions* come before what the
    command line says.
    """

    mode: str
    peers: dict[str, str]
    fill: str = ""
    share: float = 1.0
    size: int | None = None
    partitions: int | None = None


ROWS = {
    "import": Row("kafka.import", {"kafka-python": "kafka.import"}),
    "send": Row(
        "kafka.send",
        {
            "kafka-python": "kafka.send",
            "confluent": "confluent.produce",
            "confluent-callback": "confluent.produce-callback",
            "aiokafka": "aiokafka.send",
        },
    ),
    "send-keyed": Row(
        "kafka.send-keyed",
        {"kafka-python": "kafka.send-keyed", "confluent-callback": "confluent.produce-keyed"},
    ),
    "send-many": Row(
        "kafka.send-many",
        {"confluent": "confluent.produce", "confluent-callback": "confluent.produce-callback"},
    ),
    "send-lz4": Row("kafka.send-lz4", {"kafka-python": "kafka.send-lz4"}, share=0.2, size=1000),
    "send-1000-partitions": Row(
        "kafka.send", {"kafka-python": "kafka.send"}, share=0.5, partitions=1000
    ),
    "send-memory": Row("kafka.send-drop", {"kafka-python": "kafka.send-drop"}, share=5.0),
    "poll": Row(
        "kafka.poll",
        {
            "kafka-python": "kafka.poll",
            "confluent": "confluent.poll",
            "confluent-consume500": "confluent.consume500",
        },
        fill="kafka.fill",
    ),
    "iterator": Row(
        "kafka.iterator",
        {
            "kafka-python": "kafka.iterator",
            "confluent": "confluent.poll",
            "aiokafka": "aiokafka.async-for",
        },
        fill="kafka.fill",
    ),
    "poll-batch": Row(
        "kafka.poll-batch",
        {"confluent-consume500": "confluent.consume500"},
        fill="kafka.fill-varied",
    ),
    "poll-1k-lz4": Row(
        "kafka.poll",
        {"kafka-python": "kafka.poll", "confluent-consume500": "confluent.consume500"},
        fill="kafka.fill-lz4",
        share=0.3,
        size=1000,
    ),
    "consume-10k": Row(
        "kafka.poll-batch",
        {"confluent-consume500": "confluent.consume500"},
        fill="kafka.fill",
        share=0.05,
        size=10_000,
    ),
    # Milliseconds at the end of the log instead of records.
    "idle": Row("kafka.idle", {"kafka-python": "kafka.idle"}, fill="kafka.fill", share=0.01),
    "async-send": Row("kafka.async-send", {"aiokafka": "aiokafka.send"}),
    "getmany": Row("kafka.getmany", {"aiokafka": "aiokafka.getmany"}, fill="kafka.fill"),
    "async-for": Row("kafka.async-for", {"aiokafka": "aiokafka.async-for"}, fill="kafka.fill"),
    "latency": Row(
        "kafka.latency",
        {"kafka-python": "kafka.latency", "aiokafka": "aiokafka.latency"},
        share=0.01,
    ),
}


class Run(NamedTuple):
    """One measured run."""

    records: int
    wall: float
    cpu: float
    peak_rss_mb: float
    p50: float = 0.0
    p99: float = 0.0
    wakeups: int = 0

    @property
    def rate(self) -> float:
        return self.records / self.wall

    @property
    def cpu_per_million(self) -> float:
        return self.cpu / self.records * 1e6


def released_interpreter() -> str:
    """Return the interpreter of a venv that holds the released kafka-python."""
    home = Path.home() / ".cache" / "kafka-python-tests" / "released"
    python = home / "bin" / "python"
    if not python.exists():
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *RELEASED], check=True)
    return str(python)


def measure(python: str, mode: str, bootstrap: str, topic: str, count: int, size: int) -> Run:
    """Run *mode* once in a process of its own."""
    command = [python, str(WORKER), mode, bootstrap, topic, str(count), str(size)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise SystemExit(f"{mode} failed:\n{done.stderr}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def interpreter(client: str) -> str:
    """Return the interpreter that has *client* installed."""
    return released_interpreter() if client == "kafka-python" else sys.executable


def compare(row: Row, bootstrap: str, topic: str, options: argparse.Namespace) -> None:
    """Measure *row* in interleaved rounds and print a line for each client."""
    count = int(options.count * row.share)
    modes = {OURS: row.mode, **row.peers}
    runs: dict[str, list[Run]] = {client: [] for client in modes}
    for _ in range(options.rounds):
        for client, mode in modes.items():
            runs[client].append(
                measure(
                    interpreter(client), mode, bootstrap, topic, count, row.size or options.size
                )
            )
    ours = runs[OURS]
    for client, measured in runs.items():
        ratio = statistics.median(
            mine.rate / it.rate for mine, it in zip(ours, measured, strict=True)
        )
        print(_line(row, modes[client], client, measured, ratio), flush=True)


def _line(row: Row, mode: str, client: str, runs: list[Run], ratio: float) -> str:
    rate = statistics.median(run.rate for run in runs)
    cpu = statistics.median(run.cpu_per_million for run in runs)
    peak = statistics.median(run.peak_rss_mb for run in runs)
    text = f"{mode:28} {client:22} {rate:12,.0f}/s {cpu:7.2f} CPU-s/M {peak:6.0f} MB"
    if row.mode == "kafka.idle":
        share = statistics.median(run.cpu / run.wall for run in runs)
        wakeups = statistics.median(run.wakeups / run.wall for run in runs)
        return f"{mode:28} {client:22} {share:6.2%} of a core {wakeups:6.1f} wake-ups/s"
    if row.mode == "kafka.latency":
        p50 = statistics.median(run.p50 for run in runs) * 1e6
        p99 = statistics.median(run.p99 for run in runs) * 1e6
        text += f"  p50 {p50:.0f} us p99 {p99:.0f} us"
    return text if client == OURS else f"{text}  ours is {ratio:.2f}x"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--rows", default=",".join(ROWS))
    options = parser.parse_args()
    with KafkaCluster(version="4.4.0") as cluster:
        bootstrap = ",".join(cluster.bootstrap_servers)
        for name in options.rows.split(","):
            compare(ROWS[name], bootstrap, prepare(cluster, name, options), options)


def prepare(cluster: KafkaCluster, name: str, options: argparse.Namespace) -> str:
    """Return the topic for a row; rows that read the same share theirs."""
    row = ROWS[name]
    count, size = int(options.count * row.share), row.size or options.size
    if not row.fill:
        topic = f"bench-{name}"
    elif row.mode == "kafka.idle":
        topic, count = "bench-idle", 1000
    else:
        topic = f"{row.fill}-{count}-{size}"
    if topic not in prepared:
        prepared.add(topic)
        cluster.create_topic(topic, partitions=row.partitions or options.partitions)
        if row.fill:
            servers = ",".join(cluster.bootstrap_servers)
            measure(sys.executable, row.fill, servers, topic, count, size)
    return topic


prepared: set[str] = set()


if __name__ == "__main__":
    main()
