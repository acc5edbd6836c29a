"""An event loop on which time passes only when nobody has anything to do.

Job: run asyncio code that waits, retries and times out for hours, in milliseconds and the same
way every time.  The loop's clock starts at 0; whenever no callback is ready it jumps to the next
timer.  Connections, servers and names are in memory (:mod:`test.support.memory_network`).
TLS takes no time on it.
Limits: no subprocesses or signals.  A job of run_in_executor() or of a client's own threads is
waited for in real time, with the virtual clock standing still; other threads that call back look
like a deadlock.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
import threading
import time
from asyncio.sslproto import SSLProtocol
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

from kafka._base.blocking_work import BlockingWork
from test.support.memory_network import MemoryNetwork, MemoryServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from concurrent.futures import Executor
    from contextvars import Context
    from ssl import SSLContext


T = TypeVar("T")
Ts = TypeVarTuple("Ts")


#: 46 days.  asyncio fires what is due within a nanosecond of now, and a timer would never be once
#: neighbouring floats are further apart than that.
_LATEST = 4e6
#: Seconds that timers of asyncio may run early.
_RESOLUTION = time.get_clock_info("monotonic").resolution


class DeadlockError(RuntimeError):
    """Nothing is ready, no timer is set: the awaited event can never come."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop.

    ``network`` holds its hosts, listeners, latency and segment size; ``wake_ups`` counts how often
    the loop had nothing to do until a time came.
    """

    def __init__(self) -> None:
        self._now = 0.0
        # When timers are due, with those that were cancelled.
        self._due: list[float] = []
        self.wake_ups = 0
        self._threads = 0
        self._interruption: tuple[int, Callable[[], object]] | None = None
        self.network = MemoryNetwork(self)
        super().__init__(_VirtualSelector(self))

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass at once; for the selector, and for tests that play a stalled loop."""
        if self._now + seconds > _LATEST:
            raise OverflowError(f"virtual time ends {_LATEST} s after the start of the loop")
        self._now += seconds

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Note when the timer is due."""
        heappush(self._due, when)
        return super().call_at(when, callback, *args, context=context)

    def catch_up(self) -> None:
        """Let the time come of a timer that asyncio runs now although it is due later.

        It runs timers that are less than the resolution of the clock ahead. Who finds that it is
        not time yet sets a timer again; on a clock that stands still that would have no end.
        """
        while self._due and self._due[0] <= self._now:
            heappop(self._due)
        if self._due and self._due[0] < self._now + _RESOLUTION:
            self._now = heappop(self._due)

    def interrupt(self, steps: int, call: Callable[[], object]) -> None:
        """Run *call* between two steps of the loop, *steps* from now.

        A step is all that is ready at one moment, or the passing of time to the next timer.
        """
        self._interruption = (steps, call)

    def on_step(self) -> bool:
        """Count a step; return whether something was called that may have made work."""
        if self._interruption is None:
            return False
        steps, call = self._interruption
        if steps > 0:
            self._interruption = (steps - 1, call)
            return False
        self._interruption = None
        call()
        return True

    @property
    def waits_for_threads(self) -> bool:
        """Whether a job is out: of :meth:`run_in_executor`, or of a client's `BlockingWork`."""
        if self._threads > 0:
            return True
        # The main thread alone has nobody to wait for; that is the usual case.
        return threading.active_count() > 1 and any(map(_is_at_work, asyncio.all_tasks(self)))

    def deadlock(self) -> DeadlockError:
        """Return the error that names every task and the line it waits at."""
        waiting = "\n".join(f"  {_where(task)}" for task in asyncio.all_tasks(self))
        return DeadlockError(
            f"virtual time {self._now}: nothing is ready and no timer is set, "
            f"so these wait for ever:\n{waiting or '  (no task)'}"
        )

    # Any in this class: the signatures of asyncio.AbstractEventLoop, whose typeshed overloads
    # differ between Python versions.

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run *func* in a thread; virtual time stands still until it is done."""
        future = super().run_in_executor(executor, func, *args)
        self._threads += 1
        future.add_done_callback(self._thread_done)
        return future

    async def shutdown_default_executor(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - asyncio's name (3.12)
    ) -> None:
        """Wait, in real time, for the threads of the default executor to end."""
        self._threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._threads -= 1

    def _thread_done(self, _: object) -> None:
        self._threads -= 1

    async def getaddrinfo(
        self,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        """Resolve *host* by the network's own table, IPv4 only.

        Raises:
            socket.gaierror: unknown name, or IPv6 asked for.
        """
        await asyncio.sleep(self.network.latency)
        name = host.decode() if isinstance(host, bytes) else host or "127.0.0.1"
        if family not in (socket.AF_UNSPEC, socket.AF_INET):
            raise socket.gaierror(socket.EAI_FAMILY, f"no IPv6 address for {name}")
        return [
            (socket.AF_INET, type or socket.SOCK_STREAM, proto, "", (address, int(port or 0)))
            for address in self.network.resolve(name)
        ]

    async def create_connection(  # type: ignore[override]  # the options of TCP are fewer
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: SSLContext | None = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """Connect to the first of the host's addresses that accepts.

        Raises:
            OSError: none does; the last one's refusal.
        """
        _refuse("create_connection", options)
        if host is None or port is None:
            raise ValueError("host and port are needed")
        if ssl is not None:
            plain, _ = await self.create_connection(asyncio.Protocol, host, port)
            protocol = protocol_factory()
            secured = await self.start_tls(
                plain,
                protocol,
                ssl,
                server_hostname=host if server_hostname is None else server_hostname,
            )
            assert secured is not None
            protocol.connection_made(secured)
            return secured, protocol
        last: OSError | None = None
        for *_, address in await self.getaddrinfo(host, port):
            try:
                return await self.network.connect(protocol_factory, address)
            except OSError as exc:
                last = exc
        raise last or OSError(f"no addresses for {host}")

    async def create_server(  # type: ignore[override]  # the options of TCP are fewer
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: SSLContext | None = None,
        ssl_handshake_timeout: float | None = None,
        **options: Any,
    ) -> MemoryServer:
        """Listen on *host* (default 127.0.0.1) and *port* (0 or None: any)."""
        _refuse("create_server", options)
        factory = protocol_factory
        if ssl is not None:
            factory = partial(self._secured, protocol_factory, ssl, ssl_handshake_timeout)
        address = self.network.resolve(host or "127.0.0.1")[0]
        return self.network.listen(factory, (address, port or 0))

    def _secured(
        self,
        factory: Callable[[], asyncio.BaseProtocol],
        context: SSLContext,
        handshake_timeout: float | None,
    ) -> asyncio.BaseProtocol:
        """Return what speaks TLS for the server's side of a connection."""
        return SSLProtocol(
            self,
            factory(),
            context,
            None,
            server_side=True,
            ssl_handshake_timeout=handshake_timeout,
        )


#: Options that change nothing in memory.
_HARMLESS = frozenset(
    {
        "family", "proto", "flags", "backlog", "reuse_address", "reuse_port", "keep_alive",
        "start_serving", "happy_eyeballs_delay", "interleave", "all_errors", "local_addr",
        "ssl_handshake_timeout", "ssl_shutdown_timeout",
    }
)  # fmt: skip


def _refuse(what: str, options: Mapping[str, object]) -> None:
    unknown = sorted(name for name in options.keys() - _HARMLESS if options[name] is not None)
    if unknown:
        raise NotImplementedError(f"{what}: {', '.join(unknown)} not available in memory")


# Any: a task's result does not matter here.
def _is_at_work(task: asyncio.Task[Any]) -> bool:
    """Return whether *task* waits for a thread of a client."""
    awaited: object = task.get_coro()
    code = None
    while (inner := getattr(awaited, "cr_await", None)) is not None:
        code, awaited = getattr(awaited, "cr_code", None), inner
    return code is BlockingWork.run.__code__


# Any: a task's result does not matter here.
def _where(task: asyncio.Task[Any]) -> str:
    frames = task.get_stack(limit=1)
    if not frames:
        return task.get_name()
    code = frames[-1].f_code
    return f"{task.get_name()} in {code.co_qualname}, {code.co_filename}:{frames[-1].f_lineno}"


class _VirtualSelector(selectors.BaseSelector):
    """Watches the loop's wake-up pipe; turns waiting into passing time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    # Any: typeshed spells the mapping and key types privately.
    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return real events if there are any; else let *timeout* pass.

        Raises:
            DeadlockError: nothing can ever happen.
        """
        self._loop.catch_up()
        interrupted = self._loop.on_step()
        ready = self._real.select(0)
        if ready or timeout == 0 or interrupted:
            return ready
        if self._loop.waits_for_threads:
            return self._real.select(None)
        if timeout is None:
            raise self._loop.deadlock()
        self._loop.wake_ups += 1
        self._loop.advance(timeout)
        self._loop.catch_up()
        return []

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Any:
        return self._real.get_map()


def virtual_loop() -> VirtualLoop:
    """Return the loop of the test."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run *main* on a new virtual loop and return its result.

    Raises:
        DeadlockError: *main* waits for what can never come.
    """
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
