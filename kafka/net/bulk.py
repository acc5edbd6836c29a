"""Receive the rest of a large frame in one call of the system.

An event loop receives a large response in some thirty steps, and needs the interpreter between
them. A thread that decodes the response before gives up the interpreter only every 5 ms, so
receiving and decoding take turns. The system can wait for the whole rest without the interpreter.

This is only for the loop of a client's own thread, which may wait for some milliseconds, and for
plain sockets of Linux, where the time-out counts for a whole call. `bulk_receiver` returns ``None``
everywhere else: with TLS, on other systems and on other event loops.
"""

from __future__ import annotations

# The plain module: gevent, for one, replaces the classes of `socket` by others that wait in
# another way.
import _socket
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final

from kafka._base.loop_thread import on_own_loop

if TYPE_CHECKING:
    import asyncio
    from asyncio.trsock import TransportSocket

# Fewer bytes than this arrive so fast that a wait does not pay.
WORTH_WAITING: Final = 128 * 1024
# The longest wait, in seconds: everything else on the loop may come so much later. The system
# rounds it up to its ticks of 1 to 10 ms.
PATIENCE: Final = 0.005
# After a wait that was too short (a slow peer or network), the receiver skips so many calls.
_PAUSE: Final = 15

_TIMEVAL: Final = struct.Struct("@ll")


class BulkReceiver:
    """Receive into a buffer until it is full.

    Args:
        found: the socket of a transport, which still owns it; `bulk_receiver` checks it.
    """

    def __init__(self, found: TransportSocket) -> None:
        self._found = found
        self._pause = 0

    def receive(self, room: memoryview) -> int:
        """Fill *room*, waiting up to `PATIENCE`; return how many bytes were received.

        That is 0 if nothing comes in time, at the end of the stream, which the transport finds as
        well, and for some calls after a wait that was too short.

        Raises:
            OSError: the stream is broken. The system reports that once, so the transport will not
                hear of it.
        """
        if self._pause:
            self._pause -= 1
            return 0
        found = self._found
        descriptor = found.fileno()
        if descriptor < 0:
            return 0
        # A second object for the length of the call: the descriptor belongs to the transport.
        borrowed = _socket.socket(found.family, found.type, found.proto, descriptor)
        try:
            borrowed.settimeout(None)
            count = borrowed.recv_into(room, 0, socket.MSG_WAITALL)
        except BlockingIOError:
            count = 0
        finally:
            borrowed.settimeout(0)
            borrowed.detach()
        if count < len(room):
            self._pause = _PAUSE
        return count


def bulk_receiver(transport: asyncio.BaseTransport) -> BulkReceiver | None:
    """Return a receiver for the stream of *transport*, ``None`` where waiting is not allowed."""
    found = transport.get_extra_info("socket")
    if found is None or transport.get_extra_info("ssl_object") is not None:
        return None
    if sys.platform != "linux" or not on_own_loop():
        return None
    return BulkReceiver(found) if _is_patient(found) else None


def _is_patient(found: TransportSocket) -> bool:
    """Limit blocking receives of *found* to `PATIENCE`; return whether the system does that.

    The option is read back, because a receive without a limit would wait for ever. Some systems
    expect times of another size, and some imitations of Linux take the option and forget it.
    """
    wanted = _TIMEVAL.pack(0, int(PATIENCE * 1_000_000))
    option = socket.SOL_SOCKET, socket.SO_RCVTIMEO
    try:
        found.setsockopt(*option, wanted)
        settled = found.getsockopt(*option, _TIMEVAL.size)
    except OSError:
        return False
    seconds, microseconds = map(int, _TIMEVAL.unpack(settled))
    return seconds == 0 < microseconds
