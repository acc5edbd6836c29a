"""Requests and errors by Kafka's names."""

from __future__ import annotations

import pytest

from kafka.errors import (
    BrokerResponseError,
    KafkaTimeoutError,
    NoError,
    NotLeaderForPartitionError,
    UnknownServerError,
)
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.produce import ProduceRequest
from kafka.testing.broker.names import error_named, request_named


@pytest.mark.parametrize(
    "name", ["InitProducerId", "InitProducerIdRequest", "init_producer_id", "INIT_PRODUCER_ID"]
)
def test_a_request_has_a_name_in_every_spelling(name: str) -> None:
    assert request_named(name) is InitProducerIdRequest


def test_a_request_class_is_its_own_name() -> None:
    assert request_named(ProduceRequest) is ProduceRequest


def test_a_mistyped_name_of_a_request_is_answered_with_one_like_it() -> None:
    with pytest.raises(ValueError, match="there is no API 'Prodcue'; did you mean Produce"):
        request_named("Prodcue")


@pytest.mark.parametrize("api", [0, ProduceRequest(), NotLeaderForPartitionError])
def test_what_is_no_request_class_is_refused(api: object) -> None:
    with pytest.raises(TypeError, match="an API is a request class or its name"):
        request_named(api)  # type: ignore[arg-type] # a mistake


@pytest.mark.parametrize(
    "name",
    ["NOT_LEADER_OR_FOLLOWER", "NOT_LEADER_FOR_PARTITION", "NotLeaderForPartitionError"],
)
def test_an_error_has_old_and_new_names(name: str) -> None:
    assert error_named(name) is NotLeaderForPartitionError


def test_the_error_of_a_failed_broker_has_two_classes_and_one_code() -> None:
    assert error_named("UNKNOWN_SERVER_ERROR").errno == UnknownServerError.errno
    assert error_named(UnknownServerError) is UnknownServerError


def test_a_mistyped_name_of_an_error_is_answered_with_one_like_it() -> None:
    with pytest.raises(ValueError, match="there is no error 'NOT_LEADER'; did you mean NOT_LEADER"):
        error_named("NOT_LEADER")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (6, "write NotLeaderForPartitionError or 'NOT_LEADER_FOR_PARTITION'"),
        (12345, "an error is a class or a name, not 12345"),
        (None, "an error is a class or a name, not None"),
        (NotLeaderForPartitionError(), "write NotLeaderForPartitionError, not"),
    ],
)
def test_what_is_no_error_class_is_refused(error: object, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        error_named(error)


@pytest.mark.parametrize("error", [BrokerResponseError, KafkaTimeoutError, ValueError, NoError])
def test_an_error_that_no_broker_sends_is_refused(error: type[BrokerResponseError]) -> None:
    with pytest.raises(ValueError, match=r"no broker sends|is no fault"):
        error_named(error)
