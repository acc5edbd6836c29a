"""Faults of other clients, about reading, and about calls after the end.

The comment at the top of a test names the report it comes from: a client's repository and number.
"""

from __future__ import annotations

import asyncio
import sys
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

import pytest

from kafka import KafkaConsumer
from kafka.consumer.async_consumer import AsyncKafkaConsumer
from kafka.errors import IllegalStateError, UnsupportedCodecError
from kafka.record.batch import build_batch, encode_records
from kafka.record.compression import Codec
from kafka.structs import OffsetAndMetadata
from test.broker.consumer_support import T0, consumer, read, values
from test.support.embedded import batch
from test.support.group_stories import both_protocols, member, poll_until
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing import EmbeddedCluster


def add_batch(cluster: EmbeddedCluster, data: bytes) -> None:
    """Append a batch as it is; on the cluster's loop."""
    partition = cluster.control.state.existing("t", 0)
    partition.log.append_internal(data, leader_epoch=partition.leader_epoch)
    cluster.control.changed.fire()


async def test_records_of_an_older_leader_epoch_are_read_by_polls_alone() -> None:
    # kafka-python 3106
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        for _ in range(5):
            cluster.bump_leader_epoch("t", 0)
        cluster.append("t", b"a", b"b")
        async with consumer(cluster, "t", metadata_max_age_ms=2000, max_poll_records=1) as reader:
            assert values(await read(reader, 1)) == [b"a"]
            cluster.bump_leader_epoch("t", 0)
            cluster.bump_leader_epoch("t", 0)
            await asyncio.sleep(5)
            cluster.append("t", b"c")
            assert values(await read(reader, 2)) == [b"b", b"c"]


@pytest.mark.parametrize("sessions", [True, False])
async def test_no_partition_leaves_the_fetch_session_unnoticed(sessions: bool) -> None:
    # kafka-python 2575
    async with cluster_of() as cluster:
        cluster.create_topic("t", 4)
        async with consumer(cluster, enable_incremental_fetch_sessions=sessions) as reader:
            tps = [T0._replace(partition=n) for n in await reader.partitions_for_topic("t")]
            reader.assign(tps)
            for tp in tps:
                reader.seek(tp, 0)
            for round_ in range(8):
                tp = tps[round_ % 4]
                # The answer is about one partition of the session only.
                cluster.append("t", b"%d" % round_, partition=tp.partition)
                assert values(await read(reader, 1)) == [b"%d" % round_]
                assert await reader.partitions_for_topic("t") == {0, 1, 2, 3}


async def test_offsets_that_compaction_has_emptied_are_passed() -> None:
    # kafka-python 1701
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        records = encode_records([1, 1], [None, None], [b"a", b"b"])
        stamps: dict[str, Any] = {"base_timestamp": 1, "max_timestamp": 1}
        add_batch(cluster, build_batch(records, count=2, last_offset_delta=9, **stamps))
        add_batch(cluster, build_batch(b"", count=0, last_offset_delta=4, **stamps))
        async with consumer(cluster, "t") as reader:
            assert values(await read(reader, 2)) == [b"a", b"b"]
            await poll_until(reader, lambda: reader.current_lag(T0) == 0)
            assert await reader.position(T0) == 15
            cluster.append("t", b"c")
            assert [(r.offset, r.value) for r in await read(reader, 1)] == [(15, b"c")]


async def test_missing_library_is_an_error_of_poll_and_the_position_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # kafka-python 1033
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        cluster.append("t", b"a")
        add_batch(cluster, batch(b"b" * 100, codec=Codec.ZSTD))
        cluster.append("t", b"c")
        async with consumer(cluster, "t") as reader:
            with monkeypatch.context() as patch:
                patch.setitem(sys.modules, "zstandard", None)
                assert values(await read(reader, 1)) == [b"a"]
                for _ in range(2):
                    with pytest.raises(UnsupportedCodecError, match="zstandard"):
                        await reader.poll(1000)
                assert await reader.position(T0) == 1
            reader.seek(T0, 2)
            assert values(await read(reader, 1)) == [b"c"]
            reader.seek(T0, 1)
            assert values(await read(reader, 2)) == [b"b" * 100, b"c"]


# -- calls after the end -------------------------------------------------------------------------

# They say what was, or do nothing.
HARMLESS: Final = {
    "assignment", "bootstrap_connected", "close", "group_metadata", "metrics", "paused", "stop",
    "subscription", "wakeup",
}  # fmt: skip
ARGUMENTS: Final[dict[str, tuple[object, ...]]] = {
    "assign": ([T0],),
    "beginning_offsets": ([T0],),
    "commit": ({T0: OffsetAndMetadata(1, "", -1)},),
    "committed": (T0,),
    "current_lag": (T0,),
    "end_offsets": ([T0],),
    "highwater": (T0,),
    "offsets_for_times": ({T0: 0},),
    "partitions_for_topic": ("t",),
    "pause": (T0,),
    "position": (T0,),
    "resume": (T0,),
    "seek": (T0, 0),
    "subscribe": (["t"],),
}


def methods(face: type) -> list[str]:
    names = (name for name in dir(face) if not name.startswith("_"))
    return sorted(name for name in names if callable(getattr(face, name)))


@both_protocols
@pytest.mark.parametrize("name", methods(AsyncKafkaConsumer))
async def test_method_of_a_closed_async_consumer_ends_at_once(name: str, protocol: str) -> None:
    # confluent-kafka-python 1942, 255
    async with cluster_of() as cluster:
        cluster.create_topic("t")
        reader = member(cluster, protocol)
        await reader.start()
        reader.subscribe(["t"])
        await poll_until(reader, reader.assignment)
        await reader.close()

        async def call() -> None:
            result = getattr(reader, name)(*ARGUMENTS.get(name, ()))
            if isawaitable(result):
                await result

        if name in HARMLESS:
            await call()
        else:
            with pytest.raises(IllegalStateError):
                await call()


@pytest.mark.parametrize("name", methods(KafkaConsumer))
def test_method_of_a_closed_blocking_consumer_ends_at_once(
    name: str, cluster: EmbeddedCluster
) -> None:
    # confluent-kafka-python 1942, 255
    reader = KafkaConsumer("t", bootstrap_servers=cluster.bootstrap_servers, group_id="g")
    while not reader.assignment():
        reader.poll(100)
    reader.close()
    call: Callable[..., object] = getattr(reader, name)
    if name in HARMLESS:
        call(*ARGUMENTS.get(name, ()))
    else:
        with pytest.raises(IllegalStateError):
            call(*ARGUMENTS.get(name, ()))
