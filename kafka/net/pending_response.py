"""A request that waits for its response: who receives the response, and how to decode it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from kafka.errors import KafkaError
    from kafka.protocol.produce_template import ProduceTemplate
    from kafka.protocol.schema import Message, Request

R_contra = TypeVar("R_contra", contravariant=True)

Frame = bytes | memoryview


class ResponseHandler(Protocol[R_contra]):
    """Receives the outcome of a request; `asyncio.Future` is one.

    A future passes the outcome on in a later step of the event loop. A handler that acts at once
    must not raise.
    """

    def done(self) -> bool:
        """Return whether the outcome is known or no longer wanted; nothing is set then."""

    def set_result(self, result: R_contra, /) -> None:
        """Take the response."""

    def set_exception(self, exception: KafkaError, /) -> None:
        """Take the reason why there will be no response."""


class PendingRequest(NamedTuple):
    """A request that has been written.

    Attributes:
        handler: receives the response.
        request_type: the type of the request.
        version: the version in which it was written.
        size: its bytes.
        template: decodes the expected response of a request that it made.
        is_raw: the handler receives the response undecoded, and observers are not told of it.
    """

    # Any: one queue holds requests of all types. A handler gets what `Connection` decodes for
    # the request that it was given with.
    handler: ResponseHandler[Any]
    request_type: type[Request[Message]]
    version: int
    size: int
    template: ProduceTemplate | None = None
    is_raw: bool = False

    def succeed(self, response: object) -> None:
        """Give *response* to the handler, unless it no longer waits."""
        if not self.handler.done():
            self.handler.set_result(response)

    def fail(self, error: KafkaError) -> None:
        """Give *error* to the handler, unless it no longer waits."""
        if not self.handler.done():
            self.handler.set_exception(error)

    def __str__(self) -> str:
        """Name the request."""
        return f"{self.request_type.NAME} v{self.version}"
