"""Groups with the blocking face: listeners on the polling thread, close from another thread."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.errors import IllegalStateError
from kafka.structs import OffsetAndMetadata, TopicPartition
from test.support.blocking_groups import ALL, TPS, member, poll_until, with_records
from test.support.group_stories import AsyncNoting, Noting, both_protocols
from test.support.stage import cluster_of
from test.support.waiting import A_DAY_MS, is_inside, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.testing import EmbeddedCluster


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of() as running:
        with_records(running)
        yield running


@both_protocols
def test_the_listener_runs_on_the_polling_thread_and_may_use_the_consumer(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()
    with member(cluster, protocol) as reader:
        threads: list[threading.Thread] = []

        def use(what: str) -> None:
            threads.append(threading.current_thread())
            if what != "assigned":
                return
            assert reader.assignment() == ALL
            assert reader.beginning_offsets(TPS) == dict.fromkeys(TPS, 0)
            assert reader.committed(TPS[0]) is None
            assert [reader.position(tp) for tp in TPS] == [0, 0, 0, 0]
            reader.seek(TPS[0], 4)
            reader.pause(TPS[1])
            reader.commit({TPS[2]: OffsetAndMetadata(2, "", -1)})
            assert reader.committed(TPS[2]) == 2

        listener.on_call = use
        reader.subscribe(["t"], listener=listener)
        seen: dict[TopicPartition, list[int]] = {}
        while sum(map(len, seen.values())) < 11:
            for tp, records in reader.poll(1000).items():
                seen.setdefault(tp, []).extend(record.offset for record in records)
        assert seen == {TPS[0]: [4], TPS[2]: list(range(5)), TPS[3]: list(range(5))}
        assert reader.paused() == {TPS[1]}
    assert set(threads) == {threading.current_thread()}
    assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]


@both_protocols
def test_an_async_listener_runs_to_its_end_on_the_polling_thread(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = AsyncNoting()
    threads: list[threading.Thread] = []

    async def wait_a_bit() -> None:
        await asyncio.sleep(0)
        threads.append(threading.current_thread())

    listener.on_call = lambda _: wait_a_bit()
    with member(cluster, protocol) as reader:
        reader.subscribe(["t"], listener=listener)
        poll_until(reader, lambda: threads)
    assert set(threads) == {threading.current_thread()}


@both_protocols
def test_an_iterator_goes_through_a_rebalance_and_loses_nothing(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    seen: list[tuple[int, int]] = []
    over = threading.Event()

    def work() -> None:
        with member(cluster, protocol, consumer_timeout_ms=100) as other:
            other.subscribe(["t"])
            while not over.is_set():
                seen.extend((record.partition, record.offset) for record in other)

    with member(cluster, protocol, consumer_timeout_ms=100) as reader:
        reader.subscribe(["t"])
        while len(seen) < 20:
            seen.extend((record.partition, record.offset) for record in reader)
        thread = threading.Thread(target=work)
        thread.start()
        while len(reader.assignment()) != 2:
            seen.extend((record.partition, record.offset) for record in reader)
        for number in range(4):
            cluster.append("t", b"new", partition=number)
        while len(seen) < 24:
            seen.extend((record.partition, record.offset) for record in reader)
        over.set()
        thread.join()
    assert sorted(seen) == [(number, offset) for number in range(4) for offset in range(6)]


@both_protocols
def test_what_was_consumed_is_committed_on_close_and_the_next_one_goes_on(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    with member(cluster, protocol, max_poll_records=3) as reader:
        reader.subscribe(["t"])
        found: list[object] = []
        while not found:
            for records in reader.poll(1000).values():
                found += records
    with member(cluster, protocol) as reader:
        reader.subscribe(["t"])
        while len(found) < 20:
            for records in reader.poll(1000).values():
                found += records
        assert reader.poll(200) == {}
    assert len({(r.partition, r.offset) for r in found}) == 20  # type: ignore[attr-defined] # records


@both_protocols
def test_unsubscribe_calls_the_listener_and_commits(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()
    with member(cluster, protocol) as reader:
        reader.subscribe(["t"], listener=listener)
        count = 0
        while count < 20:
            count += sum(map(len, reader.poll(1000).values()))
        reader.unsubscribe()
        assert listener.heard == ["assigned 0 1 2 3", "revoked 0 1 2 3"]
        assert (reader.assignment(), reader.subscription()) == (set(), None)
        assert reader.committed(TPS) == dict.fromkeys(TPS, 5)


@both_protocols
def test_close_from_another_thread_ends_the_poll_and_runs_the_listener_there(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()
    reader = member(cluster, protocol)
    reader.subscribe(["t"], listener=listener)
    count = 0
    while count < 20:
        count += sum(map(len, reader.poll(1000).values()))
    listener.on_call = lambda _: threads.append(threading.current_thread())
    threads: list[threading.Thread] = []
    polling = threading.Thread(target=reader.poll, args=(A_DAY_MS,))
    polling.start()
    until(lambda: is_inside(FetchBuffer.wait, polling.ident))
    reader.close()
    polling.join()
    assert threads == [threading.current_thread()]
    assert listener.heard[-1] == "revoked 0 1 2 3"


@both_protocols
def test_close_from_another_thread_ends_a_question(cluster: EmbeddedCluster, protocol: str) -> None:
    listener = Noting()
    reader = member(cluster, protocol, default_api_timeout_ms=A_DAY_MS)
    reader.subscribe(["t"], listener=listener)
    poll_until(reader, lambda: reader.assignment() == ALL)
    errors: list[BaseException] = []

    def ask() -> None:
        try:
            reader.end_offsets([TopicPartition("missing", 0)])
        except IllegalStateError as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    until(lambda: is_inside(EventLoopThread.call, asking.ident))
    reader.close(timeout_ms=A_DAY_MS)
    asking.join()
    assert "closed" in str(errors)
    assert listener.heard[-1] == "revoked 0 1 2 3"


@both_protocols
def test_close_leaves_without_the_listener_if_the_other_thread_stays_in_its_call(
    cluster: EmbeddedCluster, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Noting()
    stuck, go_on = threading.Event(), threading.Event()

    def hang(what: str) -> None:
        stuck.set()
        go_on.wait()

    listener.on_call = hang
    reader = member(cluster, protocol)
    reader.subscribe(["t"], listener=listener)
    polling = threading.Thread(target=reader.poll, args=(A_DAY_MS,), name="the-poller")
    polling.start()
    stuck.wait()
    with caplog.at_level(logging.WARNING):
        reader.close(timeout_ms=500)
    assert "leaves its group without the rebalance listener: thread 'the-poller'" in caplog.text
    go_on.set()
    polling.join()
    assert listener.heard == ["assigned 0 1 2 3"]


def test_use_by_two_threads_names_both(cluster: EmbeddedCluster) -> None:
    with member(cluster, "classic") as reader:
        reader.assign([TPS[0]])
        reader.seek_to_end(TPS[0])
        polling = threading.Thread(target=reader.poll, args=(A_DAY_MS,), name="the-poller")
        polling.start()
        until(lambda: is_inside(FetchBuffer.wait, polling.ident))
        mine = threading.current_thread().name
        with pytest.raises(IllegalStateError, match=f"'the-poller' is in a call.*'{mine}'"):
            reader.position(TPS[0])
        reader.close()
        polling.join()


@both_protocols
def test_an_exception_that_leaves_with_is_not_hidden_by_the_listener(
    cluster: EmbeddedCluster, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Noting()

    def fail(what: str) -> None:
        if what == "revoked":
            raise RuntimeError("from the listener")

    listener.on_call = fail

    def work() -> None:
        with member(cluster, protocol) as reader:
            reader.subscribe(["t"], listener=listener)
            poll_until(reader, lambda: reader.assignment() == ALL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert "from the listener" in caplog.text


@both_protocols
def test_close_raises_what_the_listener_raised_and_has_closed(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()

    def fail(what: str) -> None:
        if what == "revoked":
            raise RuntimeError("from the listener")

    listener.on_call = fail
    reader = member(cluster, protocol)
    reader.subscribe(["t"], listener=listener)
    poll_until(reader, lambda: reader.assignment() == ALL)
    with pytest.raises(RuntimeError, match="from the listener"):
        reader.close()
    with pytest.raises(IllegalStateError, match="closed"):
        reader.poll()


@both_protocols
def test_a_listener_may_commit_while_the_consumer_closes(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()
    with member(cluster, protocol, enable_auto_commit=False) as reader:
        reader.subscribe(["t"], listener=listener)
        while not reader.poll(A_DAY_MS):
            pass
        listener.on_call = lambda what: reader.commit() if what == "revoked" else None
    assert sum(cluster.group("g").offsets.values()) > 0


@both_protocols
def test_close_inside_a_listener_leaves(cluster: EmbeddedCluster, protocol: str) -> None:
    listener = Noting()
    reader = member(cluster, protocol)
    reader.subscribe(["t"], listener=listener)
    listener.on_call = lambda _: reader.close()
    assert reader.poll(A_DAY_MS) == {}
    assert listener.heard == ["assigned 0 1 2 3"]


@pytest.mark.parametrize("leave_group", [1, "yes"])
def test_leave_group_is_a_bool(cluster: EmbeddedCluster, leave_group: Any) -> None:
    with (
        member(cluster, "classic") as reader,
        pytest.raises(TypeError, match="leave_group must be True, False or None"),
    ):
        reader.close(leave_group=leave_group)


@both_protocols
def test_a_listener_that_waits_without_end_for_records_is_told_why_none_come(
    cluster: EmbeddedCluster, protocol: str
) -> None:
    listener = Noting()
    found: list[BaseException] = []
    with member(cluster, protocol) as reader:

        def wait(what: str) -> None:
            if what == "assigned":
                with pytest.raises(IllegalStateError, match="withheld until it returns") as raised:
                    next(reader)
                found.append(raised.value)

        listener.on_call = wait
        reader.subscribe(["t"], listener=listener)
        assert reader.poll(A_DAY_MS)
    assert len(found) == 1
