"""Incremental fetch sessions of one broker (KIP-227).  Pure.

A session remembers the partitions that a client fetches, in the order of reading, and the last
answer about each, so that requests and answers carry only changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kafka.errors import (
    FetchSessionIdNotFoundError,
    FetchSessionTopicIdError,
    InvalidFetchSessionEpochError,
)
from kafka.protocol.messages.fetch import FetchRequest, FetchResponse
from kafka.protocol.schema import ZERO_UUID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kafka.testing.broker.broker_state import BrokerState
    from kafka.testing.broker.cluster import Cluster

FetchPartition = FetchRequest.FetchPartition
PartitionData = FetchResponse.PartitionData

INITIAL_EPOCH = 0
FINAL_EPOCH = -1
NO_SESSION = 0
_EPOCH_MAX = (1 << 31) - 1
# A session unused for so long (seconds) may give way to a new one: MIN_INCREMENTAL_FETCH_SESSION_
# EVICTION_MS.
_EVICTABLE_AFTER = 120.0


class Key(NamedTuple):
    """A partition as the request named it: by topic id from v13 on, by name before."""

    topic: str | UUID
    partition: int


class Cached:
    """One partition of a session, and the last answer about it."""

    __slots__ = ("asked", "high_watermark", "log_start_offset")

    def __init__(self, asked: FetchPartition) -> None:
        self.asked = asked
        self.high_watermark = -1
        self.log_start_offset = -1

    def is_news(self, data: PartitionData) -> bool:
        """Remember *data* and return whether an incremental answer has to carry it."""
        news = (
            bool(data.records)
            or data.error_code != 0
            or data.high_watermark != self.high_watermark
            or data.log_start_offset != self.log_start_offset
            or data.preferred_read_replica != -1
            or data.diverging_epoch is not None
        )
        # After an error the next good answer is news whatever it says.
        self.high_watermark = -1 if data.error_code else data.high_watermark
        self.log_start_offset = data.log_start_offset
        return news


class Session:
    """The partitions of one session, in order."""

    __slots__ = ("by_id", "epoch", "last_used", "partitions", "session_id")

    def __init__(self, session_id: int, *, by_id: bool) -> None:
        self.session_id = session_id
        self.by_id = by_id
        self.epoch = INITIAL_EPOCH + 1
        self.last_used = 0.0
        self.partitions: dict[Key, Cached] = {}

    def update(self, request: FetchRequest, *, by_id: bool) -> None:
        """Add, change and remove partitions as *request* says."""
        for key, asked in asked_partitions(request, by_id=by_id):
            cached = self.partitions.get(key)
            if cached is None:
                self.partitions[key] = Cached(asked)
            else:
                cached.asked = asked
        for topic in request.forgotten_topics_data:
            name: str | UUID = topic.topic_id if by_id else topic.topic
            for index in topic.partitions:
                self.partitions.pop(Key(name, index), None)

    def keep_news(self, answers: dict[Key, PartitionData]) -> dict[Key, PartitionData]:
        """Return the answers that are news; move partitions with records to the end."""
        news = {key: data for key, data in answers.items() if self.partitions[key].is_news(data)}
        for key, data in news.items():
            if data.records:
                self.partitions[key] = self.partitions.pop(key)
        return news


def asked_partitions(request: FetchRequest, *, by_id: bool) -> Iterator[tuple[Key, FetchPartition]]:
    """Yield the partitions that *request* names."""
    for topic in request.topics:
        name: str | UUID = topic.topic_id if by_id else topic.topic
        for asked in topic.partitions:
            yield Key(name, asked.partition), asked


class Fetching(NamedTuple):
    """What one request fetches, in order, and the session it belongs to.

    Attributes:
        session: ``None`` for a fetch without session.
        is_full: every partition is answered.
    """

    partitions: dict[Key, FetchPartition]
    session: Session | None
    is_full: bool

    @property
    def session_id(self) -> int:
        """The id to answer."""
        return NO_SESSION if self.session is None else self.session.session_id


class FetchSessions:
    """The sessions of one broker."""

    def __init__(self, broker: BrokerState) -> None:
        self._sessions: dict[int, Session] = {}
        self._slots = int(broker.cluster.setting("max.incremental.fetch.session.cache.slots"))
        # Ids are shuffled over the positive int32s so that no two brokers hand out the same ones.
        self._next_id = (broker.node_id + 1) * 0x01000193 & _EPOCH_MAX

    def __len__(self) -> int:
        return len(self._sessions)

    def remembered(self, request: FetchRequest, cluster: Cluster) -> Iterator[tuple[str, int]]:
        """Yield the partitions that *request* asks for because its session has them."""
        session = self._sessions.get(request.session_id)
        if session is None or request.session_epoch in {INITIAL_EPOCH, FINAL_EPOCH}:
            return
        forgotten = {
            (topic.topic_id if session.by_id else topic.topic, index)
            for topic in request.forgotten_topics_data
            for index in topic.partitions
        }
        for key in session.partitions:
            if key in forgotten:
                continue
            if isinstance(key.topic, str):
                yield key.topic, key.partition
            elif key.topic in cluster.topics_by_id:
                yield cluster.topics_by_id[key.topic].name, key.partition

    def begin(self, request: FetchRequest, *, by_id: bool, now: float) -> Fetching:
        """Decide what *request* fetches.

        Args:
            request: of any version; those before 7 have no session (epoch -1).
            by_id: the request names topics by id.
            now: seconds, for eviction.

        Raises:
            FetchSessionIdNotFoundError: the session is not there (any more).
            InvalidFetchSessionEpochError: a request was lost or repeated.
            FetchSessionTopicIdError: the session uses names and the request ids, or the reverse.
        """
        if request.session_epoch in {INITIAL_EPOCH, FINAL_EPOCH}:
            return self._begin_full(request, by_id=by_id, now=now)
        session = self._sessions.get(request.session_id)
        if session is None:
            raise FetchSessionIdNotFoundError(f"there is no fetch session {request.session_id}")
        if session.epoch != request.session_epoch:
            raise InvalidFetchSessionEpochError(
                f"fetch session {session.session_id} expects epoch {session.epoch}, not "
                f"{request.session_epoch}"
            )
        if session.by_id != by_id:
            raise FetchSessionTopicIdError("the session mixes topic names and topic ids")
        session.update(request, by_id=by_id)
        session.epoch = 1 if session.epoch == _EPOCH_MAX else session.epoch + 1
        session.last_used = now
        if not session.partitions:
            # Nothing left to fetch: the session ends (FetchManager.newContext).
            del self._sessions[session.session_id]
            return Fetching({}, None, is_full=True)
        fetched = {key: cached.asked for key, cached in session.partitions.items()}
        return Fetching(fetched, session, is_full=False)

    def _begin_full(self, request: FetchRequest, *, by_id: bool, now: float) -> Fetching:
        if request.session_id != NO_SESSION:
            self._sessions.pop(request.session_id, None)
        partitions = dict(asked_partitions(request, by_id=by_id))
        if request.session_epoch == FINAL_EPOCH or not partitions or not self._make_room(now):
            return Fetching(partitions, None, is_full=True)
        session = Session(self._new_id(), by_id=by_id)
        session.last_used = now
        session.partitions = {key: Cached(asked) for key, asked in partitions.items()}
        self._sessions[session.session_id] = session
        return Fetching(partitions, session, is_full=True)

    def _make_room(self, now: float) -> bool:
        if len(self._sessions) < self._slots:
            return True
        oldest = min(self._sessions.values(), key=lambda session: session.last_used, default=None)
        if oldest is None or now - oldest.last_used < _EVICTABLE_AFTER:
            return False
        del self._sessions[oldest.session_id]
        return True

    def _new_id(self) -> int:
        while True:
            self._next_id = (self._next_id * 48271) % _EPOCH_MAX or 1
            if self._next_id not in self._sessions:
                return self._next_id


def names(key: Key) -> tuple[str, UUID]:
    """Return topic name and topic id as a response's fields; the one not known is empty."""
    if isinstance(key.topic, UUID):
        return "", key.topic
    return key.topic, ZERO_UUID
