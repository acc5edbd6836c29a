"""The elements of arrays in kafka-python 2.x's structures: tuples whose items have names.  Pure.

A nested structure as 3.x makes it, such as ``MetadataRequest.MetadataRequestTopic(name="t")``, may
stand for a tuple.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from kafka.errors import KafkaProtocolError
from kafka.protocol.fields import Struct
from kafka.protocol.types import Array, Schema, take

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.protocol.abstract import Codec, Readable

_ABSENT: Final = b"\xff"
_PRESENT: Final = b"\1"


class Element(tuple[Any, ...]):
    """A tuple as 2.x has it, whose items answer to 2.x's names and to Kafka's."""

    __slots__ = ()
    SCHEMA: ClassVar[ElementSchema]

    def __repr__(self) -> str:
        """Return the items with their names."""
        return self.SCHEMA.repr(self)

    def __reduce__(self) -> tuple[object, ...]:
        """Have it copied and pickled with its schema, which makes its class."""
        return _element, (self.SCHEMA, tuple(self))


class ElementSchema(Schema):
    """A schema whose values are made `Element`; it is not changed once it is made.

    Args:
        fields: pairs of name and type.
        kafka: Kafka's name of each field, if they differ; empty for a structure that only 2.x has.
        aliases: other names of fields, each with the name it stands for.
    """

    def __init__(
        self, *fields: tuple[str, Codec], kafka: Sequence[str] = (), aliases: Mapping[str, str]
    ) -> None:
        super().__init__(*fields)
        places = {name: index for index, name in enumerate(self.names)}
        self.aliases = {
            alias: name for alias, name in aliases.items() if alias not in places and name in places
        }
        self._kafka = kafka or self.names
        places |= {alias: places[name] for alias, name in self.aliases.items()}
        items = {name: property(itemgetter(index)) for name, index in places.items()}
        self.element: type[Element] = type(
            "Element", (Element,), {"__slots__": (), "SCHEMA": self, **items}
        )

    def decode(self, data: Readable, /) -> Element:
        """Return the element that *data* goes on with."""
        return self.element(super().decode(data))

    def attributes(self, value: object) -> Sequence[Any]:
        """Return the attributes of *value* in order, by Kafka's names if it is of 3.x.

        What only 2.x puts into a structure of its own is in *value* itself there.
        """
        if not isinstance(value, Struct):
            return super().attributes(value)
        return [getattr(value, name) if name else value for name in self._kafka]

    def by_name(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return *values* by the names of 2.x.

        Raises:
            ValueError: a value is given by two of its names.
        """
        found: dict[str, Any] = {}
        for name, value in values.items():
            known = self.aliases.get(name, name)
            if known in found:
                raise ValueError(f"{known} is given twice, {name} is another name of it")
            found[known] = value
        return found

    def __reduce__(self) -> tuple[object, ...]:
        """Have it pickled as what it is made of."""
        pairs = tuple(zip(self.names, self.fields, strict=True))
        return _schema, (type(self), pairs, self._kafka, self.aliases)

    def __deepcopy__(self, memo: object) -> Self:
        """Return the schema itself."""
        return self


def _element(schema: ElementSchema, items: tuple[Any, ...]) -> Element:
    return schema.element(items)


def _schema(
    kind: type[ElementSchema],
    pairs: Sequence[tuple[str, Codec]],
    kafka: Sequence[str],
    aliases: Mapping[str, str],
) -> ElementSchema:
    return kind(*pairs, kafka=kafka, aliases=aliases)


class NullableSchema(ElementSchema):
    """A schema whose values may be null, which a byte before them says (KIP-893)."""

    def encode(self, value: Any, /) -> bytes:
        """Return the bytes of the items of *value*."""
        return _ABSENT if value is None else _PRESENT + super().encode(value)

    def decode(self, data: Readable, /) -> Any:
        """Return the element that *data* goes on with, or ``None``."""
        marker = take(data, 1)
        if marker not in (_ABSENT, _PRESENT):
            raise KafkaProtocolError(f"a structure starts with -1 or 1, not {marker!r}")
        return None if marker == _ABSENT else super().decode(data)


class BareArray(Array):
    """An array of structures of one field that 2.x has without tuples around it.

    Args:
        field: the type of the field.
        kafka: Kafka's name of the field.
    """

    def __init__(self, field: Codec, kafka: str) -> None:
        super().__init__(field)
        self._kafka = kafka

    def encode(self, value: Any, /) -> bytes:
        """Return the bytes of the items, structures of 3.x among them."""
        if isinstance(value, list | tuple):
            value = [getattr(v, self._kafka) if isinstance(v, Struct) else v for v in value]
        return super().encode(value)
