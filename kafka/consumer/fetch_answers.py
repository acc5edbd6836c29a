"""Apply the answer to a Fetch, partition by partition; runs on the loop."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from kafka.consumer.fetch_results import FETCH_VERDICTS, AbortedTransaction, CompletedFetch
from kafka.errors import CorruptRecordError, RecordTooLargeError, for_code
from kafka.errors.verdict import Verdict, verdict_for
from kafka.record.memory_records import last_offset
from kafka.structs import BrokerMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka._base.backoff import ExponentialBackoff, Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.consumer.fetch_requests import FetchLimits
    from kafka.consumer.positions import Positions
    from kafka.net.network_client import NetworkClient
    from kafka.protocol.messages.fetch import FetchResponse
    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState, SubscriptionState

log = logging.getLogger(__name__)


class FetchRules(NamedTuple):
    """How a consumer fetches.

    Args:
        limits: what every Fetch has in common.
        max_partition_bytes: most bytes of records of one partition in an answer.
        check_crcs: whether to verify checksums.
        use_sessions: whether to use incremental fetch sessions (KIP-227).
        replica_lifetime: seconds a preferred replica is used before the leader is asked again.
        backoff: between two attempts.
    """

    limits: FetchLimits
    max_partition_bytes: int
    check_crcs: bool
    use_sessions: bool
    replica_lifetime: float
    backoff: ExponentialBackoff


class Asked(NamedTuple):
    """What was asked of one partition: its start, the offset, and whom."""

    generation: int
    offset: int
    from_replica: bool


class FetchAnswers:
    """Put data into the buffer, and turn error codes into what they ask for.

    Args:
        client: asked for new metadata, told of new leaders.
        subscriptions: the partitions.
        buffer: where the data goes.
        positions: moves partitions that cannot go on.
        rules: how the data was fetched.
        clock: the time.
        uniform: randomness for the back-off.
        observer: told of high watermarks.
    """

    def __init__(
        self,
        client: NetworkClient,
        subscriptions: SubscriptionState,
        buffer: FetchBuffer,
        positions: Positions,
        rules: FetchRules,
        *,
        clock: Clock,
        uniform: Uniform,
        observer: Observer,
    ) -> None:
        self._client = client
        self._subscriptions = subscriptions
        self._buffer = buffer
        self._positions = positions
        self._rules = rules
        self._clock = clock
        self._uniform = uniform
        self._observer = observer

    def apply(
        self,
        asked: Mapping[TopicPartition, Asked],
        parts: Mapping[TopicPartition, FetchResponse.PartitionData],
        response: FetchResponse,
    ) -> None:
        """Apply an answer that fits its session.

        Args:
            asked: what was asked; answers to older questions are dropped.
            parts: the answer by partition.
            response: the whole answer.
        """
        self._apply_hints(parts, response)
        now = self._clock.now()
        for tp, part in parts.items():
            question = asked.get(tp)
            state = None if question is None else self.current(tp, question)
            if question is not None and state is not None:
                self._apply(state, question, part, now)

    def current(self, tp: TopicPartition, question: Asked) -> PartitionState | None:
        """Return the state of *tp* if it still stands where it stood when asked about."""
        state = self._subscriptions.assignment.get(tp)
        if state is None or state.generation != question.generation:
            return None
        return state if state.offset == question.offset and state.has_offset else None

    def _apply(
        self,
        state: PartitionState,
        question: Asked,
        part: FetchResponse.PartitionData,
        now: float,
    ) -> None:
        error = for_code(part.error_code)
        verdict = verdict_for(error, FETCH_VERDICTS)
        tp = state.tp
        where = f"{tp.topic}-{tp.partition} at offset {question.offset}"
        if verdict is Verdict.SUCCEED:
            self._apply_data(state, part, now)
        elif verdict is Verdict.RESET and question.from_replica:
            # KIP-392: the replica lags; only the leader knows what is out of range.
            state.preferred_replica = -1
        elif verdict is Verdict.RESET:
            self._positions.out_of_range(state, where)
        elif verdict in {Verdict.RETRY, Verdict.REFRESH_METADATA}:
            log.debug("fetch of %s: %s", where, error.__name__)
            moved = self._client.cluster.snapshot.leader_epoch(tp) > state.leader_epoch
            if not moved:
                state.backed_off(now, self._rules.backoff, self._uniform)
            state.preferred_replica = -1
            if verdict is Verdict.REFRESH_METADATA:
                self._client.metadata.request_update()
        else:
            self._positions.fail(state, error(where))

    def _apply_data(
        self, state: PartitionState, part: FetchResponse.PartitionData, now: float
    ) -> None:
        state.high_watermark = part.high_watermark
        state.last_stable_offset = part.last_stable_offset
        state.log_start_offset = part.log_start_offset
        state.last_fetch = now
        if part.preferred_read_replica >= 0:
            state.preferred_replica = part.preferred_read_replica
            state.preferred_until = now + self._rules.replica_lifetime
        if part.records:
            self._buffer_records(state, part, now)
        end = part.high_watermark
        if self._rules.limits.isolation_level and part.last_stable_offset >= 0:
            end = part.last_stable_offset
        self._observer.high_watermark(*state.tp, state.offset, end)

    def _buffer_records(
        self, state: PartitionState, part: FetchResponse.PartitionData, now: float
    ) -> None:
        records = part.records
        if not isinstance(records, bytes | memoryview):
            return
        tp = state.tp
        try:
            last = last_offset(records)
        except CorruptRecordError as exc:
            where = f"{tp.topic}-{tp.partition} at offset {state.offset}"
            self._positions.fail(state, CorruptRecordError(f"{where}: {exc}"))
            return
        if last is None:
            self._positions.fail(state, self._too_large(state))
            return
        aborted = None
        if self._rules.limits.isolation_level:
            aborted = [
                AbortedTransaction(a.producer_id, a.first_offset)
                for a in part.aborted_transactions or ()
            ]
        fetch = CompletedFetch(
            tp,
            state.generation,
            state.offset,
            records,
            aborted=aborted,
            check_crcs=self._rules.check_crcs,
        )
        state.advance(max(last + 1, state.offset), now)
        self._buffer.put(fetch)

    def _too_large(self, state: PartitionState) -> RecordTooLargeError:
        tp = state.tp
        return RecordTooLargeError(
            f"the record at {tp.topic}-{tp.partition} offset {state.offset} is larger than "
            f"max_partition_fetch_bytes={self._rules.max_partition_bytes}: raise that option, or "
            f"seek() past the record"
        )

    def _apply_hints(
        self,
        parts: Mapping[TopicPartition, FetchResponse.PartitionData],
        response: FetchResponse,
    ) -> None:
        """Use the new leaders that errors named (KIP-951)."""
        endpoints = [
            BrokerMetadata(end.node_id, end.host, end.port, end.rack)
            for end in response.node_endpoints
        ]
        used = False
        for tp, part in parts.items():
            hint = part.current_leader
            if part.error_code and hint is not None and hint.leader_id >= 0:
                used |= self._client.cluster.apply_leader_hint(
                    tp, hint.leader_id, hint.leader_epoch, endpoints=endpoints
                )
        if used:
            self._positions.on_metadata(self._client.cluster.snapshot)
