"""ACLs: what they decide and which of them a filter means."""

from __future__ import annotations

import pytest

from kafka.testing.broker.authorizer import Operation, Principal, ResourceType
from kafka.testing.broker.security.acls import (
    ALL,
    AclAuthorizer,
    AclBinding,
    AclFilter,
    AclStore,
    PatternType,
    Permission,
)

ALICE, BOB = Principal("User", "alice"), Principal("User", "bob")
TOPIC, GROUP = ResourceType.TOPIC, ResourceType.GROUP
LITERAL, PREFIXED = PatternType.LITERAL, PatternType.PREFIXED
MATCH, ANY_PATTERN = PatternType.MATCH, PatternType.ANY
READ, WRITE, DESCRIBE = Operation.READ, Operation.WRITE, Operation.DESCRIBE


def acl(
    name: str,
    operation: int,
    *,
    kind: ResourceType = TOPIC,
    pattern: PatternType = LITERAL,
    who: str = "User:alice",
    host: str = "*",
    deny: bool = False,
) -> AclBinding:
    permission = Permission.DENY if deny else Permission.ALLOW
    return AclBinding(kind, name, pattern, who, host, operation, permission)


def store(*acls: AclBinding) -> AclStore:
    made = AclStore()
    for one in acls:
        made.add(one)
    return made


def allows(
    acls: list[AclBinding], operation: Operation, name: str = "orders", who: Principal = ALICE
) -> bool:
    return AclAuthorizer(store(*acls)).allows(who, "10.0.0.1", operation, TOPIC, name)


@pytest.mark.parametrize(
    ("acls", "operation", "expected"),
    [
        ([], READ, False),
        ([acl("orders", READ)], READ, True),
        ([acl("orders", READ)], WRITE, False),
        ([acl("orders", ALL)], WRITE, True),
        ([acl("*", READ)], READ, True),
        ([acl("ord", READ)], READ, False),
        ([acl("ord", READ, pattern=PREFIXED)], READ, True),
        ([acl("orders-eu", READ, pattern=PREFIXED)], READ, False),
        ([acl("*", READ, pattern=PREFIXED)], READ, False),
        ([acl("orders", READ, kind=GROUP)], READ, False),
        ([acl("orders", READ, who="User:bob")], READ, False),
        ([acl("orders", READ, who="User:*")], READ, True),
        ([acl("orders", READ, who="Group:*")], READ, False),
        ([acl("orders", READ, host="10.0.0.1")], READ, True),
        ([acl("orders", READ, host="10.0.0.2")], READ, False),
        ([acl("orders", READ), acl("*", READ, deny=True)], READ, False),
        ([acl("orders", ALL), acl("orders", WRITE, deny=True)], READ, True),
        ([acl("orders", ALL), acl("o", ALL, pattern=PREFIXED, deny=True)], READ, False),
        ([acl("orders", ALL), acl("orders", READ, who="User:bob", deny=True)], READ, True),
        ([acl("orders", ALL), acl("orders", READ, host="10.0.0.2", deny=True)], READ, True),
        # A deny of READ denies no DESCRIBE, while an allow of it allows it.
        ([acl("orders", ALL), acl("orders", READ, deny=True)], DESCRIBE, True),
        ([acl("orders", READ, deny=True)], DESCRIBE, False),
    ],
)
def test_deny_wins_and_names_match(
    acls: list[AclBinding], operation: Operation, expected: bool
) -> None:
    assert allows(acls, operation) is expected


@pytest.mark.parametrize("wanted", Operation)
def test_some_operations_imply_to_describe(wanted: Operation) -> None:
    implied = {
        DESCRIBE: {READ, WRITE, Operation.DELETE, Operation.ALTER},
        Operation.DESCRIBE_CONFIGS: {Operation.ALTER_CONFIGS},
    }
    enough = {given for given in Operation if allows([acl("orders", given)], wanted)}
    assert enough == {wanted} | implied.get(wanted, set())


def test_super_users_may_do_everything() -> None:
    authorizer = AclAuthorizer(store(acl("*", ALL, deny=True)), super_users=["User:alice"])
    assert authorizer.allows(ALICE, "h", WRITE, TOPIC, "orders")


@pytest.mark.parametrize(
    ("acls", "expected"),
    [([], True), ([acl("other", READ, who="User:bob")], True), ([acl("orders", WRITE)], False)],
)
def test_resources_without_acls_may_be_open(acls: list[AclBinding], expected: bool) -> None:
    authorizer = AclAuthorizer(store(*acls), open_by_default=True)
    assert authorizer.allows(ALICE, "h", READ, TOPIC, "orders") is expected


@pytest.mark.parametrize(
    ("acls", "expected"),
    [
        ([], False),
        ([acl("orders", WRITE)], True),
        ([acl("orders", READ)], False),
        ([acl("orders", WRITE, who="User:bob")], False),
        ([acl("orders", WRITE, kind=GROUP)], False),
        ([acl("*", WRITE)], True),
        ([acl("*", WRITE), acl("orders", WRITE, deny=True)], True),
        ([acl("*", WRITE), acl("o", WRITE, pattern=PREFIXED, deny=True)], True),
        ([acl("*", WRITE), acl("*", WRITE, deny=True)], False),
        ([acl("orders", WRITE), acl("orders", WRITE, deny=True)], False),
        ([acl("orders", WRITE), acl("o", WRITE, pattern=PREFIXED, deny=True)], False),
        ([acl("orders", WRITE), acl("x", WRITE, pattern=PREFIXED, deny=True)], True),
        ([acl("o", WRITE, pattern=PREFIXED), acl("o", WRITE, deny=True)], True),
    ],
)
def test_somewhere_is_enough(acls: list[AclBinding], expected: bool) -> None:
    assert AclAuthorizer(store(*acls)).allows_some(ALICE, "h", WRITE, TOPIC) is expected


ALL_ACLS = (
    acl("orders", READ),
    acl("*", READ),
    acl("ord", READ, pattern=PREFIXED),
    acl("other", WRITE, who="User:bob", host="h", deny=True),
    acl("orders", READ, kind=GROUP),
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AclFilter(), [0, 1, 2, 3, 4]),
        (AclFilter(resource_type=TOPIC), [0, 1, 2, 3]),
        (AclFilter(resource_name="orders"), [0, 4]),
        (AclFilter(resource_name="orders", pattern_type=LITERAL), [0, 4]),
        (AclFilter(resource_name="ord", pattern_type=PREFIXED), [2]),
        (AclFilter(resource_name="orders", pattern_type=PREFIXED), []),
        (AclFilter(pattern_type=PREFIXED), [2]),
        (AclFilter(TOPIC, "orders", MATCH), [0, 1, 2]),
        (AclFilter(TOPIC, "or", MATCH), [1]),
        (AclFilter(resource_name="*", pattern_type=ANY_PATTERN), [1]),
        (AclFilter(principal="User:bob"), [3]),
        (AclFilter(host="h"), [3]),
        (AclFilter(operation=WRITE), [3]),
        (AclFilter(operation=ALL), []),
        (AclFilter(permission=Permission.DENY), [3]),
    ],
)
def test_a_filter_finds(wanted: AclFilter, found: list[int]) -> None:
    assert store(*ALL_ACLS).find(wanted) == [ALL_ACLS[index] for index in found]


def test_an_acl_is_there_once_and_goes_once() -> None:
    acls = store(ALL_ACLS[0], ALL_ACLS[0])
    assert len(acls) == 1
    acls.remove([ALL_ACLS[0], ALL_ACLS[1]])
    assert len(acls) == 0
