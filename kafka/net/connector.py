"""Open connections: dial, shake hands, and say at which stage it failed."""

from __future__ import annotations

import asyncio
import logging
from enum import Enum, unique
from typing import TYPE_CHECKING, Final

from kafka.errors import CorrelationIdError, KafkaConnectionError, KafkaError, KafkaProtocolError
from kafka.net.connection import Connection
from kafka.net.driver import Driver
from kafka.net.handshake import Action, Done, Fail, Handshake, Send
from kafka.net.hints import hint
from kafka.net.transport import dial
from kafka.version import __version__

if TYPE_CHECKING:
    from kafka._base.clock import Clock
    from kafka._base.deadline import Deadline
    from kafka._base.observer import Observer
    from kafka.cluster import ClusterSnapshot
    from kafka.config.network import NetworkConfig
    from kafka.net.node_states import Address
    from kafka.protocol.api_versions import ApiVersions

log = logging.getLogger("kafka.conn")

# A broker that is silent for so many seconds may be one that skips what it does not know.
SILENCE: Final = 1.0
_NEWEST_MAGIC: Final = 2


@unique
class Stage(Enum):
    """How far an attempt to reach a broker got."""

    DNS = "DNS"
    TCP = "TCP"
    API_VERSIONS = "ApiVersions"
    METADATA = "metadata"


class StageError(KafkaConnectionError):
    """Report a connection that could not be made, with the stage that failed."""

    def __init__(self, message: str, stage: Stage = Stage.TCP) -> None:
        super().__init__(message)
        self.stage = stage


class Connector:
    """Make connections that are ready for requests.

    Old brokers cannot say what they speak; what probing found out about one is remembered until
    a handshake with it fails.

    Attributes:
        versions_seen: what each node said it speaks when last met.
    """

    def __init__(self, config: NetworkConfig, *, clock: Clock, observer: Observer) -> None:
        self._config = config
        self._clock = clock
        self._observer = observer
        self._proved: dict[str, tuple[int, ...]] = {}
        self.versions_seen: dict[int, ApiVersions] = {}
        self._magic_of: ClusterSnapshot | None = None
        self._magic = _NEWEST_MAGIC

    def minimum_record_magic(self, snapshot: ClusterSnapshot) -> int:
        """Return the newest record format that all brokers of *snapshot* met so far take."""
        if self._magic_of is not snapshot:
            seen = self.versions_seen
            brokers = [seen[node] for node in snapshot.brokers if node in seen]
            magics = [versions.record_magic for versions in brokers or seen.values()]
            self._magic_of, self._magic = snapshot, min(magics, default=_NEWEST_MAGIC)
        return self._magic

    async def open(
        self, node_id: int, name: str, address: Address, deadline: Deadline
    ) -> Connection:
        """Return a connection that has shaken hands.

        Args:
            node_id: the broker's id; negative for a bootstrap server.
            name: ``host:port`` as configured or advertised, for messages.
            address: where to dial.
            deadline: when to give up.

        Raises:
            StageError: it did not work; the message says where and why.
        """
        where = _where(node_id, name, address)
        handshake = Handshake(
            software_version=__version__,
            broker_version=self._config.api_version or self._proved.get(name),
        )
        connection = await self._dial(node_id, where, address, deadline)
        try:
            action = handshake.start()
            while isinstance(action, Send):
                connection, action = await self._step(
                    handshake, action, connection, address, deadline
                )
            connection = await self._finish(action, connection, address, deadline)
        except BaseException as error:
            self._proved.pop(name, None)
            connection.close()
            if isinstance(error, StageError) or not isinstance(error, KafkaError):
                raise
            raise self._handshake_error(where, connection, address, error) from error
        if handshake.proved is not None:
            self._proved[name] = handshake.proved
        connection.watch_idle()
        return connection

    async def _dial(
        self, node_id: int, where: str, address: Address, deadline: Deadline
    ) -> Connection:
        config = self._config
        log.debug("%s: connecting", where)
        try:
            driver = await dial(
                address,
                lambda: Driver(where, config.receive_message_max_bytes),
                where=where,
                timeout=deadline.remaining(self._clock.now()),
                sockets=config,
            )
        except KafkaConnectionError as error:
            raise StageError(str(error.args[0]), Stage.TCP) from error
        return Connection(
            node_id,
            driver,
            clock=self._clock,
            observer=self._observer,
            client_id=config.client_id,
            max_in_flight=config.max_in_flight_requests_per_connection,
            max_idle=config.connections_max_idle,
        )

    async def _step(
        self,
        handshake: Handshake,
        action: Send,
        connection: Connection,
        address: Address,
        deadline: Deadline,
    ) -> tuple[Connection, Action]:
        """Send what the handshake wants sent and tell it what became of it."""
        if action.reconnect:
            connection = await self._again(connection, address, deadline)
        try:
            answer = connection.exchange(action.request, action.version, expires_at=deadline.at)
            # If this is cancelled here, closing the connection fails an answer nobody looks at.
            answer.add_done_callback(_ignore)
            await asyncio.wait({answer}, timeout=SILENCE)
            if not answer.done() and (nudge := handshake.on_silence()) is not None:
                behind = connection.exchange(nudge.request, nudge.version, expires_at=deadline.at)
                behind.add_done_callback(_ignore)
            frame = await answer
        except (KafkaConnectionError, CorrelationIdError) as error:
            return connection, handshake.on_disconnect(error)
        return connection, handshake.on_response(frame)

    async def _again(
        self, connection: Connection, address: Address, deadline: Deadline
    ) -> Connection:
        connection.close()
        return await self._dial(connection.node_id, connection.where, address, deadline)

    async def _finish(
        self, action: Action, connection: Connection, address: Address, deadline: Deadline
    ) -> Connection:
        if isinstance(action, Fail):
            raise action.error
        assert isinstance(action, Done)
        if action.reconnect:
            connection = await self._again(connection, address, deadline)
        connection.versions = self.versions_seen[connection.node_id] = action.versions
        self._magic_of = None
        return connection

    def _handshake_error(
        self, where: str, connection: Connection, address: Address, error: KafkaError
    ) -> KafkaError:
        if not isinstance(error, KafkaConnectionError | KafkaProtocolError | TimeoutError):
            text = f"{where}: {error}"
        else:
            text = str(error.args[0]) if error.args else str(error)
        hung_up = isinstance(error, KafkaConnectionError)
        guess = hint(connection.head, address.port, hung_up=hung_up)
        return StageError(f"{text} ({guess})" if guess else text, Stage.API_VERSIONS)


def _ignore(answer: asyncio.Future[bytes | memoryview]) -> None:
    """Take note of how *answer* ended, so that nobody misses it."""
    if not answer.cancelled():
        answer.exception()


def _where(node_id: int, name: str, address: Address) -> str:
    resolved = "" if name == str(address) else f" ({address})"
    return f"node {node_id} {name}{resolved}" if node_id >= 0 else f"{name}{resolved}"
