"""What brokers are told of changed configs, and what they answer."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.admin.config_kinds import AlterConfigOp
from kafka.admin.config_resource import ConfigResourceType
from kafka.admin.operation import Answer
from kafka.admin.operations.config_changes import (
    AlterConfigs,
    Change,
    ReplaceConfigs,
    check_known,
    merged,
)
from kafka.admin.operations.configs import Described, ResourceKey
from kafka.errors import InvalidConfigurationError, UnsupportedVersionError
from kafka.protocol.messages.alter_configs import AlterConfigsResponse
from kafka.protocol.messages.describe_configs import DescribeConfigsResponse
from kafka.protocol.messages.incremental_alter_configs import IncrementalAlterConfigsResponse

TIMEOUT_MS = 1000
ORDERS = ResourceKey(ConfigResourceType.TOPIC, "orders")
BILLS = ResourceKey(ConfigResourceType.TOPIC, "bills")


def test_changes_say_how_each_config_is_changed() -> None:
    changes = {
        ORDERS: {
            "retention.ms": Change(AlterConfigOp.SET, "1000"),
            "segment.ms": Change(AlterConfigOp.DELETE, None),
            "cleanup.policy": Change(AlterConfigOp.APPEND, "compact"),
        }
    }
    request = AlterConfigs(changes, validate_only=True).build([ORDERS], TIMEOUT_MS)
    (resource,) = request.resources
    assert (resource.resource_type, resource.resource_name) == (2, "orders")
    assert [(each.name, each.config_operation, each.value) for each in resource.configs] == [
        ("retention.ms", 0, "1000"),
        ("segment.ms", 1, None),
        ("cleanup.policy", 2, "compact"),
    ]
    assert request.validate_only


def test_replacing_says_what_is_to_be() -> None:
    operation = ReplaceConfigs({ORDERS: {"retention.ms": "1000"}, BILLS: {}}, validate_only=False)
    request = operation.build([ORDERS, BILLS], TIMEOUT_MS)
    assert [
        (resource.resource_name, [(each.name, each.value) for each in resource.configs])
        for resource in request.resources
    ] == [("orders", [("retention.ms", "1000")]), ("bills", [])]
    assert not request.validate_only


@pytest.mark.parametrize(
    ("operation", "response"),
    [
        (AlterConfigs({}, validate_only=False), IncrementalAlterConfigsResponse),
        (ReplaceConfigs({}, validate_only=False), AlterConfigsResponse),
    ],
    ids=["incremental", "replacing"],
)
def test_each_resource_has_its_own_error(operation: Any, response: Any) -> None:
    result = response.AlterConfigsResourceResponse
    answer = response(
        responses=[
            result(resource_type=2, resource_name="orders", error_message=None),
            result(resource_type=2, resource_name="bills", error_code=40, error_message="bad"),
        ]
    )
    found = operation.read(Answer(answer, 1), [ORDERS, BILLS])
    assert found[ORDERS] is None
    assert isinstance(found[BILLS], InvalidConfigurationError)
    assert "topic bills: bad" in str(found[BILLS])


def test_an_unknown_config_is_named_with_the_one_that_is_like_it() -> None:
    with pytest.raises(ValueError, match=r"topic orders has no config 'retention\.sm'; did you"):
        check_known({ORDERS: ["retention.sm"]}, {ORDERS: ["retention.ms", "segment.ms"]})


def test_all_unknown_configs_are_named_at_once() -> None:
    with pytest.raises(ValueError, match="topic orders has no config 'x', topic bills has no"):
        check_known({ORDERS: ["x"], BILLS: ["y"]}, {ORDERS: [], BILLS: []})


@pytest.mark.parametrize(
    "name", ["leader.replication.throttled.rate", "listener.name.tls.ssl.keystore.location"]
)
def test_what_brokers_take_without_listing_it_is_let_pass_for_brokers_alone(name: str) -> None:
    broker = ResourceKey(ConfigResourceType.BROKER, "1")
    check_known({broker: [name]}, {broker: ["log.dirs"]})
    with pytest.raises(ValueError, match="topic orders has no config"):
        check_known({ORDERS: [name]}, {ORDERS: []})


def test_what_a_broker_knows_is_let_pass_and_so_is_what_it_did_not_describe() -> None:
    check_known({ORDERS: ["a"], BILLS: ["b"]}, {ORDERS: ["a"]})


def described(**values: str | None) -> Described:
    """Return a topic that was given *values*, and has a default beside them."""
    entry = DescribeConfigsResponse.DescribeConfigsResourceResult
    given = [
        entry(name=name.replace("_", "."), value=value, config_source=1)
        for name, value in values.items()
    ]
    return Described(configs=[*given, entry(name="list", value="a,b", config_source=5)])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(AlterConfigOp.SET, "2"), {"x": "1", "y": "2"}),
        (Change(AlterConfigOp.DELETE, None), {"x": "1"}),
    ],
    ids=["set", "delete"],
)
def test_configs_are_replaced_by_those_that_there_are_with_the_changes(
    change: Change, expected: dict[str, str]
) -> None:
    found = merged(described(x="1", y="1"), {"y": change}, is_of_all_brokers=False)
    assert found == expected


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        (AlterConfigOp.APPEND, "c", "a,b,c"),
        (AlterConfigOp.APPEND, "b,c", "a,b,c"),
        (AlterConfigOp.SUBTRACT, "a", "b"),
        (AlterConfigOp.SUBTRACT, "c", "a,b"),
        (AlterConfigOp.SUBTRACT, "a,b", ""),
    ],
)
def test_lists_are_changed_as_brokers_change_them(
    op: AlterConfigOp, value: str, expected: str
) -> None:
    found = merged(described(), {"list": Change(op, value)}, is_of_all_brokers=False)
    assert found == {"list": expected}


def test_a_list_that_no_broker_has_described_begins_empty() -> None:
    change = Change(AlterConfigOp.APPEND, "a")
    assert merged(described(), {"new": change}, is_of_all_brokers=False) == {"new": "a"}


def test_a_secret_is_not_lost_unless_it_is_changed() -> None:
    change = Change(AlterConfigOp.SET, "1")
    with pytest.raises(UnsupportedVersionError, match=r"would lose the values of my\.secret"):
        merged(described(my_secret=None), {"x": change}, is_of_all_brokers=False)
    found = merged(described(my_secret=None), {"my.secret": change}, is_of_all_brokers=False)
    assert found == {"my.secret": "1"}
