"""Control records: what the broker writes between records, such as transaction markers.  Pure.

KIP-98; the types after COMMIT belong to KRaft's metadata log and are only named.
"""

import struct
from enum import IntEnum

from kafka.errors import CorruptRecordError
from kafka.record.batch import build_batch, encode_records

_KEY = struct.Struct(">hh")
_END_TXN_VALUE = struct.Struct(">hi")


class ControlType(IntEnum):
    """What a control record says; UNKNOWN stands for types newer than this list."""

    UNKNOWN = -1
    ABORT = 0
    COMMIT = 1
    LEADER_CHANGE = 2
    SNAPSHOT_HEADER = 3
    SNAPSHOT_FOOTER = 4
    KRAFT_VERSION = 5
    KRAFT_VOTERS = 6


def parse_control_key(key: bytes | None) -> ControlType:
    """Return what the control record with this *key* says.

    Raises:
        CorruptRecordError: The key is missing, too short, or of a negative version.
    """
    if key is None or len(key) < _KEY.size:
        raise CorruptRecordError(f"a control record has the key {key!r}")
    version, number = _KEY.unpack_from(key)
    if version < 0:
        raise CorruptRecordError(f"a control record has key version {version}")
    try:
        return ControlType(number)
    except ValueError:
        return ControlType.UNKNOWN


def end_transaction_batch(
    control_type: ControlType,
    *,
    producer_id: int,
    producer_epoch: int,
    coordinator_epoch: int,
    timestamp: int,
    base_offset: int = 0,
    leader_epoch: int = -1,
) -> bytes:
    """Return the batch a broker appends when a transaction ends.

    Args:
        control_type: COMMIT or ABORT.
        producer_id: Whose transaction ends.
        producer_epoch: The epoch it ends with.
        coordinator_epoch: The epoch of the transaction coordinator.
        timestamp: Milliseconds since the epoch.
        base_offset: The offset of the marker.
        leader_epoch: The partition leader epoch.
    """
    key = _KEY.pack(0, control_type)
    value = _END_TXN_VALUE.pack(0, coordinator_epoch)
    return build_batch(
        encode_records([timestamp], [key], [value]),
        count=1,
        base_timestamp=timestamp,
        max_timestamp=timestamp,
        producer_id=producer_id,
        producer_epoch=producer_epoch,
        transactional=True,
        control=True,
        base_offset=base_offset,
        leader_epoch=leader_epoch,
    )
