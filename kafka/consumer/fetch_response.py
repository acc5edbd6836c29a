"""What the response to a Fetch means for the partitions in it.  Pure.

`FetchResponseHandler` changes the states of the partitions and says what else is to be done; the
`Fetcher` does that in the same step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.logs import logger
from kafka.consumer.completed_fetch import AbortedTransaction, CompletedFetch
from kafka.consumer.rejected_records import corrupt_batch
from kafka.errors import (
    CorruptRecordError,
    FencedLeaderEpochError,
    InconsistentTopicIdError,
    KafkaError,
    KafkaStorageError,
    NotLeaderForPartitionError,
    OffsetNotAvailableError,
    OffsetOutOfRangeError,
    RecordTooLargeError,
    ReplicaNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownError,
    UnknownLeaderEpochError,
    UnknownTopicIdError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.errors.verdict import Verdict, verdict_for
from kafka.record.memory_records import last_offset, offset_behind
from kafka.structs import BrokerMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka.cluster import ClusterSnapshot
    from kafka.consumer.fetch_requests import FetchLimits
    from kafka.consumer.fetch_session import FetchPosition
    from kafka.protocol.messages.fetch import FetchResponse
    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState, SubscriptionState

log = logger(__name__)

FETCH_VERDICTS: Final[Mapping[type[KafkaError], Verdict]] = {
    NotLeaderForPartitionError: Verdict.REFRESH_METADATA,
    ReplicaNotAvailableError: Verdict.REFRESH_METADATA,
    KafkaStorageError: Verdict.REFRESH_METADATA,
    FencedLeaderEpochError: Verdict.REFRESH_METADATA,
    OffsetNotAvailableError: Verdict.REFRESH_METADATA,
    UnknownTopicOrPartitionError: Verdict.REFRESH_METADATA,
    UnknownTopicIdError: Verdict.REFRESH_METADATA,
    InconsistentTopicIdError: Verdict.REFRESH_METADATA,
    UnknownLeaderEpochError: Verdict.RETRY,
    UnknownError: Verdict.RETRY,
    OffsetOutOfRangeError: Verdict.RESET,
    TopicAuthorizationFailedError: Verdict.FATAL,
    # The broker could not read its own log: asking again gives the same answer.
    CorruptRecordError: Verdict.FATAL,
}
"""What to do about a partition's error code in a Fetch response (semantics of KIP-320, KIP-392)."""


class FetchSettings(NamedTuple):
    """How a consumer fetches.

    Args:
        limits: what every Fetch has in common.
        check_crcs: whether to verify checksums.
        use_sessions: whether to use incremental fetch sessions (KIP-227).
        replica_lifetime: seconds a preferred replica is used before the leader is asked again.
        backoff: between two attempts.
    """

    limits: FetchLimits
    check_crcs: bool
    use_sessions: bool
    replica_lifetime: float
    backoff: ExponentialBackoff


class Watermark(NamedTuple):
    """How far a partition has been fetched, and where it ends."""

    tp: TopicPartition
    offset: int
    end: int


class FetchEffects:
    """What a response asks for, apart from the new states of its partitions.

    Attributes:
        touched: the partitions whose states have changed.
        fetched: data for the fetch buffer.
        watermarks: facts for the observer.
        out_of_range: partitions without a record at their offset, with the text of the error.
        failed: partitions that cannot go on, with the error to raise.
        refresh: whether the metadata is outdated.
    """

    __slots__ = ("failed", "fetched", "out_of_range", "refresh", "touched", "watermarks")

    def __init__(self) -> None:
        self.touched: list[PartitionState] = []
        self.fetched: list[CompletedFetch] = []
        self.watermarks: list[Watermark] = []
        self.out_of_range: list[tuple[PartitionState, str]] = []
        self.failed: list[tuple[PartitionState, KafkaError]] = []
        self.refresh = False

    def __repr__(self) -> str:
        """Return a status line."""
        return (
            f"<FetchEffects fetched={len(self.fetched)} out_of_range={len(self.out_of_range)}"
            f" failed={len(self.failed)} refresh={self.refresh}>"
        )


class LeaderHint(NamedTuple):
    """The new leader of a partition, as an error named it (KIP-951)."""

    tp: TopicPartition
    leader: int
    leader_epoch: int


class FetchResponseHandler:
    """Apply the parts of a response to the states of their partitions.

    Args:
        subscriptions: the partitions.
        settings: how the data was fetched.
        uniform: randomness for the back-off.
    """

    def __init__(
        self, subscriptions: SubscriptionState, settings: FetchSettings, uniform: Uniform
    ) -> None:
        self._subscriptions = subscriptions
        self._settings = settings
        self._isolated = bool(settings.limits.isolation_level)
        self._uniform = uniform

    def apply(
        self,
        asked: Mapping[TopicPartition, FetchPosition],
        parts: Mapping[TopicPartition, FetchResponse.PartitionData],
        snapshot: ClusterSnapshot,
        now: float,
    ) -> FetchEffects:
        """Apply a response without a top-level error.

        Args:
            asked: where the partitions stood; a part about another place is dropped.
            parts: the response by partition.
            snapshot: the cluster as known now, the hints of this response included.
            now: when it arrived, in seconds.
        """
        effects = FetchEffects()
        for tp, part in parts.items():
            position = asked.get(tp)
            state = None if position is None else self.current(tp, position)
            if position is None or state is None:
                continue
            effects.touched.append(state)
            if part.error_code:
                error = for_code(part.error_code)
                self._apply_error(state, position, error, effects, snapshot, now)
            else:
                self._apply_data(state, part, effects, now)
        return effects

    def current(self, tp: TopicPartition, position: FetchPosition) -> PartitionState | None:
        """Return the state of *tp* if it still stands where it stood when asked for."""
        state = self._subscriptions.assignment.get(tp)
        if state is None or state.generation != position.generation:
            return None
        return state if state.offset == position.offset and state.has_offset else None

    def _apply_error(
        self,
        state: PartitionState,
        position: FetchPosition,
        error: type[KafkaError],
        effects: FetchEffects,
        snapshot: ClusterSnapshot,
        now: float,
    ) -> None:
        tp = state.tp
        where = f"{tp.topic}-{tp.partition} at offset {position.offset}"
        verdict = verdict_for(error, FETCH_VERDICTS)
        if verdict is Verdict.RESET and position.from_replica:
            # KIP-392: the replica lags; only the leader knows what is out of range.
            state.preferred_replica = -1
        elif verdict is Verdict.RESET:
            effects.out_of_range.append((state, where))
        elif verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}:
            log.debug("fetch of %s: %s", where, error.__name__)
            # A newer leader than the one asked is known by now: it is asked at once.
            if snapshot.leader_epoch(tp) <= position.leader_epoch:
                state.backed_off(now, self._settings.backoff, self._uniform)
            state.preferred_replica = -1
            effects.refresh |= verdict is Verdict.REFRESH_METADATA
        else:
            effects.failed.append((state, error(where)))

    def _apply_data(
        self,
        state: PartitionState,
        part: FetchResponse.PartitionData,
        effects: FetchEffects,
        now: float,
    ) -> None:
        state.high_watermark = end = part.high_watermark
        state.last_stable_offset = part.last_stable_offset
        state.log_start_offset = part.log_start_offset
        state.last_fetch = now
        if part.preferred_read_replica >= 0:
            state.preferred_replica = part.preferred_read_replica
            state.preferred_until = now + self._settings.replica_lifetime
        if part.records:
            self._apply_records(state, part, effects, now)
        if self._isolated and part.last_stable_offset >= 0:
            end = part.last_stable_offset
        effects.watermarks.append(Watermark(state.tp, state.offset, end))

    def _apply_records(
        self,
        state: PartitionState,
        part: FetchResponse.PartitionData,
        effects: FetchEffects,
        now: float,
    ) -> None:
        records = part.records
        if not isinstance(records, bytes | memoryview):
            return
        tp = state.tp
        try:
            last = last_offset(records)
        except CorruptRecordError as exc:
            behind = offset_behind(records, 0, state.offset)
            effects.failed.append((state, corrupt_batch(exc, tp, state.offset, behind)))
            return
        if last is None:
            effects.failed.append((state, self._too_large(state)))
            return
        aborted = None
        if self._isolated:
            aborted = [
                AbortedTransaction(a.producer_id, a.first_offset)
                for a in part.aborted_transactions or ()
            ]
        fetched = CompletedFetch(
            tp,
            state.generation,
            state.offset,
            records,
            aborted=aborted,
            check_crcs=self._settings.check_crcs,
        )
        effects.fetched.append(fetched)
        state.advance(max(last + 1, state.offset), now)

    def _too_large(self, state: PartitionState) -> RecordTooLargeError:
        tp = state.tp
        return RecordTooLargeError(
            f"the record at {tp.topic}-{tp.partition} offset {state.offset} is larger than "
            f"max_partition_fetch_bytes={self._settings.limits.max_partition_bytes}: raise that "
            f"option, or seek() past the record"
        )


def leader_hints(
    parts: Mapping[TopicPartition, FetchResponse.PartitionData],
) -> list[LeaderHint]:
    """Return the new leaders that errors have named (KIP-951)."""
    return [
        LeaderHint(tp, part.current_leader.leader_id, part.current_leader.leader_epoch)
        for tp, part in parts.items()
        if part.error_code
        and part.current_leader is not None
        and part.current_leader.leader_id >= 0
    ]


def endpoints(response: FetchResponse) -> list[BrokerMetadata]:
    """Return the brokers that came with the hints of *response*."""
    return [
        BrokerMetadata(end.node_id, end.host, end.port, end.rack) for end in response.node_endpoints
    ]
