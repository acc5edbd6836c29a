"""Requests that users make themselves.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from kafka.admin.lookups import to_broker
from kafka.admin.operation import ANY_ONCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.admin.operation import Answer, Lookup, Verdicts
    from kafka.errors import KafkaError
    from kafka.protocol.schema import Message, Request

R = TypeVar("R", bound="Message")

RAW: Final = "made by hand"
"""The one key of a request."""


class SendRaw(Generic[R]):
    """Send a request; what the response says is for the user to read.

    Args:
        request: the request.
        node_id: the broker to ask; ``None`` for any.
    """

    noun: Final = "a request"
    verdicts: Final[Verdicts] = {}

    def __init__(self, request: Request[R], node_id: int | None) -> None:
        self._request = request
        # Any: the one key is not looked at.
        self.lookup: Final[Lookup[Any]] = to_broker(lambda _key: node_id, ANY_ONCE)

    def build(self, keys: Sequence[str], timeout_ms: int) -> Request[R]:
        """Return the request."""
        del keys, timeout_ms
        return self._request

    def read(self, answer: Answer[R], keys: Sequence[str]) -> dict[str, R | KafkaError]:
        """Return the response."""
        return dict.fromkeys(keys, answer.response)
