"""Groups and transactions, as the admin client sees and changes them.

Lag is compared with what Kafka's group command shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import (
    AbortTransactionSpec,
    MemberToRemove,
    OffsetSpec,
    OffsetTimestamp,
    TransactionListing,
)
from kafka.errors import (
    GroupSubscribedToTopicError,
    NoError,
    NonEmptyGroupError,
)
from kafka.structs import OffsetAndMetadata
from test.support.admin_kafka import AdminKafka
from test.support.apache_kafka import ConsoleTools
from test.support.group_workers import Worker, read_by, send_numbers, shared_out, until

GROUP_COMMAND = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"


@pytest.fixture
def topic(kafka: AdminKafka, topic_name: str) -> str:
    """A topic of two partitions with five numbers each."""
    kafka.cluster.create_topic(topic_name, 2, 3)
    send_numbers(kafka.servers, topic_name, 0, 10, over=2)
    return topic_name


@contextmanager
def group_of_two(
    kafka: AdminKafka, topic: str, protocol: str, **options: object
) -> Iterator[list[Worker]]:
    with (
        Worker(kafka.servers, topic, group_protocol=protocol, client_id="one", **options) as one,
        Worker(kafka.servers, topic, group_protocol=protocol, client_id="two", **options) as two,
    ):
        shared_out([one, two], 1, 1)
        read_by([one, two], 10)
        group = f"group-of-{topic}"
        ask = lambda: kafka.java.ask("describeConsumerGroups", groups=[group])[group]  # noqa: E731
        until(lambda: ask()["group_state"] == "Stable", ask)
        yield [one, two]


def members_of(description: Any) -> dict[str, dict[str, object]]:
    """Return members as Java's judge tells them."""
    return {
        row["member_id"]: {
            "client_id": row["client_id"],
            "client_host": row["client_host"],
            "group_instance_id": row["group_instance_id"],
            "assigned": [
                f"{each['topic']}-{number}"
                for each in row["member_assignment"]["assigned_partitions"]
                for number in each["partitions"]
            ],
        }
        for row in description["members"]
    }


protocols = pytest.mark.parametrize("protocol", ["classic", "consumer"])


@protocols
def test_groups_are_listed_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str, protocol: str
) -> None:
    group = f"group-of-{topic}"
    with group_of_two(kafka, topic, protocol):
        listed = {row["group_id"]: row for row in admin.list_groups()}
        expected = kafka.java.ask("listGroups")
        assert set(listed) == set(expected)
        assert listed[group]["protocol_type"] == "consumer"
        assert str(listed[group]["group_state"]).lower() == "stable"
        assert str(listed[group]["group_type"]).lower() == expected[group]["group_type"].lower()
        assert (group, "consumer") in admin.list_consumer_groups()
        assert group in [row["group_id"] for row in admin.list_groups(states_filter=["Stable"])]
        assert [row["group_id"] for row in admin.list_groups(types_filter=["share"])] == []


@protocols
def test_groups_are_described_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str, protocol: str
) -> None:
    group = f"group-of-{topic}"
    with group_of_two(kafka, topic, protocol):
        found = admin.describe_groups([group])[group]
        described = kafka.java.ask("describeConsumerGroups", groups=[group])[group]
        assert (str(found["group_state"]), found["error"]) == ("Stable", None)
        assert members_of(found) == described["members"]
        (information,) = admin.describe_consumer_groups([group])
        assert (information.group, information.state) == (group, "Stable")
        topics = [member.member_metadata.topics for member in information.members]
        assert [list(each) for each in topics] == [[topic], [topic]]


def test_a_group_that_is_not_there_is_told_for_itself(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    admin.alter_group_offsets("there", {TopicPartition(topic, 0): OffsetAndMetadata(1)})
    found = admin.describe_groups(["there", "nowhere"])
    assert set(found) == {"there", "nowhere"}
    assert str(found["there"]["group_state"]) == "Empty"
    assert str(found["nowhere"]["group_state"]) == "Dead"
    assert admin.delete_groups(["there", "nowhere"]) == {
        "there": "OK",
        "nowhere": "GroupIdNotFoundError",
    }
    assert "there" not in kafka.java.ask("listGroups")


def test_offsets_of_groups_are_altered_listed_reset_and_deleted(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    group = f"hand-{topic}"
    first, second = (TopicPartition(topic, number) for number in range(2))
    told = {first: OffsetAndMetadata(2, "note"), second: OffsetAndMetadata(3)}
    assert admin.alter_group_offsets(group, told) == {first: NoError, second: NoError}
    javas = {f"{topic}-0": [2, "note"], f"{topic}-1": [3, ""]}
    assert kafka.java.committed(group) == javas
    found = admin.list_group_offsets(group)[group]
    assert {key: (row.offset, row.metadata) for key, row in found.items()} == {
        first: (2, "note"),
        second: (3, ""),
    }
    third = TopicPartition(topic, 7)
    partly = admin.list_consumer_group_offsets(group, partitions=[first, third])
    assert (partly[first].offset, partly[third].offset) == (2, -1)
    reset = admin.reset_group_offsets(
        group, {first: OffsetSpec.LATEST, second: OffsetTimestamp(1_000)}
    )
    assert {key: row["offset"] for key, row in reset.items()} == {first: 5, second: 0}
    committed = {key: row[0] for key, row in kafka.java.committed(group).items()}
    assert committed == {f"{topic}-0": 5, f"{topic}-1": 0}
    assert admin.delete_group_offsets(group, [second]) == {second: NoError}
    assert list(kafka.java.committed(group)) == [f"{topic}-0"]
    assert admin.delete_consumer_groups([group]) == [(group, NoError)]
    assert group not in kafka.java.ask("listGroups")


def test_members_are_removed_and_a_group_with_members_is_not_deleted(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    group = f"group-of-{topic}"
    with Worker(kafka.servers, topic, group_instance_id="fixed") as worker:
        shared_out([worker], 2)
        read_by([worker], 10)
        assert admin.delete_groups([group]) == {group: "NonEmptyGroupError"}
        assert dict(admin.delete_consumer_groups([group])) == {group: NonEmptyGroupError}
        place = TopicPartition(topic, 0)
        refused = admin.delete_group_offsets(group, [place])
        assert refused in ({place: GroupSubscribedToTopicError}, {place: NoError})
    # Closed, but as a static member it is still there.
    member = MemberToRemove(group_instance_id="fixed")
    (described,) = admin.describe_groups([group])[group]["members"]
    assert described["group_instance_id"] == "fixed"
    assert list(admin.remove_group_members(group, [member]).values()) == [NoError]
    found = kafka.java.ask("describeClassicGroups", groups=[group])[group]
    assert (found["group_state"], found["members"]) == ("Empty", {})


def test_lag_is_what_the_group_command_shows_and_offsets_can_be_copied(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    groups = [f"{topic}-{number}" for number in range(2)]
    first, second = (TopicPartition(topic, number) for number in range(2))
    told = {first: OffsetAndMetadata(2, "note"), second: OffsetAndMetadata(5)}
    admin.alter_group_offsets(groups[0], told)
    assert admin.list_group_lag(groups[:1]) == {groups[0]: {first: 3, second: 0}}
    words = ("--bootstrap-server", ",".join(kafka.servers), "--describe", "--group", groups[0])
    shown = ConsoleTools(kafka.cluster).run(GROUP_COMMAND, *words).decode()
    rows = [line.split() for line in shown.splitlines() if line.startswith(groups[0])]
    assert {int(row[2]): int(row[5]) for row in rows} == {0: 3, 1: 0}
    admin.copy_group_offsets(groups[0], groups[1])
    assert kafka.java.committed(groups[1]) == kafka.java.committed(groups[0])


@contextmanager
def open_transaction(kafka: AdminKafka, topic: str) -> Iterator[str]:
    """Have a transaction with one record open while the block runs; yield its id."""
    name = f"tx-{topic}"
    with KafkaProducer(bootstrap_servers=kafka.servers, transactional_id=name) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic, b"open", partition=0).get(30)
        yield name
        producer.abort_transaction()


def test_transactions_are_listed_and_described_as_java_does(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    def listed(**filters: Any) -> dict[str, TransactionListing]:
        found = admin.list_transactions(**filters)
        return {row.transactional_id: row for rows in found.values() for row in rows}

    with open_transaction(kafka, topic) as name:
        expected = kafka.java.ask("listTransactions")
        assert set(listed()) == set(expected)
        assert listed()[name].producer_id == expected[name]["producer_id"]
        assert str(listed()[name].state) == expected[name]["state"] == "Ongoing"
        assert listed(transactional_id_pattern="nothing.*") == {}
        ours = admin.describe_transactions([name])[name]
        javas = kafka.java.ask("describeTransactions", ids=[name])[name]
        assert ours.coordinator_id == javas["coordinator_id"]
        assert ours.producer_id == javas["producer_id"]
        assert ours.producer_epoch == javas["producer_epoch"]
        places = [f"{each.topic}-{each.partition}" for each in ours.topic_partitions]
        assert places == javas["topic_partitions"] == [f"{topic}-0"]


def test_producers_are_described_as_java_does_and_their_transactions_aborted(
    kafka: AdminKafka, admin: KafkaAdminClient, topic: str
) -> None:
    place = TopicPartition(topic, 0)

    def starts() -> dict[int, int]:
        javas = kafka.java.ask("describeProducers", partitions=[[topic, 0]])[f"{topic}-0"]
        return {row["producer_id"]: row["current_txn_start_offset"] for row in javas}

    with open_transaction(kafka, topic) as name:
        (state,) = admin.describe_producers([place]).values()
        rows = state.active_producers
        assert {row.producer_id: row.current_transaction_start_offset for row in rows} == starts()
        (row,) = [each for each in rows if each.current_transaction_start_offset == 5]
        assert row.producer_id == admin.describe_transactions([name])[name].producer_id
        assert admin.find_hanging_transactions() == []
        found = admin.find_hanging_transactions(max_transaction_timeout_ms=0)
        assert [each["transactional_id"] for each in found] == [name]
        admin.abort_transaction(
            AbortTransactionSpec(
                topic_partition=place,
                producer_id=row.producer_id,
                producer_epoch=row.producer_epoch,
                coordinator_epoch=row.coordinator_epoch,
            )
        )
        assert set(starts().values()) == {-1}
