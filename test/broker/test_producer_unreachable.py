"""Stories of a producer whose cluster is gone for ever after it was found."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kafka.errors import KafkaTimeoutError
from kafka.testing import EmbeddedCluster
from test.support.producer_story import cluster_and_producer

ROOT = Path(__file__).parents[2]
BUFFER = 32 << 20
BESIDE = 20_000_000

# Prints what its memory has grown by, in bytes, and how long send() and close(5) have taken.
PROGRAM = r"""
import contextlib, json, os, re, sys, time
from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

def memory(kind):
    # Not getrusage(): its maximum goes back to before exec(), to the memory of the parent.
    with open("/proc/self/status") as status:
        return int(re.search(kind + r":\s+(\d+) kB", status.read())[1]) * 1024

producer = KafkaProducer(bootstrap_servers=sys.argv[1], max_block_ms=1000)
topics = None
while topics is None:
    # Constructing took its time; on a busy machine this may take longer than max_block_ms, too.
    with contextlib.suppress(KafkaTimeoutError):
        topics = producer.partitions_for("t")
producer.send("t", b"warm up").get(60)
print("ready", flush=True)
sys.stdin.readline()
before = memory("VmRSS")
futures = []
while True:
    begin = time.monotonic()
    try:
        futures.append(producer.send("t", os.urandom(500).hex().encode()))
    except KafkaTimeoutError as error:
        blocked = time.monotonic() - begin
        break
begin = time.monotonic()
producer.close(timeout=5)
closing = time.monotonic() - begin
peak = memory("VmHWM")
failed = sum(isinstance(future.exception, KafkaTimeoutError) for future in futures)
print(json.dumps([peak - before, blocked, closing, len(futures), failed]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_full_buffer_takes_little_beside_it_and_every_record_hears_of_the_end(
    cluster: EmbeddedCluster,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, cluster.bootstrap_servers[0]],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        assert program.stdout is not None
        try:
            assert program.stdout.readline() == "ready\n"
            cluster.kill(0)
            output, _ = program.communicate("go\n", timeout=100)
        finally:
            program.kill()
    grown, blocked, closing, sent, failed = json.loads(output)
    print(f"grown={grown / 1e6:.1f} MB blocked={blocked:.2f} s closing={closing:.2f} s")
    assert grown <= BUFFER + BESIDE
    assert failed == sent > 20_000


async def test_send_waits_and_gives_up_again_and_again_and_close_ends_in_time() -> None:
    async with cluster_and_producer(buffer_memory=100_000, max_block_ms=3000) as (
        cluster,
        producer,
    ):
        await (await producer.send("t", b"warm up"))
        cluster.kill(0)
        loop = asyncio.get_running_loop()
        deliveries = []
        waits: list[float] = []
        while len(waits) < 3:
            began = loop.time()
            try:
                deliveries.append(await producer.send("t", b"x" * 1000))
            except KafkaTimeoutError:
                waits.append(loop.time() - began)
        assert waits == pytest.approx([3.0] * 3, abs=0.01)
        began = loop.time()
        await producer.close(5)
        assert loop.time() - began == pytest.approx(5, abs=0.5)
        assert all(isinstance(d.exception, KafkaTimeoutError) for d in deliveries)
