"""The public named tuples: fields, defaults, and the value semantics that tools rely on."""

import copy
import pickle

import pytest

from kafka import structs
from kafka.structs import (
    BrokerMetadata,
    ConsumerGroupMetadata,
    ConsumerRecord,
    IsolationLevel,
    OffsetAndMetadata,
    OffsetAndTimestamp,
    OffsetSpec,
    PartitionMetadata,
    RecordMetadata,
    TopicPartition,
    TopicPartitionReplica,
)

TP = TopicPartition("orders", 3)
RECORD = ConsumerRecord(
    "orders", 3, 7, 42, 1_700_000_000_000, 0, b"k", b"v", [("h", b"1")], None, 1, 1, 2
)
VALUES = [
    TP,
    TopicPartitionReplica("orders", 3, 1),
    OffsetAndMetadata(5, "note", 2),
    OffsetAndTimestamp(5, 1000, 2),
    ConsumerGroupMetadata("g", 1, "m", None),
    BrokerMetadata(1, "host", 9092, None),
    PartitionMetadata("orders", 3, 1, 7, (1, 2), (1,), (2,), None),
    structs.MemberInformation("m", "c", "/host", b"", b""),
    structs.GroupInformation(0, "g", "Stable", "consumer", "range", [], None),
    structs.RetryOptions(3, 100, True),
    RECORD,
    RecordMetadata("orders", 3, TP, 42, 1000, None, 1, 1, -1),
]

PUBLIC_FIELDS = {
    "TopicPartition": "topic partition",
    "TopicPartitionReplica": "topic partition broker_id",
    "OffsetAndMetadata": "offset metadata leader_epoch",
    "OffsetAndTimestamp": "offset timestamp leader_epoch",
    "ConsumerGroupMetadata": "group_id generation_id member_id group_instance_id state",
    "BrokerMetadata": "nodeId host port rack",
    "PartitionMetadata": "topic partition leader leader_epoch replicas isr offline_replicas error",
    "RetryOptions": "limit backoff_ms retry_on_timeouts",
    "ConsumerRecord": "topic partition leader_epoch offset timestamp timestamp_type key value"
    " headers checksum serialized_key_size serialized_value_size serialized_header_size",
    "RecordMetadata": "topic partition topic_partition offset timestamp checksum"
    " serialized_key_size serialized_value_size serialized_header_size",
}


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_value_survives_pickle_and_copy(value: tuple[object, ...]) -> None:
    copies = [pickle.loads(pickle.dumps(value)), copy.copy(value), copy.deepcopy(value)]
    assert all(twin == value and type(twin) is type(value) for twin in copies)


@pytest.mark.parametrize("name", PUBLIC_FIELDS)
def test_fields_have_the_public_names_in_the_public_order(name: str) -> None:
    assert " ".join(getattr(structs, name)._fields) == PUBLIC_FIELDS[name]


def test_record_with_headers_is_hashable_by_its_place() -> None:
    assert len({RECORD, RECORD._replace(headers=[("h", b"1")]), RECORD._replace(offset=43)}) == 2


def test_record_has_no_instance_dictionary() -> None:
    assert not hasattr(RECORD, "__dict__")


def test_offset_and_metadata_defaults_to_no_offset_and_unknown_epoch() -> None:
    assert OffsetAndMetadata() == (None, "", -1)


def test_group_metadata_defaults_to_a_consumer_outside_any_group() -> None:
    assert ConsumerGroupMetadata() == (None, -1, "", None, "<unjoined>")


def test_broker_answers_to_both_spellings_of_its_id() -> None:
    broker = BrokerMetadata(7, "host", 9092, "rack-a")
    assert (broker.nodeId, broker.node_id, broker[1], broker[2]) == (7, 7, "host", 9092)


def test_offset_specs_are_the_timestamps_of_list_offsets() -> None:
    assert [spec.value for spec in OffsetSpec] == [-1, -2, -3, -4, -5]


def test_isolation_levels_are_the_bytes_of_the_protocol() -> None:
    assert (IsolationLevel.READ_UNCOMMITTED, IsolationLevel.READ_COMMITTED) == (0, 1)
