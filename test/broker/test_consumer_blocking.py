"""The blocking face, over TCP and with threads."""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import threading
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from kafka import KafkaConsumer
from kafka._base.loop_thread import EventLoopThread
from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.errors import (
    IllegalStateError,
    KafkaTimeoutError,
    NoBrokersAvailable,
    RecordDeserializationError,
    WakeupError,
)
from kafka.protocol.messages.fetch import FetchRequest
from kafka.structs import TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.signals import ctrl_c_raises
from test.support.stage import cluster_of, port_of
from test.support.waiting import A_DAY_MS, is_inside, once_inside, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T0, T1 = TopicPartition("t", 0), TopicPartition("t", 1)


@pytest.fixture
def cluster() -> Iterator[EmbeddedCluster]:
    with cluster_of() as running:
        running.create_topic("t", 2)
        running.append("t", *[b"%d" % n for n in range(10)])
        yield running


# Any: options of every type.
def consumer(cluster: EmbeddedCluster, *topics: str, **options: Any) -> KafkaConsumer:
    options.setdefault("auto_offset_reset", "earliest")
    options.setdefault("consumer_timeout_ms", A_DAY_MS)
    options.setdefault("fetch_max_wait_ms", 50)
    return KafkaConsumer(*topics, bootstrap_servers=cluster.bootstrap_servers, **options)


def offsets(reader: KafkaConsumer, count: int) -> list[int]:
    """Return the offsets of the next records of an iteration."""
    return [record.offset for record in islice(reader, count)]


def fill_the_buffer(reader: KafkaConsumer) -> int:
    """Return the offset of the first record; all the others are in the buffer then.

    So a consumer that gives up soon when nothing comes returns them, on any machine.
    """
    (record,) = reader.poll(A_DAY_MS, max_records=1)[T0]
    return record.offset


def test_iterating_returns_every_record(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        assert [int(record.value) for record in islice(reader, 10)] == list(range(10))


def test_iterating_ends_when_nothing_comes(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t", consumer_timeout_ms=100) as reader:
        assert fill_the_buffer(reader) == 0
        assert [record.offset for record in reader] == list(range(1, 10))


def test_poll_returns_lists_by_partition(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        polled = reader.poll(A_DAY_MS, max_records=3)
        assert [record.offset for record in polled[T0]] == [0, 1, 2]


def test_both_faces_of_a_record_are_consumed_once(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        seen = [next(reader).offset]
        seen += [record.offset for record in reader.poll(A_DAY_MS, max_records=4)[T0]]
        seen += offsets(reader, 5)
        assert seen == list(range(10))


def test_position_inside_a_loop_is_behind_the_record_at_hand(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        for record in islice(reader, 10):
            assert reader.position(T0) == record.offset + 1


def test_position_after_a_loop_was_left_is_behind_the_last_record(
    cluster: EmbeddedCluster,
) -> None:
    with consumer(cluster, "t") as reader:
        for record in reader:
            if record.offset == 3:
                break
        assert reader.position(T0) == 4
        assert next(reader).offset == 4


def counted_rate(reader: KafkaConsumer) -> float:
    """Return the records per second that counted as consumed."""
    metrics: Any = reader.metrics()
    return metrics["consumer-fetch-manager-metrics"]["records-consumed-rate"]


def test_close_counts_the_record_in_hand(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        next(reader)
        assert counted_rate(reader) == 0
    assert counted_rate(reader) > 0


def test_record_in_hand_does_not_count_when_an_exception_leaves_with(
    cluster: EmbeddedCluster,
) -> None:
    with suppress(ZeroDivisionError), consumer(cluster, "t") as reader:
        next(reader)
        raise ZeroDivisionError
    assert counted_rate(reader) == 0


def test_refused_commit_counts_the_record_in_hand(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        next(reader)
        with pytest.raises(IllegalStateError, match="Requires group_id"):
            reader.commit()
        assert counted_rate(reader) > 0


def test_question_does_not_count_the_record_in_hand(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        next(reader)
        assert reader.end_offsets([T0]) == {T0: 10}
        assert counted_rate(reader) == 0
        assert next(reader).offset == 1


def test_seek_inside_a_loop_moves_it(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        seen = []
        for record in islice(reader, 4):
            seen.append(record.offset)
            if len(seen) == 2:
                reader.seek(T0, 8)
        assert seen == [0, 1, 8, 9]


def test_records_are_named_tuples_with_a_list_of_headers_each(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        first, second = next(reader), next(reader)
        first.headers.append(("seen", b"1"))
        assert (second.headers, first[0], first.serialized_header_size) == ([], "t", -1)


def test_wakeup_ends_a_waiting_poll_at_once(cluster: EmbeddedCluster) -> None:
    with consumer(cluster) as reader:
        reader.assign([T1])
        with once_inside(FetchBuffer.wait, reader.wakeup), pytest.raises(WakeupError):
            reader.poll(A_DAY_MS)


def test_wakeup_ends_a_waiting_iterator(cluster: EmbeddedCluster) -> None:
    with consumer(cluster) as reader:
        reader.assign([T1])
        with once_inside(FetchBuffer.wait, reader.wakeup), pytest.raises(WakeupError):
            next(reader)


def test_wakeup_ends_a_question(cluster: EmbeddedCluster) -> None:
    with (
        consumer(cluster, default_api_timeout_ms=A_DAY_MS) as reader,
        once_inside(EventLoopThread.call, reader.wakeup),
        pytest.raises(WakeupError),
    ):
        reader.end_offsets([TopicPartition("missing", 0)])


def test_wakeup_again_and_again_ends_one_question(cluster: EmbeddedCluster) -> None:
    def wakeup() -> None:
        for _ in range(100):
            reader.wakeup()

    with consumer(cluster, default_api_timeout_ms=A_DAY_MS) as reader:
        with once_inside(EventLoopThread.call, wakeup), pytest.raises(WakeupError):
            reader.end_offsets([TopicPartition("missing", 0)])
        # Those that came after the first call noticed end one more, all together.
        with suppress(WakeupError):
            reader.end_offsets([T0])
        assert reader.end_offsets([T0]) == {T0: 10}


def test_close_ends_a_waiting_iterator(cluster: EmbeddedCluster) -> None:
    reader = consumer(cluster)
    reader.assign([T1])
    with once_inside(FetchBuffer.wait, reader.close):
        assert list(reader) == []


def interrupt() -> None:
    """Do what the terminal does on Ctrl-C."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


@ctrl_c_raises()
def test_ctrl_c_ends_a_waiting_poll(cluster: EmbeddedCluster) -> None:
    with consumer(cluster) as reader:
        reader.assign([T1])
        with once_inside(FetchBuffer.wait, interrupt), pytest.raises(KeyboardInterrupt):
            reader.poll(A_DAY_MS)


@ctrl_c_raises()
def test_ctrl_c_ends_a_question(cluster: EmbeddedCluster) -> None:
    with (
        consumer(cluster, default_api_timeout_ms=A_DAY_MS) as reader,
        once_inside(EventLoopThread.call, interrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        reader.end_offsets([TopicPartition("missing", 0)])


def poll_until_woken(reader: KafkaConsumer) -> None:
    with suppress(WakeupError):
        reader.poll(A_DAY_MS)


def test_use_by_two_threads_at_once_is_an_error(cluster: EmbeddedCluster) -> None:
    with consumer(cluster) as reader:
        reader.assign([T1])
        polling = threading.Thread(target=poll_until_woken, args=(reader,))
        polling.start()
        until(lambda: is_inside(FetchBuffer.wait, polling.ident))
        with pytest.raises(IllegalStateError, match="multi-threaded"):
            reader.position(T1)
        reader.wakeup()
        polling.join()


def test_closed_consumer_says_so_and_closes_again(cluster: EmbeddedCluster) -> None:
    reader = consumer(cluster)
    reader.close()
    reader.close()
    with pytest.raises(IllegalStateError, match="closed"):
        reader.poll()
    with pytest.raises(IllegalStateError, match="closed"):
        reader.seek(T0, 0)
    assert list(reader) == []


def test_close_does_not_wait_for_a_fetch_that_waits(cluster: EmbeddedCluster) -> None:
    # Longer than a test may take.
    reader = consumer(cluster, fetch_max_wait_ms=400_000, request_timeout_ms=500_000)
    reader.assign([T1])
    reader.poll(0)
    until(lambda: cluster.count(FetchRequest))
    reader.close(timeout_ms=A_DAY_MS)


def test_questions_end_in_time(cluster: EmbeddedCluster) -> None:
    with (
        consumer(cluster, default_api_timeout_ms=A_DAY_MS) as reader,
        pytest.raises(KafkaTimeoutError, match="missing"),
    ):
        reader.end_offsets([TopicPartition("missing", 0)], timeout_ms=200)


def test_no_broker_is_reported_by_the_constructor() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(NoBrokersAvailable, match=str(port)):
            KafkaConsumer(bootstrap_servers=f"127.0.0.1:{port}", bootstrap_timeout_ms=200)


def test_deserializer_runs_on_the_polling_thread(cluster: EmbeddedCluster) -> None:
    threads = set()

    def note(data: bytes) -> object:
        threads.add(threading.current_thread())
        return json.loads(data)

    with consumer(cluster, "t", value_deserializer=note) as reader:
        assert [record.value for record in islice(reader, 10)] == list(range(10))
    assert threads == {threading.current_thread()}


def test_undecodable_record_can_be_sought_past_in_an_iteration(cluster: EmbeddedCluster) -> None:
    def odd_only(data: bytes) -> int:
        if int(data) == 3:
            raise ValueError("three")
        return int(data)

    with consumer(cluster, "t", value_deserializer=odd_only) as reader:
        seen = []
        while len(seen) < 9:
            try:
                seen.append(next(reader).value)
            except RecordDeserializationError as error:
                reader.seek(T0, error.offset + 1)
        assert seen == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_instrumentation_finds_what_it_reads(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        view: Any = reader  # what instrumentation reads is private by name only
        assert set(view._subscription.subscription) == {"t"}  # noqa: SLF001
        assert view._subscription._user_assignment == frozenset()  # noqa: SLF001
        assert view._metadata.controller[1:3] == ("127.0.0.1", port_of(cluster))  # noqa: SLF001
        assert reader.config["bootstrap_servers"] == cluster.bootstrap_servers
        assert KafkaConsumer.DEFAULT_CONFIG["value_deserializer"] is None
        assert "__next__" in vars(KafkaConsumer)
        assert reader.bootstrap_connected()


def test_poll_once_is_what_poll_and_the_iterator_use(
    cluster: EmbeddedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    original: Any = vars(KafkaConsumer)["_poll_once"]

    def traced(this: Any, timer: Any, limit: int, update_offsets: bool = True) -> Any:
        calls.append(update_offsets)
        return original(this, timer, limit, update_offsets=update_offsets)

    monkeypatch.setattr(KafkaConsumer, "_poll_once", traced)
    with consumer(cluster, "t") as reader:
        fill_the_buffer(reader)
        next(reader)
    assert calls[0] is True
    assert calls[-1] is False


def test_pause_and_resume_take_effect_before_they_return(cluster: EmbeddedCluster) -> None:
    seen = []
    with consumer(cluster, "t") as reader:
        fill_the_buffer(reader)
        for _ in range(9):
            reader.pause(T0)
            assert (reader.paused(), reader.poll(0)) == ({T0}, {})
            reader.resume(T0)
            assert reader.paused() == set()
            seen += [record.offset for record in reader.poll(0, max_records=1)[T0]]
    assert seen == list(range(1, 10))


def test_pause_inside_a_loop_holds_back_the_rest(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t", consumer_timeout_ms=300) as reader:
        seen = [fill_the_buffer(reader)]
        for record in reader:
            seen.append(record.offset)
            if record.offset == 4:
                reader.pause(T0)
        assert seen == [0, 1, 2, 3, 4]
        reader.resume(T0)
        assert fill_the_buffer(reader) == 5


def test_of_many_pauses_and_resumes_the_last_one_counts(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        reader.poll(A_DAY_MS)
        for _ in range(100):
            reader.pause(T0, T1)
            reader.resume(T0)
        reasons = [reader.health()[tp].reason for tp in (T0, T1)]
        assert (reasons[0] == reasons[1], reasons[1]) == (False, "paused by the application")
        cluster.append("t", b"more", partition=1)
        cluster.append("t", b"10")
        assert next(reader).value == b"10"
        assert reader.poll(300) == {}
        reader.resume(T1)
        assert next(reader).value == b"more"


def test_what_is_not_paused_is_not_resumed_by_another_partition(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        fill_the_buffer(reader)
        reader.pause(T0)
        reader.resume(T1)
        with pytest.raises(IllegalStateError, match="Unassigned partition: t-7"):
            reader.resume(T0, TopicPartition("t", 7))
        assert (reader.paused(), reader.poll(0)) == ({T0}, {})


def test_health_names_what_a_partition_waits_for(cluster: EmbeddedCluster) -> None:
    with consumer(cluster, "t") as reader:
        reader.poll(A_DAY_MS, max_records=4)
        reader.pause(T0)
        health = reader.health()[T0]
        assert (health.position, health.lag, health.reason) == (
            4,
            6,
            "paused by the application",
        )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("call", [lambda reader: reader.poll(100), next])
def test_forked_child_gets_a_clear_error(
    cluster: EmbeddedCluster, call: Callable[[KafkaConsumer], object]
) -> None:
    with consumer(cluster, "t") as reader:
        next(reader)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                call(reader)
            except IllegalStateError as error:
                code = 0 if "fork" in str(error) else 2
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert next(reader).offset == 1


def make_and_forget(cluster: EmbeddedCluster) -> None:
    consumer(cluster, client_id="forgotten")
    gc.collect()


def test_unclosed_consumer_is_warned_about(cluster: EmbeddedCluster) -> None:
    with pytest.warns(ResourceWarning, match="<KafkaConsumer .* was not closed"):
        make_and_forget(cluster)
    until(lambda: not [thread for thread in threading.enumerate() if "forgotten" in thread.name])
