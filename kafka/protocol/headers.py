"""Request and response headers: which version goes with which message, and their bytes.

Pure. Request headers are version 1, or 2 where the message is flexible (KIP-482); response headers
0 and 1. ApiVersions is answered with header 0 always, so that a client can read the answer of a
broker older than itself (KIP-511).
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from kafka.errors import IllegalArgumentError, KafkaProtocolError
from kafka.protocol.primitives import bad_length, read_uvarint
from kafka.protocol.schema import Message, Request

if TYPE_CHECKING:
    from kafka.protocol.primitives import Buffer

R = TypeVar("R", bound=Message)

_API_VERSIONS: Final = 18
_CORRELATION_ID: Final = struct.Struct(">i")
_NO_TAGS: Final = b"\0"
_MAX_CLIENT_ID: Final = 32767
_REQUEST_START: Final = struct.Struct(">ihhi").pack


def encode_request(
    request: Request[R], version: int, *, correlation_id: int, client_id: str | None
) -> list[bytes | memoryview]:
    """Return *request* as it goes to the socket: size, header and body, in pieces.

    Args:
        request: what to send.
        version: the version both sides speak.
        correlation_id: number that the response will repeat, -2**31 to 2**31 - 1.
        client_id: name shown in the broker's logs, metrics and quotas; at most 32,767 bytes.

    Raises:
        UnsupportedVersionError: *version* cannot carry what *request* says.
        IllegalArgumentError: a field or *client_id* cannot be encoded.
    """
    parts = request.encode_parts(version)
    name = _name(client_id)
    if is_flexible(type(request), version):
        name += _NO_TAGS
    size = 8 + len(name) + (len(parts[0]) if len(parts) == 1 else sum(map(len, parts)))
    parts[0] = _REQUEST_START(size, request.API_KEY, version, correlation_id) + name + parts[0]
    return parts


@lru_cache(maxsize=64)
def _name(client_id: str | None) -> bytes:
    """Return *client_id* as the header has it, a string of the old kind in any version."""
    if client_id is None:
        return struct.pack(">h", -1)
    name = client_id.encode()
    if len(name) > _MAX_CLIENT_ID:
        raise IllegalArgumentError(f"client_id takes {len(name)} bytes, more than {_MAX_CLIENT_ID}")
    return struct.pack(">h", len(name)) + name


def decode_correlation_id(frame: Buffer) -> int:
    """Return the correlation id a response starts with.

    Raises:
        KafkaProtocolError: *frame* is too short to hold one.
    """
    if len(frame) < _CORRELATION_ID.size:
        raise KafkaProtocolError(f"a response of {len(frame)} bytes has no correlation id")
    correlation_id: int = _CORRELATION_ID.unpack_from(frame)[0]
    return correlation_id


def decode_response(request_type: type[Request[R]], version: int, frame: Buffer) -> R:
    """Return the response in *frame*.

    Args:
        request_type: the class of the request it answers.
        version: the version that request was sent in.
        frame: the response without its size; what follows the response there is ignored.

    Raises:
        KafkaProtocolError: the bytes are not such a response.
    """
    offset = _CORRELATION_ID.size
    response_type = request_type.RESPONSE
    if request_type.API_KEY != _API_VERSIONS and is_flexible(response_type, version):
        try:
            # Nearly always there are none: one byte says so.
            offset = _skip_tags(frame, offset) if frame[offset] else offset + 1
        except IndexError as exc:
            name = response_type.__name__
            raise KafkaProtocolError(f"{name} v{version}: the header ends too early") from exc
    # Apache Kafka's clients do not look at what follows a response; the mock brokers of librdkafka
    # end a flexible Metadata response with a byte too many.
    response, _ = response_type.decode_prefix(frame, version, offset)
    return response


def encode_response(
    response: Message, version: int, *, correlation_id: int
) -> list[bytes | memoryview]:
    """Return *response* as a broker sends it: size, header and body, in pieces.

    Args:
        response: what to send.
        version: the version of the request it answers.
        correlation_id: that of the request.

    Raises:
        UnsupportedVersionError: *version* cannot carry what *response* says.
        IllegalArgumentError: a field cannot be encoded.
    """
    parts = response.encode_parts(version)
    flexible = response.API_KEY != _API_VERSIONS and is_flexible(type(response), version)
    tags = _NO_TAGS if flexible else b""
    size = _CORRELATION_ID.size + len(tags) + sum(map(len, parts))
    parts[0] = b"".join((struct.pack(">ii", size, correlation_id), tags, parts[0]))
    return parts


def is_flexible(message: type[Message], version: int) -> bool:
    """Return whether *version* has compact lengths and tagged fields (KIP-482)."""
    since = message.FLEXIBLE_SINCE
    return since is not None and version >= since


def _skip_tags(frame: Buffer, pos: int) -> int:
    """Return the position after the tagged fields at *pos*; headers have none this client uses."""
    count, pos = read_uvarint(frame, pos)
    for _ in range(count):
        _, pos = read_uvarint(frame, pos)
        size, pos = read_uvarint(frame, pos)
        if size > len(frame) - pos:
            raise bad_length("response header", size, len(frame) - pos)
        pos += size
    return pos
