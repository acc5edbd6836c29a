"""Message definitions that a test writes itself, instead of those that are generated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kafka.protocol.fields import Kind, Struct

if TYPE_CHECKING:
    from kafka.protocol.fields import Field


def structure(name: str, *fields: Field, **nested: type[Struct]) -> type[Any]:
    """Return a class like the generated ones.

    Args:
        name: of the class.
        fields: in the order of the wire.
        nested: the structures that *fields* name.
    """

    def __init__(self: Any, **values: object) -> None:  # noqa: N807 - becomes the class's own
        for field in fields:
            setattr(self, field.name, values[field.name] if field.name in values else _new(field))
        self.unknown_tags = {}

    def _new(field: Field) -> object:
        if field.has_null_default:
            return None
        if field.array:
            return []
        if field.kind is Kind.STRUCT and field.tag is None:
            return nested[field.struct]()
        return field.default

    slots = tuple(field.name for field in fields)
    return type(
        name, (Struct,), {"__slots__": slots, "FIELDS": fields, "__init__": __init__, **nested}
    )
