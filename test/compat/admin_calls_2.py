"""Every method of the admin client of kafka-python 2.3.3, as its users call it, on any client.

``admin_calls_2.py SERVERS`` prints what the expressions are worth, as JSON. The released client
runs it as a program; `test_admin_results_2` runs it with this one. An expression is what a program
of 2.x does with a result: an attribute, an index, a loop.
"""

import json
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ConfigResource,
    ConfigResourceType,
    NewPartitions,
    NewTopic,
    ResourcePattern,
    ResourceType,
)

# Any: results of all shapes.
Call = Callable[[KafkaAdminClient], Any]

T0, T1 = TopicPartition("made", 0), TopicPartition("made", 1)
TOPIC = ConfigResourceType.TOPIC
BROKER = ConfigResourceType.BROKER
READERS = "readers"


def acl(name: str) -> ACL:
    resource = ResourcePattern(ResourceType.TOPIC, name)
    return ACL("User:someone", "*", ACLOperation.READ, ACLPermissionType.ALLOW, resource)


def acl_filter(name: str) -> ACLFilter:
    resource = ResourcePattern(ResourceType.TOPIC, name)
    return ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, resource)


def resources(admin: KafkaAdminClient, *wanted: ConfigResource) -> list[Any]:
    """Return the resources of the first response, as programs of 2.x take it apart."""
    found: list[Any] = admin.describe_configs(list(wanted))[0].resources
    return found


def first(rows: Any) -> Any:
    return next(iter(rows))


TOPICS: dict[str, Call] = {
    "create_topics": lambda a: (
        a.create_topics(
            [NewTopic(name="made", num_partitions=2, replication_factor=3)]
        ).topic_errors
    ),
    "create_topics by position": lambda a: [
        (row[0], row[1]) for row in a.create_topics([NewTopic("old", 1, 1)]).topic_errors
    ],
    "create_topics in a loop": lambda a: [
        (topic, code)
        for topic, code, message in a.create_topics([NewTopic("gone", 1, 1)], 10_000).topic_errors
    ],
    "list_topics": lambda a: sorted(a.list_topics()),
    "describe_topics": lambda a: a.describe_topics(["made"])[0]["topic"],
    "describe_topics partitions": lambda a: [
        (row["partition"], row["leader"], row["replicas"], row["isr"], row["offline_replicas"])
        for row in a.describe_topics(["made"])[0]["partitions"]
    ],
    "describe_topics flags": lambda a: (
        a.describe_topics(["made"])[0]["is_internal"],
        a.describe_topics(["made"])[0]["error_code"],
        a.describe_topics(["made"])[0].get("topic"),
    ),
    "create_partitions": lambda a: [
        tuple(row)[:2] for row in a.create_partitions({"old": NewPartitions(2)}).topic_errors
    ],
    "delete_topics": lambda a: a.delete_topics(["old"]).topic_error_codes,
    "delete_topics in a loop": lambda a: [
        (topic, code) for topic, code in a.delete_topics(["gone"], 10_000).topic_error_codes
    ],
}
REST: dict[str, Call] = {
    "delete_records": lambda a: a.delete_records({T0: 1})[T0]["low_watermark"],
    "perform_leader_election": lambda a: [
        (row[0], [(part[0], part[1]) for part in row[1]])
        for row in a.perform_leader_election(0, {"made": [0]}).replication_election_results
    ],
    "alter_configs": lambda a: [
        (row[0], row[2], row[3])
        for row in a.alter_configs(
            [ConfigResource(TOPIC, "made", {"retention.ms": "1000"})]
        ).resources
    ],
    "describe_configs": lambda a: [
        (row[0], row[2], row[3]) for row in resources(a, ConfigResource(TOPIC, "made"))
    ],
    "describe_configs entries": lambda a: [
        entry[:3]
        for entry in sorted(first(resources(a, ConfigResource(TOPIC, "made")))[4])
        if entry[0] in ("retention.ms", "cleanup.policy")
    ],
    "describe_configs of a broker": lambda a: [
        (row[2], row[3], len(row[4]) > 100) for row in resources(a, ConfigResource(BROKER, "0"))
    ],
    "describe_cluster": lambda a: [row["node_id"] for row in a.describe_cluster()["brokers"]],
    "describe_cluster controller": lambda a: a.describe_cluster()["controller_id"],
    "describe_log_dirs": lambda a: [
        (row[0], len(row[2])) for row in a.describe_log_dirs().log_dirs
    ][:1],
    "create_acls": lambda a: (
        [each.principal for each in a.create_acls([acl("made")])["succeeded"]],
    ),
    "describe_acls": lambda a: [each.host for each in a.describe_acls(acl_filter("made"))[0]],
    "delete_acls": lambda a: [
        len(matching) for _filter, matching, _error in a.delete_acls([acl_filter("made")])
    ],
}
GROUPS: dict[str, Call] = {
    "list_consumer_groups": lambda a: a.list_consumer_groups(),
    "describe_consumer_groups": lambda a: [
        (g.error_code, g.group, g.state, g.protocol_type, g.protocol)
        for g in a.describe_consumer_groups([READERS])
    ],
    "describe_consumer_groups members": lambda a: [
        (m.client_id, m.client_host, m.member_metadata.topics, m.member_assignment.assignment)
        for m in a.describe_consumer_groups([READERS])[0].members
    ],
    "list_consumer_group_offsets": lambda a: {
        str(key.partition): tuple(row)[:2]
        for key, row in a.list_consumer_group_offsets(READERS, partitions=[T0, T1]).items()
    },
}
AFTER: dict[str, Call] = {
    "list_consumer_group_offsets all": lambda a: {
        str(key.partition): row.offset
        for key, row in a.list_consumer_group_offsets(READERS).items()
    },
    "delete_consumer_groups": lambda a: [
        (group, error.__name__) for group, error in a.delete_consumer_groups([READERS])
    ],
}


def call(admin: KafkaAdminClient, calls: dict[str, Call]) -> dict[str, object]:
    """Return what each expression is worth, or the class of what it raises."""
    found: dict[str, object] = {}
    for name, make in calls.items():
        try:
            found[name] = make(admin)
        except Exception as error:  # noqa: BLE001 - what is raised is the result
            found[name] = f"raises {type(error).__name__}: {error}"
    return found


@contextmanager
def reading(servers: list[str]) -> Iterator[None]:
    """Have a group with a member while the block runs; it commits two offsets."""
    over, joined = threading.Event(), threading.Event()

    def read() -> None:
        consumer = KafkaConsumer(
            "made",
            bootstrap_servers=servers,
            group_id=READERS,
            client_id="reader",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        count = 0
        while not over.is_set():
            count += sum(map(len, consumer.poll(timeout_ms=50).values()))
            if count == 4 and not joined.is_set():
                consumer.commit()
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


def run(servers: list[str]) -> dict[str, object]:
    """Return the worth of all expressions."""
    warnings.simplefilter("ignore", DeprecationWarning)
    admin = KafkaAdminClient(bootstrap_servers=servers, client_id="test")
    found = call(admin, TOPICS)
    producer = KafkaProducer(bootstrap_servers=servers)
    for number in range(4):
        producer.send("made", b"value", partition=number % 2)
    producer.close()
    with reading(servers):
        found |= call(admin, GROUPS)
    found |= call(admin, {**REST, **AFTER})
    found["close"] = admin.close()
    return found


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1].split(",")), indent=1, sort_keys=True, default=str))
