"""The page on transactions: every program and snippet of it works as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaTimeoutError, ProducerFencedError, TransactionAbortableError
from test.support.reading import read_values
from test.support.stage import cluster_of
from test.support.waiting import A_DAY_MS, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.structs import ConsumerRecord
    from kafka.testing import EmbeddedCluster, MockProducer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/exactly_once.rst").read_text(encoding="utf-8")
BLOCKS = [
    textwrap.dedent(block).rstrip() + "\n"
    for block in re.findall(r"\.\. code-block:: python\n\n((?:   .*\n|\n)+)", PAGE)
]
FIRST, LOOP, ASYNC_LOOP, BY_HAND, DOUBLE = BLOCKS
INVOICES = sorted(b"invoice for %d" % number for number in range(20))


NUMBERS = sorted(b"%d" % number for number in range(20))
TOPICS = {"orders": 4, "invoices": 2, "ledger": 1}
ORDERS = [TopicPartition("orders", number) for number in range(4)]


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics=TOPICS) as running:
        for number in range(20):
            running.append("orders", b"%d" % number, partition=number % 4)
        yield running


def visible(cluster: EmbeddedCluster, topic: str) -> list[bytes]:
    """Return what a read_committed consumer finds, in order."""
    servers, partitions = cluster.bootstrap_servers, TOPICS[topic]
    found = [read_values(servers, topic, "read_committed", n) for n in range(partitions)]
    return sorted(value or b"" for values in found for value in values)


def start(block: str, cluster: EmbeddedCluster, directory: Path) -> subprocess.Popen[bytes]:
    """Run a program of the page as a process of its own."""
    program = directory / "program.py"
    program.write_text(block.replace("localhost:9092", cluster.bootstrap_servers[0]))
    return subprocess.Popen(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
    )


@contextmanager
def by_hand(
    cluster: EmbeddedCluster, **options: object
) -> Iterator[tuple[KafkaConsumer, KafkaProducer]]:
    """Make what the loop by hand takes."""
    consumer = KafkaConsumer(
        "orders",
        bootstrap_servers=cluster.bootstrap_servers,
        group_id="billing",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        isolation_level="read_committed",
    )
    producer = KafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, transactional_id="billing-1", **options
    )
    with consumer, producer:
        producer.init_transactions()
        yield consumer, producer


def run_by_hand(
    consumer: KafkaConsumer,
    producer: KafkaProducer,
    batches: dict[TopicPartition, list[ConsumerRecord]],
) -> None:
    names = {"producer": producer, "consumer": consumer, "batches": batches}
    exec(compile(BY_HAND, "docs/exactly_once.rst", "exec"), names)


def test_first_program_writes_to_both_topics(cluster: EmbeddedCluster, tmp_path: Path) -> None:
    assert start(FIRST, cluster, tmp_path).wait(100) == 0
    assert visible(cluster, "invoices") == [b"4711"]
    assert visible(cluster, "ledger") == [b"-4711"]


@pytest.mark.parametrize("block", [LOOP, ASYNC_LOOP], ids=["blocking", "async"])
def test_loop_writes_each_invoice_once(
    cluster: EmbeddedCluster, tmp_path: Path, block: str
) -> None:
    program = start(block, cluster, tmp_path)
    try:
        until(lambda: "billing" in cluster.groups())
        until(lambda: sum(cluster.group("billing").offsets.values()) == 20)
    finally:
        program.kill()
        program.wait()
    assert visible(cluster, "invoices") == INVOICES


def test_loop_by_hand_goes_back_after_an_abort(cluster: EmbeddedCluster) -> None:
    with by_hand(cluster) as (consumer, producer):
        tries = done = 0
        while done < 20:
            batches = consumer.poll(timeout_ms=500)
            fails = bool(batches) and tries == 0
            if fails:
                cluster.fail("Produce", "INVALID_RECORD", topic="invoices")
            run_by_hand(consumer, producer, batches)
            tries += bool(batches)
            done += 0 if fails else sum(map(len, batches.values()))
        assert set(consumer.committed(ORDERS).values()) == {5}
    assert visible(cluster, "invoices") == NUMBERS


@pytest.mark.parametrize("fails", [False, True], ids=["commits", "fails"])
def test_commit_by_hand_that_timed_out_goes_on_as_the_page_says(
    cluster: EmbeddedCluster, fails: bool
) -> None:
    with by_hand(cluster, max_block_ms=2000) as (consumer, producer):
        batches: dict[TopicPartition, list[ConsumerRecord]] = {}
        while sum(map(len, batches.values())) < 20:
            for tp, records in consumer.poll(timeout_ms=500).items():
                batches.setdefault(tp, []).extend(records)
        cluster.fail("EndTxn", "CONCURRENT_TRANSACTIONS", times=None)
        with pytest.raises(KafkaTimeoutError):
            run_by_hand(consumer, producer, batches)
        cluster.clear_faults()
        if fails:
            cluster.fail("EndTxn", "TRANSACTION_ABORTABLE")
            with pytest.raises(TransactionAbortableError):
                producer.commit_transaction(timeout_ms=A_DAY_MS)
            producer.abort_transaction(timeout_ms=A_DAY_MS)
            consumer.rewind()
            assert [consumer.position(tp) for tp in ORDERS] == [0, 0, 0, 0]
        else:
            producer.commit_transaction(timeout_ms=A_DAY_MS)
            assert set(consumer.committed(ORDERS).values()) == {5}
    assert visible(cluster, "invoices") == ([] if fails else NUMBERS)


def test_double_plays_transactions() -> None:
    names: dict[str, MockProducer] = {}
    exec(compile(DOUBLE, "docs/exactly_once.rst", "exec"), names)
    with pytest.raises(ProducerFencedError):
        names["mock"].begin_transaction()
