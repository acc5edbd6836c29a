"""Which API describes a group, and which errors are part of its description."""

from __future__ import annotations

import pytest

from kafka.admin.group_descriptions import Described
from kafka.admin.operation import Answer
from kafka.admin.operations.describe_groups import (
    DescribeClassicGroups,
    DescribeNewGroups,
    is_no_new_group,
)
from kafka.errors import (
    CoordinatorLoadInProgressError,
    GroupAuthorizationFailedError,
    GroupIdNotFoundError,
    KafkaError,
    NotCoordinatorError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.consumer_group_describe import ConsumerGroupDescribeResponse
from kafka.protocol.messages.describe_groups import DescribeGroupsResponse


def read_new(code: int) -> Described | KafkaError:
    group = ConsumerGroupDescribeResponse.DescribedGroup(group_id="orders", error_code=code)
    answer = Answer(ConsumerGroupDescribeResponse(groups=[group]), 2)
    return DescribeNewGroups().read(answer, ["orders"])["orders"]


def read_classic(code: int) -> Described | KafkaError:
    group = DescribeGroupsResponse.DescribedGroup(
        group_id="orders", group_state="Dead", error_code=code, error_message="so it is"
    )
    answer = Answer(DescribeGroupsResponse(groups=[group]), 2)
    return DescribeClassicGroups().read(answer, ["orders"])["orders"]


def test_requests_name_the_groups_and_ask_what_the_caller_may_do() -> None:
    new = DescribeNewGroups().build(["g", "h"], 1000)
    old = DescribeClassicGroups().build(["g", "h"], 1000)
    assert (new.group_ids, new.include_authorized_operations) == (["g", "h"], True)
    assert (old.groups, old.include_authorized_operations) == (["g", "h"], True)
    plain = DescribeClassicGroups(with_operations=False).build(["g"], 1000)
    assert not plain.include_authorized_operations


@pytest.mark.parametrize("error", [GroupIdNotFoundError, UnsupportedVersionError])
def test_group_that_is_no_new_one_is_left_to_the_old_api(
    error: type[GroupIdNotFoundError | UnsupportedVersionError],
) -> None:
    found = read_new(error.errno)
    assert isinstance(found, error)
    assert is_no_new_group(found)


def test_missing_group_is_described_as_dead_by_the_old_api() -> None:
    found = read_classic(GroupIdNotFoundError.errno)
    assert isinstance(found, Described)
    assert found.group["group_state"] == "Dead"
    assert "so it is (DescribeGroups, node 2)" in str(found.group["error"])


@pytest.mark.parametrize("error", [NotCoordinatorError, CoordinatorLoadInProgressError])
def test_error_that_passes_is_no_description(
    error: type[NotCoordinatorError | CoordinatorLoadInProgressError],
) -> None:
    for found in (read_new(error.errno), read_classic(error.errno)):
        assert isinstance(found, error)
        assert not is_no_new_group(found)


def test_final_error_is_part_of_the_description() -> None:
    code = GroupAuthorizationFailedError.errno
    for found in (read_new(code), read_classic(code)):
        assert isinstance(found, Described)
        assert isinstance(found.error, GroupAuthorizationFailedError)
        assert "GroupAuthorizationFailedError" in str(found.group["error"])


def test_group_without_error_is_described() -> None:
    for found in (read_new(0), read_classic(0)):
        assert isinstance(found, Described)
        assert found.error is None
        assert found.group["error"] is None
