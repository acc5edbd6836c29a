"""The coordinators that programs have looked up by themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from kafka.cluster_groups import GroupCoordinators
from kafka.protocol.adapt import adapt_response
from kafka.protocol.find_coordinator import FindCoordinatorResponse
from kafka.protocol.messages.find_coordinator import FindCoordinatorResponse as Message
from kafka.structs import BrokerMetadata


class Found(NamedTuple):
    """An answer, with the names of 2.x."""

    error_code: int = 0
    coordinator_id: int = 3
    host: str = "h"
    port: int = 9092


class Type:
    """An enum's member, as kafka-python 3.x gives it."""

    value = 1


def test_a_coordinator_has_an_id_of_its_own() -> None:
    groups = GroupCoordinators()
    assert groups.add(Found(), "g", "group") == "coordinator-3"  # type: ignore[arg-type]
    assert groups.of("g", 0) == "coordinator-3"
    assert groups.groups == {"g": "coordinator-3"}
    assert tuple(groups.brokers["coordinator-3"]) == ("coordinator-3", "h", 9092, None)
    assert isinstance(groups.brokers["coordinator-3"], BrokerMetadata)


def test_the_id_may_be_that_of_the_broker() -> None:
    groups = GroupCoordinators()
    found = groups.add(Found(), "g", "group", own_connection=False)  # type: ignore[arg-type]
    assert found == 3
    assert groups.brokers == {}


def test_an_error_is_noted() -> None:
    groups = GroupCoordinators()
    assert groups.add(Found(error_code=15), "g", "group") is None  # type: ignore[arg-type]
    assert groups.of("g", "group") == -1
    assert groups.of("other", "group") is None


@pytest.mark.parametrize("kind", [1, "transaction", Type()])
def test_types_have_names_and_numbers(kind: object) -> None:
    groups = GroupCoordinators()
    groups.add(Found(), "t", kind)  # type: ignore[arg-type]
    assert groups.of("t", "transaction") == "coordinator-3"
    assert groups.of("t", "group") is None


OF_VERSION_4 = [("g", 3, "h", 9092, 0, None, {}), ("other", 4, "h", 9093, 0, None, {})]


@pytest.mark.parametrize("is_decoded", [False, True])
def test_an_answer_about_several_keys_is_asked_for_one(is_decoded: bool) -> None:
    answer: Any = FindCoordinatorResponse[4](0, OF_VERSION_4, {})
    answer = type(answer).decode(answer.encode()) if is_decoded else answer
    groups = GroupCoordinators()
    assert groups.add(answer, "other", "group") == "coordinator-4"
    assert groups.brokers["coordinator-4"].port == 9093
    with pytest.raises(ValueError, match="not about third, but about g, other"):
        groups.add(answer, "third", "group")


@pytest.mark.parametrize("version", [3, 4])
def test_an_answer_may_be_a_message_as_clients_get_it(version: int) -> None:
    found = Message.Coordinator(key="g", node_id=3, host="h", port=9092)
    sent = (
        Message(coordinators=[found]) if version == 4 else Message(node_id=3, host="h", port=9092)
    )
    answer: Any = adapt_response(Message.decode(sent.encode(version), version), version)
    assert GroupCoordinators().add(answer, "g", "group") == "coordinator-3"
