"""Calls of the admin client that cannot be meant: what is wrong is said before anything is sent."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from kafka.admin import ClientQuotaEntity, ConfigResource, ConfigResourceType, NewPartitions
from kafka.admin import UserScramCredentialUpsertion as Upsertion
from kafka.aio import AsyncKafkaAdminClient
from kafka.errors import IllegalStateError, KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.stage import cluster_of

# Any: a table of what must not be passed has values of all types.
Call = Callable[[Any], Awaitable[object]]

T0 = TopicPartition("t", 0)
TOPIC = ConfigResourceType.TOPIC

#: What is called, and the words that name the argument and what it got.
WRONG: list[tuple[str, Call, tuple[str, ...]]] = [
    ("topics-is-a-number", lambda a: a.create_topics(5), ("new_topics", "5")),
    ("no-topics", lambda a: a.create_topics([]), ("new_topics",)),
    ("topic-is-a-number", lambda a: a.create_topics([5]), ("new_topics", "5")),
    ("empty-name", lambda a: a.create_topics([""]), ("new_topics", "name")),
    ("quotas-of-a-text", lambda a: a.alter_client_quotas({"t": {}}), ("alterations", "'t'")),
    ("waits", lambda a: a.create_topics("x", wait_for_metadata="no"), ("wait_for_metadata", "no")),
    ("waits-2", lambda a: a.delete_topics("t", wait_for_metadata=5), ("wait_for_metadata", "5")),
    (
        "count-and-assignments",
        lambda a: a.create_topics({"x": {"num_partitions": 2, "assignments": {0: [0]}}}),
        ("num_partitions", "2"),
    ),
    ("delete-nothing", lambda a: a.delete_topics([]), ("topics",)),
    ("delete-none", lambda a: a.delete_topics(None), ("topics", "None")),
    ("partitions-is-a-list", lambda a: a.create_partitions(["t"]), ("topic_partitions",)),
    ("count-is-a-text", lambda a: a.create_partitions({"t": "3"}), ("'3'",)),
    ("count-is-negative", lambda a: a.create_partitions({"t": NewPartitions(-1)}), ("-1",)),
    ("records-of-a-topic", lambda a: a.delete_records({"t": 5}), ("'t'", "TopicPartition")),
    (
        "negative-partition",
        lambda a: a.delete_records({TopicPartition("t", -1): 5}),
        ("partition", "-1"),
    ),
    ("offset-is-a-text", lambda a: a.delete_records({T0: "5"}), ("'5'",)),
    ("specs-is-a-list", lambda a: a.list_partition_offsets([T0]), ("topic_partition_specs",)),
    # What is in a resource may be secret, so that only its type is shown.
    ("configs-of-a-name", lambda a: a.describe_configs(["t"]), ("config_resources", "str")),
    (
        "unknown-config-key",
        lambda a: a.alter_configs([ConfigResource(TOPIC, "t", {"retention": "1"})]),
        ("retention",),
    ),
    (
        "broker-is-a-text",
        lambda a: a.describe_configs([ConfigResource(ConfigResourceType.BROKER, "str")]),
        ("'str'",),
    ),
    ("filter", lambda a: a.describe_configs([ConfigResource(TOPIC, "t")], False, "no"), ("'no'",)),
    ("group-is-a-number", lambda a: a.describe_groups(5), ("group_ids", "5")),
    ("no-groups", lambda a: a.delete_groups([]), ("group_ids",)),
    ("offsets-of-texts", lambda a: a.alter_group_offsets("g", {T0: "5"}), ("offsets", "'5'")),
    (
        "negative-offset",
        lambda a: a.alter_group_offsets("g", {T0: OffsetAndMetadata(-5)}),
        ("-5",),
    ),
    ("acl-is-a-text", lambda a: a.create_acls(["acl"]), ("acls", "'acl'")),
    ("filter-is-none", lambda a: a.describe_acls(None), ("acl_filter", "None")),
    ("time-is-negative", lambda a: a.create_topics(["x"], timeout_ms=-1), ("timeout_ms", "-1")),
    ("time-is-a-text", lambda a: a.create_topics(["x"], timeout_ms="1"), ("timeout_ms", "'1'")),
    ("broker-ids", lambda a: a.list_groups(broker_ids=["x"]), ("broker_ids", "'x'")),
    ("transactions", lambda a: a.describe_transactions(5), ("transactional_ids", "5")),
    ("cursor", lambda a: a.describe_topic_partitions(["t"], cursor="x"), ("cursor", "'x'")),
    ("isolation", lambda a: a.list_partition_offsets({T0: -1}, "no"), ("isolation_level", "'no'")),
    ("feature", lambda a: a.update_features({"f": "x"}), ("feature_updates", "'x'")),
]


@asynccontextmanager
async def cluster_and_admin(
    **options: Any,
) -> AsyncIterator[tuple[EmbeddedCluster, AsyncKafkaAdminClient]]:
    async with (
        cluster_of(topics={"t": 1}) as cluster,
        AsyncKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers, **options) as admin,
    ):
        yield cluster, admin


@pytest.mark.parametrize(("call", "words"), [pytest.param(c, w, id=n) for n, c, w in WRONG])
async def test_a_wrong_call_names_the_argument_and_what_it_got(
    call: Call, words: tuple[str, ...]
) -> None:
    async with cluster_and_admin() as (_, admin):
        with pytest.raises((TypeError, ValueError, KafkaError)) as caught:
            await call(admin)
        text = str(caught.value)
        assert not [word for word in words if word not in text], text
        assert "object is not iterable" not in text


#: Each call that takes ``raise_errors``, with what it takes beside that.
RAISING: dict[str, tuple[object, ...]] = {
    "alter_client_quotas": ({ClientQuotaEntity({"user": "u"}): {"producer_byte_rate": 1}},),
    "create_partitions": ({"t": 2},),
    "create_topics": (["x"],),
    "delete_topics": (["t"],),
    "describe_configs": ([ConfigResource(TOPIC, "t")],),
    "describe_log_dirs": (),
    "elect_leaders": (0,),
    "find_hanging_transactions": (),
    "list_consumer_groups": (),
    "list_group_lag": ("g",),
    "list_groups": (),
    "list_transactions": (),
}


def test_each_call_with_raise_errors_is_known() -> None:
    takes = {
        name
        for name, method in vars(AsyncKafkaAdminClient).items()
        if callable(method) and "raise_errors" in inspect.signature(method).parameters
    }
    assert takes == RAISING.keys()


@pytest.mark.parametrize("name", RAISING)
async def test_raise_errors_that_is_no_bool_is_refused_before_anything_is_done(name: str) -> None:
    async with cluster_and_admin() as (cluster, admin):
        before = len(cluster.requests())
        with pytest.raises(TypeError, match="raise_errors must be True or False, not str 'no'"):
            await getattr(admin, name)(*RAISING[name], raise_errors="no")
        assert len(cluster.requests()) == before


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Upsertion("u", "SCRAM-SHA-256", "p", 4095), ("iterations", "4095")),
        (lambda: Upsertion("u", "SCRAM-SHA-256", "p", 16385), ("iterations", "16385")),
        (lambda: Upsertion("u", "SCRAM-SHA-1", "p"), ("SCRAM-SHA-1",)),
    ],
)
def test_a_wrong_credential_is_refused_where_it_is_made(
    call: Callable[[], object], words: tuple[str, ...]
) -> None:
    with pytest.raises((TypeError, ValueError, KafkaError)) as caught:
        call()
    assert not [word for word in words if word not in str(caught.value)]


async def test_one_text_means_one_name() -> None:
    async with cluster_and_admin() as (cluster, admin):
        await admin.create_topics("orders")
        assert sorted(cluster.topics()) == ["orders", "t"]
        assert [row["name"] for row in await admin.describe_topics("orders")] == ["orders"]
        assert list(await admin.describe_groups("readers")) == ["readers"]
        await admin.wait_for_topics("orders")
        await admin.delete_topics("orders")
        assert cluster.topics() == ["t"]


async def test_a_closed_client_refuses_every_call_at_once() -> None:
    async with cluster_of(topics={"t": 1}) as cluster:
        admin = AsyncKafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers)
        await admin.start()
        await admin.close()
        await admin.close()
        calls: list[Call] = [
            lambda a: a.list_topics(),
            lambda a: a.create_topics(["x"]),
            lambda a: a.describe_cluster(),
            lambda a: a.list_groups(),
            lambda a: a.api_versions(),
        ]
        for call in calls:
            with pytest.raises(IllegalStateError):
                await call(admin)
