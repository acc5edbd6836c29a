"""Which partition a record without a key goes to (KIP-480, KIP-794).  PURE: randomness passed in.

All of them go to one partition until it has got ``batch_size`` bytes; then another is drawn, the
likelier the shorter its queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.backoff import Uniform


class StickyPartition:
    """When records without a key of one topic move on, and where to.

    Args:
        batch_size: bytes after which another partition is drawn.
        uniform: source of randomness, e.g. `random.uniform`.
    """

    __slots__ = ("_batch_size", "_produced", "_uniform")

    def __init__(self, batch_size: int, uniform: Uniform) -> None:
        self._batch_size = max(batch_size, 1)
        self._uniform = uniform
        self._produced = 0

    def is_enough(self, size: int) -> bool:
        """Count *size* more bytes; return whether it is time to draw another partition."""
        self._produced += size
        return self._produced >= self._batch_size

    def draw(self, candidates: Sequence[int], queue_length: Callable[[int], int]) -> int:
        """Choose the next partition and count from zero.

        Args:
            candidates: the partitions that have a leader, or all if none has.
            queue_length: how many batches wait for a partition.
        """
        self._produced = 0
        return self._weighted(candidates, [queue_length(number) for number in candidates])

    def _weighted(self, candidates: Sequence[int], lengths: Sequence[int]) -> int:
        """Draw with the weights of KIP-794: the longest queue plus one, less the own queue."""
        longest = max(lengths)
        weights = [longest + 1 - length for length in lengths]
        point = self._uniform(0.0, float(sum(weights)))
        for number, weight in zip(candidates, weights, strict=True):
            point -= weight
            if point < 0:
                return number
        return candidates[-1]
