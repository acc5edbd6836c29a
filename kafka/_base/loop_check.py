"""An async client belongs to the event loop it was started on."""

from __future__ import annotations

import asyncio

from kafka.errors import IllegalStateError


def check_own_loop(name: str, loop: asyncio.AbstractEventLoop) -> None:
    """Refuse a call that is not made on the event loop of an async client.

    Elsewhere it would wait for ever, or end in an error of asyncio that names neither.

    Args:
        name: class of the client.
        loop: where the client was started.

    Raises:
        IllegalStateError: another loop runs in this thread, or none.
    """
    # The public function raises where no loop runs.
    running = asyncio._get_running_loop()  # noqa: SLF001 - documented for such use
    if running is loop:
        return
    where = "in a thread without one" if running is None else "on another one"
    state = ", which is closed" if loop.is_closed() else ""
    raise IllegalStateError(
        f"the {name} belongs to the event loop it was started on{state}; this call is made {where}."
        " Make a client on each loop, or call asyncio.run_coroutine_threadsafe()"
    )
