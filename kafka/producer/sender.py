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
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from kafka.producer.flight import Sent
from kafka.producer.produce import PartitionResult, SentBatches
from kafka.producer.producer_batch import BatchState
from kafka.producer.results import Results
from kafka.producer.writer import Writer
from kafka.protocol.produce_stencil import Accepted

if TYPE_CHECKING:
    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka._base.supervisor import Supervisor
    from kafka.cluster import ClusterSnapshot
    from kafka.net.network_client import NetworkClient
    from kafka.producer.deliveries import Deliveries
    from kafka.producer.flight import Flight, Landing, ProducerIds, SenderSettings
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.topic_info import PartitionQueue
    from kafka.protocol.messages.produce import ProduceResponse

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
        self._results = Results(
            settings,
            net=net,
            accumulator=accumulator,
            deliveries=deliveries,
            clock=clock,
            observer=observer,
            uniform=uniform,
        )
        self._writer = Writer(
            settings,
            cluster=net.cluster,
            accumulator=accumulator,
            results=self._results,
            land=self._land,
            producer_ids=producer_ids,
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
            # In this order an exception out of a signal handler costs a look too many, not all.
            self._loop.call_soon(self.look)
            self._woken = True

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
        if self._life is None or self._life.done():
            return
        try:
            due = self._pass()
            if due < self._timer_at:
                self._set_timer(due)
            self._accumulator.next_due = self._timer_at
        except BaseException as exc:
            self._break(exc)
            if not isinstance(exc, Exception):
                raise

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

    def _break(self, exc: BaseException) -> None:
        """End `run` with the error of a callback of the loop, as it would end in a task."""
        if self._life is not None and not self._life.done():
            # What a signal handler raises would come out of the loop a second time.
            error = exc if isinstance(exc, Exception) else KafkaError(f"interrupted: {exc!r}")
            self._life.set_exception(error)

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
                self._start(node_id, sent, now)
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
        hurry = self._accumulator.pool.in_a_hurry
        if len(queues) > 1:
            # Every pass starts at another queue, so that none waits for ever behind full requests.
            self._turn = (self._turn + 1) % len(queues)
            queues = queues[self._turn :] + queues[: self._turn]
        for queue in queues:
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
        if batch is None or not self._writer.encode(queue, batch):
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

    # -- requests ----------------------------------------------------------------------------

    def _start(self, node_id: int, sent: list[Sent], now: float) -> None:
        for queue, batch in sent:
            batch.move(BatchState.IN_FLIGHT)
            queue.in_flight += 1
            self._results.flying[batch] = queue
            self._net.metadata.touch(queue.topic_partition.topic)
        self._in_flight[node_id] += 1
        # Nothing passes a request whose task has not written it yet.
        waits = self._settings.acks == 0 or self._unwritten.get(node_id, 0) > 0
        if waits or not self._write_now(node_id, sent, now):
            self._unwritten[node_id] += 1
            self._supervisor.spawn(self._produce(node_id, sent), name=f"produce-{node_id}")

    def _write_now(self, node_id: int, sent: list[Sent], now: float) -> bool:
        """Send a request in this step if the node is ready for one; return whether it was."""
        try:
            connection = self._net.idle_connection(node_id, now)
            if connection is None:
                return False
            if self._writer.write(connection, node_id, sent, now + self._settings.request_timeout):
                return True
        except KafkaError as exc:
            self._refused(sent, exc)
        self._over(node_id, sent)
        return True

    async def _produce(self, node_id: int, sent: list[Sent]) -> None:
        """Send a request as soon as the node is ready for one."""
        written = False
        try:
            if self._settings.acks == 0:
                await self._produce_unanswered(node_id, sent)
            else:
                # The answer lands as that of `_write_now` does, so answers keep their order.
                written = await self._net.when_ready(
                    node_id, lambda found, until: self._writer.write(found, node_id, sent, until)
                )
        except KafkaError as exc:
            self._refused(sent, exc)
        finally:
            self._unwritten[node_id] -= 1
            if not written:
                self._over(node_id, sent)

    async def _produce_unanswered(self, node_id: int, sent: list[Sent]) -> None:
        versions = self._net.api_versions(node_id) or await self._net.versions_of(node_id)
        flying = self._writer.fit(sent, versions)
        if flying:
            request = self._writer.request(flying, self._net.cluster.snapshot)
            await self._net.send_without_response(request, node_id)
        for item in flying:
            self._results.take(item, PartitionResult(None))

    def _land(self, flight: Flight, answer: Landing) -> None:
        if self._life is None or self._life.done():
            return
        try:
            # Raised before here, it is as if there were no answer; from here on it ends the sender.
            flight.land = None
            if isinstance(answer, Accepted):
                self._results.succeed(flight.flying[0].batch, *answer)
            elif isinstance(answer, KafkaError):
                self._refused(flight.sent, answer)
            else:
                self._take(flight, answer)
            self._over(flight.node_id, flight.sent)
        except BaseException as exc:
            self._break(exc)
            if not isinstance(exc, Exception):
                raise

    def _take(self, flight: Flight, response: ProduceResponse) -> None:
        """Hand out the results of one request."""
        batches = SentBatches([item.batch for item in flight.flying], flight.snapshot)
        results = batches.results(response)
        for item in flight.flying:
            self._results.take(item, results[item.batch.topic_partition])

    def _refused(self, sent: list[Sent], error: KafkaError) -> None:
        for item in sent:
            self._results.take(item, PartitionResult(error))

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
