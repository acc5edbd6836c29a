"""What the next ConsumerGroupHeartbeat says: only what the coordinator does not know.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from kafka.coordinator.membership import MemberIdentity
    from kafka.coordinator.ownership import TopicIdPartition
    from kafka.coordinator.subscribed_topics import Subscribed

JOINING_EPOCH: Final = 0
# The field has 32 bits.
_LONGEST: Final = 2**31 - 1


class Constants(NamedTuple):
    """What a member says of itself and never changes.

    Args:
        rebalance_timeout: seconds that it may take to give partitions up.
        assignor: of the brokers; ``None`` for their default.
        rack_id: where it runs, ``None`` if that is not known.
    """

    rebalance_timeout: float
    assignor: str | None
    rack_id: str | None


class HeartbeatWriter:
    """Write the heartbeats of one member.

    The first one of a membership says everything, the others what has changed. An error may mean
    that the coordinator has heard nothing, so after `forget` everything is said again.

    Args:
        constants: what never changes.
    """

    def __init__(self, constants: Constants) -> None:
        self._constants = constants
        self._subscribed: Subscribed | None = None
        self._owned: frozenset[TopicIdPartition] | None = None
        # The coordinator keeps a regular expression until it is told to drop it.
        self._had_regex = False

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<HeartbeatWriter subscribed={self._subscribed} owned={self._owned}>"

    def forget(self) -> None:
        """Say everything in the next heartbeat."""
        self._subscribed = self._owned = None

    def has_said(self, subscribed: Subscribed) -> bool:
        """Return whether the coordinator should know of this subscription."""
        return subscribed == self._subscribed

    def write(
        self,
        member: MemberIdentity,
        subscribed: Subscribed,
        owned: frozenset[TopicIdPartition],
        *,
        acknowledges: bool = False,
    ) -> ConsumerGroupHeartbeatRequest:
        """Return the next heartbeat; what it says counts as said.

        Args:
            member: who says it.
            subscribed: its subscription.
            owned: its partitions.
            acknowledges: say what is owned even if the coordinator knows: it waits for the word
                that a target is reached also where nothing had to change for that.
        """
        joins = member.epoch == JOINING_EPOCH
        request = self._bare(member)
        if joins:
            request.rack_id = self._constants.rack_id
        if joins or self._subscribed is None:
            milliseconds = min(self._constants.rebalance_timeout * 1000, _LONGEST)
            request.rebalance_timeout_ms = int(milliseconds)
            request.server_assignor = self._constants.assignor
        if joins or subscribed != self._subscribed:
            self._subscribed = subscribed
            request.subscribed_topic_names = sorted(subscribed.names)
            request.subscribed_topic_regex = self._regex(subscribed)
        if joins or acknowledges or owned != self._owned:
            self._owned = owned
            request.topic_partitions = _by_topic(owned)
        return request

    def leave(self, member: MemberIdentity) -> ConsumerGroupHeartbeatRequest:
        """Return the heartbeat that ends the membership."""
        self.forget()
        return self._bare(member)

    def _regex(self, subscribed: Subscribed) -> str | None:
        if subscribed.regex is not None:
            self._had_regex = True
            return subscribed.regex
        return "" if self._had_regex else None

    @staticmethod
    def _bare(member: MemberIdentity) -> ConsumerGroupHeartbeatRequest:
        return ConsumerGroupHeartbeatRequest(
            group_id=member.group_id,
            member_id=member.member_id,
            member_epoch=member.epoch,
            instance_id=member.instance_id,
        )


def _by_topic(
    partitions: Iterable[TopicIdPartition],
) -> list[ConsumerGroupHeartbeatRequest.TopicPartitions]:
    numbers: dict[UUID, list[int]] = {}
    for topic_id, number in sorted(partitions):
        numbers.setdefault(topic_id, []).append(number)
    return [
        ConsumerGroupHeartbeatRequest.TopicPartitions(topic_id=topic_id, partitions=found)
        for topic_id, found in numbers.items()
    ]
