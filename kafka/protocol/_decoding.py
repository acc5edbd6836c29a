"""Write the Python source that decodes one version of one message.

Pure. Nested structures are written in line, neighbours of fixed size share one `unpack_from`, and
every length is compared with the bytes left before anything is allocated for it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from kafka.protocol import primitives
from kafka.protocol._source import BLOCK_KINDS, Source
from kafka.protocol.fields import BYTES, FIXED, INT8, RECORDS, STRING, STRUCT, UUID_, Kind, Struct

if TYPE_CHECKING:
    from kafka.protocol.fields import Field

_HELPERS = {
    "as_uuid": primitives.as_uuid,
    "bad_length": primitives.bad_length,
    "bad_presence": primitives.bad_presence,
    "bad_tag_size": primitives.bad_tag_size,
    "duplicate_tag": primitives.duplicate_tag,
    "new": object.__new__,
    "read_uvarint": primitives.read_uvarint,
    "unpack_from": struct.unpack_from,
    "ZERO_UUID": primitives.ZERO_UUID,
}
_READ = {
    STRING: 'str(data[pos:stop], "utf-8")',
    BYTES: "bytes(data[pos:stop])",
    RECORDS: "view[pos:stop]",
}


class DecoderSource(Source):
    """Source of ``decode(data, pos, end) -> (message, pos)``."""

    def __init__(self, message: type[Struct], version: int, flexible_since: int | None) -> None:
        super().__init__(message, version, flexible_since)
        self.namespace.update(_HELPERS)
        self._formats = ""
        self._targets: list[str] = []
        self._conversions: list[str] = []
        self._write_function()

    def _write_function(self) -> None:
        self.open("def decode(data, pos, end):")
        self.line("view = memoryview(data)")
        self._struct(self.message, "m", self.message.__name__)
        self.line("return m, pos")
        self.close()

    def _flush(self) -> None:
        """Read the fixed-size fields gathered so far with one call."""
        if not self._targets:
            return
        packer = struct.Struct(">" + self._formats)
        name = "S_" + self._formats.replace("?", "t")
        self.namespace[name] = packer.unpack_from
        self.line(f"{', '.join(self._targets)}, = {name}(data, pos)")
        self.line(f"pos += {packer.size}")
        for conversion in self._conversions:
            self.line(conversion)
        self._formats, self._targets, self._conversions = "", [], []

    def _fixed(self, kind: Kind, target: str) -> None:
        self._formats += FIXED[kind][0]
        if kind is UUID_:
            raw = self.name("u")
            self._conversions.append(f"{target} = as_uuid({raw})")
            target = raw
        self._targets.append(target)

    def _struct(self, owner: type[Struct], target: str, path: str) -> None:
        """Read a structure into the new variable *target*."""
        self.line(f"{target} = new({self.bind('C', owner)})")
        present, tagged = self.present(owner), self.tagged(owner)
        for field in owner.FIELDS:
            if field not in present and field not in tagged:
                self.line(f"{target}.{field.name} = {self._default(field)}")
        for field in present:
            self._field(field, f"{target}.{field.name}", f"{path}.{field.name}")
        self._flush()
        if self.flexible:
            self._tags(tagged, target, path)
        else:
            self.line(f"{target}.unknown_tags = {{}}")

    def _default(self, field: Field) -> str:
        if field.has_null_default:
            return "None"
        if field.array:
            return "[]"
        if field.kind is UUID_:
            return "ZERO_UUID"
        if field.kind is STRUCT and field.tag is None:
            return f"{self.bind('C', self.struct_of(field))}()"
        return repr(field.default)

    def _field(self, field: Field, target: str, path: str) -> None:
        nullable = field.is_nullable(self.version)
        if field.array:
            self._array(field, target, path, nullable=nullable)
        elif field.kind in FIXED:
            self._fixed(field.kind, target)
        elif field.kind is STRUCT:
            self._nested(field, target, path, nullable=nullable)
        else:
            self._sized(field.kind, target, path, nullable=nullable)

    def _length(self, formats: str) -> str:
        """Read a length or count (-1: null) into a new variable; return its name."""
        length = self.name("n")
        if not self.flexible:
            self._formats += formats
            self._targets.append(length)
            self._flush()
            return length
        self._flush()
        self.line(f"{length} = data[pos] - 1")
        self.line("pos += 1")
        self.open(f"if {length} > 126:")
        self.line(f"{length}, pos = read_uvarint(data, pos - 1)")
        self.line(f"{length} -= 1")
        self.close()
        return length

    def _null_or(self, length: str, target: str, *, nullable: bool) -> None:
        """Open the block that reads a value which may be null."""
        if nullable:
            self.open(f"if {length} == -1:")
            self.line(f"{target} = None")
            self.close()
            self.open("else:")

    def _end_null(self, *, nullable: bool) -> None:
        if nullable:
            self.close()

    def _check(self, length: str, condition: str, path: str) -> None:
        self.open(f"if {length} < 0 or {condition}:")
        self.line(f"raise bad_length({path!r}, {length}, end - pos)")
        self.close()

    def _sized(self, kind: Kind, target: str, path: str, *, nullable: bool) -> None:
        """Read a string or bytes."""
        length = self._length("h" if kind is STRING else "i")
        self._null_or(length, target, nullable=nullable)
        self.line(f"stop = pos + {length}")
        self._check(length, "stop > end", path)
        self.line(f"{target} = {_READ[kind]}")
        self.line("pos = stop")
        self._end_null(nullable=nullable)

    def _nested(self, field: Field, target: str, path: str, *, nullable: bool) -> None:
        """Read a structure, preceded by a byte that says whether it is there if it may be null."""
        variable = self.name("s")
        if not nullable:
            self._flush()
            self._struct(self.struct_of(field), variable, path)
            self.line(f"{target} = {variable}")
            return
        marker = self.name("n")
        self._fixed(INT8, marker)
        self._flush()
        self._null_or(marker, target, nullable=True)
        self.open(f"if {marker} != 1:")
        self.line(f"raise bad_presence({path!r}, {marker})")
        self.close()
        self._struct(self.struct_of(field), variable, path)
        self.line(f"{target} = {variable}")
        self.close()

    def _array(self, field: Field, target: str, path: str, *, nullable: bool) -> None:
        length = self._length("i")
        self._null_or(length, target, nullable=nullable)
        if field.kind in BLOCK_KINDS:
            formats, size = FIXED[field.kind]
            self.line(f"stop = pos + {length} * {size}")
            self._check(length, "stop > end", path)
            self.line(f'{target} = list(unpack_from(f">{{{length}}}{formats}", data, pos))')
            self.line("pos = stop")
        else:
            self._loop(field, target, path, length)
        self._end_null(nullable=nullable)

    def _loop(self, field: Field, target: str, path: str, length: str) -> None:
        struct_type = self.struct_of(field) if field.struct else None
        least = max(1, self.min_size(field.kind, struct_type))
        self._check(length, f"{length} > (end - pos) // {least}", path)
        items, item = self.name("l"), self.name("e")
        self.line(f"{target} = {items} = []")
        self.open(f"for _ in range({length}):")
        if struct_type is not None:
            self._struct(struct_type, item, path)
        elif field.kind in FIXED:
            self._fixed(field.kind, item)
            self._flush()
        else:
            self._sized(field.kind, item, path, nullable=False)
        self.line(f"{items}.append({item})")
        self.close()

    def _tags(self, known: list[Field], target: str, path: str) -> None:
        """Read the tagged fields (KIP-482), which rarely are there."""
        for field in known:
            self.line(f"{target}.{field.name} = {self._default(field)}")
        count, unknown = self.name("n"), self.name("t")
        self.line(f"{target}.unknown_tags = {unknown} = {{}}")
        self.line(f"{count} = data[pos]")
        self.line("pos += 1")
        self.open(f"if {count}:")
        self.open(f"if {count} > 127:")
        self.line(f"{count}, pos = read_uvarint(data, pos - 1)")
        self.close()
        self._tag_loop(known, target, path, count, unknown)
        self.close()

    def _tag_loop(
        self, known: list[Field], target: str, path: str, count: str, unknown: str
    ) -> None:
        tag, last, start, after = (self.name(prefix) for prefix in ("g", "p", "b", "a"))
        self.line(f"{last} = -1")
        self.open(f"for _ in range({count}):")
        self.line(f"{tag}, pos = read_uvarint(data, pos)")
        self.line(f"{after}, {start} = read_uvarint(data, pos)")
        self.line(f"pos = {start}")
        self.line(f"{after} += {start}")
        self.open(f"if {after} > end:")
        self.line(f"raise bad_length({path!r}, {after} - pos, end - pos)")
        self.close()
        self.open(f"if {tag} <= {last}:")
        self.line(f"raise duplicate_tag({path!r}, {tag})")
        self.close()
        self.line(f"{last} = {tag}")
        for field in known:
            self.open(f"if {tag} == {field.tag}:")
            field_path = f"{path}.{field.name}"
            self._field(field, f"{target}.{field.name}", field_path)
            self._flush()
            self.open(f"if pos != {after}:")
            self.line(f"raise bad_tag_size({field_path!r}, {after} - {start}, pos - {start})")
            self.close()
            self.line("continue")
            self.close()
        self.line(f"{unknown}[{tag}] = bytes(data[pos:{after}])")
        self.line(f"pos = {after}")
        self.close()
