"""The base of the types in `kafka.protocol.types`.  Pure."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol


class Readable(Protocol):
    """What values are decoded from, such as `io.BytesIO`."""

    def read(self, size: int, /) -> bytes:
        """Return the next *size* bytes, fewer at the end."""


class Codec(Protocol):
    """A type as a schema uses it: a class of `kafka.protocol.types`, or an instance."""

    # Any: which values a type takes is known to whoever writes the schema.
    @abstractmethod
    def encode(self, value: Any, /) -> bytes:
        """Return the bytes of *value*."""

    @abstractmethod
    def decode(self, data: Readable, /) -> Any:
        """Return the value that *data* goes on with."""

    @classmethod
    def repr(cls, value: Any) -> str:
        """Return *value* as a person reads it."""
        return repr(value)


class AbstractType(Codec):
    """A type of the Kafka protocol, which turns values into bytes and back.

    Types without parameters have class methods and are used as classes (``Int32``), the others as
    instances (``Array(Int32)``).
    """
