"""The batches that are not complete: who waits for them, and what happens when one completes.

A batch is complete when it has its outcome and its callbacks have run. `IncompleteBatches` wakes
those who wait for it, starts its callbacks, and notes failures until somebody looks at them. Any
thread may call it; `kafka.producer.batch_completion` brings the outcomes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from kafka._base.logs import logger
from kafka.errors import IllegalStateError
from kafka.producer.failure_ledger import FailureLedger
from kafka.producer.producer_batch import BatchState

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from kafka._base.observer import Observer
    from kafka.errors import KafkaError
    from kafka.producer.callbacks import CallbackRunner
    from kafka.producer.producer_batch import Callback, Outcome, ProducerBatch

log = logger(__name__)


class FlushWait:
    """The batches one flush waits for.

    Args:
        batches: those that are incomplete.
        on_done: called once, on the thread that completes the last one.
    """

    def __init__(self, batches: Iterable[ProducerBatch], on_done: Callable[[], object]) -> None:
        self.remaining = set(batches)
        self._on_done = on_done

    def completed(self, batch: ProducerBatch, parts: Iterable[ProducerBatch] = ()) -> None:
        """Replace *batch* by *parts* in what remains; calls may come in any order."""
        if batch in self.remaining:
            self.remaining.update(parts)
            self.remaining.discard(batch)
            if not self.remaining:
                self._on_done()


class IncompleteBatches:
    """Complete batches, and wake or call those who wait for them.

    Args:
        lock: the accumulator's lock.
        wait_timeout: seconds that `get`, `flush` and `close` wait at most by default.
        runner: where callbacks run.
        observer: told of batches and of callbacks that raise.
        is_loop_thread: whether the caller runs on the client's loop thread.
        is_held_here: whether the caller interrupted a send() of its own thread.
        on_callback_added: called, with the lock held, when a batch gets a callback to keep.
        in_transactions: whether all records belong to transactions.

    Attributes:
        failures: the failures that nobody has looked at.
        abandoned: set in a forked child, where no batch of the parent will ever complete.
        on_callback_added: as given.
        on_failure: called with the error of each batch that fails, before those who wait are woken.
    """

    def __init__(
        self,
        lock: threading.RLock,
        *,
        wait_timeout: float,
        runner: CallbackRunner,
        observer: Observer,
        is_loop_thread: Callable[[], bool],
        is_held_here: Callable[[], bool],
        on_callback_added: Callable[[ProducerBatch], object],
        in_transactions: bool = False,
    ) -> None:
        self.lock = lock
        self.wait_timeout = wait_timeout
        self.failures = FailureLedger(in_transactions=in_transactions)
        self.abandoned = False
        self.on_callback_added = on_callback_added
        self.on_failure: Callable[[KafkaError], object] | None = None
        self._runner = runner
        self._observer = observer
        self._is_loop_thread = is_loop_thread
        self._is_held_here = is_held_here
        self._incomplete: set[ProducerBatch] = set()
        self._flushes: list[FlushWait] = []

    @property
    def incomplete(self) -> list[ProducerBatch]:
        """The batches that have no outcome, or callbacks that have not run."""
        with self.lock:
            return list(self._incomplete)

    def track(self, batch: ProducerBatch) -> None:
        """Count a new batch as incomplete; the lock is held."""
        self._incomplete.add(batch)

    def untrack(self, batch: ProducerBatch) -> None:
        """Count *batch* no more: the call that made it raises, and nobody gets its future."""
        self._remove(batch)

    def complete(self, batch: ProducerBatch, outcome: Outcome) -> bool:
        """Set the outcome of *batch* unless it has one; return whether it was set."""
        with self.lock:
            if batch.outcome is not None or batch.parts is not None:
                return False
            batch.count = batch.count or len(batch.records)
            batch.outcome = outcome
            batch.move(BatchState.DONE)
            watchers, batch.watchers = batch.watchers, []
            callbacks, batch.callbacks = batch.callbacks, []
            if outcome.error is None and not callbacks and not self._flushes:
                self._incomplete.discard(batch)
        if outcome.error is not None and self.on_failure is not None:
            self.on_failure(outcome.error)
        for watcher in watchers:
            watcher()
        if outcome.error is not None:
            # Their errbacks look, even if they run after the next report.
            batch.observed_failures.update(index for index, _, looks in callbacks if looks)
            self.failures.note(batch, outcome.error)
            self._observer.batch_failed(batch.topic_partition.topic, batch.count, outcome.error)
        batch.drop_payload()
        if callbacks:
            self._runner.submit(partial(self._run_callbacks, batch, callbacks))
        elif batch in self._incomplete:
            self._remove(batch)
        return True

    def split(self, batch: ProducerBatch) -> list[ProducerBatch]:
        """Split *batch*; its callbacks and the flushes that wait for it move to the parts.

        Returns:
            The parts.
        """
        with self.lock:
            batch.move(BatchState.DONE)
            parts = batch.split()
            self._incomplete.update(parts)
            self._incomplete.discard(batch)
            watchers, batch.watchers = batch.watchers, []
            for flush in self._flushes:
                flush.completed(batch, parts)
        for watcher in watchers:
            watcher()
        return parts

    def wait_for_all(self, on_done: Callable[[], object]) -> FlushWait | None:
        """Call *on_done* once every batch that is incomplete now is complete.

        Returns:
            What `stop_waiting` takes; ``None`` if no batch is incomplete, without a call.
        """
        with self.lock:
            if not self._incomplete:
                return None
            wait = FlushWait(self._incomplete, on_done)
            self._flushes.append(wait)
            return wait

    def stop_waiting(self, wait: FlushWait) -> None:
        """Forget *wait*: its *on_done* is not called any more."""
        with self.lock:
            if wait in self._flushes:
                self._flushes.remove(wait)

    def check_may_wait(self) -> None:
        """Raise `IllegalStateError` in the client's own loop thread and in a forked child."""
        self._check_process()
        if self._is_held_here():
            raise IllegalStateError(
                "this call interrupted a send() of the same thread (signal handler, __del__ or "
                "logging handler) and cannot wait for it; only send() and close() work there"
            )
        if self._is_loop_thread():
            raise IllegalStateError(
                "this would wait for the event loop in the loop's own thread; "
                "await the future instead of calling get()"
            )

    def _check_process(self) -> None:
        if self.abandoned:
            raise IllegalStateError(
                "the record was sent by the process this one was forked from; only that process "
                "hears of its delivery"
            )

    def check_not_in_callback(self, name: str) -> None:
        """Raise `IllegalStateError` inside a delivery callback."""
        if self._runner.is_current():
            raise IllegalStateError(
                f"{name}() inside a delivery callback would wait for that callback itself; "
                f"call it in another thread"
            )

    def expect_callbacks(self) -> None:
        """Prepare the runner for callbacks; raise `IllegalStateError` in a forked child."""
        self._check_process()
        self._runner.prepare()

    def run_now(self, batch: ProducerBatch, callback: Callback) -> None:
        """Call *callback* of a done batch in this thread."""
        index, call, looks = callback
        error = batch.error_of(index)
        if error is not None and looks:
            batch.observed_failures.add(index)
        try:
            call(None if error is not None else batch.metadata_of(index), error)
        except Exception as exc:
            log.exception(
                "topic=%s partition=%d: a delivery callback raised", *batch.topic_partition
            )
            self._observer.callback_failed(exc)

    def stop_callbacks(self, timeout: float) -> None:
        """End the runner."""
        self._runner.stop(timeout)

    def _run_callbacks(self, batch: ProducerBatch, callbacks: list[Callback]) -> None:
        try:
            for callback in callbacks:
                self.run_now(batch, callback)
        finally:
            self._remove(batch)

    def _remove(self, batch: ProducerBatch) -> None:
        with self.lock:
            self._incomplete.discard(batch)
            if self._flushes:
                for flush in self._flushes:
                    flush.completed(batch)
