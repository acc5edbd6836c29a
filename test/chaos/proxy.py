"""A TCP proxy before brokers that cuts, delays, half-writes and swallows when it is told to.

Job: carry bytes both ways, and do one harm to one connection at a time.
Limits: knows nothing of Kafka; runs on a thread of its own; 127.0.0.1 only.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from enum import Enum, unique
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from random import Random
    from typing import Any

    # Any: what a coroutine is sent.
    _Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]

_CHUNK: Final = 65_536
_DELAYS: Final = (0.1, 0.5, 2.0)


@unique
class Harm(Enum):
    """What may happen to a connection."""

    CUT = "cut"
    """It is reset at once."""
    HALF_A_REQUEST = "half a request, then cut"
    HALF_AN_ANSWER = "half an answer, then cut"
    DELAY = "delay"
    """What comes next waits."""
    SWALLOW = "swallow"
    """No answer arrives any more; the connection stays open."""


class _Carried:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, broker: asyncio.StreamWriter) -> None:
        self._writers = client, broker
        self.harm: Harm | None = None
        self.delay = 0.0

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        half = Harm.HALF_AN_ANSWER if answers else Harm.HALF_A_REQUEST
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                if self.harm is Harm.SWALLOW and answers:
                    continue
                if self.harm is Harm.DELAY:
                    self.harm = None
                    await asyncio.sleep(self.delay)
                sink.write(data[: len(data) // 2] if self.harm is half else data)
                await sink.drain()
                if self.harm is half:
                    break
        self.cut()


class Proxy:
    """A listener for each broker; a context manager.

    Args:
        targets: by port to listen at, the port of the broker.

    Attributes:
        harms: how many there were of each kind.
    """

    def __init__(self, targets: Mapping[int, int]) -> None:
        self.harms: dict[Harm, int] = dict.fromkeys(Harm, 0)
        self._targets = dict(targets)
        self._connections: list[_Carried] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def harm(self, random: Random) -> None:
        """Do harm to one connection; any thread."""
        kind, place = random.choice(list(Harm)), random.random()
        delay = random.choice(_DELAYS)
        self._loop.call_soon_threadsafe(self._harm, kind, place, delay)

    def _harm(self, kind: Harm, place: float, delay: float) -> None:
        if not self._connections:
            return
        connection = self._connections[int(place * len(self._connections))]
        self.harms[kind] += 1
        if kind is Harm.CUT:
            connection.cut()
        else:
            connection.harm, connection.delay = kind, delay

    async def _listen(self) -> None:
        self._servers = [
            await asyncio.start_server(self._serve_to(target), "127.0.0.1", port)
            for port, target in self._targets.items()
        ]

    def _serve_to(self, target: int) -> _Serve:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                answers, broker = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                writer.transport.abort()
                return
            carried = _Carried(writer, broker)
            self._connections.append(carried)
            await asyncio.gather(
                carried.carry(reader, broker, answers=False),
                carried.carry(answers, writer, answers=True),
            )
            self._connections.remove(carried)

        return serve

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.cut()
        mine = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
