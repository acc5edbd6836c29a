"""A producer between start and close: its parts, put together on its event loop.

Both faces stand on it, see `kafka.producer.client`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.loop_clock import runs_with_system
from kafka._base.loop_waker import LoopWaker
from kafka._base.observer import Observer
from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.waiting import seconds_of
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    UnsupportedCodecError,
    UnsupportedVersionError,
)
from kafka.net.network_client import NetworkClient
from kafka.net.security import PLAINTEXT
from kafka.producer.buffer_pool import BufferPool
from kafka.producer.detached_records import DetachedRecords
from kafka.producer.drivers import LoopDriver
from kafka.producer.incomplete_batches import IncompleteBatches
from kafka.producer.record_accumulator import AccumulatorSettings, RecordAccumulator
from kafka.producer.send_path import SendPath
from kafka.producer.sender import Sender, SenderSettings
from kafka.producer.slow_nodes import SlowNodes
from kafka.producer.steps import NeedOutcomes
from kafka.producer.topics import Topics
from kafka.producer.transaction_part import TransactionPart
from kafka.producer.transactional_part import TransactionalPart
from kafka.producer.transactions import TransactionSettings
from kafka.record.compression import available, codec_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.cluster import ClusterSnapshot
    from kafka.config.producer import ProducerConfig
    from kafka.net.security import Security
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
        security: secures the connections.

    Attributes:
        transactions: the transactions; ``None`` without a ``transactional_id``.
    """

    def __init__(
        self,
        config: ProducerConfig,
        *,
        runner: CallbackRunner,
        observer: Observer | None = None,
        yields_to_loop: bool = False,
        security: Security = PLAINTEXT,
    ) -> None:
        self.config = config
        self.loop = asyncio.get_running_loop()
        self.net = NetworkClient.for_client(
            config.network(), observer or Observer(), security=security
        )
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
            in_transactions=config.transactional_id is not None,
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
        self.path = self._send_path()
        self.transactions = self._transactional_part()
        self._stamps = self.transactions or _idempotent_part(config, self.net)
        self.sender = Sender(
            SenderSettings.of(config),
            net=self.net,
            accumulator=self.accumulator,
            incomplete=self.incomplete,
            runtime=runtime,
            stamps=self._stamps,
            slow_nodes=_slow_nodes(config, self.topics),
        )
        if self._stamps is not None:
            self._stamps.attach(self.sender)
        self._waker = LoopWaker(self.sender.run_once)
        self.closed = False
        self._report_at_end = True
        self._disconnecting: asyncio.Task[None] | None = None

    def _send_path(self) -> SendPath:
        runtime = self.net.runtime
        return SendPath(
            self.config,
            accumulator=self.accumulator,
            topics=self.topics,
            detached=DetachedRecords(
                accumulator=self.accumulator,
                incomplete=self.incomplete,
                topics=self.topics,
                runtime=runtime,
                max_block=self.config.max_block,
            ),
            cluster=self.net.cluster,
            clock=runtime.clock,
            wall=None if runs_with_system(self.loop) else runtime.clock.wall,
            observer=runtime.observer,
            check=self.check,
        )

    def _transactional_part(self) -> TransactionalPart | None:
        config = self.config
        if config.transactional_id is None:
            return None
        settings = TransactionSettings(
            config.transactional_id,
            int(config.transaction_timeout_ms),
            config.transaction_two_phase_commit_enable,
        )
        return TransactionalPart(
            settings,
            net=self.net,
            accumulator=self.accumulator,
            incomplete=self.incomplete,
            backoff=ExponentialBackoff(config.retry_backoff, config.retry_backoff_max),
            request_timeout=config.request_timeout,
        )

    # -- life --------------------------------------------------------------------------------

    async def start(self, deadline: Deadline) -> None:
        """Bootstrap and start sending.

        Raises:
            NoBrokersAvailable: no bootstrap server answered in time.
            UnsupportedVersionError: the brokers cannot do what the options ask for.
        """
        self.net.on_metadata.append(self._on_metadata)
        self.net.supervisor.on_failure.append(self._on_failure)
        try:
            await self.net.start(deadline)
            self.accumulator.magic = self.net.minimum_record_magic()
            self._check_brokers()
        except BaseException:
            await self._disconnect()
            raise
        if self._stamps is not None:
            self._stamps.start()
        self.net.supervisor.spawn(self._send(), name="kafka-sender")

    def _check_brokers(self) -> None:
        """Raise `UnsupportedVersionError` if they cannot do what the user asks for."""
        if self.accumulator.magic < 2 and self.config.requires_idempotence:
            asked, without = "enable_idempotence=True", "leave it out to do without"
            if self.config.transactional_id is not None:
                asked, without = "transactional_id", "there are no transactions"
            raise UnsupportedVersionError(
                f"{asked} takes brokers of Kafka 0.11 or later; {without} where they are older"
            )

    async def _send(self) -> None:
        """Run the sender; report it as a failure if somebody else cancels it."""
        try:
            await self.sender.run()
        except asyncio.CancelledError:
            if self.closed:
                raise
            raise KafkaError("the sender task was cancelled from outside") from None

    async def close(
        self,
        timeout: float,  # noqa: ASYNC109 - users give a time-out
        *,
        raise_on_error: bool = False,
    ) -> None:
        """Deliver what can be delivered within *timeout* seconds, fail the rest, disconnect.

        Failures nobody looked at are logged, or with *raise_on_error* raised.

        A second call may run at the same time and cut the waiting of the first short. If a call
        is cancelled while it waits for deliveries, they go on, and the next call waits for them.
        """
        self.closed = True
        self.accumulator.close()
        if timeout > 0 and self.net.supervisor.failure is None:
            deadline = Deadline.after(self.clock.now(), timeout)
            if self.transactions is not None:
                await self.transactions.end_transaction(deadline)
            left = deadline.remaining(self.clock.now())
            await self.driver.run(self._wait_for_outcomes(left, self.driver.new_waiter()))
        if self.transactions is not None:
            self.transactions.close()
        self.topics.forget_all()
        self.accumulator.abort(
            lambda known: KafkaTimeoutError(
                f"{known}; the producer was closed, and the record was not delivered within the "
                f"{timeout:g} s that close() was given"
            )
        )
        self._report_at_end &= not raise_on_error
        try:
            await self._disconnect()
        finally:
            error = self.incomplete.failures.take_error() if raise_on_error else None
        if error is not None:
            raise error

    async def _disconnect(self) -> None:
        """End all connections and tasks, once; goes on to the end if this call is cancelled."""
        if self._disconnecting is None or self._disconnecting.cancelled():
            # No task of the supervisor: it ends the supervisor.
            self._disconnecting = self.loop.create_task(self._end_all(), name="kafka-disconnect")
        await asyncio.shield(self._disconnecting)

    async def _end_all(self) -> None:
        if self._stamps is not None:
            self._stamps.close()
        await self.net.close()
        # What was scheduled by the last outcomes (callbacks, waiters) runs first.
        await asyncio.sleep(0)
        self._waker.close()
        if self._report_at_end:
            self.incomplete.failures.report(include_held=True)

    # -- calls of users ----------------------------------------------------------------------

    def check(self) -> None:
        """Raise if the producer is closed or broken; any thread."""
        self.net.supervisor.check()
        if self.closed or self.accumulator.pool.closed:
            raise KafkaError("the producer is closed; make a new one")

    def flush(self, timeout: float | None, waiter: W, *, raise_on_error: bool) -> Steps[W, None]:
        """Send what lingers and wait until everything sent before has an outcome; any thread.

        Args:
            timeout: seconds; ``None`` waits as long as a delivery may take.
            waiter: what the call waits with.
            raise_on_error: raise the failures nobody looked at instead of logging them.

        Raises:
            KafkaTimeoutError: the time is over.
            UndeliveredRecordsError: see *raise_on_error*.
            IllegalStateError: called inside a delivery callback.
        """
        self.incomplete.check_not_in_callback("flush")
        seconds = seconds_of("flush", timeout, self.incomplete.wait_timeout)
        began = self.clock.now()
        try:
            left = yield from self._wait_for_outcomes(seconds, waiter)
        finally:
            self.net.runtime.observer.flushed(self.clock.now() - began)
        if left:
            raise KafkaTimeoutError(f"flush: {left} batches are undelivered after {seconds:g} s")
        failures = self.incomplete.failures
        if not raise_on_error:
            failures.report(include_held=False)
            return
        error = failures.take_error()
        if error is not None:
            raise error

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

    def gauges(self) -> dict[str, Callable[[], float]]:
        """Return what metrics ask for when they are read; any thread."""
        pool, sender = self.accumulator.pool, self.sender
        return {
            "buffer-available-bytes": lambda: max(pool.limit - pool.used, 0),
            "buffer-total-bytes": lambda: pool.limit,
            "requests-in-flight": lambda: sender.requests_in_flight,
            "waiting-threads": lambda: len(pool.waiters),
        }

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
        self.sender.on_metadata(snapshot)

    def _on_failure(self, failure: BaseException) -> None:
        """Fail everything: the next call of the user raises as well."""
        self.topics.forget_all()
        self.accumulator.close()

        def error(known: str) -> KafkaError:
            made = KafkaError(f"{known}; the producer's background task failed: {failure!r}")
            made.__cause__ = failure
            return made

        if self.transactions is not None:
            self.transactions.close(error("the call has not ended"))
        self.accumulator.abort(error)


def _idempotent_part(config: ProducerConfig, net: NetworkClient) -> TransactionPart | None:
    if not config.enable_idempotence:
        return None
    backoff = ExponentialBackoff(config.retry_backoff, config.retry_backoff_max)
    return TransactionPart(net, backoff=backoff, required=config.requires_idempotence)


def _slow_nodes(config: ProducerConfig, topics: Topics) -> SlowNodes | None:
    timeout = config.partitioner_availability_timeout
    return SlowNodes(timeout, on_change=topics.avoid) if timeout else None


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
        adaptive=config.partitioner_adaptive_partitioning_enable,
        ignores_keys=config.partitioner_ignore_keys,
    )
