"""One request of a user on its way to a broker, and its response on the way back.

A request that has a version, of `kafka.protocol` or of a user, is sent as it is. One of this
package's own kind (`kafka.protocol.messages`) is sent in the highest version that both sides speak.
"""

from __future__ import annotations

import struct
from io import BytesIO
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from kafka._base.logs import logger
from kafka.errors import KafkaError, KafkaProtocolError, UnsupportedVersionError
from kafka.low_level.deliveries import Outcome, Response
from kafka.protocol.adapt import adapt_request, adapt_response, version_cap
from kafka.protocol.headers import decode_response, encode_request
from kafka.protocol.schema import Request as RequestMessage
from kafka.protocol.throttle import throttle_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka.future import Future
    from kafka.net.connection import Connection
    from kafka.net.frame_stream import Piece
    from kafka.net.pending_response import Frame
    from kafka.protocol.api_versions import ApiVersions

log = logger("kafka.conn")

_SIZE: Final = struct.Struct(">i")
_ACKS_0: Final = 0
_PRODUCE: Final = 0
_OF_REQUESTS: Final = ("API_KEY", "API_VERSION", "encode", "expect_response", "build_header")


class Header(Protocol):
    """What a request begins with."""

    def encode(self) -> bytes:
        """Return the bytes."""


class VersionedRequest(Protocol):
    """A request as kafka-python 2.x makes it; `kafka.protocol.api.Request` is its base."""

    API_KEY: ClassVar[int]
    API_VERSION: ClassVar[int]
    RESPONSE_TYPE: ClassVar[Any]  # Any: the class of the response, whatever that is

    def encode(self) -> bytes:
        """Return the body."""

    def expect_response(self) -> bool:
        """Return whether the broker answers."""

    def build_header(self, correlation_id: int, client_id: str | None) -> Header:
        """Return what goes before the body."""


AnyRequest = VersionedRequest | RequestMessage[Any]  # Any: any response


class Outgoing:
    """A request that is sent once (`kafka.net.pending_response.EncodedRequest`).

    Args:
        request: as the user made it.

    Attributes:
        correlation_id: its number on the connection, once it is sent.
        version: the version that it is sent in.

    Raises:
        TypeError: *request* is none.
    """

    def __init__(self, request: AnyRequest) -> None:
        _check(request)
        self.correlation_id = -1
        self.version = -1 if isinstance(request, RequestMessage) else request.API_VERSION
        self._request = request

    @property
    def api_key(self) -> int:
        """The API."""
        return self._request.API_KEY

    @property
    def name(self) -> str:
        """Name and version, for messages."""
        if isinstance(self._request, RequestMessage):
            return f"{self._request.NAME} v{self.version}"
        return type(self._request).__name__

    @property
    def expects_response(self) -> bool:
        """Whether the broker answers."""
        if isinstance(self._request, RequestMessage):
            return self.api_key != _PRODUCE or getattr(self._request, "acks", 1) != _ACKS_0
        return bool(self._request.expect_response())

    def prepare(self, versions: ApiVersions) -> None:
        """Choose the version, or check the one that the request has.

        Raises:
            UnsupportedVersionError: the broker does not speak it.
        """
        if isinstance(self._request, RequestMessage):
            self.version = _version_that_carries(self._request, versions)
            return
        versions.require_version(self.api_key, self.version, self.name)

    def frame(self, correlation_id: int, client_id: str | None) -> Sequence[Piece]:
        """Return size, header and body."""
        self.correlation_id = correlation_id
        request = self._request
        if isinstance(request, RequestMessage):
            return encode_request(
                adapt_request(request, self.version),
                self.version,
                correlation_id=correlation_id,
                client_id=client_id,
            )
        header = request.build_header(correlation_id, client_id).encode()
        body = request.encode()
        return [_SIZE.pack(len(header) + len(body)) + header + body]

    def decode(self, frame: Frame) -> Response:
        """Return the response in *frame*.

        Raises:
            KafkaProtocolError: the bytes are not such a response.
        """
        request = self._request
        if isinstance(request, RequestMessage):
            found = decode_response(type(request), self.version, frame)
            return adapt_response(found, self.version)
        stream = BytesIO(frame)
        try:
            request.RESPONSE_TYPE.parse_header(stream)
            return request.RESPONSE_TYPE.decode(stream)
        except KafkaError:
            raise
        except Exception as error:
            raise KafkaProtocolError(f"the answer to {self.name}: {error!r}") from error


def _check(request: AnyRequest) -> None:
    """Raise an error for what a program may take for a request, which says what is one."""
    if isinstance(request, RequestMessage):
        return
    lacking = [name for name in _OF_REQUESTS if not hasattr(request, name)]
    name = getattr(request, "__name__", None)
    if isinstance(name, str):
        is_class = isinstance(request, type)
        found = f"{name} is a class" if is_class else f"{name} stands for all versions of it"
        call = f"{name}(...)" if is_class else f"{name}[version](...)"
        raise TypeError(f"a request is needed, and {found}; call it: {call}")
    if lacking:
        raise TypeError(
            "a request is needed, such as MetadataRequest[1](None), not "
            f"{type(request).__name__}, which lacks {', '.join(lacking)}"
        )


def _version_that_carries(request: RequestMessage[Any], versions: ApiVersions) -> int:
    """Return the highest version that both sides speak, and that can say all of *request*.

    Raises:
        UnsupportedVersionError: there is none.
    """
    highest = versions.pick(request, max_version=version_cap(request))
    known = versions.range_of(request.API_KEY)
    lowest = max(request.VERSIONS.min, known[0] if known else 0)
    failure: UnsupportedVersionError | None = None
    for version in range(highest, lowest - 1, -1):
        try:
            adapt_request(request, version).encode(version)
        except UnsupportedVersionError as error:
            failure = failure or error  # that of the highest says most
        else:
            return version
    assert failure is not None  # the range has one version at least
    raise failure


class Answer:
    """Waits on the loop for the response of one request, and hands it over.

    It is a `kafka.net.pending_response.ResponseHandler`.

    Args:
        outgoing: the request.
        future: what the user holds.
        deliver: takes the outcome.

    Attributes:
        connection: where the request was written.
    """

    def __init__(
        self, outgoing: Outgoing, future: Future, deliver: Callable[[Outcome], object]
    ) -> None:
        self.connection: Connection | None = None
        self._outgoing = outgoing
        self._future = future
        self._deliver = deliver
        self._is_done = False

    def done(self) -> bool:
        """Return whether the outcome is known."""
        return self._is_done

    def set_result(self, frame: Frame, /) -> None:
        """Decode the response and hand it over."""
        self._is_done = True
        try:
            response = self._outgoing.decode(frame)
        except KafkaError as error:
            self._deliver(Outcome(self._future, None, error))
            return
        self._note_throttling(response)
        self._deliver(Outcome(self._future, response))

    def set_exception(self, exception: KafkaError, /) -> None:
        """Hand over why there is no response."""
        self._is_done = True
        self._deliver(Outcome(self._future, None, exception))

    def _note_throttling(self, response: Response) -> None:
        seconds = throttle_seconds(self._outgoing.api_key, self._outgoing.version, response)
        connection = self.connection
        if seconds > 0 and connection is not None and connection.on_throttle is not None:
            log.info("%s: throttled for %.3f s", connection.where, seconds)
            connection.on_throttle(seconds)
