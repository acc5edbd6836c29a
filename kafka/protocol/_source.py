"""What the writers of encoder and decoder source share. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.protocol.fields import BYTES, FIXED, INT8, INT16, INT32, INT64, RECORDS, STRING, STRUCT

if TYPE_CHECKING:
    from kafka.protocol.fields import Field, Kind, Struct

# Arrays of these decode with a single `struct` call.
BLOCK_KINDS = frozenset({INT8, INT16, INT32, INT64})


class Source:
    """Python source under construction, with the objects it refers to."""

    namespace: dict[str, object]

    def __init__(self, message: type[Struct], version: int, flexible_since: int | None) -> None:
        self.message = message
        self.version = version
        self.flexible = flexible_since is not None and version >= flexible_since
        self.namespace = {}
        self._lines: list[str] = []
        self._indent = 0
        self._names = 0

    def line(self, text: str) -> None:
        """Add one line at the present indentation."""
        self._lines.append("    " * self._indent + text)

    def open(self, text: str) -> None:
        """Add a line that opens a block."""
        self.line(text)
        self._indent += 1

    def close(self) -> None:
        """End the block opened last."""
        self._indent -= 1

    def name(self, prefix: str) -> str:
        """Return a variable name not used so far."""
        self._names += 1
        return f"{prefix}{self._names}"

    def bind(self, prefix: str, value: object) -> str:
        """Make *value* known to the code and return its name there."""
        for name, known in self.namespace.items():
            if known is value:
                return name
        name = self.name(prefix)
        self.namespace[name] = value
        return name

    def struct_of(self, field: Field) -> type[Struct]:
        """Return the class of the structures *field* holds."""
        found: type[Struct] = getattr(self.message, field.struct)
        return found

    def present(self, owner: type[Struct]) -> list[Field]:
        """Return the untagged fields of *owner* that this version carries, in order."""
        return [f for f in owner.FIELDS if f.tag is None and f.present(self.version)]

    def tagged(self, owner: type[Struct]) -> list[Field]:
        """Return the tagged fields of *owner* that this version carries, by tag."""
        found = [f for f in owner.FIELDS if f.tag is not None and f.present(self.version)]
        return sorted(found, key=lambda f: -1 if f.tag is None else f.tag)

    def min_size(self, kind: Kind, struct_type: type[Struct] | None) -> int:
        """Return the least number of bytes that one value of a type takes."""
        if kind in FIXED:
            return FIXED[kind][1]
        if kind is STRUCT:
            assert struct_type is not None
            fields = self.present(struct_type)
            return sum(map(self._min_field_size, fields)) + self.flexible
        if self.flexible:
            return 1
        return {STRING: 2, BYTES: 4, RECORDS: 4}[kind]

    def _min_field_size(self, field: Field) -> int:
        if field.array:
            return 1 if self.flexible else 4
        if field.kind is STRUCT and field.is_nullable(self.version):
            return 1
        return self.min_size(field.kind, self.struct_of(field) if field.struct else None)

    def text(self) -> str:
        """Return the source written so far."""
        return "\n".join(self._lines) + "\n"
