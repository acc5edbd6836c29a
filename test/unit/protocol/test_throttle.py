"""Which throttle times the client has to wait for."""

from __future__ import annotations

import pytest

from kafka.protocol.messages.metadata import MetadataResponse
from kafka.protocol.messages.offset_delete import OffsetDeleteResponse
from kafka.protocol.messages.sasl_handshake import SaslHandshakeResponse
from kafka.protocol.schema import Message
from kafka.protocol.throttle import throttle_seconds


@pytest.mark.parametrize(
    ("response", "version", "seconds"),
    [
        (MetadataResponse(throttle_time_ms=1500), 6, 1.5),
        (MetadataResponse(throttle_time_ms=1500), 5, 0.0),
        (MetadataResponse(), 9, 0.0),
        (MetadataResponse(throttle_time_ms=-1), 9, 0.0),
        (OffsetDeleteResponse(throttle_time_ms=20), 0, 0.02),
        (SaslHandshakeResponse(), 1, 0.0),
    ],
    ids=["newer", "older brokers wait themselves", "none", "negative", "young API", "no field"],
)
def test_wait_follows_the_version(response: Message, version: int, seconds: float) -> None:
    assert throttle_seconds(response.API_KEY, version, response) == seconds
