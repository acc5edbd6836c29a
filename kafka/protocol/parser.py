"""The protocol without a connection: requests to bytes, bytes to responses.  Pure."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Final

from kafka.errors import CorrelationIdError, IllegalStateError, KafkaProtocolError
from kafka.protocol.frames import FrameBuffer
from kafka.protocol.types import Int32, readable

if TYPE_CHECKING:
    from kafka.protocol.api import Request
    from kafka.protocol.primitives import Buffer
    from kafka.protocol.struct import Struct

_MAX_CORRELATION_ID: Final = 2**31


class KafkaProtocol:
    """Frames requests and matches responses with them; whoever uses it moves the bytes.

    Args:
        client_id: who asks, as the broker's logs and quotas name it.
        api_version: of the broker; not needed, taken because kafka-python has it.
        max_frame_size: a larger response is an error.
    """

    def __init__(
        self,
        client_id: str | None = None,
        api_version: tuple[int, ...] | None = None,  # noqa: ARG002 - kafka-python's signature
        max_frame_size: int = 100_000_000,
    ) -> None:
        self._client_id = client_id
        self._correlation_ids = count()
        self._frames = FrameBuffer(max_frame_size)
        self.in_flight_requests: deque[tuple[int, Request]] = deque()
        self.bytes_to_send: list[bytes] = []

    def send_request(self, request: Request, correlation_id: int | None = None) -> int:
        """Add *request* to what `send_bytes` returns, and return its correlation id.

        Args:
            request: what to ask.
            correlation_id: a number that the response repeats; by default the next one.
        """
        if correlation_id is None:
            correlation_id = next(self._correlation_ids) % _MAX_CORRELATION_ID
        header = request.build_header(correlation_id, self._client_id)
        message = header.encode() + request.encode()
        self.bytes_to_send.append(Int32.encode(len(message)) + message)
        if request.expect_response():
            self.in_flight_requests.append((correlation_id, request))
        return correlation_id

    def send_bytes(self) -> bytes:
        """Return all bytes that have not been taken, and forget them."""
        data = b"".join(self.bytes_to_send)
        self.bytes_to_send = []
        return data

    def receive_bytes(self, data: Buffer) -> list[tuple[int, Struct]]:
        """Return the responses that *data* completes, with their correlation ids.

        Raises:
            KafkaProtocolError: the bytes are no answer to the oldest request; the stream is lost.
        """
        return list(map(self._response, self._frames.feed(data)))

    def _response(self, frame: Buffer) -> tuple[int, Struct]:
        if not self.in_flight_requests:
            raise IllegalStateError("a response came, but no request is in flight")
        sent, request = self.in_flight_requests.popleft()
        stream, answer = readable(frame), request.RESPONSE_TYPE
        found = answer.parse_header(stream).get_item("correlation_id")
        # Kafka 0.8.2 answers GroupCoordinatorRequest v0 with 0, whatever was asked.
        expected = (sent, 0) if (request.API_KEY, request.API_VERSION) == (10, 0) else (sent,)
        if found not in expected:
            raise CorrelationIdError(f"{answer.__name__}: id {found} came, {sent} was sent")
        try:
            return sent, answer.decode(stream)
        except KafkaProtocolError as exc:
            raise KafkaProtocolError(f"{answer.__name__}: {exc}") from exc
