"""Compress and decompress record sets, with bounds.

gzip is in Python; lz4, snappy and zstd need a library to compress: lz4 takes lz4 or cramjam, whose
frames are alike.  lz4 and snappy are read without one too, slowly.  Decompressing makes at most the
limit and one step of output, however small the input is.  KIP-110 (zstd), KIP-57 (lz4 framing),
KIP-390 (levels).
"""

import importlib.util
import zlib
from collections.abc import Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from kafka.errors import CorruptRecordError, UnsupportedCodecError
from kafka.record import _lz4, _snappy

if TYPE_CHECKING:
    from zstandard import ZstdDecompressor

Buffer = bytes | bytearray | memoryview

# Far above any batch a broker takes by default (1 MiB), far below what exhausts a machine.
DEFAULT_MAX_BYTES = 256 * 1024 * 1024

_GZIP_WINDOW = 31  # zlib's largest window, with the gzip wrapper
_GZIP_MAGIC = b"\x1f\x8b"
_SMALLEST_STEP = 64 * 1024
_MOST_AT_ONCE = 1024 * 1024
_zstd_idle: list["ZstdDecompressor"] = []


class Codec(IntEnum):
    """A compression codec, by the number that batch attributes use."""

    NONE = 0
    GZIP = 1
    SNAPPY = 2
    LZ4 = 3
    ZSTD = 4


# The libraries of a codec, the preferred one first.  cramjam is installed where lz4 has no wheel.
_LIBRARIES = {
    Codec.SNAPPY: ("cramjam",),
    Codec.LZ4: ("lz4", "cramjam"),
    Codec.ZSTD: ("zstandard",),
}
# From this level on, lz4 looks for more matches.
_LZ4_HIGH_COMPRESSION = 3


def codec_of(number: int) -> Codec:
    """Return the codec with this *number*.

    Raises:
        UnsupportedCodecError: There is none; a newer producer may know it.
    """
    try:
        return Codec(number)
    except ValueError:
        raise UnsupportedCodecError(
            f"compression codec {number} is unknown to this version of kafka-python; upgrade it"
        ) from None


def available(codec: Codec) -> bool:
    """Return whether this installation can compress with *codec*."""
    libraries = _LIBRARIES.get(codec)
    return libraries is None or any(map(importlib.util.find_spec, libraries))


def codec_named(name: str | None) -> Codec:
    """Return the codec with this *name* in ``compression_type``."""
    return Codec[name.upper()] if name else Codec.NONE


def load_codec(codec: Codec) -> None:
    """Import what `compress` needs for *codec*, if it is installed."""
    if available(codec):
        compress(codec, b"")


def compress(codec: Codec, data: Buffer, level: int | None = None) -> Buffer:
    """Compress *data* in the framing that brokers and other clients read.

    Args:
        codec: With NONE, *data* itself comes back.
        data: A records section or message set.
        level: gzip -1..9, lz4 1..17, zstd -131072..22; None is the codec's default.

    Raises:
        UnsupportedCodecError: The codec's library is not installed.
    """
    return data if codec is Codec.NONE else _COMPRESSORS[codec](data, level)


def decompress(codec: Codec, data: Buffer, max_size: int = DEFAULT_MAX_BYTES) -> bytes:
    """Decompress *data*, whichever of the framings in use it has.

    Args:
        codec: With NONE, *data* comes back as bytes.
        data: All of the compressed bytes.
        max_size: Refuse to make more bytes than this.

    Raises:
        CorruptRecordError: The data is malformed, cut off, or larger than *max_size*.
            (A cut-off zstd frame yields what is there: decoding the records notices.)
        UnsupportedCodecError: The codec's library is not installed.
    """
    if codec is Codec.NONE:
        return bytes(data)
    return _DECOMPRESSORS[codec](data, max_size)


def _missing(codec: Codec) -> UnsupportedCodecError:
    name = codec.name.lower()
    return UnsupportedCodecError(
        f"{name} needs the {' or '.join(_LIBRARIES[codec])} library, which is not installed; "
        f"run: pip install kafka-python[{name}]"
    )


def _corrupt(codec: Codec, detail: object) -> CorruptRecordError:
    return CorruptRecordError(f"{codec.name.lower()} data cannot be decompressed: {detail}")


class _Output:
    """Decompressed pieces, counted against a limit."""

    __slots__ = ("_limit", "_pieces", "_size")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def room(self) -> int:
        """Return how much may come next: one byte more than allowed, to notice it."""
        return self._limit - self._size + 1

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise CorruptRecordError(
                f"compressed records are larger than {self._limit} bytes when decompressed"
            )
        self._pieces.append(piece)

    def joined(self) -> bytes:
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)


def _gzip_compress(data: Buffer, level: int | None) -> bytes:
    compressor = zlib.compressobj(-1 if level is None else level, zlib.DEFLATED, _GZIP_WINDOW)
    return compressor.compress(data) + compressor.flush()


def _gzip_decompress(data: Buffer, max_size: int) -> bytes:
    output = _Output(max_size)
    rest: Buffer = data
    while True:
        member = zlib.decompressobj(_GZIP_WINDOW)
        try:
            output.add(member.decompress(rest, output.room))
        except zlib.error as exc:
            raise _corrupt(Codec.GZIP, exc) from exc
        if not member.eof:
            raise _corrupt(Codec.GZIP, "it is cut off")
        rest = member.unused_data
        # Java's reader ends at what is not another member, so padding is no error.
        if not rest.startswith(_GZIP_MAGIC):
            return output.joined()


def snappy_compressor() -> Callable[[Buffer], Buffer]:
    """Return what compresses one raw snappy block.

    Raises:
        UnsupportedCodecError: The library is not installed.
    """
    try:
        from cramjam import snappy  # noqa: PLC0415 - optional
    except ImportError as exc:
        raise _missing(Codec.SNAPPY) from exc
    return lambda data: bytes(snappy.compress_raw(data))


def _snappy_compress(data: Buffer, level: int | None) -> bytes:  # noqa: ARG001 - no levels
    return _snappy.frame(data, snappy_compressor())


def _snappy_decompress(data: Buffer, max_size: int) -> bytes:
    output = _Output(max_size)
    for block in _snappy.blocks(memoryview(data).cast("B")):
        _snappy.check_length(block, output.room - 1)
        output.add(_snappy_block(block))
    return output.joined()


def _snappy_block(block: memoryview) -> bytes:
    try:
        from cramjam import DecompressionError, snappy  # noqa: PLC0415 - optional
    except ImportError:
        return _snappy.decompress_raw(block)
    try:
        return bytes(snappy.decompress_raw(block))
    except DecompressionError as exc:
        raise _corrupt(Codec.SNAPPY, exc) from exc


def _lz4_compress(data: Buffer, level: int | None) -> bytes:
    try:
        from lz4 import frame  # noqa: PLC0415 - optional
    except ImportError:
        return _lz4.frame(data, _lz4_block_compressor(level))
    # What Java writes and, for dependent blocks, all that it reads.
    compressed: bytes = frame.compress(
        data,
        compression_level=0 if level is None else min(level, frame.COMPRESSIONLEVEL_MAX),
        block_size=frame.BLOCKSIZE_MAX64KB,
        block_linked=False,
        store_size=False,
    )
    return compressed


def _lz4_block_compressor(level: int | None) -> _lz4.CompressBlock:
    try:
        from cramjam import lz4  # noqa: PLC0415 - optional
    except ImportError as exc:
        raise _missing(Codec.LZ4) from exc
    if level is None or level < _LZ4_HIGH_COMPRESSION:
        return lambda data: bytes(lz4.compress_block(data, store_size=False))
    return lambda data: bytes(
        lz4.compress_block(data, mode="high_compression", compression=level, store_size=False)
    )


def _lz4_block_decompressor() -> _lz4.DecompressBlock | None:
    try:
        from cramjam import DecompressionError, lz4  # noqa: PLC0415 - optional
    except ImportError:
        return None

    room = bytearray()

    def decompress_block(block: Buffer, most: int) -> Buffer:
        nonlocal room
        if len(room) < most:
            room = bytearray(most)
        # Not decompress_block, which fills up with zeros what the block does not.
        try:
            size = lz4.decompress_block_into(block, memoryview(room)[:most])
        except DecompressionError as exc:
            raise _corrupt(Codec.LZ4, exc) from exc
        return memoryview(room)[:size]

    return decompress_block


def _lz4_decompress(data: Buffer, max_size: int) -> bytes:
    try:
        from lz4.frame import LZ4FrameDecompressor  # noqa: PLC0415 - optional
    except ImportError:
        return _lz4.decompress(data, max_size, decompress_block=_lz4_block_decompressor())
    output = _Output(max_size)
    step = max(_SMALLEST_STEP, 4 * len(data))
    rest: Buffer = data
    while True:
        decoder = LZ4FrameDecompressor()
        try:
            output.add(decoder.decompress(rest, max_length=min(step, output.room)))
            while not decoder.eof:
                piece = decoder.decompress(b"", max_length=min(step, output.room))
                if not piece and not decoder.eof:
                    raise _corrupt(Codec.LZ4, "it is cut off")
                output.add(piece)
        except RuntimeError as exc:
            raise _corrupt(Codec.LZ4, exc) from exc
        rest = decoder.unused_data
        if not rest:
            return output.joined()


def _zstd_compress(data: Buffer, level: int | None) -> bytes:
    try:
        from zstandard import ZstdCompressor  # noqa: PLC0415 - optional
    except ImportError as exc:
        raise _missing(Codec.ZSTD) from exc
    return ZstdCompressor(level=3 if level is None else level).compress(data)


def _zstd_decompress(data: Buffer, max_size: int) -> bytes:
    try:
        from zstandard import ZstdDecompressor, ZstdError  # noqa: PLC0415 - optional
    except ImportError as exc:
        raise _missing(Codec.ZSTD) from exc
    at_once = _zstd_at_once(data, max_size)
    if at_once is not None:
        return at_once
    output = _Output(max_size)
    step = max(_SMALLEST_STEP, 4 * len(data))
    try:
        with ZstdDecompressor().stream_reader(data, read_across_frames=True) as reader:
            while piece := reader.read(min(step, output.room)):
                output.add(piece)
    except ZstdError as exc:
        raise _corrupt(Codec.ZSTD, exc) from exc
    return output.joined()


def _zstd_at_once(data: Buffer, max_size: int) -> bytes | None:
    """Decompress what is one frame of known size; None if it is not, or is malformed.

    Making a decompressor takes several times as long as decompressing 64 KB, so they are kept.
    """
    from zstandard import ZstdDecompressor, ZstdError, frame_content_size  # noqa: PLC0415

    # A size is believed as far as memory of a step would be taken anyway.
    most = min(max_size, max(_MOST_AT_ONCE, 4 * len(data)))
    try:
        if not 0 <= frame_content_size(data) <= most:
            return None
        # One is used by one thread at a time.
        decompressor = _zstd_idle.pop() if _zstd_idle else ZstdDecompressor()
        found = decompressor.decompress(data, allow_extra_data=False)
    except (ZstdError, IndexError):  # the second: another thread was faster
        return None
    _zstd_idle.append(decompressor)
    return found


_COMPRESSORS: dict[Codec, Callable[[Buffer, int | None], bytes]] = {
    Codec.GZIP: _gzip_compress,
    Codec.SNAPPY: _snappy_compress,
    Codec.LZ4: _lz4_compress,
    Codec.ZSTD: _zstd_compress,
}
_DECOMPRESSORS: dict[Codec, Callable[[Buffer, int], bytes]] = {
    Codec.GZIP: _gzip_decompress,
    Codec.SNAPPY: _snappy_decompress,
    Codec.LZ4: _lz4_decompress,
    Codec.ZSTD: _zstd_decompress,
}
