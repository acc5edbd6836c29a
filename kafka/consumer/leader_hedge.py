"""Ask the leader of partitions, and the new leader as well if the old one is silent.

Runs on the loop. Both questions about positions, ListOffsets and OffsetForLeaderEpoch, go this way:
a leader that has frozen must not hold them up until its request times out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from kafka.errors import KafkaError, RequestTimedOutError
from kafka.net.endpoint import main_key
from kafka.net.hedge import Hedge
from kafka.net.node_states import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from kafka.net.endpoint import ConnectionKey
    from kafka.net.network_client import NetworkClient
    from kafka.structs import TopicPartition

T = TypeVar("T")


class LeaderHedge:
    """Ask leaders.

    Args:
        client: knows the leaders.
        request_timeout: seconds a broker may take.
    """

    def __init__(self, client: NetworkClient, request_timeout: float) -> None:
        self._client = client
        self._request_timeout = request_timeout

    async def ask(
        self,
        node_id: int,
        partitions: Collection[TopicPartition],
        attempt: Callable[[int], Awaitable[T]],
    ) -> T:
        """Return what the first node to answer says.

        While the nodes asked are silent the leaders are looked up again once a second, and a new
        one is asked as well.

        Args:
            node_id: the leader of all the partitions.
            partitions: what the question is about.
            attempt: asks one node; called again for another one.

        Raises:
            KafkaError: the last failure, or no node answered in time.
        """

        def choose_node(waiting: Collection[ConnectionKey]) -> ConnectionKey | None:
            snapshot = self._client.cluster.snapshot
            leaders = map(snapshot.leader_for, partitions) if waiting else [node_id]
            keys = [main_key(leader) for leader in leaders if leader is not None]
            return next((key for key in keys if key not in waiting), None)

        async def try_node(key: ConnectionKey) -> T | KafkaError:
            try:
                return await attempt(key.node_id)
            except KafkaError as exc:
                return exc

        clock = self._client.runtime.clock
        hedge = Hedge(choose_node, try_node, clock, interval=PATIENCE)
        answer = await hedge.run(clock.now() + 2 * self._request_timeout)
        if answer is None:
            raise RequestTimedOutError(f"{hedge}: no answer in time")
        if isinstance(answer, KafkaError):
            raise answer
        return answer
