"""What an ACL may be, and what only a filter may be."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from kafka.admin.acl_resource import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import IllegalArgumentError

ORDERS = ResourcePattern(ResourceType.TOPIC, "orders")
READ, ALLOW = ACLOperation.READ, ACLPermissionType.ALLOW
ANYTHING = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)


def acl(**changed: Any) -> ACL:
    """Return an ACL with some arguments changed."""
    given = {
        "principal": "User:alice",
        "host": "*",
        "operation": READ,
        "permission_type": ALLOW,
        "resource_pattern": ORDERS,
    }
    return ACL(**{**given, **changed})


def test_acls_compare_and_hash_by_value() -> None:
    assert acl() == acl()
    assert hash(acl()) == hash(acl())
    assert acl() != acl(host="10.0.0.1")
    assert acl() != "acl"
    assert copy.deepcopy(acl()) == acl()
    assert pickle.loads(pickle.dumps(acl())) == acl()


def test_patterns_are_literal_unless_said_otherwise() -> None:
    assert ORDERS.pattern_type is ACLResourcePatternType.LITERAL
    literal, prefixed = ACLResourcePatternType.LITERAL, ACLResourcePatternType.PREFIXED
    assert ResourcePattern(ResourceType.TOPIC, "orders", literal) == ORDERS
    assert ResourcePattern(ResourceType.TOPIC, "orders", prefixed) != ORDERS
    assert ORDERS != "orders"


def test_a_repr_names_everything() -> None:
    assert repr(acl()) == (
        "<ACL principal=User:alice, resource=<ResourcePattern type=TOPIC, name=orders, "
        "pattern=LITERAL>, operation=READ, type=ALLOW, host=*>"
    )


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"principal": None}, "principal must be a str"),
        ({"principal": ""}, "principal must not be empty"),
        ({"principal": 7}, "principal must be a str"),
        ({"host": None}, "host must be a str"),
        ({"operation": "READ"}, "operation must be a ACLOperation, not 'READ'"),
        ({"operation": 3}, "operation must be a ACLOperation, not 3"),
        ({"operation": ACLOperation.ANY}, "operation must not be ANY"),
        ({"permission_type": None}, "permission_type must be a ACLPermissionType"),
        ({"permission_type": ACLPermissionType.ANY}, "permission_type must not be ANY"),
        ({"resource_pattern": "orders"}, "resource_pattern must be a ResourcePatternFilter"),
        ({"resource_pattern": ANYTHING}, "resource_pattern must be a ResourcePattern, not"),
    ],
    ids=str,
)
def test_an_acl_that_cannot_be_is_refused(changed: dict[str, Any], text: str) -> None:
    with pytest.raises(IllegalArgumentError, match=text):
        acl(**changed)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((ResourceType.ANY, "orders"), "resource_type cannot be ANY"),
        (("TOPIC", "orders"), "resource_type must be a ResourceType"),
        ((ResourceType.TOPIC, None), "resource_name must be a name"),
        ((ResourceType.TOPIC, ""), "resource_name must be a name"),
        ((ResourceType.TOPIC, 7), "resource_name must be a str"),
        (
            (ResourceType.TOPIC, "orders", ACLResourcePatternType.MATCH),
            "pattern_type cannot be MATCH",
        ),
        ((ResourceType.TOPIC, "orders", "LITERAL"), "pattern_type must be a"),
    ],
    ids=str,
)
def test_a_pattern_that_cannot_be_is_refused(arguments: Any, text: str) -> None:
    with pytest.raises(IllegalArgumentError, match=text):
        ResourcePattern(*arguments)


def test_a_filter_may_leave_everything_open() -> None:
    wanted = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, ANYTHING)
    assert wanted == ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, ANYTHING)
    assert "principal=None" in repr(wanted)
