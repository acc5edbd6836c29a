"""Authenticate a connection again before its session ends (KIP-368).

The credentials are got first, while requests go on. Then requests wait, those in flight are
answered, and the conversation is held on the same stream. A JoinGroup in flight may delay all that
past the end of the session: a broker looks at the time when the next request comes.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka.errors import KafkaError, RequestTimedOutError
from kafka.net.connection_state import ConnectionState
from kafka.net.security import credentials_of

if TYPE_CHECKING:
    from kafka._base.runtime import Runtime
    from kafka.net.connection import Connection
    from kafka.net.endpoint import Endpoint
    from kafka.net.security import Authenticator
    from kafka.net.session import Session

log = logger("kafka.conn")


class Reauthentication:
    """Keep the sessions of one connection from ending.

    Args:
        connection: READY.
        endpoint: the broker's name.
        authenticator: authenticates the connection.
        runtime: the surroundings.
        timeout: seconds that one authentication may take.
    """

    def __init__(
        self,
        connection: Connection,
        endpoint: Endpoint,
        authenticator: Authenticator,
        runtime: Runtime,
        *,
        timeout: float,
    ) -> None:
        self._connection = connection
        self._endpoint = endpoint
        self._authenticator = authenticator
        self._runtime = runtime
        self._timeout = timeout

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Reauthentication {self._connection!r} {self._connection.session}>"

    def begin(self, session: Session | None) -> None:
        """Renew *session* when it is time; ``None`` lasts for ever."""
        self._connection.session = session
        if session is not None:
            self._connection.when_session_needs(session.renew_at, lambda: self._renew(session))

    def _renew(self, session: Session) -> None:
        connection = self._connection
        connection.when_session_needs(session.hold_at, connection.hold)
        with contextlib.suppress(KafkaError):  # the client is being closed
            self._runtime.spawn(self._run(session), name=f"kafka-renew-{connection.node_id}")

    async def _run(self, session: Session) -> None:
        """Authenticate, or close the connection with the reason why that failed."""
        connection = self._connection
        try:
            self.begin(await self._authenticated(session))
        except KafkaError as error:
            connection.close(error)
        except TimeoutError as error:
            late = RequestTimedOutError(
                f"{connection.where}: no answer to the authentication in time: {error}"
            )
            late.__cause__ = error
            connection.close(late)

    async def _authenticated(self, session: Session) -> Session | None:
        """Return the session that follows *session*."""
        connection, clock = self._connection, self._runtime.clock
        attempt = await credentials_of(
            self._authenticator,
            connection,
            self._endpoint,
            Deadline(session.ends_at + self._timeout),
            Deadline(session.hold_at),
        )
        await connection.quiet()
        await asyncio.sleep(max(session.not_before - clock.now(), 0.0))
        if connection.state is ConnectionState.CLOSED:
            return None
        connection.start_reauthentication()
        deadline = Deadline.after(clock.now(), self._timeout)
        following = await self._authenticator.converse(connection, attempt, deadline)
        connection.finish_reauthentication()
        return following
