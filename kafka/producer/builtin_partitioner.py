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
    """The partition of one topic that records without a key stick to for now.

    Args:
        batch_size: bytes after which another partition is drawn.
        uniform: source of randomness, e.g. `random.uniform`.
    """

    __slots__ = ("_batch_size", "_uniform", "produced", "value")

    def __init__(self, batch_size: int, uniform: Uniform) -> None:
        self._batch_size = max(batch_size, 1)
        self._uniform = uniform
        self.value = -1
        self.produced = 0

    def on_batch_sealed(self, partition: int, size: int) -> bool:
        """Count *size* bytes for *partition*; return whether it is time to draw another."""
        if partition != self.value:
            return False
        self.produced += size
        return self.produced >= self._batch_size

    def draw(self, candidates: Sequence[int], queue_length: Callable[[int], int]) -> int:
        """Choose the next partition and stick to it.

        Args:
            candidates: the partitions that have a leader, or all if none has.
            queue_length: how many batches wait for a partition.
        """
        self.produced = 0
        self.value = self._weighted(candidates, [queue_length(number) for number in candidates])
        return self.value

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
