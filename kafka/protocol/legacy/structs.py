"""Make kafka-python 2.x's structures of the tables of the messages.

Pure. A class has the shape that the message has in one version, and the names of 2.x, which
`kafka.protocol.legacy.names` knows where they are not Kafka's.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Final

from kafka.errors import UnsupportedVersionError
from kafka.protocol import types
from kafka.protocol.api import Request, Response
from kafka.protocol.fields import INT32, STRUCT, Kind
from kafka.protocol.headers import is_flexible
from kafka.protocol.legacy.elements import BareArray, ElementSchema, NullableSchema
from kafka.protocol.legacy.names import Names, row_of
from kafka.protocol.schema import Request as RequestMessage
from kafka.protocol.types import Array, CompactArray, TaggedFields, readable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.protocol.abstract import Codec, Readable
    from kafka.protocol.fields import Field, Struct
    from kafka.protocol.primitives import Buffer
    from kafka.protocol.schema import Message

_TYPES: Final[dict[Kind, tuple[Codec, Codec]]] = {
    Kind.INT8: (types.Int8, types.Int8),
    Kind.INT16: (types.Int16, types.Int16),
    Kind.INT32: (types.Int32, types.Int32),
    Kind.INT64: (types.Int64, types.Int64),
    Kind.UINT16: (types.UInt16, types.UInt16),
    Kind.UINT32: (types.UInt32, types.UInt32),
    Kind.FLOAT64: (types.Float64, types.Float64),
    Kind.BOOL: (types.Boolean, types.Boolean),
    Kind.UUID: (types.UUID, types.UUID),
    Kind.STRING: (types.String(), types.CompactString()),
    Kind.BYTES: (types.Bytes, types.CompactBytes),
    Kind.RECORDS: (types.Bytes, types.CompactBytes),
}

_PRODUCE: Final = 0
_API_VERSIONS: Final = 18
# By module, name and version.
_CLASSES: Final[dict[tuple[str, str, int], type[Request] | type[Response]]] = {}
# By row in the table of names, and version: with a line about each field. Names share it.
_SCHEMAS: Final[dict[tuple[str, int], tuple[ElementSchema, list[str]]]] = {}


def struct_class(
    message: type[Message], version: int, name: str, module: str
) -> type[Request] | type[Response]:
    """Return kafka-python's class of one version of a message, the same each time.

    Args:
        message: our class of all versions.
        version: one that *message* has.
        name: kafka-python's name, without the version.
        module: where it is offered.
    """
    key = (module, name, version)
    # Threads that make it at the same time get the first one.
    return _CLASSES.get(key) or _CLASSES.setdefault(key, _make(message, version, name, module))


def _make(
    message: type[Message], version: int, name: str, module: str
) -> type[Request] | type[Response]:
    schema, lines = _schema(message, version, row_of(message.__name__, module))
    title = f"{name}, version {version} of {message.NAME} (API key {message.API_KEY})."
    attributes: dict[str, Any] = {
        "__doc__": "\n".join((title, "", *(lines or ["It has no fields."]), "")),
        "__module__": module,
        "API_KEY": message.API_KEY,
        "API_VERSION": version,
        "FLEXIBLE_VERSION": is_flexible(message, version),
        "SCHEMA": schema,
        **{alias: _other_name_of(name) for alias, name in schema.aliases.items()},
    }
    base: type[Request] | type[Response] = Response
    if issubclass(message, RequestMessage):
        base = _ProduceRequest if message.API_KEY == _PRODUCE else Request
        response = f"{name.removesuffix('Request')}Response"
        attributes["RESPONSE_TYPE"] = struct_class(message.RESPONSE, version, response, module)
    elif message.API_KEY == _API_VERSIONS and version:
        base = _ApiVersionsResponse
        attributes["OLDEST"] = struct_class(message, 0, name, module)
    return type(f"{name}_v{version}", (base,), attributes)


def _other_name_of(name: str) -> property:
    """Return an attribute that is the attribute *name*."""
    return property(attrgetter(name), lambda self, value: setattr(self, name, value))


def _schema(message: type[Message], version: int, row: str) -> tuple[ElementSchema, list[str]]:
    if (row, version) not in _SCHEMAS:
        shape = _Shape(message, version, Names(row, version))
        _SCHEMAS.setdefault((row, version), (shape.schema(message, ""), shape.lines))
    return _SCHEMAS[row, version]


class _ApiVersionsResponse(Response):
    """What a broker speaks: in version 0 if it does not speak the one asked for (KIP-511)."""

    OLDEST: ClassVar[type[Response]]

    @classmethod
    def decode(cls, data: Buffer | Readable, /) -> Any:
        """Return the response, of the version that the broker has chosen."""
        stream = readable(data)
        code = types.Int16.decode(stream)
        found = cls.OLDEST if code == UnsupportedVersionError.errno else cls
        return found(code, *(kind.decode(stream) for kind in found.SCHEMA.fields[1:]))


class _ProduceRequest(Request):
    """A Produce request, which may ask for no answer."""

    def expect_response(self) -> bool:
        """Return whether the broker answers: not if it is asked for no acknowledgement."""
        return bool(self.get_item("required_acks") != 0)


class _Shape:
    """The walk through the fields of one version of a message."""

    def __init__(self, message: type[Message], version: int, names: Names) -> None:
        self._message, self._version, self._names = message, version, names
        self._flexible = is_flexible(message, version)
        self.lines: list[str] = []

    def schema(
        self, owner: type[Struct], path: str, make: type[ElementSchema] = ElementSchema
    ) -> ElementSchema:
        """Return the schema of *owner*, which is at *path* in the message."""
        pairs: list[tuple[str, Codec]] = []
        kafka: list[str] = []
        aliases: dict[str, str] = {}
        nested, depth = self._names.nested(path), path.count(".") + 1
        for field in self._present(owner):
            name = self._names.of(path + field.name)
            if nested and len(pairs) == 1:
                self.lines.append(f"{'    ' * depth}{nested}: structure")
                depth += 1
            self._describe(field, name, path + field.name, depth)
            pairs.append((name, self._type(field, path)))
            kafka.append(field.name)
            aliases |= dict.fromkeys(self._names.others(path + field.name), name)
        if self._flexible:
            pairs.append((self._names.of("tags"), TaggedFields))
            kafka.append("unknown_tags")
        if nested:
            pairs[1:] = [(nested, ElementSchema(*pairs[1:], kafka=kafka[1:], aliases={}))]
            kafka[1:] = [""]
        return make(*pairs, kafka=kafka, aliases=aliases)

    def _present(self, owner: type[Struct]) -> Iterator[Field]:
        return (f for f in owner.FIELDS if f.tag is None and f.present(self._version))

    def _only(self, field: Field) -> Field:
        """Return the only field of the structures in *field*."""
        (only,) = self._present(getattr(self._message, field.struct))
        return only

    def _describe(self, field: Field, name: str, path: str, depth: int) -> None:
        """Add a line about a field; the fields of its structures follow."""
        kafka = "" if name == field.name else f", {field.name} in Kafka"
        kind = "structure" if field.kind is STRUCT else field.kind.value
        if self._names.is_bare(path):
            only = self._only(field)
            kind = f"array of {only.kind.value}" if only.array else only.kind.value
            kafka += f", of structures with {only.name} in Kafka"
        shape = f"array of {kind}" if field.array else kind
        null = " or null" if field.is_nullable(self._version) else ""
        self.lines.append(f"{'    ' * depth}{name}: {shape}{null}{kafka}")

    def _type(self, field: Field, path: str) -> Codec:
        if not field.array:
            return self._element(field, path, nullable=field.is_nullable(self._version))
        element = self._element(field, path, nullable=False)
        if self._names.is_bare(path + field.name):
            return BareArray(element, self._only(field).name)
        return CompactArray(element) if self._flexible else Array(element)

    def _element(self, field: Field, path: str, *, nullable: bool) -> Codec:
        if field.kind is not STRUCT:
            is_set = field.name.endswith("authorized_operations") and field.kind is INT32
            return types.BitField if is_set else _TYPES[field.kind][self._flexible]
        owner: type[Struct] = getattr(self._message, field.struct)
        if self._names.is_bare(path + field.name):
            return self._type(self._only(field), f"{path}{field.name}.")
        make = NullableSchema if nullable else ElementSchema
        return self.schema(owner, f"{path}{field.name}.", make)
