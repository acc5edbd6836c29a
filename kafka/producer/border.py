"""The lock between senders' threads and the loop, and who waits at it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from kafka.producer.sizes import BATCH_OVERHEAD, RECORD_MEMORY, RECORD_OVERHEAD

if TYPE_CHECKING:
    import threading
    from collections import deque
    from collections.abc import Callable

    from kafka.producer.producer_batch import ProducerBatch
    from kafka.producer.routes import PartitionQueue
    from kafka.record.compression import Codec

# What a record counts in memory, less what it adds to the encoded batch beside its payload.
SAVING = RECORD_MEMORY - RECORD_OVERHEAD


class AccumulatorSettings(NamedTuple):
    """What the accumulator needs of the configuration; times in seconds, sizes in bytes."""

    batch_size: int
    linger: float
    buffer_memory: int
    delivery_timeout: float
    codec: Codec
    compression_level: int | None = None

    @property
    def batch_limit(self) -> int:
        """What `PartitionQueue.limit` is without compression."""
        return self.batch_size - BATCH_OVERHEAD + SAVING


class MemoryWaiter:
    """One send() waiting for memory.

    Args:
        wake: called, with the lock held, when it is worth trying again.
    """

    __slots__ = ("wake",)

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake


class _Owner(Protocol):
    """What a guard needs of the accumulator."""

    @property
    def lock(self) -> threading.RLock:
        """The lock of the border."""

    busy: bool
    aside: deque[tuple[PartitionQueue, ProducerBatch]]

    def take_aside(self) -> None:
        """Queue what was set aside."""


class Guard:
    """The lock for the loop's thread, where no signal handler raises.

    A send() that interrupts what is done under it (``__del__``, a logging handler) sets its record
    aside, as it does inside `append`.
    """

    __slots__ = ("_owner",)

    def __init__(self, owner: _Owner) -> None:
        self._owner = owner

    def __enter__(self) -> None:
        self._owner.lock.acquire()
        self._owner.busy = True

    def __exit__(self, *_: object) -> None:
        owner = self._owner
        owner.busy = False
        if owner.aside:
            owner.take_aside()
        owner.lock.release()
