"""Commits of the blocking consumer: which thread runs what, and when."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer
from kafka.errors import GroupAuthorizationFailedError, KafkaTimeoutError, NotCoordinatorError
from kafka.protocol.messages.offset_commit import OffsetCommitRequest
from kafka.structs import OffsetAndMetadata
from kafka.testing.broker.faults import Delay
from test.broker.consumer_support import T0

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.testing import EmbeddedCluster


# Any: options of every type.
@contextmanager
def member(cluster: EmbeddedCluster, **options: Any) -> Iterator[KafkaConsumer]:
    """Run a consumer of the group ``g`` that reads ``t-0``."""
    options.setdefault("enable_auto_commit", False)
    with KafkaConsumer(
        bootstrap_servers=cluster.bootstrap_servers,
        group_id="g",
        auto_offset_reset="earliest",
        **options,
    ) as reader:
        reader.assign([T0])
        yield reader


def wait_for_commits(cluster: EmbeddedCluster, count: int) -> None:
    cluster.wait_until(lambda control: control.count(OffsetCommitRequest) >= count)


def test_group_goes_on_where_it_has_committed(cluster: EmbeddedCluster) -> None:
    cluster.append("t", b"a", b"b", b"c")
    with member(cluster) as reader:
        assert next(reader).value == b"a"
        assert next(reader).value == b"b"
        reader.commit()
        assert reader.committed(T0) == 2
        assert reader.committed([T0], metadata=True) == {T0: OffsetAndMetadata(2, "", 0)}
    with member(cluster) as reader:
        assert next(reader).value == b"c"


def test_seek_is_committed_although_the_loop_may_not_have_seen_it(
    cluster: EmbeddedCluster,
) -> None:
    with member(cluster) as reader:
        for offset in range(20):
            reader.seek(T0, offset)
            reader.commit_async()
        reader.commit()
        assert reader.committed(T0) == 19


def test_callbacks_run_in_the_next_poll_on_the_thread_that_polls(cluster: EmbeddedCluster) -> None:
    told: list[tuple[object, object, int]] = []
    with member(cluster) as reader:
        future = reader.commit_async(
            {T0: OffsetAndMetadata(2)},
            lambda offsets, error: told.append((offsets, error, threading.get_ident())),
        )
        wait_for_commits(cluster, 1)
        assert (told, future.is_done) == ([], False)
        while not told:
            reader.poll(1000)
        assert told == [({T0: OffsetAndMetadata(2)}, None, threading.get_ident())]
        assert future.succeeded()


def test_poll_that_waits_runs_the_callback_and_goes_on(cluster: EmbeddedCluster) -> None:
    told = threading.Event()
    with member(cluster) as reader:
        cluster.inject(OffsetCommitRequest, Delay(0.2))
        reader.commit_async({T0: OffsetAndMetadata(2)}, lambda *_: told.set())

        def append() -> None:
            told.wait()
            cluster.append("t", b"a")

        helper = threading.Thread(target=append)
        helper.start()
        assert [r.value for r in reader.poll(60_000)[T0]] == [b"a"]
        helper.join()


def test_callbacks_of_earlier_commits_run_in_commit(cluster: EmbeddedCluster) -> None:
    told: list[object] = []
    with member(cluster) as reader:
        cluster.fail(OffsetCommitRequest, NotCoordinatorError, topic="t", times=2)
        for offset in (1, 2):
            reader.commit_async({T0: OffsetAndMetadata(offset)}, lambda *given: told.append(given))
        reader.commit({T0: OffsetAndMetadata(3)})
        assert told == [({T0: OffsetAndMetadata(1)}, None), ({T0: OffsetAndMetadata(2)}, None)]
        assert reader.committed(T0) == 3


def test_callbacks_run_in_close_and_may_be_asked_for_their_outcome(
    cluster: EmbeddedCluster,
) -> None:
    told: list[object] = []
    with member(cluster) as reader:
        cluster.fail(OffsetCommitRequest, GroupAuthorizationFailedError, topic="t")
        future = reader.commit_async({T0: OffsetAndMetadata(1)}, lambda *given: told.append(given))
    assert isinstance(future.exception, GroupAuthorizationFailedError)
    assert told == [({T0: OffsetAndMetadata(1)}, future.exception)]


def test_failing_callback_is_logged_and_stops_nothing(
    cluster: EmbeddedCluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.append("t", b"a")
    with member(cluster) as reader:
        reader.commit_async({T0: OffsetAndMetadata(0)}, lambda *_: 1 / 0)
        reader.commit({T0: OffsetAndMetadata(0)})
        assert next(reader).value == b"a"
    assert "ZeroDivisionError" in caplog.text


def test_commit_by_interval_leaves_out_the_record_in_work(cluster: EmbeddedCluster) -> None:
    number = 0
    with member(cluster, enable_auto_commit=True, auto_commit_interval_ms=50) as reader:
        while not cluster.count(OffsetCommitRequest):
            cluster.append("t", *[b"v"] * 50)
            for _ in range(50):
                assert next(reader).offset == number
                number += 1
        assert cluster.group("g").offsets[T0] < number
    with member(cluster) as reader:
        assert reader.committed(T0) == number


def test_commit_keeps_its_time_out(cluster: EmbeddedCluster) -> None:
    with member(cluster) as reader:
        # A busy machine may take all of the time to get there.
        cluster.inject(OffsetCommitRequest, Delay(5), optional=True)
        with pytest.raises(KafkaTimeoutError, match="has not answered"):
            reader.commit({T0: OffsetAndMetadata(1)}, timeout_ms=200)


def test_close_without_autocommit_commits_nothing(cluster: EmbeddedCluster) -> None:
    cluster.append("t", b"a")
    with member(cluster, enable_auto_commit=True) as reader:
        next(reader)
        reader.close(autocommit=False)
    assert cluster.count(OffsetCommitRequest) == 0
