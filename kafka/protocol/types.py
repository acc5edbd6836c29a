"""The types that the structures of kafka-python 2.x are written with.

Pure. A structure is a `Schema` of pairs, name and type; `kafka.protocol.struct` and
`kafka.protocol.api` make classes of it. No length is believed: a string or an array may not claim
more than the bytes that follow.
"""

from __future__ import annotations

import struct
import uuid
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar

from kafka.errors import KafkaProtocolError
from kafka.protocol.abstract import AbstractType
from kafka.protocol.fields import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.protocol.abstract import Codec, Readable
    from kafka.protocol.primitives import Buffer


class BufferUnderrunError(KafkaProtocolError, ValueError):
    """Report bytes that are not the value they should be, most often because they end within it."""


def take(data: Readable, size: int) -> bytes:
    """Return the next *size* bytes of *data*.

    Raises:
        KafkaProtocolError: there are fewer; it is a `ValueError`, too.
    """
    found = data.read(size) if size >= 0 else b""
    if len(found) != size:
        raise BufferUnderrunError(f"a value of {size} bytes has {len(found)} bytes left")
    return found


def readable(data: Buffer | Readable) -> Readable:
    """Return *data* as something to read from: bytes are wrapped, a stream is left alone.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        return BytesIO(data)
    if not hasattr(data, "read"):
        raise TypeError(f"decode() takes bytes or a stream of bytes, not {type(data).__name__}")
    return data


class _Fixed(AbstractType):
    """A type of fixed size."""

    _FORMAT: ClassVar[struct.Struct]

    def __init_subclass__(cls, form: str = "") -> None:
        """Take the format that `struct` has for the type; one of another type has that already."""
        if form:
            cls._FORMAT = struct.Struct(form)

    @classmethod
    def encode(cls, value: Any, /) -> bytes:
        """Return the bytes of *value*.

        Raises:
            ValueError: the type does not hold such a value.
        """
        try:
            return cls._FORMAT.pack(value)
        except struct.error as exc:
            raise ValueError(f"{cls.__name__} does not hold {value!r}: {exc}") from exc

    @classmethod
    def decode(cls, data: Readable, /) -> Any:
        """Return the value that *data* goes on with."""
        return cls._FORMAT.unpack(take(data, cls._FORMAT.size))[0]


class Int8(_Fixed, form=">b"):
    """An integer of 8 bits."""


class Int16(_Fixed, form=">h"):
    """An integer of 16 bits."""


class Int32(_Fixed, form=">i"):
    """An integer of 32 bits."""


class UInt16(_Fixed, form=">H"):
    """An integer of 16 bits without a sign."""


class UInt32(_Fixed, form=">I"):
    """An integer of 32 bits without a sign."""


class Int64(_Fixed, form=">q"):
    """An integer of 64 bits."""


class Float64(_Fixed, form=">d"):
    """A floating-point number of 64 bits."""


class Boolean(_Fixed, form=">?"):
    """True or false, one byte."""


class UnsignedVarInt32(AbstractType):
    """An integer without a sign, in one to five bytes."""

    _BITS: ClassVar[int] = 32
    _FIRST: ClassVar[int] = 0  # what a byte of zero means

    @classmethod
    def encode(cls, value: int, /) -> bytes:
        """Return *value*, its low seven bits first."""
        number = value - cls._FIRST
        if not 0 <= number < 1 << cls._BITS:
            raise ValueError(f"{cls.__name__} does not hold {value}")
        rest = [number >> shift for shift in range(0, max(number.bit_length(), 1), 7)]
        return bytes([*(low & 0x7F | 0x80 for low in rest[:-1]), rest[-1]])

    @classmethod
    def decode(cls, data: Readable, /) -> int:
        """Return the integer that *data* goes on with."""
        number = 0
        for shift in range(0, cls._BITS, 7):
            byte = take(data, 1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80 and number < 1 << cls._BITS:
                return number + cls._FIRST
        raise BufferUnderrunError(f"a varint has more than {cls._BITS} bits")


class VarInt32(UnsignedVarInt32):
    """An integer of 32 bits in one to five bytes, small ones of either sign in one."""

    @classmethod
    def encode(cls, value: int, /) -> bytes:
        """Return *value* in zigzag order."""
        return super().encode((value << 1) ^ (value >> cls._BITS))

    @classmethod
    def decode(cls, data: Readable, /) -> int:
        """Return the integer that *data* goes on with."""
        value = super().decode(data)
        return (value >> 1) ^ -(value & 1)


class VarInt64(VarInt32):
    """An integer of 64 bits in one to ten bytes."""

    _BITS = 64


class _CompactLength(UnsignedVarInt32):
    """A length in one to five bytes, -1 for null (KIP-482)."""

    _FIRST = -1


class Bytes(AbstractType):
    """Bytes after a length of 32 bits, or null."""

    _LENGTH: ClassVar[Codec] = Int32

    @classmethod
    def encode(cls, value: bytes | None, /) -> bytes:
        """Return the bytes of *value*, with their length."""
        return cls._LENGTH.encode(-1) if value is None else cls._LENGTH.encode(len(value)) + value

    @classmethod
    def decode(cls, data: Readable, /) -> bytes | None:
        """Return the bytes that *data* goes on with."""
        length = cls._LENGTH.decode(data)
        return None if length == -1 else take(data, length)

    @classmethod
    def repr(cls, value: bytes | None) -> str:
        """Return *value*, cut after 100 bytes."""
        return repr(value if value is None or len(value) <= 100 else value[:100] + b"...")


class CompactBytes(Bytes):
    """Bytes after a length of one to five bytes, or null (KIP-482)."""

    _LENGTH = _CompactLength


class _ShortBytes(Bytes):
    _LENGTH = Int16


class String(AbstractType):
    """Text after a length of 16 bits, or null.

    Args:
        encoding: of the text; Kafka has UTF-8 everywhere.
    """

    _BYTES: ClassVar[type[Bytes]] = _ShortBytes

    def __init__(self, encoding: str = "utf-8") -> None:
        self.encoding = encoding

    def encode(self, value: str | None, /) -> bytes:
        """Return the bytes of *value*; null is told from empty."""
        return self._BYTES.encode(None if value is None else value.encode(self.encoding))

    def decode(self, data: Readable, /) -> str | None:
        """Return the text that *data* goes on with."""
        content = self._BYTES.decode(data)
        try:
            return None if content is None else content.decode(self.encoding)
        except UnicodeDecodeError as exc:
            raise BufferUnderrunError(f"text is not {self.encoding}: {exc}") from exc


class CompactString(String):
    """Text after a length of one to five bytes, or null (KIP-482)."""

    _BYTES = CompactBytes


class UUID(AbstractType):
    """A UUID, 16 bytes; its value is a `uuid.UUID`, or text that says one."""

    @classmethod
    def encode(cls, value: uuid.UUID | str, /) -> bytes:
        """Return the 16 bytes of *value*."""
        return (value if isinstance(value, uuid.UUID) else uuid.UUID(value)).bytes

    @classmethod
    def decode(cls, data: Readable, /) -> uuid.UUID:
        """Return the UUID that *data* goes on with."""
        return uuid.UUID(bytes=take(data, 16))


class BitField(AbstractType):
    """A set of the numbers 0 to 31, as an integer of 32 bits; null is written as the set of 31."""

    @classmethod
    def encode(cls, value: Iterable[int] | None, /) -> bytes:
        """Return the bytes of the numbers in *value*."""
        return UInt32.encode(cls.to_32_bit_field({31} if value is None else value))

    @classmethod
    def decode(cls, data: Readable, /) -> set[int]:
        """Return the numbers that *data* goes on with; 31 alone means that nobody has asked."""
        return cls.from_32_bit_field(UInt32.decode(data))

    @classmethod
    def to_32_bit_field(cls, vals: Iterable[int]) -> int:
        """Return the integer that has the bits of *vals*."""
        return sum(1 << bit for bit in set(vals))

    @classmethod
    def from_32_bit_field(cls, value: int) -> set[int]:
        """Return the numbers of the bits of *value*."""
        return {bit for bit in range(32) if value >> bit & 1}


class TaggedFields(AbstractType):
    """The fields at the end of a structure that have numbers, ``{tag: bytes}`` (KIP-482)."""

    @classmethod
    def encode(cls, value: Mapping[int, bytes] | None, /) -> bytes:
        """Return the bytes of *value*, lowest tag first."""
        number = UnsignedVarInt32.encode
        fields = sorted((value or {}).items())
        parts = (number(tag) + number(len(content)) + content for tag, content in fields)
        return b"".join((number(len(fields)), *parts))

    @classmethod
    def decode(cls, data: Readable, /) -> dict[int, bytes]:
        """Return the tagged fields that *data* goes on with."""
        fields: dict[int, bytes] = {}
        for _ in range(UnsignedVarInt32.decode(data)):
            tag = UnsignedVarInt32.decode(data)
            if fields and tag <= next(reversed(fields)):
                raise BufferUnderrunError(f"tag {tag} is repeated or out of order")
            fields[tag] = take(data, UnsignedVarInt32.decode(data))
        return fields


class Schema(AbstractType):
    """Named fields one after the other; a value is a tuple with one item for each.

    Args:
        fields: pairs of name and type.
    """

    def __init__(self, *fields: tuple[str, Codec]) -> None:
        self.names: tuple[str, ...] = tuple(name for name, _ in fields)
        self.fields: tuple[Codec, ...] = tuple(kind for _, kind in fields)
        self._decoders = [kind.decode for kind in self.fields]

    def by_name(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return *values*, each by the name that it has in ``names``."""
        return values

    def items(self, value: Any) -> Sequence[Any]:
        """Return the items of *value*: a tuple or a list, or an object with such attributes.

        Raises:
            ValueError: it has more or fewer items than the schema has fields.
            AttributeError: it is an object that lacks one.
        """
        items = value if isinstance(value, (tuple, list)) else self.attributes(value)
        if len(items) != len(self):
            names = ", ".join(self.names)
            raise ValueError(f"{len(items)} values do not match the {len(self)} fields: {names}")
        return items

    def attributes(self, value: object) -> Sequence[Any]:
        """Return the attributes of *value* that have the names of the fields, in order."""
        return [getattr(value, name) for name in self.names]

    def encode(self, value: Any, /) -> bytes:
        """Return the bytes of the items of *value*.

        Raises:
            ValueError: there are more or fewer than fields, or one is wrong.
        """
        return b"".join(map(_encode_field, self.names, self.fields, self.items(value)))

    def decode(self, data: Readable, /) -> tuple[Any, ...]:
        """Return the items that *data* goes on with."""
        return tuple([decode(data) for decode in self._decoders])

    def __len__(self) -> int:
        """Return the number of fields."""
        return len(self.fields)

    # For types without parameters this is a method of the class.
    def repr(self, value: Any) -> str:  # type: ignore[override]
        """Return the items of *value* with their names, of secrets the length only."""
        try:
            items = self.items(value)
        except (AttributeError, ValueError):
            return _misshapen(value)
        return f"({', '.join(map(_field_text, self.names, self.fields, items))})"


def _encode_field(name: str, kind: Codec, item: object) -> bytes:
    try:
        return kind.encode(item)
    except (TypeError, AttributeError, ValueError) as exc:
        raise ValueError(f"{name}: {exc}") from exc


def _field_text(name: str, kind: Codec, item: object) -> str:
    return f"{name}={shown(name, item, lambda: kind.repr(item))}"


def _misshapen(value: object) -> str:
    """Return what is shown of a value that cannot be sent: a secret may be in it."""
    return "NULL" if value is None else f"<{type(value).__name__}>"


class Array(AbstractType):
    """Items of one type after their number, 32 bits, or null; a value is a list.

    Args:
        array_of: the type of the items, or the pairs of the `Schema` that they have.
    """

    _LENGTH: ClassVar[Codec] = Int32

    def __init__(self, *array_of: Any) -> None:
        is_type = len(array_of) == 1 and not isinstance(array_of[0], tuple)
        self.array_of: Codec = array_of[0] if is_type else Schema(*array_of)
        # Each item takes a byte at least, so that a number that is a lie ends with the bytes.
        if not _takes_bytes(self.array_of):
            raise ValueError("Array needs the type of its items, which have a field at least")

    def encode(self, value: Any, /) -> bytes:
        """Return the bytes of the items."""
        if isinstance(value, str):
            raise TypeError(f"a list is needed, not {value!r}")
        if value is None:
            return self._LENGTH.encode(-1)
        return b"".join((self._LENGTH.encode(len(value)), *map(self.array_of.encode, value)))

    def decode(self, data: Readable, /) -> list[Any] | None:
        """Return the items that *data* goes on with."""
        length = self._LENGTH.decode(data)
        if length < -1:
            raise BufferUnderrunError(f"an array of {length} items")
        return None if length == -1 else [self.array_of.decode(data) for _ in range(length)]

    # For types without parameters this is a method of the class.
    def repr(self, value: Any) -> str:  # type: ignore[override]
        """Return the items, each as its type shows it."""
        if isinstance(value, tuple | list):
            return f"[{', '.join(map(self.array_of.repr, value))}]"
        return _misshapen(value)


class CompactArray(Array):
    """Items of one type after their number in one to five bytes, or null (KIP-482)."""

    _LENGTH = _CompactLength


def _takes_bytes(kind: object) -> bool:
    """Tell whether every value of *kind* has a byte at least."""
    schema = schema_of(kind)
    return schema is None or any(map(_takes_bytes, schema.fields))


def schema_of(kind: object) -> Schema | None:
    """Return the schema that *kind* is, or that the values of the structure *kind* have."""
    schema = getattr(kind, "SCHEMA", kind)
    return schema if isinstance(schema, Schema) else None
