"""Changes of configs: which are made, which are refused, and with what message."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InvalidConfigurationError,
    InvalidRequestError,
    InvalidTopicError,
    PolicyViolationError,
    TopicAuthorizationFailedError,
    UnknownServerError,
    UnknownTopicOrPartitionError,
)
from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.config_alter import alter, may, outcome
from kafka.testing.broker.config_plan import AlterOperation, Change, ConfigResourceType
from kafka.testing.broker.config_store import ConfigStore
from kafka.testing.broker.context import RequestContext
from kafka.testing.broker.faults import Refusal, Refusals
from test.support.cluster_state import new_cluster, new_context
from test.support.denies import Denies

SET, DELETE, APPEND, SUBTRACT = AlterOperation
TOPIC, BROKER, LOGGER, METRICS, GROUP = ConfigResourceType


class Named(NamedTuple):
    resource_type: int
    resource_name: str


@pytest.fixture
def cluster() -> Cluster:
    made = new_cluster(1)
    made.create_topic("t", config={"retention.ms": "5", "cleanup.policy": "compact"})
    return made


@pytest.fixture
def context(cluster: Cluster) -> RequestContext:
    return new_context(cluster)


def change(
    context: RequestContext,
    kind: int,
    name: str,
    *changes: tuple[str, int, str | None],
    replace: bool = False,
    validate_only: bool = False,
) -> None:
    made = [Change(*one) for one in changes]
    alter(context, kind, name, made, replace=replace, validate_only=validate_only)


def overrides(cluster: Cluster) -> dict[str, str]:
    return cluster.topics["t"].config.overrides


def test_a_topic_changes_what_is_named(context: RequestContext, cluster: Cluster) -> None:
    change(context, TOPIC, "t", ("retention.ms", SET, "6"), ("cleanup.policy", APPEND, "delete"))
    assert overrides(cluster) == {"retention.ms": "6", "cleanup.policy": "compact,delete"}
    assert cluster.topics["t"].config.integer("retention.ms") == 6


def test_a_topic_that_is_replaced_forgets_the_rest(
    context: RequestContext, cluster: Cluster
) -> None:
    change(context, TOPIC, "t", ("retention.ms", SET, "6"), replace=True)
    assert overrides(cluster) == {"retention.ms": "6"}


def test_a_list_that_is_not_set_starts_from_its_default(
    context: RequestContext, cluster: Cluster
) -> None:
    change(context, TOPIC, "t", ("cleanup.policy", DELETE, None))
    change(context, TOPIC, "t", ("cleanup.policy", APPEND, "compact"))
    assert overrides(cluster)["cleanup.policy"] == "delete,compact"


@pytest.mark.parametrize(
    ("kind", "name", "changed"),
    [
        (TOPIC, "t", ("retention.ms", SET, "6")),
        (GROUP, "g", ("consumer.session.timeout.ms", SET, "45000")),
        (METRICS, "s", ("interval.ms", SET, "100")),
        (BROKER, "", ("log.retention.ms", SET, "6")),
        (BROKER, "0", ("log.retention.ms", SET, "6")),
        (LOGGER, "0", ("kafka", SET, "DEBUG")),
    ],
)
def test_a_request_that_only_validates_changes_nothing(
    context: RequestContext, cluster: Cluster, kind: int, name: str, changed: tuple[str, int, str]
) -> None:
    store = cluster.component(ConfigStore)

    def state() -> list[object]:
        return [
            dict(found)
            for found in (
                overrides(cluster),
                store.groups,
                store.client_metrics,
                store.default,
                store.by_broker,
                store.loggers,
            )
        ]

    before = state()
    change(context, kind, name, changed, validate_only=True)
    assert state() == before
    change(context, kind, name, changed)
    assert state() != before


def test_groups_and_subscriptions_are_forgotten_with_their_last_config(
    context: RequestContext, cluster: Cluster
) -> None:
    store = cluster.component(ConfigStore)
    for kind, name, resources in (
        (GROUP, "share.delivery.count.limit", store.groups),
        (METRICS, "interval.ms", store.client_metrics),
    ):
        value = "5" if kind is GROUP else "100"
        change(context, kind, "x", (name, SET, value))
        assert resources == {"x": {name: value}}
        change(context, kind, "x", (name, DELETE, None))
        assert resources == {}


@pytest.mark.parametrize(
    ("kind", "name", "changed", "error", "problem"),
    [
        (1, "x", (), InvalidRequestError, "Unknown resource type 1"),
        (TOPIC, "", (), InvalidRequestError, "Default topic resources are not allowed"),
        (TOPIC, "a b", (), InvalidTopicError, "Topic name is invalid"),
        (TOPIC, "u", (), UnknownTopicOrPartitionError, "The topic 'u' does not exist"),
        (GROUP, "", (), InvalidRequestError, "Default group resources are not allowed"),
        (METRICS, "", (), InvalidRequestError, "Subscription name can't be empty"),
        (
            TOPIC,
            "t",
            (("retention.ms", SET, "1"), ("retention.ms", DELETE, None)),
            InvalidRequestError,
            "duplicate config keys",
        ),
        (
            TOPIC,
            "t",
            (("retention.ms", SET, None), ("flush.ms", APPEND, None), ("a", DELETE, None)),
            InvalidRequestError,
            "Null value not supported for : retention.ms,flush.ms",
        ),
        (
            TOPIC,
            "t",
            (("retention.ms", APPEND, "1"),),
            InvalidConfigurationError,
            "Can't APPEND to key retention.ms because its type is not LIST",
        ),
        (
            GROUP,
            "g",
            (("no.such", SUBTRACT, "1"),),
            InvalidConfigurationError,
            "Can't SUBTRACT to key no.such",
        ),
        (
            METRICS,
            "s",
            (("metrics", APPEND, "1"),),
            InvalidConfigurationError,
            "Can't APPEND to key metrics",
        ),
        (TOPIC, "t", (("no.such", SET, "1"),), InvalidConfigurationError, "Unknown topic config"),
        (GROUP, "g", (("no.such", SET, "1"),), InvalidConfigurationError, "Unknown group config"),
        (METRICS, "s", (("no.such", SET, "1"),), InvalidRequestError, "Unknown client metrics"),
    ],
)
def test_changes_that_cannot_be_are_refused(
    context: RequestContext,
    kind: int,
    name: str,
    changed: tuple[tuple[str, int, str | None], ...],
    error: type[BrokerResponseError],
    problem: str,
) -> None:
    with pytest.raises(error, match=problem):
        change(context, kind, name, *changed)


def test_log_levels_cannot_be_replaced(context: RequestContext) -> None:
    with pytest.raises(InvalidRequestError, match="Unknown resource type 8"):
        change(context, LOGGER, "0", ("kafka", SET, "DEBUG"), replace=True)


@pytest.mark.parametrize("kind", [TOPIC, GROUP, BROKER])
def test_a_policy_that_objects_keeps_things_as_they_are(
    context: RequestContext, cluster: Cluster, kind: int
) -> None:
    name, changed = {
        TOPIC: ("t", ("retention.ms", SET, "6")),
        GROUP: ("g", ("share.delivery.count.limit", SET, "5")),
        BROKER: ("0", ("log.retention.ms", SET, "6")),
    }[ConfigResourceType(kind)]
    store = cluster.component(ConfigStore)

    def object_to(*_: object) -> None:
        raise PolicyViolationError("no")

    store.alter_policy = object_to
    with pytest.raises(PolicyViolationError):
        change(context, kind, name, changed)
    assert overrides(cluster)["retention.ms"] == "5"
    assert (store.groups, store.by_broker) == ({}, {})


RESOURCES = {
    TOPIC: (ResourceType.TOPIC, TopicAuthorizationFailedError),
    GROUP: (ResourceType.GROUP, GroupAuthorizationFailedError),
    BROKER: (ResourceType.CLUSTER, ClusterAuthorizationFailedError),
    LOGGER: (ResourceType.CLUSTER, ClusterAuthorizationFailedError),
    METRICS: (ResourceType.CLUSTER, ClusterAuthorizationFailedError),
}


@pytest.mark.parametrize("kind", RESOURCES)
@pytest.mark.parametrize("operation", [Operation.ALTER_CONFIGS, Operation.DESCRIBE_CONFIGS])
def test_each_kind_of_resource_needs_a_right_of_its_own(
    context: RequestContext, cluster: Cluster, kind: int, operation: Operation
) -> None:
    resource, error = RESOURCES[ConfigResourceType(kind)]
    may(context, operation, kind, "x")
    cluster.authorizer = Denies((operation, resource))
    with pytest.raises(error):
        may(context, operation, kind, "x")
    cluster.authorizer = Denies(
        *((operation, other) for other in ResourceType if other != resource)
    )
    may(context, operation, kind, "x")


def test_whoever_may_not_alter_is_not_told_whether_the_topic_exists(
    context: RequestContext, cluster: Cluster
) -> None:
    cluster.authorizer = Denies((Operation.ALTER_CONFIGS, ResourceType.TOPIC))
    with pytest.raises(TopicAuthorizationFailedError):
        change(context, TOPIC, "no-such", ("retention.ms", SET, "1"))


def told(
    context: RequestContext, name: str = "t", *, is_duplicate: bool = False
) -> tuple[int, str | None]:
    return outcome(
        context,
        Named(TOPIC, name),
        [Change("retention.ms", SET, "6")],
        replace=False,
        validate_only=False,
        is_duplicate=is_duplicate,
    )


def test_an_outcome_is_the_error_code_and_the_message(
    context: RequestContext, cluster: Cluster
) -> None:
    assert told(context) == (0, None)
    assert told(context, "u") == (3, "The topic 'u' does not exist.")
    assert told(context, is_duplicate=True) == (42, "Each resource must appear at most once.")


@pytest.mark.parametrize(("applied", "value"), [(False, "5"), (True, "6")])
def test_an_injected_error_comes_before_the_change_or_after_it(
    cluster: Cluster, applied: bool, value: str
) -> None:
    refusal = Refusal(UnknownServerError("injected"), applied=applied)
    context = new_context(cluster, refusals=Refusals(refusal, "t", None))
    assert told(context) == (UnknownServerError.errno, "injected")
    assert overrides(cluster)["retention.ms"] == value
