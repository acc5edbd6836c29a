"""Zig-zag variable-length integers, as Kafka's v2 records use them.

The hot loops of the codec have the one- and two-byte cases written out; what is here serves their
remaining cases.  Decoding trusts nothing: a number longer or wider than its type is refused.
https://kafka.apache.org/documentation/#recordformat
"""

from kafka.errors import CorruptRecordError

_UINT32_MAX = 0xFFFF_FFFF
_UINT64_MAX = 0xFFFF_FFFF_FFFF_FFFF
_VARINT_LAST_SHIFT = 28
_VARLONG_LAST_SHIFT = 63
TABLE_LIMIT = 65_536


def encode_varint(value: int) -> bytes:
    """Return *value* (a signed number of up to 64 bits) as a zig-zag varint."""
    rest = (value << 1) ^ (value >> 63)
    if rest < 16_384:
        return bytes((rest,)) if rest < 128 else bytes((rest & 127 | 128, rest >> 7))
    out = bytearray()
    while rest > 127:
        out.append(rest & 127 | 128)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def read_varint(buffer: bytes, position: int) -> tuple[int, int]:
    """Read a 32-bit zig-zag varint.

    Args:
        buffer: The bytes to read from.
        position: Where the number starts.

    Returns:
        The number and the position after it.

    Raises:
        CorruptRecordError: The number takes more than 5 bytes or 32 bits.
        IndexError: The buffer ends inside it; callers translate this once per batch.
    """
    raw, position = _read_unsigned(buffer, position, _VARINT_LAST_SHIFT)
    if raw > _UINT32_MAX:
        raise CorruptRecordError(f"a varint before byte {position} does not fit 32 bits")
    return (raw >> 1) ^ -(raw & 1), position


def read_varlong(buffer: bytes, position: int) -> tuple[int, int]:
    """Read a 64-bit zig-zag varint; otherwise as `read_varint`."""
    raw, position = _read_unsigned(buffer, position, _VARLONG_LAST_SHIFT)
    if raw > _UINT64_MAX:
        raise CorruptRecordError(f"a varlong before byte {position} does not fit 64 bits")
    return (raw >> 1) ^ -(raw & 1), position


def _read_unsigned(buffer: bytes, position: int, last_shift: int) -> tuple[int, int]:
    result = 0
    for shift in range(0, last_shift + 1, 7):
        byte = buffer[position]
        position += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result, position
    raise CorruptRecordError(
        f"a varint before byte {position} is longer than {last_shift // 7 + 1} bytes"
    )


def _build_table(count: int) -> list[bytes]:
    two_bytes = (bytes((n << 1 & 127 | 128, n >> 6)) for n in range(64, min(count, 8192)))
    return [
        *(bytes((n << 1,)) for n in range(64)),
        *two_bytes,
        *map(encode_varint, range(8192, count)),
    ]


_table = _build_table(64)


def varints_to(count: int) -> list[bytes]:
    """Return a list whose item n is the varint of n, at least *count* long.

    Args:
        count: How many are needed, at most `TABLE_LIMIT`.
    """
    global _table  # noqa: PLW0603 - a cache that only grows; two threads at worst build it twice
    table = _table
    if len(table) < count:
        table = _build_table(min(TABLE_LIMIT, 1 << (count - 1).bit_length()))
        _table = table
    return table
