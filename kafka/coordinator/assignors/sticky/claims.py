"""Who had which partition before a rebalance, out of what the members say.  Pure.

A member that was cut off for a while still claims what it had, with the generation of that time
(KIP-792): the claim of the newest generation counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kafka.coordinator.assignors.layout import Layout
    from kafka.coordinator.assignors.sticky.user_data import Claim
    from kafka.structs import TopicPartition


class Holdings(NamedTuple):
    """Who had what.

    Args:
        held: partitions by member, in the order of the claims; each partition once at most.
        contested: partitions that several members claim with one generation: nobody has them.
    """

    held: dict[str, list[TopicPartition]]
    contested: frozenset[TopicPartition]


def settle_claims(layout: Layout, claims: Mapping[str, Claim]) -> Holdings:
    """Return who had which of the partitions that there are.

    Args:
        layout: the topics of the group.
        claims: what each member says, by member id.
    """
    # A dictionary keeps the order and finds a partition at once.
    held: dict[str, dict[TopicPartition, None]] = {member: {} for member in claims}
    last: dict[TopicPartition, str] = {}
    contested: set[TopicPartition] = set()
    for member, claim in claims.items():
        for tp in claim.partitions:
            if tp.partition not in layout.get(tp.topic, ()):
                continue
            other = last.get(tp)
            if other is not None:
                newer = claim.generation - claims[other].generation
                if newer < 0:
                    continue
                held[other].pop(tp, None)
                if newer == 0:
                    contested.add(tp)
                    last[tp] = member
                    continue
            held[member][tp] = None
            last[tp] = member
    return Holdings(
        {member: list(partitions) for member, partitions in held.items()}, frozenset(contested)
    )


def withhold_owned(
    shares: Mapping[str, Iterable[TopicPartition]], claims: Mapping[str, Claim]
) -> dict[str, list[TopicPartition]]:
    """Return *shares* without what its owner has to give up first (KIP-429).

    The owner learns from its own share that it loses the partition, revokes it and rejoins; the
    rebalance that follows gives it away.

    Args:
        shares: what the members are to have in the end.
        claims: what they own.
    """
    owners: dict[TopicPartition, list[tuple[int, str]]] = {}
    for member, claim in claims.items():
        for tp in claim.partitions:
            owners.setdefault(tp, []).append((claim.generation, member))
    return {
        member: [tp for tp in share if _is_free_for(member, owners.get(tp, ()))]
        for member, share in shares.items()
    }


def _is_free_for(member: str, owners: Iterable[tuple[int, str]]) -> bool:
    """Return whether no other member owns it as rightfully as *member* does."""
    mine = [generation for generation, owner in owners if owner == member]
    others = [generation for generation, owner in owners if owner != member]
    return not others or bool(mine) and max(mine) > max(others)
