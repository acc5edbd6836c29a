"""Threads that share an admin client on real Kafka: no error, and nobody gets another's answer."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import OffsetAndMetadata

if TYPE_CHECKING:
    from test.support.apache_kafka import KafkaCluster

THREADS = 8


def ask_for(admin: KafkaAdminClient, topic: str, number: int) -> None:
    """Ask for what is only this thread's, and compare."""
    name, group = f"{topic}-{number}", f"group-{topic}-{number}"
    place = TopicPartition(name, 0)
    (found,) = admin.describe_topics([name])
    assert (found["name"], len(found["partitions"])) == (name, number + 1)
    admin.alter_group_offsets(group, {place: OffsetAndMetadata(0, group)})
    offsets = admin.list_group_offsets(group)
    assert list(offsets) == [group]
    assert offsets[group][place].metadata == group
    configs = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])
    assert configs["topic"][name]["retention.ms"]["value"] == str(1000 + number)
    assert list(admin.list_partition_offsets({place: -1})) == [place]


def share(kafka: KafkaCluster, topic: str, seconds: float) -> int:
    """Have `THREADS` ask for so long, and return how many rounds they did."""
    rounds: list[int] = []
    with KafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers) as admin:
        admin.create_topics(
            {
                f"{topic}-{number}": {
                    "num_partitions": number + 1,
                    "configs": {"retention.ms": str(1000 + number)},
                }
                for number in range(THREADS)
            },
            wait_for_metadata=True,
        )
        end, start = time.monotonic() + seconds, threading.Barrier(THREADS)

        def work(number: int) -> None:
            start.wait()
            while time.monotonic() < end:
                ask_for(admin, topic, number)
                rounds.append(number)

        run: Callable[[int], None] = work
        with ThreadPoolExecutor(THREADS) as pool:
            for outcome in [pool.submit(run, number) for number in range(THREADS)]:
                outcome.result()
    return len(rounds)


def test_eight_threads_share_a_client_and_warn_of_nothing(
    kafka: KafkaCluster, topic_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert share(kafka, topic_name, 3) > THREADS
    assert caplog.messages == []


@pytest.mark.long
def test_eight_threads_share_a_client_for_a_minute(kafka: KafkaCluster, topic_name: str) -> None:
    assert share(kafka, topic_name, 60) > 20 * THREADS
