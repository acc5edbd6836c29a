"""One connection to a broker: requests out, responses to those who wait for them.

A request that is not answered in time ends the connection, because what follows on it would be
late as well. All requests in flight then fail; whether to send them again is for the caller.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from kafka.errors import KafkaConnectionError, KafkaError, KafkaProtocolError, RequestTimedOutError
from kafka.net.in_flight import InFlightRequest, InFlightRequests
from kafka.net.waiter import Waiter, resolve
from kafka.protocol.adapt import adapt_request, adapt_response, version_cap
from kafka.protocol.headers import decode_correlation_id, decode_response, encode_request
from kafka.protocol.throttle import throttle_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.net.driver import Driver, Piece
    from kafka.net.waiter import Answer, Frame
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.produce import ProduceResponse
    from kafka.protocol.produce_template import ProduceAck, ProduceTemplate
    from kafka.protocol.schema import Message, Request

log = logging.getLogger("kafka.conn")

R = TypeVar("R", bound="Message")


class Connection:
    """Send requests over one `Driver`.

    Args:
        node_id: the broker's id; negative for a bootstrap server.
        driver: the stream.
        clock: for time-outs.
        observer: who hears of requests.
        client_id: sent with every request.
        max_in_flight: how many requests may wait for answers.
        max_idle: seconds without a request after which the connection is closed.

    Attributes:
        versions: what the broker speaks; set by the handshake.
        on_close: called once when the connection ends, with the reason.
        on_throttle: called with seconds for which nothing may be sent.
    """

    def __init__(
        self,
        node_id: int,
        driver: Driver,
        *,
        clock: Clock,
        observer: Observer,
        client_id: str | None,
        max_in_flight: int,
        max_idle: float,
    ) -> None:
        self.node_id = node_id
        self.versions: ApiVersions | None = None
        self.on_close: Callable[[KafkaError], None] | None = None
        self.on_throttle: Callable[[float], None] | None = None
        self._driver = driver
        self._clock = clock
        self._observer = observer
        self._client_id = client_id
        self._max_in_flight = max_in_flight
        self._max_idle = max_idle
        self._loop = asyncio.get_running_loop()
        self._in_flight: InFlightRequests[Waiter] = InFlightRequests()
        self._slots: list[asyncio.Future[None]] = []
        self._drains: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")
        self._used_at = clock.now()
        self._idle_timer: asyncio.TimerHandle | None = None
        self.error: KafkaError | None = None
        driver.attach(self)

    @property
    def where(self) -> str:
        """The node and its address, for messages."""
        return self._driver.where

    @property
    def in_flight(self) -> int:
        """How many requests wait for answers."""
        return len(self._in_flight)

    @property
    def head(self) -> bytes:
        """The first bytes the peer sent."""
        return self._driver.head

    @property
    def has_room(self) -> bool:
        """Whether a request may be written now."""
        return self.error is None and len(self._in_flight) < self._max_in_flight

    # -- requests --------------------------------------------------------------------------

    def send(
        self, request: Request[R], *, expires_at: float, max_version: int | None = None
    ) -> asyncio.Future[R]:
        """Write *request* now, in the highest version both sides speak.

        Args:
            request: in its newest shape; it is adapted to the version.
            expires_at: end the connection if there is no response by then.
            max_version: highest version to use.

        Raises:
            KafkaConnectionError: the connection has ended.
            UnsupportedVersionError: the broker cannot do what the request asks for.
        """
        version = self._pick(request, max_version)
        future: asyncio.Future[R] = self._loop.create_future()
        # One list holds responses of all types; `decode_response` yields the type sent for.
        self._write(request, version, expires_at, answer=future)  # type: ignore[arg-type]
        return future

    def write(self, request: Request[R], answer: Answer[R], *, expires_at: float) -> None:
        """As `send`, and tell *answer* what becomes of it in the very step that finds out."""
        version = self._pick(request, None)
        self._write(request, version, expires_at, answer=answer)  # type: ignore[arg-type] # as in send

    def write_batch(
        self,
        template: ProduceTemplate,
        records: Sequence[Piece],
        answer: Answer[ProduceResponse | ProduceAck],
        *,
        expires_at: float,
    ) -> None:
        """As `write`, a Produce request made by *template*, which has the version as well."""
        if self.error is not None:
            self._check_open()
        correlation_id = self._in_flight.next_correlation_id()
        pieces = template.request(correlation_id, records)
        size = sum(map(len, pieces))
        asked, version = template.REQUEST_TYPE, template.version
        waiter = Waiter(answer, None, template, asked, version, size)  # type: ignore[arg-type] # as in send
        self._post(pieces, InFlightRequest(correlation_id, waiter, self._clock.now(), expires_at))

    def send_without_response(self, request: Request[R], *, max_version: int | None = None) -> None:
        """Write a request that the broker does not answer (Produce with acks=0)."""
        version = self._pick(request, max_version)
        self._check_open()
        correlation_id = self._in_flight.next_correlation_id()
        pieces = self._encode(request, version, correlation_id)
        self._used_at = self._clock.now()
        self._driver.write(pieces)

    def exchange(
        self, request: Request[Message], version: int, *, expires_at: float
    ) -> asyncio.Future[Frame]:
        """Write a request of the handshake; the future gets the whole response, undecoded."""
        frame: asyncio.Future[Frame] = self._loop.create_future()
        self._write(request, version, expires_at, answer=self._loop.create_future(), frame=frame)
        return frame

    async def room(self) -> None:
        """Wait until a request may be written, or raise why none will ever be."""
        while not self.has_room:
            self._check_open()
            slot: asyncio.Future[None] = self._loop.create_future()
            self._slots.append(slot)
            await slot
        self._check_open()

    async def drained(self) -> None:
        """Wait until the peer has taken what was written, or raise why it never will."""
        if self._driver.is_paused and self.error is None:
            drain: asyncio.Future[None] = self._loop.create_future()
            self._drains.append(drain)
            await drain
        self._check_open()

    def on_writable(self) -> None:
        """Wake those who wait for written bytes to be taken."""
        drains, self._drains = self._drains, []
        for drain in drains:
            resolve(drain, None)

    def _pick(self, request: Request[R], max_version: int | None) -> int:
        if self.versions is None:
            raise KafkaConnectionError(f"{self.where}: used before the handshake")
        cap = version_cap(request)
        if cap is None or (max_version is not None and max_version < cap):
            cap = max_version
        return self.versions.pick(request, max_version=cap)

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
        request: Request[Message],
        version: int,
        expires_at: float,
        *,
        answer: Answer[Message],
        frame: asyncio.Future[Frame] | None = None,
    ) -> None:
        self._check_open()
        correlation_id = self._in_flight.next_correlation_id()
        pieces = self._encode(request, version, correlation_id)
        size = sum(map(len, pieces))
        waiter = Waiter(answer, frame, None, type(request), version, size)
        self._post(pieces, InFlightRequest(correlation_id, waiter, self._clock.now(), expires_at))

    def _post(self, pieces: Sequence[Piece], request: InFlightRequest[Waiter]) -> None:
        _, _, now, expires_at = request
        self._used_at = now
        self._in_flight.add(request)
        if expires_at < self._timer_at:
            self._set_timer(expires_at, now)
        self._driver.write(pieces)

    def _check_open(self) -> None:
        if self.error is not None:
            raise KafkaConnectionError(*self.error.args) from self.error

    # -- responses -------------------------------------------------------------------------

    def on_frame(self, frame: Frame) -> None:
        """Give a response to the request it answers."""
        if self.error is not None:
            return
        try:
            done = self._in_flight.complete(decode_correlation_id(frame))
        except KafkaProtocolError as error:
            self._break(error)
            return
        # No call since it was taken out; whatever is raised from here on, the request hears of it.
        waiter = done.waiter
        try:
            self._used_at = self._clock.now()
            if waiter.frame is not None:
                resolve(waiter.frame, frame)
            else:
                self._complete(done, frame)
        except BaseException as exc:
            self._give_up(waiter, exc)
            if not isinstance(exc, Exception):
                raise

    def _complete(self, done: InFlightRequest[Waiter], frame: Frame) -> None:
        waiter = done.waiter
        api_key = waiter.request_type.API_KEY
        seconds = 0.0
        # Any: what the waiter's answer takes, as in send.
        answer: Any = None if waiter.template is None else waiter.template.read_ack(frame)
        if answer is None:
            response = decode_response(waiter.request_type, waiter.version, frame)
            seconds = throttle_seconds(api_key, waiter.version, response)
            answer = adapt_response(response, waiter.version)
        try:
            if seconds > 0:
                self._observer.throttled(self.node_id, api_key, seconds)
                if self.on_throttle is not None:
                    self.on_throttle(seconds)
            took = self._used_at - done.sent_at
            self._observer.request_completed(self.node_id, api_key, took, waiter.size, len(frame))
            if self._slots:
                self._free_slot()
        finally:
            if not waiter.answer.done():  # the caller may have stopped waiting
                waiter.answer.set_result(answer)

    def _give_up(self, waiter: Waiter, exc: BaseException) -> None:
        """End the connection on which an answer could not be dealt with; its request fails."""
        error = exc
        if not isinstance(error, KafkaProtocolError):
            error = KafkaProtocolError(f"the answer to {waiter} could not be dealt with: {exc!r}")
            error.__cause__ = exc
            log.error("%s: %s", self.where, error.args[0], exc_info=exc)
        try:
            waiter.fail(error)
        finally:
            self._break(error)

    def _free_slot(self) -> None:
        while self._slots:
            slot = self._slots.pop(0)
            if not slot.done():
                slot.set_result(None)
                return

    def _break(self, error: KafkaProtocolError) -> None:
        self.close(type(error)(f"{self.where}: {error.args[0] if error.args else error}"))

    # -- the end ---------------------------------------------------------------------------

    def close(self, error: KafkaError | None = None) -> None:
        """End the connection; requests in flight fail."""
        self._driver.close(error)

    def on_closed(self, error: KafkaError) -> None:
        """Fail what is in flight."""
        if self.error is not None:
            return
        self.error = error
        try:
            self._fail_all(error)
        finally:
            if self.on_close is not None:
                self.on_close(error)

    def _fail_all(self, error: KafkaError) -> None:
        try:
            while self._in_flight:
                waiter = self._in_flight.take_oldest().waiter
                cause: KafkaError = error
                try:
                    text = error.args[0] if error.args else error
                    cause = KafkaConnectionError(f"{waiter} got no answer: {text}")
                    cause.__cause__ = error
                    self._observer.request_failed(self.node_id, waiter.request_type.API_KEY, cause)
                finally:
                    waiter.fail(cause if waiter.frame is None else error)
        finally:
            if self._in_flight:
                # An observer or a signal handler raised: the others hear of it all the same.
                self._fail_all(error)
            else:
                self._free_all()

    def _free_all(self) -> None:
        """Let go of all who wait for this connection, and of its timers."""
        for timer in (self._timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        slots, self._slots = self._slots, []
        for slot in slots:
            resolve(slot, None)
        self.on_writable()

    # -- time ------------------------------------------------------------------------------

    def is_idle(self, now: float) -> bool:
        """Return whether nothing has been sent for the idle time and nothing is in flight."""
        return now >= self._used_at + self._max_idle and not self._in_flight

    def watch_idle(self) -> None:
        """Close the connection when nothing has been sent on it for the idle time."""
        now = self._clock.now()
        if not self.is_idle(now):
            wait = self._used_at + self._max_idle - now
            self._idle_timer = self._loop.call_later(max(wait, 1.0), self.watch_idle)
            return
        log.info("%s: closing, not used for %.0f s", self.where, self._max_idle)
        self.close()

    def _set_timer(self, at: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(at - now, 0.0), self._expire)

    def _expire(self) -> None:
        """End the connection if a request has expired, else wait for the next."""
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
            f"{self.where}: no answer to {late.waiter} after {waited:.1f} s"
        )
        try:
            for request in self._in_flight:
                if request.expires_at <= now:
                    request.waiter.fail(error)
        finally:
            self.close(error)

    def __repr__(self) -> str:
        """Return a status line."""
        state = "CLOSED" if self.error else "READY" if self.versions else "HANDSHAKE"
        return f"<Connection {self.where} {state} in_flight={self.in_flight}>"
