"""Ask the coordinator of a group what it has committed; runs on the loop.

An error is asked about again, never taken for "nothing is committed": a group would start again
where its reset policy says, and read a topic twice or skip what it has not read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka._base.deadline import NEVER
from kafka.coordinator.membership import GROUP
from kafka.coordinator.offset_fetch import (
    OFFSET_FETCH_VERDICTS,
    offset_fetch_request,
    read_offset_fetch,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.subscription.grouping import names_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from kafka._base.deadline import Deadline
    from kafka.coordinator.offset_fetch import FetchedOffset
    from kafka.net.coordinator_link import CoordinatorLink
    from kafka.net.network_client import NetworkClient
    from kafka.structs import OffsetAndMetadata, TopicPartition

    Answer = Mapping[TopicPartition, FetchedOffset]

# What `_attempt` and `_round` return stands for an error after which trying again may help.
_AGAIN: Final[Mapping[type[KafkaError], Verdict]] = {KafkaTimeoutError: Verdict.RETRY}


class CommittedOffsets:
    """What one group has committed.

    Args:
        client: the network.
        link: the way to the coordinator.
        group_id: the group.
        request_timeout: seconds that the coordinator may take.
    """

    def __init__(
        self, client: NetworkClient, link: CoordinatorLink, group_id: str, request_timeout: float
    ) -> None:
        self._client = client
        self._link = link
        self._group_id = group_id
        self._request_timeout = request_timeout

    async def ask(
        self, partitions: Collection[TopicPartition], is_wanted: Callable[[], bool]
    ) -> Answer:
        """Return what the coordinator says about *partitions*, once it says anything.

        Errors of single partitions are part of the answer.

        Args:
            partitions: what to ask about.
            is_wanted: asked before each attempt; the answer is empty as soon as it returns False.

        Raises:
            KafkaError: an error of the group for which trying again does not help.
        """

        async def attempt() -> Answer | KafkaTimeoutError:
            return await self._attempt(partitions) if is_wanted() else {}

        answer = await self._client.retrying.until(NEVER, attempt, _AGAIN)
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    async def find(
        self, partitions: Collection[TopicPartition], deadline: Deadline
    ) -> dict[TopicPartition, OffsetAndMetadata | None]:
        """Return what is committed of each partition, ``None`` for nothing; retry until then.

        Raises:
            KafkaTimeoutError: not all of it is known in time; says why.
            KafkaError: an error for which trying again does not help.
        """
        found: dict[TopicPartition, OffsetAndMetadata | None] = {}
        if partitions:
            late = await self._client.retrying.until(
                deadline, lambda: self._round(partitions, found, deadline), _AGAIN
            )
            if isinstance(late, KafkaError):
                missing = [tp for tp in partitions if tp not in found]
                raise KafkaTimeoutError(
                    f"group={self._group_id}: the committed offsets of {names_of(missing)} are not "
                    f"known in time: {late}"
                ) from late
        return {tp: found[tp] for tp in partitions}

    async def _round(
        self,
        partitions: Collection[TopicPartition],
        found: dict[TopicPartition, OffsetAndMetadata | None],
        deadline: Deadline,
    ) -> KafkaTimeoutError | None:
        """Ask once about what is missing in *found*, and add to it."""
        missing = [tp for tp in partitions if tp not in found]
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                answer = await self._attempt(missing)
        except TimeoutError:
            return KafkaTimeoutError(str(self._link.trouble or "the coordinator has not answered"))
        if isinstance(answer, KafkaTimeoutError):
            return answer
        causes = []
        for tp, part in answer.items():
            verdict = verdict_for(part.error, OFFSET_FETCH_VERDICTS)
            if verdict is Verdict.SUCCEED:
                found[tp] = part.committed
            elif verdict is Verdict.FATAL:
                raise part.error(
                    f"group={self._group_id}: the committed offset of {names_of([tp])}"
                )
            else:
                causes.append(f"{names_of([tp])}: {part.error.__name__}")
        return KafkaTimeoutError("; ".join(causes)) if causes else None

    async def _attempt(self, partitions: Collection[TopicPartition]) -> Answer | KafkaTimeoutError:
        """Send one request; return a `KafkaTimeoutError` if the coordinator could not answer."""
        request = offset_fetch_request(self._group_id, partitions, self._client.cluster.snapshot)
        try:
            response = await self._link.send(request, channel=GROUP, timeout=self._request_timeout)
        except RetriableError as error:
            self._link.find()
            return KafkaTimeoutError(str(error))
        answer = read_offset_fetch(request, response)
        for part in answer.values():
            if verdict_for(part.error, OFFSET_FETCH_VERDICTS) is Verdict.FIND_COORDINATOR:
                self._link.find()
                return KafkaTimeoutError(str(part.error()))
            if part.error is CoordinatorLoadInProgressError:
                return KafkaTimeoutError(str(part.error()))
        return answer
