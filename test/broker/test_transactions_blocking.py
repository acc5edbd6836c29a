"""Stories of transactions of the blocking producer: threads, callbacks, forks, the loop."""

from __future__ import annotations

import os
import threading
import traceback
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    IllegalStateError,
    KafkaError,
    KafkaTimeoutError,
    ProducerFencedError,
    TransactionAbortableError,
    TransactionAbortedError,
)
from test.support.reading import read_values
from test.support.stage import cluster_of
from test.support.waiting import A_DAY_MS, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.producer.future import FutureRecordMetadata
    from kafka.testing import EmbeddedCluster


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of(topics={"t": 2, "in": 1}) as running:
        yield running


def transactional(cluster: EmbeddedCluster, **options: object) -> KafkaProducer:
    """Return a producer that is ready for transactions."""
    producer = KafkaProducer(
        bootstrap_servers=cluster.bootstrap_servers, transactional_id="tx", **options
    )
    producer.init_transactions()
    return producer


def visible(cluster: EmbeddedCluster) -> list[bytes]:
    """Return what a read_committed consumer finds in "t", in order."""
    servers = cluster.bootstrap_servers
    found = [read_values(servers, "t", "read_committed", number) for number in range(2)]
    return sorted(value or b"" for values in found for value in values)


def test_calls_wait_for_their_end(cluster: EmbeddedCluster) -> None:
    with transactional(cluster, linger_ms=1000) as producer:
        producer.begin_transaction()
        kept = producer.send("t", b"kept")
        producer.commit_transaction()
        assert kept.succeeded()
        producer.begin_transaction()
        dropped = producer.send("t", b"dropped")
        producer.abort_transaction()
        assert isinstance(dropped.exception, TransactionAbortedError)
        with pytest.raises(IllegalStateError, match=r"call begin_transaction\(\) first"):
            producer.send("t", b"late")
        with pytest.raises(IllegalStateError, match=r"call begin_transaction\(\) first"):
            producer.send_many("t", [b"late"])
        with pytest.raises(IllegalStateError, match=r"call begin_transaction\(\) first"):
            producer.send("a topic not used before", b"late")
    assert visible(cluster) == [b"kept"]


def test_time_outs_are_numbers_of_milliseconds(cluster: EmbeddedCluster) -> None:
    with transactional(cluster) as producer:
        producer.begin_transaction()
        with pytest.raises(TypeError, match="milliseconds"):
            producer.commit_transaction(timeout_ms="1")  # type: ignore[arg-type] # that is the point
        with pytest.raises(ValueError, match="negative"):
            producer.commit_transaction(timeout_ms=-1)
        producer.commit_transaction()


def test_time_out_leaves_a_call_that_goes_on(cluster: EmbeddedCluster) -> None:
    with transactional(cluster) as producer:
        producer.begin_transaction()
        producer.send("t", b"x").get(60)
        cluster.control.freeze(0)
        with pytest.raises(KafkaTimeoutError, match="call it again"):
            producer.commit_transaction(timeout_ms=100)
        cluster.control.thaw(0)
        producer.commit_transaction()
    assert visible(cluster) == [b"x"]


def test_callback_may_not_end_the_transaction_it_belongs_to(cluster: EmbeddedCluster) -> None:
    # It lingers until the callback is there: one that comes later runs in the thread that adds it.
    with transactional(cluster, linger_ms=A_DAY_MS, delivery_timeout_ms=2 * A_DAY_MS) as producer:
        refused: list[BaseException] = []

        def end(_: object) -> None:
            for call in (producer.commit_transaction, producer.abort_transaction):
                try:
                    call()
                except IllegalStateError as error:
                    refused.append(error)

        producer.begin_transaction()
        producer.send("t", b"x").add_callback(end)
        producer.commit_transaction()
        assert ["inside a delivery callback" in str(error) for error in refused] == [True, True]


def test_each_record_of_many_threads_belongs_to_one_transaction(cluster: EmbeddedCluster) -> None:
    with transactional(cluster) as producer:
        sent: list[tuple[bytes, FutureRecordMetadata]] = []
        done, opened = threading.Event(), threading.Event()

        def work(number: int) -> None:
            count = 0
            while not done.is_set():
                value = b"%d/%d" % (number, count)
                try:
                    future = producer.send("t", value)
                except KafkaError:
                    opened.wait(1)
                    continue
                sent.append((value, future))
                count += 1

        threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(6):
                before = len(sent)
                producer.begin_transaction()
                opened.set()
                until(lambda before=before: len(sent) > before + 20)
                if turn % 3:
                    producer.commit_transaction()
                else:
                    producer.abort_transaction()
                opened.clear()
                assert all(future.is_done for _, future in list(sent))
        finally:
            done.set()
            opened.set()
            for thread in threads:
                thread.join()
        failed = {value for value, future in sent if future.failed()}
        found = visible(cluster)
        assert len(found) == len(set(found))
        assert failed.isdisjoint(found)
        stored = {record.value for record in cluster.records("t")}
        assert stored == {value for value, future in sent if future.succeeded()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_transaction_stays_with_the_parent_of_a_fork(cluster: EmbeddedCluster) -> None:
    with transactional(cluster) as producer:
        producer.begin_transaction()
        producer.send("t", b"of the parent")
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                for call in (producer.commit_transaction, producer.abort_transaction):
                    with pytest.raises(IllegalStateError, match="this one was forked from"):
                        call()
                with pytest.raises(IllegalStateError, match="this one was forked from"):
                    producer.send("t", b"of the child")
                status = 0
            except BaseException:  # noqa: BLE001 - shown, as nobody else sees it
                traceback.print_exc()
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        producer.commit_transaction()
    assert visible(cluster) == [b"of the parent"]


def test_loop_over_single_records_counts_each_once(cluster: EmbeddedCluster) -> None:
    cluster.append("in", *[b"%d" % number for number in range(6)])
    failures = {b"2": 2, b"4": 1}
    with (
        transactional(cluster) as producer,
        KafkaConsumer(
            "in",
            bootstrap_servers=cluster.bootstrap_servers,
            group_id="g",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        ) as consumer,
    ):
        # Three of them come again: their transactions fail.
        for record in islice(consumer, 6 + 3):
            with suppress(ZeroDivisionError), producer.transaction(consumer):
                producer.send("t", record.value)
                if failures.get(record.value):
                    failures[record.value] -= 1
                    1 / 0  # noqa: B018 - fails, as programs do
        assert failures == {b"2": 0, b"4": 0}
    assert visible(cluster) == [b"%d" % number for number in range(6)]


def test_fenced_producer_can_be_closed(cluster: EmbeddedCluster) -> None:
    old = transactional(cluster)
    old.begin_transaction()
    with transactional(cluster) as new:
        with pytest.raises(KafkaError):
            old.send("t", b"x").get(60)
        with pytest.raises(ProducerFencedError):
            old.abort_transaction()
        old.close()
        with new.transaction():
            new.send("t", b"y")
    assert visible(cluster) == [b"y"]


def test_consumer_that_could_not_go_back_does_so_before_the_next_transaction(
    cluster: EmbeddedCluster,
) -> None:
    cluster.append("in", b"x")
    reader = KafkaConsumer(
        "in",
        bootstrap_servers=cluster.bootstrap_servers,
        group_id="g",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    with reader, transactional(cluster) as producer:
        until(lambda: reader.poll(timeout_ms=500))
        cluster.fail("OffsetFetch", "GROUP_AUTHORIZATION_FAILED")
        with pytest.raises(ZeroDivisionError), producer.transaction(reader):
            raise ZeroDivisionError
        with (
            pytest.raises(TransactionAbortableError, match="poll again"),
            producer.transaction(reader),
        ):
            pytest.fail("the block was entered")
        until(lambda: reader.poll(timeout_ms=500))
        with producer.transaction(reader):
            producer.send("t", b"x")
        assert reader.committed(TopicPartition("in", 0)) == 1
    assert visible(cluster) == [b"x"]
