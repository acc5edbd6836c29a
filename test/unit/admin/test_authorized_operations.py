"""What responses tell of the caller's permissions."""

from __future__ import annotations

from kafka.admin.acl_resource import ACLOperation
from kafka.admin.authorized_operations import operation_names


def test_each_operation_has_a_bit() -> None:
    wanted = [ACLOperation.READ, ACLOperation.DELETE, ACLOperation.DESCRIBE_CONFIGS]
    assert operation_names(sum(1 << one for one in wanted)) == [
        "READ",
        "DELETE",
        "DESCRIBE_CONFIGS",
    ]


def test_nobody_may_anything_without_bits() -> None:
    assert operation_names(0) == []


def test_what_was_not_asked_for_is_not_told() -> None:
    assert operation_names(-2147483648) is None


def test_operations_of_newer_brokers_are_left_out() -> None:
    assert operation_names(1 << 30 | 1 << ACLOperation.READ) == ["READ"]
