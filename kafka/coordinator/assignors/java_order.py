"""The order in which Java's assignors meet members and topics.  Pure.

Java keeps them in a `HashMap`, and where several members could keep one partition more, the first
of the map does. A leader of ours that met them in another order would move partitions for nothing
when it takes over from a leader of Java's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST_SIZE: Final = 16
_WORD: Final = 0xFFFFFFFF


def java_order(names: Iterable[str]) -> list[str]:
    """Return *names*, each once, as a `HashMap` iterates that got them in the order given."""
    distinct = list(dict.fromkeys(names))
    size = _FIRST_SIZE
    while len(distinct) > size * 3 // 4:
        size *= 2
    return sorted(distinct, key=lambda name: _hash(name) & (size - 1))


def _hash(name: str) -> int:
    """Return ``String.hashCode``, its upper half folded into the lower as `HashMap` does."""
    code = 0
    encoded = name.encode("utf-16-le", "surrogatepass")
    for low, high in zip(encoded[::2], encoded[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & _WORD
    return code ^ code >> 16
