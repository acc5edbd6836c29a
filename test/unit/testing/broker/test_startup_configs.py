"""Configs that a test gives a cluster."""

from __future__ import annotations

import pytest

from kafka.testing.broker.startup_configs import broker_configs, texts


def test_values_may_be_numbers_and_booleans() -> None:
    given = {"num.partitions": 3, "auto.create.topics.enable": False, "log.retention.ms": "5"}
    assert broker_configs(given) == {
        "num.partitions": "3",
        "auto.create.topics.enable": "false",
        "log.retention.ms": "5",
    }
    assert texts({"min.cleanable.dirty.ratio": 0.5}) == {"min.cleanable.dirty.ratio": "0.5"}


@pytest.mark.parametrize(
    "name",
    [
        "log.retention.hours",
        "offsets.topic.num.partitions",
        "listener.name.plaintext.max.connections",
        "zookeeper.connect",
        "inter.broker.protocol.version",
    ],
)
def test_names_of_every_release_are_taken(name: str) -> None:
    assert broker_configs({name: "1"}) == {name: "1"}


def test_a_mistyped_name_is_answered_with_one_like_it() -> None:
    with pytest.raises(ValueError, match=r"no broker config 'num\.partition'; did you mean num\."):
        broker_configs({"num.partition": "3"})


def test_the_name_of_a_topic_config_is_answered_with_that_of_the_brokers() -> None:
    with pytest.raises(ValueError, match=r"no broker config 'retention\.ms'.*log\.retention\.ms"):
        broker_configs({"retention.ms": "3"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("num.partitions", "abc"), ("num.partitions", 0), ("auto.create.topics.enable", "yes")],
)
def test_a_value_that_no_broker_takes_is_refused(name: str, value: str | int) -> None:
    with pytest.raises(ValueError, match=f"Invalid value .* for configuration {name}"):
        broker_configs({name: value})


@pytest.mark.parametrize("value", [None, b"1", [1]])
def test_a_value_of_another_kind_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"the value of retention\.ms is"):
        texts({"retention.ms": value})  # type: ignore[dict-item] # a mistake
