"""A Produce request with one batch, and the answer that all is well, by stencil.

PURE. A producer whose records come singly sends little else, and of all the bytes of such a pair
only a few numbers are not known beforehand. The compiled codec writes the rest, once for each
partition and connection; what in an answer is not as the stencil has it is left to the codec.
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

# Up to here one copy costs less than a second system call.
_JOINED: Final = 65_536
# Size, API key, version, correlation id.
_REQUEST_START: Final = struct.Struct(">ihhi")
_LENGTH: Final = struct.Struct(">i")
_INT64: Final = struct.Struct(">q")
# What a response starts with: the correlation id.
_RESPONSE_START: Final = 4
_MARK: Final = b"<records>"


class Accepted(NamedTuple):
    """What a broker says of a batch it took.

    Attributes:
        base_offset: of the first record.
        log_append_time_ms: -1 if the records keep their own.
    """

    base_offset: int
    log_append_time_ms: int = -1


class Settings(NamedTuple):
    """What all Produce requests of a producer have in common; see `ProduceRequest`."""

    client_id: str | None
    acks: int
    timeout_ms: int
    transactional_id: str | None = None


class _Layout(NamedTuple):
    """Where an answer has its numbers, which stand side by side, counted from its end.

    Attributes:
        base_offset: the first of them.
        log_append_time: ``None`` if the version has none.
        end: what follows them.
    """

    base_offset: int
    log_append_time: int | None
    end: int


class ProduceStencil:
    """Requests with one batch for one partition, as one broker takes them.

    Args:
        versions: what the broker speaks.
        settings: what all requests have in common.
        topic: name of the topic.
        topic_id: its id, the zero UUID if not known.
        partition: the partition.

    Raises:
        UnsupportedVersionError: the broker cannot do this.
        IllegalArgumentError: something cannot be encoded.
    """

    REQUEST_TYPE: Final = ProduceRequest

    __slots__ = (
        "_answer_end", "_answer_size", "_answer_start", "_flexible", "_head", "_layout", "_tail",
        "topic_id", "version", "versions",
    )  # fmt: skip

    def __init__(
        self,
        versions: ApiVersions,
        settings: Settings,
        *,
        topic: str,
        topic_id: UUID,
        partition: int,
    ) -> None:
        self.versions = versions
        self.topic_id = topic_id
        request = _request(settings, topic, topic_id, partition)
        self.version = version = versions.pick(request, max_version=version_cap(request))
        pieces = encode_request(
            adapt_request(request, version),
            version,
            correlation_id=0,
            client_id=settings.client_id,
        )
        head, _, self._tail = b"".join(pieces).rpartition(_MARK)
        since = ProduceRequest.FLEXIBLE_SINCE
        self._flexible = since is not None and version >= since
        # Up to the length of the records, without what comes before the name of the client.
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

    def accepted(self, frame: bytes | memoryview) -> Accepted | None:
        """Return what an answer says that is as expected; ``None`` if it is not.

        It names this partition alone, has no error, and asks for no pause.
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
            return Accepted(base_offset)
        return Accepted(base_offset, _INT64.unpack_from(frame, size - time)[0])


def _request(settings: Settings, topic: str, topic_id: UUID, partition: int) -> ProduceRequest:
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
    """Return the answer, without its size, to a batch that was taken."""
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
    """Find where *version* has its numbers: where the bytes change with them."""
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
