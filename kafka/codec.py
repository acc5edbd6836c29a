"""Compression functions under the names kafka-python 2.x gives them.

New code has no use for them: producers take ``compression_type``, and consumers decompress.
"""

from kafka.record import _lz4, _snappy
from kafka.record.compression import (
    DEFAULT_MAX_BYTES,
    Buffer,
    Codec,
    available,
    compress,
    decompress,
    snappy_compressor,
)

__all__ = [
    "gzip_decode",
    "gzip_encode",
    "has_gzip",
    "has_lz4",
    "has_snappy",
    "has_zstd",
    "lz4_decode",
    "lz4_decode_old_kafka",
    "lz4_encode",
    "lz4_encode_old_kafka",
    "snappy_decode",
    "snappy_encode",
    "zstd_decode",
    "zstd_encode",
]


def has_gzip() -> bool:
    """Return True: Python includes gzip."""
    return available(Codec.GZIP)


def has_snappy() -> bool:
    """Return whether snappy compression is installed."""
    return available(Codec.SNAPPY)


def has_lz4() -> bool:
    """Return whether lz4 compression is installed."""
    return available(Codec.LZ4)


def has_zstd() -> bool:
    """Return whether zstd compression is installed."""
    return available(Codec.ZSTD)


def gzip_encode(payload: Buffer, compresslevel: int | None = None) -> bytes:
    """Return *payload* as a gzip member."""
    return bytes(compress(Codec.GZIP, payload, compresslevel))


def gzip_decode(payload: Buffer, max_size: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return the contents of gzip members; CorruptRecordError over *max_size* bytes."""
    return decompress(Codec.GZIP, payload, max_size)


def snappy_encode(
    payload: Buffer,
    xerial_compatible: bool = True,
    xerial_blocksize: int = _snappy.XERIAL_BLOCK_SIZE,
) -> bytes:
    """Return *payload* as snappy.

    Args:
        payload: What to compress.
        xerial_compatible: Use the framing of Java; otherwise one raw block.
        xerial_blocksize: Bytes per block of the framing.
    """
    compress_raw = snappy_compressor()
    if xerial_compatible:
        return _snappy.frame(payload, compress_raw, xerial_blocksize)
    return bytes(compress_raw(payload))


def snappy_decode(payload: Buffer, max_size: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return the contents of snappy data, framed or raw."""
    return decompress(Codec.SNAPPY, payload, max_size)


def lz4_encode(payload: Buffer, level: int | None = None) -> bytes:
    """Return *payload* as an lz4 frame."""
    return bytes(compress(Codec.LZ4, payload, level))


def lz4_decode(payload: Buffer, max_size: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return the contents of lz4 frames."""
    return decompress(Codec.LZ4, payload, max_size)


def lz4_encode_old_kafka(payload: Buffer) -> bytes:
    """Return *payload* as an lz4 frame with the header checksum of brokers before 0.10 (KIP-57)."""
    return _lz4.with_old_header(lz4_encode(payload))


def lz4_decode_old_kafka(payload: Buffer, max_size: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return the contents of an lz4 frame, whichever header checksum it has."""
    return decompress(Codec.LZ4, _lz4.with_standard_header(payload), max_size)


def zstd_encode(payload: Buffer, level: int | None = None) -> bytes:
    """Return *payload* as a zstd frame."""
    return bytes(compress(Codec.ZSTD, payload, level))


def zstd_decode(payload: Buffer, max_size: int = DEFAULT_MAX_BYTES) -> bytes:
    """Return the contents of zstd frames, with or without content size."""
    return decompress(Codec.ZSTD, payload, max_size)
