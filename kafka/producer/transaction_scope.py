"""`with producer.transaction():` commits at its end, or aborts if an exception leaves it.

With a consumer it is the loop of exactly-once processing: what the consumer has consumed is
committed as part of the transaction, and after an abort the consumer goes back to what is
committed, so that the same records come again.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar
from weakref import WeakSet

from kafka._base.logs import logger
from kafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    TransactionAbortableError,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from types import TracebackType

    from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

log = logger(__name__)


class Reader(Protocol):
    """What a transaction needs of a consumer, in either of the two kinds."""

    @property
    def config(self) -> Mapping[str, object]:
        """The options."""

    @property
    def revocations(self) -> int:
        """How often partitions were taken away."""

    def subscription(self) -> object:
        """Return what is subscribed to, ``None`` with ``assign()``."""

    def group_metadata(self) -> ConsumerGroupMetadata:
        """Return what the consumer is in its group."""

    def consumed_offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return what was consumed."""


class BlockingReader(Reader, Protocol):
    """A consumer that blocks."""

    def rewind(self) -> None:
        """Go back to what is committed."""


class AsyncReader(Reader, Protocol):
    """A consumer for asyncio."""

    async def rewind(self) -> None:
        """Go back to what is committed."""


class BlockingProducer(Protocol):
    """A producer that blocks."""

    def begin_transaction(self, timeout_ms: float | None = None) -> None: ...
    def commit_transaction(self, timeout_ms: float | None = None) -> None: ...
    def abort_transaction(self, timeout_ms: float | None = None) -> None: ...
    def send_offsets_to_transaction(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata],
        group_metadata: ConsumerGroupMetadata | str,
        timeout_ms: float | None = None,
    ) -> None: ...


class AsyncProducer(Protocol):
    """A producer for asyncio."""

    async def begin_transaction(self, timeout_ms: float | None = None) -> None: ...
    async def commit_transaction(self, timeout_ms: float | None = None) -> None: ...
    async def abort_transaction(self, timeout_ms: float | None = None) -> None: ...
    async def send_offsets_to_transaction(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata],
        group_metadata: ConsumerGroupMetadata | str,
        timeout_ms: float | None = None,
    ) -> None: ...


P = TypeVar("P")
R = TypeVar("R", bound=Reader)

# Consumers that have to go back before another transaction: what they returned last was not
# processed, and they could not go back at once. Not kept by a producer, which may be replaced.
_TO_REWIND: Final[WeakSet[Reader]] = WeakSet()


class _Scope(Generic[P, R]):
    """What the two kinds of transactions share.

    Args:
        producer: whose transaction.
        consumer: whose consumed offsets belong to it.
        timeout_ms: for each step, in ms; ``None`` for ``max_block_ms``.
    """

    def __init__(self, producer: P, consumer: R | None, timeout_ms: float | None) -> None:
        if consumer is not None:
            _check_consumer(consumer)
        self._producer = producer
        self._consumer = consumer
        self._timeout_ms = timeout_ms
        self._revocations = 0
        self._commits = False
        self._is_cut_short = False

    @property
    def _is_to_rewind(self) -> bool:
        return self._consumer is not None and self._consumer in _TO_REWIND

    def _note_rewind(self) -> None:
        """Remember that the consumer has to go back."""
        if self._consumer is not None:
            _TO_REWIND.add(self._consumer)

    def _note_begin(self) -> None:
        self._commits = self._is_cut_short = False
        if self._consumer is not None:
            _TO_REWIND.discard(self._consumer)
            self._revocations = self._consumer.revocations

    def _consumed(
        self,
    ) -> tuple[dict[TopicPartition, OffsetAndMetadata], ConsumerGroupMetadata] | None:
        """Return the offsets that belong to the transaction, if any, and who commits them.

        Raises:
            CommitFailedError: the consumer has lost partitions whose records are part of it.
        """
        consumer = self._consumer
        if consumer is None:
            return None
        # Asked once, and before the rest: if partitions are taken away after the check below, the
        # broker refuses this generation. A later one, or none at all, would let them through.
        group = consumer.group_metadata()
        offsets = consumer.consumed_offsets()
        if consumer.subscription() is None:
            return (offsets, group) if offsets else None
        # A broker takes offsets without a generation from anybody (KIP-447).
        is_member = group.generation_id >= 0
        if (offsets and not is_member) or consumer.revocations != self._revocations:
            raise CommitFailedError(
                f"group={group.group_id}: the transaction is aborted: "
                "partitions were taken from this consumer during it, and their records may be "
                "processed by others. The consumer goes back to what is committed; poll() goes on"
            )
        return (offsets, group) if offsets else None

    def _may_abort(self, error: BaseException) -> bool:
        """Return whether *error* leaves a transaction that can be aborted.

        One whose commit has begun and not ended may be committed yet.
        """
        # A call that was cancelled or interrupted may not have begun: abort_transaction() knows.
        self._is_cut_short = self._commits and not isinstance(error, Exception)
        return not (self._commits and isinstance(error, KafkaTimeoutError))

    def _on_not_aborted(self, problem: KafkaError) -> None:
        """React to *problem* of abort_transaction()."""
        if self._is_cut_short and isinstance(problem, IllegalStateError):
            # What was polled is part of the commit, which may succeed.
            if self._consumer is not None:
                _TO_REWIND.discard(self._consumer)
            log.warning(
                "the commit of a transaction was interrupted; it goes on: call "
                "commit_transaction() again, which waits for its end"
            )
        else:
            log.warning("a transaction that has failed could not be aborted: %s", problem)

    @staticmethod
    def _log_failed(problem: KafkaError) -> None:
        log.warning("a transaction that has failed before is aborted: %s", problem)

    @staticmethod
    def _log_rewind(problem: KafkaError) -> None:
        log.warning(
            "after a transaction, the consumer did not go back to what is committed; it does "
            "before the next transaction: %s",
            problem,
        )

    @staticmethod
    def _again() -> TransactionAbortableError:
        return TransactionAbortableError(
            "the consumer could not go back to what is committed after an earlier transaction, and "
            "has read on; it has gone back now, and this transaction is aborted: drop what was "
            "polled, and poll again"
        )


class Transaction(_Scope[BlockingProducer, BlockingReader]):
    """A transaction of `KafkaProducer`; see `KafkaProducer.transaction`."""

    def __enter__(self) -> None:
        """Begin; abort first what has failed before.

        If the transaction does not begin, the consumer goes back, because what it returned last is
        not processed.
        """
        was_to_rewind = self._is_to_rewind
        self._note_rewind()
        try:
            self._begin()
        except IllegalStateError:
            # Another transaction is open, or its end goes on: its offsets are not settled.
            raise
        except KafkaError:
            if not was_to_rewind:
                self._try_rewind()
            raise
        if was_to_rewind:
            self._go_back()
            raise self._again()
        self._note_begin()

    def _go_back(self) -> None:
        """Do late what could not be done after an earlier transaction."""
        try:
            self._rewind()
        finally:
            self._abort()

    def _begin(self) -> None:
        try:
            self._producer.begin_transaction(self._timeout_ms)
        except TransactionAbortableError as error:
            self._log_failed(error)
            self._abort()
            if self._consumer is not None:
                # It goes back, so what was polled before must not be processed now.
                raise
            self._producer.begin_transaction(self._timeout_ms)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or abort if an exception leaves the block or the commit fails."""
        if exc is not None:
            self._leave()
            return
        try:
            self._commit()
        except BaseException as error:
            if self._may_abort(error):
                self._leave()
            raise

    def _commit(self) -> None:
        consumed = self._consumed()
        if consumed is not None:
            self._producer.send_offsets_to_transaction(*consumed, self._timeout_ms)
        self._commits = True
        self._producer.commit_transaction(self._timeout_ms)

    def _leave(self) -> None:
        """Abort, and go back to what is committed; what fails of it is logged."""
        self._note_rewind()
        self._abort()
        if self._is_to_rewind:
            self._try_rewind()

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction(self._timeout_ms)
        except KafkaError as problem:
            self._on_not_aborted(problem)

    def _rewind(self) -> None:
        if self._consumer is not None:
            self._consumer.rewind()
            _TO_REWIND.discard(self._consumer)

    def _try_rewind(self) -> None:
        try:
            self._rewind()
        except KafkaError as problem:
            self._log_rewind(problem)


class AsyncTransaction(_Scope[AsyncProducer, AsyncReader]):
    """A transaction of `AsyncKafkaProducer`; see `AsyncKafkaProducer.transaction`."""

    async def __aenter__(self) -> None:
        """Begin; abort first what has failed before.

        If the transaction does not begin, the consumer goes back, because what it returned last is
        not processed.
        """
        was_to_rewind = self._is_to_rewind
        self._note_rewind()
        try:
            await self._begin()
        except IllegalStateError:
            # Another transaction is open, or its end goes on: its offsets are not settled.
            raise
        except KafkaError:
            if not was_to_rewind:
                await self._try_rewind()
            raise
        if was_to_rewind:
            await self._go_back()
            raise self._again()
        self._note_begin()

    async def _go_back(self) -> None:
        """Do late what could not be done after an earlier transaction."""
        try:
            await self._rewind()
        finally:
            await self._to_the_end(self._abort())

    async def _begin(self) -> None:
        try:
            await self._producer.begin_transaction(self._timeout_ms)
        except TransactionAbortableError as error:
            self._log_failed(error)
            await self._abort()
            if self._consumer is not None:
                # It goes back, so what was polled before must not be processed now.
                raise
            await self._producer.begin_transaction(self._timeout_ms)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Commit, or abort if an exception leaves the block or the commit fails."""
        if exc is not None:
            await self._to_the_end(self._leave())
            return
        try:
            await self._commit()
        except BaseException as error:
            if self._may_abort(error):
                await self._to_the_end(self._leave())
            raise

    async def _commit(self) -> None:
        consumed = self._consumed()
        if consumed is not None:
            await self._producer.send_offsets_to_transaction(*consumed, self._timeout_ms)
        self._commits = True
        await self._producer.commit_transaction(self._timeout_ms)

    async def _leave(self) -> None:
        """Abort, and go back to what is committed; what fails of it is logged."""
        self._note_rewind()
        await self._abort()
        if self._is_to_rewind:
            await self._try_rewind()

    async def _abort(self) -> None:
        try:
            await self._producer.abort_transaction(self._timeout_ms)
        except KafkaError as problem:
            self._on_not_aborted(problem)

    async def _rewind(self) -> None:
        if self._consumer is not None:
            await self._consumer.rewind()
            _TO_REWIND.discard(self._consumer)

    async def _try_rewind(self) -> None:
        try:
            await self._rewind()
        except KafkaError as problem:
            self._log_rewind(problem)

    async def _to_the_end(self, work: Coroutine[Any, Any, None]) -> None:  # Any: unused
        """Wait for *work*, which goes on if the caller is cancelled meanwhile."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            # Nobody waits for it any more: asyncio would log an error that nobody has fetched.
            task.add_done_callback(_log_failure)
            # The application may poll before the consumer goes back, so it has to do so again.
            task.add_done_callback(lambda _: self._note_rewind())
            raise


def _log_failure(task: asyncio.Future[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("the end of a transaction that was cancelled has failed: %s", error)


def check_kind(consumer: object, *, is_async: bool) -> None:
    """Refuse a consumer of the other kind.

    Raises:
        TypeError: it is one.
    """
    rewind = getattr(consumer, "rewind", None)
    if consumer is None or (rewind is not None and inspect.iscoroutinefunction(rewind) is is_async):
        return
    wanted = "an AsyncKafkaConsumer" if is_async else "a KafkaConsumer"
    raise TypeError(f"consumer must be {wanted}, not {type(consumer).__name__}")


def _check_consumer(consumer: Reader) -> None:
    """Refuse a consumer that would commit by itself, or has no group to commit for.

    Raises:
        KafkaConfigurationError: it would, or has none.
    """
    if consumer.config["group_id"] is None:
        raise KafkaConfigurationError(
            "transaction(consumer) commits what the consumer has consumed: it needs a group_id"
        )
    if consumer.config["enable_auto_commit"]:
        raise KafkaConfigurationError(
            "transaction(consumer) commits what the consumer has consumed, and only when the "
            "transaction is committed: make the consumer with enable_auto_commit=False"
        )
