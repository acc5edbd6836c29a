"""Every method of 3.0.12's admin client, called once or more: ``admin_calls.py SERVERS``.

What they return is printed as JSON. The released client runs this as a program, so nothing of this
project is imported; `test_admin_results` runs it with this one, on the same kind of cluster.

Limits: numbers and texts that differ from run to run are shown as their types.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    AbortTransactionSpec,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    MemberToRemove,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    OffsetTimestamp,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UpdateFeatureType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.structs import OffsetAndMetadata, TopicPartitionReplica

# Any: results of all shapes.
Call = Callable[[KafkaAdminClient], Any]

T0, T1 = TopicPartition("made", 0), TopicPartition("made", 1)
TOPIC = ConfigResource(ConfigResourceType.TOPIC, "made")
BROKER = ConfigResource(ConfigResourceType.BROKER, 0)
READERS = "readers"
#: Fields whose values are those of one run.
OF_A_RUN = {
    "authorized_operations", "broker_version", "cluster_id", "current_voters", "end_points",
    "high_watermark", "host", "last_caught_up_timestamp", "last_fetch_timestamp", "last_timestamp",
    "log_dir", "log_end_offset", "max_lag", "member_id", "partition_size", "port", "producer_id",
    "throttle_time_ms", "timestamp", "total_bytes", "transaction_start_time_ms", "topic_id",
    "txn_start_time_ms", "txn_timeout_ms", "usable_bytes",
}  # fmt: skip


def plain(value: Any) -> object:
    """Return *value* as JSON can say it, with the names of types that are not JSON's."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, type):
        return f"class {value.__name__}"
    if isinstance(value, (dict, list, tuple, set, frozenset)):
        return of_container(value)
    return f"a {type(value).__name__}"


def of_container(value: Any) -> object:
    """Return a container with what it holds."""
    if isinstance(value, dict):
        found = {key_text(key): value[key] for key in value}
        return {key: of_field(key, each) for key, each in sorted(found.items())}
    if hasattr(value, "_fields"):
        fields = {name: of_field(name, getattr(value, name)) for name in value._fields}
        return {f"({type(value).__name__})": fields}
    if isinstance(value, (set, frozenset)):
        return sorted(map(key_text, value))
    return [plain(each) for each in value]


def key_text(key: Any) -> str:
    """Return a key as a text, with the name of its type unless it is one."""
    if isinstance(key, tuple):
        return f"{type(key).__name__}({', '.join(map(str, key))})"
    return key if isinstance(key, str) else str(plain(key))


def of_field(name: str, value: Any) -> object:
    """Return the value of a field, or its type if that is all that can be the same."""
    if name in OF_A_RUN:
        return f"a {type(value).__name__}"
    return plain(value)


def one_config(created: Any) -> Any:
    """Leave one of the configs of each topic that was created."""
    for topic in created["topics"]:
        if topic.get("configs"):
            topic["configs"] = {"cleanup.policy": topic["configs"]["cleanup.policy"]}
    return created


def without_details(groups: Any) -> Any:
    """Leave of the metadata of members what does not depend on the client that is the member."""
    for member in groups[READERS]["members"]:
        member["member_metadata"] = {"topics": member["member_metadata"]["topics"]}
        assigned = member["member_assignment"]["assigned_partitions"]
        member["member_assignment"] = {"assigned_partitions": assigned}
    return groups


def acl(name: str) -> ACL:
    resource = ResourcePattern(ResourceType.TOPIC, name)
    return ACL("User:someone", "*", ACLOperation.READ, ACLPermissionType.ALLOW, resource)


def acl_filter(name: str) -> ACLFilter:
    resource = ResourcePattern(ResourceType.TOPIC, name)
    return ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, resource)


def abort_open(admin: KafkaAdminClient) -> object:
    (state,) = admin.describe_producers([T1]).values()
    row = state.active_producers[0]
    epoch = max(row.coordinator_epoch, 0)
    spec = AbortTransactionSpec(T1, row.producer_id, row.producer_epoch, epoch)
    return admin.abort_transaction(spec)


def move_replica(admin: KafkaAdminClient) -> object:
    (broker,) = admin.describe_log_dirs(brokers=[0])
    path = broker["log_dirs"][0]["log_dir"]
    return admin.alter_replica_log_dirs({TopicPartitionReplica("made", 0, 0): path})


TOPICS: dict[str, Call] = {
    "create_topics": lambda admin: one_config(
        admin.create_topics({"made": {"num_partitions": 2, "replication_factor": 3}})
    ),
    "create_topics of NewTopic": lambda admin: one_config(
        admin.create_topics([NewTopic("old", 1, 1)])
    ),
    "create_topics again": lambda admin: admin.create_topics(["old"], raise_errors=False),
    "wait_for_topics": lambda admin: admin.wait_for_topics(["made", "old"]),
    "list_topics": lambda admin: sorted(admin.list_topics()),
    "describe_topics": lambda admin: admin.describe_topics(["made"]),
    "describe_topics missing": lambda admin: admin.describe_topics(["missing"]),
    "create_partitions": lambda admin: admin.create_partitions({"old": 2}).results[0].name,
    "create_partitions of NewPartitions": lambda admin: (
        admin.create_partitions({"old": NewPartitions(3)}).results[0].error_code
    ),
    "describe_topic_partitions": lambda admin: admin.describe_topic_partitions(
        ["made"], response_partition_limit=1
    ),
    "delete_topics": lambda admin: admin.delete_topics(["old"]),
    "delete_topics again": lambda admin: admin.delete_topics(["old"], raise_errors=False),
}
PARTITIONS: dict[str, Call] = {
    "list_partition_offsets": lambda admin: admin.list_partition_offsets(
        {T0: OffsetSpec.LATEST, T1: OffsetSpec.EARLIEST}
    ),
    "delete_records": lambda admin: admin.delete_records({T0: 1}),
    "elect_leaders": lambda admin: (
        admin.elect_leaders(0, {"made": [0]}, raise_errors=False)
        .replica_election_results[0]
        .partition_result[0]
        .error_code
    ),
    "alter_partition_reassignments": lambda admin: admin.alter_partition_reassignments(
        {T0: [0, 1, 2], T1: [1, 2, 0]}
    ),
    "list_partition_reassignments": lambda admin: admin.list_partition_reassignments(),
}
CONFIGS: dict[str, Call] = {
    "alter_configs": lambda admin: admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, "made", {"retention.ms": "1000"})]
    ),
    "describe_configs": lambda admin: admin.describe_configs([TOPIC]),
    "describe_configs all": lambda admin: admin.describe_configs([TOPIC], config_filter="all")[
        "topic"
    ]["made"]["cleanup.policy"],
    "describe_configs of a broker": lambda admin: sorted(
        admin.describe_configs([BROKER], include_synonyms=True, config_filter="all")["broker"]["0"]
    )[:3],
    "reset_configs": lambda admin: admin.reset_configs(
        [ConfigResource(ConfigResourceType.TOPIC, "made", ["retention.ms"])]
    ),
    "list_config_resources": lambda admin: admin.list_config_resources(
        [ConfigResourceType.TOPIC, ConfigResourceType.BROKER]
    ),
}
CLUSTER: dict[str, Call] = {
    "describe_cluster": lambda admin: admin.describe_cluster(),
    "describe_log_dirs": lambda admin: admin.describe_log_dirs(brokers=[1]),
    "alter_replica_log_dirs": move_replica,
    "describe_metadata_quorum": lambda admin: admin.describe_metadata_quorum(),
    "describe_features": lambda admin: admin.describe_features()["group.version"],
    "update_features": lambda admin: admin.update_features(
        {"group.version": (UpdateFeatureType.UPGRADE, 1)}, validate_only=True
    ),
    "api_versions": lambda admin: list(admin.api_versions().items())[:1],
    "get_broker_version_data": lambda admin: admin.get_broker_version_data(0),
}
GROUPS: dict[str, Call] = {
    "list_groups": lambda admin: admin.list_groups(),
    "describe_groups": lambda admin: without_details(admin.describe_groups([READERS])),
    "describe_groups missing": lambda admin: admin.describe_groups(["missing"]),
    "delete_groups with members": lambda admin: admin.delete_groups([READERS]),
}
OFFSETS: dict[str, Call] = {
    "alter_group_offsets": lambda admin: admin.alter_group_offsets(
        "hand", {T0: OffsetAndMetadata(1, "note", -1), T1: OffsetAndMetadata(0, "", -1)}
    ),
    "list_group_offsets": lambda admin: admin.list_group_offsets("hand"),
    "list_group_offsets of partitions": lambda admin: admin.list_group_offsets({"hand": [T0]}),
    "reset_group_offsets": lambda admin: admin.reset_group_offsets(
        "hand", {T0: OffsetSpec.LATEST, T1: OffsetTimestamp(0)}
    ),
    "delete_group_offsets": lambda admin: admin.delete_group_offsets("hand", [T1]),
    "remove_group_members": lambda admin: [
        (type(member).__name__, error)
        for member, error in admin.remove_group_members(
            "hand", [MemberToRemove(group_instance_id="x")]
        ).items()
    ],
    "delete_groups": lambda admin: admin.delete_groups(["hand"]),
}
SECURITY: dict[str, Call] = {
    "create_acls": lambda admin: admin.create_acls([acl("made")]),
    "describe_acls": lambda admin: admin.describe_acls(acl_filter("made")),
    "delete_acls": lambda admin: admin.delete_acls([acl_filter("made")]),
    "alter_user_scram_credentials": lambda admin: admin.alter_user_scram_credentials(
        [UserScramCredentialUpsertion("alice", ScramMechanism.SCRAM_SHA_256, "secret")]
    ),
    "describe_user_scram_credentials": lambda admin: admin.describe_user_scram_credentials(),
    "alter_user_scram_credentials gone": lambda admin: admin.alter_user_scram_credentials(
        [UserScramCredentialDeletion("alice", ScramMechanism.SCRAM_SHA_256)]
    ),
}
TRANSACTIONS: dict[str, Call] = {
    "list_transactions": lambda admin: admin.list_transactions(),
    "describe_transactions": lambda admin: admin.describe_transactions(["open"]),
    "describe_producers": lambda admin: admin.describe_producers([T1]),
    "find_hanging_transactions": lambda admin: admin.find_hanging_transactions(),
    "abort_transaction": abort_open,
}


def call(admin: KafkaAdminClient, calls: dict[str, Call]) -> dict[str, object]:
    """Return what each call returns, or the class of what it raises."""
    found: dict[str, object] = {}
    for name, make in calls.items():
        try:
            found[name] = plain(make(admin))
        except Exception as error:  # noqa: BLE001 - what is raised is the result
            found[name] = f"raises {type(error).__name__}"
    return found


def fill(servers: list[str]) -> None:
    """Write two records to each partition."""
    with KafkaProducer(bootstrap_servers=servers) as producer:
        for number in range(4):
            producer.send("made", b"value", partition=number % 2)


@contextmanager
def reading(servers: list[str]) -> Iterator[None]:
    """Have a group with a member while the block runs."""
    over, joined = threading.Event(), threading.Event()

    def read() -> None:
        consumer = KafkaConsumer(bootstrap_servers=servers, group_id=READERS, client_id="reader")
        # Without it 3.0.12 joins twice within 0.1 s, and now and then polls no more after that.
        consumer.partitions_for_topic("made")
        consumer.subscribe(["made"])
        while not over.is_set():
            consumer.poll(timeout_ms=50)
            if consumer.assignment():
                joined.set()
        consumer.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        assert joined.wait(30)
        yield
    finally:
        over.set()
        thread.join()


def wait_until_stable(admin: KafkaAdminClient) -> None:
    """Return when the group has nothing to share out any more; 3.0.12 may join twice."""
    pause, end = threading.Event(), time.monotonic() + 30
    while str(admin.describe_groups([READERS])[READERS]["group_state"]) != "Stable":
        assert time.monotonic() < end
        pause.wait(0.05)


def run(servers: list[str]) -> dict[str, object]:
    """Return the results of all calls."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    found = call(admin, TOPICS)
    fill(servers)
    found |= call(admin, {**PARTITIONS, **CONFIGS, **CLUSTER})
    with reading(servers):
        wait_until_stable(admin)
        found |= call(admin, GROUPS)
    found |= call(admin, {**OFFSETS, **SECURITY})
    producer = KafkaProducer(bootstrap_servers=servers, transactional_id="open")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send("made", b"open", partition=1).get(30)
    found |= call(admin, TRANSACTIONS)
    producer.abort_transaction()
    producer.close()
    found["close"] = plain(admin.close())
    return found


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1].split(",")), indent=1, sort_keys=True))
