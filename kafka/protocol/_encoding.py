"""Write the Python source that encodes one version of one message.

Pure. Nested structures are written in line, neighbours of fixed size share one `pack`, and large
byte strings leave as pieces of their own.
"""

from __future__ import annotations

import struct

from kafka.errors import UnsupportedVersionError
from kafka.protocol import primitives
from kafka.protocol._source import BLOCK_KINDS, Source
from kafka.protocol.fields import (
    BYTES,
    FIXED,
    INT8,
    RECORDS,
    STRING,
    STRUCT,
    UUID_,
    Field,
    Kind,
    Struct,
)


def write_tags(out: bytearray, tags: dict[int, bytes | bytearray]) -> None:
    """Append the tagged fields *tags* to *out*, in the order of their tags (KIP-482)."""
    out += primitives.uvarint(len(tags))
    for tag, content in sorted(tags.items()):
        out += primitives.uvarint(tag) + primitives.uvarint(len(content)) + content


def unsupported(path: str, version: int, field: Field) -> UnsupportedVersionError:
    """Return the error for a field that is set but that *version* cannot carry."""
    if version < field.since:
        hint = f"versions {field.since} and later"
    else:
        hint = f"versions up to {field.until}"
    return UnsupportedVersionError(
        f"{path}.{field.name} is set, but version {version} cannot carry it, only {hint} can"
    )


def unsupported_tags(path: str, version: int) -> UnsupportedVersionError:
    """Return the error for unknown tagged fields in a version that has none."""
    return UnsupportedVersionError(f"{path}: version {version} has no tagged fields")


_HELPERS = {
    "pack": struct.pack,
    "pieces": primitives.pieces,
    "unsupported": unsupported,
    "unsupported_tags": unsupported_tags,
    "uvarint": primitives.uvarint,
    "write_tags": write_tags,
}


class EncoderSource(Source):
    """Source of ``encode(m) -> list of pieces``."""

    def __init__(self, message: type[Struct], version: int, flexible_since: int | None) -> None:
        super().__init__(message, version, flexible_since)
        self.namespace.update(_HELPERS)
        self._formats = ""
        self._values: list[str] = []
        self._in_tag = False
        self._write_function()

    def _write_function(self) -> None:
        self.open("def encode(m):")
        self.line("parts = []")
        self.line("out = bytearray()")
        self._struct(self.message, "m", self.message.__name__)
        self.open("if out or not parts:")
        self.line("parts.append(bytes(out))")
        self.close()
        self.line("return parts")
        self.close()

    def _add(self, formats: str, value: str) -> None:
        self._formats += formats
        self._values.append(value)

    def _flush(self) -> None:
        """Write the fixed-size values gathered so far with one call."""
        if not self._values:
            return
        name = "S_" + self._formats.replace("?", "t")
        self.namespace[name] = struct.Struct(">" + self._formats).pack
        self.line(f"out += {name}({', '.join(self._values)})")
        self._formats, self._values = "", []

    def _struct(self, owner: type[Struct], source: str, path: str) -> None:
        present = self.present(owner)
        tagged = self.tagged(owner)
        for field in owner.FIELDS:
            if field not in present and field not in tagged and not field.ignorable:
                self._reject(field, source, path)
        for field in present:
            self._field(field, f"{source}.{field.name}")
        if self.flexible:
            self._flush()
            self._tags(tagged, source)
        else:
            self.open(f"if {source}.unknown_tags:")
            self.line(f"raise unsupported_tags({path!r}, {self.version})")
            self.close()
            self._flush()

    def _reject(self, field: Field, source: str, path: str) -> None:
        self.open(f"if {self._is_set(field, f'{source}.{field.name}')}:")
        self.line(f"raise unsupported({path!r}, {self.version}, {self.bind('F', field)})")
        self.close()

    def _is_set(self, field: Field, value: str) -> str:
        """Return the condition that *value* is not the default of *field*."""
        if field.has_null_default:
            return f"{value} is not None"
        if field.array or field.kind in (BYTES, RECORDS):
            return f"{value} is None or len({value})"
        if field.kind is UUID_:
            return f"{value}.int"
        if field.kind is STRUCT:
            default = self.bind("D", self._default_struct(field))
            if field.tag is None:
                return f"{value} != {default}"
            return f"{value} is not None and {value} != {default}"
        if field.kind is Kind.BOOL:
            return f"not {value}" if field.default else value
        return f"{value} != {field.default!r}"

    def _default_struct(self, field: Field) -> Struct:
        struct_type = self.struct_of(field)
        for known in self.namespace.values():
            if type(known) is struct_type:
                return known
        return struct_type()

    def _field(self, field: Field, value: str) -> None:
        nullable = field.is_nullable(self.version)
        if field.array:
            self._array(field, value, nullable=nullable)
        elif field.kind in FIXED:
            self._fixed(field.kind, value)
        elif field.kind is STRUCT:
            self._nested(field, value, nullable=nullable)
        elif field.kind is RECORDS:
            self._records(value, nullable=nullable)
        else:
            self._sized(field.kind, value, nullable=nullable)

    def _fixed(self, kind: Kind, value: str) -> None:
        self._add(FIXED[kind][0], f"{value}.bytes" if kind is UUID_ else value)

    def _local(self, value: str) -> str:
        variable = self.name("v")
        self.line(f"{variable} = {value}")
        return variable

    def _null_or(self, variable: str, marker: str, *, nullable: bool) -> None:
        """Open the block that writes a value which may be null."""
        self._flush()
        if nullable:
            self.open(f"if {variable} is None:")
            self.line(f"out += {marker}")
            self.close()
            self.open("else:")

    def _end_null(self, *, nullable: bool) -> None:
        self._flush()
        if nullable:
            self.close()

    def _null_length(self, formats: str) -> str:
        return repr(b"\0" if self.flexible else struct.pack(">" + formats, -1))

    def _length(self, formats: str, length: str) -> None:
        if not self.flexible:
            self._add(formats, length)
            return
        variable = self.name("n")
        self._flush()
        self.line(f"{variable} = {length} + 1")
        self.open(f"if {variable} < 128:")
        self.line(f"out.append({variable})")
        self.close()
        self.open("else:")
        self.line(f"out += uvarint({variable})")
        self.close()

    def _sized(self, kind: Kind, value: str, *, nullable: bool) -> None:
        """Write a string or bytes."""
        formats = "h" if kind is STRING else "i"
        variable = self._local(value)
        if kind is STRING and not self.flexible:
            content = self.name("b")
            encoded = f"{variable}.encode()"
            size = f"len({content})"
            self.line(
                f'{content} = b"" if {variable} is None else {encoded}'
                if nullable
                else f"{content} = {encoded}"
            )
            self._add(formats, f"-1 if {variable} is None else {size}" if nullable else size)
            self._flush()
            self.line(f"out += {content}")
            return
        self._null_or(variable, self._null_length(formats), nullable=nullable)
        if kind is STRING:
            self.line(f"{variable} = {variable}.encode()")
        self._length(formats, f"len({variable})")
        self._flush()
        if kind is STRING or self._in_tag:
            self.line(f"out += {variable}")
        else:
            self._pieces(f"len({variable})", f"({variable},)")
        self._end_null(nullable=nullable)

    def _records(self, value: str, *, nullable: bool) -> None:
        variable = self._local(value)
        self._null_or(variable, self._null_length("i"), nullable=nullable)
        size = self.name("n")
        self.line(f"{size}, {variable} = pieces({variable})")
        self._length("i", size)
        self._flush()
        self._pieces(size, variable)
        self._end_null(nullable=nullable)

    def _pieces(self, size: str, content: str) -> None:
        """Copy small content; let large content be pieces of its own."""
        self.open(f"if {size} > {primitives.SMALL_PIECE}:")
        self.line("parts.append(bytes(out))")
        self.line(f"parts.extend({content})")
        self.line("out = bytearray()")
        self.close()
        self.open("else:")
        self.open(f"for piece in {content}:")
        self.line("out += piece")
        self.close()
        self.close()

    def _nested(self, field: Field, value: str, *, nullable: bool) -> None:
        variable = self._local(value)
        self._null_or(variable, repr(b"\xff"), nullable=nullable)
        if nullable:
            self._fixed(INT8, "1")
        self._struct(self.struct_of(field), variable, field.struct)
        self._end_null(nullable=nullable)

    def _array(self, field: Field, value: str, *, nullable: bool) -> None:
        variable = self._local(value)
        self._null_or(variable, self._null_length("i"), nullable=nullable)
        self._length("i", f"len({variable})")
        self._flush()
        if field.kind in BLOCK_KINDS:
            formats = FIXED[field.kind][0]
            self.line(f'out += pack(f">{{len({variable})}}{formats}", *{variable})')
        else:
            self._loop(field, variable)
        self._end_null(nullable=nullable)

    def _loop(self, field: Field, variable: str) -> None:
        item = self.name("e")
        self.open(f"for {item} in {variable}:")
        if field.kind is STRUCT:
            self._struct(self.struct_of(field), item, field.struct)
        elif field.kind in FIXED:
            self._fixed(field.kind, item)
        else:
            self._sized(field.kind, item, nullable=False)
        self._flush()
        self.close()

    def _tags(self, tagged: list[Field], source: str) -> None:
        """Write the tagged fields (KIP-482) that differ from their defaults."""
        unknown = f"{source}.unknown_tags"
        conditions = [self._is_set(field, f"{source}.{field.name}") for field in tagged]
        self.open(f"if {' or '.join([*conditions, unknown])}:")
        if tagged:
            self._gather(tagged, conditions, source)
        else:
            self.line(f"write_tags(out, {unknown})")
        self.close()
        self.open("else:")
        self.line("out.append(0)")
        self.close()

    def _gather(self, tagged: list[Field], conditions: list[str], source: str) -> None:
        tags, outer = self.name("t"), self.name("o")
        self.line(f"{tags} = dict({source}.unknown_tags)")
        self.line(f"{outer} = out")
        was_in_tag, self._in_tag = self._in_tag, True
        for field, condition in zip(tagged, conditions, strict=True):
            self.open(f"if {condition}:")
            self.line("out = bytearray()")
            self._field(field, f"{source}.{field.name}")
            self._flush()
            self.line(f"{tags}[{field.tag}] = out")
            self.close()
        self._in_tag = was_in_tag
        self.line(f"out = {outer}")
        self.line(f"write_tags(out, {tags})")
