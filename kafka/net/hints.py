"""What probably answers when it is no Kafka broker speaking plaintext.  PURE."""

from __future__ import annotations

from typing import Final

_ZOOKEEPER_PORT: Final = 2181
_TLS_ALERT: Final = 0x15
_TLS_HANDSHAKE: Final = 0x16


def hint(head: bytes, port: int, *, hung_up: bool) -> str | None:
    """Return a guess for the user, ``None`` if there is nothing to say.

    Args:
        head: the first bytes received on the connection.
        port: the port connected to.
        hung_up: the peer closed the connection instead of answering the first request.
    """
    if head.startswith(b"HTTP"):
        return "an HTTP server answers there, not a Kafka broker"
    if len(head) > 1 and head[0] in (_TLS_ALERT, _TLS_HANDSHAKE) and head[1] == 3:
        return "the port speaks TLS; the client speaks plaintext (security_protocol)"
    if not hung_up:
        return None
    if port == _ZOOKEEPER_PORT:
        return "port 2181 is ZooKeeper's; use the brokers' port, usually 9092"
    return (
        "the peer hangs up on Kafka requests: a TLS or SASL listener, a broker that is "
        "starting or stopping, or no Kafka broker at all"
    )
