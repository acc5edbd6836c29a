"""Keys are divided among requests, so that none is too large."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from kafka.admin.request_size import LARGEST_REQUEST, divided, sized, sliced
from kafka.protocol.messages.delete_groups import DeleteGroupsRequest
from kafka.protocol.messages.offset_commit import OffsetCommitRequest


def deletion(keys: Sequence[str]) -> DeleteGroupsRequest:
    return DeleteGroupsRequest(groups_names=keys)


def test_request_is_divided_where_it_would_be_too_large() -> None:
    keys = [f"{number:05}" * 1000 for number in range(400)]
    parts = sized(deletion, keys)
    assert [key for _, part in parts for key in part] == keys
    assert all(len(request.encode(2)) <= LARGEST_REQUEST for request, _ in parts)
    assert len(parts) == 4


def test_small_request_is_not_divided() -> None:
    ((request, part),) = sized(deletion, ["a", "b"])
    assert (request, part) == (deletion(["a", "b"]), ("a", "b"))


def test_one_key_that_is_too_large_alone_is_asked_all_the_same() -> None:
    ((_, part),) = sized(lambda _keys: deletion(["x" * 30_000] * 40), ["x"])
    assert part == ("x",)


def test_request_is_measured_in_a_version_that_can_say_it() -> None:
    def commit(keys: Sequence[str]) -> OffsetCommitRequest:
        topic = OffsetCommitRequest.OffsetCommitRequestTopic
        return OffsetCommitRequest(topics=[topic(name=key * 1000) for key in keys])

    keys = [f"{number:04}" for number in range(300)]
    assert len(sized(commit, keys)) == 2


@pytest.mark.parametrize(
    ("limit", "parts"), [(1, ["a", "b", "c"]), (2, ["ab", "c"]), (3, ["abc"]), (9, ["abc"])]
)
def test_keys_are_sliced(limit: int, parts: list[str]) -> None:
    assert sliced("abc", limit) == parts


def test_what_one_key_lists_is_divided_too() -> None:
    items = [f"{number:05}" * 1000 for number in range(400)]
    parts = divided(deletion, items)
    assert [item for part in parts for item in part] == items
    assert [len(part) for part in parts] == [100] * 4


def test_a_list_without_items_is_one_part() -> None:
    assert [list(part) for part in divided(deletion, [])] == [[]]
