"""Why a connection could not be made, in words that help the user.  Pure."""

from __future__ import annotations

from enum import Enum, unique
from typing import Final

from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaProtocolError,
    TlsError,
    UnsupportedVersionError,
)
from kafka.errors.verdict import is_refusal

_ZOOKEEPER_PORT: Final = 2181
_TLS_ALERT: Final = 0x15
_TLS_HANDSHAKE: Final = 0x16


@unique
class Stage(Enum):
    """How far an attempt to reach a broker got."""

    DNS = "DNS"
    TCP = "TCP"
    TLS = "TLS"
    API_VERSIONS = "ApiVersions"
    SASL = "SASL"
    METADATA = "metadata"


@unique
class Ending(Enum):
    """What the end of an attempt says about the next one."""

    PROVED = "it will end in the same way"
    HUNG_UP = "the peer hung up, which may have been chance"
    SILENT = "the peer took the connection and did not answer"
    OTHER = "nothing"


class StageError(KafkaConnectionError):
    """Report a connection that could not be made, with the stage that failed.

    Args:
        message: what happened, and where.
        stage: how far it got.
        ending: what that says about the next attempt.
        hang_ups: how often the peer has hung up on this attempt.
    """

    def __init__(
        self,
        message: str,
        stage: Stage = Stage.TCP,
        ending: Ending = Ending.OTHER,
        *,
        hang_ups: int = 1,
    ) -> None:
        super().__init__(message)
        self.stage = stage
        self.ending = ending
        self.hang_ups = hang_ups


def message_of(error: KafkaError) -> str:
    """Return the message of *error* without the name of its class."""
    return str(error.args[0]) if error.args else str(error)


def again(error: KafkaError, seconds: float) -> KafkaError:
    """Return a refusal once more, for a call that comes before the next attempt.

    Args:
        error: the refusal.
        seconds: how long it is until that attempt.
    """
    kind, text = type(error), message_of(error)
    repeated = kind(f"{text}; the next attempt is due in {seconds:.1f} s")
    repeated.__cause__ = error
    return repeated


def stage_of(error: KafkaError, stage: Stage) -> Stage:
    """Return the stage at which *error* ended an attempt; *stage* if it does not say."""
    if isinstance(error, StageError):
        return error.stage
    if isinstance(error, TlsError):
        return Stage.TLS
    return Stage.SASL if is_refusal(error) else stage


def ending_of(error: KafkaError) -> Ending:
    """Return what *error* says about the next attempt."""
    if isinstance(error, StageError):
        return error.ending
    if is_refusal(error) or isinstance(error, UnsupportedVersionError):
        return Ending.PROVED
    return Ending.HUNG_UP if isinstance(error, KafkaConnectionError) else Ending.OTHER


def handshake_error(
    error: KafkaError, where: str, *, head: bytes, port: int, protocol: str, hang_ups: int = 1
) -> StageError:
    """Return the error of a failed handshake, with a guess at the cause.

    Args:
        error: how the handshake ended.
        where: the node and the address.
        head: the first bytes received on the connection.
        port: the port connected to.
        protocol: the security protocol of the client.
        hang_ups: how often the peer hung up.
    """
    if isinstance(error, KafkaConnectionError | KafkaProtocolError | TimeoutError):
        # These name the connection already.
        text = message_of(error)
    else:
        text = f"{where}: {error}"
    ending = ending_of(error)
    guess = guess_foreigner(head, protocol)
    if guess is not None:
        ending = Ending.PROVED
    elif ending is Ending.HUNG_UP:
        guess = guess_at_hang_up(port, protocol)
    message = f"{text} ({guess})" if guess else text
    return StageError(message, Stage.API_VERSIONS, ending, hang_ups=hang_ups)


def guess_foreigner(head: bytes, protocol: str) -> str | None:
    """Return what the peer is if it has shown that it does not speak as this client does.

    Args:
        head: the first bytes received on the connection.
        protocol: the security protocol of the client.

    Returns:
        A sentence for the user; ``None`` for a peer that may be a Kafka broker.
    """
    if head.startswith(b"HTTP"):
        return "an HTTP server answers there, not a Kafka broker"
    if len(head) > 1 and head[0] in (_TLS_ALERT, _TLS_HANDSHAKE) and head[1] == 3:
        return f"the port speaks TLS; security_protocol is {protocol}"
    return None


def guess_at_hang_up(port: int, protocol: str) -> str:
    """Return, as a sentence for the user, why a peer probably hangs up on the first request.

    Args:
        port: the port connected to.
        protocol: the security protocol of the client.
    """
    if protocol.endswith("SSL"):
        return (
            "the peer hangs up on the first request after the TLS handshake: the broker wants a "
            "client certificate (ssl_certfile), or is starting or stopping"
        )
    if port == _ZOOKEEPER_PORT:
        return "port 2181 is ZooKeeper's; use the brokers' port, usually 9092"
    return (
        "the peer hangs up on Kafka requests: a TLS or SASL listener (security_protocol is "
        f"{protocol}), a broker that is starting or stopping, or no Kafka broker at all"
    )


def guess_at_refused_metadata(protocol: str) -> str | None:
    """Return why a broker that said what it speaks hangs up on the first other request.

    Args:
        protocol: the security protocol of the client.
    """
    if protocol.startswith("SASL"):
        return None
    return f"the listener may require SASL; security_protocol is {protocol}"
