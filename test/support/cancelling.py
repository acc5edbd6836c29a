"""Cancel a call at every step of the virtual loop, and see that it leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from kafka.errors import KafkaError
from test.support.stage import cluster_of
from test.support.virtual_loop import VirtualLoop, run

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import pytest

    from kafka.testing import EmbeddedCluster

STEPS = range(61)


class Cancel(Protocol):
    """Cancel a coroutine after some steps of the loop."""

    # Any: the two unused parameters of a coroutine's type.
    async def __call__(self, call: Coroutine[Any, Any, object]) -> None:
        """Run *call*, cancel it in the midst, and wait for its end."""


class Cancellation:
    """Cancels one call after some steps of the loop.

    Args:
        steps: how many.
        again_after: cancel it once more so many steps later.

    Attributes:
        was_cancelled: whether the call had not ended by then.
    """

    def __init__(self, steps: int, again_after: int | None) -> None:
        self.was_cancelled = False
        self._steps = steps
        self._again_after = again_after

    async def __call__(self, call: Coroutine[Any, Any, object]) -> None:  # Any: unused
        task = asyncio.ensure_future(call)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)

        def cancel() -> None:
            task.cancel()
            if self._again_after is not None:
                loop.interrupt(self._again_after, task.cancel)

        loop.interrupt(self._steps, cancel)
        async with asyncio.timeout(200):
            await asyncio.wait({task})
        self.was_cancelled = task.cancelled()
        if not self.was_cancelled:
            with suppress(KafkaError):
                task.result()


def tell_at_every_step(
    story: Callable[[EmbeddedCluster, Cancel], Coroutine[Any, Any, None]],  # Any: unused
    caplog: pytest.LogCaptureFixture,
    *,
    again_after: int | None = None,
) -> int:
    """Play *story* on a cluster once for each step at which its call is cancelled.

    Nothing may be left after it: no task, no unhandled error, no line logged as an error.

    Args:
        story: uses the cluster, and awaits what it is given with the call to cancel.
        caplog: what was logged.
        again_after: cancel the call once more so many steps later.

    Returns:
        At how many of the steps the call had not ended.
    """
    unhandled: list[dict[str, Any]] = []  # asyncio's context: values of any type
    cancellations = [Cancellation(steps, again_after) for steps in STEPS]

    async def tell(cancel: Cancellation) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unhandled.append(context))
        async with cluster_of() as cluster:
            before = asyncio.all_tasks()
            await story(cluster, cancel)
            await asyncio.sleep(1)  # the brokers notice that the connections are gone
            assert {task.get_name() for task in asyncio.all_tasks() - before} == set()

    for cancellation in cancellations:
        run(tell(cancellation))
    gc.collect()
    assert unhandled == []
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR] == []
    return sum(cancellation.was_cancelled for cancellation in cancellations)
