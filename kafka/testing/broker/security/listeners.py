"""The listeners of a broker, and how clients authenticate on each.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


class Listener(NamedTuple):
    """One listener; every broker of a cluster has all of them, each on a port of its own.

    Attributes:
        name: of the listener; Metadata answers with addresses of the listener it came through.
        tls: context of the server's side; a context that asks for client certificates makes
            ``User:<distinguished name>`` of them.
        mechanisms: of SASL, by Kafka's names; without any, clients need not authenticate.
    """

    name: str = "PLAINTEXT"
    tls: ssl.SSLContext | None = None
    mechanisms: tuple[str, ...] = ()

    @property
    def protocol(self) -> str:
        """The security protocol, by Kafka's name."""
        if self.mechanisms:
            return "SASL_PLAINTEXT" if self.tls is None else "SASL_SSL"
        return "PLAINTEXT" if self.tls is None else "SSL"


def checked(listeners: Iterable[Listener]) -> tuple[Listener, ...]:
    """Return *listeners* if they are valid.

    Raises:
        ValueError: the list is empty, two have the same name, or a mechanism is unknown.
    """
    found = tuple(listeners)
    if not found:
        raise ValueError("a broker needs a listener")
    if len({listener.name for listener in found}) != len(found):
        raise ValueError("two listeners have the same name")
    for listener in found:
        for mechanism in listener.mechanisms:
            if mechanism not in MECHANISMS:
                known = ", ".join(MECHANISMS)
                raise ValueError(
                    f"listener {listener.name}: no mechanism {mechanism!r}; there are {known}"
                )
    return found
