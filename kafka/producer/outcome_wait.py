"""Wait until a record has an outcome: in a thread, or on an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import math
from functools import partial
from typing import TYPE_CHECKING, Any

from kafka._base.system import monotonic
from kafka._base.waiting import Notification

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from kafka.producer.producer_batch import ProducerBatch


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


def _wake_on(loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[None]) -> None:
    """Wake *waiter* of *loop*; called in the producer's loop, or in a thread that has none."""
    # The public function raises where no loop runs.
    if asyncio._get_running_loop() is loop:  # noqa: SLF001 - documented for such use
        _wake(waiter)
    else:
        # A loop that was closed has nobody left to wake.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, waiter)


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
