"""Values on the wire that need more than one `struct` call.

Pure. Called by the code that the compiler writes; nothing here trusts a length it has read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

from kafka.errors import KafkaProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

Buffer: TypeAlias = bytes | bytearray | memoryview
Records: TypeAlias = "bytes | bytearray | memoryview | Sequence[bytes | bytearray | memoryview]"

ZERO_UUID: Final = UUID(int=0)

# Below this many bytes a copy is cheaper than a piece of its own in the list of pieces to write.
SMALL_PIECE: Final = 1024

_MAX_UVARINT: Final = 0xFFFF_FFFF


def uvarint(value: int) -> bytes:
    """Return *value* (0 to 2**32 - 1) as an unsigned varint, low seven bits first."""
    if not 0 <= value <= _MAX_UVARINT:
        raise ValueError(f"{value} does not fit into an unsigned varint of 32 bits")
    if value < 0x4000:
        return bytes((value,)) if value < 0x80 else bytes((value & 0x7F | 0x80, value >> 7))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_uvarint(data: Buffer, pos: int) -> tuple[int, int]:
    """Return the unsigned varint at *pos* and the position after it.

    Raises:
        KafkaProtocolError: it takes more than five bytes or 32 bits.
        IndexError: *data* ends within it.
    """
    value = 0
    for shift in (0, 7, 14, 21, 28):
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > _MAX_UVARINT:
                break
            return value, pos
    raise KafkaProtocolError(f"varint before byte {pos} is longer than 32 bits")


@lru_cache(maxsize=4096)
def as_uuid(data: bytes) -> UUID:
    """Return the UUID of 16 bytes; topic ids repeat, so the last few thousand are kept."""
    return UUID(bytes=data)


def pieces(records: Records) -> tuple[int, Sequence[bytes | bytearray | memoryview]]:
    """Return the size in bytes of a records field and the pieces it is made of."""
    if isinstance(records, (bytes, bytearray)):
        return len(records), (records,)
    if isinstance(records, memoryview):
        return records.nbytes, (records.cast("B"),)
    found = [piece if type(piece) is bytes else memoryview(piece).cast("B") for piece in records]
    return sum(map(len, found)), found


def bad_length(field: str, length: int, left: int) -> KafkaProtocolError:
    """Return the error for a length or count that *left* bytes cannot hold."""
    return KafkaProtocolError(f"{field}: length {length} with {left} bytes left in the message")


def bad_tag_size(field: str, size: int, used: int) -> KafkaProtocolError:
    """Return the error for a tagged field whose content does not fill its size."""
    return KafkaProtocolError(
        f"{field}: tagged field of {size} bytes, but its content takes {used}"
    )


def bad_presence(field: str, marker: int) -> KafkaProtocolError:
    """Return the error for a structure marked neither absent (-1) nor present (1)."""
    return KafkaProtocolError(f"{field}: a structure starts with -1 or 1, not {marker}")


def duplicate_tag(field: str, tag: int) -> KafkaProtocolError:
    """Return the error for a tag that appears twice, or out of order."""
    return KafkaProtocolError(f"{field}: tag {tag} is repeated or out of order")
