"""A Produce request on its way lands once, whatever is told of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.cluster import ClusterMetadata
from kafka.errors import KafkaConnectionError
from kafka.producer.flight import Flight
from kafka.protocol.messages.produce import ProduceResponse

if TYPE_CHECKING:
    from kafka.producer.flight import Landing


def flight_noting(landed: list[Landing]) -> Flight:
    def land(flight: Flight, answer: Landing) -> None:
        flight.land = None
        landed.append(answer)

    return Flight(0, [], flying=[], snapshot=ClusterMetadata().snapshot, land=land)


def test_a_response_lands_in_the_step_that_brings_it() -> None:
    landed: list[Landing] = []
    flight = flight_noting(landed)
    assert not flight.done()
    response = ProduceResponse()
    flight.set_result(response)
    assert landed == [response]
    assert flight.done()


def test_a_connection_that_ends_after_the_response_changes_nothing() -> None:
    landed: list[Landing] = []
    flight = flight_noting(landed)
    response = ProduceResponse()
    flight.set_result(response)
    flight.set_exception(KafkaConnectionError("gone"))
    assert landed == [response]


def test_a_request_that_timed_out_is_not_failed_again_by_the_end_of_its_connection() -> None:
    landed: list[Landing] = []
    flight = flight_noting(landed)
    late, gone = KafkaConnectionError("late"), KafkaConnectionError("gone")
    flight.set_exception(late)
    flight.set_exception(gone)
    assert landed == [late]


def test_an_answer_that_a_signal_handler_kept_from_being_taken_may_be_followed_by_an_error() -> (
    None
):
    landed: list[Landing] = []
    flight = flight_noting(landed)
    take, interrupted = flight.land, KeyboardInterrupt()

    def interrupt(flight: Flight, _: Landing) -> None:
        flight.land = take
        raise interrupted

    flight.land = interrupt
    with pytest.raises(KeyboardInterrupt):
        flight.set_result(ProduceResponse())
    assert not flight.done()
    lost = KafkaConnectionError("the answer was lost")
    flight.set_exception(lost)
    assert landed == [lost]
