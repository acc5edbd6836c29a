"""A template for Produce requests with one batch, and for the answer that all is well.  Pure.

A producer that sends records one by one sends little else, and of all the bytes of such a pair only
a few numbers change. The compiled codec encodes the rest once for each partition and connection.
The template reads only an answer that looks exactly as expected; the codec decodes any other.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka.protocol.adapt import adapt_request, version_cap
from kafka.protocol.headers import encode_request, encode_response
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.primitives import ZERO_UUID, uvarint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from kafka.protocol.api_versions import ApiVersions

    Piece = bytes | bytearray | memoryview

# Up to this size, in bytes, one copy costs less than a second system call.
_JOINED: Final = 65_536
# Size, API key, version, correlation id.
_REQUEST_START: Final = struct.Struct(">ihhi")
_LENGTH: Final = struct.Struct(">i")
_INT64: Final = struct.Struct(">q")
# Size of what a response starts with: the correlation id.
_RESPONSE_START: Final = 4
_MARK: Final = b"<records>"


class ProduceAck(NamedTuple):
    """What a broker says about a batch that it has stored.

    Attributes:
        base_offset: of the first record.
        log_append_time_ms: -1 if the records keep their own.
    """

    base_offset: int
    log_append_time_ms: int = -1


class ProduceSettings(NamedTuple):
    """What all Produce requests of a producer share.

    Args:
        client_id: the client's name.
        acks: as in `ProduceRequest`, like the next two.
        timeout_ms: how long the broker waits for replicas.
        transactional_id: ``None`` without transactions.
        max_version: highest version to use.
    """

    client_id: str | None
    acks: int
    timeout_ms: int
    transactional_id: str | None = None
    max_version: int | None = None


class _Layout(NamedTuple):
    """The places of the numbers in an answer, in bytes from its end. They follow one another.

    Attributes:
        base_offset: of the first number.
        log_append_time: of the second; ``None`` if the version does not have it.
        end: where the last number ends.
    """

    base_offset: int
    log_append_time: int | None
    end: int


class ProduceTemplate:
    """Encode requests with one batch for one partition of one broker, and read their answers.

    Args:
        versions: what the broker speaks.
        settings: what all requests share.
        topic: name of the topic.
        topic_id: its id, the zero UUID if it is not known.
        partition: the partition.

    Raises:
        UnsupportedVersionError: the broker cannot do this.
        IllegalArgumentError: something cannot be encoded.
    """

    REQUEST_TYPE: Final = ProduceRequest

    __slots__ = (
        "_answer_end", "_answer_size", "_answer_start", "_flexible", "_head", "_layout", "_tail",
        "settings", "topic_id", "version", "versions",
    )  # fmt: skip

    def __init__(
        self,
        versions: ApiVersions,
        settings: ProduceSettings,
        *,
        topic: str,
        topic_id: UUID,
        partition: int,
    ) -> None:
        self.versions = versions
        self.settings = settings
        self.topic_id = topic_id
        request = _request(settings, topic, topic_id, partition)
        caps = [cap for cap in (version_cap(request), settings.max_version) if cap is not None]
        self.version = version = versions.pick(request, max_version=min(caps, default=None))
        pieces = encode_request(
            adapt_request(request, version),
            version,
            correlation_id=0,
            client_id=settings.client_id,
        )
        head, _, self._tail = b"".join(pieces).rpartition(_MARK)
        since = ProduceRequest.FLEXIBLE_SINCE
        self._flexible = since is not None and version >= since
        # From the client's name to the length of the records.
        self._head = head[_REQUEST_START.size : -1 if self._flexible else -_LENGTH.size]
        self._layout = layout = _layout(version)
        answer = _answer(version, topic=topic, topic_id=topic_id, partition=partition)
        self._answer_size = len(answer)
        self._answer_start = answer[_RESPONSE_START : len(answer) - layout.base_offset]
        self._answer_end = answer[len(answer) - layout.end :]

    def request(self, correlation_id: int, records: Sequence[Piece]) -> list[Piece]:
        """Return the request that carries the batch *records*, size and header included."""
        size = sum(map(len, records))
        head, tail = self._head, self._tail
        length = uvarint(size + 1) if self._flexible else _LENGTH.pack(size)
        whole = _REQUEST_START.size + len(head) + len(length) + size + len(tail)
        start = _REQUEST_START.pack(
            whole - _LENGTH.size, ProduceRequest.API_KEY, self.version, correlation_id
        )
        if whole <= _JOINED:
            return [b"".join((start, head, length, *records, tail))]
        pieces: list[Piece] = [start + head + length, *records]
        if tail:
            pieces.append(tail)
        return pieces

    def read_ack(self, frame: bytes | memoryview) -> ProduceAck | None:
        """Read an answer that looks as expected; return ``None`` for any other.

        The expected one names this partition alone, has no error, and announces no throttling.
        """
        size = self._answer_size
        if (
            type(frame) is not bytes
            or len(frame) != size
            or not frame.startswith(self._answer_start, _RESPONSE_START)
            or not frame.endswith(self._answer_end)
        ):
            return None
        offset, time, _ = self._layout
        (base_offset,) = _INT64.unpack_from(frame, size - offset)
        if time is None:
            return ProduceAck(base_offset)
        return ProduceAck(base_offset, _INT64.unpack_from(frame, size - time)[0])


def _request(
    settings: ProduceSettings, topic: str, topic_id: UUID, partition: int
) -> ProduceRequest:
    data = ProduceRequest.PartitionProduceData(index=partition, records=_MARK)
    topic_data = ProduceRequest.TopicProduceData(
        name=topic, topic_id=topic_id, partition_data=[data]
    )
    return ProduceRequest(
        transactional_id=settings.transactional_id,
        acks=settings.acks,
        timeout_ms=settings.timeout_ms,
        topic_data=[topic_data],
    )


def _answer(
    version: int,
    *,
    topic: str = "",
    topic_id: UUID = ZERO_UUID,
    partition: int = 0,
    base_offset: int = 0,
    log_append_time_ms: int = 0,
    log_start_offset: int = 0,
) -> bytes:
    """Return the answer to a batch that was stored, without the size in front."""
    data = ProduceResponse.PartitionProduceResponse(
        index=partition,
        base_offset=base_offset,
        log_append_time_ms=log_append_time_ms,
        log_start_offset=log_start_offset,
    )
    found = ProduceResponse.TopicProduceResponse(
        name=topic, topic_id=topic_id, partition_responses=[data]
    )
    response = ProduceResponse(responses=[found])
    pieces = encode_response(response, version, correlation_id=0)
    return b"".join(pieces)[_LENGTH.size :]


@cache
def _layout(version: int) -> _Layout:
    """Find the places of the numbers in *version*: the bytes there change with them."""
    zeros = _answer(version)
    base_offset = _changed(zeros, _answer(version, base_offset=-1))
    time = _changed(zeros, _answer(version, log_append_time_ms=-1))
    start = _changed(zeros, _answer(version, log_start_offset=-1))
    assert base_offset is not None
    last = min(place for place in (base_offset, time, start) if place is not None)
    return _Layout(base_offset, time, last - _INT64.size)


def _changed(before: bytes, after: bytes) -> int | None:
    """Return where two answers differ, counted from the end; ``None`` if they do not."""
    for place, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            return len(before) - place
    return None
