"""What a released kafka-python says of its structures: run by its own Python, as a script.

Prints a JSON list: of each structure its names, its schema, and two messages with their bytes, one
with the least that it holds and one with two of everything.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import uuid
from typing import Any

import kafka.protocol
from kafka.protocol.struct import Struct

_INTEGERS = {"Int8": 7, "Int16": 515, "Int32": 67305985, "Int64": 578437695752307201}
_TEXT = "nämé"


def kind_of(codec: Any) -> str:
    """Return the name of a type, used as a class or as an instance."""
    found: str = (codec if isinstance(codec, type) else type(codec)).__name__
    return found


def tree(codec: Any) -> Any:
    """Return a type as JSON: its name, or the fields of a schema, or what an array is of."""
    if kind_of(codec) == "Schema":
        return [[name, tree(field)] for name, field in zip(codec.names, codec.fields, strict=True)]
    if hasattr(codec, "array_of"):
        return {kind_of(codec): tree(codec.array_of)}
    if isinstance(codec, type) and issubclass(codec, Struct):
        return tree(codec.SCHEMA)
    return kind_of(codec)


def least(shape: Any) -> Any:
    """Return the emptiest value of a type."""
    if isinstance(shape, list):
        return tuple(least(field) for _, field in shape)
    if isinstance(shape, dict):
        return []
    simple = {"TaggedFields": {}, "BitField": set(), "Boolean": False, "Float64": 0.0}
    simple |= {"UUID": uuid.UUID(int=0), "Bytes": b"", "CompactBytes": b""}
    simple |= {"String": "", "CompactString": ""}
    return simple.get(shape, 0)


def full(shape: Any, number: int = 0) -> Any:
    """Return a value of a type that is not its emptiest, two of everything in arrays."""
    if isinstance(shape, list):
        return tuple(full(field, number + index) for index, (_, field) in enumerate(shape))
    if isinstance(shape, dict):
        (inner,) = shape.values()
        return [full(inner, number + 1), full(inner, number + 2)]
    simple = {
        "TaggedFields": {3: b"tag", 200: b""},
        "BitField": {3, 4, 8},
        "Boolean": True,
        "Float64": number + 0.5,
        "UUID": uuid.UUID(int=2**100 + number),
    }
    if shape in simple:
        return simple[shape]
    if shape in _INTEGERS:
        return _INTEGERS[shape] + number % 50
    return f"{_TEXT}-{number}" if "String" in shape else f"bytes-{number}".encode()


def plain(value: Any) -> Any:
    """Return *value* as JSON; what JSON has not is a dict with the type as key."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, set):
        return {"set": sorted(value)}
    if isinstance(value, uuid.UUID):
        return {"uuid": value.hex}
    if isinstance(value, dict):
        return {"dict": [[plain(key), plain(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return {type(value).__name__: [plain(item) for item in value]}
    return value


def message(cls: Any, values: Any) -> dict[str, Any]:
    """Return what *cls* makes of *values*: bytes and dict, or the errors it raises."""
    found: dict[str, Any] = {"values": [plain(value) for value in values]}
    try:
        made = cls(*values)
        # CreatePartitions shows a method of tuples there, at an address.
        found["repr"] = repr(made) if "built-in" not in repr(made) else None
        found["bytes"] = made.encode().hex()
        found["decodes"] = cls.decode(made.encode()) == made
    except Exception as exc:  # noqa: BLE001 - which structures fail, and how, is what is asked
        found["error"] = type(exc).__name__
    try:
        found["object"] = plain(cls(*values).to_object())
    except Exception as exc:  # noqa: BLE001 - as above
        found["object_error"] = type(exc).__name__
    return found


def describe(module: str, cls: Any) -> dict[str, Any]:
    """Return everything about one structure."""
    shape = tree(cls.SCHEMA)
    response = getattr(cls, "RESPONSE_TYPE", None)
    return {
        "module": module,
        "name": cls.__name__,
        "api_key": getattr(cls, "API_KEY", None),
        "api_version": getattr(cls, "API_VERSION", None),
        "flexible": getattr(cls, "FLEXIBLE_VERSION", None),
        "response": getattr(response, "__name__", None),
        "schema": shape,
        "messages": [message(cls, least(shape)), message(cls, full(shape))],
    }


def is_struct(value: object) -> bool:
    """Tell whether *value* is a structure with a schema of its own."""
    is_class = isinstance(value, type) and issubclass(value, Struct)
    return is_class and hasattr(getattr(value, "SCHEMA", None), "names")


def main() -> None:
    """Print the structures of all modules of kafka.protocol, and what else they offer."""
    found, offered = [], {}
    for entry in pkgutil.iter_modules(kafka.protocol.__path__):
        name = f"kafka.protocol.{entry.name}"
        module = importlib.import_module(name)
        own = {
            key: value
            for key, value in vars(module).items()
            if not key.startswith("_") and type(value).__name__ != "module"
        }
        offered[name] = sorted(own)
        found += [
            describe(name, value)
            for key, value in own.items()
            if is_struct(value) and value.__module__ == name and key == value.__name__
        ]
    json.dump({"offered": offered, "structs": found}, sys.stdout)


if __name__ == "__main__":
    main()
