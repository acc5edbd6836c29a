"""The vocabulary of message definitions: types, fields, version ranges, structures.

Pure. `kafka.protocol.schema` adds messages on top; the compiler reads what is described here.
"""

from __future__ import annotations

from enum import Enum, unique
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from kafka.protocol.primitives import ZERO_UUID

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID


class VersionRange(NamedTuple):
    """The versions from *min* to *max*, both included."""

    min: int
    max: int

    def __contains__(self, version: object) -> bool:
        """Tell whether *version* lies in the range."""
        return isinstance(version, int) and self.min <= version <= self.max

    def __str__(self) -> str:
        """Return the range as Kafka writes it: ``3`` or ``3-13``."""
        return str(self.min) if self.min == self.max else f"{self.min}-{self.max}"


@unique
class Kind(Enum):
    """The types of the Kafka protocol (https://kafka.apache.org/protocol#protocol_types)."""

    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT16 = "uint16"
    UINT32 = "uint32"
    FLOAT64 = "float64"
    BOOL = "bool"
    UUID = "uuid"
    STRING = "string"
    BYTES = "bytes"
    RECORDS = "records"
    STRUCT = "struct"


INT8: Final = Kind.INT8
INT16: Final = Kind.INT16
INT32: Final = Kind.INT32
INT64: Final = Kind.INT64
UINT16: Final = Kind.UINT16
UINT32: Final = Kind.UINT32
FLOAT64: Final = Kind.FLOAT64
BOOL: Final = Kind.BOOL
UUID_: Final = Kind.UUID
STRING: Final = Kind.STRING
BYTES: Final = Kind.BYTES
RECORDS: Final = Kind.RECORDS
STRUCT: Final = Kind.STRUCT

# Types of fixed size: their `struct` format and their size in bytes.
FIXED: Final[dict[Kind, tuple[str, int]]] = {
    INT8: ("b", 1),
    INT16: ("h", 2),
    INT32: ("i", 4),
    INT64: ("q", 8),
    UINT16: ("H", 2),
    UINT32: ("I", 4),
    FLOAT64: ("d", 8),
    BOOL: ("?", 1),
    UUID_: ("16s", 16),
}

Default = int | float | bool | str | bytes | None
_TYPE_DEFAULTS: Final[dict[Kind, Default | UUID]] = {
    BOOL: False,
    FLOAT64: 0.0,
    UUID_: ZERO_UUID,
    STRING: "",
    BYTES: b"",
    RECORDS: None,
    STRUCT: None,
}
_NO_DEFAULT: Final = object()
_LAST: Final = 32767


class Field:
    """One field of a structure.

    Attributes:
        name: attribute name.
        kind: its type; for an array, that of the elements.
        array: whether it is an array of *kind*.
        struct: name of the structure class, nested in the message, if *kind* is ``STRUCT``.
        since: first version that carries it.
        until: last version that carries it.
        nullable: first version in which it may be null (``None``: never).
        default: value where nothing else is given (arrays: empty unless None is given).
        has_null_default: whether the default is null.
        tag: number of a tagged field (KIP-482), else None.
        ignorable: whether a version that cannot carry it may drop it without an error.
    """

    __slots__ = (
        "array",
        "default",
        "has_null_default",
        "ignorable",
        "kind",
        "name",
        "nullable",
        "since",
        "struct",
        "tag",
        "until",
    )

    def __init__(
        self,
        name: str,
        kind: Kind,
        *,
        array: bool = False,
        struct: str = "",
        since: int = 0,
        until: int = _LAST,
        nullable: int | None = None,
        default: object = _NO_DEFAULT,
        tag: int | None = None,
        ignorable: bool = False,
    ) -> None:
        self.name = name
        self.kind = kind
        self.array = array
        self.struct = struct
        self.since = since
        self.until = until
        self.nullable = nullable
        self.has_null_default = default is None
        given = default is not _NO_DEFAULT
        self.default = default if given or array else _TYPE_DEFAULTS.get(kind, 0)
        self.tag = tag
        self.ignorable = ignorable

    def __repr__(self) -> str:
        """Return the name, type and versions of the field."""
        kind = self.struct or self.kind.value
        shape = f"[]{kind}" if self.array else kind
        until = "" if self.until == _LAST else self.until
        return f"<Field {self.name}: {shape} {self.since}-{until}>"

    def present(self, version: int) -> bool:
        """Tell whether *version* carries the field."""
        return self.since <= version <= self.until

    def is_nullable(self, version: int) -> bool:
        """Tell whether the field may be null in *version*."""
        return self.nullable is not None and version >= self.nullable


# SASL, SCRAM credentials and delegation tokens; no other message has fields of these names. The
# last one is kafka-python's.
SECRETS: Final = frozenset({"auth_bytes", "hmac", "salt", "salted_password", "sasl_auth_bytes"})


def shown(name: str, value: object, text: Callable[[], str]) -> str:
    """Return *value* for a ``repr``: as *text* does it, but of a secret the length only.

    Args:
        name: of the field.
        value: of the field, of whatever type the program gave.
        text: called only if *value* may be shown.
    """
    if name not in SECRETS or value is None:
        return text()
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    # Of a type that cannot be sent, but a secret all the same.
    return f"<{type(value).__name__}>"


class Struct:
    """A group of fields; the base of everything the protocol sends. Mutable, so not hashable.

    Attributes:
        unknown_tags: tagged fields of newer versions, by tag; kept when encoded again (KIP-482).
    """

    __slots__ = ("unknown_tags",)
    FIELDS: ClassVar[tuple[Field, ...]] = ()
    unknown_tags: dict[int, bytes]

    def __init__(self) -> None:
        self.unknown_tags = {}

    def __eq__(self, other: object) -> bool:
        """Compare type, every field and the unknown tags."""
        if type(other) is not type(self):
            return NotImplemented
        names = self.__slots__
        mine = (getattr(self, name) == getattr(other, name) for name in names)
        return all(mine) and self.unknown_tags == other.unknown_tags

    # Python would set this by itself; said aloud for the reader and the linter.
    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return the constructor call, with the fields in order; of secrets, the length only."""
        body = ", ".join(f"{f.name}={self._shown(f.name)}" for f in self.FIELDS)
        return f"{type(self).__name__}({body})"

    def _shown(self, name: str) -> str:
        value = getattr(self, name)
        return shown(name, value, partial(repr, value))
