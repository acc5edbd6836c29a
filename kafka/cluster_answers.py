"""Metadata responses of either kind: this package's own, and those of `kafka.protocol.metadata`.

Pure.
"""

from __future__ import annotations

from typing import Protocol

from kafka.errors import BrokerResponseError, NoError, for_code
from kafka.protocol.messages.metadata import MetadataResponse


class MetadataStruct(Protocol):
    """A response as kafka-python 2.x has it: one class for each version."""

    API_VERSION: int

    def encode(self) -> bytes:
        """Return the bytes."""


MetadataAnswer = MetadataResponse | MetadataStruct


def as_response(answer: MetadataAnswer) -> MetadataResponse:
    """Return *answer* as this package's own message.

    Both kinds have the same bytes, so no table of names is needed.

    Raises:
        TypeError: *answer* is no metadata response.
    """
    if isinstance(answer, MetadataResponse):
        return answer
    is_metadata = getattr(answer, "API_KEY", None) == MetadataResponse.API_KEY
    is_request = hasattr(answer, "RESPONSE_TYPE")
    if not is_metadata or is_request or not hasattr(answer, "API_VERSION"):
        raise TypeError(f"a metadata response is needed, not {type(answer).__name__}")
    return MetadataResponse.decode(answer.encode(), answer.API_VERSION)


def error_of_topic(response: MetadataResponse) -> BrokerResponseError | None:
    """Return the error of the only topic of *response*, if there is only one and it has one."""
    if len(response.topics) != 1:
        return None
    topic = next(iter(response.topics))
    error = for_code(topic.error_code)
    return None if error is NoError else error(topic.name)
