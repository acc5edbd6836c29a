"""What stands in for keys and values that a deserializer rejects.  Pure.

See the consumer's option ``on_deserialize_error``.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import Self

    from kafka.errors import RecordDeserializationError


class UndecodedBytes(bytes):
    """A key or value as it was received, because the deserializer rejected it.

    Attributes:
        error: where the record is, and as ``error.__cause__`` what the deserializer raised, without
            tracebacks, which would keep the whole response in memory.
    """

    error: RecordDeserializationError | None

    def __new__(cls, data: bytes = b"", error: RecordDeserializationError | None = None) -> Self:
        """Return *data* with the *error* about it."""
        made = super().__new__(cls, data)
        made.error = error
        return made


class Skip(Enum):
    """The type of `SKIP_RECORD`."""

    SKIP_RECORD = auto()


# What a callable given as ``on_deserialize_error`` returns to leave the record out.
SKIP_RECORD: Final = Skip.SKIP_RECORD
