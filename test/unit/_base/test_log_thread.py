"""The thread that gives log records to handlers: nobody waits for it for long."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator

import pytest

from kafka._base.log_thread import own_thread, settle
from kafka._base.logs import logger

NAME = "kafka.test.log_thread"


class Handler(logging.Handler):
    """Keeps lines, with the name of the thread that brought them."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[str, str]] = []
        self.arrived = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), threading.current_thread().name))
        if record.getMessage() == "last":
            self.arrived.set()
        if record.getMessage() == "fails":
            raise SystemExit


@pytest.fixture
def handler() -> Iterator[Handler]:
    found, log = Handler(), logger(NAME)
    log.addHandler(found)
    yield found
    log.removeHandler(found)


def log_in_thread_of_ours(*lines: str) -> None:
    """Log warnings; fail if that takes long."""

    def work() -> None:
        with own_thread():
            for line in lines:
                logger(NAME).warning(line)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


def test_lines_are_handled_in_their_order_on_a_daemon_thread(handler: Handler) -> None:
    lines = [f"line {number}" for number in range(1000)]
    log_in_thread_of_ours(*lines)
    settle(10)
    assert handler.lines == [(line, "kafka-log") for line in lines]
    assert all(each.daemon for each in threading.enumerate() if each.name == "kafka-log")


def test_a_thread_of_ours_does_not_wait_for_a_handler(handler: Handler) -> None:
    with handler.lock:  # type: ignore[union-attr] # None for handlers without one
        log_in_thread_of_ours("one", "last")
        settle()
        assert handler.lines == []
    assert handler.arrived.wait(10)


def test_a_handler_may_settle(handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "format", lambda _: settle(10) or "")
    monkeypatch.setattr(handler, "filter", lambda record: not handler.format(record))
    log_in_thread_of_ours("last")
    assert handler.arrived.wait(5)


def test_a_handler_that_fails_does_not_keep_the_others_from_their_lines(
    handler: Handler, capfd: pytest.CaptureFixture[str]
) -> None:
    log_in_thread_of_ours("fails", "last")
    assert handler.arrived.wait(10)
    assert "SystemExit" in capfd.readouterr().err


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_what_cannot_be_handed_to_a_thread_is_handled_by_who_settles(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def in_child() -> bool:  # where there is no thread yet
        with monkeypatch.context() as patch, own_thread():
            patch.setattr(threading.Thread, "start", no_thread)
            logger(NAME).warning("line")
        settle(10)
        return [line for line, _ in handler.lines] == ["line"]

    settle(10)  # a child that inherits the lock of a file in use waits for ever
    assert in_forked_child(in_child)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_logs_with_a_thread_of_its_own(handler: Handler) -> None:
    with handler.lock:  # type: ignore[union-attr] # None for handlers without one
        log_in_thread_of_ours("the parent's")

        def in_child() -> bool:
            log_in_thread_of_ours("the child's", "last")
            arrived = handler.arrived.wait(10)
            return arrived and [line for line, _ in handler.lines] == ["the child's", "last"]

        assert in_forked_child(in_child)
    settle(10)
    assert [line for line, _ in handler.lines] == ["the parent's"]


def in_forked_child(work: object) -> bool:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if work() else 2  # type: ignore[operator]
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
