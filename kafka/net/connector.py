"""Open connections: connect, shake hands, and report at which stage an attempt failed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka.errors import CorrelationIdError, KafkaConnectionError, KafkaError
from kafka.net.connection import Connection
from kafka.net.diagnosis import Stage, StageError, handshake_error
from kafka.net.endpoint import ConnectionKey, describe
from kafka.net.frame_stream import FrameStream
from kafka.net.handshake import Action, Done, Fail, Handshake, Send
from kafka.net.sockets import connect
from kafka.version import __version__

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterSnapshot
    from kafka.config.network import NetworkConfig
    from kafka.net.endpoint import Endpoint
    from kafka.protocol.api_versions import ApiVersions

log = logger("kafka.conn")

# A broker that is silent for so many seconds may be one that skips requests it does not know.
SILENCE: Final = 1.0
_NEWEST_MAGIC: Final = 2


class Connector:
    """Make connections that are ready for requests.

    Old brokers cannot say what they speak. What probing found out about one is remembered until
    a handshake with it fails.

    Args:
        config: the network options.
        runtime: the surroundings.

    Attributes:
        versions_seen: what each node said it speaks in the last handshake with it.
    """

    def __init__(self, config: NetworkConfig, runtime: Runtime) -> None:
        self._config = config
        self._runtime = runtime
        self._proved: dict[str, tuple[int, ...]] = {}
        self.versions_seen: dict[int, ApiVersions] = {}
        self._magic_of: ClusterSnapshot | None = None
        self._magic = _NEWEST_MAGIC

    def minimum_record_magic(self, snapshot: ClusterSnapshot) -> int:
        """Return the newest record format that all brokers of *snapshot* met so far take."""
        if self._magic_of is not snapshot:
            magics = [versions.record_magic for versions in self._met(snapshot)]
            self._magic_of, self._magic = snapshot, min(magics, default=_NEWEST_MAGIC)
        return self._magic

    def names_all_brokers(self, snapshot: ClusterSnapshot) -> bool:
        """Return whether all brokers of *snapshot* met so far name every broker in metadata."""
        return all(versions.names_all_brokers for versions in self._met(snapshot))

    def _met(self, snapshot: ClusterSnapshot) -> list[ApiVersions]:
        """Return what the brokers of *snapshot* speak, or the bootstrap servers before them."""
        seen = self.versions_seen
        return [seen[node] for node in snapshot.brokers if node in seen] or list(seen.values())

    async def open(
        self, node_id: int, endpoint: Endpoint, deadline: Deadline, *, channel: str
    ) -> Connection:
        """Return a new connection that is READY.

        Args:
            node_id: the broker's id; negative for a bootstrap server.
            endpoint: the broker's name and the address to connect to.
            deadline: when to give up.
            channel: what the connection is for.

        Raises:
            StageError: the attempt failed; the message says where and why.
        """
        config = self._config
        connection = Connection(
            node_id,
            describe(ConnectionKey(node_id, channel), endpoint),
            self._runtime,
            client_id=config.client_id,
            max_in_flight=config.max_in_flight_requests_per_connection,
            max_idle=config.connections_max_idle,
        )
        try:
            await self._connect(connection, endpoint, deadline)
            await self._shake_hands(connection, endpoint, deadline)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _connect(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline
    ) -> None:
        """Give a connection that is CONNECTING a stream."""
        where = connection.where
        log.debug("%s: connecting", where)
        try:
            stream = await connect(
                endpoint.address,
                lambda: FrameStream(where, self._config.receive_message_max_bytes),
                where=where,
                timeout=deadline.remaining(self._runtime.clock.now()),
                sockets=self._config,
            )
        except KafkaConnectionError as error:
            raise StageError(str(error.args[0]), Stage.TCP) from error
        connection.start_handshake(stream)

    async def _shake_hands(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline
    ) -> None:
        """Find out what the broker speaks, over several streams if need be."""
        name = endpoint.name
        handshake = Handshake(
            software_version=__version__,
            broker_version=self._config.api_version or self._proved.get(name),
        )
        try:
            done = await self._converse(handshake, connection, endpoint, deadline)
        except BaseException as error:
            self._proved.pop(name, None)
            if isinstance(error, StageError) or not isinstance(error, KafkaError):
                raise
            head, port = connection.head, endpoint.address.port
            raise handshake_error(error, connection.where, head=head, port=port) from error
        if handshake.proved is not None:
            self._proved[name] = handshake.proved
        self.versions_seen[connection.node_id] = done.versions
        self._magic_of = None
        connection.finish_handshake(done.versions)

    async def _converse(
        self, handshake: Handshake, connection: Connection, endpoint: Endpoint, deadline: Deadline
    ) -> Done:
        action = handshake.start()
        while not isinstance(action, Fail):
            if action.reconnect:
                connection.drop_stream()
                await self._connect(connection, endpoint, deadline)
            if isinstance(action, Done):
                return action
            action = await self._ask(handshake, action, connection, deadline)
        raise action.error

    async def _ask(
        self, handshake: Handshake, action: Send, connection: Connection, deadline: Deadline
    ) -> Action:
        """Send what the handshake wants to be sent and tell it the outcome."""
        try:
            answer = connection.exchange(action.request, action.version, expires_at=deadline.at)
            # If this task is cancelled, closing the connection fails an answer nobody looks at.
            answer.add_done_callback(mark_retrieved)
            await asyncio.wait({answer}, timeout=SILENCE)
            if not answer.done() and (further := handshake.on_silence()) is not None:
                behind = connection.exchange(
                    further.request, further.version, expires_at=deadline.at
                )
                behind.add_done_callback(mark_retrieved)
            frame = await answer
        except (KafkaConnectionError, CorrelationIdError) as error:
            return handshake.on_disconnect(error)
        return handshake.on_response(frame)
