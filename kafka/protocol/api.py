"""Requests and responses of kafka-python 2.x, and their headers: the base of users' own.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from kafka.protocol.struct import Struct
from kafka.protocol.types import Int16, Int32, Schema, String, TaggedFields

if TYPE_CHECKING:
    from kafka.protocol.abstract import Codec, Readable

_API_VERSIONS: Final = 18
_FIELDS: Final[list[tuple[str, Codec]]] = [
    ("api_key", Int16),
    ("api_version", Int16),
    ("correlation_id", Int32),
    ("client_id", String("utf-8")),
]


class RequestHeader(Struct):
    """What a request begins with.

    Args:
        request: what follows.
        correlation_id: a number that the response repeats.
        client_id: who asks, as the broker's logs and quotas name it.
        tags: tagged fields, if the request is flexible.
    """

    SCHEMA = Schema(*_FIELDS)

    def __init__(
        self,
        request: Request,
        correlation_id: int = 0,
        client_id: str | None = "kafka-python",
        tags: dict[int, bytes] | None = None,
    ) -> None:
        values = (request.API_KEY, request.API_VERSION, correlation_id, client_id, tags or {})
        super().__init__(*values[: len(self.SCHEMA)])


class RequestHeaderV2(RequestHeader):
    """What a flexible request begins with (KIP-482)."""

    SCHEMA = Schema(*_FIELDS, ("tags", TaggedFields))


class ResponseHeader(Struct):
    """What a response begins with."""

    SCHEMA = Schema(("correlation_id", Int32))


class ResponseHeaderV2(Struct):
    """What a flexible response begins with (KIP-482)."""

    SCHEMA = Schema(("correlation_id", Int32), ("tags", TaggedFields))


class _Message(Struct):
    """A request or a response.

    Attributes:
        API_KEY: Kafka's number of the API.
        API_VERSION: the version that ``SCHEMA`` describes.
        FLEXIBLE_VERSION: whether this version has compact lengths and tagged fields (KIP-482).
    """

    API_KEY: ClassVar[int]
    API_VERSION: ClassVar[int]
    FLEXIBLE_VERSION: ClassVar[bool] = False


class Response(_Message):
    """What a broker answers; its attributes say which API and version."""

    @classmethod
    def parse_header(cls, read_buffer: Readable) -> ResponseHeader | ResponseHeaderV2:
        """Return the header that *read_buffer*, such a response, begins with.

        That of ApiVersions is never flexible: a client can read an older broker's (KIP-511).
        """
        if cls.FLEXIBLE_VERSION and cls.API_KEY != _API_VERSIONS:
            return ResponseHeaderV2.decode(read_buffer)
        return ResponseHeader.decode(read_buffer)


class Request(_Message):
    """What a client asks.

    Attributes:
        RESPONSE_TYPE: the class of the answer.
    """

    RESPONSE_TYPE: ClassVar[type[Response]]

    def expect_response(self) -> bool:
        """Return whether the broker answers."""
        return True

    def build_header(
        self, correlation_id: int, client_id: str | None
    ) -> RequestHeader | RequestHeaderV2:
        """Return the header that belongs before this request.

        Args:
            correlation_id: a number that the response repeats.
            client_id: who asks, as the broker's logs and quotas name it.
        """
        header = RequestHeaderV2 if self.FLEXIBLE_VERSION else RequestHeader
        return header(self, correlation_id=correlation_id, client_id=client_id)
