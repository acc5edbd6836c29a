"""Receive what is left of a large frame in one call of the system.

An event loop receives a large response in some thirty steps, and between them it needs the
interpreter, which a thread that decodes the response before gives up every 5 ms only: receiving
and decoding then take turns. The system can wait for all of it by itself. That is for the loop of
a client's own thread, where nobody minds a wait of milliseconds, and for plain sockets of Linux,
whose time-out counts the waiting of a whole call.
"""

from __future__ import annotations

# The plain one, even where somebody has replaced what is in `socket` by something that waits
# in another way.
import _socket
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final

from kafka._base.loop_thread import on_own_loop

if TYPE_CHECKING:
    import asyncio
    from asyncio.trsock import TransportSocket

# Less than this arrives before a wait would pay.
WORTH_WAITING: Final = 128 * 1024
# What else the loop has to do comes so much later at most, in seconds; the system rounds it up to
# its ticks of 1 to 10 ms.
PATIENCE: Final = 0.005
# After a wait in vain so many offers are let pass: the peer, or the way to it, is slow.
_PAUSE: Final = 15

_TIMEVAL: Final = struct.Struct("@ll")


class BulkReceiver:
    """Receive into a buffer until it is full.

    Args:
        found: the socket of a transport, which keeps it; made by `bulk_receiver`.
    """

    def __init__(self, found: TransportSocket) -> None:
        self._found = found
        self._pause = 0

    def receive(self, room: memoryview) -> int:
        """Fill *room*, waiting a little; return how many bytes there are now.

        None if nothing comes in time, at the end of the stream, which the transport finds, too, and
        for a while after a wait that was in vain.

        Raises:
            OSError: the stream is broken; the system tells nobody a second time.
        """
        if self._pause:
            self._pause -= 1
            return 0
        found = self._found
        descriptor = found.fileno()
        if descriptor < 0:
            return 0
        # An object for the time of the call: the descriptor belongs to the transport.
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
    """Return a receiver for the stream of *transport*, ``None`` where nobody may wait for it."""
    found = transport.get_extra_info("socket")
    if found is None or transport.get_extra_info("ssl_object") is not None:
        return None
    if sys.platform != "linux" or not on_own_loop():
        return None
    return BulkReceiver(found) if _is_patient(found) else None


def _is_patient(found: TransportSocket) -> bool:
    """Have blocking receives of *found* end after `PATIENCE`; return whether they will.

    Asked, because one without a time-out would wait for ever: where another size of time is
    expected, or by an imitation of Linux that takes the option and forgets it.
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
