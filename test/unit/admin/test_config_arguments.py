"""What users may say of configs, and what is refused before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.admin.config_arguments import asked_for, changes_of, kinds_of, resets_of
from kafka.admin.config_kinds import AlterConfigOp
from kafka.admin.config_resource import ConfigResource, ConfigResourceType
from kafka.admin.operations.config_changes import Change
from kafka.admin.operations.configs import ResourceKey

TOPIC, BROKER = ConfigResourceType.TOPIC, ConfigResourceType.BROKER
SET, DELETE, APPEND = AlterConfigOp.SET, AlterConfigOp.DELETE, AlterConfigOp.APPEND
ORDERS = ResourceKey(TOPIC, "orders")


def orders(configs: Any = None) -> ConfigResource:
    """Return a topic and configs of it."""
    return ConfigResource(TOPIC, "orders", configs)


def test_one_resource_need_not_be_in_a_list() -> None:
    assert asked_for(orders()) == {ORDERS: None}


@pytest.mark.parametrize(
    "configs", [["a", "b"], ("a", "b"), {"a": None, "b": "ignored"}, ["a", "b", "a"]], ids=repr
)
def test_configs_to_describe_are_names_also_those_of_a_dict(configs: Any) -> None:
    assert asked_for([orders(configs)]) == {ORDERS: ["a", "b"]}


def test_one_config_is_one_name_and_not_its_letters() -> None:
    assert asked_for([orders("retention.ms")]) == {ORDERS: ["retention.ms"]}
    assert resets_of([orders("retention.ms")]) == {ORDERS: {"retention.ms": Change(DELETE, None)}}


def test_what_is_asked_twice_is_asked_once_with_all_its_names() -> None:
    assert asked_for([orders(["a"]), orders(["b"])]) == {ORDERS: ["a", "b"]}
    assert asked_for([orders(["a"]), orders()]) == {ORDERS: None}
    assert asked_for([orders(), orders(["a"])]) == {ORDERS: None}


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ("x", Change(SET, "x")),
        ("", Change(SET, "")),
        (5, Change(SET, "5")),
        (0.5, Change(SET, "0.5")),
        (True, Change(SET, "true")),
        (False, Change(SET, "false")),
        (("APPEND", "x"), Change(APPEND, "x")),
        (("append", "x"), Change(APPEND, "x")),
        ((AlterConfigOp.APPEND, "x"), Change(APPEND, "x")),
        ((2, "x"), Change(APPEND, "x")),
        (("DELETE", None), Change(DELETE, None)),
        (("DELETE", "ignored"), Change(DELETE, None)),
    ],
    ids=repr,
)
def test_values_are_taken_as_people_write_them(value: Any, change: Change) -> None:
    assert changes_of([orders({"a": value})]) == {ORDERS: {"a": change}}


@pytest.mark.parametrize(
    ("configs", "error", "text"),
    [
        (None, TypeError, "configs of topic orders must be a dict"),
        (["a"], TypeError, "configs of topic orders must be a dict"),
        ({}, ValueError, "configs of topic orders is empty"),
        ({1: "x"}, TypeError, "configs of topic orders must hold names"),
        ({"": "x"}, ValueError, "configs of topic orders holds an empty name"),
        ({"a": None}, ValueError, "a of topic orders must not be None; reset_configs"),
        ({"a": ["secret"]}, TypeError, "a of topic orders must be a str.* not list"),
        ({"a": ("APPEND", None)}, ValueError, "a of topic orders must not be None"),
        ({"a": ("APPEND",)}, ValueError, "a of topic orders must be a value, or a pair"),
        ({"a": ("ADD", "x")}, ValueError, "operation on a of topic orders='ADD' is none of SET"),
    ],
    ids=str,
)
def test_changes_that_cannot_be_are_refused(
    configs: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=f"config_resources: {text}") as caught:
        changes_of([orders(configs)])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("configs", "error", "text"),
    [
        (None, ValueError, "must name what is reset, not None"),
        ([], ValueError, "is empty"),
        ([1], TypeError, "must hold names"),
        ([""], ValueError, "holds an empty name"),
    ],
    ids=str,
)
def test_resets_that_cannot_be_are_refused(configs: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=f"config_resources: configs of topic orders {text}"):
        resets_of([orders(configs)])


@pytest.mark.parametrize("check", [changes_of, resets_of])
def test_a_resource_is_changed_once(check: Any) -> None:
    with pytest.raises(ValueError, match="config_resources names topic orders twice"):
        check([orders({"a": "1"}), orders({"b": "1"})])


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        (ConfigResource(TOPIC, ""), "the name of a TOPIC must not be empty"),
        (ConfigResource(ConfigResourceType.UNKNOWN, "x"), "resource_type of 'x' must not be"),
        (ConfigResource(BROKER, "one"), "the name of a BROKER must be a node id, not 'one'"),
        (ConfigResource(BROKER, -1), "the name of a BROKER must be a node id, not '-1'"),
        (ConfigResource(ConfigResourceType.BROKER_LOGGER, ""), "must not be empty"),
    ],
    ids=str,
)
def test_a_resource_that_cannot_be_is_refused(resource: ConfigResource, text: str) -> None:
    for check in (asked_for, changes_of, resets_of):
        with pytest.raises(ValueError, match=f"config_resources: .*{text}"):
            check([resource])


def test_a_broker_without_a_name_stands_for_all() -> None:
    assert asked_for(ConfigResource(BROKER, "")) == {ResourceKey(BROKER, ""): None}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (None, TypeError),
        ("orders", TypeError),
        (7, TypeError),
        (["orders"], TypeError),
        ([], ValueError),
    ],
    ids=repr,
)
def test_what_is_no_list_of_resources_is_refused(given: Any, error: type[Exception]) -> None:
    for check in (asked_for, changes_of, resets_of):
        with pytest.raises(error, match="config_resources"):
            check(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, []),
        ("topic", [TOPIC]),
        (BROKER, [BROKER]),
        ([TOPIC, "broker", 8], [TOPIC, BROKER, ConfigResourceType.BROKER_LOGGER]),
    ],
    ids=repr,
)
def test_types_are_named_in_every_way(given: Any, expected: list[ConfigResourceType]) -> None:
    assert kinds_of(given) == expected


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("topics", ValueError),
        (["unknown"], ValueError),
        ([], ValueError),
        (2.5, TypeError),
        ([None], TypeError),
    ],
    ids=repr,
)
def test_types_that_cannot_be_are_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="resource_types"):
        kinds_of(given)
