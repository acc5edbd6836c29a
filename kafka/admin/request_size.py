"""Divide keys among requests, so that none is too large.  Pure.

`Call` does so with the keys of an operation. Where one key stands for many things (a group with a
list of partitions, a broker that is asked about topics), the method divides these with `divided`,
runs an operation for each part, and joins what came of them (`kafka.admin.settled.joined`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kafka.errors import UnsupportedVersionError
from kafka.protocol.adapt import version_cap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.admin.operation import K
    from kafka.protocol.schema import Request

# Brokers take far more (``socket.request.max.bytes``), but a request is built in one step of the
# event loop. Measured in the newest version; older ones take a little more for the same.
LARGEST_REQUEST: Final = 900_000


def sliced(keys: Sequence[K], limit: int) -> list[Sequence[K]]:
    """Return *keys* in parts of at most *limit*."""
    return [keys[start : start + limit] for start in range(0, len(keys), limit)]


def sized(
    build: Callable[[Sequence[K]], Request[Any]],  # Any: any response
    keys: Sequence[K],
) -> list[tuple[Request[Any], tuple[K, ...]]]:
    """Return requests about *keys*, none larger than `LARGEST_REQUEST` unless for one key.

    Args:
        build: returns the request about some keys.
        keys: any number.
    """
    request = build(keys)
    if len(keys) <= 1 or _size(request) <= LARGEST_REQUEST:
        return [(request, tuple(keys))]
    middle = len(keys) // 2
    return [*sized(build, keys[:middle]), *sized(build, keys[middle:])]


def divided(
    build: Callable[[Sequence[K]], Request[Any]],  # Any: any response
    items: Sequence[K],
) -> list[Sequence[K]]:
    """Return *items* in parts that fit into a request each; at least one part.

    Args:
        build: returns the request, about one key, that lists some items.
        items: any number.
    """
    return [part for _, part in sized(build, items)]


def _size(request: Request[Any]) -> int:  # Any: any response
    cap = version_cap(request)
    try:
        return len(request.encode(request.VERSIONS.max if cap is None else cap))
    except UnsupportedVersionError:  # what can be said in other versions only is not long
        return 0
