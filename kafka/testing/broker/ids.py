"""The ids of a cluster and of its topics, made from a seed.  Pure."""

from __future__ import annotations

import base64
import itertools
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


def cluster_id(random: Random) -> str:
    """Return a cluster id as Kafka writes it: 16 bytes in Base64."""
    identity = uuid.UUID(int=random.getrandbits(128), version=4)
    return base64.urlsafe_b64encode(identity.bytes).decode().rstrip("=")


def topic_ids(random: Random) -> Iterator[uuid.UUID]:
    """Return topic ids without end."""
    return (uuid.UUID(int=random.getrandbits(128), version=4) for _ in itertools.count())
