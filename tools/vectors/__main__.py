"""``python -m tools.vectors``: write test/vectors/messages.json.gz (needs Java 17 and Maven)."""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tools.generate_protocol.__main__ import (
    LAST_WITH_OLD_VERSIONS,
    LOGGING,
    NEWEST,
    ROOT,
    client_definitions,
)
from tools.generate_protocol.definitions import Definition, FieldDefinition, merge
from tools.generate_protocol.render import snake_case
from tools.maven import fetch
from tools.vectors.values import VARIANTS, Inventor, json_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.vectors.values import Value

TARGET = ROOT / "test/vectors/messages.json.gz"
JACKSON = [
    f"com.fasterxml.jackson.core:jackson-{part}:2.17.2"
    for part in ("databind", "core", "annotations")
]


def make_vectors() -> list[dict[str, Value]]:
    """Return the vectors of every version of every message, three a version."""
    vectors: list[dict[str, Value]] = []
    orders: dict[str, list[tuple[dict[str, Value], int]]] = {}
    for newer, older in client_definitions():
        merged = merge(newer, older)
        for version in merged.versions:
            release, source = NEWEST, newer
            if version not in newer.versions and older is not None:
                release, source = LAST_WITH_OLD_VERSIONS, older
            for variant in VARIANTS:
                content = Inventor(variant, version).struct(source.fields)
                fields = _renamed(content, source.fields, merged.fields, version)
                order: dict[str, Value] = {
                    "class": _java_class(source),
                    "version": version,
                    "json": content,
                }
                vector: dict[str, Value] = {
                    "message": merged.name,
                    "version": version,
                    "variant": variant,
                    "fields": fields,
                }
                orders.setdefault(release, []).append((order, len(vectors)))
                vectors.append(vector)
    for release, wanted in orders.items():
        for (_, index), line in zip(wanted, _run(release, [o for o, _ in wanted]), strict=True):
            vectors[index]["bytes"] = line
    return vectors


def _java_class(definition: Definition) -> str:
    return definition.name if definition.api_key < 0 else f"{definition.name}Data"


def _renamed(
    content: Value,
    source: Sequence[FieldDefinition],
    merged: Sequence[FieldDefinition],
    version: int,
) -> dict[str, Value]:
    """Return *content* under the attribute names of the Python class."""
    assert isinstance(content, dict)
    theirs = [field for field in source if version in field.versions]
    ours = [field for field in merged if version in field.versions]
    return {
        snake_case(our.name): _renamed_value(content[json_name(their)], their, our, version)
        for their, our in zip(theirs, ours, strict=True)
        if json_name(their) in content
    }


def _renamed_value(
    value: Value, theirs: FieldDefinition, ours: FieldDefinition, version: int
) -> Value:
    if isinstance(value, list):
        return [_renamed_value(item, theirs, ours, version) for item in value]
    if theirs.fields and value is not None:
        return _renamed(value, theirs.fields, ours.fields, version)
    return value


def _run(release: str, orders: list[dict[str, Value]]) -> list[str]:
    """Return the bytes of *orders* as hex, written by the classes of *release*."""
    jars = fetch([release, LOGGING, *JACKSON])
    program = Path(__file__).with_name("Vectors.java")
    command = ["java", "-cp", ":".join(map(str, jars)), str(program)]
    lines = "".join(json.dumps(order) + "\n" for order in orders)
    run = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"{program.name} failed on {release}:\n{run.stderr}")
    return run.stdout.split("\n")[:-1]


def main() -> None:
    """Write the file."""
    vectors = make_vectors()
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress(f"[\n{lines}\n]\n".encode(), mtime=0))
    print(f"{len(vectors)} vectors, {TARGET.stat().st_size} bytes in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
