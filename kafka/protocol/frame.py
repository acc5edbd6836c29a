"""A buffer with a place to read or write, as kafka-python's parser has it.  Pure."""

from __future__ import annotations


class KafkaBytes(bytearray):
    """Bytes of a known size that are written and read piece by piece.

    Args:
        size: number of bytes.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._place = 0

    def remaining(self) -> int:
        """Return how many bytes follow the present place."""
        return len(self) - self._place

    def read(self, nbytes: int | None = None) -> bytes:
        """Return the next bytes: *nbytes*, or all that follow; fewer at the end."""
        stop = len(self) if nbytes is None else min(self._place + nbytes, len(self))
        start, self._place = self._place, stop
        return bytes(self[start:stop])

    def write(self, data: bytes) -> None:
        """Put *data* at the present place.

        Raises:
            ValueError: it is longer than what remains.
        """
        if len(data) > self.remaining():
            raise ValueError(f"{len(data)} bytes do not fit into {self.remaining()}")
        stop = self._place + len(data)
        self[self._place : stop] = data
        self._place = stop

    def seek(self, idx: int) -> None:
        """Go to the byte *idx*."""
        self._place = idx

    def tell(self) -> int:
        """Return the present place."""
        return self._place
