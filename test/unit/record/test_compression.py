"""The four codecs: every framing in use, their limits, and life without the libraries."""

import random
import sys
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.errors import CorruptRecordError, KafkaError, UnsupportedCodecError
from kafka.record import _lz4, _snappy
from kafka.record.compression import (
    Codec,
    available,
    codec_named,
    codec_of,
    compress,
    decompress,
    load_codec,
)

lz4_frame = pytest.importorskip("lz4.frame")
cramjam = pytest.importorskip("cramjam")
zstandard = pytest.importorskip("zstandard")

REAL = [Codec.GZIP, Codec.SNAPPY, Codec.LZ4, Codec.ZSTD]
LIMIT = 1_000_000
TOO_LARGE = r"more than|larger than"
TEXT = b"".join(b"line %d of some text that repeats\n" % (n % 97) for n in range(8000))
payloads = st.one_of(
    st.binary(max_size=300),
    st.lists(st.sampled_from([b"a", b"bc", b"d" * 300, b"\0\1\2"]), max_size=300).map(b"".join),
)


@pytest.fixture
def no_libraries(monkeypatch):
    for name in ("cramjam", "lz4", "lz4.frame", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def only_cramjam(monkeypatch):
    """lz4 has no wheels for musl: Alpine has cramjam alone."""
    for name in ("lz4", "lz4.frame"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("codec", [Codec.NONE, *REAL])
@pytest.mark.parametrize("data", [b"", b"x", TEXT, bytes(200_000)])
def test_what_is_compressed_can_be_decompressed(codec, data):
    assert decompress(codec, memoryview(compress(codec, data)), LIMIT) == data


@pytest.mark.parametrize("codec", [Codec.NONE, *REAL])
def test_a_codec_is_loaded_if_it_is_there(codec, no_libraries):
    load_codec(codec)


def test_a_codec_has_the_name_that_users_give_it():
    assert [codec_named(name) for name in (None, "gzip", "zstd")] == [
        Codec.NONE, Codec.GZIP, Codec.ZSTD,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("codec", "level"),
    [(Codec.GZIP, 1), (Codec.GZIP, 9), (Codec.LZ4, 1), (Codec.LZ4, 17), (Codec.ZSTD, -5),
     (Codec.ZSTD, 19)],
)  # fmt: skip
def test_levels_are_taken(codec, level):
    assert decompress(codec, compress(codec, TEXT, level), LIMIT) == TEXT


FRAMINGS = {
    "gzip members": (Codec.GZIP, compress(Codec.GZIP, TEXT) + compress(Codec.GZIP, TEXT), 2),
    "gzip with padding": (Codec.GZIP, compress(Codec.GZIP, TEXT) + bytes(8), 1),
    "raw snappy": (Codec.SNAPPY, bytes(cramjam.snappy.compress_raw(TEXT)), 1),
    "lz4 dependent blocks": (Codec.LZ4, lz4_frame.compress(TEXT, block_linked=True), 1),
    "lz4 large blocks": (Codec.LZ4, lz4_frame.compress(TEXT, block_size=7), 1),
    "lz4 with every checksum": (
        Codec.LZ4,
        lz4_frame.compress(TEXT, content_checksum=True, block_checksum=True, store_size=True),
        1,
    ),
    "lz4 frames": (Codec.LZ4, lz4_frame.compress(TEXT) + lz4_frame.compress(TEXT), 2),
    "zstd frames": (Codec.ZSTD, compress(Codec.ZSTD, TEXT) + compress(Codec.ZSTD, TEXT), 2),
    "zstd without content size": (
        Codec.ZSTD,
        zstandard.ZstdCompressor(write_content_size=False).compress(TEXT),
        1,
    ),
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_every_framing_in_use_is_read(name):
    codec, data, times = FRAMINGS[name]
    assert decompress(codec, data, LIMIT) == TEXT * times


@pytest.mark.usefixtures("no_libraries")
@pytest.mark.parametrize("name", [n for n in FRAMINGS if "snappy" in n or "lz4" in n])
def test_snappy_and_lz4_are_read_without_their_libraries(name):
    codec, data, times = FRAMINGS[name]
    assert decompress(codec, data, LIMIT) == TEXT * times


RANDOM = random.Random(7).randbytes(150_000)


@pytest.mark.usefixtures("only_cramjam")
@pytest.mark.parametrize("level", [None, 1, 3, 12, 17])
@pytest.mark.parametrize("data", [b"", b"x", TEXT, bytes(200_000), RANDOM])
def test_lz4_frames_by_cramjam_are_what_java_writes(data, level):
    compressed = compress(Codec.LZ4, data, level)
    info = lz4_frame.get_frame_info(compressed)
    assert lz4_frame.decompress(compressed) == data
    assert decompress(Codec.LZ4, compressed, LIMIT) == data
    assert not info["block_linked"]
    assert info["block_size_id"] == lz4_frame.BLOCKSIZE_MAX64KB
    assert len(compressed) <= len(data) + 100


@pytest.mark.usefixtures("only_cramjam")
@pytest.mark.parametrize("name", [n for n in FRAMINGS if "lz4" in n])
def test_every_lz4_framing_is_read_with_cramjam(name):
    codec, data, times = FRAMINGS[name]
    assert available(codec)
    assert decompress(codec, data, LIMIT) == TEXT * times


@pytest.mark.usefixtures("only_cramjam")
@pytest.mark.parametrize("size", [100_001, 20_000_000])
def test_an_lz4_bomb_is_refused_with_cramjam(size):
    with pytest.raises(CorruptRecordError, match=r"cannot be decompressed|larger than"):
        decompress(Codec.LZ4, lz4_frame.compress(bytes(size), block_linked=False), 100_000)


@pytest.mark.usefixtures("only_cramjam")
@pytest.mark.parametrize("keep", [0, 1, 10, 21, 200, -1])
def test_cut_off_lz4_is_refused_with_cramjam(keep):
    with pytest.raises(CorruptRecordError):
        decompress(Codec.LZ4, compress(Codec.LZ4, TEXT)[:keep], LIMIT)


@given(payloads)
def test_the_python_snappy_decoder_agrees_with_the_library(data):
    block = memoryview(bytes(cramjam.snappy.compress_raw(data)))
    assert _snappy.decompress_raw(block) == data


@given(payloads, st.booleans())
def test_the_python_lz4_decoder_agrees_with_the_library(data, linked):
    assert _lz4.decompress(lz4_frame.compress(data, block_linked=linked), LIMIT) == data


@pytest.mark.parametrize("codec", REAL)
@pytest.mark.parametrize("size", [100_001, 20_000_000])
def test_a_bomb_is_refused(codec, size):
    with pytest.raises(CorruptRecordError, match=TOO_LARGE):
        decompress(codec, compress(codec, bytes(size)), 100_000)


@pytest.mark.usefixtures("no_libraries")
@pytest.mark.parametrize("name", ["raw snappy", "lz4 dependent blocks", "lz4 large blocks"])
def test_a_bomb_is_refused_without_libraries(name):
    codec, data, _ = FRAMINGS[name]
    with pytest.raises(CorruptRecordError, match=TOO_LARGE):
        decompress(codec, data, 100_000)


def test_exactly_the_limit_is_allowed():
    data = bytes(100_000)
    assert [decompress(codec, compress(codec, data), 100_000) for codec in REAL] == [data] * 4


@pytest.mark.parametrize("codec", [Codec.GZIP, Codec.SNAPPY, Codec.LZ4])
@pytest.mark.parametrize("keep", [0, 1, 10, 21, 200, -1])
def test_cut_off_data_is_refused(codec, keep):
    with pytest.raises(CorruptRecordError):
        decompress(codec, compress(codec, TEXT)[:keep], LIMIT)


@pytest.mark.usefixtures("no_libraries")
@pytest.mark.parametrize("codec", [Codec.SNAPPY, Codec.LZ4])
@pytest.mark.parametrize("keep", [0, 1, 10, 200, -1])
def test_cut_off_data_is_refused_without_libraries(codec, keep):
    data = FRAMINGS["raw snappy" if codec is Codec.SNAPPY else "lz4 dependent blocks"][1]
    with pytest.raises(CorruptRecordError):
        decompress(codec, data[:keep], LIMIT)


@pytest.mark.parametrize("codec", REAL)
def test_what_is_no_compressed_data_is_refused(codec):
    with pytest.raises(CorruptRecordError):
        decompress(codec, b"\x1f\x8b this is not compressed at all", LIMIT)


@pytest.mark.parametrize("codec", REAL)
@given(data=st.data())
def test_mutated_data_raises_only_kafka_errors(codec, data):
    mutated = bytearray(compress(codec, TEXT[:500]))
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert len(decompress(codec, bytes(mutated), 10_000)) <= 10_000
    except KafkaError:
        return


@given(st.binary(max_size=60), st.booleans())
def test_arbitrary_bytes_raise_only_kafka_errors_in_the_python_decoders(data, as_lz4):
    try:
        if as_lz4:
            _lz4.decompress(b"\x04\x22\x4d\x18\x60\x40\x82" + data, 10_000)
        else:
            _snappy.decompress_raw(memoryview(data))
    except KafkaError:
        return


@pytest.mark.usefixtures("no_libraries")
@pytest.mark.parametrize("codec", [Codec.SNAPPY, Codec.LZ4, Codec.ZSTD])
def test_a_missing_library_is_named_with_the_command_to_install_it(codec):
    name = codec.name.lower()
    with pytest.raises(
        UnsupportedCodecError, match=rf"{name} .*pip install kafka-python\[{name}\]"
    ):
        compress(codec, b"data")


@pytest.mark.usefixtures("no_libraries")
def test_zstd_cannot_be_read_without_its_library():
    with pytest.raises(UnsupportedCodecError, match=r"pip install kafka-python\[zstd\]"):
        decompress(Codec.ZSTD, b"data", LIMIT)


@pytest.mark.parametrize("codec", [Codec.NONE, *REAL])
def test_installed_codecs_are_available(codec):
    assert available(codec)


@pytest.mark.usefixtures("no_libraries")
def test_codecs_without_library_are_not_available():
    assert [codec for codec in Codec if available(codec)] == [Codec.NONE, Codec.GZIP]


def test_an_unknown_codec_number_is_refused():
    with pytest.raises(UnsupportedCodecError, match="codec 7"):
        codec_of(7)


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", 0x02CC5D05), (b"Nobody inspects the spammish repetition", 0xE2293B2F)],
)
def test_xxh32_of_known_inputs(data, expected):
    assert _lz4.xxh32(data) == expected


def test_the_old_lz4_header_can_be_undone():
    frame = lz4_frame.compress(TEXT, store_size=True)
    old = _lz4.with_old_header(frame)
    assert old != frame
    assert _lz4.with_standard_header(old) == frame


def test_a_wrong_lz4_header_is_read_only_when_told_to():
    old = _lz4.with_old_header(lz4_frame.compress(TEXT))
    with pytest.raises(CorruptRecordError, match="header checksum"):
        _lz4.decompress(old, LIMIT)
    assert _lz4.decompress(old, LIMIT, check_header=False) == TEXT


def test_gzip_is_what_zlib_reads():
    assert zlib.decompress(compress(Codec.GZIP, TEXT), 31) == TEXT


def test_snappy_has_the_framing_of_java():
    framed = compress(Codec.SNAPPY, TEXT)
    assert framed[:16] == b"\x82SNAPPY\0\0\0\0\1\0\0\0\1"
    assert len(list(_snappy.blocks(memoryview(framed)))) == -(-len(TEXT) // 32768)


def test_a_zstd_frame_is_read_after_one_that_was_cut_off_or_damaged():
    whole = bytes(compress(Codec.ZSTD, TEXT))
    for bad in (whole[:-3], whole[:8], b"\0" * 20, whole[:-1] + b"junk"):
        with suppress(CorruptRecordError):
            decompress(Codec.ZSTD, bad, LIMIT)
        assert decompress(Codec.ZSTD, whole, LIMIT) == TEXT
