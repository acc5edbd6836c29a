"""What users may give where an option takes an object of theirs, for type checkers.

No client imports this: at run time `kafka.serializer.adapt` and the checks of the options find out
what they were given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)

Headers: TypeAlias = list[tuple[str, bytes | None]]
Bytes: TypeAlias = bytes | bytearray | memoryview


class SerializesRecord(Protocol[T_contra]):
    """An object that serializes with a look at topic and headers, as `Serializer` has it."""

    def serialize(self, topic: str, headers: Headers, data: T_contra, /) -> Bytes | None:
        """Return the bytes of *data*."""


class SerializesForTopic(Protocol[T_contra]):
    """An object that serializes with a look at the topic, as in kafka-python 2.x."""

    def serialize(self, topic: str, data: T_contra, /) -> Bytes | None:
        """Return the bytes of *data*."""


class DeserializesRecord(Protocol[T_co]):
    """An object that deserializes with a look at topic and headers, as `Deserializer` has it."""

    def deserialize(self, topic: str, headers: Headers, data: bytes, /) -> T_co:
        """Return what *data* stands for."""


class DeserializesOfTopic(Protocol[T_co]):
    """An object that deserializes with a look at the topic, as in kafka-python 2.x."""

    def deserialize(self, topic: str, data: bytes, /) -> T_co:
        """Return what *data* stands for."""


SerializerLike: TypeAlias = (
    Callable[[T], Bytes | None] | SerializesRecord[T] | SerializesForTopic[T]
)
DeserializerLike: TypeAlias = Callable[[bytes], T] | DeserializesRecord[T] | DeserializesOfTopic[T]


class TokenProvider(Protocol):
    """An object that gets tokens for OAUTHBEARER; it may have ``extensions()`` as well."""

    def token(self) -> object:
        """Return a token, or a coroutine that does."""
