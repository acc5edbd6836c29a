"""Loops of clients: the selector of patched programs does what the usual one does."""

from __future__ import annotations

import _thread
import asyncio
import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from kafka._base.own_loop import EpollSelector, OwnLoop, new_own_loop

pytestmark = pytest.mark.skipif(not hasattr(os, "eventfd"), reason="as patched programs do")

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


@pytest.fixture
def selector() -> Iterator[EpollSelector]:
    with closing(EpollSelector()) as found:
        yield found


def test_the_selector_finds_what_is_ready(selector: EpollSelector) -> None:
    one, two = socket.socketpair()
    with one, two:
        selector.register(one, READ, "one")
        assert selector.select(0) == []
        assert selector.select(-1) == []
        two.send(b"x")
        assert [(key.data, events) for key, events in selector.select(5)] == [("one", READ)]
        assert [events for _, events in selector.select()] == [READ]
        selector.modify(one, READ | WRITE)
        assert [events for _, events in selector.select(5)] == [READ | WRITE]
        selector.modify(one, WRITE)
        assert [events for _, events in selector.select(5)] == [WRITE]
        selector.unregister(one)
        assert selector.select(0) == []
        assert selector.fileno() >= 0


def test_the_selector_forgets_what_was_closed(selector: EpollSelector) -> None:
    one, two = socket.socketpair()
    with one, two:
        selector.register(one, READ)
        one.close()
        selector.unregister(one)
        assert not selector.get_map()


def test_the_selector_refuses_what_cannot_be_watched(selector: EpollSelector) -> None:
    with pytest.raises(PermissionError), open(__file__, "rb") as file:  # noqa: PTH123 - its descriptor
        selector.register(file, READ)
    assert not selector.get_map()


def test_the_loop_of_a_patched_program_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", lambda *_: None)
    loop, selector = new_own_loop()

    async def story() -> bytes:
        reader, writer = await asyncio.open_connection(sock=one)
        loop.call_later(0.01, two.send, b"value\n")
        line = await reader.readline()
        writer.close()
        return line

    one, two = socket.socketpair()
    with closing(loop), two:
        assert isinstance(loop, OwnLoop)
        assert isinstance(selector, EpollSelector)
        assert loop.run_until_complete(story()) == b"value\n"


def test_a_patched_program_on_a_system_without_event_descriptors_gets_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_thread, "start_new_thread", lambda *_: None)
    monkeypatch.delattr(os, "eventfd")
    with pytest.raises(RuntimeError, match="gevent or eventlet has patched"):
        new_own_loop()
