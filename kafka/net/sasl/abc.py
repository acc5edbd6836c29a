"""The interface of SASL mechanisms that users write, as in kafka-python 2.1 to 3.x."""

from __future__ import annotations

from abc import ABC, abstractmethod


class SaslMechanism(ABC):
    """One attempt to authenticate, with a mechanism of the user's own.

    Make a subclass known with `kafka.net.sasl.register_sasl_mechanism`. Its methods are called on a
    thread that may block: first `auth_bytes`, then `receive` and, until `is_done`, `auth_bytes`
    again.
    """

    @abstractmethod
    def __init__(self, **config: object) -> None:
        """Start an attempt.

        Args:
            **config: ``host``, the broker's name, and the options of TLS and SASL that the client
                was made with.
        """

    @abstractmethod
    def auth_bytes(self) -> bytes:
        """Return the next token to send."""

    @abstractmethod
    def receive(self, auth_bytes: bytes) -> None:
        """Take the broker's answer to the last token."""

    @abstractmethod
    def is_done(self) -> bool:
        """Return whether nothing is to be sent any more."""

    @abstractmethod
    def is_authenticated(self) -> bool:
        """Return whether the attempt has succeeded."""

    def auth_details(self) -> str:
        """Return what may be logged about a success."""
        if not self.is_authenticated():
            raise RuntimeError("not authenticated yet")
        return "Authenticated via SASL"
