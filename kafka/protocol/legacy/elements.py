"""The elements of arrays in kafka-python 2.x's structures: tuples whose items have names.  Pure."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final

from kafka.errors import KafkaProtocolError
from kafka.protocol.types import Schema, take

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.protocol.abstract import Codec, Readable

_ABSENT: Final = b"\xff"
_PRESENT: Final = b"\1"


class Element(tuple[Any, ...]):
    """A tuple as 2.x has it, whose items answer to 2.x's names and to Kafka's."""

    __slots__ = ()
    SCHEMA: ClassVar[Schema]

    def __repr__(self) -> str:
        """Return the items with their names."""
        return self.SCHEMA.repr(self)

    def __reduce__(self) -> tuple[type[tuple[Any, ...]], tuple[tuple[Any, ...]]]:
        """Have it pickled as the tuple that it is: its class is made when it is needed."""
        return tuple, (tuple(self),)


class ElementSchema(Schema):
    """A schema whose values are made `Element`.

    Args:
        fields: pairs of name and type.
        aliases: other names of fields, each with the name it stands for.
    """

    def __init__(self, *fields: tuple[str, Codec], aliases: Mapping[str, str]) -> None:
        super().__init__(*fields)
        places = {name: index for index, name in enumerate(self.names)}
        self.aliases = {
            alias: name for alias, name in aliases.items() if alias not in places and name in places
        }
        places |= {alias: places[name] for alias, name in self.aliases.items()}
        items = {name: property(itemgetter(index)) for name, index in places.items()}
        self._element: type[Element] = type(
            "Element", (Element,), {"__slots__": (), "SCHEMA": self, **items}
        )

    def decode(self, data: Readable, /) -> Element:
        """Return the element that *data* goes on with."""
        return self._element(super().decode(data))


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
