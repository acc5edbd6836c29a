"""Pass TCP connections on to a broker, and count them.

Limits: 127.0.0.1 and blocking sockets; what the broker says of itself in metadata leads past it.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

_RESET: Final = struct.pack("ii", 1, 0)


class CountingProxy:
    """A listener in front of a broker.

    Args:
        target: ``host:port`` of the broker.

    Attributes:
        address: where to connect instead.
        attempts: how often somebody has connected.
    """

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.attempts = 0
        self._ends: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return  # closed
            self.attempts += 1
            far = socket.create_connection(self._target)
            self._ends += [near, far]
            thread = threading.Thread(target=_pass_on, args=[near, far])
            self._threads.append(thread)
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # Closing alone wakes no thread that accepts or reads.
        for end in (self._server, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join()


def _pass_on(near: socket.socket, far: socket.socket) -> None:
    """Pass on what either side says, its end, or its reset."""
    sinks = {near: far, far: near}
    talking = [near, far]
    with near, far:
        while talking:
            for source in select.select(talking, [], [])[0]:
                sink = sinks[source]
                try:
                    data = source.recv(65536)
                except OSError:
                    _reset(sink)
                    return
                try:
                    if data:
                        sink.sendall(data)
                    else:
                        talking.remove(source)
                        sink.shutdown(socket.SHUT_WR)
                except OSError:
                    _reset(source)
                    return


def _reset(end: socket.socket) -> None:
    """Have the close of *end* seen as a reset."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
