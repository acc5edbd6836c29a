"""A producer between start and close: its parts, put together on its event loop.

Both faces stand on it, see `kafka.producer.client`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka._base.deadline import Deadline
from kafka._base.loop_clock import runs_with_system
from kafka._base.loop_waker import LoopWaker
from kafka._base.observer import Observer
from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.waiting import seconds_of
from kafka.errors import KafkaError, KafkaTimeoutError, UnsupportedCodecError
from kafka.net.network_client import NetworkClient
from kafka.producer.buffer_pool import BufferPool
from kafka.producer.detached_records import DetachedRecords
from kafka.producer.drivers import LoopDriver
from kafka.producer.incomplete_batches import IncompleteBatches
from kafka.producer.record_accumulator import AccumulatorSettings, RecordAccumulator
from kafka.producer.send_path import SendPath
from kafka.producer.sender import Sender, SenderSettings
from kafka.producer.steps import NeedOutcomes
from kafka.producer.topics import Topics
from kafka.record.compression import available, codec_named

if TYPE_CHECKING:
    from kafka.cluster import ClusterSnapshot
    from kafka.config.producer import ProducerConfig
    from kafka.producer.callbacks import CallbackRunner
    from kafka.producer.steps import Steps, W


class ProducerCore:
    """The parts of one running producer.

    Made on the running loop that owns it. Other threads may use `accumulator`, `incomplete` and
    `path` as these say themselves, and the methods that say so.

    Args:
        config: the options.
        runner: where callbacks run.
        observer: told of what happens.
        yields_to_loop: whether users' threads yield to the loop when it is behind.
    """

    def __init__(
        self,
        config: ProducerConfig,
        *,
        runner: CallbackRunner,
        observer: Observer | None = None,
        yields_to_loop: bool = False,
    ) -> None:
        self.config = config
        self.loop = asyncio.get_running_loop()
        self.net = NetworkClient.for_client(config.network(), observer or Observer())
        runtime = self.net.runtime
        self.clock = runtime.clock
        settings = _accumulator_settings(config)
        pool = BufferPool(config.buffer_memory, self._notify)
        self.incomplete = IncompleteBatches(
            reentrant_lock(),
            wait_timeout=config.delivery_timeout + config.request_timeout,
            runner=runner,
            observer=runtime.observer,
            is_loop_thread=self.is_loop_thread,
            is_held_here=self._is_held_here,
            on_callback_added=pool.charge_callback,
        )
        self.accumulator = RecordAccumulator(
            settings,
            pool=pool,
            incomplete=self.incomplete,
            observer=runtime.observer,
            clock=runtime.clock,
            notify=self._notify,
        )
        self.accumulator.yields_to_loop = yields_to_loop
        self.topics = Topics(self.accumulator, self.net)
        self.driver = LoopDriver(self.topics)
        self.path = SendPath(
            config,
            accumulator=self.accumulator,
            topics=self.topics,
            detached=DetachedRecords(
                accumulator=self.accumulator,
                incomplete=self.incomplete,
                topics=self.topics,
                runtime=runtime,
                max_block=config.max_block,
            ),
            cluster=self.net.cluster,
            clock=runtime.clock,
            wall=None if runs_with_system(self.loop) else runtime.clock.wall,
            check=self.check,
        )
        self.sender = Sender(
            SenderSettings.of(config),
            net=self.net,
            accumulator=self.accumulator,
            incomplete=self.incomplete,
            runtime=runtime,
        )
        self._waker = LoopWaker(self.sender.run_once)
        self.closed = False
        self._disconnecting: asyncio.Task[None] | None = None

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
            await self._disconnect()
            raise
        self.net.supervisor.spawn(self._send(), name="kafka-sender")

    async def _send(self) -> None:
        """Run the sender; report it as a failure if somebody else cancels it."""
        try:
            await self.sender.run()
        except asyncio.CancelledError:
            if self.closed:
                raise
            raise KafkaError("the sender task was cancelled from outside") from None

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109 - users give a time-out
        """Deliver what can be delivered within *timeout* seconds, fail the rest, disconnect.

        A second call may run at the same time and cut the waiting of the first short. If a call
        is cancelled while it waits for deliveries, they go on, and the next call waits for them.
        """
        self.closed = True
        self.accumulator.close()
        if timeout > 0 and self.net.supervisor.failure is None:
            await self.driver.run(self._wait_for_outcomes(timeout, self.driver.new_waiter()))
        self.topics.forget_all()
        self.accumulator.abort(
            KafkaTimeoutError(
                f"the producer was closed; the record was not delivered within the {timeout:g} s "
                f"that close() was given"
            )
        )
        await self._disconnect()

    async def _disconnect(self) -> None:
        """End all connections and tasks, once; goes on to the end if this call is cancelled."""
        if self._disconnecting is None or self._disconnecting.cancelled():
            # No task of the supervisor: it ends the supervisor.
            self._disconnecting = self.loop.create_task(self._end_all(), name="kafka-disconnect")
        await asyncio.shield(self._disconnecting)

    async def _end_all(self) -> None:
        await self.net.close()
        # What was scheduled by the last outcomes (callbacks, waiters) runs first.
        await asyncio.sleep(0)
        self._waker.close()
        self.incomplete.failures.report(include_held=True)

    # -- calls of users ----------------------------------------------------------------------

    def check(self) -> None:
        """Raise if the producer is closed or broken; any thread."""
        self.net.supervisor.check()
        if self.closed or self.accumulator.pool.closed:
            raise KafkaError("the producer is closed; make a new one")

    def flush(self, timeout: float | None, waiter: W) -> Steps[W, None]:
        """Send what lingers and wait until everything sent before has an outcome; any thread.

        Args:
            timeout: seconds; ``None`` waits as long as a delivery may take.
            waiter: what the call waits with.

        Raises:
            KafkaTimeoutError: the time is over.
            IllegalStateError: called inside a delivery callback.
        """
        self.incomplete.check_not_in_callback("flush")
        seconds = seconds_of("flush", timeout, self.incomplete.wait_timeout)
        left = yield from self._wait_for_outcomes(seconds, waiter)
        if left:
            raise KafkaTimeoutError(f"flush: {left} batches are undelivered after {seconds:g} s")
        self.incomplete.failures.report(include_held=False)

    def _wait_for_outcomes(self, seconds: float, waiter: W) -> Steps[W, int]:
        """Wait for the outcomes of all records of this moment; return how many batches lack one."""
        self.accumulator.register()
        wait = self.incomplete.wait_for_all(waiter.wake)
        if wait is None:
            return 0
        try:
            self.accumulator.flush()
            yield NeedOutcomes(waiter, Deadline.after(self.clock.now(), seconds))
        except TimeoutError:
            return len(wait.remaining)
        finally:
            self.incomplete.stop_waiting(wait)
        return 0

    def cannot_wait(self) -> bool:
        """Return whether the caller runs on the loop thread or interrupted a send() of its own."""
        return self.is_loop_thread() or self._is_held_here()

    def is_loop_thread(self) -> bool:
        """Return whether the caller runs on this producer's loop; any thread."""
        # The public function raises where no loop runs, which costs most of a microsecond.
        return asyncio._get_running_loop() is self.loop  # noqa: SLF001 - documented for such use

    def _is_held_here(self) -> bool:
        return self.accumulator.gate.is_held_here()

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
        self.topics.update(snapshot)
        self.sender.wake()

    def _on_failure(self, failure: BaseException) -> None:
        """Fail everything: the next call of the user raises as well."""
        self.topics.forget_all()
        self.accumulator.close()
        error = KafkaError(f"the producer's background task failed: {failure!r}")
        error.__cause__ = failure
        self.accumulator.abort(error)


def _accumulator_settings(config: ProducerConfig) -> AccumulatorSettings:
    codec = codec_named(config.compression_type)
    if not available(codec):
        name = config.compression_type
        raise UnsupportedCodecError(
            f"compression_type={name}: the library is not installed; "
            f"pip install kafka-python[{name}]"
        )
    return AccumulatorSettings(
        batch_size=min(config.batch_size, config.max_request_size),
        linger=config.linger,
        delivery_timeout=config.delivery_timeout,
        codec=codec,
        compression_level=config.compression_level,
    )
