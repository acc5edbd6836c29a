"""What asyncio's futures lack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


# Any: the result is not looked at.
def mark_retrieved(future: asyncio.Future[Any]) -> None:
    """Mark the exception of a done *future* as retrieved.

    For `asyncio.Future.add_done_callback`: it silences asyncio's "exception was never retrieved"
    where the caller of a future may be gone by the time that it fails.
    """
    if not future.cancelled():
        future.exception()
