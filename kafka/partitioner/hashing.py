"""The hash that places keyed records, equal to the Java client's.  Pure."""

import struct

_SEED = 0x9747_B28C
_M = 0x5BD1_E995
_MASK = 0xFFFF_FFFF
# Formats for keys of up to 64 words, which nearly all are.
_WORDS = tuple(struct.Struct(f"<{count}I") for count in range(65))


def murmur2(data: bytes) -> int:
    """Return the murmur2 hash of *data* as an unsigned 32-bit number.

    It is MurmurHash2 by Austin Appleby with the seed Kafka's Java client uses, so that records
    with the same key bytes reach the same partition whichever client sends them.

    Args:
        data: The serialized key.
    """
    size = len(data)
    count = size >> 2
    result = _SEED ^ size
    words = _WORDS[count] if count <= 64 else struct.Struct(f"<{count}I")
    for word in words.unpack_from(data):
        mixed = word * _M & _MASK
        result = (result * _M ^ (mixed ^ mixed >> 24) * _M) & _MASK
    if size & 3:
        # One to three bytes, as a little-endian number.
        result = (result ^ int.from_bytes(data[count << 2 :], "little")) * _M & _MASK
    result = (result ^ result >> 13) * _M & _MASK
    return result ^ result >> 15


class KeyHashes(dict[bytes, int]):
    """The hashes of recent keys: ``hashes[key]`` is ``murmur2(key)``, most of them from memory.

    Bounded: long keys are not kept, and a full cache starts afresh.  Threads may share one.
    """

    __slots__ = ("_most",)

    LONGEST_KEY = 128

    def __init__(self, most: int = 16_384) -> None:
        """Create an empty cache.

        Args:
            most: How many keys to keep.
        """
        super().__init__()
        self._most = most

    def __missing__(self, key: bytes) -> int:
        """Compute the hash of a new key and keep it."""
        found = murmur2(key)
        if len(key) <= self.LONGEST_KEY:
            if len(self) >= self._most:
                self.clear()
            self[key] = found
        return found
