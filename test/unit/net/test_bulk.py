"""Large frames received in one call of the system."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from kafka._base.loop_thread import EventLoopThread
from kafka.net.bulk import WORTH_WAITING, BulkReceiver, bulk_receiver

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no receiver")

T = TypeVar("T")
SIZE = 4 * WORTH_WAITING


class Transport(asyncio.BaseTransport):
    """A transport that only has a socket."""

    def __init__(self, found: socket.socket, **extra: object) -> None:
        extra["socket"] = asyncio.trsock.TransportSocket(found)
        super().__init__(extra)


class Link:
    """Two ends of a stream, one of them the client's."""

    def __init__(self) -> None:
        server = socket.create_server(("127.0.0.1", 0))
        self.peer = socket.create_connection(server.getsockname())
        self.own, _ = server.accept()
        self.own.setblocking(False)
        server.close()

    def close(self) -> None:
        self.peer.close()
        self.own.close()

    def sending(self, *pieces: bytes) -> threading.Thread:
        """Start to send *pieces*."""
        sender = threading.Thread(target=self.peer.sendall, args=(b"".join(pieces),))
        sender.start()
        return sender


@pytest.fixture
def link() -> Iterator[Link]:
    made = Link()
    yield made
    made.close()


@pytest.fixture
def receiver(thread: EventLoopThread, link: Link) -> BulkReceiver:
    found = on(thread, lambda: bulk_receiver(Transport(link.own)))
    assert found is not None
    return found


def on(thread: EventLoopThread, function: Callable[[], T]) -> T:
    async def run() -> T:
        return function()

    return thread.call(run(), 30)


def test_all_that_comes_without_a_pause_is_received_at_once(
    link: Link, receiver: BulkReceiver
) -> None:
    data = bytes(range(256)) * (SIZE // 256)
    sender = link.sending(data)
    room = memoryview(bytearray(SIZE))
    received = 0
    # A machine that is busy elsewhere may let the sender stand still for a while.
    while received < SIZE:
        received += receiver.receive(room[received:])
    sender.join()
    assert room == data


def test_nothing_beyond_the_room_is_received(link: Link, receiver: BulkReceiver) -> None:
    link.peer.sendall(b"abcdef")
    assert receiver.receive(memoryview(bytearray(3))) == 3
    assert link.own.recv(9) == b"def"


def test_silent_peer_is_waited_for_once_in_sixteen_times(
    link: Link, receiver: BulkReceiver
) -> None:
    room = memoryview(bytearray(4))
    assert receiver.receive(room) == 0
    link.peer.sendall(b"abcd")
    counts = [receiver.receive(room) for _ in range(16)]
    assert counts == [0] * 15 + [4]


def test_what_came_before_the_wait_was_over_is_told(link: Link, receiver: BulkReceiver) -> None:
    link.peer.sendall(b"ab")
    room = memoryview(bytearray(4))
    assert receiver.receive(room) == 2
    assert bytes(room[:2]) == b"ab"


def test_end_of_the_stream_is_left_to_the_transport(link: Link, receiver: BulkReceiver) -> None:
    link.peer.close()
    assert receiver.receive(memoryview(bytearray(4))) == 0
    assert link.own.recv(4) == b""


def test_reset_is_told_as_the_transport_would_find_it(link: Link, receiver: BulkReceiver) -> None:
    link.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    link.peer.close()
    with pytest.raises(ConnectionResetError):
        receiver.receive(memoryview(bytearray(4)))
    assert not os.get_blocking(link.own.fileno())


def test_socket_never_blocks_afterwards(link: Link, receiver: BulkReceiver) -> None:
    receiver.receive(memoryview(bytearray(4)))
    with pytest.raises(BlockingIOError):
        link.own.recv(4)


def test_closed_socket_gives_nothing(link: Link, receiver: BulkReceiver) -> None:
    link.own.close()
    assert receiver.receive(memoryview(bytearray(4))) == 0


def test_default_time_out_of_sockets_does_not_matter(link: Link, receiver: BulkReceiver) -> None:
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(0)
    try:
        sender = link.sending(b"abcd")
        sender.join()
        assert receiver.receive(memoryview(bytearray(4))) == 4
    finally:
        socket.setdefaulttimeout(before)


def test_loop_of_the_application_never_waits(link: Link) -> None:
    async def find() -> BulkReceiver | None:
        return bulk_receiver(Transport(link.own))

    assert asyncio.run(find()) is None


def test_encrypted_stream_is_not_received_behind_its_transport(
    thread: EventLoopThread, link: Link
) -> None:
    transport = Transport(link.own, ssl_object=object())
    assert on(thread, lambda: bulk_receiver(transport)) is None


def test_transport_without_a_socket_has_no_receiver(thread: EventLoopThread) -> None:
    assert on(thread, lambda: bulk_receiver(asyncio.BaseTransport())) is None


class Forgetful(socket.socket):
    """A socket of a system that takes a time-out and does nothing about it."""

    def setsockopt(self, *_: object) -> None:
        """Forget it."""


class Foreign(socket.socket):
    """A socket of a system on which the bytes of a time-out mean another time."""

    def getsockopt(self, *_: object) -> bytes:  # type: ignore[override]
        """Return half an hour."""
        return struct.pack("@ll", 1800, 0)


@pytest.mark.parametrize("kind", [Forgetful, Foreign])
def test_socket_that_may_wait_for_ever_has_no_receiver(
    thread: EventLoopThread, kind: type[socket.socket]
) -> None:
    with kind() as own:
        assert on(thread, lambda: bulk_receiver(Transport(own))) is None
