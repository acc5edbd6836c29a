"""Fetch (1): read batches, waiting for them if need be.

- Records are the stored bytes from the batch that holds the offset on, cut off at the limits, in
  the middle of a batch if need be; the first batch of a response comes whole (KIP-74, from v3 on).
  Versions 0-1 get magic 0, 2-3 magic 1; zstd is UNSUPPORTED_COMPRESSION_TYPE before v10.
- Waits until min bytes are there, an error shows or max wait is over; consumers see the high
  watermark, or the last stable offset with the aborted transactions when reading committed (v4).
- Sessions from v7 (KIP-227); leader epochs from v9 (KIP-320); followers serve from v11 (KIP-392)
  and leaders name a preferred one if the replica selector is rack aware; diverging epochs from v12
  (KIP-595); topic ids from v13 (KIP-516); leader hints from v16 (KIP-951).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kafka.errors import (
    BrokerResponseError,
    FencedLeaderEpochError,
    NotLeaderForPartitionError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    UnsupportedCompressionTypeError,
)
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.record.compression import Codec
from kafka.testing.broker.authorizer import ALLOW_ALL, Operation, ResourceType
from kafka.testing.broker.conversion import to_message_set
from kafka.testing.broker.epochs import UNDEFINED
from kafka.testing.broker.fetch_sessions import FetchSessions, names
from kafka.testing.broker.handlers import handles
from kafka.testing.broker.hosting import leader_hint, served_partition, topic_name
from kafka.testing.broker.waiting import wait_until

if TYPE_CHECKING:
    from kafka.testing.broker.cluster import Partition
    from kafka.testing.broker.context import RequestContext
    from kafka.testing.broker.fetch_sessions import Fetching, FetchPartition, Key, PartitionData
    from kafka.testing.broker.log import PartitionLog
    from kafka.testing.broker.wire import Pieces

_READ_COMMITTED = 1
# fetch.max.bytes of the broker.
_BROKER_MAX_BYTES = 57671680
_ATTRIBUTES_AT = 22
_REFUSED_EARLY = (
    TopicAuthorizationFailedError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
)


def record_magic(version: int) -> int:
    """Return the newest record format the client reads."""
    return 0 if version < 2 else 1 if version < 4 else 2


def first_batch_comes_whole(version: int) -> bool:
    """Return whether limits give way to the first batch (KIP-74)."""
    return version >= 3


def takes_zstd(version: int) -> bool:
    """Return whether batches may be compressed with zstd (KIP-110)."""
    return version >= 10


def reads_from_followers(version: int) -> bool:
    """Return whether any replica may serve the client (KIP-392)."""
    return version >= 11


def names_topics_by_id(version: int) -> bool:
    """Return whether topics come as ids (KIP-516)."""
    return version >= 13


def hints_leaders(version: int) -> bool:
    """Return whether the answer may name a new leader (KIP-951)."""
    return version >= 16


class _Source(NamedTuple):
    """A partition that can be read, as the request asked for it."""

    key: Key
    asked: FetchPartition
    partition: Partition
    is_follower: bool

    def upper(self, request: FetchRequest) -> int:
        """Return the offset the client may read up to."""
        log = self.partition.log
        if is_replica(request):
            return log.end_offset
        if request.isolation_level == _READ_COMMITTED:
            return log.last_stable_offset
        return log.high_watermark


def is_replica(request: FetchRequest) -> bool:
    """Return whether a follower fetches, who may read up to the end of the log."""
    state = request.replica_state
    return request.replica_id >= 0 or (state is not None and state.replica_id >= 0)


@handles(FetchRequest, by_topic=True)
async def fetch(context: RequestContext, request: FetchRequest) -> FetchResponse:
    """Answer with what there is, or wait for it."""
    sessions = context.broker.component(FetchSessions)
    by_id = names_topics_by_id(context.api_version)
    try:
        fetching = sessions.begin(request, by_id=by_id, now=context.cluster.clock.now())
    except BrokerResponseError as error:
        return FetchResponse(error_code=error.errno)
    answers, sources = _resolve(context, fetching)
    hurry = any(_preferred_replica(context, request, source) is not None for source in sources)
    if sources and not answers and not hurry:
        wait = _Wait(context, request, sources)
        await wait.end()
        if wait.is_stale():
            answers, sources = _resolve(context, fetching)
    _read_all(context, request, sources, answers)
    ordered = {key: answers[key] for key in fetching.partitions}
    session = fetching.session
    if session is not None:
        news = session.keep_news(ordered)
        ordered = ordered if fetching.is_full else news
    response = FetchResponse(session_id=fetching.session_id)
    _fill(context, response, ordered)
    return response


def _resolve(
    context: RequestContext, fetching: Fetching
) -> tuple[dict[Key, PartitionData], list[_Source]]:
    """Return the answers that need no reading (errors, truncations) and what can be read."""
    answers: dict[Key, PartitionData] = {}
    sources = []
    for key, asked in fetching.partitions.items():
        try:
            source = _source(context, key, asked)
            diverging = _diverging(source)
            if diverging is None:
                source.partition.log.check_offset(asked.fetch_offset)
        except BrokerResponseError as error:
            answers[key] = _failed(key.partition, error)
            continue
        if diverging is None:
            sources.append(source)
        else:
            answers[key] = diverging
    return answers, sources


def _source(context: RequestContext, key: Key, asked: FetchPartition) -> _Source:
    topic = key.topic
    name = topic_name(context.cluster, topic) if isinstance(topic, UUID) else topic
    refusal = context.refusal(name, key.partition)
    if refusal is not None:
        raise refusal.error
    if not context.allows(Operation.READ, ResourceType.TOPIC, name):
        raise TopicAuthorizationFailedError
    partition = served_partition(
        context,
        name,
        key.partition,
        current_leader_epoch=asked.current_leader_epoch,
        leader_only=not reads_from_followers(context.api_version),
    )
    follows = partition.leader != context.broker.node_id
    if follows and context.broker.node_id not in partition.isr:
        raise NotLeaderForPartitionError(f"the replica of {name} here is not in sync")
    return _Source(key, asked, partition, follows)


def _diverging(source: _Source) -> PartitionData | None:
    """Return the answer to a client whose last epoch ended before its offset (KIP-595)."""
    asked, log = source.asked, source.partition.log
    if asked.last_fetched_epoch < 0:
        return None
    end = log.epoch_end(asked.last_fetched_epoch)
    if UNDEFINED in end:
        raise OffsetOutOfRangeError(f"epoch {asked.last_fetched_epoch} is not known here")
    if end.epoch >= asked.last_fetched_epoch and end.end_offset >= asked.fetch_offset:
        return None
    data = _described(source.key.partition, log)
    data.diverging_epoch = FetchResponse.EpochEndOffset(epoch=end.epoch, end_offset=end.end_offset)
    return data


def _failed(index: int, error: BrokerResponseError) -> PartitionData:
    # What is refused before the log is asked has an empty list of aborted transactions, else null.
    early = isinstance(error, _REFUSED_EARLY)
    return FetchResponse.PartitionData(
        partition_index=index,
        error_code=error.errno,
        high_watermark=-1,
        aborted_transactions=[] if early else None,
        records=b"",
    )


def _described(index: int, log: PartitionLog) -> PartitionData:
    return FetchResponse.PartitionData(
        partition_index=index,
        high_watermark=log.high_watermark,
        last_stable_offset=log.last_stable_offset,
        log_start_offset=log.start_offset,
        aborted_transactions=None,
        records=b"",
    )


class _Wait:
    """The wait of a Fetch for bytes, or for something that makes waiting vain."""

    __slots__ = ("_context", "_request", "_sources", "_started")

    def __init__(
        self, context: RequestContext, request: FetchRequest, sources: list[_Source]
    ) -> None:
        self._context = context
        self._request = request
        self._sources = sources
        self._started = [
            (source.partition.leader, source.partition.leader_epoch) for source in sources
        ]

    def is_over(self) -> bool:
        """Return whether there is something to answer."""
        available = 0
        for source, began in zip(self._sources, self._started, strict=True):
            if self._has_changed(source, began):
                return True
            asked, upper = source.asked, source.upper(self._request)
            if asked.fetch_offset < upper:
                found = source.partition.log.available_bytes(asked.fetch_offset, upper)
                available += min(found, max(asked.partition_max_bytes, 1))
        return available >= self._request.min_bytes

    async def end(self) -> None:
        """Wait until it is over, or as long as the client wants to wait."""
        await wait_until(
            self.is_over,
            [source.partition.log.changed for source in self._sources],
            timers=self._context.cluster.timers,
            limit=self._request.max_wait_ms / 1000,
        )

    def is_stale(self) -> bool:
        """Return whether the partitions have to be looked up again, as something has changed."""
        return self._context.cluster.authorizer is not ALLOW_ALL or any(
            source.is_follower or self._has_changed(source, began)
            for source, began in zip(self._sources, self._started, strict=True)
        )

    def _has_changed(self, source: _Source, began: tuple[int, int]) -> bool:
        """Return whether a partition has another leader, or does not hold the offset any more."""
        partition, log = source.partition, source.partition.log
        topics = self._context.cluster.topics
        return (
            (partition.leader, partition.leader_epoch) != began
            or not log.start_offset <= source.asked.fetch_offset <= log.end_offset
            or topics.get(partition.topic.name) is not partition.topic
        )


def _read_all(
    context: RequestContext,
    request: FetchRequest,
    sources: list[_Source],
    answers: dict[Key, PartitionData],
) -> None:
    left = min(request.max_bytes, _BROKER_MAX_BYTES)
    comes_whole = True
    for source in sources:
        data = _described(source.key.partition, source.partition.log)
        answers[source.key] = data
        preferred = _preferred_replica(context, request, source)
        if preferred is not None:
            data.preferred_read_replica = preferred
            continue
        try:
            size = _read(context, request, source, data, left, comes_whole)
        except BrokerResponseError as error:
            answers[source.key] = _failed(source.key.partition, error)
            continue
        comes_whole = comes_whole and not size
        left = max(0, left - size)


def _read(
    context: RequestContext,
    request: FetchRequest,
    source: _Source,
    data: PartitionData,
    left: int,
    comes_whole: bool,
) -> int:
    log, offset = source.partition.log, source.asked.fetch_offset
    upper = source.upper(request)
    limit = min(source.asked.partition_max_bytes, left)
    version = context.api_version
    whole = comes_whole or not first_batch_comes_whole(version)
    pieces = log.read(offset, upper=upper, max_bytes=limit, at_least_one=whole)
    if request.isolation_level == _READ_COMMITTED:
        data.aborted_transactions = [
            FetchResponse.AbortedTransaction(
                producer_id=aborted.producer_id, first_offset=aborted.first_offset
            )
            for aborted in log.aborted_transactions(offset, upper)
        ]
    size = sum(map(len, pieces))
    if not takes_zstd(version):
        _refuse_zstd(pieces)
    if record_magic(version) < 2:
        converted = to_message_set(pieces, record_magic(version), offset)
        data.records = converted if first_batch_comes_whole(version) else converted[:limit]
    elif pieces:
        data.records = pieces[0] if len(pieces) == 1 else pieces
    return size


def _refuse_zstd(pieces: Pieces) -> None:
    for piece in pieces:
        if len(piece) > _ATTRIBUTES_AT and piece[_ATTRIBUTES_AT] & 7 == Codec.ZSTD:
            raise UnsupportedCompressionTypeError("zstd needs Fetch v10")


def _preferred_replica(
    context: RequestContext, request: FetchRequest, source: _Source
) -> int | None:
    """Return the in-sync replica in the client's rack, if the leader is not in it (KIP-392)."""
    if not request.rack_id:
        return None
    cluster, partition = context.cluster, source.partition
    if (
        source.is_follower
        or is_replica(request)
        or "RackAwareReplicaSelector" not in cluster.setting("replica.selector.class")
        or cluster.nodes[partition.leader].rack == request.rack_id
    ):
        return None
    near = [
        replica
        for replica in partition.isr
        if cluster.nodes[replica].alive and cluster.nodes[replica].rack == request.rack_id
    ]
    return near[0] if near else None


def _fill(
    context: RequestContext, response: FetchResponse, answers: dict[Key, PartitionData]
) -> None:
    topics: dict[str | UUID, FetchResponse.FetchableTopicResponse] = {}
    for key, data in answers.items():
        topic = topics.get(key.topic)
        if topic is None:
            name, topic_id = names(key)
            topic = FetchResponse.FetchableTopicResponse(topic=name, topic_id=topic_id)
            topics[key.topic] = topic
            response.responses.append(topic)
        topic.partitions.append(data)
        if hints_leaders(context.api_version):
            _add_hint(context, key, data, response)


def _add_hint(
    context: RequestContext, key: Key, data: PartitionData, response: FetchResponse
) -> None:
    if data.error_code not in {NotLeaderForPartitionError.errno, FencedLeaderEpochError.errno}:
        return
    topic = key.topic
    name = topic_name(context.cluster, topic) if isinstance(topic, UUID) else topic
    hint = leader_hint(context, name, key.partition)
    if hint is None:
        return
    partition, node = hint
    data.current_leader = FetchResponse.LeaderIdAndEpoch(
        leader_id=partition.leader, leader_epoch=partition.leader_epoch
    )
    if all(endpoint.node_id != node.node_id for endpoint in response.node_endpoints):
        response.node_endpoints.append(
            FetchResponse.NodeEndpoint(
                node_id=node.node_id,
                host=node.host,
                port=node.port_at(context.peer.listener),
                rack=node.rack,
            )
        )
