"""How each face waits: it drives the steps of a call (`kafka.producer.steps`) to their end."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

from kafka._base.waiting import Notification
from kafka.errors import BrokerResponseError
from kafka.producer.buffer_pool import BufferWaiter
from kafka.producer.steps import NeedRoute

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka._base.clock import Clock
    from kafka._base.deadline import Deadline
    from kafka._base.loop_thread import EventLoopThread
    from kafka.producer.steps import Need, Steps
    from kafka.producer.topic_info import TopicInfo
    from kafka.producer.topics import Topics

T = TypeVar("T")


class ThreadWaiter:
    """Waits in a thread, for one call.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._notification = Notification()
        self.in_queue = BufferWaiter(self._notification.notify, threading.get_ident())

    def wake(self) -> None:
        """End the wait; any thread."""
        self._notification.notify()

    def wait(self, deadline: Deadline) -> None:
        """Wait until woken; raise `TimeoutError` after *deadline*."""
        if not self._notification.wait(deadline.remaining(self._clock.now())):
            raise TimeoutError


class ThreadDriver:
    """Drives the calls of the blocking face, each in its caller's thread.

    Args:
        topics: finds routes, on the loop.
        thread: the loop's thread.
        clock: the time.
        cannot_wait: whether the call runs where nothing can be waited for.
        route_limit: seconds after which a search for a route is cut off; it ends before by itself.
    """

    def __init__(
        self,
        topics: Topics,
        thread: EventLoopThread,
        *,
        clock: Clock,
        cannot_wait: Callable[[], bool],
        route_limit: float,
    ) -> None:
        self._topics = topics
        self._thread = thread
        self._clock = clock
        self._cannot_wait = cannot_wait
        self._route_limit = route_limit

    def new_waiter(self) -> ThreadWaiter | None:
        """Return what a call in this thread waits with; ``None`` if it cannot wait."""
        return None if self._cannot_wait() else ThreadWaiter(self._clock)

    def run(self, steps: Steps[ThreadWaiter, T]) -> T:
        """Go through *steps*, waiting in this thread, and return what they return."""
        try:
            need = next(steps)
            while True:
                try:
                    answer = self._answer(need)
                except (BrokerResponseError, TimeoutError) as error:
                    need = steps.throw(error)
                else:
                    need = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            # After an error, Ctrl-C or a cancellation: the steps stop waiting for memory.
            steps.close()

    def _answer(self, need: Need[ThreadWaiter]) -> TopicInfo | None:
        if not isinstance(need, NeedRoute):
            need.waiter.wait(need.deadline)
            return None
        if self._cannot_wait():
            return None
        return self._thread.call(self._topics.find(*need), self._route_limit)


class LoopWaiter:
    """Waits on an event loop, for one call."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        # Memory is freed on the loop only: the producer of this face has no other threads.
        self.in_queue = BufferWaiter(self._woken.set)

    def wake(self) -> None:
        """End the wait; any thread."""
        self._loop.call_soon_threadsafe(self._woken.set)

    async def wait(self, deadline: Deadline) -> None:
        """Wait until woken; raise `TimeoutError` after *deadline*."""
        async with asyncio.timeout_at(deadline.timeout_at):
            await self._woken.wait()
        self._woken.clear()


class LoopDriver:
    """Drives the calls of the asynchronous face, on the event loop.

    Args:
        topics: finds routes.
    """

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def new_waiter(self) -> LoopWaiter:
        """Return what a call waits with."""
        return LoopWaiter()

    async def run(self, steps: Steps[LoopWaiter, T]) -> T:
        """Go through *steps*, waiting on the loop, and return what they return."""
        try:
            need = next(steps)
            while True:
                try:
                    answer = await self._answer(need)
                except (BrokerResponseError, TimeoutError) as error:
                    need = steps.throw(error)
                else:
                    need = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            # After an error, Ctrl-C or a cancellation: the steps stop waiting for memory.
            steps.close()

    async def _answer(self, need: Need[LoopWaiter]) -> TopicInfo | None:
        if isinstance(need, NeedRoute):
            return await self._topics.find(*need)
        await need.waiter.wait(need.deadline)
        return None
