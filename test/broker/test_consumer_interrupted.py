"""Stories of Ctrl-C: a blocking consumer's call is interrupted wherever a handler can run."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from kafka import KafkaConsumer
from kafka._base.loop_thread import EventLoopThread
from kafka.structs import TopicPartition
from test.support.interruptions import interruptions
from test.support.signals import ctrl_c_raises
from test.support.waiting import A_DAY_MS, once_inside

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.testing import EmbeddedCluster

    Call = Callable[[KafkaConsumer], object]

T0 = TopicPartition("t", 0)
NAME = "kafka-interrupted-io"


def io_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def close(reader: KafkaConsumer) -> None:
    reader.close()


def poll(reader: KafkaConsumer) -> None:
    reader.poll(1)


def position(reader: KafkaConsumer) -> None:
    reader.position(T0)


def seek(reader: KafkaConsumer) -> None:
    reader.seek(T0, 0)


def pause(reader: KafkaConsumer) -> None:
    reader.pause(T0)


def end_offsets(reader: KafkaConsumer) -> None:
    reader.end_offsets([T0])


@pytest.mark.parametrize("call", [close, poll, position, seek, pause, end_offsets])
# What is raised inside a finalizer goes nowhere, and says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_after_an_interrupted_call_close_frees_everything(
    cluster: EmbeddedCluster, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    made: list[KafkaConsumer] = []

    def make() -> KafkaConsumer:
        reader = KafkaConsumer(
            bootstrap_servers=cluster.bootstrap_servers,
            client_id="interrupted",
            metrics_enabled=False,
        )
        reader.assign([T0])
        made[:] = [reader]
        return reader

    for found in interruptions(make, call):
        if call is not close:
            assert found.value.end_offsets([T0]) == {T0: 0}, found.place
        found.value.close()
        assert [thread for thread in io_threads() if thread.is_alive()] == [], found.place
    made[0].close()  # this one was not interrupted
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


@ctrl_c_raises()
def test_ctrl_c_in_the_constructor_leaves_no_thread(caplog: pytest.LogCaptureFixture) -> None:
    def interrupt() -> None:
        # A signal that comes just before a thread begins to wait does not end the wait.
        accepted.append(silent.accept()[0])
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        with once_inside(EventLoopThread.call, interrupt), pytest.raises(KeyboardInterrupt):
            KafkaConsumer(
                bootstrap_servers=f"{host}:{port}",
                bootstrap_timeout_ms=A_DAY_MS,
                client_id="interrupted",
            )
    accepted[0].close()
    assert io_threads() == []
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
