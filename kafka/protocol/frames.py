"""Cut the bytes of a connection into frames.

Pure. A buffer of 64 KB is reused for everything small. A larger frame gets a buffer of its own,
which its receiver keeps without a copy; it grows as bytes arrive, so that a size that is a lie
costs no memory. A peer is believed sizes up to the largest it has kept its word about. While large
frames follow each other, the buffers of those that nobody looks at any more are used again: memory
fresh from the system costs about as much as what is received into it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from kafka.errors import InvalidReceiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.protocol.primitives import Buffer

SMALL_FRAME: Final = 64 * 1024
FIRST_STEP: Final = 1024 * 1024
LARGEST_STEP: Final = 16 * 1024 * 1024
# Kept for frames to come: one is filled and one read, and a third while they change places.
MOST_SPARES: Final = 3
MOST_SPARE_BYTES: Final = 32 * 1024 * 1024

_SIZE: Final = struct.Struct(">i")
# A response holds at least a correlation id.
SMALLEST_RESPONSE: Final = 4


class _Spares:
    """The last few buffers of large frames, to be used again when all views of them are gone."""

    def __init__(self) -> None:
        self._blocks: list[bytearray] = []

    def take(self, size: int) -> bytearray | None:
        """Return a buffer for *size* bytes that no frame lives in, if there is one.

        One that is not much larger: a view of a small part of it keeps all of it in memory.
        """
        for block in self._blocks:
            if size <= len(block) <= 2 * size and _is_unused(block):
                self._blocks.remove(block)
                return block
        return None

    def keep(self, block: bytearray) -> None:
        """Remember *block*, which a frame lives in for now; forget the oldest beyond the limits."""
        blocks = self._blocks
        blocks.append(block)
        while len(blocks) > MOST_SPARES or sum(map(len, blocks)) > MOST_SPARE_BYTES:
            del blocks[0]

    def clear(self) -> None:
        """Forget all."""
        self._blocks.clear()


def _is_unused(block: bytearray) -> bool:
    """Return whether no view of *block* exists: only then does Python let its length change.

    Where that is not so, nothing is ever said to be unused.
    """
    return _LENGTH_IS_HELD and _may_shrink(block)


def _may_shrink(block: bytearray) -> bool:
    try:
        last = block.pop()
    except BufferError:
        return False
    block.append(last)
    return True


def _is_length_held() -> bool:
    block = bytearray(2)
    with memoryview(block):
        return not _may_shrink(block)


# CPython does so; others may look only at the views they know of.
_LENGTH_IS_HELD: Final = _is_length_held()


def _roomy(size: int) -> int:
    """Return *size* rounded up by at most a quarter, so that frames of about a size fit, too."""
    granule = 1 << max(size.bit_length() - 3, 0)
    return (size + granule - 1) // granule * granule


class FrameBuffer:
    """Where a transport writes what it receives, and what cuts that into frames.

    Made for `asyncio.BufferedProtocol`: `get_buffer` and `buffer_updated` are called in turn.
    """

    def __init__(self, max_frame_bytes: int) -> None:
        """Begin with no bytes.

        Args:
            max_frame_bytes: a larger frame is an error, found before memory is taken for it.
        """
        self.limit(max_frame_bytes)
        self._small = memoryview(bytearray(SMALL_FRAME + _SIZE.size))
        self._end = 0
        self._block = bytearray()
        self._large = memoryview(b"")
        self._large_size = 0
        self._filled = 0
        self._proven = FIRST_STEP
        self._spares = _Spares()

    def limit(self, max_frame_bytes: int, min_frame_bytes: int = SMALLEST_RESPONSE) -> None:
        """Accept frames of these sizes from the next one on."""
        self._max_frame_bytes = max_frame_bytes
        self._min_frame_bytes = min_frame_bytes

    def __repr__(self) -> str:
        """Return how many bytes wait for the rest of their frame."""
        if self._large_size:
            return f"<FrameBuffer {self._filled} of {self._large_size} bytes>"
        return f"<FrameBuffer {self._end} bytes>"

    @property
    def rest(self) -> memoryview:
        """Where the rest of a large frame goes, as far as there is room; empty without one."""
        return self._large[self._filled :]

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go; never empty.

        Args:
            sizehint: ignored: only the frame says how much is to come.
        """
        del sizehint
        if self._large_size:
            return self.rest
        return self._small[self._end :]

    def buffer_updated(self, count: int) -> list[bytes | memoryview]:
        """Take the *count* bytes just written and return the frames they complete.

        Returns:
            The frames without their sizes: small ones copied, large ones as read-only views of
            buffers that nobody else uses.

        Raises:
            InvalidReceiveError: a size is below 4 or above the limit; the stream is lost.
        """
        if not self._large_size:
            self._end += count
            return self._cut()
        self._filled += count
        if self._filled == self._large_size:
            return [self._finish_large()]
        if self._filled == len(self._large):
            self._grow()
        return []

    def feed(self, data: Buffer) -> Iterator[bytes | memoryview]:
        """Take bytes that have been received elsewhere and yield the frames they complete."""
        left = memoryview(data)
        while left:
            room = self.get_buffer(len(left))[: len(left)]
            room[:] = left[: len(room)]
            left = left[len(room) :]
            yield from self.buffer_updated(len(room))

    def _cut(self) -> list[bytes | memoryview]:
        frames: list[bytes | memoryview] = []
        small, start, end = self._small, 0, self._end
        while end - start >= _SIZE.size:
            size = self._checked_size(start)
            if size > SMALL_FRAME:
                self._start_large(size, start + _SIZE.size)
                return frames
            stop = start + _SIZE.size + size
            if stop > end:
                break
            frames.append(bytes(small[start + _SIZE.size : stop]))
            start = stop
        if start:
            # The flood is over, or has not begun: memory is not kept for it.
            self._spares.clear()
            self._end = left = end - start
            if left:
                small[:left] = small[start:end]
        return frames

    def _checked_size(self, start: int) -> int:
        size: int = _SIZE.unpack_from(self._small, start)[0]
        if not self._min_frame_bytes <= size <= self._max_frame_bytes:
            raise InvalidReceiveError(
                f"a frame of {size} bytes was announced, allowed are {self._min_frame_bytes} to "
                f"{self._max_frame_bytes}; the peer may not speak Kafka, or may expect TLS"
            )
        return size

    def _start_large(self, size: int, start: int) -> None:
        """Move what has arrived of a large frame to a buffer of its own."""
        received = self._end - start
        block = self._spares.take(size)
        if block is None:
            block = bytearray(_roomy(size) if size <= self._proven else self._proven)
        self._block, self._large = block, memoryview(block)[:size]
        self._large[:received] = self._small[start : self._end]
        self._large_size, self._filled, self._end = size, received, 0

    def _finish_large(self) -> memoryview:
        frame = self._large.toreadonly()
        self._proven = min(max(self._proven, self._large_size), LARGEST_STEP)
        self._spares.keep(self._block)
        self._block, self._large = bytearray(), memoryview(b"")
        self._large_size = self._filled = 0
        return frame

    def _grow(self) -> None:
        """Make room for as much again as has arrived, within limits.

        A new buffer instead of a longer one: the transport may still hold a view of the old.
        """
        step = min(max(self._filled, FIRST_STEP), LARGEST_STEP)
        block = bytearray(min(self._large_size, self._filled + step))
        larger = memoryview(block)
        larger[: self._filled] = self._large
        self._block, self._large = block, larger
