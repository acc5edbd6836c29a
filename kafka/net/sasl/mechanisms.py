"""The mechanisms that are built in, under the names and the interface of kafka-python.

The client itself does not use them; programs derive classes from them.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from kafka._base.secret import Secret
from kafka.errors import KafkaConfigurationError
from kafka.net.sasl.abc import SaslMechanism
from kafka.net.sasl.bearer import BearerConversation
from kafka.net.sasl.plain import PlainConversation
from kafka.net.sasl.scram import HASHES, SaltedKeys, ScramConversation
from kafka.net.sasl.token import read_extensions, read_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka.net.sasl.conversation import Conversation

# 24 characters, as many as Java's client makes of random bytes.
_NONCE_BYTES: Final = 18
_MAX_ITERATIONS: Final = 1_000_000


def new_nonce() -> str:
    """Return a nonce for SCRAM."""
    return secrets.token_urlsafe(_NONCE_BYTES)


class _BuiltInMechanism(SaslMechanism):
    """Show a conversation through the interface of kafka-python."""

    def __init__(self, **config: object) -> None:
        self._conversation = self._converse(config)
        self._token: Secret[bytes] | None = None

    def _converse(self, config: Mapping[str, object]) -> Conversation:
        """Return the conversation that *config* asks for."""
        raise NotImplementedError

    def auth_bytes(self) -> bytes:
        """Return the next token to send."""
        if self._token is None:
            return self._conversation.start() or b""
        return self._token.reveal()

    def receive(self, auth_bytes: bytes) -> None:
        """Take the broker's answer.

        Raises:
            SaslAuthenticationFailedError: the broker refuses, or is not believed.
        """
        self._token = Secret(self._conversation.step(auth_bytes) or b"")

    def is_done(self) -> bool:
        """Return whether nothing is to be sent any more."""
        return self._conversation.done

    def is_authenticated(self) -> bool:
        """Return whether the broker has accepted the credentials."""
        return self._conversation.done

    def auth_details(self) -> str:
        """Return what may be logged about a success."""
        return f"{super().auth_details()} / {self._conversation.mechanism}"


class SaslMechanismPlain(_BuiltInMechanism):
    """PLAIN, with the options ``sasl_plain_username`` and ``sasl_plain_password``."""

    def _converse(self, config: Mapping[str, object]) -> Conversation:
        return PlainConversation(_text(config, "sasl_plain_username"), _password(config))


class SaslMechanismScram(_BuiltInMechanism):
    """SCRAM, with the options of `SaslMechanismPlain` and ``sasl_mechanism``."""

    def _converse(self, config: Mapping[str, object]) -> Conversation:
        mechanism = _text(config, "sasl_mechanism").upper()
        if mechanism not in HASHES:
            raise KafkaConfigurationError(f"sasl_mechanism must be one of {', '.join(HASHES)}")
        return ScramConversation(
            mechanism,
            _text(config, "sasl_plain_username"),
            _password(config),
            nonce=new_nonce(),
            max_iterations=_MAX_ITERATIONS,
            keys=SaltedKeys(),
        )


class SaslMechanismOAuth(_BuiltInMechanism):
    """OAUTHBEARER, with the option ``sasl_oauth_token_provider``, whose methods are not async."""

    def _converse(self, config: Mapping[str, object]) -> Conversation:
        provider = config.get("sasl_oauth_token_provider")
        method = getattr(provider, "token", None)
        if not callable(method):
            raise KafkaConfigurationError(
                "OAUTHBEARER needs sasl_oauth_token_provider, an object with a method token()"
            )
        token = read_token(method())
        if isinstance(token, str):
            raise KafkaConfigurationError(f"sasl_oauth_token_provider: {token}")
        more = getattr(provider, "extensions", None)
        extensions = read_extensions(more() if callable(more) else None)
        if isinstance(extensions, str):
            raise KafkaConfigurationError(f"sasl_oauth_token_provider: {extensions}")
        return BearerConversation(token.secret, extensions)


def _text(config: Mapping[str, object], name: str) -> str:
    value = config.get(name)
    if not isinstance(value, str):
        raise KafkaConfigurationError(f"{name} must be given, as a string")
    return value


def _password(config: Mapping[str, object]) -> Secret[str]:
    return Secret(_text(config, "sasl_plain_password"))
