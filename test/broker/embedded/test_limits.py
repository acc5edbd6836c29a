"""What the embedded cluster costs, and what it survives."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import socket
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import pytest

from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing import EmbeddedCluster
from test.support.raw_client import RawClient

# A million records of 100 bytes, in batches as producers make them, in a process of its own.
_MILLION = """
import asyncio
from pathlib import Path

from kafka.testing import EmbeddedCluster
from test.support.embedded import batch, produce
from test.support.raw_client import RawClient

async def main():
    async with EmbeddedCluster(topics={"t": 4}) as cluster:
        client = await RawClient.connect(cluster.bootstrap_servers[0])
        records = batch(*[b"%0100d" % number for number in range(1000)])
        for number in range(1000):
            answer = await produce(client, "t", records, partition=number % 4)
            assert answer.error_code == 0
        assert answer.base_offset == 249_000
        client.close()

asyncio.run(main())
status = Path("/proc/self/status").read_text()
print(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
"""
BUDGET_KB = 300 * 1024
OPEN_FILES = Path("/proc/self/fd")


# Not ru_maxrss: the kernel starts it with what the parent, pytest, had in memory.
@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="memory is read from /proc")
def test_a_million_records_stay_under_300_mb() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", _MILLION], check=True, capture_output=True, text=True, timeout=110
    )
    assert int(shown.stdout) < BUDGET_KB


def open_files() -> int:
    return len(list(OPEN_FILES.iterdir()))


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="open files are counted in /proc")
def test_hundreds_of_lives_leave_nothing() -> None:
    def live(count: int) -> None:
        for _ in range(count):
            with EmbeddedCluster(topics={"t": 1}) as cluster:
                host, _, port = cluster.bootstrap_servers[0].rpartition(":")
                socket.create_connection((host, int(port)), 60.0).close()

    live(20)
    gc.collect()
    threads, files = threading.active_count(), open_files()
    tracemalloc.start()
    try:
        live(10)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        live(100)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    live(170)
    assert (threading.active_count(), open_files()) == (threads, files)
    # Less than 1 KB for each: a leaked cluster is more than 50 KB.
    assert grown < 100_000


HOSTILE = {
    "a negative size": b"\xff\xff\xff\xff",
    "a size of two gigabytes": b"\x7f\xff\xff\xff",
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303") + bytes(200),
    "an unknown API": (12).to_bytes(4) + b"\x7f\xff\0\0\0\0\0\1\xff\xff\0\0",
    "an array of two billion": (14).to_bytes(4) + b"\0\3\0\1\0\0\0\1\xff\xff\x7f\xff\xff\xff",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_input_ends_its_connection_and_nothing_else(data: bytes) -> None:
    async def story() -> None:
        async with EmbeddedCluster(topics={"t": 1}) as cluster:
            server = cluster.bootstrap_servers[0]
            good, bad = [await RawClient.connect(server) for _ in range(2)]
            await good.send(MetadataRequest(), 9)
            bad.write(data)
            with pytest.raises(ConnectionError):
                await bad.frame()
            await good.send(MetadataRequest(), 9)
            later = await RawClient.connect(server)
            await later.send(ApiVersionsRequest(), 0)
            later.close()
            good.close()

    asyncio.run(story())


def test_a_flood_of_bad_connections_costs_no_memory_and_no_service() -> None:
    async def attack(server: str, data: bytes) -> None:
        client = await RawClient.connect(server)
        client.write(data)
        with contextlib.suppress(ConnectionError):
            await client.frame()
        client.close()

    async def story() -> None:
        async with EmbeddedCluster(topics={"t": 1}) as cluster:
            server = cluster.bootstrap_servers[0]
            good = await RawClient.connect(server)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            for _ in range(10):
                attacks = (attack(server, data) for data in list(HOSTILE.values()) * 5)
                await asyncio.gather(*attacks)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            await good.send(MetadataRequest(), 9)
            assert cluster.count(ProduceRequest) == 0
            good.close()
            assert grown < 50_000

    asyncio.run(story())


def test_a_client_that_announces_much_and_sends_little_costs_little() -> None:
    async def story() -> None:
        async with EmbeddedCluster() as cluster:
            server = cluster.bootstrap_servers[0]
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            slow = [await RawClient.connect(server) for _ in range(50)]
            for client in slow:
                client.write((90_000_000).to_bytes(4) + b"\0\0")
            good = await RawClient.connect(server)
            await good.send(MetadataRequest(), 9)
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            for client in [*slow, good]:
                client.close()
            # 4.5 GB were announced; what is set aside for each is about 1 MB.
            assert grown < 100_000

    asyncio.run(story())
