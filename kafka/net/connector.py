"""Open connections: connect, shake hands, and report at which stage an attempt failed."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from kafka._base.deadline import Deadline
from kafka._base.futures import mark_retrieved
from kafka._base.logs import logger
from kafka.errors import (
    CorrelationIdError,
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    RequestTimedOutError,
    TlsError,
)
from kafka.net.connection import Connection
from kafka.net.diagnosis import (
    Ending,
    Stage,
    StageError,
    guess_foreigner,
    handshake_error,
    message_of,
)
from kafka.net.endpoint import ConnectionKey, describe
from kafka.net.frame_stream import FrameStream
from kafka.net.handshake import Action, Done, Fail, Handshake, Send
from kafka.net.reauthentication import Reauthentication
from kafka.net.security import PLAINTEXT, credentials_of
from kafka.net.sockets import Dialled, connect, secure
from kafka.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterSnapshot
    from kafka.config.network import NetworkConfig
    from kafka.net.endpoint import Endpoint
    from kafka.net.security import Security
    from kafka.net.session import Session
    from kafka.net.tls import Tls
    from kafka.protocol.api_versions import ApiVersions

log = logger("kafka.conn")

P = TypeVar("P", bound=asyncio.BaseProtocol)

# A broker that is silent for so many seconds may be one that skips requests it does not know.
SILENCE: Final = 1.0
_NEWEST_MAGIC: Final = 2
# A connection that is being made takes the credentials at hand.
_NOW: Final = Deadline(0.0)


class Connector:
    """Make connections that are ready for requests.

    Old brokers cannot say what they speak. What probing found out about one is remembered until
    a handshake with it fails.

    Args:
        config: the network options.
        runtime: the surroundings.
        security: secures the connections.

    Attributes:
        versions_seen: what each node said it speaks in the last handshake with it.
    """

    def __init__(
        self,
        config: NetworkConfig,
        runtime: Runtime,
        security: Security = PLAINTEXT,
    ) -> None:
        self._security = security
        make_authenticator = security.authenticator
        self._authenticator = make_authenticator and make_authenticator(config, runtime)
        self._config = config
        self._runtime = runtime
        self._proved: dict[str, tuple[int, ...]] = {}
        self._doubted: set[int] = set()
        self.versions_seen: dict[int, ApiVersions] = {}
        self._magic_of: ClusterSnapshot | None = None
        self._magic = _NEWEST_MAGIC

    def on_lost_unanswered(self, node_id: int) -> None:
        """Warn, once of each node, that ``api_version`` may be why it answers no request.

        A broker is not asked what it speaks then. It hangs up on versions that it does not have:
        Kafka 4 has dropped the requests of the oldest releases.

        Args:
            node_id: the node that ended a connection on which it had answered nothing, or at a
                request that came soon after the connection was made.
        """
        given = self._config.api_version
        if given is None or node_id in self._doubted:
            return
        self._doubted.add(node_id)
        log.warning(
            "node %s hangs up on requests as of api_version=%s: without that option the client "
            "asks the broker what it speaks",
            node_id,
            given,
        )

    def minimum_record_magic(self, snapshot: ClusterSnapshot) -> int:
        """Return the newest record format that all brokers of *snapshot* met so far take."""
        if self._magic_of is not snapshot:
            magics = [versions.record_magic for versions in self.met(snapshot)]
            self._magic_of, self._magic = snapshot, min(magics, default=_NEWEST_MAGIC)
        return self._magic

    def names_all_brokers(self, snapshot: ClusterSnapshot) -> bool:
        """Return whether all brokers of *snapshot* met so far name every broker in metadata."""
        return all(versions.names_all_brokers for versions in self.met(snapshot))

    def feature_level(self, name: str, snapshot: ClusterSnapshot) -> int:
        """Return the level of a feature in the cluster, as the newest handshake says; 0 for none.

        Every answer carries the number of the last change of the features (KIP-584).
        """
        met = self.met(snapshot)
        newest = max(met, key=lambda versions: versions.finalized_features_epoch, default=None)
        return 0 if newest is None else newest.finalized_features.get(name, 0)

    def met(self, snapshot: ClusterSnapshot) -> list[ApiVersions]:
        """Return what the brokers of *snapshot* speak, or the bootstrap servers before them."""
        seen = self.versions_seen
        return [seen[node] for node in snapshot.brokers if node in seen] or list(seen.values())

    async def open(
        self,
        node_id: int,
        endpoint: Endpoint,
        deadline: Deadline,
        *,
        channel: str,
        on_new: Callable[[Connection], object] | None = None,
    ) -> Connection:
        """Return a new connection that is READY.

        Args:
            node_id: the broker's id; negative for a bootstrap server.
            endpoint: the broker's name and the address to connect to.
            deadline: when to give up.
            channel: what the connection is for.
            on_new: called with the connection while it is CONNECTING, for who shows its state.

        Raises:
            StageError: the attempt failed; the message says where and why.
            KafkaError: one of `kafka.net.diagnosis.REFUSALS`: so will the next attempt.
        """
        connection = self._new(node_id, endpoint, channel)
        if on_new is not None:
            on_new(connection)
        await self._make_ready(connection, endpoint, deadline)
        return connection

    def _new(self, node_id: int, endpoint: Endpoint, channel: str) -> Connection:
        """Return a connection that is CONNECTING."""
        config = self._config
        return Connection(
            node_id,
            describe(ConnectionKey(node_id, channel), endpoint),
            self._runtime,
            client_id=config.client_id,
            max_in_flight=config.max_in_flight_requests_per_connection,
            max_idle=config.connections_max_idle,
        )

    async def _make_ready(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline
    ) -> None:
        """Take a connection from CONNECTING to READY; close it if that fails."""
        try:
            await self._connect(connection, endpoint, deadline)
            versions = await self._shake_hands(connection, endpoint, deadline)
            session = await self._authenticate(connection, versions, endpoint, deadline)
            connection.finish_handshake(versions)
            self._watch_session(connection, session, endpoint)
        except BaseException:
            connection.close()
            raise

    async def _connect(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline
    ) -> None:
        """Give a connection that is CONNECTING a stream."""
        where = connection.where
        log.debug("%s: connecting", where)
        tls = self._security.tls
        if tls is None:
            new_stream = partial(self._new_stream, where)
            stream = await self._dial(new_stream, where, endpoint, deadline)
        else:
            dialled = await self._dial(Dialled, where, endpoint, deadline)
            connection.start_tls()
            stream = self._new_stream(where)
            await self._secure(tls, dialled, stream, endpoint, deadline)
        connection.start_handshake(stream)

    def _new_stream(self, where: str) -> FrameStream:
        return FrameStream(where, self._config.receive_message_max_bytes)

    async def _dial(
        self, new_protocol: Callable[[], P], where: str, endpoint: Endpoint, deadline: Deadline
    ) -> P:
        """Connect, and return the protocol, which is made when there is a connection.

        A failed attempt has none: its error is kept for long, and would keep the buffers.
        """
        try:
            return await connect(
                endpoint.address,
                new_protocol,
                where=where,
                timeout=deadline.remaining(self._runtime.clock.now()),
                sockets=self._config,
            )
        except KafkaConnectionError as error:
            raise StageError(message_of(error), Stage.TCP) from error

    async def _secure(
        self,
        tls: Tls,
        dialled: Dialled,
        stream: FrameStream,
        endpoint: Endpoint,
        deadline: Deadline,
    ) -> None:
        """Speak TLS on a new connection."""
        try:
            await secure(
                dialled,
                stream,
                tls,
                host=endpoint.host,
                where=stream.where,
                timeout=deadline.remaining(self._runtime.clock.now()),
            )
        except TlsError:
            raise
        except KafkaConnectionError as error:
            raise StageError(message_of(error), Stage.TLS, Ending.HUNG_UP) from error
        except TimeoutError as error:
            raise StageError(str(error), Stage.TLS, Ending.SILENT) from error

    async def _shake_hands(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline
    ) -> ApiVersions:
        """Return what the broker speaks, found out over several streams if need be."""
        name = endpoint.name
        handshake = Handshake(
            software_version=__version__,
            broker_version=self._config.api_version or self._proved.get(name),
        )
        try:
            done = await self._converse(handshake, connection, endpoint, deadline)
        except BaseException as error:
            self._proved.pop(name, None)
            if isinstance(error, StageError | TlsError) or not isinstance(error, KafkaError):
                raise
            raise self._handshake_error(error, handshake, connection, endpoint) from error
        if handshake.proved is not None:
            self._proved[name] = handshake.proved
        self.versions_seen[connection.node_id] = done.versions
        self._magic_of = None
        return done.versions

    def _handshake_error(
        self, error: KafkaError, handshake: Handshake, connection: Connection, endpoint: Endpoint
    ) -> StageError:
        return handshake_error(
            error,
            connection.where,
            head=connection.head,
            port=endpoint.address.port,
            protocol=self._config.security_protocol,
            hang_ups=handshake.hang_ups,
        )

    async def _authenticate(
        self, connection: Connection, versions: ApiVersions, endpoint: Endpoint, deadline: Deadline
    ) -> Session | None:
        """Prove who the client is, if the security protocol asks for that.

        Returns:
            How long the broker believes it; ``None`` for ever.
        """
        authenticator = self._authenticator
        if authenticator is None:
            return None
        connection.start_authentication(versions)
        try:
            attempt = await credentials_of(authenticator, connection, endpoint, deadline, _NOW)
            return await authenticator.converse(connection, attempt, deadline)
        except (TlsError, StageError):
            raise
        except KafkaConnectionError as error:
            # Of a source of credentials, the cause is the user's error.
            cause = error.__cause__ or error
            raise StageError(message_of(error), Stage.SASL, Ending.HUNG_UP) from cause
        except KafkaProtocolError as error:
            raise StageError(message_of(error), Stage.SASL, Ending.PROVED) from error
        except (TimeoutError, RequestTimedOutError) as error:
            text = f"{connection.where}: no answer to the authentication in time"
            silent = error.args[0] if isinstance(error, TimeoutError) and error.args else ""
            text += f": {silent}" if silent else ""
            raise StageError(text, Stage.SASL, Ending.SILENT) from error

    def _watch_session(
        self, connection: Connection, session: Session | None, endpoint: Endpoint
    ) -> None:
        """See to it that the connection authenticates again before its session ends."""
        if self._authenticator is not None and session is not None:
            Reauthentication(
                connection,
                endpoint,
                self._authenticator,
                self._runtime,
                timeout=self._config.request_timeout,
            ).begin(session)

    def close(self) -> None:
        """Authenticate no further connection."""
        if self._authenticator is not None:
            self._authenticator.close()

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
        except TlsError:
            raise
        except (KafkaConnectionError, CorrelationIdError) as error:
            if guess_foreigner(connection.head, self._config.security_protocol) is not None:
                raise
            return handshake.on_disconnect(error)
        return handshake.on_response(frame)
