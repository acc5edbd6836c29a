"""Reserve TCP ports of the loopback interface for servers that are told their port.

Job: hand out ports that stay free while the server behind them is stopped and started again.
They come from below the kernel's ephemeral range, because an outgoing connection may take an
ephemeral port at any moment, and each is locked by a file, so that two test runs on one machine
never share one.
Limits: ports of 127.0.0.1 only.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

_LOWEST = 10_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
#: Where the ephemeral range starts when the system does not say (IANA: 49152).
_DEFAULT_EPHEMERAL_START = 49_152


class PortLease:
    """Ports that are ours until :meth:`close`; also a context manager.

    Args:
        count: how many ports to reserve.
        candidates: ports to try, in order; default: all below the ephemeral range, shuffled.

    Raises:
        OSError: fewer than *count* candidates are free.
    """

    def __init__(self, count: int, candidates: Iterable[int] | None = None) -> None:
        self._locks: list[int] = []
        self.ports: tuple[int, ...] = ()
        for port in _shuffled_ports() if candidates is None else candidates:
            if len(self.ports) == count:
                break
            self._take(port)
        if len(self.ports) < count:
            found = len(self.ports)
            self.close()
            raise OSError(f"only {found} of {count} loopback ports are free")

    def _take(self, port: int) -> None:
        lock = _lock(port)
        if lock is None:
            return
        if is_free(port):
            self._locks.append(lock)
            self.ports = (*self.ports, port)
        else:
            os.close(lock)

    def close(self) -> None:
        """Give the ports back.  The lock files stay: removing one would race with its next user."""
        while self._locks:
            os.close(self._locks.pop())
        self.ports = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<PortLease {', '.join(map(str, self.ports)) or 'closed'}>"


def is_free(port: int) -> bool:
    """Return whether a server could listen on *port* of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As servers do: connections of the last owner in TIME_WAIT do not matter.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _shuffled_ports() -> list[int]:
    ports = list(range(_LOWEST, _ephemeral_start()))
    random.shuffle(ports)
    return ports


def _ephemeral_start() -> int:
    with suppress(OSError, ValueError, IndexError):
        start = int(_EPHEMERAL_RANGE.read_text().split()[0])
        if start > _LOWEST + 1000:
            return start
    return _DEFAULT_EPHEMERAL_START


def _lock(port: int) -> int | None:
    """Return a descriptor that holds the lock of *port*, or None if another holder has it."""
    directory = Path(tempfile.gettempdir()) / f"kafka-test-ports-{os.getuid()}"
    directory.mkdir(exist_ok=True)
    descriptor = os.open(directory / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
