"""Requests that wait for their responses."""

from __future__ import annotations

import asyncio

import pytest

from kafka.errors import KafkaConnectionError
from kafka.net.pending_response import PendingFrame, PendingRequest
from kafka.protocol.messages.metadata import MetadataRequest


class Handler:
    """Keeps what it is given."""

    def __init__(self, *, done: bool = False) -> None:
        self.outcomes: list[object] = []
        self._done = done

    def done(self) -> bool:
        return self._done

    def set_result(self, result: object) -> None:
        self.outcomes.append(result)

    def set_exception(self, exception: Exception) -> None:
        self.outcomes.append(exception)


def test_outcome_goes_to_the_handler() -> None:
    handler, error = Handler(), KafkaConnectionError("gone")
    pending = PendingRequest(handler, MetadataRequest, 12, 30)
    pending.succeed("response")
    pending.fail(error)
    assert handler.outcomes == ["response", error]


def test_handler_that_no_longer_waits_gets_nothing() -> None:
    handler = Handler(done=True)
    pending = PendingRequest(handler, MetadataRequest, 12, 30)
    pending.succeed("response")
    pending.fail(KafkaConnectionError("gone"))
    assert handler.outcomes == []


async def test_future_is_a_handler() -> None:
    future: asyncio.Future[object] = asyncio.Future()
    PendingRequest(future, MetadataRequest, 12, 30).fail(KafkaConnectionError("gone"))
    with pytest.raises(KafkaConnectionError):
        await future


def test_pending_request_names_its_api_and_version() -> None:
    assert str(PendingRequest(Handler(), MetadataRequest, 12, 30)) == "Metadata v12"


def test_response_of_an_encoded_request_goes_on_undecoded() -> None:
    handler, error = Handler(), KafkaConnectionError("gone")
    pending = PendingFrame(handler, 3, "Metadata v12", 30)
    pending.succeed(b"frame")
    pending.fail(error)
    assert handler.outcomes == [b"frame", error]
    assert (str(pending), pending.api_key) == ("Metadata v12", 3)


def test_handler_of_a_frame_that_no_longer_waits_gets_nothing() -> None:
    handler = Handler(done=True)
    pending = PendingFrame(handler, 3, "Metadata v12", 30)
    pending.succeed(b"frame")
    pending.fail(KafkaConnectionError("gone"))
    assert handler.outcomes == []
