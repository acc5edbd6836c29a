"""Seeks of a thread that does not wait until the event loop has carried them out.

A round trip to the loop costs ten times as much as a seek itself. The buffer drops the data of the
old place at once, on the thread that seeks; the loop fetches from the new place soon after.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from kafka._base.wake_ups import WakeUps

if TYPE_CHECKING:
    from collections.abc import Callable

    from kafka.consumer.fetch_buffer import FetchBuffer
    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState


class Seek(NamedTuple):
    """Where to continue reading a partition.

    Args:
        state: the partition, as it was assigned when the application sought.
        offset: the offset of the next record.
        leader_epoch: epoch of the record before it, -1 if unknown.
    """

    state: PartitionState
    offset: int
    leader_epoch: int


class PostedSeeks:
    """Hand seeks to the loop, many of them with one message.

    `put` may be left by an exception of a signal handler at any place: `flush`, called by the next
    poll, completes it.

    Args:
        buffer: holds the data of the places that are left.
        post: runs a function on the loop soon.
        apply: carries seeks out; on the loop, the last one of each partition only.

    Attributes:
        waiting: what the loop has not taken yet.
    """

    def __init__(
        self,
        buffer: FetchBuffer,
        post: Callable[[Callable[[], object]], None],
        apply: Callable[[list[Seek]], None],
    ) -> None:
        self._buffer = buffer
        self._apply = apply
        self._wake_ups = WakeUps(partial(post, self._run))
        self.waiting: deque[Seek] = deque()

    def put(self, seek: Seek) -> None:
        """Leave the old place now, and have the new one read soon; the polling thread."""
        state = seek.state
        left = self._buffer.generation(state.tp)
        self.waiting.append(seek)
        self.flush()
        # After the message: the loop may be done already, and has then made a new generation.
        self._buffer.leave(state, left)

    def flush(self) -> None:
        """Post a message to the loop unless one is under way; the polling thread."""
        if self.waiting:
            self._wake_ups.ask()

    def _run(self) -> None:
        # In this order: what is put from here on needs another message, or is found below.
        self._wake_ups.looking()
        waiting = self.waiting
        seeks: dict[TopicPartition, Seek] = {}
        while waiting:
            seek = waiting.popleft()
            seeks[seek.state.tp] = seek
        self._apply(list(seeks.values()))
