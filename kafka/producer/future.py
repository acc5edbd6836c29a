"""The future of one record: a handle on its batch that becomes something to wait on when asked.

A handle costs two references. The batch is completed once for all its records, so there is nothing
per record to do when the answer comes.
"""

from __future__ import annotations

import asyncio
import math
import time
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from kafka._base.waiting import Notification, seconds_of
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.structs import RecordMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from kafka.producer.producer_batch import Callback, ProducerBatch

__all__ = ["FutureProduceResult", "FutureRecordMetadata", "RecordMetadata"]


class _Chained(Protocol):
    """What `FutureRecordMetadata.chain` hands its outcome to: a `kafka.future.Future`."""

    def success(self, value: RecordMetadata) -> object:
        """Take the value."""

    def failure(self, e: KafkaError) -> object:
        """Take the error."""


def wait_for(batch: ProducerBatch, index: int, timeout: float | None) -> bool:
    """Wait in this thread until record *index* of *batch* has an outcome; return whether it has.

    Args:
        batch: the batch the record was put in.
        index: its place there.
        timeout: seconds; ``None`` waits for ever.
    """
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        part = batch if batch.parts is None else batch.locate(index)[0]
        if part.outcome is not None:
            return True
        done = Notification()
        watcher = done.notify
        if not _watch(part, watcher):
            continue
        try:
            if not done.wait(math.inf if end is None else end - time.monotonic()):
                return batch.locate(index)[0].outcome is not None
        finally:
            _forget(part, watcher)


def outcome_of(batch: ProducerBatch, index: int) -> Generator[Any, None, None]:
    """Wait on the running event loop until record *index* of *batch* has an outcome."""
    while True:
        part = batch if batch.parts is None else batch.locate(index)[0]
        if part.outcome is not None:
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        watcher = partial(_wake_on, loop, waiter)
        if _watch(part, watcher):
            try:
                yield from waiter
            finally:
                _forget(part, watcher)


def _watch(batch: ProducerBatch, watcher: Callable[[], object]) -> bool:
    """Have *watcher* called when *batch* is done or split, unless it already is."""
    with batch.owner.lock:
        if batch.outcome is not None or batch.parts is not None:
            return False
        batch.watchers.append(watcher)
        return True


def _forget(batch: ProducerBatch, watcher: Callable[[], object]) -> None:
    if batch.outcome is not None:
        return  # whoever set it took the watchers along
    with batch.owner.lock:
        if watcher in batch.watchers:
            batch.watchers.remove(watcher)


class FutureProduceResult:
    """The outcome of a whole batch, as far as users see it.

    Attributes:
        topic_partition: where the batch goes.
    """

    __slots__ = ("_batch", "topic_partition")

    def __init__(self, batch: ProducerBatch) -> None:
        self._batch = batch
        self.topic_partition: TopicPartition = batch.topic_partition

    @property
    def is_done(self) -> bool:
        """Whether the outcome is known."""
        return self._batch.is_done

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the outcome.

        Args:
            timeout: seconds; ``None`` waits as long as a delivery may take.

        Returns:
            Whether the outcome is known now.
        """
        owner = self._batch.owner
        owner.check_may_wait()
        return wait_for(self._batch, 0, seconds_of("wait", timeout, owner.wait_timeout))


class FutureRecordMetadata:
    """The delivery of one record: wait for it, await it, or have callbacks called.

    `KafkaProducer.send` returns it at once. It succeeds with a `RecordMetadata` when the brokers
    have acknowledged the record as ``acks`` asks, else it fails with the error.

    Attributes:
        error_on_callbacks: always ``False``: errors of callbacks are logged (kafka-python's name).
    """

    __slots__ = ("_batch", "_index")

    error_on_callbacks: ClassVar[bool] = False

    # No __init__: calling one would double what a future costs. See `future_of`.
    _batch: ProducerBatch
    _index: int

    def __repr__(self) -> str:
        """Return a status line."""
        topic, partition = self._batch.topic_partition
        state = "pending"
        batch, index = self._batch.locate(self._index)
        if batch.outcome is not None:
            state = "delivered" if batch.outcome.error is None else repr(batch.error_of(index))
        return f"<FutureRecordMetadata {topic}-{partition} {state}>"

    @property
    def _produce_future(self) -> FutureProduceResult:
        return FutureProduceResult(self._batch.locate(self._index)[0])

    @property
    def is_done(self) -> bool:
        """Whether the record was delivered or has failed."""
        return self._batch.locate(self._index)[0].outcome is not None

    @property
    def value(self) -> RecordMetadata | KafkaError | None:
        """The `RecordMetadata`, the error of a failed delivery, or ``None`` while pending."""
        batch, index = self._batch.locate(self._index)
        if batch.outcome is None:
            return None
        return self.exception or batch.metadata_of(index)

    @property
    def exception(self) -> KafkaError | None:
        """Why the delivery failed, ``None`` if it did not or is pending."""
        batch, index = self._batch.locate(self._index)
        error = batch.error_of(index)
        if error is not None:
            batch.observed_failures.add(index)
        return error

    def succeeded(self) -> bool:
        """Return whether the record was delivered."""
        return self.is_done and self.exception is None

    def failed(self) -> bool:
        """Return whether the delivery failed for good."""
        return self.exception is not None

    def retriable(self) -> bool:
        """Return whether the same record may be sent again after this failure."""
        error = self.exception
        return error is not None and error.retriable

    def get(self, timeout: float | None = None) -> RecordMetadata:
        """Wait until the record is delivered and return where it is.

        Args:
            timeout: seconds to wait; ``None`` (the default) waits ``delivery_timeout_ms`` plus
                ``request_timeout_ms``, after which every record has succeeded or failed.

        Returns:
            The record's place in the log.

        Raises:
            KafkaTimeoutError: the time is over; the record may still be delivered.
            KafkaError: the delivery failed.
        """
        batch, index = self._batch, self._index
        if not self.is_done:
            owner = batch.owner
            owner.check_may_wait()
            wait = seconds_of("get", timeout, owner.wait_timeout)
            if not wait_for(batch, index, wait):
                topic, partition = batch.topic_partition
                raise KafkaTimeoutError(
                    f"no outcome for a record of {topic}-{partition} within {wait:g} s; "
                    f"it may still be delivered, ask again later"
                )
        return self._result()

    def _result(self) -> RecordMetadata:
        batch = self._batch
        if batch.outcome is not None and batch.outcome.error is None:
            return batch.metadata_of(self._index)
        error = self.exception
        if error is not None:
            # The error belongs to the whole batch: tracebacks must not pile up on it.
            raise error.with_traceback(None)
        batch, index = self._batch.locate(self._index)
        return batch.metadata_of(index)

    def __await__(self) -> Generator[Any, None, RecordMetadata]:  # Any: what asyncio yields
        """Wait for the delivery on an event loop; as `get`, without a time-out of its own."""
        yield from outcome_of(self._batch, self._index)
        return self._result()

    def add_callback(self, f: Callable[..., object], *args: object, **kwargs: object) -> Self:
        """Have *f* called with the `RecordMetadata` when the record is delivered.

        It runs on the producer's callback thread, in the order of the partition's batches; on the
        event loop with `AsyncKafkaProducer`; at once if the record is already delivered.

        Args:
            f: called with *args*, the metadata, and *kwargs*. What it raises is logged.
            *args: put before the metadata.
            **kwargs: passed on.

        Returns:
            This future.
        """
        return self._add(partial(_on_success, partial(f, *args, **kwargs)), looks=False)

    def add_errback(self, f: Callable[..., object], *args: object, **kwargs: object) -> Self:
        """Have *f* called with the error when the delivery has failed; else as `add_callback`."""
        return self._add(partial(_on_failure, partial(f, *args, **kwargs)), looks=True)

    def add_both(self, f: Callable[..., object], *args: object, **kwargs: object) -> Self:
        """Have *f* called with the metadata or the error; else as `add_callback`."""
        return self._add(partial(_on_both, partial(f, *args, **kwargs)), looks=True)

    def chain(self, future: _Chained) -> Self:
        """Hand the outcome to *future*, a `kafka.future.Future`."""
        self.add_callback(future.success)
        return self.add_errback(future.failure)

    def _add(
        self, call: Callable[[RecordMetadata | None, KafkaError | None], None], *, looks: bool
    ) -> Self:
        self._batch.owner.expect_callbacks()
        with self._batch.owner.lock:
            batch, index = self._batch.locate(self._index)
            callback: Callback = (index, call, looks)
            if batch.outcome is None:
                batch.callbacks.append(callback)
                batch.owner.on_callback_added(batch)
                return self
        batch.owner.run_now(batch, callback)
        return self


def future_of(batch: ProducerBatch, index: int) -> FutureRecordMetadata:
    """Return a future of record *index* of *batch*."""
    future = FutureRecordMetadata()
    future._batch, future._index = batch, index  # noqa: SLF001 - this is its constructor
    return future


def _wake_on(loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[None]) -> None:
    """Wake *waiter* of *loop*; called in the producer's loop, or in a thread that has none."""
    # The public function raises where no loop runs.
    if asyncio._get_running_loop() is loop:  # noqa: SLF001 - documented for such use
        _wake(waiter)
    else:
        loop.call_soon_threadsafe(_wake, waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _on_success(
    f: Callable[..., object], metadata: RecordMetadata | None, error: KafkaError | None
) -> None:
    if error is None:
        f(metadata)


def _on_failure(
    f: Callable[..., object], _: RecordMetadata | None, error: KafkaError | None
) -> None:
    if error is not None:
        f(error)


def _on_both(
    f: Callable[..., object], metadata: RecordMetadata | None, error: KafkaError | None
) -> None:
    f(metadata if error is None else error)
