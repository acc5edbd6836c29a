"""Ask one node, and more of them while those asked are silent; the first answer wins.

Knows nothing of requests: an attempt is whatever the caller does with a connection's key.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kafka.errors import KafkaError
from kafka.net.node_states import NoNodeToAskError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

    from kafka._base.clock import Clock
    from kafka.net.endpoint import ConnectionKey

    Choose = Callable[[Collection[ConnectionKey]], ConnectionKey | None]

T = TypeVar("T")


class Hedge(Generic[T]):
    """One round of attempts.

    While one attempt waits, another one begins after each interval. An attempt that fails is
    not made up for before the interval is over, so that a node that refuses at once is not asked
    in a circle; it may be chosen again, because it may have recovered by then.

    Args:
        choose_node: returns the next connection to use, given those whose attempts wait;
            ``None`` if there is none at the moment.
        attempt: makes an attempt; returns the answer, or the error instead of raising it.
        clock: the time.
        interval: seconds between the beginnings of two attempts; ``None`` for one attempt only.
    """

    def __init__(
        self,
        choose_node: Choose,
        # Any: the two unused parameters of a coroutine's type.
        attempt: Callable[[ConnectionKey], Coroutine[Any, Any, T | KafkaError]],
        clock: Clock,
        *,
        interval: float | None,
    ) -> None:
        self._choose_node = choose_node
        self._attempt = attempt
        self._clock = clock
        self._interval = math.inf if interval is None else interval
        self._pending: dict[asyncio.Task[T | KafkaError], ConnectionKey] = {}

    async def run(self, until: float) -> T | KafkaError | None:
        """Return the first answer, the last error if all failed, or ``None`` at *until*.

        Attempts that still wait are cancelled. That leaves their connections open; the answers
        are dropped when they come.
        """
        async with asyncio.TaskGroup() as group:
            try:
                return await self._run(group, until)
            finally:
                for task in self._pending:
                    task.cancel()

    async def _run(self, group: asyncio.TaskGroup, until: float) -> T | KafkaError | None:
        error: KafkaError = NoNodeToAskError("all known brokers are unreachable")
        while (now := self._clock.now()) < until:
            key = self._choose_node(self._pending.values())
            if key is not None:
                task = group.create_task(self._attempt(key), name=f"kafka-ask-{key.node_id}")
                self._pending[task] = key
            found = await self._first(min(now + self._interval, until))
            if found is not None and not isinstance(found, KafkaError):
                return found
            error = found or error
            if not self._pending:
                return error
        return None

    async def _first(self, until: float) -> T | KafkaError | None:
        """Return the first answer; once nothing waits or at *until*, the last error if any."""
        error: KafkaError | None = None
        while self._pending and (now := self._clock.now()) < until:
            done, _ = await asyncio.wait(
                self._pending,
                timeout=None if math.isinf(until) else until - now,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                del self._pending[task]
                found = task.result()
                if not isinstance(found, KafkaError):
                    return found
                error = found
        return error

    def __str__(self) -> str:
        """Name the nodes that have not answered."""
        nodes = dict.fromkeys(f"node {key.node_id}" for key in self._pending.values())
        return ", ".join(nodes) or "no node"
