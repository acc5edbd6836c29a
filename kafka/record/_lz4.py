"""LZ4 frames around blocks: Kafka's old header checksum (KIP-57), and a block decoder in Python.

https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md.  The decoder
checks the header's checksum but not those of blocks and contents, which is what Java does.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from kafka.errors import CorruptRecordError
from kafka.record._snappy import copy_back

Buffer = bytes | bytearray | memoryview
#: Compresses one block.
CompressBlock = Callable[[Buffer], Buffer]
#: Decompresses one block to at most so many bytes; raises `CorruptRecordError`.
DecompressBlock = Callable[[Buffer, int], Buffer]

_MAGIC = 0x184D_2204
_SKIPPABLE = range(0x184D_2A50, 0x184D_2A60)
_MAGIC_SIZE = 4
_FLAGS = 4
_MASK = 0xFFFF_FFFF
_WORD = struct.Struct("<I")
_STORED_BIT = 0x8000_0000
_BLOCK_SIZES = {4: 64 << 10, 5: 256 << 10, 6: 1 << 20, 7: 4 << 20}
# Version 1, independent blocks of 64 KB, no checksums: what Java writes.
_OUR_FLAGS = bytes([0x60, 0x40])
_OUR_BLOCK_SIZE = _BLOCK_SIZES[4]

_PRIME_1 = 0x9E37_79B1
_PRIME_2 = 0x85EB_CA77
_PRIME_3 = 0xC2B2_AE3D
_PRIME_4 = 0x27D4_EB2F
_PRIME_5 = 0x1656_67B1


class _Frame(NamedTuple):
    """A frame header: where its parts lie and what its flags say."""

    checksum_at: int
    has_block_checksums: bool
    has_content_checksum: bool
    blocks_depend: bool
    block_size: int


def frame(data: Buffer, compress_block: CompressBlock) -> bytes:
    """Return one frame that holds *data*, in blocks that *compress_block* makes."""
    view = memoryview(data).cast("B")
    pieces: list[Buffer] = [
        _WORD.pack(_MAGIC),
        _OUR_FLAGS,
        bytes([_header_checksum(_OUR_FLAGS)]),
    ]
    for start in range(0, len(view), _OUR_BLOCK_SIZE):
        plain = view[start : start + _OUR_BLOCK_SIZE]
        block = compress_block(plain)
        if len(block) < len(plain):
            pieces += _WORD.pack(len(block)), block
        else:
            pieces += _WORD.pack(len(plain) | _STORED_BIT), plain
    pieces.append(_WORD.pack(0))
    return b"".join(pieces)


def decompress(
    data: Buffer,
    limit: int,
    *,
    check_header: bool = True,
    decompress_block: DecompressBlock | None = None,
) -> bytes:
    """Decompress frames in Python, about a hundred times slower than a library.

    Args:
        data: One or more whole frames.
        limit: Refuse to make more bytes than this.
        check_header: False for the wrong header checksums of old messages.
        decompress_block: A faster way for blocks that do not depend on those before.

    Raises:
        CorruptRecordError: The data is malformed, cut off, or larger than *limit*.
    """
    view = memoryview(data).cast("B")
    out = bytearray()
    position = 0
    try:
        while position < len(view) or not position:
            position = _frame(view, position, out, limit, decompress_block, check_header)
    except (IndexError, struct.error) as exc:
        raise _corrupt("it is cut off") from exc
    return bytes(out)


def with_standard_header(data: Buffer) -> bytes:
    """Return a frame of a v0 message with the header checksum that the format asks for."""
    return _with_checksum(data, covers_magic=False)


def with_old_header(data: Buffer) -> bytes:
    """Return a frame with the header checksum brokers before 0.10 expect in v0 messages.

    KIP-57: theirs covers the magic number too.
    """
    return _with_checksum(data, covers_magic=True)


def _with_checksum(data: Buffer, *, covers_magic: bool) -> bytes:
    fixed = bytearray(data)
    try:
        at = _read_header(memoryview(fixed), 0).checksum_at
        fixed[at] = _header_checksum(bytes(fixed[0 if covers_magic else _MAGIC_SIZE : at]))
    except (IndexError, struct.error) as exc:
        raise _corrupt("the header is cut off") from exc
    return bytes(fixed)


def _header_checksum(descriptor: bytes) -> int:
    return xxh32(descriptor) >> 8 & 0xFF


def _read_header(view: memoryview, start: int) -> _Frame:
    flags, block_descriptor = view[start + _FLAGS], view[start + _FLAGS + 1]
    if flags >> 6 != 1:
        raise _corrupt(f"frame version {flags >> 6} is unknown")
    if flags & 1:
        raise _corrupt("it needs a dictionary")
    block_size = _BLOCK_SIZES.get(block_descriptor >> 4 & 7)
    if block_size is None:
        raise _corrupt(f"block size {block_descriptor >> 4 & 7} is unknown")
    return _Frame(
        checksum_at=start + _FLAGS + 2 + (8 if flags & 0x08 else 0),
        has_block_checksums=flags & 0x10 != 0,
        has_content_checksum=flags & 0x04 != 0,
        blocks_depend=flags & 0x20 == 0,
        block_size=block_size,
    )


def _frame(
    view: memoryview,
    start: int,
    out: bytearray,
    limit: int,
    decompress_block: DecompressBlock | None,
    check_header: bool,
) -> int:
    """Append the contents of the frame at *start*; return where it ends."""
    (magic,) = _WORD.unpack_from(view, start)
    if magic in _SKIPPABLE:
        (size,) = _WORD.unpack_from(view, start + _MAGIC_SIZE)
        return start + 8 + int(size)
    if magic != _MAGIC:
        raise _corrupt(f"{magic:#010x} is no frame")
    header = _read_header(view, start)
    at = header.checksum_at
    if check_header and _header_checksum(bytes(view[start + _MAGIC_SIZE : at])) != view[at]:
        raise _corrupt("the header checksum is wrong")
    position = at + 1
    first = len(out)
    while True:
        (size,) = _WORD.unpack_from(view, position)
        position += _WORD.size
        if size == 0:
            return position + (4 if header.has_content_checksum else 0)
        stored, size = size & _STORED_BIT, size & ~_STORED_BIT
        block = view[position : position + size]
        if len(block) != size:
            raise _corrupt(f"a block of {size} bytes is cut off")
        most = min(limit, len(out) + header.block_size)
        if stored:
            out += block[: most - len(out) + 1]
        elif decompress_block is not None and not header.blocks_depend:
            out += decompress_block(block, most - len(out))
        else:
            _decompress_block(block, out, first if header.blocks_depend else len(out), most)
        if len(out) > most:
            raise _corrupt(f"it is larger than {limit} bytes, or a block than {header.block_size}")
        position += size + (4 if header.has_block_checksums else 0)


def _decompress_block(block: memoryview, out: bytearray, oldest: int, most: int) -> None:
    """Append a compressed block: sequences of literals and a match, the last without match."""
    position = 0
    while True:
        token = block[position]
        length, position = _length(block, position + 1, token >> 4)
        if position + length > len(block):
            raise _corrupt("literals are cut off")
        out += block[position : position + length]
        position += length
        if position == len(block) or len(out) > most:
            return
        distance = block[position] | block[position + 1] << 8
        length, position = _length(block, position + 2, token & 15)
        if distance > len(out) - oldest:
            raise _corrupt(f"a match starts {distance} bytes back, before its block")
        copy_back(out, distance, min(length + 4, most - len(out) + 1))


def _length(block: memoryview, position: int, nibble: int) -> tuple[int, int]:
    """Finish a length that starts in a token: 15 means that bytes to add follow, 255 that more."""
    length = nibble
    if nibble == 15:
        while (byte := block[position]) == 255:
            length += 255
            position += 1
        length += byte
        position += 1
    return length, position


def _rotate(value: int, bits: int) -> int:
    value &= _MASK
    return (value << bits | value >> 32 - bits) & _MASK


def xxh32(data: bytes) -> int:
    """Return the xxHash-32 of *data* with seed 0; meant for the few bytes of a frame header.

    https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
    """
    position = len(data) & ~15
    if position:
        lanes = [_PRIME_1 + _PRIME_2, _PRIME_2, 0, -_PRIME_1]
        for index, (word,) in enumerate(_WORD.iter_unpack(data[:position])):
            lanes[index & 3] = _rotate(lanes[index & 3] + word * _PRIME_2, 13) * _PRIME_1
        shifts = zip(lanes, (1, 7, 12, 18), strict=True)
        result = sum(_rotate(lane, bits) for lane, bits in shifts)
    else:
        result = _PRIME_5
    result += len(data)
    while position + 4 <= len(data):
        (word,) = _WORD.unpack_from(data, position)
        result = _rotate(result + word * _PRIME_3, 17) * _PRIME_4
        position += 4
    for byte in data[position:]:
        result = _rotate(result + byte * _PRIME_5, 11) * _PRIME_1
    result &= _MASK
    result = (result ^ result >> 15) * _PRIME_2 & _MASK
    result = (result ^ result >> 13) * _PRIME_3 & _MASK
    return result ^ result >> 16


def _corrupt(detail: str) -> CorruptRecordError:
    return CorruptRecordError(f"lz4 data cannot be decompressed: {detail}")
