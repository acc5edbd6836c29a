"""Why a connection could not be made, in words that help the user.  Pure."""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from kafka.errors import KafkaConnectionError, KafkaError, KafkaProtocolError

_ZOOKEEPER_PORT: Final = 2181
_TLS_ALERT: Final = 0x15
_TLS_HANDSHAKE: Final = 0x16


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


def handshake_error(error: KafkaError, where: str, *, head: bytes, port: int) -> StageError:
    """Return the error of a failed handshake, with a guess at the cause.

    Args:
        error: how the handshake ended.
        where: the node and the address.
        head: the first bytes received on the connection.
        port: the port connected to.
    """
    if isinstance(error, KafkaConnectionError | KafkaProtocolError | TimeoutError):
        # These name the connection already.
        text = str(error.args[0]) if error.args else str(error)
    else:
        text = f"{where}: {error}"
    guess = guess_peer(head, port, hung_up=isinstance(error, KafkaConnectionError))
    return StageError(f"{text} ({guess})" if guess else text, Stage.API_VERSIONS)


def guess_peer(head: bytes, port: int, *, hung_up: bool) -> str | None:
    """Return what the peer probably is if it is not a Kafka broker speaking plaintext.

    Args:
        head: the first bytes received on the connection.
        port: the port connected to.
        hung_up: the peer closed the connection instead of answering the first request.

    Returns:
        A sentence for the user; ``None`` without a guess.
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
