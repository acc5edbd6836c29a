"""What happens to clients that nobody closes: at exit, in a forked child, when collected."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from kafka._base.at_exit import EXIT_TIMEOUT, close_open_clients
from kafka._base.lifetime import Lifetime
from kafka._base.loop_thread import EventLoopThread
from kafka.errors import KafkaTimeoutError
from test.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


class Client:
    """A blocking client that writes down what it is asked to do."""

    def __init__(self, thread: EventLoopThread, log: list[str] | None = None) -> None:
        self.log = [] if log is None else log
        self.seconds: list[float] = []
        self.parents = object()
        self.lifetime = Lifetime(thread, on_fork=self.after_fork)
        self.lifetime.close_at_exit(hurry=self.hurry, close=self.close_within)

    def __repr__(self) -> str:
        return "<Client>"

    def after_fork(self) -> object:
        self.log.append("forked")
        return self.parents

    def hurry(self) -> None:
        self.log.append("hurry")

    def close_within(self, seconds: float) -> None:
        self.log.append("close")
        self.seconds.append(seconds)


@pytest.fixture
def running() -> Iterator[EventLoopThread]:
    thread = EventLoopThread("kafka-test-io")
    thread.start()
    yield thread
    thread.stop()


def test_at_exit_all_clients_hurry_before_the_first_is_closed() -> None:
    log: list[str] = []
    clients = [Client(EventLoopThread("kafka-test-io"), log) for _ in range(2)]
    close_open_clients()
    assert log == ["hurry", "hurry", "close", "close"]
    assert all(0 < client.seconds[0] <= EXIT_TIMEOUT for client in clients)


def test_at_exit_a_client_that_fails_to_close_does_not_keep_the_others_open() -> None:
    class Failing(Client):
        def close_within(self, seconds: float) -> None:
            super().close_within(seconds)
            raise KafkaTimeoutError("not in time")

    log: list[str] = []
    clients = [Failing(EventLoopThread("kafka-test-io"), log) for _ in range(2)]
    close_open_clients()
    assert log.count("close") == len(clients)


def test_a_closed_client_is_left_alone_at_exit() -> None:
    client = Client(EventLoopThread("kafka-test-io"))
    client.lifetime.on_closed()
    close_open_clients()
    assert client.log == []


def test_a_forked_child_keeps_what_the_client_has_inherited() -> None:
    thread = EventLoopThread("kafka-test-io")
    client = Client(thread)

    class Inherited:
        pass

    client.parents = Inherited()
    inherited = weakref.ref(client.parents)
    for callback in thread.on_fork:
        callback()
    client.parents = object()
    gc.collect()
    assert client.log == ["forked"]
    assert inherited() is not None


def test_a_client_that_is_collected_hears_of_nothing() -> None:
    thread = EventLoopThread("kafka-test-io")
    log: list[str] = []
    client = Client(thread, log)
    reference = weakref.ref(client)
    del client
    assert reference() is None
    for callback in thread.on_fork:
        callback()
    close_open_clients()
    assert log == []


def test_a_collected_client_warns_and_is_closed_on_its_loop(running: EventLoopThread) -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("closed")

    client = Client(running)
    with pytest.warns(ResourceWarning, match="<Client> was not closed"):
        client.lifetime.on_collected(client, close)
    until(lambda: not running.is_running)
    assert closed == ["closed"]


def test_a_collected_client_whose_closing_fails_ends_its_thread(running: EventLoopThread) -> None:
    async def close() -> None:
        raise KafkaTimeoutError("not in time")

    client = Client(running)
    with pytest.warns(ResourceWarning):
        client.lifetime.on_collected(client, close)
    until(lambda: not running.is_running)


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_a_client_without_a_running_thread_is_collected_without_a_warning() -> None:
    async def close() -> None:
        raise AssertionError

    client = Client(EventLoopThread("kafka-test-io"))
    client.lifetime.on_collected(client, close)
