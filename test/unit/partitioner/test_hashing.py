"""murmur2 against the Java client's hashes."""

import gzip
import json
import random
from pathlib import Path

import pytest

from kafka.partitioner.hashing import murmur2
from kafka.producer.topic_info import TopicInfo
from tools.vectors.partitions import KEYS, keyed

DIRECTORY = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((DIRECTORY / "murmur2.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["key"][:40])
def test_hashes_equal_javas(vector):
    assert murmur2(bytes.fromhex(vector["key"])) == vector["hash"]


def plain_murmur2(data: bytes) -> int:
    """Follow Appleby's description byte by byte."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    while len(data) >= 4:
        k = (data[0] + (data[1] << 8) + (data[2] << 16) + (data[3] << 24)) * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
        data = data[4:]
    if data:
        h ^= sum(byte << (8 * place) for place, byte in enumerate(data))
        h = h * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)


def test_every_length_equals_the_plain_algorithm():
    source = random.Random(7)
    for size in range(300):
        data = source.randbytes(size)
        assert murmur2(data) == plain_murmur2(data)


def test_ten_thousand_keys_go_to_the_partitions_that_java_chooses():
    chosen = gzip.decompress((DIRECTORY / "java_partitions.bin.gz").read_bytes())
    topics = {}
    for count in range(1, 257):
        topics[count] = TopicInfo("t", batch_size=100, limit=100, uniform=max)
        topics[count].update(count, ())
    found = [topics[count].place(key).topic_partition.partition for key, count in keyed()]
    assert len(chosen) == KEYS
    assert bytes(found) == chosen
