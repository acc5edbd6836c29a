"""A transaction with a consumer whose group moves on at a bad moment."""

from __future__ import annotations

import pytest

from kafka.producer.transaction_scope import Transaction
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

_OFFSETS = {TopicPartition("orders", 0): OffsetAndMetadata(7, "", -1)}


class _ReplacedAfterCheck:
    """A consumer whose generation becomes *later* right after its revocations were last counted."""

    def __init__(self, later: int) -> None:
        self._later = later
        self.config: dict[str, object] = {"group_id": "g", "enable_auto_commit": False}
        self._generation = 4
        self._is_begun = False

    @property
    def revocations(self) -> int:
        # Counted at the beginning and at the check; the I/O thread acts after the check.
        if self._is_begun:
            self._generation = self._later
        self._is_begun = True
        return 0

    def subscription(self) -> object:
        return {"orders"}

    def group_metadata(self) -> ConsumerGroupMetadata:
        return ConsumerGroupMetadata("g", self._generation, "member")

    def consumed_offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        return dict(_OFFSETS)

    def rewind(self) -> None:
        return


class _Producer:
    """A producer that notes for whom offsets are sent."""

    def __init__(self) -> None:
        self.generations: list[int] = []

    def begin_transaction(self, timeout_ms: float | None = None) -> None:
        return

    def commit_transaction(self, timeout_ms: float | None = None) -> None:
        return

    def abort_transaction(self, timeout_ms: float | None = None) -> None:
        return

    def send_offsets_to_transaction(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata],
        group_metadata: ConsumerGroupMetadata | str,
        timeout_ms: float | None = None,
    ) -> None:
        assert isinstance(group_metadata, ConsumerGroupMetadata)
        self.generations.append(group_metadata.generation_id)


@pytest.mark.parametrize("later", [-1, 5], ids=["lost", "rejoined"])
def test_offsets_are_sent_with_the_generation_they_were_consumed_in(later: int) -> None:
    producer = _Producer()
    with Transaction(producer, _ReplacedAfterCheck(later), None):
        pass
    assert producer.generations == [4]
