"""Groups, described: ConsumerGroupDescribe for those of KIP-848, else DescribeGroups.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka.admin import verdicts
from kafka.admin.group_descriptions import classic_group, new_group
from kafka.admin.operations.group_coordinators import each_group
from kafka.admin.settled import is_final
from kafka.errors import GroupIdNotFoundError, UnsupportedVersionError
from kafka.protocol.messages.consumer_group_describe import (
    ConsumerGroupDescribeRequest,
    ConsumerGroupDescribeResponse,
)
from kafka.protocol.messages.describe_groups import DescribeGroupsRequest, DescribeGroupsResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kafka.admin.group_descriptions import Described
    from kafka.admin.operation import Answer
    from kafka.errors import KafkaError


def is_no_new_group(error: KafkaError) -> bool:
    """Return whether an error of `DescribeNewGroups` leaves it to `DescribeClassicGroups`.

    The group is a classic one, or none, or the broker has no groups of KIP-848.
    """
    return isinstance(error, (GroupIdNotFoundError, UnsupportedVersionError))


class DescribeNewGroups:
    """Describe groups of KIP-848; the keys are groups.

    Args:
        node_id: where the caller believes the coordinator to be.
    """

    noun = "group"
    verdicts = verdicts.GROUPS

    def __init__(self, node_id: int | None = None) -> None:
        self.lookup = each_group(node_id)

    def build(self, keys: Sequence[str], timeout_ms: int) -> ConsumerGroupDescribeRequest:
        """Return the request about some groups."""
        del timeout_ms
        return ConsumerGroupDescribeRequest(group_ids=keys, include_authorized_operations=True)

    def read(
        self, answer: Answer[ConsumerGroupDescribeResponse], keys: Sequence[str]
    ) -> Mapping[str, Described | KafkaError]:
        """Return the description of each group, with its error if it has a final one."""
        del keys
        found: dict[str, Described | KafkaError] = {}
        for group in answer.response.groups:
            what = f"group {group.group_id}"
            code = group.error_code
            error = answer.error(code, group.error_message, what) if code else None
            if error is not None and (is_no_new_group(error) or not is_final(error, self.verdicts)):
                found[group.group_id] = error
            else:
                found[group.group_id] = new_group(group, error)
        return found


class DescribeClassicGroups:
    """Describe classic groups, and tell of a group that is not there; the keys are groups.

    Args:
        node_id: where the caller believes the coordinator to be.
        with_operations: ask for what the caller may do (KIP-430).
    """

    noun = "group"
    verdicts = verdicts.GROUPS

    def __init__(self, node_id: int | None = None, *, with_operations: bool = True) -> None:
        self.lookup = each_group(node_id)
        self._with_operations = with_operations

    def build(self, keys: Sequence[str], timeout_ms: int) -> DescribeGroupsRequest:
        """Return the request about some groups."""
        del timeout_ms
        return DescribeGroupsRequest(
            groups=keys, include_authorized_operations=self._with_operations
        )

    def read(
        self, answer: Answer[DescribeGroupsResponse], keys: Sequence[str]
    ) -> Mapping[str, Described | KafkaError]:
        """Return the description of each group, with its error if it has a final one."""
        del keys
        found: dict[str, Described | KafkaError] = {}
        for group in answer.response.groups:
            what = f"group {group.group_id}"
            code = group.error_code
            error = answer.error(code, group.error_message, what) if code else None
            if error is None or is_final(error, self.verdicts):
                found[group.group_id] = classic_group(group, error)
            else:
                found[group.group_id] = error
        return found
