"""Which node to ask what any node can answer, and who notices that a node is slow.

Reads the state of all connections; `kafka.net.node_states` decides what it means.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka.net.endpoint import ConnectionKey, main_key
from kafka.net.node_states import PATIENCE, Fitness, Load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kafka._base.clock import Clock
    from kafka.cluster import ClusterMetadata
    from kafka.net.connection_pool import ConnectionPool
    from kafka.net.node_states import NodeStates

# A second connection to a node, for what must not wait behind Produce and Fetch. A broker answers
# the requests of a connection one after the other, so one that takes long holds up all behind it.
# It is made only if the main connection is busy and no other node is fit. It is closed once it has
# answered, unless the main connection is slow or full: then it stays until that one has answered.
# So most clients never have one, and idle clients never keep one. A Fetch that waits for data keeps
# the main connection busy, but does not make it slow.
METADATA_CHANNEL: Final = "metadata"


class AnyNode:
    """Choose nodes, and watch for slow ones.

    Args:
        cluster: knows which nodes there are.
        states: knows how each connection is doing.
        pool: the connections.
        clock: the time.
        longest_poll: seconds for which a node may hold an answer back on request.
        on_slow: called once a second while a node is slow and another one can be asked: the slow
            one may have lost the leadership of its partitions, which only the others can say.
    """

    def __init__(
        self,
        cluster: ClusterMetadata,
        states: NodeStates[ConnectionKey],
        pool: ConnectionPool,
        *,
        clock: Clock,
        longest_poll: float,
        on_slow: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._states = states
        self._pool = pool
        self._clock = clock
        self._longest_poll = longest_poll
        self._on_slow = on_slow
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._is_watching = False

    def choose(self, waiting: Collection[ConnectionKey]) -> ConnectionKey | None:
        """Return the connection to use for a request, other than those in *waiting*.

        Returns:
            The main connection of a node or, if there is no fit one, a second connection to a
            busy node; ``None`` if all are backing off.
        """
        now = self._clock.now()
        mains = self._mains()
        second = [_second(key) for key in mains if self._is_busy(key, now)]
        return self._states.least_loaded(
            [key for key in mains if key not in waiting],
            self._load,
            now,
            reserve=[key for key in second if key not in waiting],
        )

    def close_second_connections(self) -> None:
        """Close those that are not needed any more."""
        now = self._clock.now()
        for key in self._mains():
            second = _second(key)
            connection = self._pool.find(second)
            if connection is None or self._pool.is_busy(second):
                continue
            if self._load(key).has_room and not self._is_slow(key, now):
                connection.close()

    def _is_busy(self, key: ConnectionKey, now: float) -> bool:
        return self._states.fitness(key, self._load(key), now) is Fitness.BUSY

    def _mains(self) -> list[ConnectionKey]:
        return [main_key(node_id) for node_id in self._cluster.snapshot.brokers]

    def _load(self, key: ConnectionKey) -> Load:
        # First, because it may find out that the connection is no more.
        has_room = self._pool.idle_connection(key, self._clock.now()) is not None
        connection = self._pool.find(key)
        if connection is None:
            return Load()
        return Load(connection.in_flight, connection.oldest_sent_at, has_room)

    # -- slow nodes ------------------------------------------------------------------------

    def watch(self) -> None:
        """Look for slow nodes once a second, for as long as anybody waits for a node."""
        if self._is_watching:
            return
        # In this order an exception out of a signal handler costs a look too many, not all.
        self._timer = self._loop.call_later(PATIENCE, self._look)
        self._is_watching = True

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._is_watching = False
        now = self._clock.now()
        mains = self._mains()
        slow = [key for key in mains if self._is_slow(key, now)]
        if any(self._is_another_fit(key) for key in slow):
            self._on_slow()
        self.close_second_connections()
        if any(self._is_awaited(key, now) for key in mains):
            self.watch()

    def _is_awaited(self, key: ConnectionKey, now: float) -> bool:
        """Return whether anybody waits for a node, or it has a second connection to be closed."""
        return (
            self._pool.is_busy(key)
            or self._states.ready_in(key, now) > 0
            or self._pool.find(_second(key)) is not None
        )

    def _is_another_fit(self, slow: ConnectionKey) -> bool:
        """Return whether a node other than that of *slow* can be asked now.

        If none can, asking would only dial the bootstrap servers once a second while the whole
        cluster is away.
        """
        return self.choose((slow, _second(slow))) is not None

    def _is_slow(self, key: ConnectionKey, now: float) -> bool:
        return self._states.is_slow(key, self._load(key), now, longest_poll=self._longest_poll)


def _second(main: ConnectionKey) -> ConnectionKey:
    """Return the key of the second connection to the node of *main*."""
    return ConnectionKey(main.node_id, METADATA_CHANNEL)
