"""Structures with a `Schema`, as kafka-python 2.x has them and users write their own.  Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from kafka.protocol.abstract import AbstractType
from kafka.protocol.types import Array, Schema, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka.protocol.abstract import Codec, Readable
    from kafka.protocol.primitives import Buffer


class _Encode:
    """``encode()`` of an instance, and of a class that is the type of a field ``encode(value)``."""

    def __get__(self, instance: Struct | None, owner: type[Struct]) -> Callable[..., bytes]:
        """Return the function that is meant."""
        encode = partial(_encode, owner.SCHEMA)
        return encode if instance is None else partial(encode, instance)


def _encode(schema: Schema, value: Any) -> bytes:
    return schema.encode(_items(schema, value))


class Struct(AbstractType):
    """Named values; a subclass says in ``SCHEMA`` which.

    Attributes:
        SCHEMA: the names and types.
        ALIASES: other names that fields answer to, each with the name it stands for.

    Args:
        args: the values in order, all of them or none.
        kwargs: the values by name, if there are no *args*; what is left out is ``None``.

    Raises:
        ValueError: the number of *args* is not that of the fields, or the schema lacks a name.
    """

    SCHEMA: ClassVar[Schema] = Schema()
    ALIASES: ClassVar[Mapping[str, str]] = {}

    # Any: the types of the values are known to the schema only.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        names = self.SCHEMA.names
        if args and (len(args) != len(names) or kwargs):
            takes = f"{type(self).__name__} takes {', '.join(names) or 'none'}"
            raise ValueError(f"Args must be empty or mirror schema: {takes}")
        self.__dict__.update(zip(names, args or [None] * len(names), strict=True))
        given: set[str] = set()
        for name, value in kwargs.items():
            known = self.ALIASES.get(name, name)
            if known not in names:
                takes = f"{type(self).__name__} ({', '.join(names)})"
                raise ValueError(f"Keyword(s) not in schema of {takes}: {name}")
            if known in given:
                raise ValueError(f"{known} is given twice, {name} is another name of it")
            given.add(known)
            setattr(self, known, value)

    def __getattr__(self, name: str) -> Any:
        """Return the value of a field by one of its other names."""
        if name not in type(self).ALIASES:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self, self.ALIASES[name])

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
        return repr(value) if isinstance(value, Struct) else cls.SCHEMA.repr(value)

    def __eq__(self, other: object) -> bool:
        """Compare the schema and all values."""
        if not isinstance(other, Struct):
            return NotImplemented
        schema = self.SCHEMA
        return schema is other.SCHEMA and _items(schema, self) == _items(schema, other)

    def __hash__(self) -> int:
        """Return the hash of the bytes."""
        return hash(self.encode())

    def __repr__(self) -> str:
        """Return the class, and the values with their names; of secrets the length only."""
        return f"{type(self).__name__}{self.SCHEMA.repr(_items(self.SCHEMA, self))}"


def _items(schema: Schema, value: Any) -> Any:
    """Return the values of a structure in order; a tuple is that already."""
    is_struct = isinstance(value, Struct)
    return [getattr(value, name) for name in schema.names] if is_struct else value


def _plain(kind: Codec, value: Any) -> Any:
    """Return *value* as dicts and lists."""
    if value is None:
        return None
    if isinstance(kind, Array):
        return [_plain(kind.array_of, item) for item in value]
    kind = kind.SCHEMA if isinstance(kind, type) and issubclass(kind, Struct) else kind
    if not isinstance(kind, Schema):
        return value
    fields = zip(kind.names, kind.fields, _items(kind, value), strict=True)
    return {name: _plain(field, item) for name, field, item in fields}
