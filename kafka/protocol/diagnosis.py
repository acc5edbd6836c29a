"""Find the field that kept a message from being encoded.

Pure. The compiled encoders do not check types; when one fails, this says which field is at fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from kafka.protocol.fields import BOOL, BYTES, FIXED, FLOAT64, STRING, STRUCT, UUID_, Struct

if TYPE_CHECKING:
    from kafka.protocol.fields import Field

_MAX_SHORT_STRING = 32767
_UNSIGNED = "HI"


def diagnose(value: Struct, version: int) -> str | None:
    """Return what is wrong with the first bad field of *value*, or None if all look right."""
    for field in value.FIELDS:
        if field.present(version):
            content = getattr(value, field.name, None)
            problem = _diagnose_field(field, content, version)
            if problem is not None:
                return problem
    return None


def _diagnose_field(field: Field, content: object, version: int) -> str | None:
    if content is None:
        absent = field.is_nullable(version) or (field.kind is STRUCT and field.tag is not None)
        return None if absent else f"{field.name} must not be None"
    if not field.array:
        problem = _diagnose_value(field, content, version)
        return None if problem is None else f"{field.name}{problem}"
    if not isinstance(content, (list, tuple)):
        return f"{field.name} must be a list, not {type(content).__name__}"
    for index, item in enumerate(content):
        problem = _diagnose_value(field, item, version)
        if problem is not None:
            return f"{field.name}[{index}]{problem}"
    return None


def _diagnose_value(field: Field, content: object, version: int) -> str | None:
    if field.kind is STRUCT:
        if not isinstance(content, Struct) or type(content).__name__ != field.struct:
            return f" must be a {field.struct}, not {type(content).__name__}"
        problem = diagnose(content, version)
        return None if problem is None else f".{problem}"
    if field.kind is STRING:
        return _diagnose_string(content)
    if field.kind is UUID_:
        return _wrong_type(content, UUID)
    if field.kind is FLOAT64:
        return _wrong_type(content, (int, float))
    if field.kind in FIXED and field.kind is not BOOL:
        return _diagnose_integer(field, content)
    if field.kind is BYTES:
        return _wrong_type(content, (bytes, bytearray, memoryview))
    return None


def _wrong_type(content: object, wanted: type | tuple[type, ...]) -> str | None:
    if isinstance(content, wanted):
        return None
    names = wanted.__name__ if isinstance(wanted, type) else wanted[0].__name__
    return f" must be {names}, not {type(content).__name__}"


def _diagnose_string(content: object) -> str | None:
    if not isinstance(content, str):
        return f" must be str, not {type(content).__name__}"
    try:
        size = len(content.encode())
    except UnicodeEncodeError as exc:
        return f" is not valid Unicode: {exc.reason}"
    if size > _MAX_SHORT_STRING:
        return f" takes {size} bytes, more than {_MAX_SHORT_STRING}"
    return None


def _diagnose_integer(field: Field, content: object) -> str | None:
    if not isinstance(content, int):
        return f" must be int, not {type(content).__name__}"
    formats, size = FIXED[field.kind]
    bits = size * 8
    low, high = (
        (0, 2**bits - 1) if formats in _UNSIGNED else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    )
    return None if low <= content <= high else f" = {content} is not between {low} and {high}"
