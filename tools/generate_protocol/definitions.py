"""Read Apache Kafka's message definitions and merge those of two releases.

The newest release says what its versions look like; versions it has dropped come from the last
release that knew them (KIP-896). Fields of the two are matched by their position on the wire,
because some were renamed.
"""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class FieldJson(TypedDict):
    """A field as the JSON files spell it."""

    name: str
    type: str
    versions: str
    nullableVersions: NotRequired[str]
    default: NotRequired[str | int | bool]
    tag: NotRequired[int]
    ignorable: NotRequired[bool]
    fields: NotRequired[list[FieldJson]]


class StructJson(TypedDict):
    """A structure that several fields of a message share."""

    name: str
    fields: list[FieldJson]


class MessageJson(TypedDict):
    """A whole definition file."""

    name: str
    type: str
    apiKey: NotRequired[int]
    listeners: NotRequired[list[str]]
    validVersions: str
    flexibleVersions: NotRequired[str]
    fields: list[FieldJson]
    commonStructs: NotRequired[list[StructJson]]


_FOLDER = "common/message/"
_LAST = 32767


@dataclass(frozen=True)
class FieldDefinition:
    """One field of a definition; *versions* and *nullable* hold valid versions only."""

    name: str
    type: str
    versions: frozenset[int]
    nullable: frozenset[int]
    default: str | None
    tag: int | None
    ignorable: bool
    fields: tuple[FieldDefinition, ...]

    @property
    def array(self) -> bool:
        """Whether the field is an array."""
        return self.type.startswith("[]")

    @property
    def element(self) -> str:
        """The type of the field, for an array that of its elements."""
        return self.type.removeprefix("[]")


@dataclass(frozen=True)
class Definition:
    """One message of one release, or of two releases merged."""

    name: str
    kind: str
    api_key: int
    listeners: frozenset[str]
    versions: range
    flexible_since: int | None
    fields: tuple[FieldDefinition, ...]


def load(jar: Path) -> list[Definition]:
    """Return the definitions in *jar* that have versions left."""
    found = []
    with zipfile.ZipFile(jar) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(_FOLDER) and name.endswith(".json"):
                text = re.sub(r"^\s*//.*$", "", archive.read(name).decode(), flags=re.MULTILINE)
                data: MessageJson = json.loads(text)
                if data["validVersions"] != "none":
                    found.append(_parse(data))
    return found


def merge(newer: Definition, older: Definition | None) -> Definition:
    """Return *newer* with the lower versions that only *older* has.

    Where the two share no version, the older ones were drafts that were never released (KIP-932).
    """
    if older is None or newer.versions.start not in older.versions[1:]:
        return newer
    dropped = frozenset(range(older.versions.start, newer.versions.start))
    common = newer.versions.start
    fields = _merge_fields(newer.fields, older.fields, dropped, common)
    merged = replace(
        newer, versions=range(older.versions.start, newer.versions.stop), fields=fields
    )
    for version in dropped:
        if _wire(merged.fields, version) != _wire(older.fields, version):
            raise ValueError(f"{newer.name}: the two releases disagree on version {version}")
    return merged


def _parse(data: MessageJson) -> Definition:
    valid = _versions(data["validVersions"], range(_LAST))
    versions = range(min(valid), max(valid) + 1)
    common = {item["name"]: item["fields"] for item in data.get("commonStructs", [])}
    flexible = _versions(data.get("flexibleVersions", "none"), versions)
    return Definition(
        name=data["name"],
        kind=data["type"],
        api_key=data.get("apiKey", -1),
        listeners=frozenset(data.get("listeners", ())),
        versions=versions,
        flexible_since=min(flexible, default=None),
        fields=tuple(_parse_field(field, versions, common) for field in data["fields"]),
    )


def _parse_field(
    field: FieldJson, versions: range, common: Mapping[str, list[FieldJson]]
) -> FieldDefinition:
    present = _versions(field["versions"], versions)
    children = field.get("fields") or common.get(field["type"].removeprefix("[]"), [])
    default = field.get("default")
    return FieldDefinition(
        name=field["name"],
        type=field["type"],
        versions=present,
        nullable=_versions(field.get("nullableVersions", "none"), versions) & present,
        default=None if default is None else str(default),
        tag=field.get("tag"),
        ignorable=field.get("ignorable", False),
        fields=tuple(_parse_field(child, versions, common) for child in children),
    )


def _versions(text: str, valid: range) -> frozenset[int]:
    """Return the versions of *valid* that a range such as ``3+`` or ``0-12`` contains."""
    if text == "none":
        return frozenset()
    first, _, last = text.removesuffix("+").partition("-")
    stop = _LAST if text.endswith("+") else int(last or first)
    return frozenset(range(max(int(first), valid.start), min(stop + 1, valid.stop)))


def _merge_fields(
    newer: Sequence[FieldDefinition],
    older: Sequence[FieldDefinition],
    dropped: frozenset[int],
    common: int,
) -> tuple[FieldDefinition, ...]:
    twins = _pair(newer, older, common)
    merged = []
    rest = [field for field in older if field.versions & dropped]
    for field in newer:
        twin = twins.get(field.name)
        if twin in rest:
            position = rest.index(twin)
            merged += [_only(extra, dropped) for extra in rest[:position]]
            del rest[: position + 1]
        merged.append(field if twin is None else _merge_field(field, twin, dropped, common))
    return (*merged, *(_only(extra, dropped) for extra in rest))


def _pair(
    newer: Sequence[FieldDefinition], older: Sequence[FieldDefinition], common: int
) -> dict[str, FieldDefinition]:
    """Return the field of *older* that each field of *newer* is, by the newer name."""
    new, old = ([f for f in side if common in f.versions] for side in (newer, older))
    if [f.tag for f in new] != [f.tag for f in old]:
        raise ValueError(f"{newer} and {older} differ in version {common}")
    twins = {mine.name: theirs for mine, theirs in zip(new, old, strict=True)}
    for field in newer:
        same = [f for f in older if f.name == field.name and f not in twins.values()]
        if same and field.name not in twins:
            twins[field.name] = same[0]
    return twins


def _merge_field(
    field: FieldDefinition, twin: FieldDefinition, dropped: frozenset[int], common: int
) -> FieldDefinition:
    return replace(
        field,
        versions=field.versions | twin.versions & dropped,
        nullable=field.nullable | twin.nullable & dropped,
        fields=_merge_fields(field.fields, twin.fields, dropped, common),
    )


def _only(field: FieldDefinition, dropped: frozenset[int]) -> FieldDefinition:
    return replace(
        field,
        versions=field.versions & dropped,
        nullable=field.nullable & dropped,
        fields=tuple(_only(f, dropped) for f in field.fields if f.versions & dropped),
    )


def _wire(fields: Sequence[FieldDefinition], version: int) -> list[object]:
    """Return what *version* sends, names left out."""
    return [
        (field.array or field.element, version in field.nullable, _wire(field.fields, version))
        if field.fields
        else (field.type, version in field.nullable)
        for field in fields
        if version in field.versions
    ]
