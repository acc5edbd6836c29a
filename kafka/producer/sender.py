"""Send batches to the leaders of their partitions and deal with the answers.

Runs on the loop thread. Each pass looks at all queues that hold something, groups what may go by
node, and writes one request to each; answers, metadata and full batches cause the next pass.

One record at a time is worth as little ceremony as can be: what wakes the loop runs the pass, the
pass writes the request, and the step that receives the answer completes the batches.

A batch leaves its queue in the step that writes it, never before. While a node is not ready (not
connected, throttled, busy) its batches stay in their queues and one task waits for it; when the
leader moves meanwhile they go to the new one, in their order.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from typing import TYPE_CHECKING, Final

from kafka._base.deadline import Deadline
from kafka.errors import KafkaError
from kafka.producer.flight import Sent
from kafka.producer.produce import PartitionResult, SentBatches
from kafka.producer.producer_batch import BatchState
from kafka.producer.results import Results
from kafka.producer.writer import Writer
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.produce_stencil import Accepted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka._base.observer import Observer
    from kafka._base.supervisor import Supervisor
    from kafka.cluster import ClusterSnapshot
    from kafka.net.connection import Connection
    from kafka.net.network_client import NetworkClient
    from kafka.producer.deliveries import Deliveries
    from kafka.producer.flight import Flight, Landing, ProducerIds, SenderSettings
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.routes import PartitionQueue
    from kafka.protocol.messages.produce import ProduceResponse

log = logging.getLogger(__name__)

# How soon to look again at partitions without a leader, should no new metadata come, in seconds.
_NO_LEADER_DELAY = 0.1
_NOBODY: Final[Mapping[int, Connection]] = {}


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
        # The nodes that a task waits for.
        self._awaited: set[int] = set()
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

    def look(self, ready: Mapping[int, Connection] = _NOBODY) -> None:
        """Look at the queues now, unless the sender does not run; loop thread only.

        Args:
            ready: connections that take one request now, although others wait for their turn.
        """
        self._woken = False
        if self._life is None or self._life.done():
            return
        try:
            due = self._pass(ready)
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

    def _pass(self, ready: Mapping[int, Connection]) -> float:
        """Send what may go now; return when to look again if nothing happens."""
        now = self._clock.now()
        self._accumulator.magic = self._net.minimum_record_magic()
        while True:
            queues = self._accumulator.looking()
            if now >= self._accumulator.next_expiry:
                self._results.expire(now)
            connections: dict[int, Connection | None] = dict(ready)
            ready = _NOBODY
            requests, due = self._choose(queues, connections, now)
            for node_id, sent in requests.items():
                connection = connections[node_id]
                assert connection is not None
                self._start(node_id, sent)
                self._write(connection, node_id, sent, now + self._settings.request_timeout)
            # What comes in from here on wakes the loop.
            if not requests or not self._accumulator.active:
                return min(due, self._accumulator.next_expiry)

    def _choose(
        self, queues: list[PartitionQueue], connections: dict[int, Connection | None], now: float
    ) -> tuple[dict[int, list[Sent]], float]:
        """Group what may go by node; also return when something else will be due."""
        snapshot = self._net.cluster.snapshot
        requests: dict[int, list[Sent]] = {}
        room: dict[int, int] = {}
        next_due = math.inf
        hurry = self._accumulator.memory.in_a_hurry
        if len(queues) > 1:
            # Every pass starts at another queue, so that none waits for ever behind full requests.
            self._turn = (self._turn + 1) % len(queues)
            queues = queues[self._turn :] + queues[: self._turn]
        for queue in queues:
            due = queue.due_at(now, hurry=hurry)
            if due <= now:
                leader, due = self._leader_of(queue, snapshot, now)
                if leader is not None:
                    due = self._ready_at(leader, connections, now)
                    if due <= now and self._add(queue, leader, requests, room):
                        continue
            next_due = min(next_due, due)
        return requests, next_due

    def _leader_of(
        self, queue: PartitionQueue, snapshot: ClusterSnapshot, now: float
    ) -> tuple[int | None, float]:
        """Return where the next batch of *queue* goes, or ``None`` and when to ask again."""
        if queue.in_flight and self._settings.max_in_flight == 1:
            # Order within the partition: nothing goes before the answer.
            return None, math.inf
        leader = snapshot.leader_for(queue.topic_partition)
        if leader is None:
            self._net.metadata.touch(queue.topic_partition.topic)
            self._net.metadata.request_update()
            return None, now + _NO_LEADER_DELAY
        return leader, now

    def _ready_at(
        self, node_id: int, connections: dict[int, Connection | None], now: float
    ) -> float:
        """Return *now* if the node takes a request, otherwise when to ask again.

        Args:
            node_id: the node.
            connections: what has been found out in this pass.
            now: the time.
        """
        if node_id in connections:
            connection = connections[node_id]
        elif self._in_flight[node_id] >= self._settings.max_in_flight:
            return math.inf
        else:
            try:
                connection = connections[node_id] = self._net.idle_connection(node_id, now)
            except KafkaError as exc:
                # The client is closed, or broken: nothing will be sent any more.
                self._accumulator.abort(exc)
                return math.inf
        if connection is not None:
            return now
        if node_id in self._awaited:
            return math.inf
        wait = self._net.ready_in(node_id, now)
        if wait > 0:
            return now + wait
        self._awaited.add(node_id)
        self._supervisor.spawn(self._await_node(node_id), name=f"produce-{node_id}")
        return math.inf

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

    def _start(self, node_id: int, sent: list[Sent]) -> None:
        for queue, batch in sent:
            batch.move(BatchState.IN_FLIGHT)
            queue.in_flight += 1
            self._results.flying[batch] = queue
            self._net.metadata.touch(queue.topic_partition.topic)
        self._in_flight[node_id] += 1

    def _write(
        self, connection: Connection, node_id: int, sent: list[Sent], expires_at: float
    ) -> None:
        """Write a request in this step."""
        try:
            if self._settings.acks == 0:
                written = self._writer.write_unanswered(connection, sent)
                if written:
                    self._supervisor.spawn(
                        self._drain(connection, node_id, written, expires_at),
                        name=f"produce-{node_id}",
                    )
                    return
            elif self._writer.write(connection, node_id, sent, expires_at):
                return
        except KafkaError as exc:
            self._refused(sent, exc)
        self._over(node_id, sent)

    async def _await_node(self, node_id: int) -> None:
        """Send what is due for a node as soon as it is ready; that fails if the node cannot be."""
        try:
            await self._net.when_ready(node_id, lambda found, _: self.look({node_id: found}))
        except KafkaError as exc:
            sent = self._due_for(node_id)
            self._start(node_id, sent)
            self._refused(sent, exc)
            self._over(node_id, sent)
        finally:
            self._awaited.discard(node_id)
            self.wake()

    def _due_for(self, node_id: int) -> list[Sent]:
        """Take the batches out of their queues that wait for nothing but *node_id*."""
        now = self._clock.now()
        snapshot = self._net.cluster.snapshot
        hurry = self._accumulator.memory.in_a_hurry
        requests: dict[int, list[Sent]] = {}
        for queue in self._accumulator.looking():
            if queue.due_at(now, hurry=hurry) <= now:
                leader, _ = self._leader_of(queue, snapshot, now)
                if leader == node_id:
                    self._add(queue, node_id, requests, {})
        return requests.get(node_id, [])

    async def _drain(
        self, connection: Connection, node_id: int, sent: list[Sent], expires_at: float
    ) -> None:
        """Complete batches that nobody answers once the system has taken their bytes."""
        try:
            await self._net.drained(connection, Deadline(expires_at), ProduceRequest.NAME)
            for item in sent:
                self._results.take(item, PartitionResult(None))
        except KafkaError as exc:
            self._refused(sent, exc)
        finally:
            self._over(node_id, sent)

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
