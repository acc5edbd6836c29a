"""What a call of the producer may have to wait for, said without waiting.  Pure.

A call that may wait is written once for both faces, as a generator of `Need`s. The drivers of
`kafka.producer.drivers` go through it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from kafka.producer.topic_info import TopicInfo

if TYPE_CHECKING:
    from kafka._base.deadline import Deadline
    from kafka.producer.buffer_pool import BufferWaiter
    from kafka.producer.future import FutureRecordMetadata


class Waiter(Protocol):
    """What one call waits with.

    Attributes:
        in_queue: the call's place among those that wait for memory.
    """

    in_queue: BufferWaiter

    def wake(self) -> None:
        """End the wait of the call; any thread."""


W = TypeVar("W", bound=Waiter)
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class NeedRoute(NamedTuple):
    """The call needs the partitions of a topic.

    The answer is the `TopicInfo`, or ``None`` if the call cannot wait for it. A
    `BrokerResponseError` is thrown in; any other error ends the call.
    """

    topic: str
    partition: int | None
    deadline: Deadline


class NeedMemory(NamedTuple, Generic[W]):
    """The call waits for memory.

    The answer is ``None`` when the waiter was woken. A `TimeoutError` is thrown in if it was not
    woken in time.
    """

    waiter: W
    deadline: Deadline


class NeedOutcomes(NamedTuple, Generic[W]):
    """The call waits for the outcomes of batches; answered as `NeedMemory` is."""

    waiter: W
    deadline: Deadline


Need = NeedRoute | NeedMemory[W] | NeedOutcomes[W]
Steps = Generator[Need[W], TopicInfo | None, T]
"""What a call needs, the answers, and what it returns."""


class Driver(Protocol[W, R_co]):
    """Goes through the steps of a send(), in the way of one face."""

    def new_waiter(self) -> W | None:
        """Return what a call waits with; ``None`` if it cannot wait."""

    def run(self, steps: Steps[W, FutureRecordMetadata], /) -> R_co:
        """Go through *steps*; return what they return, or what can be awaited for it."""
