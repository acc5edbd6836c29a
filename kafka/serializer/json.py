"""JSON as bytes."""

from __future__ import annotations

import json
from typing import Any

from kafka.serializer.default import DefaultSerializer


class JsonSerializer(DefaultSerializer):
    """Encode and decode JSON; ``None`` stays a null value and does not become ``null``."""

    # Any: whatever JSON can hold.
    def serialize(self, topic: str, headers: list[tuple[str, bytes | None]], data: Any) -> Any:
        """Return the JSON text of *data*, encoded."""
        return None if data is None else super().serialize(topic, headers, json.dumps(data))

    def deserialize(
        self, topic: str, headers: list[tuple[str, bytes | None]], data: bytes | None
    ) -> Any:
        """Return what the JSON text in *data* stands for."""
        return None if data is None else json.loads(super().deserialize(topic, headers, data))
