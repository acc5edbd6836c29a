"""Plain functions as serializers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.serializer.abstract import Deserializer, Serializer

if TYPE_CHECKING:
    from collections.abc import Callable

    # Any: the user's function takes and gives what it likes.
    Function = Callable[[Any], Any]


class SerializeWrapper(Serializer):
    """Serialize with *fn*, a function of the data alone; ``None`` leaves the data as it is."""

    def __init__(self, fn: Function | None) -> None:
        self.fn = fn

    # Any: what the wrapped function takes and gives.
    def serialize(self, topic: str, headers: list[tuple[str, bytes | None]], data: Any) -> Any:  # noqa: ARG002
        """Return ``fn(data)``."""
        return data if self.fn is None else self.fn(data)


class DeserializeWrapper(Deserializer):
    """Deserialize with *fn*, a function of the bytes alone; ``None`` leaves them as they are."""

    def __init__(self, fn: Function | None) -> None:
        self.fn = fn

    # Any: what the wrapped function gives.
    def deserialize(
        self,
        topic: str,  # noqa: ARG002 - the public form of the call
        headers: list[tuple[str, bytes | None]],  # noqa: ARG002 - the same
        data: bytes | None,
    ) -> Any:
        """Return ``fn(data)``."""
        return data if self.fn is None else self.fn(data)
