"""Every message class, the vectors of Apache Kafka, and a slow codec to check the fast one with.

The interpreter walks the field tables one value at a time, with none of the compiler's code.
"""

from __future__ import annotations

import base64
import gzip
import importlib
import json
import struct
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafka.protocol.fields import FIXED, Field, Kind, Struct
from kafka.protocol.messages import MODULES

if TYPE_CHECKING:
    from kafka.protocol.schema import Message

VECTORS = Path(__file__).parents[1] / "vectors/messages.json.gz"


@cache
def message_classes() -> dict[str, type[Message]]:
    """Return every generated message class by name."""
    found = {}
    for name in [*MODULES.values(), "consumer_protocol"]:
        module = importlib.import_module(f"kafka.protocol.messages.{name}")
        for item in vars(module).values():
            if isinstance(item, type) and item.__module__ == module.__name__:
                found[item.__name__] = item
    return found


@cache
def vectors() -> dict[str, list[dict[str, Any]]]:
    """Return the vectors by message name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for vector in json.loads(gzip.decompress(VECTORS.read_bytes())):
        vector["bytes"] = bytes.fromhex(vector["bytes"])
        found.setdefault(vector["message"], []).append(vector)
    return found


def build(owner: type[Struct], message: type[Message], fields: dict[str, Any]) -> Struct:
    """Return a structure with the content of a vector's JSON."""
    by_name = {field.name: field for field in owner.FIELDS}
    values = {}
    for name, value in fields.items():
        field = by_name[name]
        if field.array and value is not None:
            values[name] = [_value(field, message, item) for item in value]
        else:
            values[name] = _value(field, message, value)
    return owner(**values)


def _value(field: Field, message: type[Message], value: Any) -> Any:
    if value is None:
        return None
    if field.kind is Kind.STRUCT:
        return build(getattr(message, field.struct), message, value)
    if field.kind in (Kind.BYTES, Kind.RECORDS):
        return base64.b64decode(value)
    if field.kind is Kind.UUID:
        return UUID(bytes=base64.urlsafe_b64decode(value + "=="))
    return value


class Interpreter:
    """Encode one version of one message straight from its field tables."""

    def __init__(self, message: type[Message], version: int) -> None:
        self._message = message
        self._version = version
        since = message.FLEXIBLE_SINCE
        self._flexible = since is not None and version >= since

    def encode(self, value: Struct) -> bytes:
        """Return *value* as this version writes it."""
        present = [f for f in value.FIELDS if f.since <= self._version <= f.until]
        out = b"".join(self._field(f, getattr(value, f.name)) for f in present if f.tag is None)
        if not self._flexible:
            return out
        tags = dict(value.unknown_tags)
        for field in present:
            content = getattr(value, field.name)
            if field.tag is not None and not self._is_default(field, content):
                tags[field.tag] = self._field(field, content)
        out += _uvarint(len(tags))
        for tag in sorted(tags):
            out += _uvarint(tag) + _uvarint(len(tags[tag])) + tags[tag]
        return out

    def _is_default(self, field: Field, content: Any) -> bool:
        if field.array:
            return bool(content == [])
        if field.kind is Kind.STRUCT:
            return content is None or content == getattr(self._message, field.struct)()
        return bool(content == field.default)

    def _field(self, field: Field, content: Any) -> bytes:
        if not field.array:
            return self._one(field, content)
        if content is None:
            return self._length("i", -1)
        return self._length("i", len(content)) + b"".join(
            self._one(field, item, element=True) for item in content
        )

    def _one(self, field: Field, content: Any, *, element: bool = False) -> bytes:
        if field.kind is Kind.UUID:
            return bytes(content.bytes)
        if field.kind in FIXED:
            return struct.pack(">" + FIXED[field.kind][0], content)
        if field.kind is Kind.STRUCT:
            marker = b""
            if field.nullable is not None and field.nullable <= self._version and not element:
                marker = b"\xff" if content is None else b"\x01"
            return marker + (b"" if content is None else self.encode(content))
        formats = "h" if field.kind is Kind.STRING else "i"
        if content is None:
            return self._length(formats, -1)
        data = content.encode() if isinstance(content, str) else bytes(content)
        return self._length(formats, len(data)) + data

    def _length(self, formats: str, length: int) -> bytes:
        return _uvarint(length + 1) if self._flexible else struct.pack(">" + formats, length)


def _uvarint(value: int) -> bytes:
    digits = []
    while True:
        value, low = divmod(value, 128)
        digits.append(low | (128 if value else 0))
        if not value:
            return bytes(digits)
