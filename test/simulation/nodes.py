"""What happens to the brokers of a story: they freeze, die, are cut off, and come back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from kafka.testing import EmbeddedCluster
    from test.simulation.trace import Trace


class Nodes:
    """The brokers of one cluster. At most one is frozen and one is down at a time.

    Args:
        cluster: whose brokers they are.
        count: how many there are.
        trace: told of what happens.
        random: chooses one.
    """

    def __init__(self, cluster: EmbeddedCluster, count: int, trace: Trace, random: Random) -> None:
        self._cluster = cluster
        self._count = count
        self._trace = trace
        self._random = random
        self._down: set[int] = set()
        self._frozen: set[int] = set()
        self._reviving: list[asyncio.Future[None]] = []

    @property
    def all_up(self) -> bool:
        """Whether none is down."""
        return not self._down

    def one_up(self) -> int | None:
        """Return one by chance; ``None`` if that one is down."""
        node = self._random.randrange(self._count)
        return None if node in self._down else node

    def disconnect(self) -> None:
        """Cut the connections of one."""
        node = self.one_up()
        if node is not None:
            self._trace(f"node {node} cuts its connections")
            self._cluster.disconnect(node)

    def freeze(self) -> None:
        """Freeze one, if none is frozen."""
        if not self._frozen:
            node = self._random.randrange(self._count)
            self._trace(f"node {node} freezes")
            self._frozen.add(node)
            self._cluster.freeze(node)

    def thaw(self) -> None:
        """Thaw the frozen one."""
        for node in self._frozen:
            self._trace(f"node {node} thaws")
            self._cluster.thaw(node)
        self._frozen.clear()

    def kill(self) -> None:
        """Kill one or cut it off, if none is down."""
        if not self._down:
            node = self._random.randrange(self._count)
            self._down.add(node)
            cut_off = self._random.random() < 0.5
            self._trace(f"node {node} {'is cut off' if cut_off else 'dies'}")
            self._cluster.cut_off(node) if cut_off else self._cluster.kill(node)

    def revive(self) -> None:
        """Bring back the one that is down."""
        for node in self._down:
            self._trace(f"node {node} is back")
            self._reviving.append(asyncio.ensure_future(self._cluster.revive(node)))
        self._down.clear()

    async def settle(self) -> None:
        """Wait until those that come back are there."""
        for coming in self._reviving:
            await asyncio.wait({coming})
