"""Operations by Kafka's numbers, and which there are on which resource."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.testing.broker.authorizer import (
    ALLOW_ALL,
    ANONYMOUS,
    SUPPORTED_OPERATIONS,
    Operation,
    ResourceType,
    bit_field,
    supported_operations,
)

OF_CONFIGS = {Operation.DESCRIBE_CONFIGS, Operation.ALTER_CONFIGS}


# AclOperation and ResourceType of Apache Kafka; 0 to 2 and 0 to 1 are UNKNOWN, ANY and ALL.
def test_numbers_are_those_of_kafka() -> None:
    assert [operation.value for operation in Operation] == list(range(3, 16))
    assert [kind.value for kind in ResourceType] == list(range(2, 8))


# The sums of AclEntry.supportedOperations, which brokers of Apache Kafka answer without ACLs.
@pytest.mark.parametrize(
    ("kind", "group_configs", "bits"),
    [
        (ResourceType.TOPIC, True, 0x0DF8),
        (ResourceType.GROUP, True, 0x0D48),
        (ResourceType.GROUP, False, 0x0148),
        (ResourceType.CLUSTER, True, 0x1FA0),
    ],
)
def test_bits_of_all_operations_on_a_resource(
    kind: ResourceType, group_configs: bool, bits: int
) -> None:
    assert bit_field(supported_operations(kind, group_configs=group_configs)) == bits


@pytest.mark.parametrize("kind", SUPPORTED_OPERATIONS)
def test_groups_have_no_configs_before_they_could_have_some(kind: ResourceType) -> None:
    newer = set(supported_operations(kind, group_configs=True))
    older = set(supported_operations(kind, group_configs=False))
    assert newer - older == (OF_CONFIGS if kind is ResourceType.GROUP else set())


@given(st.sets(st.sampled_from(Operation)))
def test_a_bit_field_has_the_bit_of_each_operation(operations: set[Operation]) -> None:
    bits = bit_field(operations)
    assert {operation for operation in Operation if bits >> operation & 1} == operations
    assert bits.bit_count() == len(operations)


def test_without_security_everybody_may_do_everything() -> None:
    for operation, kind in product(Operation, ResourceType):
        assert ALLOW_ALL.allows(ANONYMOUS, "h", operation, kind, "name")
        assert ALLOW_ALL.allows_some(ANONYMOUS, "h", operation, kind)


def test_a_client_without_authentication_is_the_anonymous_user() -> None:
    assert ANONYMOUS == ("User", "ANONYMOUS")
