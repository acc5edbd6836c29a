"""Whom the response to a request goes to, and in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio

    from kafka.errors import KafkaError
    from kafka.protocol.produce_template import ProduceTemplate
    from kafka.protocol.schema import Message, Request

R_contra = TypeVar("R_contra", contravariant=True)
F = TypeVar("F")

Frame = bytes | memoryview


class Answer(Protocol[R_contra]):
    """What becomes of a request; `asyncio.Future` is one.

    One that acts at once, without the round through the event loop that a future takes, must not
    raise.
    """

    def done(self) -> bool:
        """Return whether this is over, so that nothing more is to be told."""

    def set_result(self, result: R_contra, /) -> None:
        """Take the response."""

    def set_exception(self, exception: KafkaError, /) -> None:
        """Take note that there will be no response."""


class Waiter(NamedTuple):
    """Whom a response goes to.

    Attributes:
        answer: takes the response.
        frame: takes it undecoded instead: a handshake looks at its frames itself.
        template: reads a response that is as expected; *answer* takes what it reads.
        request_type: what was asked.
        version: in which version.
        size: bytes of the request.
    """

    answer: Answer[Message]
    frame: asyncio.Future[Frame] | None
    template: ProduceTemplate | None
    request_type: type[Request[Message]]
    version: int
    size: int

    def fail(self, error: KafkaError) -> None:
        """Tell that there will be no response, unless nobody waits any more."""
        told = self.answer if self.frame is None else self.frame
        if not told.done():
            told.set_exception(error)

    def __str__(self) -> str:
        """Name the request."""
        return f"{self.request_type.NAME} v{self.version}"


def resolve(future: asyncio.Future[F], result: F) -> None:
    """Set the result of *future* unless its caller has stopped waiting."""
    if not future.done():
        future.set_result(result)
