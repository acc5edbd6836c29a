"""Members that speak the classic protocol, in a KIP-848 group.  Pure.

They are there while a group moves from one protocol to the other, member by member. To the group
each is a member like the others: a JoinGroup counts as a full heartbeat, the generation is the
member's epoch, and nobody waits for the others. A Heartbeat tells it to join again when its epoch
is over, when it has to give partitions up, and when those that it waits for are free.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kafka.errors import (
    BrokerResponseError,
    FencedInstanceIdError,
    GroupMaxSizeReachedError,
    IllegalGenerationError,
    InconsistentGroupProtocolError,
    KafkaProtocolError,
    MemberIdRequiredError,
    RebalanceInProgressError,
    UnknownError,
    UnknownMemberIdError,
)
from kafka.protocol.consumer_protocol import PROTOCOL_TYPE, decode_subscription
from kafka.testing.broker.groups.classic_roster import check_protocol
from kafka.testing.broker.groups.consumer_member import (
    JOINING_EPOCH,
    Beat,
    ClassicSide,
    MemberState,
)
from kafka.testing.broker.groups.embedded_protocol import encoded_assignment, partition_ids
from kafka.testing.broker.groups.outcomes import JoinOutcome, SyncOutcome, Ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kafka.protocol.messages.consumer_protocol import ConsumerProtocolSubscription
    from kafka.testing.broker.groups.classic_member import Join
    from kafka.testing.broker.groups.consumer import ConsumerGroup
    from kafka.testing.broker.groups.consumer_member import ConsumerMember
    from kafka.testing.broker.groups.subscription import TopicInfo


class HostedMembers:
    """What a classic group does, done by a KIP-848 group.

    Args:
        group: the group.
        topics: all topics there are, by name.
        new_id: makes member ids.

    Attributes:
        group: the group.
    """

    def __init__(
        self, group: ConsumerGroup, topics: Mapping[str, TopicInfo], new_id: Callable[[], str]
    ) -> None:
        self.group = group
        self._topics = topics
        self._new_id = new_id

    def join(self, join: Join, now: float) -> Ticket[JoinOutcome]:
        """Take a member in, or let it catch up with the group; the answer is there at once."""
        try:
            return Ticket(self._join(join, now))
        except BrokerResponseError as error:
            return Ticket(JoinOutcome("", type(error)))

    def _join(self, join: Join, now: float) -> JoinOutcome:
        member_id = join.member_id or self._new_id()
        if not self.group.has_room(member_id):
            raise GroupMaxSizeReachedError
        if join.protocol_type != PROTOCOL_TYPE or not self._supports(join):
            raise InconsistentGroupProtocolError
        if join.member_id and join.instance_id is not None:
            self._member(join.member_id, join.instance_id)
        if not join.member_id and join.requires_known_id and join.instance_id is None:
            return JoinOutcome(member_id, MemberIdRequiredError)
        side = ClassicSide(join.session_timeout, join.protocols)
        self.group.heartbeat(self._beat(join, member_id, side), self._topics, now)
        member = self.group.members[member_id]
        side.sync_deadline = now + join.rebalance_timeout
        return JoinOutcome(
            member_id,
            generation_id=member.epoch,
            protocol_type=PROTOCOL_TYPE,
            protocol_name=side.protocol,
        )

    def _supports(self, join: Join) -> bool:
        """Return whether all classic members know a protocol of one that joins."""
        sides = [
            {name for name, _ in member.classic.protocols}
            for member in self.group.members.values()
            if member.classic is not None
        ]
        return any(all(name in side for side in sides) for name, _ in join.protocols)

    def _beat(self, join: Join, member_id: str, side: ClassicSide) -> Beat:
        subscription = _subscription(join)
        return Beat(
            member_id=member_id,
            member_epoch=JOINING_EPOCH,
            instance_id=join.instance_id,
            rack_id=subscription.rack_id,
            rebalance_timeout=join.rebalance_timeout,
            names=frozenset(subscription.topics),
            owned=partition_ids(subscription.owned_partitions, self._topics),
            client_id=join.client_id,
            client_host=join.client_host,
            classic=side,
        )

    def sync(
        self,
        member_id: str,
        instance_id: str | None,
        generation_id: int,
        *,
        protocol: tuple[str | None, str | None],
        assignments: Mapping[str, bytes],  # noqa: ARG002 - the group makes them itself
        now: float,
    ) -> Ticket[SyncOutcome]:
        """Return the partitions of a member; see `ClassicGroup.sync`."""
        try:
            member, side = self._classic(member_id, instance_id, generation_id)
            check_protocol(protocol, (PROTOCOL_TYPE, side.protocol))
            if member.epoch < self.group.epoch and (
                member.state is not MemberState.UNREVOKED_PARTITIONS
            ):
                side.expect_join(now + member.rebalance_timeout)
                raise RebalanceInProgressError
        except BrokerResponseError as error:
            return Ticket(SyncOutcome(type(error)))
        side.sync_deadline = math.inf
        member.session_deadline = now + side.session_timeout
        assignment = encoded_assignment(member.assigned, self._topics, side.version)
        return Ticket(SyncOutcome(None, *protocol, assignment))

    def heartbeat(
        self, member_id: str, instance_id: str | None, generation_id: int, now: float
    ) -> None:
        """Keep a member alive.

        Raises:
            BrokerResponseError: the member or its generation is not the group's, or it is to join
                again.
        """
        member, side = self._classic(member_id, instance_id, generation_id)
        member.session_deadline = now + side.session_timeout
        if (
            member.epoch < self.group.epoch
            or member.state is MemberState.UNREVOKED_PARTITIONS
            or (
                member.state is MemberState.UNRELEASED_PARTITIONS
                and not self.group.waits_for_others(member)
            )
        ):
            side.expect_join(now + member.rebalance_timeout)
            raise RebalanceInProgressError

    def leave(
        self,
        leaving: Sequence[tuple[str, str | None]],
        now: float,  # noqa: ARG002 - as a classic group has it
    ) -> list[type[BrokerResponseError] | None]:
        """Remove members, each named by member id, instance id or both; return their errors.

        Those of the consumer protocol can be removed like this as well.
        """
        results: list[type[BrokerResponseError] | None] = []
        for member_id, instance_id in leaving:
            try:
                member = self._member(member_id, instance_id)
            except BrokerResponseError as error:
                results.append(type(error))
            else:
                self.group.expel(member.member_id)
                results.append(None)
        return results

    def _classic(
        self, member_id: str, instance_id: str | None, generation_id: int
    ) -> tuple[ConsumerMember, ClassicSide]:
        member = self._member(member_id, instance_id)
        if member.classic is None:
            raise UnknownMemberIdError(f"{member_id} does not speak the classic protocol")
        if member.epoch != generation_id:
            raise IllegalGenerationError(f"{member_id} is at {member.epoch}, not {generation_id}")
        return member, member.classic

    def _member(self, member_id: str, instance_id: str | None) -> ConsumerMember:
        """Return a member; of one that is static the instance id alone is enough."""
        known = member_id if instance_id is None else self.group.static.get(instance_id, "")
        member = self.group.members.get(known)
        if member is None:
            raise UnknownMemberIdError(f"there is no member {known or instance_id!r}")
        if member_id and member_id != known:
            raise FencedInstanceIdError(f"the instance id {instance_id!r} is {known}'s")
        return member


def _subscription(join: Join) -> ConsumerProtocolSubscription:
    try:
        return decode_subscription(join.protocols[0][1])
    except KafkaProtocolError as exc:
        # Apache Kafka has no better error for it either.
        raise UnknownError(str(exc)) from exc
