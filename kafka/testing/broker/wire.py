"""Requests as a broker reads them.  Pure.

`kafka.protocol.headers` writes them, and the responses.
"""

from __future__ import annotations

import importlib
import struct
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from kafka.errors import KafkaProtocolError, UnsupportedVersionError
from kafka.protocol import messages
from kafka.protocol.headers import is_flexible
from kafka.protocol.primitives import bad_length, read_uvarint
from kafka.protocol.schema import Request

Buffer = bytes | bytearray | memoryview
Pieces = list[bytes | memoryview]

# Any: a request class is invariant in its response, so `Request[Message]` would fit none of them.
AnyRequest: TypeAlias = Request[Any]

_START = struct.Struct(">hhih")


class RequestHeader(NamedTuple):
    """The header of a request."""

    api_key: int
    api_version: int
    correlation_id: int
    client_id: str | None


@cache
def request_type(api_key: int) -> type[AnyRequest]:
    """Return the request class of *api_key*.

    Raises:
        UnsupportedVersionError: there is no such API.
    """
    name = messages.MODULES.get(api_key)
    if name is None:
        raise UnsupportedVersionError(f"there is no API with key {api_key}")
    module = importlib.import_module(f"{messages.__name__}.{name}")
    for found in vars(module).values():
        if (
            isinstance(found, type)
            and issubclass(found, Request)
            and found.__module__ == module.__name__
        ):
            return found
    raise AssertionError(f"{module.__name__} has no request")


@cache
def _kind(api_key: int, version: int) -> tuple[type[AnyRequest], bool]:
    """Return the request class of *api_key*, and whether its header has tags in *version*.

    Raises:
        UnsupportedVersionError: there is no such API or version.
    """
    kind = request_type(api_key)
    if version not in kind.VERSIONS:
        raise UnsupportedVersionError(f"{kind.__name__} has no version {version}")
    return kind, is_flexible(kind, version)


def decode_request(frame: Buffer) -> tuple[RequestHeader, AnyRequest]:
    """Return the header and the request in *frame* (without its size).

    Raises:
        KafkaProtocolError: the bytes are not a request.
        UnsupportedVersionError: the API or its version is not known.
    """
    if len(frame) < _START.size:
        raise KafkaProtocolError(f"a request of {len(frame)} bytes has no header")
    key, version, correlation_id, length = _START.unpack_from(frame)
    kind, has_tags = _kind(key, version)
    position = _START.size
    client_id = None
    if length >= 0:
        if length > len(frame) - position:
            raise bad_length("client id", length, len(frame) - position)
        try:
            client_id = str(frame[position : position + length], "utf-8")
        except UnicodeDecodeError as exc:
            raise KafkaProtocolError(f"the client id is not UTF-8: {exc}") from exc
        position += length
    if has_tags:
        position = _skip_tags(frame, position)
    # Apache Kafka does not look at what follows a request; librdkafka's Metadata v13 for all topics
    # ends with three bytes too many.
    request, _ = kind.decode_prefix(frame, version, position)
    return RequestHeader(key, version, correlation_id, client_id), request


def _skip_tags(frame: Buffer, position: int) -> int:
    try:
        if not frame[position]:
            return position + 1
        count, position = read_uvarint(frame, position)
        for _ in range(count):
            _, position = read_uvarint(frame, position)
            size, position = read_uvarint(frame, position)
            if size > len(frame) - position:
                raise bad_length("request header", size, len(frame) - position)
            position += size
    except IndexError as exc:
        raise KafkaProtocolError("the request header ends too early") from exc
    return position
