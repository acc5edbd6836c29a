"""Encode a batch of one record, as a caller sends who waits for each.  Pure.

Whatever takes columns of records apart costs more than such a record itself.
"""

from __future__ import annotations

from kafka.record._varint import encode_varint

# Attributes, timestamp delta, offset delta; and the length of a key or value that is not there.
_NO_DELTAS = b"\0\0\0"
_NULL = b"\x01"
_NO_HEADERS = b"\0"


def encode_single(key: bytes | None, value: bytes | None) -> bytes:
    """Encode one record without headers as the records section of a batch.

    Returns:
        What `encode_records` returns for it.
    """
    before = _NO_DELTAS + (_NULL if key is None else encode_varint(len(key)) + key)
    if value is None:
        size = len(before) + 2
        return b"".join((encode_varint(size), before, _NULL, _NO_HEADERS))
    length = encode_varint(len(value))
    size = len(before) + len(length) + len(value) + 1
    return b"".join((encode_varint(size), before, length, value, _NO_HEADERS))
