"""Write answers down so that two clusters' can be compared.

What must differ from cluster to cluster is replaced: ids by ``name#n`` in order of appearance, node
ids by their distance from the first, times by ``time``; addresses, sizes of disks and throttle
times are left out. Lists of structures are sorted: their order is that of a hash table in Kafka.
Messages for people are compared by whether there is one (null, empty, some text): no client acts on
their words, and the embedded cluster has its own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kafka.protocol.fields import Kind, Struct
from kafka.protocol.schema import ZERO_UUID
from kafka.record.memory_records import iter_batches

if TYPE_CHECKING:
    from kafka.protocol.fields import Field
    from kafka.protocol.schema import Message
    from kafka.record.memory_records import Batch

LEFT_OUT = frozenset(
    {
        "finalized_features_epoch",
        "host",
        "port",
        "throttle_time_ms",
        "total_bytes",
        "usable_bytes",
        "unknown_tags",
    }
)
NODES = frozenset(
    {
        "adding_replicas",
        "broker_id",
        "controller_id",
        "eligible_leader_replicas",
        "isr_nodes",
        "last_known_elr",
        "leader_id",
        "node_id",
        "offline_replicas",
        "preferred_read_replica",
        "removing_replicas",
        "replica_id",
        "replica_nodes",
        "replicas",
        "voter_id",
    }
)
IDS = frozenset(
    {
        "client_instance_id",
        "cluster_id",
        "hmac",
        "leader",
        "log_dir",
        "member_id",
        "ongoing_txn_producer_id",
        "producer_id",
        "session_id",
        "token_id",
        "topic_id",
    }
)
TIMES = frozenset(
    {
        "expiry_timestamp",
        "issue_timestamp",
        "last_caught_up_timestamp",
        "last_fetch_timestamp",
        "last_timestamp",
        "log_append_time_ms",
        "max_timestamp",
        "transaction_start_time_ms",
    }
)
_MESSAGES = frozenset({"error_message", "batch_index_error_message"})
_SORTED_BY = ("name", "topic", "resource_name", "group_id", "partition_index", "partition")
_NO_ID = (None, "", -1, 0, b"", ZERO_UUID)


class Scribe:
    """Writes down the answers of one cluster in one case.

    Args:
        first_node: id of the cluster's first broker.
    """

    def __init__(self, first_node: int) -> None:
        self._first_node = first_node
        self._labels: dict[object, str] = {}

    def message(self, message: Message, version: int) -> dict[str, Any]:
        """Return what *version* of *message* carries."""
        return self._struct(message, version, label=True)

    def _struct(self, value: Struct, version: int, *, label: bool) -> dict[str, Any]:
        return {
            field.name: self._field(field, getattr(value, field.name), version, label=label)
            for field in value.FIELDS
            if field.present(version) and field.name not in LEFT_OUT
        }

    def _field(self, field: Field, value: Any, version: int, *, label: bool) -> Any:
        if value is None:
            return None
        if not field.array:
            return self._one(field, value, version, label=label)
        if field.kind is Kind.STRUCT:
            # Sorted before ids get their numbers: these go by the order in which ids are seen.
            value = sorted(value, key=lambda item: self._sort_key(item, version))
        found = [self._one(field, item, version, label=label) for item in value]
        return found if field.kind is Kind.STRUCT else sorted(found, key=str)

    def _sort_key(self, item: Struct, version: int) -> str:
        written = self._struct(item, version, label=False)
        # Names before error codes, so that two sides that disagree on these are still in step.
        first = [str(written.pop(key)) for key in _SORTED_BY if key in written]
        return json.dumps([first, written], sort_keys=True, default=str)

    def _one(self, field: Field, value: Any, version: int, *, label: bool) -> Any:
        if field.kind is Kind.STRUCT:
            return self._struct(value, version, label=label)
        if field.kind is Kind.RECORDS:
            return [
                self._batch(batch, label=label) for batch in iter_batches(value, check_crcs=True)
            ]
        if field.kind is Kind.BYTES and field.name not in IDS:
            return bytes(value).hex()
        return self._scalar(field.name, value, label=label)

    def _scalar(self, name: str, value: Any, *, label: bool) -> Any:
        if name in NODES or (name == "leader" and isinstance(value, int)):
            return value - self._first_node if value >= 0 else value
        if name in IDS or isinstance(value, UUID):
            return self._label(name, value, label=label)
        if name in TIMES:
            return "time" if value >= 0 else value
        if name in _MESSAGES:
            return value and "text"
        return value

    def _label(self, name: str, value: object, *, label: bool) -> object:
        if value in _NO_ID:
            return str(value)
        if not label:
            return name
        return self._labels.setdefault(value, f"{name}#{len(self._labels)}")

    def _batch(self, batch: Batch, *, label: bool) -> dict[str, Any]:
        columns = batch.columns()
        return {
            "base_offset": batch.base_offset,
            "last_offset": batch.last_offset,
            "magic": batch.magic,
            "leader_epoch": batch.leader_epoch,
            "producer_id": self._label("producer_id", batch.producer_id, label=label),
            "is_control": batch.is_control,
            "is_transactional": batch.is_transactional,
            "is_compressed": batch.is_compressed,
            "offsets": list(columns.offsets),
            "timestamps": [self._record_time(time) for time in columns.timestamps],
            "keys": [_hex(key) for key in columns.keys],
            "values": [_hex(value) for value in columns.values],
            "headers": str(columns.headers),
        }

    def _record_time(self, time: int) -> object:
        """Return the time of a record; times of today were given by a broker."""
        return "time" if time > 1_500_000_000_000 else time


def _hex(data: bytes | memoryview | None) -> str | None:
    return None if data is None else bytes(data).hex()


def differences(real: object, embedded: object, path: str = "") -> list[tuple[str, str]]:
    """Return the path of each value that differs, and how."""
    if isinstance(real, dict) and isinstance(embedded, dict):
        return [
            found
            for key in sorted(real.keys() | embedded.keys())
            for found in differences(
                real.get(key, "absent"), embedded.get(key, "absent"), f"{path}.{key}"
            )
        ]
    if isinstance(real, list) and isinstance(embedded, list) and len(real) == len(embedded):
        return [
            found
            for index, (mine, other) in enumerate(zip(real, embedded, strict=True))
            for found in differences(mine, other, f"{path}[{index}]")
        ]
    if isinstance(real, list) and isinstance(embedded, list):
        return _unpaired(real, embedded, path)
    return [] if real == embedded else [(path, f"real {real!r}, embedded {embedded!r}")]


def _unpaired(real: list[Any], embedded: list[Any], path: str) -> list[tuple[str, str]]:
    """Return what only one of two lists of different lengths holds."""
    only_real = [item for item in real if item not in embedded]
    only_embedded = [item for item in embedded if item not in real]
    how = f"{len(real)} and {len(embedded)} items; only real {only_real}, only embedded"
    return [(path, f"{how} {only_embedded}")]
