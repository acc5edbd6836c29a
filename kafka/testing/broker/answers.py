"""What a broker sends beside answers of handlers: mere errors, and what faults damage.  Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kafka.errors import KafkaProtocolError
from kafka.testing.broker import faults

if TYPE_CHECKING:
    from kafka.errors import BrokerResponseError
    from kafka.protocol.schema import Message
    from kafka.testing.broker.wire import AnyRequest

Pieces = list[bytes | memoryview]

_SIZE = struct.Struct(">i")


@dataclass(slots=True)
class Outgoing:
    """What a connection does after a request: write *pieces*, close, pause for *mute* seconds."""

    pieces: Pieces = field(default_factory=list)
    close: bool = False
    mute: float = 0.0


def error_response(
    request: AnyRequest, error: type[BrokerResponseError], message: str | None = None
) -> Message:
    """Return the answer to *request* that is nothing but an error.

    Raises:
        KafkaProtocolError: the response has no error code at the top.
    """
    response: Message = request.RESPONSE()
    if not hasattr(response, "error_code"):
        raise KafkaProtocolError(
            f"{type(response).__name__} has no error code of its own; inject a whole response"
        )
    response.error_code = error.errno
    if hasattr(response, "producer_epoch"):
        response.producer_epoch = -1
    if hasattr(response, "error_message"):
        response.error_message = message or error.description
    return response


def damaged(action: faults.Action, outgoing: Outgoing) -> Outgoing:
    """Return an answer as a fault lets it out."""
    whole = b"".join(outgoing.pieces)
    match action:
        case faults.HalfFrame():
            return Outgoing([whole[: max(5, len(whole) // 2)]], close=True)
        case faults.Garbage(data):
            return Outgoing([data], mute=outgoing.mute)
        case faults.WrongCorrelationId(shift):
            (correlation_id,) = _SIZE.unpack_from(whole, 4)
            wrong = _SIZE.pack((correlation_id + shift) & 0x7FFFFFFF)
            return Outgoing([whole[:4], wrong, whole[8:]], mute=outgoing.mute)
        case _:
            return Outgoing()
