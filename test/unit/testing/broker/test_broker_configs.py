"""The table of broker configs: no row contradicts itself or the table of topic configs."""

from __future__ import annotations

import pytest

from kafka.testing.broker.broker_configs import BROKER_CONFIGS, Scope
from kafka.testing.broker.config_values import Kind, parse_value
from kafka.testing.broker.configs import BROKER_DEFAULTS, COARSER, TOPIC_CONFIGS


def test_every_default_of_a_broker_is_valid() -> None:
    defaults = {name: row.default for name, row in BROKER_CONFIGS.items() if row.default}
    assert defaults == {
        name: parse_value(
            name,
            default,
            BROKER_CONFIGS[name].kind,
            lowest=BROKER_CONFIGS[name].lowest,
            highest=BROKER_CONFIGS[name].highest,
            allowed=BROKER_CONFIGS[name].allowed,
        )
        for name, default in defaults.items()
    }


def test_topics_take_their_defaults_from_brokers() -> None:
    for name, row in TOPIC_CONFIGS.items():
        if row.broker and row.broker not in COARSER:
            assert BROKER_CONFIGS[row.broker].default == row.default, name


def test_topics_and_brokers_agree_on_the_type_of_a_config() -> None:
    differing = {
        name: (row.kind, BROKER_CONFIGS[row.broker].kind)
        for name, row in TOPIC_CONFIGS.items()
        if row.broker and row.kind is not BROKER_CONFIGS[row.broker].kind
    }
    assert differing == {}


def test_configs_come_in_the_order_of_their_names() -> None:
    assert list(BROKER_CONFIGS) == sorted(BROKER_CONFIGS)


def test_passwords_have_no_default() -> None:
    secrets = [row for row in BROKER_CONFIGS.values() if row.kind is Kind.PASSWORD]
    assert {row.default for row in secrets} == {None}


def test_configs_of_the_embedded_broker_are_those_of_kafka_and_of_its_authorizer() -> None:
    unknown = set(BROKER_DEFAULTS) - set(BROKER_CONFIGS)
    assert unknown == {"allow.everyone.if.no.acl.found", "super.users"}


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("broker.id", Scope.READ_ONLY),
        ("min.insync.replicas", Scope.CLUSTER),
        ("ssl.keystore.location", Scope.PER_LISTENER),
        ("ssl.protocol", Scope.PER_BROKER),
    ],
)
def test_each_config_can_be_changed_at_a_level(name: str, scope: Scope) -> None:
    assert BROKER_CONFIGS[name].scope is scope
