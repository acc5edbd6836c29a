"""Transaction markers in a partition's log."""

from __future__ import annotations

from uuid import UUID

import pytest

from kafka.errors import InvalidProducerEpochError, TransactionCoordinatorFencedError
from kafka.record.control import ControlType, parse_control_key
from kafka.testing.broker.cluster import Partition, Topic
from kafka.testing.broker.configs import TopicConfig
from kafka.testing.broker.log import PartitionLog
from kafka.testing.broker.transactions.markers import Marker, write_marker
from kafka.testing.broker.transactions.metadata import Moment

AT = Moment(3.0, 1_600_000_000_000)


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
