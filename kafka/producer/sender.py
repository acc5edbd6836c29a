"""Send batches to the leaders of their partitions and deal with the answers.

Runs on the loop thread. Each pass looks at all queues that hold something, groups what may go by
node, and writes one request to each; answers, metadata and full batches cause the next pass.

One record at a time is worth as little ceremony as can be: what wakes the loop runs the pass, the
pass writes the request, and the step that receives the answer completes the batches. Only a node
that is not connected, or busy, gets a task that waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from kafka.errors import KafkaError, UnsupportedVersionError
from kafka.producer.flight import Flight, Sent
from kafka.producer.produce import PartitionResult, SentBatches
from kafka.producer.producer_batch import BatchState
from kafka.producer.results import Results

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
    from kafka.protocol.api_versions import ApiVersions
    from kafka.protocol.messages.produce import ProduceRequest, ProduceResponse
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
        self._supervisor = supervisor
        self._clock = clock
        self._producer_ids = producer_ids
        self._results = Results(
            settings,
            net=net,
            accumulator=accumulator,
            deliveries=deliveries,
            clock=clock,
            observer=observer,
            uniform=uniform,
        )
        self._in_flight: Counter[int] = Counter()
        self._unwritten: Counter[int] = Counter()
        self._loop = asyncio.get_running_loop()
        # There while `run` is; an error of a step ends it.
        self._life: asyncio.Future[None] | None = None
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._turn = 0

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Sender in_flight={dict(self._in_flight)} queues={len(self._accumulator.active)}>"

    def wake(self) -> None:
        """Look at the queues after what is running now; loop thread only."""
        if not self._woken:
            self._woken = True
            self._loop.call_soon(self.look)

    async def run(self) -> None:
        """Send until cancelled."""
        self._life = self._loop.create_future()
        self.look()
        try:
            await self._life
        finally:
            self._life = None
            self._set_timer(math.inf)

    # -- steps on the loop -------------------------------------------------------------------

    def look(self) -> None:
        """Look at the queues now, unless the sender does not run; loop thread only."""
        self._woken = False
        self._step(self._look)

    def _look(self) -> None:
        due = self._pass()
        if due < self._timer_at:
            self._set_timer(due)
        self._accumulator.next_due = self._timer_at

    def _set_timer(self, due: float) -> None:
        """Look at *due*. What comes to be due later than that finds its own time then."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, due
        if due < math.inf:
            delay = max(due - self._clock.now(), 0.0)
            self._timer = self._loop.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self.look()

    def _step(self, step: Callable[..., None], *args: object) -> None:
        """Do *step*, a callback of the loop; an error ends `run`, as it would in a task."""
        if self._life is None or self._life.done():
            return
        try:
            step(*args)
        except BaseException as exc:
            if not self._life.done():
                self._life.set_exception(exc)
            if not isinstance(exc, Exception):
                raise

    # -- choosing what goes ------------------------------------------------------------------

    def _pass(self) -> float:
        """Send what may go now; return when to look again if nothing happens."""
        now = self._clock.now()
        self._accumulator.magic = self._net.minimum_record_magic()
        while True:
            queues = self._accumulator.looking()
            if now >= self._accumulator.next_expiry:
                self._results.expire(now)
            requests, due = self._choose(queues, now)
            for node_id, sent in requests.items():
                self._start(node_id, sent)
            # What comes in from here on wakes the loop.
            if not requests or not self._accumulator.active:
                return min(due, self._accumulator.next_expiry)

    def _choose(
        self, queues: list[PartitionQueue], now: float
    ) -> tuple[dict[int, list[Sent]], float]:
        """Group what may go by node; also return when something else will be due."""
        snapshot = self._net.cluster.snapshot
        requests: dict[int, list[Sent]] = {}
        room: dict[int, int] = {}
        next_due = math.inf
        hurry = self._accumulator.memory.in_a_hurry
        # Every pass starts at another queue, so that none waits for ever behind full requests.
        self._turn = (self._turn + 1) % max(len(queues), 1)
        for queue in queues[self._turn :] + queues[: self._turn]:
            due = queue.due_at(now, hurry=hurry)
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
            self._results.fail(batch, exc if isinstance(exc, KafkaError) else error)

    # -- requests ----------------------------------------------------------------------------

    def _start(self, node_id: int, sent: list[Sent]) -> None:
        for item in sent:
            item.batch.move(BatchState.IN_FLIGHT)
            item.queue.in_flight += 1
            self._results.flying[item.batch] = item.queue
            self._net.metadata.touch(item.queue.topic_partition.topic)
        self._in_flight[node_id] += 1
        # Nothing passes a request whose task has not written it yet.
        if self._settings.acks == 0 or self._unwritten[node_id] or not self._write(node_id, sent):
            self._unwritten[node_id] += 1
            self._supervisor.spawn(self._produce(node_id, sent), name=f"produce-{node_id}")

    def _write(self, node_id: int, sent: list[Sent]) -> bool:
        """Send a request in this step if the node is ready for one; return whether it was."""
        versions = self._net.api_versions(node_id)
        if versions is None:
            return False
        try:
            flight, request = self._board(node_id, sent, versions)
            if flight.flying:
                return self._net.send_now(request, node_id, flight)
        except KafkaError as exc:
            self._refused(sent, exc)
        self._over(node_id, sent)
        return True

    async def _produce(self, node_id: int, sent: list[Sent]) -> None:
        """Send a request as soon as the node is ready for one."""

        def load(versions: ApiVersions) -> tuple[ProduceRequest, Flight] | None:
            flight, request = self._board(node_id, sent, versions)
            return (request, flight) if flight.flying else None

        written = False
        try:
            if self._settings.acks == 0:
                await self._produce_unanswered(node_id, sent)
            else:
                # The answer lands as that of `_write` does, so answers keep their order.
                written = await self._net.send_when_ready(load, node_id)
        except KafkaError as exc:
            self._refused(sent, exc)
        finally:
            self._unwritten[node_id] -= 1
            if not written:
                self._over(node_id, sent)

    async def _produce_unanswered(self, node_id: int, sent: list[Sent]) -> None:
        versions = self._net.api_versions(node_id) or await self._net.versions_of(node_id)
        flight, request = self._board(node_id, sent, versions)
        if flight.flying:
            await self._net.send_without_response(request, node_id)
        for item in flight.flying:
            self._results.take(item, PartitionResult(None))

    def _board(
        self, node_id: int, sent: list[Sent], versions: ApiVersions
    ) -> tuple[Flight, ProduceRequest]:
        """Make the request for those batches that a broker of *versions* takes."""
        self._fit(sent, versions.record_magic)
        versions.require_codec(self._accumulator.settings.codec)
        flying = [item for item in sent if item.batch.state is BatchState.IN_FLIGHT]
        batches = SentBatches([item.batch for item in flying], self._net.cluster.snapshot)
        request = batches.request(
            acks=self._settings.acks,
            timeout_ms=int(self._settings.request_timeout * 1000),
            stamps=self._stamps(flying),
        )
        return Flight(node_id, sent, flying=flying, batches=batches, land=self._land), request

    def _land(self, flight: Flight, answer: ProduceResponse | KafkaError) -> None:
        self._step(self._landed, flight, answer)

    def _landed(self, flight: Flight, answer: ProduceResponse | KafkaError) -> None:
        if isinstance(answer, KafkaError):
            self._refused(flight.sent, answer)
        else:
            self._take(flight, answer)
        self._over(flight.node_id, flight.sent)

    def _take(self, flight: Flight, response: ProduceResponse) -> None:
        """Hand out the results of one request."""
        results = flight.batches.results(response)
        for item in flight.flying:
            self._results.take(item, results[item.batch.topic_partition])

    def _refused(self, sent: list[Sent], error: KafkaError) -> None:
        for item in sent:
            self._results.take(item, PartitionResult(error))

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
                self._results.fail(
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

    def _over(self, node_id: int, sent: list[Sent]) -> None:
        """Forget that batches were in flight; free the memory of those that are done."""
        self._in_flight[node_id] -= 1
        for queue, batch in sent:
            queue.in_flight -= 1
            self._results.flying.pop(batch, None)
            if batch.outcome is not None:
                self._accumulator.release(batch)
        if self._accumulator.active:
            self.wake()
