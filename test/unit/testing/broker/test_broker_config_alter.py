"""Changes of what brokers can change while they run: dynamic configs and log levels."""

from __future__ import annotations

import pytest

from kafka.errors import BrokerResponseError, InvalidConfigurationError, InvalidRequestError
from kafka.testing.broker.broker_config_alter import alter_broker, alter_loggers, own_id
from kafka.testing.broker.cluster import Cluster
from kafka.testing.broker.config_plan import AlterOperation, Change, Plan
from kafka.testing.broker.config_store import LOGGERS, MIN_ISR, ROOT_LOGGER, ConfigStore
from kafka.testing.broker.context import RequestContext
from test.support.cluster_state import new_cluster, new_context

SET, DELETE, APPEND, SUBTRACT = AlterOperation
OF_ALL = ""


@pytest.fixture
def cluster() -> Cluster:
    return new_cluster(2, version="3.9")


@pytest.fixture
def store(cluster: Cluster) -> ConfigStore:
    return cluster.component(ConfigStore)


@pytest.fixture
def context(cluster: Cluster) -> RequestContext:
    return new_context(cluster, 1)


def plan(*changes: tuple[str, int, str | None], replace: bool = False) -> Plan:
    return Plan([Change(*one) for one in changes], replace, validate_only=False)


def test_a_broker_has_its_own_configs_and_shares_those_of_all(
    context: RequestContext, store: ConfigStore
) -> None:
    alter_broker(context, "1", plan(("log.retention.ms", SET, " 7 ")))
    alter_broker(context, OF_ALL, plan(("message.max.bytes", SET, "8")))
    assert store.by_broker == {1: {"log.retention.ms": "7"}}
    assert store.default == {"message.max.bytes": "8"}
    alter_broker(context, "1", plan(("log.retention.ms", DELETE, None)))
    assert store.by_broker == {1: {}}


def test_unknown_configs_are_kept_as_they_are(context: RequestContext, store: ConfigStore) -> None:
    alter_broker(context, OF_ALL, plan(("my.own", SET, " x ")))
    assert store.default == {"my.own": " x "}


def test_a_list_starts_from_the_value_in_force(context: RequestContext, store: ConfigStore) -> None:
    store.set_default({"config.providers": "a"})
    alter_broker(context, "1", plan(("config.providers", APPEND, "b")))
    assert store.by_broker[1] == {"config.providers": "a,b"}


@pytest.mark.parametrize(
    ("name", "changed", "error", "problem"),
    [
        ("0", (), InvalidRequestError, "Unexpected broker id, expected 1, but received 0"),
        ("x", (), InvalidRequestError, "Node id must be an integer, but it is: x"),
        (
            OF_ALL,
            (("broker.id", SET, "1"), ("log.retention.ms", SET, "1"), ("broker.rack", SET, "r")),
            InvalidRequestError,
            r"Cannot update these configs dynamically: \[broker.id, broker.rack\]",
        ),
        (
            "1",
            (("ssl.keystore.location", SET, "f"),),
            InvalidRequestError,
            r"only per-listener using the listener prefix: \[ssl.keystore.location\]",
        ),
        (
            OF_ALL,
            (("ssl.protocol", SET, "TLSv1.2"),),
            InvalidRequestError,
            r"default cluster level, broker id must be specified: \[ssl.protocol\]",
        ),
        ("1", (("log.retention.ms", SET, "x"),), InvalidRequestError, "Not a number of type LONG"),
        (
            "1",
            (("log.retention.ms", APPEND, "1"),),
            InvalidConfigurationError,
            "value append is not allowed for config key: log.retention.ms",
        ),
        (
            "1",
            (("my.own", SUBTRACT, "1"),),
            InvalidConfigurationError,
            "value subtract is not allowed for config key: my.own",
        ),
    ],
)
def test_changes_that_a_broker_cannot_make_are_refused(
    context: RequestContext,
    store: ConfigStore,
    name: str,
    changed: tuple[tuple[str, int, str | None], ...],
    error: type[BrokerResponseError],
    problem: str,
) -> None:
    with pytest.raises(error, match=problem):
        alter_broker(context, name, plan(*changed))
    assert (store.default, store.by_broker) == ({}, {})


def test_a_config_of_a_single_broker_can_be_changed_there(
    context: RequestContext, store: ConfigStore
) -> None:
    alter_broker(context, "1", plan(("ssl.protocol", SET, "TLSv1.2")))
    assert store.by_broker[1] == {"ssl.protocol": "TLSv1.2"}


def test_a_read_only_config_may_be_deleted(context: RequestContext) -> None:
    alter_broker(context, OF_ALL, plan(("broker.id", DELETE, None)))


@pytest.mark.parametrize(
    ("threads", "problem"),
    [
        ("4", "should not be less than half the current value 10"),
        ("5", None),
        ("20", None),
        ("21", "should not be greater than double the current value 10"),
    ],
)
def test_a_thread_pool_at_most_doubles_or_halves(
    context: RequestContext, store: ConfigStore, threads: str, problem: str | None
) -> None:
    change = plan(("background.threads", SET, threads))
    if problem is None:
        alter_broker(context, OF_ALL, change)
        assert store.default == {"background.threads": threads}
        return
    with pytest.raises(InvalidRequestError, match=problem):
        alter_broker(context, OF_ALL, change)


def test_min_isr_of_a_cluster_can_be_changed_but_not_removed_under_eligible_replicas() -> None:
    cluster = new_cluster(2)
    store, context = cluster.component(ConfigStore), new_context(cluster)
    alter_broker(context, OF_ALL, plan((MIN_ISR, SET, "2")))
    assert store.default == {MIN_ISR: "2"}
    for change in (plan((MIN_ISR, DELETE, None)), plan(replace=True)):
        with pytest.raises(InvalidConfigurationError, match="cannot be removed while ELR"):
            alter_broker(context, OF_ALL, change)
    with pytest.raises(InvalidConfigurationError, match="cannot be altered while ELR"):
        alter_broker(context, "0", plan((MIN_ISR, SET, "2")))


def test_without_eligible_replicas_min_isr_is_a_config_like_others(
    context: RequestContext, store: ConfigStore
) -> None:
    alter_broker(context, "1", plan((MIN_ISR, SET, "2")))
    alter_broker(context, OF_ALL, plan((MIN_ISR, SET, "2")))
    alter_broker(context, OF_ALL, plan((MIN_ISR, DELETE, None)))
    assert (store.by_broker, store.default) == ({1: {MIN_ISR: "2"}}, {})


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("-1", -1), ("12", 12)])
def test_the_name_of_a_broker_is_its_number(text: str, number: int) -> None:
    assert own_id(text, "Node id") == number


@pytest.mark.parametrize("text", ["", "1.0", "one"])
def test_any_other_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"Node id must be an integer, but it is: {text}"):
        own_id(text, "Node id")


@pytest.mark.parametrize("level", ["DEBUG", "ERROR", "FATAL", "INFO", "TRACE", "WARN"])
def test_a_logger_gets_a_level_and_loses_it_again(
    context: RequestContext, store: ConfigStore, level: str
) -> None:
    alter_loggers(context, "1", plan(("kafka", SET, level), (ROOT_LOGGER, SET, "WARN")))
    assert store.loggers == {1: {"kafka": level, ROOT_LOGGER: "WARN"}}
    alter_loggers(context, "1", plan(("kafka", DELETE, None)))
    assert store.loggers == {1: {"kafka": "", ROOT_LOGGER: "WARN"}}


@pytest.mark.parametrize(
    ("name", "changed", "error", "problem"),
    [
        ("0", ("kafka", SET, "INFO"), InvalidRequestError, "Expected 1, but received 0"),
        ("", ("kafka", SET, "INFO"), InvalidRequestError, "Node id must be an integer"),
        ("1", ("kafka", APPEND, "INFO"), InvalidRequestError, "APPEND operation is not allowed"),
        ("1", ("kafka", SUBTRACT, "INFO"), InvalidRequestError, "SUBTRACT operation is not"),
        ("1", ("kafka", 9, "INFO"), InvalidRequestError, "Unknown operation type 9"),
        ("1", ("no.such", SET, "INFO"), InvalidConfigurationError, "no.such does not exist!"),
        ("1", (ROOT_LOGGER, DELETE, None), InvalidRequestError, "root logger is not allowed"),
        ("1", ("kafka", SET, "LOUD"), InvalidConfigurationError, "not a supported log level"),
        ("1", ("kafka", SET, "info"), InvalidConfigurationError, "not a supported log level"),
    ],
)
def test_levels_that_a_logger_cannot_have_are_refused(
    context: RequestContext,
    store: ConfigStore,
    name: str,
    changed: tuple[str, int, str | None],
    error: type[BrokerResponseError],
    problem: str,
) -> None:
    good = ("org.apache.kafka", SET, "INFO")
    assert good[0] in LOGGERS
    with pytest.raises(error, match=problem):
        alter_loggers(context, name, plan(good, changed))
    assert store.loggers == {}
