"""What users may say of ACLs, beyond what their classes check."""

from __future__ import annotations

from typing import Any

import pytest

from kafka.admin.acl_arguments import checked_acls, checked_filter, checked_filters
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

READ, ALLOW = ACLOperation.READ, ACLPermissionType.ALLOW
ORDERS = ResourcePattern(ResourceType.TOPIC, "orders")
RULE = ACL("User:alice", "*", READ, ALLOW, ORDERS)
OTHER = ACL("User:bob", "*", READ, ALLOW, ORDERS)
ANYTHING = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
ALL = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, ANYTHING)


def test_acls_are_created_once_each() -> None:
    assert checked_acls([RULE, OTHER, RULE]) == [RULE, OTHER]
    assert checked_acls(RULE) == [RULE]


def test_an_acl_is_a_filter() -> None:
    assert checked_filters("acl_filters", [ALL, RULE, ALL]) == [ALL, RULE]
    assert checked_filters("acl_filters", ALL) == [ALL]
    assert checked_filter("acl_filter", RULE) == RULE


def test_a_filter_is_no_acl() -> None:
    with pytest.raises(IllegalArgumentError, match="acls must contain ACL objects"):
        checked_acls([RULE, ALL])


@pytest.mark.parametrize(
    ("given", "error"),
    [(None, TypeError), ("x", TypeError), ([], ValueError), (["x"], IllegalArgumentError)],
    ids=repr,
)
def test_what_is_no_list_of_them_is_refused(given: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="acls"):
        checked_acls(given)
    with pytest.raises(error, match="acl_filters"):
        checked_filters("acl_filters", given)


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("operation", ACL("User:a", "*", ACLOperation.UNKNOWN, ALLOW, ORDERS)),
        ("permission_type", ACL("User:a", "*", READ, ACLPermissionType.UNKNOWN, ORDERS)),
        (
            "resource_type",
            ACL("User:a", "*", READ, ALLOW, ResourcePattern(ResourceType.UNKNOWN, "x")),
        ),
        (
            "pattern_type",
            ACL(
                "User:a",
                "*",
                READ,
                ALLOW,
                ResourcePattern(ResourceType.TOPIC, "x", ACLResourcePatternType.UNKNOWN),
            ),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_for_which_a_broker_would_hang_up_is_refused(name: str, unknown: ACL) -> None:
    with pytest.raises(IllegalArgumentError, match=f"acls: {name} of .* must not be UNKNOWN"):
        checked_acls([unknown])
    with pytest.raises(IllegalArgumentError, match=f"acl_filter: {name} of"):
        checked_filter("acl_filter", unknown)
