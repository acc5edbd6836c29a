"""An operation of the admin client that stands for all, for tests of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka.admin.operation import Answer, Lookup
from kafka.errors import KafkaError
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest, DeleteGroupsResponse


class Operation:
    """DeleteGroups in the place of any API: a name and an error code for each key."""

    noun = "group"
    verdicts: Mapping[type[KafkaError], Any] = {}

    def __init__(self, lookup: Lookup[str]) -> None:
        self.lookup = lookup

    def build(self, keys: Sequence[str], timeout_ms: int) -> DeleteGroupsRequest:
        assert timeout_ms > 0
        return DeleteGroupsRequest(groups_names=keys)

    def read(
        self, answer: Answer[DeleteGroupsResponse], keys: Sequence[str]
    ) -> Mapping[str, int | KafkaError]:
        return {
            group.group_id: answer.error(group.error_code, None, group.group_id)
            if group.error_code
            else answer.node_id
            for group in answer.response.results
        }
