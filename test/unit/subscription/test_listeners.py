"""The classes that users subclass."""

from __future__ import annotations

import pytest

from kafka.structs import TopicPartition
from kafka.subscription.listeners import (
    AsyncConsumerRebalanceListener,
    ConsumerRebalanceListener,
)

LOST = {TopicPartition("t", 0)}


class Noting(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.calls: list[tuple[str, set[TopicPartition]]] = []

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.calls.append(("revoked", revoked))

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.calls.append(("assigned", assigned))


class AsyncNoting(AsyncConsumerRebalanceListener):
    def __init__(self) -> None:
        self.calls: list[tuple[str, set[TopicPartition]]] = []

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.calls.append(("revoked", revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.calls.append(("assigned", assigned))


def test_lost_partitions_count_as_revoked_by_default() -> None:
    listener = Noting()
    listener.on_partitions_lost(LOST)
    assert listener.calls == [("revoked", LOST)]


async def test_lost_partitions_count_as_revoked_by_default_in_async_listeners() -> None:
    listener = AsyncNoting()
    await listener.on_partitions_lost(LOST)
    assert listener.calls == [("revoked", LOST)]


@pytest.mark.parametrize("kind", [ConsumerRebalanceListener, AsyncConsumerRebalanceListener])
@pytest.mark.parametrize("missing", ["on_partitions_revoked", "on_partitions_assigned"])
def test_listener_without_a_required_method_cannot_be_made(kind: type, missing: str) -> None:
    methods = {"on_partitions_revoked", "on_partitions_assigned"} - {missing}
    incomplete = type("Incomplete", (kind,), {name: lambda *_: None for name in methods})
    with pytest.raises(TypeError, match=missing):
        incomplete()
