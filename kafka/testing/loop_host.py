"""Where a cluster runs: on a loop in a thread of its own, or on the loop of its user.

Methods of a cluster are called in both. Without a running loop a call blocks until it is done; on
any running loop it returns an awaitable, because a call that blocked there would stop the very
clients whose doing it waits for.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from kafka._base.log_thread import own_thread
from kafka._base.loop_clock import SteadyLoop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

T = TypeVar("T")

# Seconds that another thread waits for the cluster's loop to run a call.
PATIENCE = 30.0


class Done(Generic[T]):
    """The result of a call that has blocked; awaiting it returns at once."""

    def __init__(self, value: T) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, T]:
        """Return the result."""
        yield from ()
        return self.value


class _Elsewhere(Generic[T]):
    """A call that runs on the loop of another thread."""

    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def __await__(self) -> Generator[object, None, T]:
        """Wait for the call on the loop that awaits it."""
        return asyncio.wrap_future(self._future).__await__()


class LoopHost:
    """A loop that serves a cluster, and how the rest of the process reaches it.

    Attributes:
        loop: the one that runs the cluster, also after it has stopped.
        has_thread: whether the loop has a thread of its own.
    """

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def has_thread(self) -> bool:
        """Whether the loop runs in a thread of its own."""
        return self._thread is not None

    # -- start and stop -----------------------------------------------------------------------

    def adopt(self) -> None:
        """Take the running loop for the cluster's."""
        self.loop = asyncio.get_running_loop()

    def start_thread(
        self,
        begin: Callable[[], Coroutine[object, object, None]],
        end: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        """Start a loop in a new thread; return when *begin* is done on it.

        Args:
            begin: awaited at once; what it raises is raised here.
            end: awaited when `stop_thread` is called.
        """
        started: Future[None] = Future()
        thread = threading.Thread(
            target=self._run_thread,
            args=(started, begin, end),
            name="kafka-embedded-cluster",
            daemon=True,
        )
        self._thread = thread
        thread.start()
        try:
            _result(started, PATIENCE)
        except BaseException:
            self._thread = None
            raise

    def _run_thread(
        self,
        started: Future[None],
        begin: Callable[[], Coroutine[object, object, None]],
        end: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        # A cluster goes on while a test freezes the clock, as clients do.
        with own_thread(), asyncio.Runner(loop_factory=SteadyLoop) as runner:
            runner.run(self._serve(started, begin, end))

    async def _serve(
        self,
        started: Future[None],
        begin: Callable[[], Coroutine[object, object, None]],
        end: Callable[[], Coroutine[object, object, None]],
    ) -> None:
        self.adopt()
        self._stopping = asyncio.Event()
        try:
            await begin()
        except BaseException as error:  # noqa: BLE001 - the thread that waits gets it
            started.set_exception(error)
            return
        started.set_result(None)
        await self._stopping.wait()
        await end()

    def stop_thread(self) -> None:
        """End the loop of `start_thread` and its thread."""
        thread, self._thread = self._thread, None
        assert thread is not None
        assert self.loop is not None
        assert self._stopping is not None
        self.loop.call_soon_threadsafe(self._stopping.set)
        thread.join(PATIENCE)

    # -- calls --------------------------------------------------------------------------------

    def call(self, function: Callable[[], T]) -> T:
        """Call *function* on the loop and return its result."""
        loop = self.loop
        if loop is None or not loop.is_running() or running_loop() is loop:
            return function()
        done: Future[T] = Future()

        def call() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                done.set_exception(error)

        loop.call_soon_threadsafe(call)
        return _result(done, PATIENCE)

    def begin(self, work: Callable[[], Coroutine[object, object, T]]) -> Awaitable[T]:
        """Start *work* on the loop at once.

        Returns:
            What is awaited for the result; without a running loop the work is done already.
        """
        here = running_loop()
        if here is None:
            return Done(self._block(work(), PATIENCE))
        loop = self._serving_loop()
        if here is loop:
            return loop.create_task(work())
        return _Elsewhere(asyncio.run_coroutine_threadsafe(work(), loop))

    def wait(
        self, work: Callable[[], Coroutine[object, object, T]], seconds: float
    ) -> Awaitable[T]:
        """Do *work*, which takes *seconds* at most.

        Returns:
            A coroutine, which does nothing until it is awaited; without a running loop the work is
            done already.
        """
        if running_loop() is None:
            return Done(self._block(work(), seconds + PATIENCE))
        return self.here(work)

    async def here(self, work: Callable[[], Coroutine[object, object, T]]) -> T:
        """Do *work* on the cluster's loop, and wait for it on the loop that runs here."""
        loop = self._serving_loop()
        if asyncio.get_running_loop() is loop:
            return await work()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work(), loop))

    def _block(self, coroutine: Coroutine[object, object, T], seconds: float) -> T:
        try:
            loop = self._serving_loop()
        except RuntimeError:
            coroutine.close()
            raise
        return _result(asyncio.run_coroutine_threadsafe(coroutine, loop), seconds)

    def _serving_loop(self) -> asyncio.AbstractEventLoop:
        if self.loop is None or not self.loop.is_running():
            raise RuntimeError("the loop of the embedded cluster does not run: await it there")
        return self.loop


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _result(future: Future[T], seconds: float) -> T:
    try:
        return future.result(seconds)
    except TimeoutError:
        if future.done():
            raise
        raise TimeoutError(
            f"the loop of the embedded cluster did not answer within {seconds} s; is it blocked?"
        ) from None
