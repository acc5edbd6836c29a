"""Authenticate the connections of one client with SASL, and renew their sessions (KIP-368)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kafka._base.blocking_work import BlockingWork
from kafka._base.logs import logger
from kafka.errors import KafkaConnectionError, SaslAuthenticationFailedError
from kafka.net.sasl.bearer import OAUTHBEARER
from kafka.net.sasl.credentials import PasswordCredentials, TokenCredentials, UserCredentials
from kafka.net.sasl.exchange import SaslExchange
from kafka.net.sasl.plain import PLAIN
from kafka.net.sasl.registry import user_mechanism
from kafka.net.sasl.token_plan import RefreshRule
from kafka.net.sasl.token_source import TokenSource
from kafka.net.session import is_clock_ahead, new_session

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline
    from kafka._base.runtime import Runtime
    from kafka.config.network import NetworkConfig
    from kafka.net.connection import Connection
    from kafka.net.endpoint import Endpoint
    from kafka.net.sasl.credentials import Attempt, Credentials
    from kafka.net.session import Session

log = logger("kafka.conn")


class SaslAuthenticator:
    """Prove to brokers who the client is.

    Args:
        config: the options; ``sasl_mechanism`` is set.
        runtime: the surroundings.
    """

    def __init__(self, config: NetworkConfig, runtime: Runtime) -> None:
        self._runtime = runtime
        self._clock = runtime.clock
        self._mechanism = config.sasl_mechanism
        self._has_warned = False
        self._work = BlockingWork(f"kafka-{config.client_id}-auth")
        self._credentials = _credentials(config, runtime, self._work)
        if config.sasl_mechanism == PLAIN and not config.uses_tls:
            log.warning(
                "%s: sasl_mechanism PLAIN sends the password readable for everybody on the way; "
                "security_protocol SASL_SSL hides it",
                config.client_id,
            )

    async def prepare(
        self, connection: Connection, endpoint: Endpoint, deadline: Deadline, patience: Deadline
    ) -> Attempt:
        """Get the credentials of an attempt.

        Args:
            connection: to be authenticated; messages name it.
            endpoint: the broker.
            deadline: when to give up.
            patience: until then, wait for a token that is better than the one at hand.

        Raises:
            SaslAuthenticationFailedError: the user's code gave what cannot be used.
            KafkaConnectionError: it raised an error, which is the cause, or did not return.
            TimeoutError: the token provider was silent.
        """
        try:
            return await self._credentials.attempt(endpoint.host, deadline, patience)
        except (SaslAuthenticationFailedError, KafkaConnectionError) as error:
            text = f"{connection.where}: SASL {self._mechanism}: {error.args[0]}"
            raise type(error)(text) from error.__cause__

    async def converse(
        self, connection: Connection, attempt: Attempt, deadline: Deadline
    ) -> Session | None:
        """Authenticate a connection; return its session, ``None`` if that does not end.

        Raises:
            KafkaError: as `SaslExchange.run`.
            TimeoutError: the broker was silent.
        """
        versions = connection.versions
        assert versions is not None  # whoever starts an authentication sets it
        began_at = self._clock.now()
        exchange = SaslExchange(connection, versions, attempt.conversation, deadline, self._work)
        lifetime_ms = await exchange.run()
        log.debug("%s: authenticated (%s)", connection.where, attempt.conversation.describe())
        if is_clock_ahead(began_at, lifetime_ms, attempt.expires_at):
            self._warn_of_clock(connection.where)
        return new_session(began_at, lifetime_ms, attempt.expires_at, self._runtime.uniform)

    def _warn_of_clock(self, where: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            log.warning(
                "%s: the broker has accepted a token that has ended, or is about to, by this "
                "machine's clock or by its expires_at_ms; the clock may be ahead. Sessions are "
                "renewed as the broker says, and a token is asked for at each authentication",
                where,
            )

    def close(self) -> None:
        """End the threads and the refreshing of tokens."""
        self._credentials.close()
        self._work.close()


def _credentials(config: NetworkConfig, runtime: Runtime, work: BlockingWork) -> Credentials:
    own = user_mechanism(config.sasl_mechanism or "")
    if own is not None:
        return UserCredentials(*own, config)
    if config.sasl_mechanism != OAUTHBEARER:
        return PasswordCredentials(config, work, runtime.clock, call_timeout=config.request_timeout)
    rule = RefreshRule(
        config.sasl_login_refresh_window_factor,
        config.sasl_login_refresh_window_jitter,
        config.sasl_login_refresh_min_period_seconds,
        config.sasl_login_refresh_buffer_seconds,
    )
    source = TokenSource(
        config.sasl_oauth_token_provider,
        rule,
        runtime,
        work,
        call_timeout=config.request_timeout,
    )
    return TokenCredentials(source)
