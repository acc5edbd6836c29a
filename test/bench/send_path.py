"""What one send() costs the caller, beside the installed kafka-python: run interleaved.

    python test/bench/send_path.py                        # this client
    PEER=/path/to/python test/bench/send_path.py          # and a peer, in the same run

Both send to the same embedded broker, on a thread of this process, so the figures include the
client's own loop thread competing for the interpreter, as in real life.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

RECORDS = 100_000
ROUNDS = 5
WORK = """
import sys, time
from kafka import KafkaProducer
servers, records, keyed = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "keyed"
options = {"linger_ms": 10, "batch_size": 65536, "acks": 1}
try:
    producer = KafkaProducer(bootstrap_servers=servers, enable_idempotence=False, **options)
except Exception:
    producer = KafkaProducer(bootstrap_servers=servers, **options)
value = b"x" * 100
keys = [b"key-%d" % n for n in range(1000)]
producer.send("bench", value).get(10)
send = producer.send
began, cpu = time.perf_counter(), time.thread_time()
if keyed:
    for n in range(records):
        send("bench", value, keys[n % 1000])
else:
    for n in range(records):
        send("bench", value)
sent, used = time.perf_counter() - began, time.thread_time() - cpu
producer.flush()
total = time.perf_counter() - began
print(used / records * 1e9, sent / records * 1e9, total / records * 1e9)
producer.close()
"""


def measure(python: str, servers: str, kind: str, path: str | None) -> tuple[float, float, float]:
    """Return ns per record: the caller's CPU, until the last send() returned, until delivered."""
    env = {**os.environ, "PYTHONPATH": path or "", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [python, "-c", WORK, servers, str(RECORDS), kind],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        cwd="/",
    )
    cpu, sent, total = map(float, done.stdout.split())
    return cpu, sent, total


def main() -> None:
    """Print the medians."""
    from kafka.testing import EmbeddedCluster

    pythons = {"this": (sys.executable, str(Path(__file__).parents[2]))}
    if "PEER" in os.environ:
        pythons["peer"] = (os.environ["PEER"], None)
    with EmbeddedCluster(topics={"bench": 1}) as cluster:
        servers = os.environ.get("SERVERS") or cluster.bootstrap_servers[0]
        for kind in ("keyless", "keyed"):
            found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in pythons}
            for _ in range(ROUNDS):
                for name, (python, path) in pythons.items():
                    found[name].append(measure(python, servers, kind, path))
            for name, rows in found.items():
                cpu, sent, total = (statistics.median(column) for column in zip(*rows, strict=True))
                print(
                    f"{kind:8} {name:5} send() CPU {cpu:7.0f} ns   wall {sent:7.0f} ns   "
                    f"delivered {total:7.0f} ns per record"
                )


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"{time.perf_counter() - began:.0f} s")
