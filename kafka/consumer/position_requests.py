"""Send the questions of a `PositionMachine` and give it the answers; runs on the loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.consumer.offset_requests import leader_epoch_request, read_leader_epochs
from kafka.errors import KafkaError
from kafka.protocol.messages.offset_for_leader_epoch import OffsetForLeaderEpochRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.runtime import Runtime
    from kafka.consumer.leader_hedge import LeaderHedge
    from kafka.consumer.offset_lookup import OffsetLookup
    from kafka.consumer.offset_requests import EpochEnd, EpochToCheck, FoundOffset
    from kafka.consumer.position_actions import CheckEpochs, ListOffsets
    from kafka.consumer.positions import PositionMachine
    from kafka.net.network_client import NetworkClient
    from kafka.structs import TopicPartition

# KIP-320: earlier versions of OffsetForLeaderEpoch ask for a permission that consumers lack.
VALIDATES_SINCE: Final = 3


class _EpochEnds(NamedTuple):
    """The answer to `CheckEpochs`, ``None`` if the broker is too old to know."""

    by_partition: dict[TopicPartition, EpochEnd] | None


class PositionRequests:
    """Perform `ListOffsets` and `CheckEpochs`, each in a task of its own.

    Args:
        client: sends OffsetForLeaderEpoch.
        leaders: chooses the nodes for that.
        lookup: sends ListOffsets.
        machine: gets the answers.
        run_machine: called after an answer, to have the machine polled in the same step.
        runtime: the surroundings.
    """

    def __init__(
        self,
        client: NetworkClient,
        leaders: LeaderHedge,
        lookup: OffsetLookup,
        machine: PositionMachine,
        *,
        run_machine: Callable[[], None],
        runtime: Runtime,
    ) -> None:
        self._client = client
        self._leaders = leaders
        self._lookup = lookup
        self._machine = machine
        self._run_machine = run_machine
        self._runtime = runtime

    def list_offsets(self, action: ListOffsets) -> None:
        """Look offsets up."""
        self._runtime.spawn(self._list_offsets(action), name=f"reset-{action.node}")

    def check_epochs(self, action: CheckEpochs) -> None:
        """Find out where epochs end."""
        self._runtime.spawn(self._check_epochs(action), name=f"validate-{action.node}")

    async def _list_offsets(self, action: ListOffsets) -> None:
        wall = self._runtime.clock.wall()
        timestamps = {tp: asked.reset.timestamp(wall) for tp, asked in action.partitions.items()}
        answer: dict[TopicPartition, FoundOffset] | KafkaError
        try:
            answer = await self._lookup.ask(action.node, timestamps)
        except KafkaError as exc:
            answer = exc
        self._machine.on_offsets(action, answer, self._runtime.clock.now())
        self._run_machine()

    async def _check_epochs(self, action: CheckEpochs) -> None:
        answer: dict[TopicPartition, EpochEnd] | KafkaError | None
        checks = {tp: asked.check for tp, asked in action.partitions.items()}
        try:
            found = await self._leaders.ask(
                action.node, checks, lambda node: self._epoch_ends(node, checks)
            )
            answer = found.by_partition
        except KafkaError as exc:
            answer = exc
        self._machine.on_epochs(action, answer, self._runtime.clock.now())
        self._run_machine()

    async def _epoch_ends(
        self, node_id: int, checks: Mapping[TopicPartition, EpochToCheck]
    ) -> _EpochEnds:
        versions = await self._client.versions_of(node_id)
        if not versions.supports(OffsetForLeaderEpochRequest, VALIDATES_SINCE):
            return _EpochEnds(None)
        response = await self._client.send(leader_epoch_request(checks), node_id)
        return _EpochEnds(read_leader_epochs(response))
