"""What an async client imports, it imports before an event loop has to wait for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kafka import KafkaProducer
from kafka.testing import EmbeddedCluster

PRODUCER = """
import asyncio, sys
from {home} import AsyncKafkaProducer

async def main():
    producer = AsyncKafkaProducer(bootstrap_servers=sys.argv[1], **{options})
    before = set(sys.modules)
    async with producer:
        await (await producer.send("t", b"value", b"key"))
        await producer.send_many("t", [b"value"])
        await producer.flush()
        await producer.partitions_for("t")
    print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""

CONSUMER = """
import asyncio, sys
from {home} import AsyncKafkaConsumer

async def main():
    consumer = AsyncKafkaConsumer(
        "t", bootstrap_servers=sys.argv[1], auto_offset_reset="earliest"
    )
    before = set(sys.modules)
    async with consumer:
        await consumer.getone()
        consumer.seek_to_end()
        await consumer.end_offsets(consumer.assignment())
    print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""

ADMIN = """
import asyncio, sys
from {home} import AsyncKafkaAdminClient

async def main():
    admin = AsyncKafkaAdminClient(bootstrap_servers=sys.argv[1])
    before = set(sys.modules)
    async with admin:
        await admin.create_topics("a", wait_for_metadata=True)
        await admin.describe_topics("a")
        await admin.list_groups()
        await admin.delete_topics("a")
    print(sorted(set(sys.modules) - before))

asyncio.run(main())
"""


def run(program: str, cluster: EmbeddedCluster) -> str:
    return subprocess.run(
        [sys.executable, "-c", program, *cluster.bootstrap_servers],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


@pytest.mark.parametrize("home", ["kafka.aio", "kafka.producer.async_producer"])
@pytest.mark.parametrize("codec", [None, "gzip", "zstd"])
def test_nothing_is_imported_between_a_producer_and_its_first_records(
    cluster: EmbeddedCluster, home: str, codec: str | None
) -> None:
    if codec == "zstd":
        pytest.importorskip("zstandard")
    options = {"compression_type": codec}
    assert run(PRODUCER.format(home=home, options=options), cluster) == "[]\n"


@pytest.mark.parametrize("home", ["kafka.aio", "kafka.consumer.async_consumer"])
def test_nothing_is_imported_between_a_consumer_and_its_first_record(
    cluster: EmbeddedCluster, producer: KafkaProducer, home: str
) -> None:
    producer.send("t", b"value").get(60)
    assert run(CONSUMER.format(home=home), cluster) == "[]\n"


@pytest.mark.parametrize(
    "name", ["AsyncKafkaAdminClient", "AsyncKafkaConsumer", "AsyncKafkaProducer"]
)
def test_importing_an_async_client_leaves_nothing_for_its_constructor(
    cluster: EmbeddedCluster, name: str
) -> None:
    program = f"""
import sys
from kafka.aio import {name}
before = set(sys.modules)
{name}(bootstrap_servers=sys.argv[1])
print(sorted(name for name in set(sys.modules) - before if name.startswith("kafka.")))
"""
    assert run(program, cluster) == "[]\n"


@pytest.mark.parametrize("home", ["kafka.aio", "kafka.admin.async_client"])
def test_admin_client_imports_nothing_while_it_runs(home: str) -> None:
    with EmbeddedCluster() as cluster:
        assert run(ADMIN.format(home=home), cluster) == "[]\n"
