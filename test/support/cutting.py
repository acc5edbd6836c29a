"""Cut a connection in memory in the middle of a chosen request, or of its answer.

Job: count bytes. Limits: frames of Kafka's protocol only, each written by one call.
"""

from __future__ import annotations

import struct
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from test.support.memory_transport import Address

_HEAD: Final = struct.Struct(">ihhi")
_LENGTH_SIZE: Final = 4


@unique
class Place(Enum):
    """Where a frame of so many bytes is cut; each is a case of its own to who reads it."""

    BEFORE_IT = "before it"
    IN_THE_LENGTH = "in the length"
    AFTER_THE_LENGTH = "after the length"
    IN_THE_HEADER = "in the header"
    IN_THE_BODY = "in the body"
    BEFORE_THE_LAST_BYTE = "before the last byte"
    AFTER_IT = "after it"

    def of(self, size: int) -> int:
        """Return how many bytes of a frame arrive."""
        return {
            Place.BEFORE_IT: 0,
            Place.IN_THE_LENGTH: 2,
            Place.AFTER_THE_LENGTH: _LENGTH_SIZE,
            Place.IN_THE_HEADER: _LENGTH_SIZE + 2,
            Place.IN_THE_BODY: (_LENGTH_SIZE + size) // 2,
            Place.BEFORE_THE_LAST_BYTE: size - 1,
            Place.AFTER_IT: size,
        }[self]


class Cut:
    """Cuts the connection of the next request of an API, once; for ``MemoryNetwork.cut``.

    Args:
        api_key: of the request.
        place: where in the frame.
        answer: whether it is the frame of the answer.

    Attributes:
        done: whether it has happened.
    """

    def __init__(self, api_key: int, place: Place, *, answer: bool) -> None:
        self.done = False
        self._api_key = api_key
        self._place = place
        self._answer = answer
        # The connection and correlation id of the request whose answer is to be cut.
        self._awaited: tuple[Address, int] | None = None

    def __call__(self, mine: Address, theirs: Address, data: bytes) -> int | None:
        """Return how much of a write arrives; ``None`` for all of it, without a cut."""
        if self.done or len(data) < _HEAD.size:
            return None
        _, api_key, _, correlation_id = _HEAD.unpack_from(data)
        if self._awaited is not None:
            client, awaited = self._awaited
            answered = struct.unpack_from(">i", data, _LENGTH_SIZE)[0]
            return self._cut(data) if theirs == client and answered == awaited else None
        # The client's side has the address that nobody else has.
        if api_key != self._api_key or mine[1] < theirs[1]:
            return None
        if not self._answer:
            return self._cut(data)
        self._awaited = mine, correlation_id
        return None

    def _cut(self, data: bytes) -> int:
        self.done = True
        return self._place.of(len(data))
