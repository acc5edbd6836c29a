"""What secures the connections of a client: made once, in its constructor, and checked there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from kafka._base.deadline import Deadline
from kafka.errors import KafkaConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.runtime import Runtime
    from kafka.config.network import NetworkConfig
    from kafka.config.security import SecurityConfig
    from kafka.net.connection import Connection
    from kafka.net.endpoint import Endpoint
    from kafka.net.sasl.credentials import Attempt
    from kafka.net.session import Session
    from kafka.net.tls import Tls


# A source of credentials that keeps to its deadline says better than this module what was late.
_GRACE: Final = 0.1


class Authenticator(Protocol):
    """Prove to brokers who the client is; one for each client and loop."""

    async def prepare(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline, patience: Deadline
    ) -> Attempt:
        """Get the credentials of an attempt; the connection may be READY meanwhile.

        Args:
            connection: to be authenticated; messages name it.
            endpoint: the broker's name.
            deadline: when to give up.
            patience: until then, wait for credentials that are better than those at hand.

        Raises:
            SaslAuthenticationFailedError: the source of credentials gave what cannot be used.
            KafkaConnectionError: it failed; its error is the cause.
            TimeoutError: it was silent.
        """

    async def converse(
        self, connection: Connection, attempt: Attempt, deadline: Deadline
    ) -> Session | None:
        """Hold the conversation on a connection that is AUTHENTICATING or REAUTHENTICATING.

        Args:
            connection: `Connection.exchange` sends its requests, `Connection.exchange_raw` frames
                without a header; `Connection.versions` says what the broker speaks.
            attempt: what `prepare` has returned, used once.
            deadline: when to give up.

        Returns:
            How long the broker believes it (KIP-368); ``None`` for ever.

        Raises:
            SaslAuthenticationFailedError: or another error that proves that the broker, or the
                client, refused.
            KafkaConnectionError: the stream ended.
            TimeoutError, RequestTimedOutError: the broker was silent.
        """

    def close(self) -> None:
        """End; no attempt follows."""


async def credentials_of(
    authenticator: Authenticator,
    connection: Connection,
    endpoint: Endpoint,
    deadline: Deadline,
    patience: Deadline,
) -> Attempt:
    """Return what `Authenticator.prepare` returns, or give up soon after *deadline*.

    Raises:
        KafkaConnectionError: it has not returned; or another error of `Authenticator.prepare`.
    """
    late = asyncio.timeout_at(Deadline(deadline.at + _GRACE).timeout_at)
    try:
        async with late:
            return await authenticator.prepare(connection, endpoint, deadline, patience)
    except TimeoutError as error:
        if not late.expired():
            raise
        text = f"{connection.where}: the credentials for SASL have not been got in time"
        raise KafkaConnectionError(text) from error


class Security(NamedTuple):
    """How connections are secured.

    It belongs to no event loop, and a forked child goes on with it.

    Attributes:
        tls: how to speak TLS; ``None`` without it.
        authenticator: makes what proves who the client is; ``None`` without SASL.
    """

    tls: Tls | None = None
    authenticator: Callable[[NetworkConfig, Runtime], Authenticator] | None = None


PLAINTEXT: Final = Security()


def prepare(config: SecurityConfig) -> Security:
    """Return what secures the connections of a client with these options.

    Raises:
        KafkaConfigurationError: an option names a file that cannot be used, or values do not fit
            together.
    """
    authenticator = _sasl if config.uses_sasl else None
    if not config.uses_tls:
        return Security(authenticator=authenticator)
    # A program without TLS does not pay for its import.
    from kafka.net.tls import prepare_tls  # noqa: PLC0415

    return Security(prepare_tls(config), authenticator)


def _sasl(config: NetworkConfig, runtime: Runtime) -> Authenticator:
    # A program without SASL does not pay for its import.
    from kafka.net.sasl.authenticator import SaslAuthenticator  # noqa: PLC0415

    return SaslAuthenticator(config, runtime)
