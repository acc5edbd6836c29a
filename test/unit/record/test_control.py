"""Control records and transaction markers."""

import json
from pathlib import Path

import pytest

from kafka.errors import CorruptRecordError
from kafka.record.control import (
    ControlType,
    end_transaction_batch,
    parse_control_key,
)
from kafka.record.memory_records import iter_batches
from test.support.transactional import coordinator_epoch

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "golden_records.json").read_text())
MARKERS = {
    vector["name"]: bytes.fromhex(vector["bytes"])
    for vector in VECTORS
    if vector["name"].endswith("_marker")
}


@pytest.mark.parametrize(
    ("name", "control_type"),
    [("commit_marker", ControlType.COMMIT), ("abort_marker", ControlType.ABORT)],
)
def test_markers_are_read(name, control_type):
    (batch,) = iter_batches(MARKERS[name], check_crcs=True)
    columns = batch.columns()
    assert batch.is_control
    assert parse_control_key(columns.keys[0]) is control_type
    assert coordinator_epoch(columns.values[0]) == 10


@pytest.mark.parametrize(
    ("name", "control_type"),
    [("commit_marker", ControlType.COMMIT), ("abort_marker", ControlType.ABORT)],
)
def test_markers_are_written_byte_for_byte(name, control_type):
    marker = end_transaction_batch(
        control_type,
        producer_id=5,
        producer_epoch=3,
        coordinator_epoch=10,
        timestamp=1_700_000_000_000,
        base_offset=42,
        leader_epoch=0,
    )
    assert marker == MARKERS[name]


@pytest.mark.parametrize("control_type", [t for t in ControlType if t >= 0])
def test_every_type_is_known_in_any_key_version(control_type):
    assert parse_control_key(b"\0\x07\0" + bytes((control_type,)) + b"more") is control_type


@pytest.mark.parametrize("number", [b"\0\x07", b"\x7f\xff", b"\xff\xff"])
def test_types_of_the_future_are_unknown(number):
    assert parse_control_key(b"\0\0" + number) is ControlType.UNKNOWN


@pytest.mark.parametrize("data", [None, b"", b"\0\0\0", b"\xff\xff\0\0\0\0"])
def test_malformed_control_records_are_refused(data):
    with pytest.raises(CorruptRecordError):
        parse_control_key(data)
