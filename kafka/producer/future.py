"""The futures of one record and of many: handles on batches.

A `FutureRecordMetadata` costs two references. Its batch is completed once for all of its records,
so a response causes no work per record. What a waiting thread or task needs is made when it waits.
"""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from kafka._base.system import monotonic
from kafka._base.waiting import Notification, seconds_of
from kafka.errors import KafkaError, KafkaTimeoutError
from kafka.structs import RecordMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from kafka.producer.producer_batch import Callback, ProducerBatch

    Part = tuple[ProducerBatch, int, Sequence[int]]
    """A batch, the first of its records that is meant, and the places of these in the call."""

__all__ = [
    "FutureProduceResult",
    "FutureRecordMetadata",
    "FutureRecordsMetadata",
    "RecordMetadata",
]


class _Chained(Protocol):
    """A `kafka.future.Future`, which `FutureRecordMetadata.chain` completes."""

    def success(self, value: RecordMetadata) -> object:
        """Complete the future with a value."""

    def failure(self, e: KafkaError) -> object:
        """Complete the future with an error."""


def wait_for(batch: ProducerBatch, index: int, timeout: float | None) -> bool:
    """Wait in this thread until record *index* of *batch* has an outcome.

    Args:
        batch: the batch the record was put in.
        index: the record's place there.
        timeout: seconds; ``None`` waits for ever.

    Returns:
        Whether the record has an outcome.
    """
    end = None if timeout is None else monotonic() + timeout
    while True:
        part = batch if batch.parts is None else batch.locate(index)[0]
        if part.outcome is not None:
            return True
        done = Notification()
        watcher = done.notify
        if not _watch(part, watcher):
            continue
        try:
            if not done.wait(math.inf if end is None else end - monotonic()):
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
    """Register *watcher* to be called when *batch* is done or split; False if it already is."""
    with batch.owner.lock:
        if batch.outcome is not None or batch.parts is not None:
            return False
        batch.watchers.append(watcher)
        return True


def _forget(batch: ProducerBatch, watcher: Callable[[], object]) -> None:
    if batch.outcome is not None:
        return  # the watchers went when the outcome was set
    with batch.owner.lock:
        if watcher in batch.watchers:
            batch.watchers.remove(watcher)


class FutureProduceResult:
    """The outcome of the batch that a record is in (kafka-python's name).

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
        home = self._batch.owner
        home.check_may_wait()
        return wait_for(self._batch, 0, seconds_of("wait", timeout, home.wait_timeout))


class FutureRecordMetadata:
    """The delivery of one record: wait for it, await it, or add callbacks.

    `KafkaProducer.send` returns it at once. It succeeds with a `RecordMetadata` when the brokers
    have acknowledged the record as ``acks`` asks, else it fails with the error.

    Attributes:
        error_on_callbacks: always ``False``: errors of callbacks are logged (kafka-python's name).
    """

    __slots__ = ("_batch", "_index")

    error_on_callbacks: ClassVar[bool] = False

    # No __init__: the call would double what a future costs. See `future_of`.
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
            home = batch.owner
            home.check_may_wait()
            wait = seconds_of("get", timeout, home.wait_timeout)
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
        """Wait for the delivery on an event loop; as `get`, but without a time-out."""
        yield from outcome_of(self._batch, self._index)
        return self._result()

    def add_callback(self, f: Callable[..., object], *args: object, **kwargs: object) -> Self:
        """Call *f* with the `RecordMetadata` when the record is delivered.

        The callback runs on the producer's callback thread, in the order of the partition's
        batches; with `AsyncKafkaProducer` on the event loop; at once if the record is already
        delivered.

        Args:
            f: called with *args*, the metadata, and *kwargs*. If it raises, the error is logged.
            *args: positional arguments before the metadata.
            **kwargs: keyword arguments.

        Returns:
            This future.
        """
        return self._add(partial(_on_success, partial(f, *args, **kwargs)), looks=False)

    def add_errback(self, f: Callable[..., object], *args: object, **kwargs: object) -> Self:
        """Call *f* with the error when the delivery has failed; otherwise as `add_callback`."""
        return self._add(partial(_on_failure, partial(f, *args, **kwargs)), looks=True)

    def add_both(self, f: Callable[..., object], *args: object, **kwargs: object) -> Self:
        """Call *f* with the metadata or the error; otherwise as `add_callback`."""
        return self._add(partial(_on_both, partial(f, *args, **kwargs)), looks=True)

    def chain(self, future: _Chained) -> Self:
        """Complete *future*, a `kafka.future.Future`, with the outcome."""
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


def place_of(future: FutureRecordMetadata) -> tuple[ProducerBatch, int]:
    """Return the batch of the record and its index there."""
    return future._batch, future._index  # noqa: SLF001 - this module's own class


class FutureRecordsMetadata:
    """The delivery of all records of one `send_many`: wait for it or await it.

    It succeeds when every record is delivered, otherwise it fails with the first error. Other
    records of the same call may have been delivered although one has failed.
    """

    __slots__ = ("_count", "_parts")

    def __init__(self, parts: list[Part], count: int) -> None:
        self._parts = parts
        self._count = count

    def __len__(self) -> int:
        """Return the number of records."""
        return self._count

    def __bool__(self) -> bool:
        """Return ``True``, for no records as well."""
        return True

    def __repr__(self) -> str:
        """Return a status line."""
        state = "pending"
        if self.is_done:
            state = "delivered" if self._error() is None else repr(self._error())
        return f"<FutureRecordsMetadata records={self._count} {state}>"

    @property
    def is_done(self) -> bool:
        """Whether the outcome of every record is known."""
        return all(batch.is_done for batch, _, _ in self._parts)

    @property
    def exception(self) -> KafkaError | None:
        """The first error of a record, ``None`` if there is none yet."""
        for batch, start, places in self._parts:
            for index in range(start, start + len(places)):
                part, place = batch.locate(index)
                if part.outcome is not None and part.outcome.error is not None:
                    part.observed_failures.add(place)
        return self._error()

    def succeeded(self) -> bool:
        """Return whether every record was delivered."""
        return self.is_done and self.exception is None

    def failed(self) -> bool:
        """Return whether the delivery of a record failed for good."""
        return self.exception is not None

    def get(self, timeout: float | None = None) -> list[RecordMetadata]:
        """Wait until all records are delivered and return where they are.

        Args:
            timeout: seconds to wait; ``None`` (the default) waits ``delivery_timeout_ms`` plus
                ``request_timeout_ms``, after which every record has succeeded or failed.

        Returns:
            Their places in the log, in the order the records were given.

        Raises:
            KafkaTimeoutError: the time is over; the records may still be delivered.
            KafkaError: the delivery of a record failed.
        """
        if not self.is_done:
            owner = self._parts[0][0].owner
            owner.check_may_wait()
            seconds = seconds_of("get", timeout, owner.wait_timeout)
            end = monotonic() + seconds
            for part in self._pending():
                if not wait_for(part, 0, max(end - monotonic(), 0.0)):
                    raise KafkaTimeoutError(
                        f"some of {self._count} records have no outcome within {seconds:g} s; "
                        f"they may still be delivered, ask again later"
                    )
        return self._result()

    def __await__(self) -> Generator[Any, None, list[RecordMetadata]]:  # Any: what asyncio yields
        """Wait for the delivery on an event loop; as `get`, but without a time-out."""
        for part in self._pending():
            yield from outcome_of(part, 0)
        return self._result()

    def _pending(self) -> Iterator[ProducerBatch]:
        """Yield one batch without an outcome after the other; the caller waits for each."""
        for batch, _, _ in self._parts:
            while not batch.is_done:
                part = batch
                while part.parts is not None:
                    part = next(half for half in part.parts[1] if not half.is_done)
                yield part

    def _error(self) -> KafkaError | None:
        for batch, start, places in self._parts:
            if batch.parts is None and (batch.outcome is None or batch.outcome.error is None):
                continue
            for index in range(start, start + len(places)):
                part, place = batch.locate(index)
                error = part.error_of(place)
                if error is not None:
                    return error
        return None

    def _result(self) -> list[RecordMetadata]:
        error = self.exception
        if error is not None:
            # The error belongs to the whole batch: tracebacks must not pile up on it.
            raise error.with_traceback(None)
        found: dict[int, RecordMetadata] = {}
        for batch, start, places in self._parts:
            for index, place in enumerate(places, start):
                part, number = batch.locate(index)
                found[place] = part.metadata_of(number)
        return [found[place] for place in range(self._count)]


def together(futures: Sequence[FutureRecordMetadata]) -> FutureRecordsMetadata:
    """Return one future for the records of *futures*."""
    parts = [(*place_of(future), (n,)) for n, future in enumerate(futures)]
    return FutureRecordsMetadata(list(parts), len(parts))


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
