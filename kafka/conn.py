"""`BrokerConnection`: one connection to one broker, with kafka-python 2.x's interface.

The connection lives on a thread with an event loop of its own, so it works where another loop runs,
as in a notebook. What a program sees stays with the program: futures are resolved inside `recv` and
`close`, on the thread that calls them.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, Self, TypeVar

from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.system import monotonic
from kafka.cluster import collect_hosts, get_ip_port_afi
from kafka.config.addresses import DEFAULT_KAFKA_PORT
from kafka.errors import (
    Cancelled,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    TooManyInFlightRequests,
)
from kafka.future import Future
from kafka.low_level.arguments import address_of, from_ms, seconds_of
from kafka.low_level.broker_link import BrokerLink
from kafka.low_level.deliveries import Deliveries, Outcome
from kafka.low_level.options import LowLevelConfig, options_of
from kafka.low_level.outgoing import Answer, Outgoing
from kafka.low_level.own_thread import GRACE, OwnThread
from kafka.low_level.states import STAGES, ConnectionStates
from kafka.low_level.version_check import release_of
from kafka.net.security import prepare

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Coroutine, Iterable
    from types import TracebackType

    from kafka.low_level.deliveries import Response
    from kafka.low_level.outgoing import AnyRequest

__all__ = [
    "DEFAULT_KAFKA_PORT",
    "BrokerConnection",
    "ConnectionStates",
    "collect_hosts",
    "get_ip_port_afi",
]

T = TypeVar("T")

# Seconds that recv() waits for an answer: a loop around it does not keep the connection's thread
# from running.
_YIELD: Final = 0.005


class InFlight(NamedTuple):
    """A request that `BrokerConnection.recv` has not returned yet."""

    future: Future
    sent_at: float
    timeout_at: float


class BrokerConnection:
    """A connection to one broker. ::

        with BrokerConnection("localhost", 9092, socket.AF_UNSPEC) as conn:
            conn.connect_blocking()
            future = conn.send(MetadataRequest[1](None))
            while not future.is_done:
                for response, future in conn.recv():
                    future.success(response)

    After `close`, `connect` makes it again.

    Args:
        host: name or address.
        port: port.
        afi: address family, such as ``socket.AF_INET``; ``socket.AF_UNSPEC`` for any.
        configs: options of `kafka.low_level.options.LowLevelConfig`; unknown ones are dropped with
            a warning.

    Raises:
        TypeError: the address is of a wrong type.
        ValueError: there is no such port or address family.

    Attributes:
        in_flight_requests: by number, what `recv` has not returned yet.
    """

    DEFAULT_CONFIG: ClassVar[dict[str, object]] = LowLevelConfig.default_config()

    def __init__(
        self,
        host: str,
        port: int,
        afi: int = socket.AF_UNSPEC,
        **configs: object,
    ) -> None:
        configs = LowLevelConfig.sealed(configs)  # first, so that no frame shows them
        self._settings = options_of(type(self).__name__, configs)
        self._security = prepare(self._settings)
        self.host, self.port, self.afi = address_of(host, port, afi)
        self.config = self._settings.as_client_config()
        self.node_id = self.config["node_id"]
        self.in_flight_requests: dict[int, InFlight] = {}
        self._deliveries = Deliveries()
        self._locks: dict[int, threading.RLock] = {}
        self._own: OwnThread | None = None
        self._link: BrokerLink | None = None

    # -- connecting ------------------------------------------------------------------------

    def connect(self) -> ConnectionStates:
        """Begin to connect, unless that is done, under way or has just failed.

        Returns:
            The state, which changes in the background.
        """
        link = self._started()
        if self.disconnected() and not self.blacked_out():
            self._do(link.open)
        return self.state

    def connect_blocking(self, timeout: float = math.inf) -> bool:
        """Connect and wait for it.

        Args:
            timeout: seconds; an attempt takes ``socket_connection_setup_timeout_ms`` at most.

        Returns:
            Whether there is a connection.
        """
        seconds = seconds_of("timeout", timeout)
        link = self._started()
        if self.connected():
            return True

        async def connect() -> None:
            limit = None if math.isinf(seconds) else seconds
            await asyncio.wait({link.open()}, timeout=limit)

        self._call(connect(), seconds)
        return self.connected()

    @property
    def state(self) -> ConnectionStates:
        """The state; compare it with text such as ``"<connected>"``."""
        if self._link is None or self._was_forked():
            return ConnectionStates.DISCONNECTED
        return self._link.state

    def connected(self) -> bool:
        """Return whether requests can be sent."""
        return self.state is ConnectionStates.CONNECTED

    def connecting(self) -> bool:
        """Return whether an attempt is under way."""
        return self.state in STAGES

    def initializing(self) -> bool:
        """Return whether the peer is there, but the handshake is not over."""
        return self.connecting() and self.state is not ConnectionStates.CONNECTING

    def disconnected(self) -> bool:
        """Return whether there is no connection, nor an attempt."""
        return self.state is ConnectionStates.DISCONNECTED

    def connect_failed(self) -> bool:
        """Return whether the last attempt failed."""
        return self.disconnected() and self._link is not None and self._link.error is not None

    def blacked_out(self) -> bool:
        """Return whether there is no connection, and it is too early for another attempt."""
        return self.disconnected() and self._link is not None and self._link.backoff() > 0

    def connection_delay(self) -> float:
        """Return the milliseconds until something may be sent or tried.

        Those of the back-off; infinity while there is a connection.
        """
        if self.connected():
            return math.inf
        return 0.0 if self._link is None else self._link.backoff() * 1000

    def throttle_delay(self) -> float:
        """Return the milliseconds for which the broker wants no request (KIP-219)."""
        return 0.0 if self._link is None else self._link.throttled() * 1000

    def throttled(self) -> bool:
        """Return whether the broker wants no request at present."""
        return self.throttle_delay() > 0

    # -- requests --------------------------------------------------------------------------

    def can_send_more(self) -> bool:
        """Return whether fewer requests are in flight than may be."""
        limit = self._settings.max_in_flight_requests_per_connection
        return len(self.in_flight_requests) < limit and not self.throttled()

    def send(
        self,
        request: AnyRequest,
        blocking: bool = True,  # noqa: ARG002 - kafka-python's signature; the thread writes
        request_timeout_ms: float | None = None,
    ) -> Future:
        """Send a request.

        Args:
            request: made by a class of `kafka.protocol`, or by one of yours.
            blocking: ignored.
            request_timeout_ms: time for the answer, in ms; ``None`` for the option of that name.
                When it is over the connection is closed.

        Returns:
            The future of the response. `recv` returns both; it has failed already, with
            `NodeNotReadyError`, `KafkaConnectionError`, `TooManyInFlightRequests` or
            `UnsupportedVersionError`, if nothing was sent.
        """
        self._check_process()
        future = Future()
        if self.connecting():
            return future.failure(NodeNotReadyError(str(self)))
        link = self._link
        if link is None or not self.connected():
            return future.failure(KafkaConnectionError(f"{self}: not connected"))
        if not self.can_send_more():
            return future.failure(TooManyInFlightRequests(str(self)))
        limit = self._settings.request_timeout
        seconds = from_ms("request_timeout_ms", request_timeout_ms, none=limit)
        outgoing = Outgoing(request)
        answer = Answer(outgoing, future, self._deliveries.put)

        def write() -> None:
            link.send(outgoing, answer, seconds)
            if outgoing.expects_response:
                # In the step that writes: another thread may receive the answer right after it.
                now = monotonic()
                sent = InFlight(future, now, now + seconds)
                self.in_flight_requests[outgoing.correlation_id] = sent

        try:
            self._do(write)
        except KafkaError as error:
            return future if future.is_done else future.failure(error)
        return future if outgoing.expects_response else future.success(None)

    def send_pending_requests(self) -> bool:
        """Return whether all that was sent has been written: the thread does that."""
        return self.connected()

    send_pending_requests_v2 = send_pending_requests

    def recv(self) -> list[tuple[Response | None, Future]]:
        """Return the responses that have come, each with its future, which is yours to resolve.

        Futures of requests that failed are resolved here.
        """
        self._check_process()
        if self.in_flight_requests:
            self._deliveries.wait(_YIELD, lambda: False)
        found: list[tuple[Response | None, Future]] = []

        def use(outcome: Outcome) -> None:
            if outcome.error is None:
                self._forget(outcome.future)
                found.append((outcome.response, outcome.future))
            else:
                self._settle(outcome)

        try:
            self._deliveries.take(use)
        except BaseException:
            # Ctrl-C: the next call returns them.
            for response, future in found:
                self._deliveries.put(Outcome(future, response))
            raise
        return found

    def _settle(self, outcome: Outcome) -> None:
        self._forget(outcome.future)
        outcome.settle()

    def _forget(self, future: Future) -> None:
        for number, request in list(self.in_flight_requests.items()):
            if request.future is future:
                self.in_flight_requests.pop(number, None)

    def requests_timed_out(self) -> bool:
        """Return whether the time for a request in flight is over."""
        return self.next_ifr_request_timeout_ms() <= 0

    def timed_out_ifrs(self) -> list[InFlight]:
        """Return the requests in flight whose time is over."""
        now = monotonic()
        return [found for found in self.in_flight_requests.values() if found.timeout_at <= now]

    def next_ifr_request_timeout_ms(self) -> float:
        """Return the milliseconds until the time of a request in flight is over; or infinity."""
        ends = [request.timeout_at for request in list(self.in_flight_requests.values())]
        return max(min(ends) - monotonic(), 0.0) * 1000 if ends else math.inf

    # -- versions --------------------------------------------------------------------------

    def check_version(
        self,
        timeout: float = 2,
        strict: bool = False,  # noqa: ARG002 - kafka-python's signature; no version is guessed
        topics: Iterable[str] = (),  # noqa: ARG002 - the same
        **_: object,
    ) -> tuple[int, ...]:
        """Ask the broker which release it is; connect if need be.

        Args:
            timeout: seconds.
            strict: ignored: nothing is guessed.
            topics: ignored: none is asked about.

        Returns:
            The newest release that its answer proves, from ``(0, 8, 0)`` to ``(4, 4)``.

        Raises:
            NodeNotReadyError: it cannot be asked; the message says at which stage that ended.
        """
        seconds = seconds_of("timeout", timeout)
        link = self._started()
        return release_of(self._call(link.versions(seconds), seconds), str(self))

    def get_api_versions(self) -> dict[int, tuple[int, int]]:
        """Return the lowest and highest version of each API of the broker; connect if need be.

        Raises:
            NodeNotReadyError: it cannot be asked; the message says at which stage that ended.
        """
        link, limit = self._started(), self._settings.bootstrap_timeout
        return dict(self._call(link.known_versions(limit), limit).ranges)

    # -- life ------------------------------------------------------------------------------

    def close(self, error: KafkaError | None = None) -> None:
        """Disconnect, and end the thread; `connect` starts again.

        Futures whose responses have come are resolved with them.

        Args:
            error: what requests in flight fail with; `Cancelled` by default.
        """
        with self._lock():
            link, self._link = self._link, None
            own, self._own = self._own, None
        if link is not None and own is not None:
            own.close(partial(link.end, error))
        self._deliveries.take(self._settle)
        reason = error or Cancelled(str(self))
        for number in list(self.in_flight_requests):
            Outcome(self.in_flight_requests.pop(number).future, None, reason).settle()

    def __enter__(self) -> Self:
        """Return the connection, as it is."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def __repr__(self) -> str:
        """Return a status line."""
        connection = None if self._link is None else self._link.connection
        versions = None if connection is None else connection.versions
        release = ".".join(map(str, versions.broker_version())) if versions else "unknown"
        return (
            f"<BrokerConnection node_id={self.node_id} host={self.host}:{self.port} "
            f"{self.state} broker={release} in_flight={len(self.in_flight_requests)}>"
        )

    def _started(self) -> BrokerLink:
        """Return the link, whose thread is started if need be."""
        self._check_process()
        with self._lock():
            if self._link is None:
                self._own = own = OwnThread(f"kafka-{self._settings.client_id}-io")
                try:
                    own.begin(self._make_link(), 0.0)
                except BaseException:
                    self._link = self._own = None
                    raise
            assert self._link is not None  # set on the loop
            return self._link

    def _lock(self) -> threading.RLock:
        """Return the lock for threads that begin or close at once.

        Each process has its own: a child would wait for ever for a thread that held the parent's
        when it forked.
        """
        return self._locks.setdefault(os.getpid(), reentrant_lock())

    async def _make_link(self) -> Callable[[], Coroutine[Any, Any, None]]:
        """Make the link, on the loop; return what ends it."""
        link = BrokerLink(
            self._settings,
            self._security,
            self.host,
            self.port,
            family=self.afi,
            on_change=self._deliveries.wake,
        )
        await link.begin()
        self._link = link
        return partial(link.end, None)

    def _call(self, work: Coroutine[Any, Any, T], seconds: float = 0.0) -> T:  # Any: unused
        """Run *work* on the loop and return its result."""
        if self._own is None:
            work.close()
            raise IllegalStateError(f"{self}: closed by another thread")
        return self._own.loop.call(work, None if math.isinf(seconds) else seconds + GRACE)

    def _do(self, function: Callable[[], T]) -> T:
        """Run *function* on the loop and return its result."""
        if self._own is None:
            raise IllegalStateError(f"{self}: closed by another thread")
        return self._own.loop.do(function, GRACE)

    def _was_forked(self) -> bool:
        own = self._own
        return own is not None and own.loop.was_forked

    def _check_process(self) -> None:
        if self._was_forked():
            raise IllegalStateError(
                f"{self.host}:{self.port}: this process is a fork of the one in which the "
                "connection was made; make a new one, or close() and connect() this one"
            )
