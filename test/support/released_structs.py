"""What the released kafka-python 2.0.2 and 2.3.3 say of their structures.

``tools/vectors/structs`` has had them write it.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

VECTORS = Path(__file__).parents[1] / "vectors/released_structs.json.gz"
NEWEST = "2.3.3"


class Sample(NamedTuple):
    """One message, and what the release has made of it; ``None`` for what raised an error."""

    values: list[Any]
    encoded: bytes | None
    shown: str | None
    as_dict: Any


class Released(NamedTuple):
    """One structure of one release."""

    release: str
    module: str
    name: str
    api_key: int
    api_version: int
    flexible: bool | None
    response: str | None
    schema: Any
    samples: list[Sample]

    @property
    def version(self) -> int:
        """The version in its name."""
        return int(self.name.rpartition("_v")[2])


@cache
def _facts() -> Any:
    return json.loads(gzip.decompress(VECTORS.read_bytes()))


def offered() -> dict[str, dict[str, list[str]]]:
    """Return the names in each module of each release."""
    return {release: facts["offered"] for release, facts in _facts().items()}


@cache
def released() -> list[Released]:
    """Return the structures of APIs that both releases have."""
    return [
        _released(release, facts)
        for release, found in _facts().items()
        for facts in found["structs"]
        if facts["api_key"] is not None and "_v" in facts["name"]
    ]


def _released(release: str, facts: dict[str, Any]) -> Released:
    samples = [
        Sample(
            values=[value(item) for item in message["values"]],
            encoded=bytes.fromhex(message["bytes"]) if "bytes" in message else None,
            shown=message.get("repr"),
            as_dict=value(message["object"]) if "object" in message else None,
        )
        for message in facts["messages"]
    ]
    own = (facts[name] for name in Released._fields[1:-1])
    return Released(release, *own, samples)


def value(plain: Any) -> Any:
    """Return the value that JSON stands for."""
    if not isinstance(plain, dict):
        return plain
    ((kind, content),) = plain.items()
    if kind == "bytes":
        return bytes.fromhex(content)
    if kind == "set":
        return set(content)
    if kind == "uuid":
        return UUID(content)
    if kind == "dict":
        return {key: value(item) for key, item in content}
    return {"tuple": tuple, "list": list}[kind](value(item) for item in content)
