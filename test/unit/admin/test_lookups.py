"""Whom to ask: any node, the controller, a named broker, a leader, a coordinator."""

from __future__ import annotations

import pytest

from kafka.admin.lookups import (
    GROUP,
    TRANSACTION,
    to_any,
    to_broker,
    to_controller,
    to_coordinator,
    to_leader,
)
from kafka.admin.operation import ANY, ANY_ONCE, Answer, Lookup
from kafka.cluster import ClusterSnapshot
from kafka.errors import (
    BrokerNotAvailableError,
    CoordinatorNotAvailableError,
    KafkaError,
    LeaderNotAvailableError,
    NotControllerError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.errors.verdict import Verdict
from kafka.protocol.messages.find_coordinator import FindCoordinatorResponse
from kafka.protocol.messages.metadata import MetadataResponse
from kafka.structs import BrokerMetadata, TopicPartition
from test.unit.admin.calls import coordinators, metadata

BROKERS = {node: BrokerMetadata(node, "h", 1, None) for node in range(3)}
SNAPSHOT = ClusterSnapshot(brokers=BROKERS, controller=BROKERS[2])
A0, A1 = TopicPartition("a", 0), TopicPartition("a", 1)


def read(lookup: Lookup, response: object, *keys: object) -> dict:
    assert lookup.search is not None
    return dict(lookup.search.read(Answer(response, 1), keys))


def test_any_node_takes_no_look_up() -> None:
    assert to_any().fixed("k") is ANY
    assert to_any(ANY_ONCE).fixed("k") is ANY_ONCE
    assert to_any().search is None
    assert to_any().cached("k", SNAPSHOT) is None


def test_controller_is_that_of_the_metadata() -> None:
    lookup = to_controller()
    assert lookup.fixed("k") is None
    assert lookup.cached("k", SNAPSHOT) == 2
    assert lookup.cached("k", ClusterSnapshot()) is None
    assert read(lookup, metadata(controller=0), "k", "l") == {"k": 0, "l": 0}


@pytest.mark.parametrize("controller", [-1, 9])
def test_controller_without_an_address_is_none(controller: int) -> None:
    error = read(to_controller(), metadata(controller=controller), "k")["k"]
    assert isinstance(error, NotControllerError)
    assert "node 1 knows no controller" in str(error)


def test_broker_is_the_one_that_is_named() -> None:
    lookup = to_broker(lambda key: key, ANY_ONCE)
    assert lookup.fixed(None) is ANY_ONCE
    assert lookup.fixed(1) is None
    assert lookup.cached(1, SNAPSHOT) == 1
    assert lookup.cached(7, SNAPSHOT) is None
    found = read(lookup, metadata(), 1, 7)
    assert found[1] == 1
    assert isinstance(found[7], BrokerNotAvailableError)


def test_leaders_are_those_of_the_partitions() -> None:
    lookup = to_leader(lambda tp: tp)
    assert lookup.search is not None
    assert lookup.fixed(A0) is None
    assert lookup.cached(A0, SNAPSHOT) is None
    request = lookup.search.build([A0, A1])
    assert [topic.name for topic in request.topics] == ["a"]
    assert not request.allow_auto_topic_creation
    assert read(lookup, metadata(leaders={"a": 2}), A0) == {A0: 2}


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (metadata(), UnknownTopicOrPartitionError),
        (metadata(leaders={"a": 0}), UnknownTopicOrPartitionError),
        (
            MetadataResponse(
                topics=[MetadataResponse.MetadataResponseTopic(name="a", error_code=29)]
            ),
            TopicAuthorizationFailedError,
        ),
    ],
)
def test_partition_that_is_not_known_is_named(
    response: MetadataResponse, error: type[KafkaError]
) -> None:
    found = read(to_leader(lambda tp: tp), response, A1)[A1]
    assert isinstance(found, error)
    assert "partition a-1" in str(found)
    assert "(Metadata, node 1)" in str(found)


def test_partition_without_a_leader_waits_for_one() -> None:
    lookup = to_leader(lambda tp: tp)
    assert lookup.search is not None
    found = read(lookup, metadata(leaders={"a": -1}), A0)[A0]
    assert isinstance(found, LeaderNotAvailableError)
    assert lookup.search.verdicts[LeaderNotAvailableError] is Verdict.RETRY


def test_errors_of_a_look_up_can_have_another_verdict() -> None:
    rows = {UnknownTopicOrPartitionError: Verdict.FATAL}
    search = to_leader(lambda tp: tp, rows).search
    assert search is not None
    assert search.verdicts[UnknownTopicOrPartitionError] is Verdict.FATAL


def test_coordinators_are_asked_for_together() -> None:
    lookup = to_coordinator(TRANSACTION, lambda key: key)
    assert lookup.search is not None
    request = lookup.search.build(["a", "b", "a"])
    assert (request.key_type, request.coordinator_keys) == (1, ["a", "b"])
    assert lookup.search.finds == "the transaction coordinator"
    assert read(lookup, coordinators({"a": 1, "b": 2}), "b", "a") == {"a": 1, "b": 2}


def test_answer_about_one_key_does_not_repeat_it() -> None:
    lookup = to_coordinator(GROUP, lambda key: key)
    assert read(lookup, coordinators({"": 2}), "a") == {"a": 2}
    assert read(lookup, coordinators({}), "a") == {}


def test_coordinator_that_is_not_found_has_the_brokers_text() -> None:
    entry = FindCoordinatorResponse.Coordinator(key="a", error_code=15, error_message="no a yet")
    found = read(
        to_coordinator(GROUP, lambda key: key), FindCoordinatorResponse(coordinators=[entry]), "a"
    )
    assert isinstance(found["a"], CoordinatorNotAvailableError)
    assert str(found["a"]).endswith("no a yet (FindCoordinator, node 1)")
