"""Whom to ask about groups."""

from __future__ import annotations

from kafka.admin.operation import Lookup
from kafka.admin.operations.group_coordinators import each_group, one_group
from kafka.cluster import ClusterSnapshot
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.schema import Request
from kafka.structs import BrokerMetadata

SNAPSHOT = ClusterSnapshot(brokers={3: BrokerMetadata(3, "h", 9092, None)})


def search(lookup: Lookup[str], *keys: str) -> Request[object]:  # type: ignore[type-var] # any
    assert lookup.search is not None
    return lookup.search.build(keys)


def test_each_group_has_its_own_coordinator() -> None:
    request = search(each_group(), "g", "h")
    assert isinstance(request, FindCoordinatorRequest)
    assert (request.key_type, request.coordinator_keys) == (0, ["g", "h"])


def test_whatever_the_keys_are_the_one_groups_coordinator_is_looked_up() -> None:
    request = search(one_group("g"), "member", "other")
    assert isinstance(request, FindCoordinatorRequest)
    assert request.coordinator_keys == ["g"]


def test_broker_that_the_caller_names_is_asked_first_if_it_is_there() -> None:
    for lookup in (each_group(3), one_group("g", 3)):
        assert lookup.cached("g", SNAPSHOT) == 3
        assert lookup.cached("g", ClusterSnapshot()) is None
        assert isinstance(search(lookup, "g"), FindCoordinatorRequest)
    assert each_group().cached("g", SNAPSHOT) is None
