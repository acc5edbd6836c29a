"""Send batches to the leaders of their partitions and deal with the answers.

Runs on the loop thread. Each pass looks at all queues that hold something, groups what may go by
node, and starts one task per request; answers, metadata and full batches cause the next pass.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from kafka.errors import KafkaError, KafkaTimeoutError, UnsupportedVersionError
from kafka.errors.verdict import Verdict, verdict_for
from kafka.producer.flight import Sent
from kafka.producer.produce import PRODUCE_VERDICTS, PartitionResult, SentBatches
from kafka.producer.producer_batch import BatchState, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka._base.supervisor import Supervisor
    from kafka.cluster import ClusterSnapshot
    from kafka.net.network_client import NetworkClient
    from kafka.producer.deliveries import Deliveries
    from kafka.producer.flight import ProducerIds, SenderSettings
    from kafka.producer.producer_batch import ProducerBatch, ProducerStamp
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.routes import PartitionQueue
    from kafka.structs import TopicPartition

log = logging.getLogger(__name__)

# How soon to look again at partitions without a leader, should no new metadata come, in seconds.
_NO_LEADER_DELAY = 0.1


class Sender:
    """Move batches from the accumulator to the brokers.

    Args:
        settings: see `SenderSettings`.
        net: the network.
        accumulator: where batches come from.
        deliveries: where outcomes go.
        supervisor: holds the tasks.
        clock: tells the time.
        observer: told of batches.
        uniform: source of randomness.
        producer_ids: makes batches idempotent; ``None`` if they are not.
    """

    def __init__(
        self,
        settings: SenderSettings,
        *,
        net: NetworkClient,
        accumulator: RecordAccumulator,
        deliveries: Deliveries,
        supervisor: Supervisor,
        clock: Clock,
        observer: Observer,
        uniform: Uniform,
        producer_ids: ProducerIds | None = None,
    ) -> None:
        self._settings = settings
        self._net = net
        self._accumulator = accumulator
        self._deliveries = deliveries
        self._supervisor = supervisor
        self._clock = clock
        self._observer = observer
        self._uniform = uniform
        self._producer_ids = producer_ids
        self._in_flight: Counter[int] = Counter()
        self._flying: dict[ProducerBatch, PartitionQueue] = {}
        self._waiter: asyncio.Future[None] | None = None
        self._woken = False
        self._turn = 0

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Sender in_flight={dict(self._in_flight)} queues={len(self._accumulator.active)}>"

    def wake(self) -> None:
        """Look at the queues soon; loop thread only."""
        self._woken = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken = False
            due = self._pass()
            self._accumulator.next_due = due
            if self._woken:
                await asyncio.sleep(0)
                continue
            self._waiter = loop.create_future()
            delay = due - self._clock.now()
            timer = None if math.isinf(delay) else loop.call_later(max(delay, 0.0), self.wake)
            await self._waiter
            if timer is not None:
                timer.cancel()

    # -- choosing what goes ------------------------------------------------------------------

    def _pass(self) -> float:
        """Send what may go now; return when to look again if nothing happens."""
        now = self._clock.now()
        self._accumulator.magic = self._net.minimum_record_magic()
        while True:
            queues = self._accumulator.looking()
            if now >= self._accumulator.next_expiry:
                self._expire(now)
            requests, due = self._choose(queues, now)
            for node_id, sent in requests.items():
                self._start(node_id, sent)
            if not requests:
                return min(due, self._accumulator.next_expiry)

    def _choose(
        self, queues: list[PartitionQueue], now: float
    ) -> tuple[dict[int, list[Sent]], float]:
        """Group what may go by node; also return when something else will be due."""
        snapshot = self._net.cluster.snapshot
        requests: dict[int, list[Sent]] = {}
        room = dict.fromkeys(snapshot.brokers, self._settings.max_request_size)
        next_due = math.inf
        # Every pass starts at another queue, so that none waits for ever behind full requests.
        self._turn = (self._turn + 1) % max(len(queues), 1)
        for queue in queues[self._turn :] + queues[: self._turn]:
            due = self._accumulator.due_at(queue, now)
            if due <= now:
                node_id, due = self._node_for(queue, snapshot, now)
                if node_id is not None and self._add(queue, node_id, requests, room):
                    continue
            next_due = min(next_due, due)
        return requests, next_due

    def _node_for(
        self, queue: PartitionQueue, snapshot: ClusterSnapshot, now: float
    ) -> tuple[int | None, float]:
        """Return the node that can take a batch of *queue*, or ``None`` and when to ask again."""
        most = self._settings.max_in_flight
        if queue.in_flight and most == 1:
            # Order within the partition: nothing goes before the answer.
            return None, math.inf
        leader = snapshot.leader_for(queue.topic_partition)
        if leader is None:
            self._net.metadata.touch(queue.topic_partition.topic)
            self._net.metadata.request_update()
            return None, now + _NO_LEADER_DELAY
        if self._in_flight[leader] >= most:
            return None, math.inf
        wait = self._net.ready_in(leader, now)
        return (None, now + wait) if wait > 0 else (leader, math.inf)

    def _add(
        self,
        queue: PartitionQueue,
        node_id: int,
        requests: dict[int, list[Sent]],
        room: dict[int, int],
    ) -> bool:
        """Put the next batch of *queue* into the request to *node_id*; return whether it fits."""
        left = room.get(node_id, self._settings.max_request_size)
        if left <= 0:
            return False
        batch = self._accumulator.pop(queue)
        if batch is None or not self._encode(queue, batch):
            # Something else of this queue may be due; nothing is left of what was popped.
            self.wake()
            return False
        size = batch.encoded_size
        if size > left and node_id in requests:
            room[node_id] = 0
            self._accumulator.put_back(queue, batch)
            return False
        room[node_id] = left - size
        requests.setdefault(node_id, []).append(Sent(queue, batch))
        return True

    def _encode(self, queue: PartitionQueue, batch: ProducerBatch) -> bool:
        """Make sure *batch* is encoded; return whether it can be sent."""
        if batch.state is BatchState.SEALED:
            encode = partial(self._accumulator.encode, batch, queue.route, take_over=True)
            self._attempt(batch, encode)
        if batch.outcome is not None:
            self._accumulator.release(batch)
            return False
        return True

    def _attempt(self, batch: ProducerBatch, encode: Callable[[], object]) -> None:
        """Call *encode*, which encodes *batch*; fail the batch if it raises."""
        try:
            encode()
        except Exception as exc:
            topic, partition = batch.topic_partition
            log.exception("topic=%s partition=%d: a batch could not be encoded", topic, partition)
            error = KafkaError(f"{topic}-{partition}: the batch could not be encoded: {exc!r}")
            error.__cause__ = exc
            self._fail(batch, exc if isinstance(exc, KafkaError) else error)

    def _expire(self, now: float) -> None:
        """Fail the batches whose delivery time-out is over (KIP-91)."""
        timeout = self._accumulator.settings.delivery_timeout
        expired = self._accumulator.take_expired(now)
        for batch in self._flying:
            if batch.expires_at(timeout) <= now:
                expired.append(batch)
            else:
                self._accumulator.next_expiry = min(
                    self._accumulator.next_expiry, batch.expires_at(timeout)
                )
        for batch in expired:
            topic, partition = batch.topic_partition
            last = "it was not sent" if batch.last_error is None else f"last: {batch.last_error}"
            self._fail(
                batch,
                KafkaTimeoutError(
                    f"{topic}-{partition}: not delivered within {timeout:g} s "
                    f"(delivery_timeout_ms) of send(); {last}"
                ),
            )

    # -- requests ----------------------------------------------------------------------------

    def _start(self, node_id: int, sent: list[Sent]) -> None:
        for item in sent:
            item.batch.move(BatchState.IN_FLIGHT)
            item.queue.in_flight += 1
            self._flying[item.batch] = item.queue
            self._net.metadata.touch(item.queue.topic_partition.topic)
        self._in_flight[node_id] += 1
        self._supervisor.spawn(self._produce(node_id, sent), name=f"produce-{node_id}")

    async def _produce(self, node_id: int, sent: list[Sent]) -> None:
        try:
            await self._request(node_id, sent)
        except KafkaError as exc:
            for item in sent:
                self._answered(item, PartitionResult(exc))
        finally:
            self._in_flight[node_id] -= 1
            for item in sent:
                self._landed(item)
            self.wake()

    async def _request(self, node_id: int, sent: list[Sent]) -> None:
        """Send one request and hand out its results."""
        versions = self._net.api_versions(node_id) or await self._net.versions_of(node_id)
        self._fit(sent, versions.record_magic)
        versions.require_codec(self._accumulator.settings.codec)
        flying = [item for item in sent if item.batch.state is BatchState.IN_FLIGHT]
        if not flying:
            return
        batches = SentBatches([item.batch for item in flying], self._net.cluster.snapshot)
        request = batches.request(
            acks=self._settings.acks,
            timeout_ms=int(self._settings.request_timeout * 1000),
            stamps=self._stamps(flying),
        )
        if self._settings.acks == 0:
            await self._net.send_without_response(request, node_id)
            for item in flying:
                self._answered(item, PartitionResult(None))
            return
        results = batches.results(await self._net.send(request, node_id))
        for item in flying:
            self._answered(item, results[item.batch.topic_partition])

    def _stamps(self, sent: Sequence[Sent]) -> dict[TopicPartition, ProducerStamp]:
        ids = self._producer_ids
        if ids is None:
            return {}
        return {item.batch.topic_partition: ids.stamp(item.batch) for item in sent}

    def _fit(self, sent: list[Sent], magic: int) -> None:
        """Encode anew what this broker is too old for: it joined after the batch was sealed."""
        settings = self._accumulator.settings
        for _, batch in sent:
            if batch.magic <= magic or batch.state is not BatchState.IN_FLIGHT:
                continue
            batch.move(BatchState.ENCODED)
            batch.reopen()
            if any(record[3] for record in batch.records):
                topic, partition = batch.topic_partition
                self._fail(
                    batch,
                    UnsupportedVersionError(
                        f"{topic}-{partition}: the leader is older than Kafka 0.11 and cannot "
                        f"store record headers"
                    ),
                )
                continue
            codec, level = settings.codec, settings.compression_level
            encode = partial(batch.encode, magic=magic, codec=codec, level=level)
            self._attempt(batch, encode)
            if batch.outcome is None:
                batch.move(BatchState.IN_FLIGHT)

    def _landed(self, item: Sent) -> None:
        """Forget that a batch was in flight; free its memory if it is done."""
        item.queue.in_flight -= 1
        self._flying.pop(item.batch, None)
        if item.batch.outcome is not None:
            self._accumulator.release(item.batch)

    # -- results -----------------------------------------------------------------------------

    def _answered(self, item: Sent, result: PartitionResult) -> None:
        """Deal with the result of one batch."""
        queue, batch = item
        if batch.outcome is not None:
            return
        error = result.error
        verdict = Verdict.SUCCEED if error is None else verdict_for(type(error), PRODUCE_VERDICTS)
        if verdict is Verdict.SUCCEED:
            self._succeed(batch, result)
        elif verdict is Verdict.SPLIT and batch.count > 1:
            self._split(queue, batch)
        elif error is not None and self._may_retry(batch, verdict):
            self._retry(item, error, result, verdict)
        elif error is not None:
            self._fail(batch, error, result)

    def _succeed(self, batch: ProducerBatch, result: PartitionResult) -> None:
        size, age = batch.encoded_size, self._clock.now() - batch.created
        if self._deliveries.complete(batch, Outcome(result.base_offset, result.timestamp)):
            self._observer.batch_delivered(batch.topic_partition.topic, batch.count, size, age)

    def _fail(
        self, batch: ProducerBatch, error: KafkaError, result: PartitionResult | None = None
    ) -> None:
        record_errors = {} if result is None else result.record_errors
        self._deliveries.complete(batch, Outcome(error=error, record_errors=record_errors))
        if batch not in self._flying:
            self._accumulator.release(batch)

    def _may_retry(self, batch: ProducerBatch, verdict: Verdict) -> bool:
        return (
            verdict in (Verdict.RETRY, Verdict.REFRESH_METADATA, Verdict.REBOOTSTRAP)
            and batch.retry.attempts < self._settings.retries
        )

    def _retry(
        self, item: Sent, error: KafkaError, result: PartitionResult, verdict: Verdict
    ) -> None:
        """Put a batch back to be sent again after the back-off, or at once to a new leader."""
        queue, batch = item
        now = self._clock.now()
        batch.last_error = error
        batch.retry = batch.retry.failed(now, self._settings.backoff, self._uniform)
        if verdict is Verdict.REFRESH_METADATA:
            hint = result.hint
            # KIP-951: the answer itself names the new leader, so there is nothing to wait for.
            if hint is not None and self._net.cluster.apply_leader_hint(
                queue.topic_partition, hint.leader, hint.leader_epoch, endpoints=hint.endpoints
            ):
                batch.retry = batch.retry._replace(not_before=now)
            self._net.metadata.request_update()
        batch.move(BatchState.ENCODED)
        self._accumulator.put_back(queue, batch)
        topic, partition = batch.topic_partition
        log.debug(
            "topic=%s partition=%d: attempt %d failed, sending again: %s",
            topic,
            partition,
            batch.retry.attempts,
            error,
        )
        self._observer.batch_retried(topic, batch.count, error)

    def _split(self, queue: PartitionQueue, batch: ProducerBatch) -> None:
        """Send the halves of a batch that the broker found too large."""
        topic, partition = batch.topic_partition
        log.info(
            "topic=%s partition=%d: %d records are too large a batch for the broker; splitting it",
            topic,
            partition,
            batch.count,
        )
        parts = self._deliveries.split(batch)
        self._accumulator.account(sum(part.memory for part in parts))
        self._accumulator.release(batch)
        for part in parts:
            self._accumulator.put_back(queue, part)
