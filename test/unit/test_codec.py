"""The codec functions of kafka-python 2.x."""

import pytest

from kafka import codec

pytest.importorskip("lz4.frame")
pytest.importorskip("cramjam")
pytest.importorskip("zstandard")

DATA = b"some data that repeats, some data that repeats" * 1000


@pytest.mark.parametrize("name", ["gzip", "snappy", "lz4", "zstd"])
def test_what_is_encoded_can_be_decoded(name):
    encode, decode = getattr(codec, f"{name}_encode"), getattr(codec, f"{name}_decode")
    assert len(encode(DATA)) < len(DATA)
    assert decode(encode(DATA)) == DATA


@pytest.mark.parametrize("name", ["gzip", "snappy", "lz4", "zstd"])
def test_installed_codecs_are_there(name):
    assert getattr(codec, f"has_{name}")() is True


def test_old_lz4_framing_is_read_back():
    assert codec.lz4_decode_old_kafka(codec.lz4_encode_old_kafka(DATA)) == DATA


def test_snappy_can_be_one_raw_block():
    raw = codec.snappy_encode(DATA, xerial_compatible=False)
    assert not raw.startswith(b"\x82SNAPPY")
    assert codec.snappy_decode(raw) == DATA


def test_snappy_blocks_can_be_smaller():
    small = codec.snappy_encode(DATA, xerial_blocksize=1000)
    assert len(small) > len(codec.snappy_encode(DATA))
    assert codec.snappy_decode(small) == DATA


def test_gzip_takes_a_level():
    assert len(codec.gzip_encode(DATA, 0)) > len(codec.gzip_encode(DATA, 9))
