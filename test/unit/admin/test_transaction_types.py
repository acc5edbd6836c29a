"""The values of methods about transactions."""

from __future__ import annotations

import pytest

from kafka.admin.transaction_types import (
    AbortTransactionSpec,
    PartitionProducerState,
    ProducerState,
    TransactionDescription,
    TransactionListing,
    TransactionState,
)
from kafka.structs import TopicPartition

TP = TopicPartition("a", 0)


def test_states_are_the_words_of_brokers() -> None:
    assert TransactionState("PrepareCommit") is TransactionState.PREPARE_COMMIT
    assert TransactionState.ONGOING == "Ongoing"
    assert f"{TransactionState.ONGOING}" == "Ongoing"
    with pytest.raises(ValueError, match="Paused"):
        TransactionState("Paused")


def test_values_compare_and_hash_by_their_fields() -> None:
    listing = TransactionListing("t", 7, TransactionState.EMPTY)
    assert {listing, TransactionListing("t", 7, TransactionState.EMPTY)} == {listing}
    described = TransactionDescription(
        1, TransactionState.ONGOING, 7, 0, 60_000, 5, frozenset({TP})
    )
    assert TP in described.topic_partitions
    producer = ProducerState(7, 0, -1, 5, -1, -1)
    assert PartitionProducerState([producer]).active_producers == [producer]


def test_coordinator_that_wrote_no_marker_has_no_epoch() -> None:
    assert AbortTransactionSpec(TP, 7, 0).coordinator_epoch == -1
