"""Snappy: the xerial framing Java writes, and a decoder in Python.

https://github.com/google/snappy/blob/main/format_description.txt and, for the framing,
https://github.com/xerial/snappy-java.  Other clients (librdkafka, franz-go) send one raw block.
"""

import struct
from collections.abc import Callable, Iterator

from kafka.errors import CorruptRecordError

Buffer = bytes | bytearray | memoryview

_MAGIC = b"\x82SNAPPY\x00"
_HEADER = _MAGIC + struct.pack(">ii", 1, 1)  # version, lowest compatible version
_LENGTH = struct.Struct(">i")
XERIAL_BLOCK_SIZE = 32 * 1024
# The densest element, a copy, makes 64 bytes out of 3.
_LARGEST_RATIO = 22


def frame(
    data: Buffer, compress_raw: Callable[[Buffer], Buffer], block_size: int = XERIAL_BLOCK_SIZE
) -> bytes:
    """Return *data* compressed block by block in xerial's framing.

    Args:
        data: What to compress.
        compress_raw: Makes one raw snappy block.
        block_size: Bytes per block; Java takes 32 KiB.
    """
    view = memoryview(data).cast("B")
    pieces: list[Buffer] = [_HEADER]
    for start in range(0, len(view), block_size):
        block = compress_raw(view[start : start + block_size])
        pieces += (_LENGTH.pack(len(block)), block)
    return b"".join(pieces)


def blocks(data: memoryview) -> Iterator[memoryview]:
    """Yield the raw blocks of *data*, which is framed or one raw block.

    Raises:
        CorruptRecordError: A block is cut off.
    """
    if data[: len(_MAGIC)] != _MAGIC:
        yield data
        return
    position = len(_HEADER)
    if len(data) < position:
        raise _corrupt("the header is cut off")
    while position < len(data):
        start = position + _LENGTH.size
        if start > len(data):
            raise _corrupt("a block length is cut off")
        (size,) = _LENGTH.unpack_from(data, position)
        position = start + size
        if size < 0 or position > len(data):
            raise _corrupt(f"a block of {size} bytes is cut off")
        yield data[start:position]


def check_length(block: memoryview, limit: int) -> int:
    """Check what a raw block says it decompresses to, before anything is allocated for it.

    Returns:
        That number of bytes.

    Raises:
        CorruptRecordError: It is over *limit*, or impossible for so short a block.
    """
    length, _ = _read_length(block)
    if length > limit:
        raise _corrupt(f"{length} bytes are more than the {limit} still allowed")
    if length > len(block) * _LARGEST_RATIO:
        raise _corrupt(f"{len(block)} bytes cannot become {length}")
    return length


def decompress_raw(block: memoryview) -> bytes:
    """Decompress one raw block in Python, about a hundred times slower than the library.

    Raises:
        CorruptRecordError: The block is malformed.
    """
    length, position = _read_length(block)
    out = bytearray()
    try:
        while position < len(block):
            position = _element(block, position, out)
            if len(out) > length:
                break
    except (IndexError, struct.error) as exc:
        raise _corrupt("an element is cut off") from exc
    if len(out) != length:
        raise _corrupt(f"{len(out)} bytes or more instead of {length}")
    return bytes(out)


def _read_length(block: memoryview) -> tuple[int, int]:
    """Read the decompressed length, an unsigned varint of up to 32 bits."""
    length = 0
    for position, byte in enumerate(block[:5]):
        length |= (byte & 127) << 7 * position
        if byte < 128:
            return length, position + 1
    raise _corrupt("the length is cut off")


def _element(block: memoryview, position: int, out: bytearray) -> int:
    """Append what one element stands for; return where the next one starts."""
    tag = block[position]
    kind = tag & 3
    if kind == 0:
        return _literal(block, position, out)
    if kind == 1:
        length, distance = (tag >> 2 & 7) + 4, tag >> 5 << 8 | block[position + 1]
        position += 2
    else:
        width = 2 if kind == 2 else 4
        length = (tag >> 2) + 1
        (distance,) = struct.unpack_from("<H" if kind == 2 else "<I", block, position + 1)
        position += 1 + width
    copy_back(out, distance, length)
    return position


def _literal(block: memoryview, position: int, out: bytearray) -> int:
    length = (block[position] >> 2) + 1
    position += 1
    if length > 60:
        width = length - 60
        length = int.from_bytes(block[position : position + width], "little") + 1
        position += width
    if position + length > len(block):
        raise _corrupt("a literal is cut off")
    out += block[position : position + length]
    return position + length


def copy_back(out: bytearray, distance: int, length: int) -> None:
    """Append *length* bytes that start *distance* before the end of *out*, repeating if need be.

    Raises:
        CorruptRecordError: There are not so many bytes yet.
    """
    start = len(out) - distance
    if distance == 0 or start < 0:
        raise CorruptRecordError(f"a match starts {distance} bytes back, after {len(out)}")
    if distance >= length:
        out += out[start : start + length]
    else:
        out += (bytes(out[start:]) * (length // distance + 1))[:length]


def _corrupt(detail: str) -> CorruptRecordError:
    return CorruptRecordError(f"snappy data cannot be decompressed: {detail}")
