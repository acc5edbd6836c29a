"""The futures of one record and of many: handles on batches.

A `FutureRecordMetadata` costs two references. Its batch is completed once for all of its records,
so a response causes no work per record. What a waiting thread or task needs is made when it waits.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

from kafka._base.system import monotonic
from kafka._base.waiting import seconds_of
from kafka.errors import IllegalStateError, KafkaError, KafkaTimeoutError
from kafka.producer.outcome_wait import outcome_of, wait_for
from kafka.producer.producer_batch import Outcome
from kafka.structs import RecordMetadata, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from kafka.producer.hand_made import HandMadeBatch
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


class FutureProduceResult:
    """The outcome of the batch that a record is in (kafka-python's name).

    The constructor is for tests of code that gets futures: it makes the result of records that no
    producer sends, and `success` or `failure` ends them.

    Args:
        topic_partition: where the batch goes.

    Attributes:
        topic_partition: as given.
    """

    __slots__ = ("_batch", "topic_partition")

    def __init__(self, topic_partition: TopicPartition) -> None:
        from kafka.producer.hand_made import HandMadeBatch  # noqa: PLC0415 - no producer needs it

        self._batch: ProducerBatch = HandMadeBatch(topic_partition)
        self.topic_partition: TopicPartition = topic_partition

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
        return wait_for(
            self._batch, 0, seconds_of("wait", timeout, owner.wait_timeout, allows_past=True)
        )

    # Any: kafka-python's form: offset, timestamp, and in newer releases errors.
    def success(self, value: tuple[Any, ...]) -> Self:
        """Deliver the records of a result that was made by hand.

        Args:
            value: the offset of the first record, the broker's timestamp in ms (-1 or ``None``: the
                records keep theirs), and ``None`` or a function that returns the error of the
                record with an index.

        Raises:
            IllegalStateError: there is an outcome already, or a producer will set it.
        """
        offset, timestamp, *rest = value
        error_of = rest[0] if rest else None

        def outcome(index: int) -> Outcome:
            error = None if error_of is None else error_of(index)
            return Outcome(offset, -1 if timestamp is None else timestamp, error)

        _hand_made(self._batch).finish(outcome)
        return self

    def failure(self, error: KafkaError | type[KafkaError]) -> Self:
        """Fail the records of a result that was made by hand.

        Raises:
            IllegalStateError: there is an outcome already, or a producer will set it.
        """
        outcome = Outcome(error=error() if isinstance(error, type) else error)
        _hand_made(self._batch).finish(lambda _: outcome)
        return self

    def __repr__(self) -> str:
        """Return a status line."""
        topic, partition = self.topic_partition
        return f"<FutureProduceResult {topic}-{partition} {'done' if self.is_done else 'pending'}>"


def _hand_made(batch: ProducerBatch) -> HandMadeBatch:
    """Return *batch* if it was made by hand; raise `IllegalStateError` if a producer sends it."""
    from kafka.producer.hand_made import HandMadeBatch  # noqa: PLC0415 - no producer needs it

    if isinstance(batch, HandMadeBatch):
        return batch
    raise IllegalStateError("the producer sets the outcome of the batches that it sends")


class FutureRecordMetadata:
    """The delivery of one record: wait for it, await it, or add callbacks.

    `KafkaProducer.send` returns it at once. It succeeds with a `RecordMetadata` when the brokers
    have acknowledged the record as ``acks`` asks, else it fails with the error.

    The constructor is for tests of code that gets futures: it makes the future of a record that no
    producer sends.

    Args:
        produce_future: a result made by hand, which this record gets its outcome from.
        batch_index: what is added to the offset of that result.
        timestamp_ms: as in the `RecordMetadata`, like the following.
        checksum: the same.
        serialized_key_size: the same.
        serialized_value_size: the same.
        serialized_header_size: the same.

    Attributes:
        error_on_callbacks: always ``False``: errors of callbacks are logged (kafka-python's name).
    """

    __slots__ = ("_batch", "_index")

    error_on_callbacks: ClassVar[bool] = False

    _batch: ProducerBatch
    _index: int

    def __init__(
        self,
        produce_future: FutureProduceResult,
        batch_index: int,
        timestamp_ms: int | None,
        checksum: int | None,
        serialized_key_size: int,
        serialized_value_size: int,
        serialized_header_size: int,
    ) -> None:
        topic, partition = produce_future.topic_partition
        record = RecordMetadata(
            topic,
            partition,
            produce_future.topic_partition,
            batch_index,
            timestamp_ms,
            checksum,
            serialized_key_size,
            serialized_value_size,
            serialized_header_size,
        )
        self._batch = _hand_made(produce_future._batch).add_record(record)  # noqa: SLF001 - a class of this module
        self._index = 0

    def __repr__(self) -> str:
        """Return a status line."""
        topic, partition = self._batch.topic_partition
        state = "pending"
        batch, index = self._batch.locate(self._index)
        if batch.outcome is not None:
            error = batch.error_of(index)
            offset = None if error else batch.metadata_of(index).offset
            state = repr(error) if error else "sent" if offset == -1 else f"offset={offset}"
        return f"<FutureRecordMetadata {topic}-{partition} {state}>"

    @property
    def _produce_future(self) -> FutureProduceResult:
        batch, _ = self._batch.locate(self._index)
        result = FutureProduceResult.__new__(FutureProduceResult)
        result._batch, result.topic_partition = batch, batch.topic_partition  # noqa: SLF001 - the same
        return result

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
            timeout: seconds to wait, 0 and less to look only; ``None`` (the default) waits
                ``delivery_timeout_ms`` plus ``request_timeout_ms``, after which every record has
                succeeded or failed.

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
            wait = seconds_of("get", timeout, owner.wait_timeout, allows_past=True)
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


class SentRecordMetadata(FutureRecordMetadata):
    """The future that producers make; `future_of` is its constructor.

    Without an ``__init__`` in Python, which would double what a future costs.
    """

    __slots__ = ()

    if TYPE_CHECKING:

        def __init__(self) -> None: ...

    else:
        __init__ = object.__init__


def future_of(batch: ProducerBatch, index: int) -> FutureRecordMetadata:
    """Return a future of record *index* of *batch*."""
    future = SentRecordMetadata()
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
            timeout: seconds to wait, 0 and less to look only; ``None`` (the default) waits
                ``delivery_timeout_ms`` plus ``request_timeout_ms``, after which every record has
                succeeded or failed.

        Returns:
            Their places in the log, in the order the records were given.

        Raises:
            KafkaTimeoutError: the time is over; the records may still be delivered.
            KafkaError: the delivery of a record failed.
        """
        if not self.is_done:
            owner = self._parts[0][0].owner
            owner.check_may_wait()
            seconds = seconds_of("get", timeout, owner.wait_timeout, allows_past=True)
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
                    waiting = (half for half in part.parts[1] if not half.is_done)
                    part = next(waiting, part.parts[1][-1])
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
