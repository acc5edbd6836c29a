"""Notice the nodes that take no batches although some are due (KIP-794).  Pure: `now` is passed in.

A broker that is down, throttles, or answers so slowly that nothing may be added to what is in
flight is avoided by records that may go anywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class SlowNodes:
    """The nodes that have taken no batch for a while although one was due.

    Args:
        timeout: how long that is, in seconds (``partitioner_availability_timeout_ms``).
        on_change: called with the nodes that are slow from now on.
    """

    def __init__(self, timeout: float, *, on_change: Callable[[frozenset[int]], object]) -> None:
        self._timeout = timeout
        self._on_change = on_change
        # Since when a batch has been due for each node that has taken none since then.
        self._since: dict[int, float] = {}
        self._slow: frozenset[int] = frozenset()

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<SlowNodes slow={sorted(self._slow)} waited_for={sorted(self._since)}>"

    def look(
        self, taking: Iterable[int], left: Iterable[tuple[int | None, float]], now: float
    ) -> float:
        """Take note of which nodes take batches.

        Args:
            taking: the nodes that take a batch now.
            left: the batches that are left: the node each goes to, and when it is due, which is
                later than *now* in its back-off. A node that no batch waits for any more is not
                slow: the next one finds out what it is like.
            now: the time.

        Returns:
            When the next node becomes slow if nothing happens; infinity if none will.
        """
        wanted: dict[int, float] = {}
        for node, due in left:
            if node is not None:
                wanted[node] = min(due, wanted.get(node, math.inf))
        for node in taking:
            wanted.pop(node, None)
        since = {
            node: self._since.get(node, now)
            for node, due in wanted.items()
            if due <= now or node in self._since
        }
        self._since = since
        ends = {node: begin + self._timeout for node, begin in since.items()}
        slow = frozenset(node for node, end in ends.items() if end <= now)
        if slow != self._slow:
            self._slow = slow
            self._on_change(slow)
        return min((end for end in ends.values() if end > now), default=math.inf)
