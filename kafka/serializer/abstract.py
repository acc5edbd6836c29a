"""What turns keys and values into bytes and back: the classes to derive from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

# Any: what users send and receive is theirs to choose.


class Serializer(ABC):
    """Turn keys or values into bytes.

    An instance is shared by all threads that send, so it must not keep state between calls.
    """

    @abstractmethod
    def serialize(self, topic: str, headers: list[tuple[str, bytes | None]], data: Any) -> Any:
        """Return the bytes of *data*.

        Args:
            topic: topic the record goes to.
            headers: headers of the record.
            data: key or value as given to ``send()``.

        Returns:
            bytes, or ``None`` for a record without key or with a null value.
        """

    def close(self) -> None:  # noqa: B027 - optional to override
        """Release what the serializer holds."""


class Deserializer(ABC):
    """Turn bytes into keys or values."""

    @abstractmethod
    def deserialize(
        self, topic: str, headers: list[tuple[str, bytes | None]], data: bytes | None
    ) -> Any:
        """Return what *data* stands for.

        Args:
            topic: topic the record came from.
            headers: headers of the record.
            data: bytes of key or value, ``None`` if the record has none.
        """

    def close(self) -> None:  # noqa: B027 - optional to override
        """Release what the deserializer holds."""
