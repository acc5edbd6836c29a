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
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    RequestTimedOutError,
    TlsError,
)
from kafka.net.connection_state import CONNECTION_TRANSITIONS, ConnectionState
from kafka.net.frame_stream import ClientClosedError
from kafka.net.in_flight import InFlightRequest, InFlightRequests
from kafka.net.pending_response import PendingFrame, PendingRequest
from kafka.net.session import shorten_wait
from kafka.protocol.adapt import adapt_request, adapt_response, version_cap
from kafka.protocol.features import SASL_IN_REQUESTS
from kafka.protocol.headers import decode_correlation_id, decode_response, encode_request
from kafka.protocol.throttle import throttle_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.runtime import Runtime
    from kafka._base.secret import Secret
    from kafka.net.frame_stream import FrameStream, Piece
    from kafka.net.pending_response import EncodedRequest, Frame, ResponseHandler
    from kafka.net.session import Session
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.produce import ProduceResponse
    from kafka.protocol.produce_template import ProduceAck, ProduceTemplate
    from kafka.protocol.schema import Message, Request

log = logger("kafka.conn")

R = TypeVar("R", bound="Message")

# Looking a member up in an Enum takes a call in Python 3.11; these are read for each request.
_READY: Final = ConnectionState.READY
_REAUTHENTICATING: Final = ConnectionState.REAUTHENTICATING
_CLOSED: Final = ConnectionState.CLOSED
# No token is larger, and who has not authenticated is believed no other sizes.
_LARGEST_CHALLENGE: Final = 128 * 1024
# A conversation that comes before requests, or between them.
_CONVERSING: Final = (
    ConnectionState.API_VERSIONS,
    ConnectionState.AUTHENTICATING,
    _REAUTHENTICATING,
)


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
        ended_in_use: whether requests were in flight when it ended.
        on_close: called once when a connection that was ready ends, with the reason.
        on_throttle: called with seconds for which nothing may be sent.
        session: the authentication, if that does not last for ever (KIP-368).
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
        self.ended_in_use = False
        self.on_close: Callable[[KafkaError], None] | None = None
        self.on_throttle: Callable[[float], None] | None = None
        self.session: Session | None = None
        self._stream: FrameStream | None = None
        self._clock = runtime.clock
        self._observer = runtime.observer
        self._client_id = client_id
        self._max_in_flight = self._room_for = max_in_flight
        self._max_idle = max_idle
        self._loop = asyncio.get_running_loop()
        self._in_flight: InFlightRequests[PendingRequest | PendingFrame] = InFlightRequests()
        self._room = Signal(self._loop)
        self._room_is_wanted = False
        self._drained = Signal(self._loop)
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._used_at = runtime.clock.now()
        self._idle_timer: asyncio.TimerHandle | None = None
        self._session_timer: asyncio.TimerHandle | None = None
        self._used_before = self._used_at

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
        return self.state is _READY and len(self._in_flight) < self._room_for

    @property
    def _is_open(self) -> bool:
        """Whether the connection has been READY and is not over."""
        return self.state is _READY or self.state is _REAUTHENTICATING

    # -- the way to READY ------------------------------------------------------------------

    def start_tls(self) -> None:
        """Note that TLS is shaking hands: from CONNECTING to TLS."""
        self._move(ConnectionState.TLS)

    def start_handshake(self, stream: FrameStream) -> None:
        """Take *stream*: from CONNECTING or TLS to API_VERSIONS."""
        self._move(ConnectionState.API_VERSIONS)
        self._stream = stream
        stream.attach(self)

    def drop_stream(self) -> None:
        """End the stream, because the handshake goes on with a new one: back to CONNECTING."""
        self._end_stream(None)
        self._move(ConnectionState.CONNECTING)
        self._stream = self.error = None

    def start_authentication(self, versions: ApiVersions) -> None:
        """Let an authenticator speak to a broker that speaks *versions*."""
        self.versions = versions
        self._move(ConnectionState.AUTHENTICATING)
        self._limit_frames(_LARGEST_CHALLENGE)

    def finish_handshake(self, versions: ApiVersions) -> None:
        """Allow requests, to a broker that speaks *versions*: to READY.

        From now on the connection is closed when it is not used for the idle time.
        """
        self.versions = versions
        self._move(_READY)
        self._limit_frames(None)
        self._watch_idle()
        self._room.notify()
        if self.error is not None:
            # The stream ended right after the last response of the handshake.
            self.on_closed(self.error)

    # -- sessions (KIP-368) ----------------------------------------------------------------

    def when_session_needs(self, at: float, function: Callable[[], object]) -> None:
        """Call *function* at a time, unless the connection ends before, instead of the last one."""
        if self._session_timer is not None:
            self._session_timer.cancel()
        self._session_timer = self._loop.call_at(at, function)

    def hold(self) -> None:
        """Let requests wait; those in flight go on."""
        self._room_for = 0

    async def quiet(self) -> None:
        """Hold, and wait until nothing is in flight.

        Raises:
            KafkaConnectionError: the connection has been closed.
        """
        self.hold()
        while self._in_flight and self.state is _READY:
            self._room_is_wanted = True
            await self._room.wait(NEVER)
        if self.state is not _READY:
            raise self._unusable()

    def start_reauthentication(self) -> None:
        """Let an authenticator speak again; nothing is in flight."""
        self._used_before = self._used_at
        self._move(_REAUTHENTICATING)
        self._limit_frames(_LARGEST_CHALLENGE)

    def finish_reauthentication(self) -> None:
        """Allow requests again; for the idle time, the authentication was no use."""
        self._used_at = self._used_before
        self._move(_READY)
        self._limit_frames(None)
        self._room_for = self._max_in_flight
        self._room.notify()
        if self.error is not None:
            # The stream ended right after the last answer.
            self.on_closed(self.error)

    def _limit_frames(self, max_frame_bytes: int | None) -> None:
        versions = self.versions
        if self._stream is not None and versions is not None:
            headers = max_frame_bytes is None or versions.has(SASL_IN_REQUESTS)
            self._stream.limit(max_frame_bytes, headers=headers)

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

    def write_encoded(
        self, request: EncodedRequest, handler: ResponseHandler[Frame] | None, *, expires_at: float
    ) -> None:
        """As `write`, for a request that is encoded already; its response is not decoded.

        Args:
            request: gives the bytes, whatever the broker speaks.
            handler: gets the response; ``None`` if there will be none.
            expires_at: end the connection if there is no response by then.

        Raises:
            KafkaConnectionError: the connection is not ready.
        """
        if self.state is not _READY:
            raise self._unusable()
        correlation_id = self._in_flight.next_correlation_id()
        pieces = request.frame(correlation_id, self._client_id)
        if handler is not None:
            size = sum(map(len, pieces))
            pending = PendingFrame(handler, request.api_key, request.name, size, is_reported=True)
            self._post(correlation_id, pieces, pending, expires_at)
        elif self._stream is not None:
            self._used_at = self._clock.now()
            self._stream.write(pieces)

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
        """Write a request of a conversation; the future gets the response, undecoded."""
        self._check_conversing()
        frame: asyncio.Future[Frame] = self._loop.create_future()
        correlation_id = self._in_flight.next_correlation_id()
        pieces = self._encode(request, version, correlation_id)
        size = sum(map(len, pieces))
        pending = PendingFrame(frame, request.API_KEY, f"{request.NAME} v{version}", size)
        self._post(correlation_id, pieces, pending, expires_at)
        return frame

    def exchange_raw(self, data: Secret[bytes]) -> asyncio.Future[Frame]:
        """Write a frame without a header, as SASL before Kafka 1.0 does; the future gets the next.

        It fails when the stream ends, and not before: the caller sees to the time.
        """
        self._check_conversing()
        if self._stream is None or self._in_flight:
            raise self._unusable()
        return self._stream.exchange_raw(data)

    def _check_conversing(self) -> None:
        if isinstance(self.error, TlsError):
            raise self.error  # an alert in answer to the handshake, not a mere end
        if self.state not in _CONVERSING or self.error is not None:
            raise self._unusable()

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
        if self._is_open and self._stream is not None and self._stream.is_paused:
            await self._drained.wait(NEVER)
        if not self._is_open:
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
        handler: ResponseHandler[R],
        version: int,
        expires_at: float,
    ) -> None:
        if self.session is not None:
            shorten_wait(request, self.session, self._clock.now())
        correlation_id = self._in_flight.next_correlation_id()
        pieces = self._encode(request, version, correlation_id)
        size = sum(map(len, pieces))
        pending = PendingRequest(handler, type(request), version, size)
        self._post(correlation_id, pieces, pending, expires_at)

    def _post(
        self,
        correlation_id: int,
        pieces: Sequence[Piece],
        pending: PendingRequest | PendingFrame,
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
                self._pass_on(pending, request.sent_at, frame)
            else:
                self._complete(pending, request.sent_at, frame)
        except BaseException as exc:
            self._give_up(pending, exc)
            if not isinstance(exc, Exception):
                raise

    def _complete(self, pending: PendingRequest, sent_at: float, frame: Frame) -> None:
        """Decode a response, report it, and give it to the handler."""
        handler, request_type, version, size, template, _ = pending
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
            took = self._used_at - sent_at
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

    def _pass_on(self, pending: PendingFrame, sent_at: float, frame: Frame) -> None:
        """Give a response to a handler that decodes it."""
        if pending.is_reported:
            self.has_answered = True
            took = self._used_at - sent_at
            self._observer.request_completed(
                self.node_id, pending.api_key, took, pending.size, len(frame)
            )
            self._room.notify()
        pending.succeed(frame)

    def _throttle(self, api_key: int, seconds: float) -> None:
        self._observer.throttled(self.node_id, api_key, seconds)
        if self.on_throttle is not None:
            self.on_throttle(seconds)

    def _give_up(self, pending: PendingRequest | PendingFrame, exc: BaseException) -> None:
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
        if self.state is not _CLOSED and not self._is_open:
            self._move(_CLOSED)
            self.error = self.error or error or ClientClosedError(f"{self.where}: given up")
        # A second call does what an exception kept the first one from.
        self._end_stream(error)
        if self.state is _REAUTHENTICATING:
            self._finish(error or self.error or ClientClosedError(f"{self.where}: given up"))

    def _end_stream(self, error: KafkaError | None) -> None:
        if self._stream is not None:
            self._stream.close(error)

    def on_closed(self, error: KafkaError) -> None:
        """Fail what is in flight, because the stream has ended.

        That closes a connection that was ready. A handshake may go on with another stream, and an
        authentication on this one has ended with a better reason: who conducts it closes.
        """
        self.error = error
        if self.state is _READY:
            self._finish(error)
        else:
            self._fail_all(error)

    def _finish(self, error: KafkaError) -> None:
        """End a connection that was ready."""
        self.error = error
        self.ended_in_use = bool(self._in_flight)
        try:
            self._move(_CLOSED)
        finally:
            try:
                self._fail_all(error)
            finally:
                if self.on_close is not None:
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
            self._observer.request_failed(self.node_id, pending.api_key, cause)
        finally:
            # The handshake looks at the error of the stream itself.
            pending.fail(error if pending.is_raw and not pending.is_reported else cause)

    def _stop_waiting(self) -> None:
        for timer in (self._timer, self._idle_timer, self._session_timer):
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
