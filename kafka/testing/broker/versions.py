"""The API versions and features of each release that a cluster can imitate.  Pure.

The ranges are those that Apache Kafka's brokers advertise on a client listener (without the
broker-to-broker APIs). A broker advertises the rows of this table for which a module of the same
name exists in `kafka.testing.broker.apis`.
"""

from __future__ import annotations

from typing import NamedTuple

Range = tuple[int, int]


class _Row(NamedTuple):
    name: str
    v0_11: Range | None
    v1_1: Range | None
    v2_8: Range | None
    v3_9: Range | None
    v4_4: Range | None


# Produce starts at 0 in 4.x although only 3 and newer work: librdkafka refused a broker without
# the old ones (KAFKA-18659).
_ROWS = {
    0: _Row("produce", (0, 3), (0, 5), (0, 9), (0, 11), (0, 13)),
    1: _Row("fetch", (0, 5), (0, 7), (0, 12), (0, 17), (4, 18)),
    2: _Row("list_offsets", (0, 2), (0, 2), (0, 6), (0, 9), (1, 11)),
    3: _Row("metadata", (0, 4), (0, 5), (0, 11), (0, 12), (0, 13)),
    8: _Row("offset_commit", (0, 3), (0, 3), (0, 8), (0, 9), (2, 10)),
    9: _Row("offset_fetch", (0, 3), (0, 3), (0, 7), (0, 9), (1, 10)),
    10: _Row("find_coordinator", (0, 1), (0, 1), (0, 3), (0, 6), (0, 6)),
    11: _Row("join_group", (0, 2), (0, 2), (0, 7), (0, 9), (0, 9)),
    12: _Row("heartbeat", (0, 1), (0, 1), (0, 4), (0, 4), (0, 4)),
    13: _Row("leave_group", (0, 1), (0, 1), (0, 4), (0, 5), (0, 5)),
    14: _Row("sync_group", (0, 1), (0, 1), (0, 5), (0, 5), (0, 5)),
    15: _Row("describe_groups", (0, 1), (0, 1), (0, 5), (0, 5), (0, 6)),
    16: _Row("list_groups", (0, 1), (0, 1), (0, 4), (0, 5), (0, 5)),
    17: _Row("sasl_handshake", (0, 0), (0, 1), (0, 1), (0, 1), (0, 1)),
    18: _Row("api_versions", (0, 1), (0, 1), (0, 3), (0, 4), (0, 5)),
    19: _Row("create_topics", (0, 2), (0, 2), (0, 7), (0, 7), (2, 7)),
    20: _Row("delete_topics", (0, 1), (0, 1), (0, 6), (0, 6), (1, 6)),
    21: _Row("delete_records", (0, 0), (0, 0), (0, 2), (0, 2), (0, 2)),
    22: _Row("init_producer_id", (0, 0), (0, 0), (0, 4), (0, 5), (0, 5)),
    23: _Row("offset_for_leader_epoch", (0, 0), (0, 0), (0, 4), (0, 4), (2, 4)),
    24: _Row("add_partitions_to_txn", (0, 0), (0, 0), (0, 3), (0, 5), (0, 5)),
    25: _Row("add_offsets_to_txn", (0, 0), (0, 0), (0, 3), (0, 4), (0, 4)),
    26: _Row("end_txn", (0, 0), (0, 0), (0, 3), (0, 4), (0, 5)),
    27: _Row("write_txn_markers", (0, 0), (0, 0), (0, 1), (0, 1), (1, 2)),
    28: _Row("txn_offset_commit", (0, 0), (0, 0), (0, 3), (0, 4), (0, 6)),
    29: _Row("describe_acls", (0, 0), (0, 0), (0, 2), (0, 3), (1, 3)),
    30: _Row("create_acls", (0, 0), (0, 0), (0, 2), (0, 3), (1, 3)),
    31: _Row("delete_acls", (0, 0), (0, 0), (0, 2), (0, 3), (1, 3)),
    32: _Row("describe_configs", (0, 0), (0, 1), (0, 4), (0, 4), (1, 4)),
    33: _Row("alter_configs", (0, 0), (0, 0), (0, 2), (0, 2), (0, 2)),
    34: _Row("alter_replica_log_dirs", None, (0, 0), (0, 2), (0, 2), (1, 2)),
    35: _Row("describe_log_dirs", None, (0, 0), (0, 2), (0, 4), (1, 5)),
    36: _Row("sasl_authenticate", None, (0, 0), (0, 2), (0, 2), (0, 2)),
    37: _Row("create_partitions", None, (0, 0), (0, 3), (0, 3), (0, 3)),
    38: _Row("create_delegation_token", None, (0, 0), (0, 2), (0, 3), (1, 3)),
    39: _Row("renew_delegation_token", None, (0, 0), (0, 2), (0, 2), (1, 2)),
    40: _Row("expire_delegation_token", None, (0, 0), (0, 2), (0, 2), (1, 2)),
    41: _Row("describe_delegation_token", None, (0, 0), (0, 2), (0, 3), (1, 3)),
    42: _Row("delete_groups", None, (0, 0), (0, 2), (0, 2), (0, 3)),
    43: _Row("elect_leaders", None, None, (0, 2), (0, 2), (0, 2)),
    44: _Row("incremental_alter_configs", None, None, (0, 1), (0, 1), (0, 1)),
    45: _Row("alter_partition_reassignments", None, None, (0, 0), (0, 0), (0, 1)),
    46: _Row("list_partition_reassignments", None, None, (0, 0), (0, 0), (0, 0)),
    47: _Row("offset_delete", None, None, (0, 0), (0, 0), (0, 0)),
    48: _Row("describe_client_quotas", None, None, (0, 1), (0, 1), (0, 1)),
    49: _Row("alter_client_quotas", None, None, (0, 1), (0, 1), (0, 1)),
    50: _Row("describe_user_scram_credentials", None, None, (0, 0), (0, 0), (0, 0)),
    51: _Row("alter_user_scram_credentials", None, None, (0, 0), (0, 0), (0, 0)),
    55: _Row("describe_quorum", None, None, None, (0, 2), (0, 2)),
    57: _Row("update_features", None, None, (0, 0), (0, 1), (0, 2)),
    60: _Row("describe_cluster", None, None, (0, 0), (0, 1), (0, 2)),
    61: _Row("describe_producers", None, None, (0, 0), (0, 0), (0, 0)),
    64: _Row("unregister_broker", None, None, None, (0, 0), (0, 0)),
    65: _Row("describe_transactions", None, None, None, (0, 0), (0, 0)),
    66: _Row("list_transactions", None, None, None, (0, 1), (0, 2)),
    68: _Row("consumer_group_heartbeat", None, None, None, (0, 0), (0, 1)),
    69: _Row("consumer_group_describe", None, None, None, (0, 0), (0, 1)),
    71: _Row("get_telemetry_subscriptions", None, None, None, (0, 0), (0, 0)),
    72: _Row("push_telemetry", None, None, None, (0, 0), (0, 0)),
    74: _Row("list_config_resources", None, None, None, (0, 0), (0, 1)),
    75: _Row("describe_topic_partitions", None, None, None, (0, 0), (0, 0)),
    76: _Row("share_group_heartbeat", None, None, None, None, (1, 1)),
    77: _Row("share_group_describe", None, None, None, None, (1, 1)),
    78: _Row("share_fetch", None, None, None, None, (1, 2)),
    79: _Row("share_acknowledge", None, None, None, None, (1, 2)),
    80: _Row("add_raft_voter", None, None, None, (0, 0), (0, 1)),
    81: _Row("remove_raft_voter", None, None, None, (0, 0), (0, 0)),
    83: _Row("initialize_share_group_state", None, None, None, None, (0, 0)),
    84: _Row("read_share_group_state", None, None, None, None, (0, 0)),
    85: _Row("write_share_group_state", None, None, None, None, (0, 1)),
    86: _Row("delete_share_group_state", None, None, None, None, (0, 0)),
    87: _Row("read_share_group_state_summary", None, None, None, None, (0, 1)),
    88: _Row("streams_group_heartbeat", None, None, None, None, (0, 1)),
    89: _Row("streams_group_describe", None, None, None, None, (0, 1)),
    90: _Row("describe_share_group_offsets", None, None, None, None, (0, 1)),
    91: _Row("alter_share_group_offsets", None, None, None, None, (0, 0)),
    92: _Row("delete_share_group_offsets", None, None, None, None, (0, 0)),
    93: _Row("streams_group_topology_description_update", None, None, None, None, (0, 0)),
    94: _Row("unregister_controller", None, None, None, None, (0, 0)),
}


class Feature(NamedTuple):
    """A cluster feature: the levels a broker supports and the one that is in force."""

    minimum: int
    maximum: int
    finalized: int


class Release(NamedTuple):
    """The differences between releases of Apache Kafka on the wire.

    Attributes:
        name: as users write it, e.g. ``"4.4"``.
        kraft: every broker takes requests for the controller (KIP-590); a broker of a ZooKeeper
            cluster answers NOT_CONTROLLER instead.
        api_versions_range: an ApiVersions request that is too new is told the range of ApiVersions
            (KIP-511), not just refused.
        new_coordinator: groups are kept by the coordinator of KIP-848, also classic ones; they are
            resources with configs and operations on these.
        features: KIP-584.
    """

    name: str
    kraft: bool
    api_versions_range: bool
    new_coordinator: bool
    features: dict[str, Feature]

    def ranges(self) -> dict[int, tuple[str, int, int]]:
        """Return ``{api key: (api name, lowest version, highest version)}``."""
        column = "v" + self.name.replace(".", "_")
        found = {}
        for key, row in _ROWS.items():
            span: Range | None = getattr(row, column)
            if span is not None:
                found[key] = (row.name, *span)
        return found


_FEATURES_3_9 = {
    "metadata.version": Feature(1, 21, 21),
    "kraft.version": Feature(0, 1, 0),
    "transaction.version": Feature(0, 0, 0),
    "group.version": Feature(0, 0, 0),
}
_FEATURES_4_4 = {
    "metadata.version": Feature(7, 33, 33),
    "kraft.version": Feature(0, 1, 1),
    "transaction.version": Feature(0, 2, 2),
    "group.version": Feature(0, 1, 1),
    "eligible.leader.replicas.version": Feature(0, 1, 1),
    "share.version": Feature(0, 2, 2),
    "streams.version": Feature(0, 1, 1),
}

RELEASES = {
    release.name: release
    for release in (
        Release("0.11", kraft=False, api_versions_range=False, new_coordinator=False, features={}),
        Release("1.1", kraft=False, api_versions_range=False, new_coordinator=False, features={}),
        Release("2.8", kraft=False, api_versions_range=True, new_coordinator=False, features={}),
        Release(
            "3.9",
            kraft=True,
            api_versions_range=True,
            new_coordinator=False,
            features=_FEATURES_3_9,
        ),
        Release(
            "4.4", kraft=True, api_versions_range=True, new_coordinator=True, features=_FEATURES_4_4
        ),
    )
}


def release(name: str) -> Release:
    """Return the release called *name*.

    Raises:
        ValueError: a cluster cannot imitate that release.
    """
    try:
        return RELEASES[name]
    except KeyError:
        known = ", ".join(RELEASES)
        raise ValueError(f"no release {name!r}: the embedded cluster can be {known}") from None
