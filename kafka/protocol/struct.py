"""Structures with a `Schema`, as kafka-python 2.x has them and users write their own.  Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kafka.protocol.abstract import AbstractType
from kafka.protocol.types import Array, Schema, readable, schema_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.protocol.abstract import Codec, Readable
    from kafka.protocol.primitives import Buffer


class _Encode:
    """``encode()`` of an instance, and of a class that is the type of a field ``encode(value)``."""

    def __get__(self, instance: Struct | None, owner: type[Struct]) -> Callable[..., bytes]:
        """Return the function that is meant."""
        encode = owner.SCHEMA.encode
        return encode if instance is None else partial(encode, instance)


class Struct(AbstractType):
    """Named values; a subclass says in ``SCHEMA`` which.

    Attributes:
        SCHEMA: the names and types.

    Args:
        args: the values in order, all of them or none.
        kwargs: the values by name, if there are no *args*; what is left out is ``None``.

    Raises:
        ValueError: the number of *args* is not that of the fields, or the schema lacks a name.
    """

    SCHEMA: ClassVar[Schema] = Schema()

    # Any: the types of the values are known to the schema only.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names, values = self.SCHEMA.names, kwargs and self.SCHEMA.by_name(kwargs)
        if args and (len(args) != len(names) or kwargs):
            takes = f"{type(self).__name__} takes {', '.join(names) or 'none'}"
            raise ValueError(f"Args must be empty or mirror schema: {takes}")
        if wrong := values.keys() - names:
            takes = f"{type(self).__name__} ({', '.join(names)})"
            raise ValueError(f"Keyword(s) not in schema of {takes}: {', '.join(sorted(wrong))}")
        vars(self).update(zip(names, args or [None] * len(names), strict=True), **values)

    # An instance encodes itself; a class that is the type of a field encodes its values.
    encode: Callable[..., bytes] = _Encode()  # type: ignore[assignment]

    @classmethod
    def decode(cls, data: Buffer | Readable, /) -> Self:
        """Return the structure that *data*, bytes or a stream, begins with.

        Raises:
            KafkaProtocolError: the bytes are not such a structure.
        """
        return cls(*cls.SCHEMA.decode(readable(data)))

    def get_item(self, name: str) -> Any:
        """Return the value of a field.

        Raises:
            KeyError: there is no field *name*.
        """
        if name not in self.SCHEMA.names:
            raise KeyError(f"{name} is not in the schema: {', '.join(self.SCHEMA.names)}")
        return getattr(self, name)

    def to_object(self) -> dict[str, Any]:
        """Return the values by name, those of nested structures as well."""
        found: dict[str, Any] = _plain(self.SCHEMA, self)
        return found

    @classmethod
    def repr(cls, value: Any) -> str:
        """Return *value*, of this class or the items of one, with the names of the fields."""
        return cls.SCHEMA.repr(value)

    def __eq__(self, other: object) -> bool:
        """Compare the schema and all values."""
        if not isinstance(other, Struct):
            return NotImplemented
        schema = self.SCHEMA
        return schema is other.SCHEMA and schema.items(self) == schema.items(other)

    def __hash__(self) -> int:
        """Return the hash of the bytes."""
        return hash(self.encode())

    def __repr__(self) -> str:
        """Return the class, and the values with their names; of secrets the length only."""
        return f"{type(self).__name__}{self.SCHEMA.repr(self)}"


def _plain(kind: Codec, value: Any) -> Any:
    """Return *value* as dicts and lists."""
    if value is None:
        return None
    if isinstance(kind, Array):
        return [_plain(kind.array_of, item) for item in value]
    schema = schema_of(kind)
    if schema is None:
        return value
    return dict(zip(schema.names, map(_plain, schema.fields, schema.items(value)), strict=True))
