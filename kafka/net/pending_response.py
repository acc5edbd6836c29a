"""A request that waits for its response: who receives the response, and how to decode it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kafka.errors import KafkaError
    from kafka.net.frame_stream import Piece
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
        is_raw: tells it from a `PendingFrame`.
    """

    # Any: one queue holds requests of all types. A handler gets what `Connection` decodes for
    # the request that it was given with.
    handler: ResponseHandler[Any]
    request_type: type[Request[Message]]
    version: int
    size: int
    template: ProduceTemplate | None = None
    is_raw: Literal[False] = False

    @property
    def api_key(self) -> int:
        """The API of the request."""
        return self.request_type.API_KEY

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


class PendingFrame(NamedTuple):
    """A request whose response goes to its handler undecoded.

    Attributes:
        handler: receives the response.
        api_key: the API of the request.
        name: the request, for messages.
        size: its bytes.
        is_raw: tells it from a `PendingRequest`.
        is_reported: whether observers are told of it, and its failures name it. A conversation
            looks at the errors of the stream itself.
    """

    handler: ResponseHandler[Frame]
    api_key: int
    name: str
    size: int
    is_raw: Literal[True] = True
    is_reported: bool = False

    def succeed(self, response: Frame) -> None:
        """Give *response* to the handler, unless it no longer waits."""
        if not self.handler.done():
            self.handler.set_result(response)

    def fail(self, error: KafkaError) -> None:
        """Give *error* to the handler, unless it no longer waits."""
        if not self.handler.done():
            self.handler.set_exception(error)

    def __str__(self) -> str:
        """Name the request."""
        return self.name


class EncodedRequest(Protocol):
    """A request that its sender encodes, and whose response it decodes."""

    @property
    def api_key(self) -> int:
        """The API."""

    @property
    def name(self) -> str:
        """Name and version, for messages."""

    def frame(self, correlation_id: int, client_id: str | None) -> Sequence[Piece]:
        """Return size, header and body."""
