"""The parts of one running producer, put together on its event loop; shared by both faces."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from kafka._base.deadline import Deadline
from kafka._base.loop_waker import LoopWaker
from kafka._base.observer import Observer
from kafka._base.system import uniform as system_uniform
from kafka.errors import KafkaError, KafkaTimeoutError, UnsupportedCodecError
from kafka.producer.buffer_pool import BufferWaiter
from kafka.producer.future import future_of
from kafka.producer.incomplete_batches import IncompleteBatches
from kafka.producer.producer_batch import Outcome
from kafka.producer.record_accumulator import AccumulatorSettings, RecordAccumulator
from kafka.producer.send_path import SendPath
from kafka.producer.topic_info import PartitionQueue, TopicInfo
from kafka.record.compression import Codec, available

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.backoff import Uniform
    from kafka._base.clock import Clock
    from kafka.cluster import ClusterSnapshot
    from kafka.config.producer import ProducerConfig
    from kafka.producer.batch_encoding import Headers, Record
    from kafka.producer.callbacks import CallbackRunner
    from kafka.producer.future import FutureRecordMetadata
    from kafka.producer.producer_batch import ProducerBatch

log = logging.getLogger("kafka.producer.kafka")


class ProducerCore:
    """A producer between start and close.

    Made on the running loop that will own it. Attributes are read by other threads only where they
    say so themselves.

    Args:
        config: the options.
        runner: where callbacks run.
        observer: told of what happens.
        uniform: source of randomness.
    """

    def __init__(
        self,
        config: ProducerConfig,
        *,
        runner: CallbackRunner,
        observer: Observer | None = None,
        uniform: Uniform = system_uniform,
    ) -> None:
        self.config = config
        # A third of what importing a client would cost; it is needed when one is made.
        from kafka.net.network_client import NetworkClient  # noqa: PLC0415
        from kafka.producer.sender import Sender, SenderSettings  # noqa: PLC0415

        self.loop = asyncio.get_running_loop()
        observer = observer or Observer()
        self.net = NetworkClient.for_client(config.network(), observer, uniform=uniform)
        self.clock = self.net.runtime.clock
        self.accumulator = RecordAccumulator(
            _accumulator_settings(config), clock=self.clock, notify=self._notify
        )
        self.incomplete = IncompleteBatches(
            self.accumulator.lock,
            wait_timeout=config.delivery_timeout + config.request_timeout,
            runner=runner,
            observer=observer,
            is_loop_thread=self.is_loop_thread,
            is_held_here=self.accumulator.gate.is_held_here,
        )
        self.accumulator.attach(self.incomplete, observer)
        self.path = SendPath(
            config,
            accumulator=self.accumulator,
            cluster=self.net.cluster,
            wall=_wall_of(self.loop, self.clock),
            uniform=uniform,
        )
        self.sender = Sender(
            SenderSettings.of(config),
            net=self.net,
            accumulator=self.accumulator,
            incomplete=self.incomplete,
            runtime=self.net.runtime,
        )
        self._waker = LoopWaker(self.sender.run_once)
        self.closed = False
        self._disconnecting: asyncio.Future[None] | None = None

    # -- life --------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Bootstrap and start sending.

        Raises:
            NoBrokersAvailable: no bootstrap server answered in time.
        """
        self.net.on_metadata.append(self._on_metadata)
        self.net.supervisor.on_failure.append(self._on_failure)
        try:
            await self.net.start(deadline)
            self.accumulator.magic = self.net.minimum_record_magic()
        except BaseException:
            await self.net.close()
            self._waker.close()
            raise
        self.net.supervisor.spawn(self._send(), name="kafka-sender")

    async def _send(self) -> None:
        """Run the sender; that somebody else cancels it is a failure, not the end of a life."""
        try:
            await self.sender.run()
        except asyncio.CancelledError:
            if self.closed:
                raise
            raise KafkaError("the sender task was cancelled from outside") from None

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - users give a time-out
        """Deliver what can be delivered within *timeout* seconds, fail the rest, disconnect.

        A second call may run beside the first and cut its waiting short.
        """
        self.closed = True
        self.accumulator.close()
        if timeout > 0 and self.net.supervisor.failure is None:
            await self.wait_for_all(timeout)
        self.path.routes.clear()
        self.accumulator.abort(
            KafkaTimeoutError(
                f"the producer was closed; the record was not delivered within the {timeout:g} s "
                f"that close() was given"
            )
        )
        if self._disconnecting is None:
            self._disconnecting = self.loop.create_future()
            await self.net.close()
            # What was scheduled by the last outcomes (callbacks, waiters) runs first.
            await asyncio.sleep(0)
            self._waker.close()
            self.incomplete.failures.report(include_held=True)
            self._disconnecting.set_result(None)
        await asyncio.shield(self._disconnecting)

    def check(self) -> None:
        """Raise if the producer is closed or broken."""
        self.net.supervisor.check()
        if self.closed or self.accumulator.pool.closed:
            raise KafkaError("the producer is closed; make a new one")

    async def wait_for_all(self, timeout: float) -> bool:  # noqa: ASYNC109 - the same
        """Wait until all records of this moment are settled; return whether they are in time."""
        self.accumulator.register()
        done: asyncio.Future[None] = self.loop.create_future()
        wait = self.incomplete.wait_for_all(lambda: self.loop.call_soon_threadsafe(_finish, done))
        if wait is None:
            return True
        self.accumulator.flush()
        try:
            async with asyncio.timeout(timeout):
                await done
        except TimeoutError:
            return False
        finally:
            self.incomplete.stop_waiting(wait)
        return True

    def is_loop_thread(self) -> bool:
        """Return whether the caller runs on this producer's loop; any thread."""
        # The public function raises where no loop runs, which costs most of a microsecond.
        return asyncio._get_running_loop() is self.loop  # noqa: SLF001 - documented for such use

    # -- topics ------------------------------------------------------------------------------

    async def route(self, topic: str, deadline: Deadline) -> TopicInfo:
        """Return the route of *topic*, waiting for its metadata.

        Raises:
            KafkaTimeoutError: nothing is known of the topic in time.
            BrokerResponseError: the brokers refuse the topic.
        """
        while True:
            snapshot = self.net.cluster.snapshot
            found = self.path.open_route(topic, snapshot)
            if found is not None:
                return found
            await self.net.metadata.topic(topic, deadline)
            if self.net.cluster.snapshot is snapshot:
                await self.net.metadata.wait_for_update(snapshot.version, deadline)

    async def route_to(self, topic: str, partition: int | None, deadline: Deadline) -> TopicInfo:
        """As `route`, and look once more for a *partition* that is not known: it may be new."""
        route = await self.route(topic, deadline)
        if isinstance(partition, int) and partition >= len(route.queues):
            version = self.net.cluster.snapshot.version
            self.net.metadata.request_update()
            await self.net.metadata.wait_for_update(version, deadline)
            route = await self.route(topic, deadline)
        return route

    # -- records that cannot wait ------------------------------------------------------------

    def send_detached(
        self,
        topic: str,
        value: Any,  # Any: what the user's serializer takes
        key: Any,  # the same
        headers: Headers | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> FutureRecordMetadata:
        """Take a record for a topic not known yet where waiting is impossible.

        That is: on the loop thread itself (a logging handler that produces) and inside a call that
        interrupted another send(). The loop places it when the topic's metadata has come.
        """
        settings = self.accumulator.settings
        route = TopicInfo(
            topic, batch_size=settings.batch_size, limit=settings.batch_limit, uniform=max
        )
        route.update((partition or 0) + 1, ())
        _, record, size = self.path.prepare(route, value, key, headers, None, timestamp_ms)
        queue = PartitionQueue(route, -1 if partition is None else partition, 0)
        batch = self.accumulator.make_batch(queue, (record,))
        batch.seal()
        self.loop.call_soon_threadsafe(self._place_soon, batch, record, size, partition)
        self.incomplete.track(batch)
        return future_of(batch, 0)

    def failed(self, topic: str, partition: int | None, error: KafkaError) -> FutureRecordMetadata:
        """Return the future of a record that the brokers refuse before it is sent."""
        settings = self.accumulator.settings
        route = TopicInfo(
            topic, batch_size=settings.batch_size, limit=settings.batch_limit, uniform=max
        )
        queue = PartitionQueue(route, -1 if partition is None else partition, 0)
        batch = self.accumulator.make_batch(queue, ((0, None, None, None),))
        self.incomplete.complete(batch, Outcome(error=error))
        return future_of(batch, 0)

    def _place_soon(
        self, batch: ProducerBatch, record: Record, size: int, partition: int | None
    ) -> None:
        self.accumulator.charge(batch, size)
        self.net.supervisor.spawn(self._place(batch, record, partition), name="kafka-place-record")

    async def _place(self, batch: ProducerBatch, record: Record, partition: int | None) -> None:
        deadline = Deadline.after(self.clock.now(), self.config.max_block)
        try:
            route = await self.route_to(batch.topic_partition.topic, partition, deadline)
            queue = self.path.place(route, record[1], partition)
        except (KafkaError, ValueError) as exc:
            error = exc if isinstance(exc, KafkaError) else KafkaError(str(exc))
            self.incomplete.complete(batch, Outcome(error=error))
            self.accumulator.release(batch)
            return
        queue = queue or route.sticky
        batch.topic_partition = queue.topic_partition
        self.accumulator.adopt(queue, batch)

    # -- waiting -----------------------------------------------------------------------------

    async def put_in(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        deadline: Deadline | None = None,
    ) -> FutureRecordMetadata:
        """Append, waiting for memory until *deadline*; by default as long as users allow.

        Raises:
            KafkaTimeoutError: there was none in time.
        """
        handle = self.path.append(route, queue, record, size)
        if handle is not None:
            return handle
        if deadline is None:
            deadline = Deadline.after(self.clock.now(), self.config.max_block)
        return await self._wait_for_memory(route, queue, record, size, deadline)

    async def _wait_for_memory(
        self,
        route: TopicInfo,
        queue: PartitionQueue | None,
        record: Record,
        size: int,
        deadline: Deadline,
    ) -> FutureRecordMetadata:
        event = asyncio.Event()
        waiter = BufferWaiter(event.set)
        self.accumulator.enter_queue(waiter)
        try:
            while True:
                event.clear()
                handle = self.accumulator.append(route, queue, record, size, waiter)
                if handle is not None:
                    return handle
                async with asyncio.timeout_at(deadline.timeout_at):
                    await event.wait()
        except TimeoutError as exc:
            raise self.no_memory(size) from exc
        finally:
            self.accumulator.leave_queue(waiter)

    def no_memory(self, size: int, *, waited: bool = True) -> KafkaTimeoutError:
        """Return the error for a record that found no memory, or could not wait for any."""
        how = f"within {self.config.max_block:g} s (max_block_ms)"
        if not waited:
            how = "now, and this send() cannot wait: it runs on the client's own thread or stopped "
            how += "another send() of its thread halfway"
        return KafkaTimeoutError(
            f"no memory for a record of {size} bytes {how}: {self.accumulator.pool.used} of "
            f"buffer_memory={self.config.buffer_memory} bytes wait to be delivered; the brokers "
            f"are slower than the application, or cannot be reached"
        )

    # -- events ------------------------------------------------------------------------------

    def _notify(self) -> None:
        """Wake the sender; any thread."""
        # Inside a task of the loop, which is awake then. A signal handler that interrupted the
        # loop while it slept would find no task.
        if self.is_loop_thread() and asyncio.current_task(self.loop) is not None:
            self.sender.wake()
        else:
            self._waker.wake()

    def _on_metadata(self, snapshot: ClusterSnapshot) -> None:
        self.path.update_routes(snapshot)
        self.sender.wake()

    def _on_failure(self, failure: BaseException) -> None:
        """Fail everything: the next call of the user raises as well."""
        self.path.routes.clear()
        self.accumulator.close()
        error = KafkaError(f"the producer's background task failed: {failure!r}")
        error.__cause__ = failure
        self.accumulator.abort(error)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


def _wall_of(loop: asyncio.AbstractEventLoop, clock: Clock) -> Callable[[], float]:
    """Return Unix time that follows *loop*: the system's, unless the loop has a time of its own."""
    return time.time if abs(loop.time() - time.monotonic()) < 1.0 else clock.wall


def _accumulator_settings(config: ProducerConfig) -> AccumulatorSettings:
    codec = Codec[config.compression_type.upper()] if config.compression_type else Codec.NONE
    if not available(codec):
        name = config.compression_type
        raise UnsupportedCodecError(
            f"compression_type={name}: the library is not installed; "
            f"pip install kafka-python[{name}]"
        )
    return AccumulatorSettings(
        batch_size=min(config.batch_size, config.max_request_size),
        linger=config.linger,
        buffer_memory=config.buffer_memory,
        delivery_timeout=config.delivery_timeout,
        codec=codec,
        compression_level=config.compression_level,
    )
