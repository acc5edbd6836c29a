"""One connection to a broker: its state, and the requests that wait for responses.

A request that is not answered in time ends the connection, because everything behind it would be
late as well. All requests in flight then fail. The caller decides whether to send them again.

For the loop thread only. What connects and shakes hands is `kafka.net.connector`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.deadline import NEVER
from kafka._base.logs import logger
from kafka._base.signal import Signal
from kafka.errors import KafkaConnectionError, KafkaError, KafkaProtocolError, RequestTimedOutError
from kafka.net.connection_state import CONNECTION_TRANSITIONS, ConnectionState
from kafka.net.frame_stream import ClientClosedError
from kafka.net.in_flight import InFlightRequest, InFlightRequests
from kafka.net.pending_response import PendingRequest
from kafka.protocol.adapt import adapt_request, adapt_response, version_cap
from kafka.protocol.headers import decode_correlation_id, decode_response, encode_request
from kafka.protocol.throttle import throttle_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.runtime import Runtime
    from kafka.net.frame_stream import FrameStream, Piece
    from kafka.net.pending_response import Frame, ResponseHandler
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.produce import ProduceResponse
    from kafka.protocol.produce_template import ProduceAck, ProduceTemplate
    from kafka.protocol.schema import Message, Request

log = logger("kafka.conn")

R = TypeVar("R", bound="Message")

# Looking a member up in an Enum takes a call in Python 3.11; these are read for each request.
_READY: Final = ConnectionState.READY
_CLOSED: Final = ConnectionState.CLOSED


class Connection:
    """Send requests to one broker.

    Args:
        node_id: the broker's id; negative for a bootstrap server.
        where: the node and its address, for messages.
        runtime: the surroundings.
        client_id: sent with every request.
        max_in_flight: how many requests may wait for responses.
        max_idle: seconds without a request after which the connection is closed.

    Attributes:
        state: CONNECTING at first; requests may be written while it is READY.
        versions: what the broker speaks; set by the handshake.
        error: how the stream ended, or why the connection was closed; ``None`` before.
        has_answered: whether a request has been answered since the handshake.
        on_close: called once when a connection that was ready ends, with the reason.
        on_throttle: called with seconds for which nothing may be sent.
    """

    def __init__(
        self,
        node_id: int,
        where: str,
        runtime: Runtime,
        *,
        client_id: str | None,
        max_in_flight: int,
        max_idle: float,
    ) -> None:
        self.node_id = node_id
        self.where = where
        self.state = ConnectionState.CONNECTING
        self.versions: ApiVersions | None = None
        self.error: KafkaError | None = None
        self.has_answered = False
        self.on_close: Callable[[KafkaError], None] | None = None
        self.on_throttle: Callable[[float], None] | None = None
        self._stream: FrameStream | None = None
        self._clock = runtime.clock
        self._observer = runtime.observer
        self._client_id = client_id
        self._max_in_flight = max_in_flight
        self._max_idle = max_idle
        self._loop = asyncio.get_running_loop()
        self._in_flight: InFlightRequests[PendingRequest] = InFlightRequests()
        self._room = Signal(self._loop)
        self._room_is_wanted = False
        self._drained = Signal(self._loop)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._used_at = runtime.clock.now()
        self._idle_timer: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        """How many requests wait for responses."""
        return len(self._in_flight)

    @property
    def oldest_sent_at(self) -> float:
        """When the oldest unanswered request was written; infinity if there is none."""
        return self._in_flight.oldest_sent_at()

    @property
    def head(self) -> bytes:
        """The first bytes that the peer sent on the present stream."""
        return b"" if self._stream is None else self._stream.head

    @property
    def has_room(self) -> bool:
        """Whether a request may be written now."""
        return self.state is _READY and len(self._in_flight) < self._max_in_flight

    # -- the way to READY ------------------------------------------------------------------

    def start_handshake(self, stream: FrameStream) -> None:
        """Take *stream*: from CONNECTING to API_VERSIONS."""
        self._move(ConnectionState.API_VERSIONS)
        self._stream = stream
        stream.attach(self)

    def drop_stream(self) -> None:
        """End the stream, because the handshake goes on with a new one: back to CONNECTING."""
        self._end_stream(None)
        self._move(ConnectionState.CONNECTING)
        self._stream = self.error = None

    def finish_handshake(self, versions: ApiVersions) -> None:
        """Allow requests, to a broker that speaks *versions*: from API_VERSIONS to READY.

        From now on the connection is closed when it is not used for the idle time.
        """
        self.versions = versions
        self._move(_READY)
        self._watch_idle()
        self._room.notify()
        if self.error is not None:
            # The stream ended right after the last response of the handshake.
            self.on_closed(self.error)

    def _move(self, state: ConnectionState) -> None:
        self.state = CONNECTION_TRANSITIONS.step(self.state, state)

    # -- requests --------------------------------------------------------------------------

    def send(
        self, request: Request[R], *, expires_at: float, max_version: int | None = None
    ) -> asyncio.Future[R]:
        """Write *request* now, in the highest version both sides speak; return its response.

        Args:
            request: in its newest shape; it is adapted to the version.
            expires_at: end the connection if there is no response by then.
            max_version: highest version to use.

        Raises:
            KafkaConnectionError: the connection is not ready.
            UnsupportedVersionError: the broker cannot do what the request asks for.
        """
        version = self._pick(request, max_version)
        future: asyncio.Future[R] = self._loop.create_future()
        self._write(request, future, version, expires_at)
        return future

    def write(
        self,
        request: Request[R],
        handler: ResponseHandler[R],
        *,
        expires_at: float,
        max_version: int | None = None,
    ) -> None:
        """As `send`, but give the outcome to *handler*, in the very step that brings it."""
        self._write(request, handler, self._pick(request, max_version), expires_at)

    def write_batch(
        self,
        template: ProduceTemplate,
        records: Sequence[Piece],
        handler: ResponseHandler[ProduceResponse | ProduceAck],
        *,
        expires_at: float,
    ) -> None:
        """As `write`, for a Produce request that *template* makes, in the version that it has."""
        if self.state is not _READY:
            raise self._unusable()
        correlation_id = self._in_flight.next_correlation_id()
        pieces = template.request(correlation_id, records)
        size = sum(map(len, pieces))
        pending = PendingRequest(handler, template.REQUEST_TYPE, template.version, size, template)
        self._post(correlation_id, pieces, pending, expires_at)

    def send_without_response(self, request: Request[R], *, max_version: int | None = None) -> None:
        """Write a request that the broker does not answer (Produce with acks=0)."""
        version = self._pick(request, max_version)
        pieces = self._encode(request, version, self._in_flight.next_correlation_id())
        self._used_at = self._clock.now()
        if self._stream is not None:
            self._stream.write(pieces)

    def exchange(
        self, request: Request[Message], version: int, *, expires_at: float
    ) -> asyncio.Future[Frame]:
        """Write a request of the handshake; the future gets the response, undecoded."""
        if self.state is not ConnectionState.API_VERSIONS or self.error is not None:
            raise self._unusable()
        frame: asyncio.Future[Frame] = self._loop.create_future()
        self._write(request, frame, version, expires_at, is_raw=True)
        return frame

    async def room(self) -> None:
        """Wait until a request may be written.

        Raises:
            KafkaConnectionError: the connection has been closed.
        """
        while not self.has_room:
            if self.state is _CLOSED:
                raise self._unusable()
            # All who wait are woken. The caller sees to their order: the pool has a lock, which
            # lets one wait at a time.
            self._room_is_wanted = True
            await self._room.wait(NEVER)

    async def drained(self) -> None:
        """Wait until the system has taken what was written.

        Raises:
            KafkaConnectionError: the connection has been closed.
        """
        if self.state is _READY and self._stream is not None and self._stream.is_paused:
            await self._drained.wait(NEVER)
        if self.state is not _READY:
            raise self._unusable()

    def on_writable(self) -> None:
        """Wake those who wait in `drained`."""
        self._drained.notify()

    def _pick(self, request: Request[R], max_version: int | None) -> int:
        """Return the version to write *request* in, if the connection is ready for it."""
        if self.state is not _READY or self.versions is None:
            raise self._unusable()
        cap = version_cap(request)
        if cap is None or (max_version is not None and max_version < cap):
            cap = max_version
        return self.versions.pick(request, max_version=cap)

    def _unusable(self) -> KafkaConnectionError:
        """Return the error for a request that cannot be written in the present state."""
        if self.error is None:
            return KafkaConnectionError(f"{self.where}: used while {self.state.name}")
        error = KafkaConnectionError(*self.error.args)
        error.__cause__ = self.error
        return error

    def _encode(
        self, request: Request[R], version: int, correlation_id: int
    ) -> list[bytes | memoryview]:
        return encode_request(
            adapt_request(request, version),
            version,
            correlation_id=correlation_id,
            client_id=self._client_id,
        )

    def _write(
        self,
        request: Request[R],
        handler: ResponseHandler[R] | asyncio.Future[Frame],
        version: int,
        expires_at: float,
        *,
        is_raw: bool = False,
    ) -> None:
        correlation_id = self._in_flight.next_correlation_id()
        pieces = self._encode(request, version, correlation_id)
        size = sum(map(len, pieces))
        pending = PendingRequest(handler, type(request), version, size, None, is_raw)
        self._post(correlation_id, pieces, pending, expires_at)

    def _post(
        self,
        correlation_id: int,
        pieces: Sequence[Piece],
        pending: PendingRequest,
        expires_at: float,
    ) -> None:
        """Put *pending* in flight and write its *pieces*."""
        self._used_at = now = self._clock.now()
        self._in_flight.add(InFlightRequest(correlation_id, pending, now, expires_at))
        if expires_at < self._timer_at:
            self._set_timer(expires_at, now)
        if self._stream is not None:
            self._stream.write(pieces)

    # -- responses -------------------------------------------------------------------------

    def on_frame(self, frame: Frame) -> None:
        """Give a response to the request that it answers."""
        try:
            request = self._in_flight.complete(decode_correlation_id(frame))
        except KafkaProtocolError as error:
            self._end_stream_for(error)
            return
        # No call comes between the queue and the next `try`. So whatever is raised from here on,
        # by a signal handler for instance, is told to the request.
        pending = request.pending
        try:
            self._used_at = self._clock.now()
            if pending.is_raw:
                pending.succeed(frame)
            else:
                self._complete(request, frame)
        except BaseException as exc:
            self._give_up(pending, exc)
            if not isinstance(exc, Exception):
                raise

    def _complete(self, request: InFlightRequest[PendingRequest], frame: Frame) -> None:
        """Decode a response, report it, and give it to the handler."""
        handler, request_type, version, size, template, _ = request.pending
        seconds = 0.0
        answer: Message | ProduceAck | None = None
        if template is not None:
            answer = template.read_ack(frame)
        if answer is None:
            response = decode_response(request_type, version, frame)
            seconds = throttle_seconds(request_type.API_KEY, version, response)
            answer = adapt_response(response, version)
        self.has_answered = True
        try:
            if seconds > 0:
                self._throttle(request_type.API_KEY, seconds)
            took = self._used_at - request.sent_at
            self._observer.request_completed(
                self.node_id, request_type.API_KEY, took, size, len(frame)
            )
            if self._room_is_wanted:
                self._room_is_wanted = False
                self._room.notify()
        finally:
            # As `succeed`, without a call.
            if not handler.done():
                handler.set_result(answer)

    def _throttle(self, api_key: int, seconds: float) -> None:
        self._observer.throttled(self.node_id, api_key, seconds)
        if self.on_throttle is not None:
            self.on_throttle(seconds)

    def _give_up(self, pending: PendingRequest, exc: BaseException) -> None:
        """Fail a request whose response could not be handled, and end the stream."""
        error = exc
        if not isinstance(error, KafkaProtocolError):
            error = KafkaProtocolError(f"the answer to {pending} could not be dealt with: {exc!r}")
            error.__cause__ = exc
            log.error("%s: %s", self.where, error.args[0], exc_info=exc)
        try:
            pending.fail(error)
        finally:
            self._end_stream_for(error)

    def _end_stream_for(self, error: KafkaProtocolError) -> None:
        """End a stream on which the peer broke the protocol; say which stream it was."""
        self._end_stream(type(error)(f"{self.where}: {error.args[0] if error.args else error}"))

    # -- the end ---------------------------------------------------------------------------

    def close(self, error: KafkaError | None = None) -> None:
        """End the connection, in any state; requests in flight fail."""
        if self.state is not _CLOSED and self.state is not _READY:
            self._move(_CLOSED)
            self.error = self.error or error or ClientClosedError(f"{self.where}: given up")
        # A second call does what an exception kept the first one from.
        self._end_stream(error)

    def _end_stream(self, error: KafkaError | None) -> None:
        if self._stream is not None:
            self._stream.close(error)

    def on_closed(self, error: KafkaError) -> None:
        """Fail what is in flight, because the stream has ended.

        That closes a connection that was ready. The handshake may go on with another stream.
        """
        was_ready = self.state is _READY
        self.error = error
        try:
            if was_ready:
                self._move(_CLOSED)
        finally:
            try:
                self._fail_all(error)
            finally:
                if was_ready and self.on_close is not None:
                    self.on_close(error)

    def _fail_all(self, error: KafkaError) -> None:
        """Fail all requests in flight, wake all who wait, cancel the timers.

        If an observer or a signal handler raises, the other requests are told all the same; the
        exception goes on afterwards.
        """
        raised: BaseException | None = None
        while True:
            try:
                while self._in_flight:
                    self._fail_oldest(error)
                break
            except BaseException as exc:  # noqa: BLE001 - raised below
                raised = raised or exc
        self._stop_waiting()
        if raised is not None:
            raise raised

    def _fail_oldest(self, error: KafkaError) -> None:
        pending = self._in_flight.take_oldest().pending
        cause = error
        try:
            text = error.args[0] if error.args else error
            cause = KafkaConnectionError(f"{pending} got no answer: {text}")
            cause.__cause__ = error
            self._observer.request_failed(self.node_id, pending.request_type.API_KEY, cause)
        finally:
            # The handshake looks at the error of the stream itself.
            pending.fail(error if pending.is_raw else cause)

    def _stop_waiting(self) -> None:
        for timer in (self._timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._timer, self._timer_at = None, float("inf")
        self._room.notify()
        self._drained.notify()

    # -- time ------------------------------------------------------------------------------

    def is_idle(self, now: float) -> bool:
        """Return whether nothing has been sent for the idle time and nothing is in flight."""
        return now >= self._used_at + self._max_idle and not self._in_flight

    def _watch_idle(self) -> None:
        """Close the connection once nothing has been sent on it for the idle time."""
        now = self._clock.now()
        if not self.is_idle(now):
            wait = self._used_at + self._max_idle - now
            self._idle_timer = self._loop.call_later(max(wait, 1.0), self._watch_idle)
            return
        log.info("%s: closing, not used for %.0f s", self.where, self._max_idle)
        self.close()

    def _set_timer(self, at: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(at - now, 0.0), self._expire)

    def _expire(self) -> None:
        """End the stream if a request has expired, else wait for the next expiry."""
        now = self._clock.now()
        self._timer, self._timer_at = None, float("inf")
        first = self._in_flight.next_expiry()
        if first is None:
            return
        if first > now:
            self._set_timer(first, now)
            return
        late = next(r for r in self._in_flight if r.expires_at <= now)
        waited = now - late.sent_at
        error = RequestTimedOutError(
            f"{self.where}: no answer to {late.pending} after {waited:.1f} s"
        )
        try:
            for request in self._in_flight:
                if request.expires_at <= now:
                    request.pending.fail(error)
        finally:
            self._end_stream(error)

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Connection {self.where} {self.state.name} in_flight={self.in_flight}>"
