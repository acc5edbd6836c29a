"""The one connection of a `BrokerConnection`, on its event loop.

The connection is not made again by itself: that is for the program to ask for.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Final

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka._base.loop_runtime import loop_runtime
from kafka._base.observer import Observer
from kafka._base.supervisor import Supervisor
from kafka._base.system import uniform
from kafka.config.addresses import join_address
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NodeNotReadyError,
    RequestTimedOutError,
)
from kafka.low_level.states import NAMES, STAGES, ConnectionStates
from kafka.low_level.version_check import ask_again, ask_once, not_ready
from kafka.net.addresses import ThreadResolver
from kafka.net.connector import Connector
from kafka.net.diagnosis import Stage, StageError, message_of
from kafka.net.endpoint import MAIN, Endpoint
from kafka.net.frame_stream import ClientClosedError
from kafka.net.node_states import Address, NodeStates

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.low_level.options import LowLevelConfig
    from kafka.low_level.outgoing import Answer, Outgoing
    from kafka.net.connection import Connection
    from kafka.net.security import Security
    from kafka.protocol.api_versions import ApiVersions

log = logger("kafka.conn")

# `NodeStates` keeps the history of several nodes; here there is one.
_NODE: Final = 0


class BrokerLink:
    """One connection, made on request.

    Everything but `state`, `connection` and `delay` is for the loop thread only.

    Args:
        settings: the options.
        security: secures the connection.
        host: the broker's name.
        port: the broker's port.
        family: the address family to use; ``AF_UNSPEC`` for any.
        on_change: called when the state may have changed.

    Attributes:
        connection: the last connection, whatever has become of it.
        error: why the last attempt has failed.
    """

    def __init__(
        self,
        settings: LowLevelConfig,
        security: Security,
        host: str,
        port: int,
        *,
        family: int,
        on_change: Callable[[], None],
    ) -> None:
        self.connection: Connection | None = None
        self.error: KafkaError | None = None
        self._settings = settings
        self._security = security
        self._host, self._port, self._family = host, port, family
        self._on_change = on_change
        name = f"kafka-{settings.client_id}"
        self._supervisor = Supervisor(name)
        self._runtime = loop_runtime(self._supervisor.spawn, Observer())
        self._clock = self._runtime.clock
        self._resolver = ThreadResolver(f"{name}-dns")
        self._connector = Connector(settings.network(), self._runtime, security)
        reconnect = ExponentialBackoff(settings.reconnect_backoff, settings.reconnect_backoff_max)
        setup = ExponentialBackoff(
            settings.connection_setup_timeout, settings.connection_setup_timeout_max
        )
        self._states: NodeStates[int] = NodeStates(
            reconnect=reconnect, setup=setup, uniform=uniform
        )
        self._attempt: asyncio.Task[bool] | None = None

    @property
    def state(self) -> ConnectionStates:
        """The state, by its name in kafka-python 2.x."""
        connection, attempt = self.connection, self._attempt
        if connection is not None:
            return NAMES[connection.state]
        if attempt is not None and not attempt.done():
            return ConnectionStates.CONNECTING
        return ConnectionStates.DISCONNECTED

    def backoff(self) -> float:
        """Return the seconds until another attempt may be made, 0.0 for none."""
        return self._states.ready_in(_NODE, self._clock.now())

    def throttled(self) -> float:
        """Return the seconds for which the broker wants no request."""
        return self._states.throttled_for(_NODE, self._clock.now())

    async def begin(self) -> None:
        """Start what connections need; call this once, first."""
        await self._supervisor.start()

    # -- opening ---------------------------------------------------------------------------

    def open(self) -> asyncio.Task[bool]:
        """Return the attempt to connect that is under way or has succeeded, or a new one.

        Who asks for it on another thread may see that there is no connection and come here
        when there is one.
        """
        attempt = self._attempt
        if attempt is None or (attempt.done() and self._connected is None):
            self.connection = None
            self._attempt = attempt = self._supervisor.spawn(self._open(), name="kafka-connect")
            attempt.add_done_callback(lambda _: self._on_change())
        return attempt

    async def _open(self) -> bool:
        """Try all addresses once; return whether there is a connection."""
        now = self._clock.now()
        deadline = Deadline.after(now, self._states.on_connecting(_NODE, now))
        try:
            await self._try_all(deadline)
        except Exception as error:  # noqa: BLE001 - ends this attempt, not all that is on the loop
            self._on_failed(error)
            return False
        except asyncio.CancelledError:
            self._states.on_given_up(_NODE, KafkaConnectionError("the attempt was ended"))
            raise
        self.error = None
        self._states.on_ready(_NODE, self._clock.now())
        return True

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, KafkaError):
            self.error = error
        else:
            self.error = KafkaConnectionError(f"{self._where}: {error!r}")
            self.error.__cause__ = error
        self._states.on_failed(_NODE, self._clock.now(), self.error)
        log.warning("%s", message_of(self.error))

    async def _try_all(self, deadline: Deadline) -> None:
        failure: KafkaError | None = None
        for address in await self._addresses(deadline):
            endpoint = Endpoint(self._host, self._port, address)
            try:
                connection = await self._connector.open(
                    -1, endpoint, deadline, channel=MAIN, on_new=self._show
                )
            except KafkaError as error:
                failure = failure or error
                continue
            connection.on_close = self._on_close
            connection.on_throttle = self._on_throttle
            if connection.error is None:  # or it ended as soon as it was ready
                return
            failure = failure or connection.error
        raise failure or StageError("it has no address of the wanted family", Stage.DNS)

    def _show(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def _where(self) -> str:
        return join_address(self._host, self._port)

    async def _addresses(self, deadline: Deadline) -> list[Address]:
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                found = await self._resolver.resolve(self._host, self._port)
        except TimeoutError as error:
            raise StageError("the name server does not answer", Stage.DNS) from error
        except KafkaConnectionError as error:
            raise StageError(message_of(error), Stage.DNS) from error
        wants_6 = {socket.AF_INET: False, socket.AF_INET6: True}.get(
            socket.AddressFamily(self._family)
        )
        return [a for a in found if wants_6 is None or (":" in a.ip) is wants_6]

    def _on_close(self, error: KafkaError) -> None:
        connection = self.connection
        self._states.on_lost(
            _NODE,
            self._clock.now(),
            None if isinstance(error, ClientClosedError) else error,
            answered=connection is not None and connection.has_answered,
        )
        self._on_change()

    def _on_throttle(self, seconds: float) -> None:
        self._states.throttle(_NODE, self._clock.now() + seconds)

    # -- requests --------------------------------------------------------------------------

    def send(self, outgoing: Outgoing, answer: Answer, seconds: float) -> None:
        """Write a request.

        Raises:
            KafkaError: it cannot be written.
        """
        connection = self.connection
        if connection is None or connection.versions is None:
            raise NodeNotReadyError(self._where)
        outgoing.prepare(connection.versions)
        answer.connection = connection
        handler = answer if outgoing.expects_response else None
        connection.write_encoded(outgoing, handler, expires_at=self._clock.now() + seconds)

    async def versions(self, seconds: float) -> ApiVersions:
        """Return what the broker says it speaks now, even if options say otherwise.

        Raises:
            NodeNotReadyError: it cannot be asked; the message says at which stage that ended.
            KafkaError: it has refused this client.
        """
        deadline = Deadline.after(self._clock.now(), seconds)
        connection = self._connected
        try:
            if self._settings.api_version is not None:
                return await self._versions_of_another(deadline)
            if connection is not None:
                return await ask_again(connection, deadline)
        except (KafkaConnectionError, RequestTimedOutError) as error:
            raise not_ready(self._where, error) from error
        return await self.known_versions(seconds)

    async def known_versions(self, seconds: float) -> ApiVersions:
        """Return what the connection takes the broker to speak; connect if need be.

        Raises:
            NodeNotReadyError, KafkaError: as for `versions`.
        """
        connection = self._connected
        if connection is not None and connection.versions is not None:
            return connection.versions
        try:
            return await self._versions_of_new(seconds)
        except (KafkaConnectionError, RequestTimedOutError) as error:
            raise not_ready(self._where, error) from error

    @property
    def _connected(self) -> Connection | None:
        return self.connection if self.state is ConnectionStates.CONNECTED else None

    async def _versions_of_another(self, deadline: Deadline) -> ApiVersions:
        """Return what is told to a connection that assumes nothing."""
        options = self._settings.without_version()
        connector = Connector(options, self._runtime, self._security)
        try:
            return await ask_once(connector, self._resolver, self._host, self._port, deadline)
        finally:
            connector.close()

    async def _versions_of_new(self, seconds: float) -> ApiVersions:
        """Connect, and return what the handshake has told."""
        opening = self.open()
        await asyncio.wait({opening}, timeout=seconds)
        if not opening.done():
            late = StageError(f"no answer within {seconds:.1f} s", STAGES[self.state])
            opening.cancel()
            raise late
        connection = self.connection
        if connection is None or connection.versions is None or not opening.result():
            raise self.error or KafkaConnectionError("the connection has ended")
        return connection.versions

    async def end(self, error: KafkaError | None) -> None:
        """Close the connection; requests in flight fail."""
        if self.connection is not None:
            self.connection.on_close = None
            self.connection.close(error)
        try:
            await self._supervisor.stop()
        finally:
            self._connector.close()
            self._resolver.close()
