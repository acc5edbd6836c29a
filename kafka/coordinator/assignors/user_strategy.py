"""Runs an assignor class of the user's as a strategy.  Pure, but for what that class does."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from kafka.cluster import ClusterMetadata
from kafka.coordinator.assignors.strategy import MemberAssignment, RebalanceProtocol
from kafka.coordinator.assignors.user_values import (
    read_user_assignment,
    read_user_data,
    user_assignment,
    user_members,
)
from kafka.errors import IllegalStateError, KafkaConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kafka.cluster import ClusterSnapshot
    from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
    from kafka.coordinator.assignors.strategy import Member
    from kafka.structs import TopicPartition


class UserStrategy:
    """An `AssignmentStrategy` that calls the user's code: run it on the user's side.

    Args:
        assignor: the user's; of the form of kafka-python 2.x or 3.x.

    Raises:
        KafkaConfigurationError: it says that it supports no rebalance protocol.
    """

    runs_user_code = True

    def __init__(self, assignor: AbstractPartitionAssignor) -> None:
        self._assignor = assignor
        self.name = assignor.name
        self.protocols = frozenset(
            RebalanceProtocol(protocol) for protocol in assignor.supported_protocols()
        )
        if not self.protocols:
            raise KafkaConfigurationError(
                f"assignor {self.name}: supported_protocols() is empty; return EAGER at least"
            )

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<UserStrategy {self.name} {type(self._assignor).__name__}>"

    def subscription_user_data(self, topics: Iterable[str]) -> bytes | None:
        """Return the user data of the assignor's metadata.

        Raises:
            TypeError: it is not bytes.
        """
        return read_user_data(self._assignor.metadata(frozenset(topics)))

    def assign(
        self, cluster: ClusterSnapshot, members: Sequence[Member]
    ) -> Mapping[str, MemberAssignment]:
        """Let the assignor share the partitions out.

        Raises:
            KafkaConfigurationError: it has returned something else than assignments of members.
            IllegalStateError: it is cooperative, and has given a partition to a member while
                another one holds it.
        """
        metadata = ClusterMetadata()
        metadata.snapshot = cluster
        given = self._assignor.assign(metadata, user_members(members))
        result = {member.member_id: MemberAssignment(()) for member in members}
        for member_id, assignment in given.items():
            where = f"assignor {self.name}, member {member_id}"
            if member_id not in result:
                raise KafkaConfigurationError(
                    f"{where}: the group has no such member, only {', '.join(result)}"
                )
            result[str(member_id)] = read_user_assignment(where, assignment)
        if RebalanceProtocol.COOPERATIVE in self.protocols:
            self._check_owners(members, result)
        return result

    def on_assignment(self, assignment: MemberAssignment, generation: int) -> None:
        """Tell the assignor; one of 2.x takes the generation by a method of its own, if at all."""
        told = user_assignment(0, assignment)
        try:
            inspect.signature(self._assignor.on_assignment).bind(told, generation)
        except TypeError:
            on_generation = getattr(self._assignor, "on_generation_assignment", None)
            if on_generation is not None:
                on_generation(generation)
            self._assignor.on_assignment(told)  # type: ignore[call-arg] # as 2.x calls it
        else:
            self._assignor.on_assignment(told, generation)

    def _check_owners(
        self, members: Sequence[Member], result: Mapping[str, MemberAssignment]
    ) -> None:
        """Refuse to move what its owner has not given up yet (KIP-429)."""
        owners: dict[TopicPartition, str] = {
            tp: member.member_id for member in members for tp in member.owned
        }
        for member_id, assignment in result.items():
            for tp in assignment.partitions:
                owner = owners.get(tp, member_id)
                if owner != member_id:
                    raise IllegalStateError(
                        f"assignor {self.name}: {tp.topic}-{tp.partition} was given to {member_id}"
                        f" while {owner} owns it; give a partition away only after its owner has"
                        " rejoined without it"
                    )
