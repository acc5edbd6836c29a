"""ACLs in words."""

from __future__ import annotations

import pytest

from kafka.testing.broker.authorizer import Operation, ResourceType
from kafka.testing.broker.security.acls import ALL, AclBinding, PatternType, Permission
from kafka.testing.broker.security.grants import acl


def test_an_acl_is_made_of_words() -> None:
    assert acl("User:alice", "READ", "topic:orders", permission=Permission.ALLOW) == AclBinding(
        ResourceType.TOPIC,
        "orders",
        PatternType.LITERAL,
        "User:alice",
        "*",
        Operation.READ,
        Permission.ALLOW,
    )


@pytest.mark.parametrize(
    ("resource", "kind", "name", "pattern"),
    [
        ("group:g", ResourceType.GROUP, "g", PatternType.LITERAL),
        ("topic:*", ResourceType.TOPIC, "*", PatternType.LITERAL),
        ("topic:ord*", ResourceType.TOPIC, "ord", PatternType.PREFIXED),
        ("transactional-id:a:b", ResourceType.TRANSACTIONAL_ID, "a:b", PatternType.LITERAL),
        ("CLUSTER:kafka-cluster", ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL),
    ],
)
def test_resources_have_kinds_and_patterns(
    resource: str, kind: ResourceType, name: str, pattern: PatternType
) -> None:
    found = acl("User:*", "all", resource, host="1.2.3.4", permission=Permission.DENY)
    assert found[:3] == (kind, name, pattern)
    assert (found.host, found.operation, found.permission) == ("1.2.3.4", ALL, Permission.DENY)


@pytest.mark.parametrize(
    ("principal", "operation", "resource", "words"),
    [
        ("alice", "READ", "topic:t", "a principal is like User:alice, not 'alice'"),
        ("User:", "READ", "topic:t", "a principal is like"),
        ("User:a", "REED", "topic:t", "there is no operation 'REED'; did you mean READ"),
        ("User:a", "consume", "topic:t", "there is no operation 'consume'; there are ALL, READ"),
        ("User:a", "READ", "orders", "a resource is like topic:orders, not 'orders'"),
        ("User:a", "READ", "topics:t", "did you mean TOPIC"),
        ("User:a", "READ", "topic:", "a resource is like"),
    ],
)
def test_words_that_kafka_does_not_know_are_refused(
    principal: str, operation: str, resource: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        acl(principal, operation, resource, permission=Permission.ALLOW)
