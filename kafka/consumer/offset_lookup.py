"""Ask leaders for offsets by time, or at the ends of partitions; runs on the loop.

It changes no position: `PositionRequests` uses `OffsetLookup.ask`, the user's questions use `find`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka._base.logs import logger
from kafka.consumer.offset_requests import (
    LIST_OFFSETS_VERDICTS,
    OffsetTarget,
    list_offsets_request,
    read_list_offsets,
)
from kafka.errors import KafkaError, KafkaTimeoutError, RetriableError
from kafka.errors.verdict import Verdict, verdict_for
from kafka.protocol.features import OFFSETS_FOR_TIMES, READ_COMMITTED
from kafka.structs import OffsetAndTimestamp, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka._base.deadline import Deadline
    from kafka.consumer.leader_hedge import LeaderHedge
    from kafka.consumer.offset_requests import FoundOffset
    from kafka.net.network_client import NetworkClient

log = logger(__name__)

# Offsets that are missing after one round: new metadata may name leaders that know them.
_INCOMPLETE: Final[Mapping[type[KafkaError], Verdict]] = {
    KafkaTimeoutError: Verdict.REFRESH_METADATA
}


class OffsetLookup:
    """Ask the leaders of partitions for offsets.

    Args:
        client: sends the requests.
        leaders: chooses the nodes.
        isolation_level: with 1 the end of a partition is its last stable offset.
        request_timeout: seconds a broker may take.
    """

    def __init__(
        self,
        client: NetworkClient,
        leaders: LeaderHedge,
        *,
        isolation_level: int,
        request_timeout: float,
    ) -> None:
        self._client = client
        self._leaders = leaders
        self._isolation_level = isolation_level
        self._request_timeout = request_timeout

    async def ask(
        self, node_id: int, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, FoundOffset]:
        """Send one request to a leader; partitions missing from the answer are missing here.

        Args:
            node_id: the leader of all the partitions.
            timestamps: what to look up.

        Raises:
            UnsupportedVersionError: a search by time that the broker is too old for.
            KafkaError: the request failed.
        """
        return await self._leaders.ask(
            node_id, timestamps, lambda node: self._ask_node(node, timestamps)
        )

    async def _ask_node(
        self, node_id: int, timestamps: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, FoundOffset]:
        snapshot = self._client.cluster.snapshot
        targets = {
            tp: OffsetTarget(timestamp, snapshot.leader_epoch(tp))
            for tp, timestamp in timestamps.items()
        }
        versions = await self._client.versions_of(node_id)
        if any(timestamp >= 0 for timestamp in timestamps.values()):
            versions.require(OFFSETS_FOR_TIMES)
        if self._isolation_level:
            versions.require(READ_COMMITTED)
        request = list_offsets_request(
            targets,
            isolation_level=self._isolation_level,
            timeout_ms=int(self._request_timeout * 1000),
        )
        return read_list_offsets(await self._client.send(request, node_id))

    async def find(
        self, timestamps: Mapping[TopicPartition, int], deadline: Deadline
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """Return an offset for every partition, ``None`` where there is none; retry until then.

        Args:
            timestamps: ms since the Unix epoch, or -1 for the end, -2 for the beginning.
            deadline: when to give up.

        Raises:
            KafkaTimeoutError: not all leaders answered in time; says which partitions are missing.
            KafkaError: an error for which trying again does not help.
        """
        for topic in dict.fromkeys(tp.topic for tp in timestamps):
            await self._client.metadata.topic(topic, deadline)
        found: dict[TopicPartition, OffsetAndTimestamp | None] = {}

        async def attempt() -> KafkaTimeoutError | None:
            missing = {tp: when for tp, when in timestamps.items() if tp not in found}
            causes = await self._round(missing, found, deadline)
            missing = {tp: when for tp, when in missing.items() if tp not in found}
            return _timed_out(missing, causes) if missing else None

        late = await self._client.retrying.until(deadline, attempt, _INCOMPLETE)
        if isinstance(late, KafkaTimeoutError):
            raise late
        missing = {tp: when for tp, when in timestamps.items() if tp not in found}
        if missing:  # there was no time for an attempt
            raise _timed_out(missing, [str(late)])
        return {tp: found[tp] for tp in timestamps}

    async def _round(
        self,
        missing: Mapping[TopicPartition, int],
        found: dict[TopicPartition, OffsetAndTimestamp | None],
        deadline: Deadline,
    ) -> list[str]:
        """Ask all leaders once and add to *found*; return what went wrong."""
        snapshot = self._client.cluster.snapshot
        nodes: dict[int, dict[TopicPartition, int]] = {}
        causes = []
        for tp, timestamp in missing.items():
            leader = snapshot.leader_for(tp)
            if leader is None:
                causes.append(f"{tp.topic}-{tp.partition} has no known leader")
            else:
                nodes.setdefault(leader, {})[tp] = timestamp
        answers = await asyncio.gather(
            *(self._try(node, timestamps, deadline) for node, timestamps in nodes.items())
        )
        for answer in answers:
            if isinstance(answer, KafkaError):
                causes.append(str(answer))
            else:
                causes += _read(answer, found)
        return causes

    async def _try(
        self, node_id: int, timestamps: Mapping[TopicPartition, int], deadline: Deadline
    ) -> dict[TopicPartition, FoundOffset] | KafkaError:
        """Return the answer, or the error if trying again may help."""
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                return await self.ask(node_id, timestamps)
        except TimeoutError:
            return KafkaTimeoutError(f"node {node_id} did not answer in time")
        except RetriableError as exc:
            return exc


def _read(
    answer: Mapping[TopicPartition, FoundOffset],
    found: dict[TopicPartition, OffsetAndTimestamp | None],
) -> list[str]:
    causes = []
    for tp, part in answer.items():
        verdict = verdict_for(part.error, LIST_OFFSETS_VERDICTS)
        if verdict is Verdict.SKIP or (verdict is Verdict.SUCCEED and part.offset < 0):
            found[tp] = None
        elif verdict is Verdict.SUCCEED:
            found[tp] = OffsetAndTimestamp(part.offset, part.timestamp, part.leader_epoch)
        elif verdict is Verdict.FATAL:
            raise part.error(f"{tp.topic}-{tp.partition}: cannot look up an offset")
        else:
            causes.append(f"{tp.topic}-{tp.partition}: {part.error.__name__}")
    return causes


def _timed_out(missing: Mapping[TopicPartition, int], causes: list[str]) -> KafkaTimeoutError:
    names = ", ".join(f"{tp.topic}-{tp.partition}" for tp in missing)
    why = "; ".join(dict.fromkeys(causes)) or "no answer"
    return KafkaTimeoutError(f"no offset for {names} in time ({why})")
