"""Which quota a client has."""

from __future__ import annotations

import pytest

from kafka.testing.broker.quotas import PRODUCE, ClientQuotas, Entity

U, C = ("user", "u"), ("client-id", "c")
ANY_U: tuple[str, str | None] = ("user", None)
ANY_C: tuple[str, str | None] = ("client-id", None)

# KIP-55: the most special first, and who shares the quota.
PRECEDENCE: list[tuple[Entity, tuple[str, str]]] = [
    (frozenset((U, C)), ("u", "c")),
    (frozenset((U, ANY_C)), ("u", "c")),
    (frozenset((U,)), ("u", "")),
    (frozenset((ANY_U, C)), ("u", "c")),
    (frozenset((ANY_U, ANY_C)), ("u", "c")),
    (frozenset((ANY_U,)), ("u", "")),
    (frozenset((C,)), ("", "c")),
    (frozenset((ANY_C,)), ("", "c")),
]


@pytest.mark.parametrize("rank", range(len(PRECEDENCE)))
def test_the_most_special_quota_counts(rank: int) -> None:
    quotas = ClientQuotas()
    for position, (entity, _) in enumerate(PRECEDENCE[rank:], rank):
        quotas.alter(entity, {PRODUCE: float(position + 1)}, validate_only=False)
    assert quotas.in_force(PRODUCE, "u", "c") == (rank + 1, PRECEDENCE[rank][1])


def test_quotas_of_others_do_not_count() -> None:
    quotas = ClientQuotas()
    quotas.alter(frozenset((U,)), {PRODUCE: 1.0}, validate_only=False)
    assert quotas.in_force(PRODUCE, "v", "c") is None
