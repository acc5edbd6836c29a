"""The fuzz corpus of the protocol: messages that Kafka wrote, cut short or changed.

Each item is a version and the bytes of a message that claims to be of that version.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from test.support.messages import vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

_EVIL = (0, 1, 0x7F, 0x80, 0xFF)


def hardest(name: str) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
    """Return the fullest message of the oldest and of the newest version."""
    full = [vector for vector in vectors()[name] if vector["variant"] == "full"]
    oldest, newest = full[0], full[-1]
    return (oldest["version"], oldest["bytes"]), (newest["version"], newest["bytes"])


def truncations(name: str) -> Iterator[tuple[int, bytes]]:
    """Yield beginnings of messages, about 40 of each."""
    for version, data in hardest(name):
        for size in range(0, len(data), max(1, len(data) // 40)):
            yield version, data[:size]


def mutations(name: str) -> Iterator[tuple[int, bytes]]:
    """Yield messages with one to three bytes changed, 25 of each, the same every time."""
    rng = random.Random(name)
    for version, whole in hardest(name):
        for _ in range(25):
            data = bytearray(whole)
            for _ in range(rng.randint(1, 3)):
                if data:
                    data[rng.randrange(len(data))] = rng.choice((*_EVIL, rng.randrange(256)))
            yield version, bytes(data)
