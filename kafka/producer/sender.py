"""Send batches to the leaders of their partitions: what goes where, and when.

Runs on the loop thread. Each run looks at all queues that hold something, groups what may go by
node, and writes one request to each; answers, metadata and full batches cause the next run. What an
answer makes of a batch is decided by `kafka.producer.batch_fate`.

A record sent alone takes as few steps as possible: what wakes the loop runs the sender, which
writes the request, and the step that receives the answer completes the batches.

A batch leaves its queue in the step that writes it, never before. While a node is not ready (not
connected, throttled, busy) its batches stay in their queues and one task waits for it; when the
leader moves meanwhile they go to the new one, in their order.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.logs import logger
from kafka.errors import KafkaError
from kafka.producer.batch_completion import BatchCompletion
from kafka.producer.produce_request import (
    DrainedBatch,
    InFlightProduce,
    PartitionResult,
    ProduceDraft,
    SentBatches,
    make_request,
    read_results,
    reopen_for,
    template_of,
)
from kafka.producer.producer_batch import BatchState
from kafka.producer.sequences import NO_STAMP
from kafka.protocol.features import IDEMPOTENCE
from kafka.protocol.messages.produce import ProduceRequest
from kafka.protocol.produce_template import ProduceAck, ProduceSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kafka._base.runtime import Runtime
    from kafka.cluster import ClusterSnapshot
    from kafka.config.producer import ProducerConfig
    from kafka.net.connection import Connection
    from kafka.net.network_client import NetworkClient
    from kafka.producer.incomplete_batches import IncompleteBatches
    from kafka.producer.produce_request import ProduceOutcome
    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.record_accumulator import RecordAccumulator
    from kafka.producer.slow_nodes import SlowNodes
    from kafka.producer.topic_info import PartitionQueue
    from kafka.producer.transaction_part import TransactionPart
    from kafka.producer.transactional_part import TransactionalPart
    from kafka.protocol.api_versions import ApiVersions

log = logger(__name__)

# How soon to look again at partitions without a leader if no new metadata comes, in seconds.
_NO_LEADER_DELAY = 0.1
# A loop may run a timer by its clock's resolution too early, when nothing is due yet. Set again for
# what is left, it would be run again as long as the clock shows the same time.
_SHORTEST_WAIT = 1e-6
_NO_CONNECTIONS: Final[Mapping[int, Connection]] = {}


class SenderSettings(NamedTuple):
    """What the sender needs of the configuration; times in seconds, sizes in bytes."""

    client_id: str | None
    acks: int
    retries: float
    backoff: ExponentialBackoff
    request_timeout: float
    max_request_size: int
    max_in_flight: int
    requires_idempotence: bool = False
    transactional_id: str | None = None

    @classmethod
    def of(cls, config: ProducerConfig) -> SenderSettings:
        """Return the settings that *config* asks for."""
        return cls(
            client_id=config.client_id,
            acks=config.acks,
            retries=config.retries,
            backoff=ExponentialBackoff(config.retry_backoff, config.retry_backoff_max),
            request_timeout=config.request_timeout,
            max_request_size=config.max_request_size,
            max_in_flight=config.max_in_flight_requests_per_connection,
            requires_idempotence=config.requires_idempotence,
            transactional_id=config.transactional_id,
        )


class Sender:
    """Move batches from the accumulator to the brokers.

    Args:
        settings: see `SenderSettings`.
        net: the network.
        accumulator: where batches come from.
        incomplete: completes batches for those who wait.
        runtime: the surroundings.
        stamps: gives batches their numbers; ``None`` without idempotence.
        slow_nodes: told of the nodes that take batches, and of those that do not.
    """

    def __init__(
        self,
        settings: SenderSettings,
        *,
        net: NetworkClient,
        accumulator: RecordAccumulator,
        incomplete: IncompleteBatches,
        runtime: Runtime,
        stamps: TransactionPart | TransactionalPart | None = None,
        slow_nodes: SlowNodes | None = None,
    ) -> None:
        self._settings = settings
        self._produce_settings = ProduceSettings(
            settings.client_id,
            settings.acks,
            int(settings.request_timeout * 1000),
            settings.transactional_id,
        )
        self._net = net
        self._accumulator = accumulator
        self._stamps = stamps
        self._clock = runtime.clock
        self._spawn = runtime.spawn
        self._completion = BatchCompletion(
            retries=settings.retries,
            backoff=settings.backoff,
            accumulator=accumulator,
            incomplete=incomplete,
            cluster=net.cluster,
            request_metadata=net.metadata.request_update,
            runtime=runtime,
            manager=None if stamps is None else stamps.manager,
        )
        self._in_flight: Counter[int] = Counter()
        self._slow_nodes = slow_nodes
        # The nodes that a task waits for.
        self._awaited: set[int] = set()
        self._loop = asyncio.get_running_loop()
        # What `run` waits for; `None` before and after.
        self._failure: asyncio.Future[None] | None = None
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf
        self._turn = 0

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<Sender in_flight={dict(self._in_flight)} queues={len(self._accumulator.active)}>"

    @property
    def requests_in_flight(self) -> int:
        """How many requests wait for an answer; any thread."""
        return sum(list(self._in_flight.values()))

    # -- life --------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send until cancelled, or until a step on the loop raises; raise the same."""
        self._failure = self._loop.create_future()
        self.run_once()
        try:
            await self._failure
        finally:
            self._failure = None
            self._set_timer(math.inf)

    def _fail(self, exc: BaseException) -> None:
        """End `run` with *exc*; raise it here as well if it came out of a signal handler."""
        if isinstance(exc, Exception):
            error: Exception = exc
        else:
            # The loop ends with what is raised here; `run` must not raise the same once more.
            error = KafkaError(f"interrupted: {exc!r}")
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)
        if error is not exc:
            raise exc

    # -- when to look at the queues ----------------------------------------------------------

    def wake(self) -> None:
        """Look at the queues after what is running now; loop thread only."""
        if not self._woken:
            # In this order an exception out of a signal handler costs a run too many, not all.
            self._loop.call_soon(self.run_once)
            self._woken = True

    def run_once(self, ready: Mapping[int, Connection] = _NO_CONNECTIONS) -> None:
        """Look at the queues now, unless the sender does not run; loop thread only.

        Args:
            ready: connections that take one request in this step, by node, although requests of
                others may wait for them.
        """
        self._woken = False
        if self._failure is None or self._failure.done():
            return
        try:
            due = self._send_what_may_go(ready)
            if due < self._timer_at:
                self._set_timer(due)
            self._accumulator.next_due = self._timer_at
        except KafkaError as exc:
            # The network is closed, or one of its tasks has failed: nothing will be sent any more.
            end = exc
            self._accumulator.abort(lambda _: end)
        except BaseException as exc:  # noqa: BLE001 - `_fail` raises it where it belongs
            self._fail(exc)

    def _set_timer(self, due: float) -> None:
        """Run at *due*. That run sets the timer for what is due later."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_at = None, due
        if due < math.inf:
            now = self._clock.now()
            delay = max(due - now, _SHORTEST_WAIT) if due > now else 0.0
            self._timer = self._loop.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self.run_once()

    # -- what goes where ---------------------------------------------------------------------

    def _send_what_may_go(self, ready: Mapping[int, Connection]) -> float:
        """Write the requests that may go now; return when to look again if nothing happens."""
        now = self._clock.now()
        self._accumulator.magic = self._net.minimum_record_magic()
        while True:
            queues = self._accumulator.looking()
            if now >= self._accumulator.next_expiry:
                self._completion.expire(now)
            drafts, due = self._fill_drafts(queues, ready, now)
            ready = _NO_CONNECTIONS
            written = False
            for node_id, draft in drafts.items():
                if draft is not None and draft.batches:
                    self._send(node_id, draft, now)
                    written = True
            self._turn += written
            # What comes in from here on wakes the loop.
            if not written or not self._accumulator.active:
                return min(due, self._accumulator.next_expiry)

    def _fill_drafts(
        self, queues: list[PartitionQueue], ready: Mapping[int, Connection], now: float
    ) -> tuple[dict[int, ProduceDraft | None], float]:
        """Drain what may go into a draft for each node; also return when something else is due.

        A node without a draft is not ready.
        """
        snapshot = self._net.cluster.snapshot
        drafts: dict[int, ProduceDraft | None] = {}
        next_due = math.inf
        hurry = self._accumulator.pool.in_a_hurry
        if len(queues) > 1:
            # Requests start at another queue each time: none waits for ever behind full requests.
            turn = self._turn % len(queues)
            queues = queues[turn:] + queues[:turn]
        for queue in queues:
            due = queue.due_at(now, hurry=hurry)
            if due <= now:
                leader, due = self._leader_of(queue, snapshot, now)
                if leader is not None:
                    if leader not in drafts:
                        drafts[leader] = self._draft_for(leader, ready, now)
                    draft = drafts[leader]
                    if draft is None:
                        due = self._ready_at(leader, now)
                    elif self._add(queue, draft):
                        continue
            next_due = min(next_due, due)
        if self._slow_nodes is not None:
            taking = {node for node, draft in drafts.items() if draft is not None and draft.batches}
            left = [
                (snapshot.leader_for(q.topic_partition), q.due_at(now, hurry=hurry)) for q in queues
            ]
            next_due = min(next_due, self._slow_nodes.look(taking, left, now))
        return drafts, next_due

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
        return leader, math.inf

    def _draft_for(
        self, node_id: int, ready: Mapping[int, Connection], now: float
    ) -> ProduceDraft | None:
        """Return an empty draft for a node, ``None`` if it takes no request in this step."""
        connection = ready.get(node_id)
        if connection is None and self._in_flight[node_id] < self._settings.max_in_flight:
            connection = self._net.idle_connection(node_id, now)
        if connection is None or connection.versions is None:
            return None
        return ProduceDraft(connection, connection.versions, self._settings.max_request_size)

    def _ready_at(self, node_id: int, now: float) -> float:
        """Return when to look again at a node that is not ready; infinity if it will wake us."""
        if node_id in self._awaited or self._in_flight[node_id] >= self._settings.max_in_flight:
            return math.inf
        wait = self._net.ready_in(node_id, now)
        if wait > 0:
            return now + wait
        self._awaited.add(node_id)
        self._spawn(self._await_node(node_id), name=f"produce-{node_id}")
        return math.inf

    def _add(self, queue: PartitionQueue, draft: ProduceDraft) -> bool:
        """Move the next batch of *queue* to *draft*; return whether there is one and it fits.

        When it returns true the batch is encoded, and it is written in this step. Its first write
        is decided nowhere else.
        """
        if draft.bytes_left <= 0 or not self._may_drain(queue):
            return False
        batch = self._drain(queue, draft.versions)
        if batch is None:
            # Something else of this queue may be due; nothing is left of what was taken out.
            self.wake()
            return False
        if not draft.add(queue, batch):
            self._accumulator.put_back(queue, batch)
            return False
        if self._stamps is not None and batch.stamp is NO_STAMP and batch.magic >= 2:
            batch.stamp = self._stamps.manager.sequences.stamp(queue.topic_partition, batch.count)
        return True

    def _may_drain(self, queue: PartitionQueue) -> bool:
        """Return whether the first batch of *queue* may go; if not, an answer or an id wakes us."""
        return self._stamps is None or self._stamps.may_drain(queue)

    def _drain(self, queue: PartitionQueue, versions: ApiVersions | None) -> ProducerBatch | None:
        """Take the first batch of *queue*, encoded; ``None`` if there is none that can be sent.

        Args:
            queue: the queue.
            versions: what the broker speaks that the batch goes to, if it is known.
        """
        batch = self._accumulator.pop(queue)
        if batch is None:
            return None
        try:
            if batch.state is BatchState.SEALED:
                self._accumulator.encode(batch, queue.topic_info, take_over=True)
            if versions is not None:
                self._check_format(batch, versions)
        except KafkaError as exc:
            self._completion.fail(batch, exc)
        except Exception as exc:
            topic, partition = batch.topic_partition
            log.exception("topic=%s partition=%d: a batch could not be encoded", topic, partition)
            error = KafkaError(f"{topic}-{partition}: the batch could not be encoded: {exc!r}")
            error.__cause__ = exc
            self._completion.fail(batch, error)
        if batch.outcome is not None:
            self._accumulator.release(batch)
            return None
        return batch

    def _check_format(self, batch: ProducerBatch, versions: ApiVersions) -> None:
        """Make sure that a broker of *versions* can store *batch*; encode it again if need be."""
        settings = self._accumulator.settings
        if settings.codec:
            versions.require_codec(settings.codec)
        magic = versions.record_magic
        if magic < 2 and self._settings.requires_idempotence:
            versions.require(IDEMPOTENCE)
        if batch.magic != magic and batch.outcome is None:
            reopen_for(batch, magic)
            self._accumulator.encode_as(batch, magic)

    def on_metadata(self, snapshot: ClusterSnapshot) -> None:
        """React to a new view of the cluster; loop thread only."""
        self._completion.take_back(snapshot)
        self.wake()

    # -- what the transaction manager decides (kafka.producer.transaction_part.Batches) ------

    def renumber(self, queue: PartitionQueue) -> None:
        """Have the batches of *queue* that were sent before get new numbers; none is in flight."""
        self._completion.renumber(queue)

    def fail_queued(self, error_of: Callable[[ProducerBatch], KafkaError]) -> None:
        """Fail all batches that wait in their queues, each with its error."""
        for queue in self._accumulator.looking():
            while queue in self._accumulator.active:
                batch = self._accumulator.pop(queue)
                if batch is not None:
                    self._completion.fail(batch, error_of(batch))

    def when_answered(self, done: Callable[[], None]) -> None:
        """Call *done*, which does not raise, once no batch is in flight."""
        self._completion.when_answered(done)

    def cap_versions(self, max_version: int | None) -> None:
        """Send no higher version of Produce from now on; ``None`` for the highest there is."""
        self._produce_settings = self._produce_settings._replace(max_version=max_version)

    def send_unstamped(self) -> None:
        """Give batches no numbers from now on."""
        self._stamps = None
        self.wake()

    # -- requests ----------------------------------------------------------------------------

    def _send(self, node_id: int, draft: ProduceDraft, now: float) -> None:
        """Write a request; its batches are in flight, or have an outcome."""
        batches = draft.batches
        expires_at = now + self._settings.request_timeout
        self._start_request(node_id, batches, now)
        try:
            if self._settings.acks == 0:
                self._write_unanswered(node_id, draft, expires_at)
            else:
                self._write(node_id, draft, expires_at)
        except KafkaError as exc:
            self._fail_request(batches, exc)
            self._request_done(node_id, batches)

    def _write(self, node_id: int, draft: ProduceDraft, expires_at: float) -> None:
        connection, batches = draft.connection, draft.batches
        snapshot = self._net.cluster.snapshot
        in_flight = InFlightProduce(
            node_id, batches, snapshot=snapshot, on_outcome=self._handle_outcome
        )
        if len(batches) > 1:
            request = make_request(batches, snapshot, self._produce_settings)
            cap = self._produce_settings.max_version
            connection.write(request, in_flight, expires_at=expires_at, max_version=cap)
            return
        queue, batch = batches[0]
        template = template_of(queue, draft.versions, snapshot, self._produce_settings)
        connection.write_batch(template, batch.pieces(), in_flight, expires_at=expires_at)

    def _write_unanswered(self, node_id: int, draft: ProduceDraft, expires_at: float) -> None:
        request = make_request(draft.batches, self._net.cluster.snapshot, self._produce_settings)
        draft.connection.send_without_response(request)
        self._spawn(
            self._await_drained(node_id, draft.connection, draft.batches, Deadline(expires_at)),
            name=f"produce-{node_id}",
        )

    async def _await_drained(
        self,
        node_id: int,
        connection: Connection,
        batches: list[DrainedBatch],
        deadline: Deadline,
    ) -> None:
        """Complete batches that nobody answers once the system has taken their bytes."""
        try:
            await self._net.drained(connection, deadline, ProduceRequest.NAME)
            now = self._clock.now()
            for drained in batches:
                self._completion.handle(drained, PartitionResult(None), now)
        except KafkaError as exc:
            self._fail_request(batches, exc)
        finally:
            self._request_done(node_id, batches)

    async def _await_node(self, node_id: int) -> None:
        """Send what is due for a node as soon as it is ready, or fail an attempt to do so."""
        try:
            await self._net.when_ready(
                node_id, lambda connection, _: self.run_once({node_id: connection})
            )
        except KafkaError as exc:
            batches = self._take_due(node_id)
            self._start_request(node_id, batches, self._clock.now())
            self._fail_request(batches, exc, written=False)
            self._request_done(node_id, batches)
        finally:
            self._awaited.discard(node_id)
            self.wake()

    def _take_due(self, node_id: int) -> list[DrainedBatch]:
        """Take the batches out of their queues that wait for nothing but *node_id*."""
        now = self._clock.now()
        snapshot = self._net.cluster.snapshot
        hurry = self._accumulator.pool.in_a_hurry
        batches: list[DrainedBatch] = []
        for queue in self._accumulator.looking():
            if queue.due_at(now, hurry=hurry) <= now:
                leader, _ = self._leader_of(queue, snapshot, now)
                if leader != node_id or not self._may_drain(queue):
                    continue
                batch = self._drain(queue, None)
                if batch is not None:
                    batches.append(DrainedBatch(queue, batch))
        return batches

    # -- outcomes ----------------------------------------------------------------------------

    def _handle_outcome(self, in_flight: InFlightProduce, outcome: ProduceOutcome) -> None:
        if self._failure is None or self._failure.done():
            return
        try:
            # If a signal handler raises before this, the connection reports an error; afterwards it
            # ends the sender.
            in_flight.handled = True
            batches = in_flight.batches
            now = self._clock.now()
            if not batches:
                pass  # taken back: they went to another leader
            elif isinstance(outcome, ProduceAck):
                self._completion.succeed(batches[0].batch, *outcome)
            elif isinstance(outcome, KafkaError):
                self._fail_request(batches, outcome)
            else:
                results = read_results(outcome, batches, in_flight.snapshot)
                for drained in batches:
                    self._completion.handle(drained, results[drained.batch.topic_partition], now)
            self._request_done(in_flight.node_id, batches)
        except BaseException as exc:  # noqa: BLE001 - `_fail` raises it where it belongs
            self._fail(exc)

    def _fail_request(
        self, batches: list[DrainedBatch], error: KafkaError, *, written: bool = True
    ) -> None:
        now = self._clock.now()
        result = PartitionResult(error, written=written)
        for drained in batches:
            self._completion.handle(drained, result, now)

    def _start_request(self, node_id: int, batches: list[DrainedBatch], now: float) -> None:
        """Count batches as in flight."""
        self._in_flight[node_id] += 1
        sent = SentBatches(node_id, batches)
        for queue, batch in batches:
            batch.move(BatchState.IN_FLIGHT)
            batch.written_at = now
            queue.in_flight += 1
            self._completion.in_flight_batches[batch] = sent
            self._net.metadata.touch(queue.topic_partition.topic)

    def _request_done(self, node_id: int, batches: list[DrainedBatch]) -> None:
        """Count batches as in flight no more; free the memory of those that have an outcome."""
        self._in_flight[node_id] -= 1
        for queue, batch in batches:
            queue.in_flight -= 1
            self._completion.in_flight_batches.pop(batch, None)
            if batch.outcome is not None:
                self._accumulator.release(batch)
        if self._completion.awaits_answers:
            self._completion.check_answered()
        if self._accumulator.active:
            self.wake()
