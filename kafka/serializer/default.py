"""Text as bytes."""

from __future__ import annotations

from typing import Any

from kafka.serializer.abstract import Deserializer, Serializer


class DefaultSerializer(Serializer, Deserializer):
    """Encode and decode text; bytes are sent as they are.

    Args:
        encoding: name of the text encoding.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding

    # Any: subclasses narrow or widen what they take, as `Serializer` allows.
    def serialize(self, topic: str, headers: list[tuple[str, bytes | None]], data: Any) -> Any:  # noqa: ARG002
        """Return *data* if it is bytes or ``None``, the encoded text if it is ``str``.

        Raises:
            TypeError: *data* is something else.
        """
        if data is None or isinstance(data, (bytes, bytearray, memoryview)):
            return data
        if not isinstance(data, str):
            raise TypeError(f"cannot encode {type(data).__name__}: str or bytes expected")
        return data.encode(self.encoding)

    # Any: as above.
    def deserialize(
        self,
        topic: str,  # noqa: ARG002 - the public form of the call
        headers: list[tuple[str, bytes | None]],  # noqa: ARG002 - the same
        data: bytes | None,
    ) -> Any:
        """Return the text of *data*, ``None`` for ``None``."""
        return None if data is None else str(data, self.encoding)
