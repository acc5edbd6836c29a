"""The short way of Produce requests that differ from one before them in their records only.  Pure.

A client that sends records one by one sends little else. The codec decodes the first request for a
partition; those that begin with the same bytes get their answer from a template. Whatever is
unusual about the batch, the partition or the topic is left to `apis.produce` before anything has
changed: an answer from here is, byte for byte, the one that it would have given.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from kafka.errors import BrokerResponseError, KafkaProtocolError
from kafka.protocol.headers import encode_request, encode_response
from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
from kafka.protocol.primitives import read_uvarint
from kafka.protocol.schema import ZERO_UUID
from kafka.record.batch import CRC_STARTS, HEADER, HEADER_SIZE, LOG_OVERHEAD, MAGIC, BatchHeader
from kafka.record.crc32c import crc32c
from kafka.testing.broker.incoming import BatchRefusedError, IncomingBatch, check_framing
from kafka.testing.broker.recorder import Unread

if TYPE_CHECKING:
    from uuid import UUID

    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.configs import PlainLimits
    from kafka.testing.broker.wire import AnyRequest, RequestHeader

# A connection that writes to more partitions, or topics of more lengths, takes the long way there.
_MOST_KNOWN = 1024
_MOST_ENDS = 8
# From this version on a partition carries exactly one batch of magic 2.
_SINGLE_BATCH = 3
_ALL, _LEADER = -1, 1
Buffer = bytes | memoryview
_MARK = b"<records>"
# In a request the correlation id is between these, after API key and version.
_KEY_END, _NAME_STARTS = 4, 8
_LENGTH = struct.Struct(">i")
_OFFSET = struct.Struct(">q")


class _Known(NamedTuple):
    """What requests with one beginning have in common.

    Attributes:
        topic_id: ``None`` if they name the topic.
        tail: what follows the records.
        is_flexible: the length of the records is a varint, of one more than there are.
    """

    version: int
    client_id: str | None
    topic: str
    topic_id: UUID | None
    partition: int
    acks: int
    tail: bytes
    is_flexible: bool
    template: _AnswerTemplate


class _AnswerTemplate:
    """The answer to a batch that was appended, encoded once."""

    __slots__ = ("_base_at", "_start_at", "_whole")

    def __init__(self, version: int, topic: str, topic_id: UUID, index: int) -> None:
        def answer(*, base_offset: int = 0, log_start_offset: int = 0) -> bytes:
            data = ProduceResponse.PartitionProduceResponse(
                index=index, base_offset=base_offset, log_start_offset=log_start_offset
            )
            found = ProduceResponse.TopicProduceResponse(
                name=topic, topic_id=topic_id, partition_responses=[data]
            )
            response = ProduceResponse(responses=[found])
            return b"".join(encode_response(response, version, correlation_id=0))

        self._whole = answer()
        self._base_at = _first_change(self._whole, answer(base_offset=-1))
        # Versions before 5 do not say where the log starts.
        self._start_at = _first_change(self._whole, answer(log_start_offset=-1))

    def filled(self, correlation_id: Buffer, base_offset: int, log_start_offset: int) -> bytes:
        """Return the answer with these numbers in it."""
        answer = bytearray(self._whole)
        answer[4:8] = correlation_id
        _OFFSET.pack_into(answer, self._base_at, base_offset)
        if self._start_at:
            _OFFSET.pack_into(answer, self._start_at, log_start_offset)
        return bytes(answer)


def _first_change(before: bytes, after: bytes) -> int:
    """Return where two answers begin to differ; 0 if they do not."""
    pairs = enumerate(zip(before, after, strict=True))
    return next((place for place, (old, new) in pairs if old != new), 0)


class ProduceShortcut:
    """The short way of the requests of one connection.

    Args:
        state: of the broker.
    """

    __slots__ = ("_ends", "_known", "_lessons", "_state", "_wall_ms")

    def __init__(self, state: BrokerState) -> None:
        self._state = state
        # The last reading of the clock.
        self._wall_ms = 0
        # By API key, version, and all from the client's name to the partition's number.
        self._known: dict[bytes, _Known] = {}
        # Where that ends.
        self._ends: list[int] = []
        self._lessons = _MOST_KNOWN

    def learn(self, frame: Buffer, header: RequestHeader, request: AnyRequest) -> None:
        """Know requests like this one from now on, if there is a short way for them.

        Args:
            frame: the request without its size.
            header: of the request.
            request: what was decoded.
        """
        if self._lessons <= 0 or self._find(frame) is not None:
            return
        found = _single(header, request)
        if found is None:
            return
        # What cannot be learned is not tried for ever.
        self._lessons -= 1
        beginning, known = found
        end = _NAME_STARTS + len(beginning)
        if frame[_NAME_STARTS:end] != beginning:
            return
        if end not in self._ends:
            if len(self._ends) >= _MOST_ENDS:
                return
            self._ends.append(end)
        self._known[b"".join((frame[:_KEY_END], beginning))] = known

    def _find(self, frame: Buffer) -> tuple[int, _Known] | None:
        """Return what is known about a request, and where its beginning ends."""
        for end in self._ends:
            known = self._known.get(b"".join((frame[:_KEY_END], frame[_NAME_STARTS:end])))
            if known is not None:
                return end, known
        return None

    def answer(self, frame: Buffer, now: float) -> tuple[bytes, Unread] | None:
        """Append the batch of a request that is known.

        Args:
            frame: the request without its size.
            now: the cluster's time in seconds.

        Returns:
            The answer with its size, and the request for the recorder; ``None`` if the request has
            to go the long way; nothing has changed then.
        """
        found = self._find(frame)
        if found is None:
            return None
        end, known = found
        records = _records(frame, end, known)
        return None if records is None else self._append(frame, records, known, now)

    def _append(
        self, frame: Buffer, records: Buffer, known: _Known, now: float
    ) -> tuple[bytes, Unread] | None:
        partition = self._partition(known)
        if partition is None:
            return None
        log = partition.log
        limits = log.config.plain_limits
        if limits is None or (known.acks == _ALL and not self._has_replicas(partition, limits)):
            return None
        batch = _checked(records, limits)
        if batch is None or self._is_early(batch.header.max_timestamp - limits.after_ms):
            return None
        try:
            appended = log.append(batch, leader_epoch=partition.leader_epoch, now=now)
        except BrokerResponseError:
            # It is refused before anything changes, so the long way refuses it again.
            return None
        if appended.is_duplicate:
            # The answer has the time of the first one; it is found again on the long way.
            return None
        answer = known.template.filled(
            frame[_KEY_END:_NAME_STARTS], appended.base_offset, appended.log_start_offset
        )
        facts = self._state.node_id, ProduceRequest, known.version, known.client_id
        return answer, Unread(*facts, frame, now)

    def _is_early(self, wall_ms: int) -> bool:
        """Return whether it is before *wall_ms*; the clock is read only if it has to be."""
        if wall_ms <= self._wall_ms:
            return False
        self._wall_ms = self._state.cluster.clock.wall_ms()
        return wall_ms > self._wall_ms

    def _partition(self, known: _Known) -> Partition | None:
        """Return the partition, if this broker leads it."""
        cluster, node_id = self._state.cluster, self._state.node_id
        if known.topic_id is None:
            topic = cluster.topics.get(known.topic)
        else:
            topic = cluster.topics_by_id.get(known.topic_id)
        if topic is None or not 0 <= known.partition < len(topic.partitions):
            return None
        partition = topic.partitions[known.partition]
        leads = partition.leader == node_id and node_id in partition.replicas
        return partition if leads else None

    def _has_replicas(self, partition: Partition, limits: PlainLimits) -> bool:
        """Return whether a batch has been replicated as soon as it is there."""
        needed = limits.min_in_sync
        if self._state.cluster.release.kraft:
            needed = min(needed, len(partition.replicas))
        return len(partition.isr) >= needed and not partition.log.holds_high_watermark


def _single(header: RequestHeader, request: AnyRequest) -> tuple[bytes, _Known] | None:
    """Return how requests like *request* begin and what they have in common.

    Those have one partition, no transaction and an answer.
    """
    assert isinstance(request, ProduceRequest)
    if (
        header.api_version < _SINGLE_BATCH
        or request.transactional_id is not None
        or request.acks not in {_ALL, _LEADER}
        or [len(topic.partition_data) for topic in request.topic_data] != [1]
    ):
        return None
    version = header.api_version
    (topic,) = request.topic_data
    index = topic.partition_data[0].index
    data = ProduceRequest.PartitionProduceData(index=index, records=_MARK)
    marked = ProduceRequest(
        acks=request.acks,
        timeout_ms=request.timeout_ms,
        topic_data=[
            ProduceRequest.TopicProduceData(
                name=topic.name, topic_id=topic.topic_id, partition_data=[data]
            )
        ],
    )
    pieces = encode_request(marked, version, correlation_id=0, client_id=header.client_id)
    head, _, tail = b"".join(pieces).rpartition(_MARK)
    is_flexible = ProduceRequest.FLEXIBLE_SINCE is not None and (
        version >= ProduceRequest.FLEXIBLE_SINCE
    )
    beginning = head[_LENGTH.size + _NAME_STARTS : -1 if is_flexible else -_LENGTH.size]
    template = _AnswerTemplate(version, topic.name, topic.topic_id, index)
    known = _Known(
        version,
        header.client_id,
        topic.name,
        None if topic.topic_id == ZERO_UUID else topic.topic_id,
        index,
        request.acks,
        tail,
        is_flexible,
        template,
    )
    return beginning, known


def _records(frame: Buffer, end: int, known: _Known) -> Buffer | None:
    """Return the records of a request that begins as *known* and ends as *known*."""
    if len(frame) < end + HEADER_SIZE:
        return None
    if known.is_flexible:
        size, start = frame[end], end + 1
        if size >= 128:
            try:
                size, start = read_uvarint(frame, end)
            except KafkaProtocolError:
                return None
        size -= 1
    else:
        (size,), start = _LENGTH.unpack_from(frame, end), end + _LENGTH.size
    if size < HEADER_SIZE or frame[start + size :] != known.tail:
        return None
    records = frame[start : start + size]
    return records if len(records) == size else None


def _checked(records: Buffer, limits: PlainLimits) -> IncomingBatch | None:
    """Return the batch, if it is one whole and plain batch that `incoming.accept` lets pass.

    Whether it is of the future is left to the caller.
    """
    size = len(records)
    fields = HEADER.unpack_from(records)
    base, length, _, magic, crc, attributes, last_delta, _, newest, producer, _, first, count = (
        fields
    )
    if (
        base
        or length + LOG_OVERHEAD != size
        or size > limits.max_bytes
        or magic != MAGIC
        # Not compressed, no transaction, no control batch, times of its own.
        or attributes
        or count <= 0
        or last_delta + 1 != count
        or (producer >= 0 and first < 0)
        or newest < -1
        or crc32c(memoryview(records)[CRC_STARTS:]) != crc
    ):
        return None
    if not _are_records(records, count):
        return None
    return IncomingBatch(BatchHeader._make(fields), records)


def _are_records(records: Buffer, count: int) -> bool:
    """Return whether *count* records fill a batch, by their lengths."""
    # One record of less than 8 KB is looked at here: its length takes a byte or two.
    if count == 1 and len(records) > HEADER_SIZE + 1:
        size, start = records[HEADER_SIZE], HEADER_SIZE + 1
        if size >= 128 and records[start] < 128:
            size, start = size & 127 | records[start] << 7, start + 1
        if size < 128 or start > HEADER_SIZE + 1:
            return size > 0 and not size & 1 and start + (size >> 1) == len(records)
    try:
        check_framing(bytes(records[HEADER_SIZE:]), count)
    except BatchRefusedError:
        return False
    return True
