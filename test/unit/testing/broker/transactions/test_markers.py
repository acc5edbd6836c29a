"""Transaction markers in a partition's log."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidProducerEpochError,
    TransactionCoordinatorFencedError,
)
from kafka.record.control import ControlType, parse_control_key
from kafka.testing.broker.cluster import Partition, Topic
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.coordinators import slot_of
from kafka.testing.broker.groups.offsets import Committed, OffsetStore
from kafka.testing.broker.log import PartitionLog
from kafka.testing.broker.transactions.markers import Marker, end_offsets, write_marker
from kafka.testing.broker.transactions.metadata import Moment

AT = Moment(3.0, 1_600_000_000_000)
KEY, SLOT = ("t", 0), slot_of("g")


@pytest.fixture
def partition() -> Partition:
    config = TopicConfig({}, {})
    topic = Topic("t", UUID(int=1), config, is_internal=False)
    return Partition(topic, 0, [0], PartitionLog(config))


@pytest.mark.parametrize(
    ("commit", "kind"), [(True, ControlType.COMMIT), (False, ControlType.ABORT)]
)
def test_a_marker_says_how_it_ended(partition: Partition, commit: bool, kind: ControlType) -> None:
    assert write_marker(partition, Marker(7, 0, 0, commit), AT) == 0
    (batch,) = partition.log.batches
    columns = batch.columns()
    assert parse_control_key(columns.keys[0]) is kind
    assert list(columns.timestamps) == [AT.wall_ms]


@pytest.mark.parametrize(
    ("epoch", "is_bumped", "passes"),
    [(4, False, False), (5, False, True), (6, False, True), (5, True, False), (6, True, True)],
)
def test_a_bumped_marker_must_be_newer(
    partition: Partition, epoch: int, is_bumped: bool, passes: bool
) -> None:
    write_marker(partition, Marker(7, 5, 0, True), AT)
    second = Marker(7, epoch, 0, True, is_bumped)
    if passes:
        assert write_marker(partition, second, AT) == 1
    else:
        with pytest.raises(InvalidProducerEpochError):
            write_marker(partition, second, AT)


def test_an_older_coordinator_is_fenced(partition: Partition) -> None:
    write_marker(partition, Marker(7, 5, 2, True), AT)
    with pytest.raises(TransactionCoordinatorFencedError):
        write_marker(partition, Marker(7, 5, 1, True), AT)
    assert partition.log.end_offset == 1


# -- offsets ---------------------------------------------------------------------------------


def test_offsets_of_an_older_epoch_than_the_marker_are_refused() -> None:
    offsets = OffsetStore()
    offsets.pending_commit("g", 7, 4, {KEY: Committed(1)})
    end_offsets(offsets, SLOT, Marker(7, 5, 0, commit=False), AT)
    with pytest.raises(InvalidProducerEpochError):
        offsets.pending_commit("g", 7, 4, {KEY: Committed(2)})
    end_offsets(offsets, SLOT, Marker(7, 5, 0, commit=True), AT)
    assert not offsets.has("g")


@pytest.mark.parametrize(
    ("marker", "error"),
    [
        (Marker(7, 4, 2, commit=True), InvalidProducerEpochError),
        (Marker(7, 5, 2, commit=True, is_bumped=True), InvalidProducerEpochError),
        (Marker(7, 5, 1, commit=True), TransactionCoordinatorFencedError),
    ],
)
def test_a_marker_that_is_refused_ends_no_offsets(
    marker: Marker, error: type[BrokerResponseError]
) -> None:
    offsets = OffsetStore()
    end_offsets(offsets, SLOT, Marker(7, 5, 2, commit=True), AT)
    offsets.pending_commit("g", 7, 5, {KEY: Committed(1)})
    with pytest.raises(error):
        end_offsets(offsets, SLOT, marker, AT)
    assert offsets.of("g").is_unstable(KEY)
