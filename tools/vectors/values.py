"""Invent the content of a message: defaults, every field set, or null wherever it may be."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.generate_protocol.definitions import FieldDefinition

    Value = dict[str, "Value"] | list["Value"] | str | int | float | bool | None

VARIANTS = ("defaults", "full", "nulls")
_SIZES = {"int8": 7, "int16": 15, "uint16": 16, "int32": 31, "uint32": 32, "int64": 63}


class Inventor:
    """Make up values, no two numbers or strings alike in one message."""

    def __init__(self, variant: str, version: int) -> None:
        self._variant = variant
        self._version = version
        self._count = 0

    def struct(self, fields: Sequence[FieldDefinition]) -> dict[str, Value]:
        """Return a structure as Kafka's JSON converters read it."""
        return {
            json_name(field): self._field(field)
            for field in fields
            if self._version in field.versions
            and not (self._variant == "defaults" and field.tag is not None)
        }

    def _field(self, field: FieldDefinition) -> Value:
        if self._version in field.nullable and (
            self._variant == "nulls" or (self._variant == "defaults" and field.default == "null")
        ):
            return None
        if not field.array:
            return self._value(field)
        if self._variant == "defaults":
            return []
        return [self._value(field), self._value(field)]

    def _value(self, field: FieldDefinition) -> Value:
        if field.fields:
            return self.struct(field.fields)
        if self._variant == "defaults":
            return _default(field)
        self._count += 1
        return _invented(field, self._count)


def json_name(field: FieldDefinition) -> str:
    """Return the name of a field in Kafka's JSON."""
    return field.name[0].lower() + field.name[1:]


def _default(field: FieldDefinition) -> Value:
    element, given = field.element, field.default
    if element == "string":
        return given or ""
    if element in ("bytes", "records"):
        return ""
    if element == "bool":
        return given == "true"
    if element == "uuid":
        return _uuid_text(UUID(int=0))
    return float(given or 0) if element == "float64" else int(given or "0", 0)


def _invented(field: FieldDefinition, count: int) -> Value:
    element = field.element
    if element == "string":
        return f"näme-{count}"
    if element in ("bytes", "records"):
        return base64.b64encode(bytes([0, 255, count % 256]) * 3).decode()
    if element == "bool":
        return field.default != "true"
    if element == "uuid":
        return _uuid_text(UUID(int=count << 64 | 0xFEDC_BA98_7654_3210))
    if element == "float64":
        return count + 0.25
    limit: int = 1 << _SIZES[element]
    return -(count % 100) - 2 if count % 5 == 0 and element != "uint16" else limit - 1 - count % 100


def _uuid_text(value: UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")
