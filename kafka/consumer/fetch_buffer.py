"""The border between the loop thread, which fetches, and the thread that polls.

Holds fetched data still encoded, the positions the application has reached, and errors to raise.
One lock guards it all; it is held for a few assignments at a time, never while decoding.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from kafka.consumer.fetch_results import CompletedFetch
    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState


class _Slot:
    """What is buffered of one partition; `position` is ``None`` while there is none."""

    __slots__ = (
        "error",
        "fetches",
        "generation",
        "held",
        "leader_epoch",
        "paused",
        "position",
        "queued",
        "size",
        "stuck",
    )

    def __init__(self, state: PartitionState) -> None:
        self.generation = state.generation
        self.position: int | None = state.offset if state.has_offset else None
        self.leader_epoch = state.offset_epoch
        self.paused = False
        self.held = False
        self.queued = False
        self.stuck = False
        self.size = 0
        self.fetches: deque[CompletedFetch] = deque()
        self.error: BaseException | None = None

    @property
    def is_open(self) -> bool:
        return not (self.paused or self.held)

    @property
    def counted(self) -> int:
        """How much of it counts: nothing that may stay for ever while others are read."""
        return 0 if self.stuck or not self.is_open else self.size


class FetchBuffer:
    """Fetched data by partition, handed out in turns.

    Args:
        max_bytes: returns, for a number of partitions, from how many buffered bytes on it
            `is_full`; what nobody takes does not count, or it could starve the others for ever:
            that of paused partitions, and of those that cannot be read.
        on_room: called, on the polling thread, when the buffer stops being full or an error has
            been raised: the fetcher has something to do.

    Attributes:
        stuck: the partitions whose data could not be read; more of it would be of no use.
    """

    def __init__(self, max_bytes: Callable[[int], int], on_room: Callable[[], None]) -> None:
        self._lock = threading.RLock()
        self._ready = threading.Condition(self._lock)
        self._max_bytes_for = max_bytes
        self._max_bytes = max_bytes(0)
        self._on_room = on_room
        self._owes_room = False
        self.stuck: set[TopicPartition] = set()
        self._slots: dict[TopicPartition, _Slot] = {}
        # Each partition with data that may be handed out is in it once.
        self._turns: deque[TopicPartition] = deque()
        self._size = 0
        self._fatal: BaseException | None = None
        self._errors: dict[str, BaseException] = {}
        self._woken = False
        self._closed = False
        self._watchers: list[Callable[[], None]] = []
        self._changed: list[Callable[[], None]] = []

    def __repr__(self) -> str:
        """Return a status line."""
        return f"<FetchBuffer partitions={len(self._slots)} size={self._size}/{self._max_bytes}>"

    # -- both sides ------------------------------------------------------------------------

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call *watcher* whenever a poll that waits should look again; any thread."""
        self._watchers.append(watcher)

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call *callback* when records taken earlier may no longer be handed out; any thread."""
        self._changed.append(callback)

    @property
    def is_full(self) -> bool:
        """Whether no more should be fetched for now."""
        return self._size >= self._max_bytes

    def position(self, tp: TopicPartition) -> int | None:
        """Return the offset of the next record to hand out, ``None`` without a position."""
        with self._lock:
            slot = self._slots.get(tp)
            return None if slot is None else slot.position

    def last_leader_epoch(self, tp: TopicPartition) -> int:
        """Return the leader epoch of the last record handed out, -1 if unknown."""
        with self._lock:
            slot = self._slots.get(tp)
            return -1 if slot is None else slot.leader_epoch

    # -- the loop's side -------------------------------------------------------------------

    def assign(self, states: Collection[PartitionState]) -> None:
        """Keep the partitions of *states*, drop the data of all others."""
        with self._lock:
            old, self._slots = self._slots, {}
            self._errors.clear()
            self._max_bytes = self._max_bytes_for(len(states))
            for state in states:
                kept = old.pop(state.tp, None)
                if kept is None or kept.generation != state.generation:
                    kept = _Slot(state)
                self._slots[state.tp] = kept
            self.stuck &= {tp for tp, slot in self._slots.items() if slot.stuck}
            self._rebuild()
            self._notify_changed()

    def restart(self, state: PartitionState) -> None:
        """Drop what is buffered of a partition and take its new start."""
        with self._lock:
            old = self._slots.get(state.tp)
            if old is None:
                return
            slot = _Slot(state)
            slot.paused, slot.queued = old.paused, old.queued
            self._slots[state.tp] = slot
            self.stuck.discard(state.tp)
            self._size -= old.counted
            self._notify_changed()
            self._notify()

    def put(self, fetch: CompletedFetch) -> bool:
        """Add fetched data; return False if it belongs to an older start of its partition."""
        with self._lock:
            slot = self._slots.get(fetch.tp)
            if slot is None or slot.generation != fetch.generation:
                return False
            slot.fetches.append(fetch)
            before = slot.counted
            slot.size += fetch.size
            self._size += slot.counted - before
            self._queue(fetch.tp, slot)
            return True

    def set_paused(self, tp: TopicPartition, paused: bool) -> None:
        """Stop or resume handing out records of *tp*; what is buffered stays."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is not None and slot.paused != paused:
                self._open_or_close(tp, slot, paused=paused, held=slot.held)

    def set_held(self, tp: TopicPartition, held: bool) -> None:
        """Withhold records of *tp* while its position is being validated."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is not None and slot.held != held:
                self._open_or_close(tp, slot, paused=slot.paused, held=held)

    def put_error(self, tp: TopicPartition, generation: int, error: BaseException) -> None:
        """Have a poll raise *error* once the data buffered before it has been handed out."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is not None and slot.generation == generation:
                slot.error = error
                self._notify()

    def has_error(self, tp: TopicPartition) -> bool:
        """Return whether an error of *tp* waits to be raised."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and slot.error is not None

    def put_topic_error(self, topic: str, error: BaseException) -> None:
        """Have a poll raise *error*, which is about a topic that may have no partitions."""
        with self._lock:
            self._errors[topic] = error
            self._notify()

    def fail(self, error: BaseException) -> None:
        """Have every poll from now on raise *error*: the client has broken down."""
        with self._lock:
            self._fatal = error
            self._notify_changed()
            self._notify()

    def wake(self) -> None:
        """End the poll that waits, or the next one, with a `WakeupError`; any thread."""
        with self._lock:
            self._woken = True
            self._notify_changed()
            self._notify()

    def close(self) -> None:
        """Drop everything and let go of whoever waits; any thread."""
        with self._lock:
            self._closed = True
            self._slots = {}
            self._rebuild()
            self._notify_changed()
            self._notify()

    # -- the polling side ------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the consumer has been closed."""
        return self._closed

    def take_wakeup(self) -> bool:
        """Return whether `wake` was called, once."""
        with self._lock:
            woken, self._woken = self._woken, False
            return woken

    def wait(self, timeout: float | None) -> None:
        """Block until there is something to look at, or *timeout* seconds have passed."""
        with self._lock:
            self._ready.wait_for(self.has_news, timeout)

    def has_news(self) -> bool:
        """Return whether a poll has something to do: data, an error, a wake-up, the end."""
        return bool(
            self._closed
            or self._woken
            or self._fatal is not None
            or self._errors
            or self._next() is not None
            or any(slot.error is not None and not slot.fetches for slot in self._slots.values())
        )

    def head(self) -> CompletedFetch | None:
        """Return the data whose turn it is; it stays buffered until `finish`."""
        self._tell_room()
        with self._lock:
            tp = self._next()
            return None if tp is None else self._slots[tp].fetches[0]

    def finish(self, fetch: CompletedFetch) -> None:
        """Drop data read to its end; the next partition has its turn."""
        with self._lock:
            slot = self._slots.get(fetch.tp)
            if slot is None or not slot.fetches or slot.fetches[0] is not fetch:
                return
            counted = fetch.size if slot.counted else 0
            # No call in here: a signal handler that raised in one would leave the sizes wrong.
            self._owes_room |= self._size >= self._max_bytes > self._size - counted
            slot.size -= fetch.size
            self._size -= counted
            slot.fetches.popleft()
            self._pass_turn(fetch.tp)
        self._tell_room()

    def set_stuck(self, fetch: CompletedFetch, stuck: bool) -> None:
        """Note whether data that was tried can be read; if not, the others go first."""
        with self._lock:
            slot = self._slots.get(fetch.tp)
            if slot is None or not slot.fetches or slot.fetches[0] is not fetch:
                return
            # Each time, so that what a signal handler interrupted is made good; no call after it.
            counted = slot.size if slot.is_open else 0
            (self.stuck.add if stuck else self.stuck.discard)(fetch.tp)
            if slot.stuck != stuck:
                slot.stuck, self._owes_room = stuck, True
                self._size += -counted if stuck else counted
            if stuck:
                self._pass_turn(fetch.tp)
        self._tell_room()

    def is_current(self, tp: TopicPartition, generation: int) -> bool:
        """Return whether records of that start of *tp* may be handed out now."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and slot.generation == generation and slot.is_open

    def is_valid(self, tp: TopicPartition, generation: int) -> bool:
        """Return whether records of that start of *tp* are wanted, now or after a pause."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and slot.generation == generation

    def advance(
        self, tp: TopicPartition, generation: int, position: int, leader_epoch: int | None
    ) -> bool:
        """Note that the application has reached *position*; return False if it is out of date."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is None or slot.generation != generation:
                return False
            slot.position = position
            if leader_epoch is not None:
                slot.leader_epoch = leader_epoch
            return True

    def take_error(self) -> BaseException | None:
        """Return an error to raise now, of the client or of a partition without data left."""
        with self._lock:
            if self._fatal is not None:
                return self._fatal
            if self._errors:
                return self._errors.pop(next(iter(self._errors)))
            for slot in self._slots.values():
                if slot.error is not None and not slot.fetches:
                    error, slot.error = slot.error, None
                    self._owes_room = True
                    break
            else:
                return None
        self._tell_room()
        return error

    def take_error_of(self, tp: TopicPartition) -> BaseException | None:
        """Return the error of *tp* that waits to be raised, once."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is None or slot.error is None:
                return None
            error, slot.error = slot.error, None
            self._owes_room = True
        self._tell_room()
        return error

    def _tell_room(self) -> None:
        if self._owes_room:
            # In this order an exception out of a signal handler costs a call too many: without any
            # the fetcher would wait for the room to go and come back, which needs data.
            self._on_room()
            self._owes_room = False

    # -- under the lock --------------------------------------------------------------------

    def _open_or_close(self, tp: TopicPartition, slot: _Slot, *, paused: bool, held: bool) -> None:
        was_open = slot.is_open
        before = slot.counted
        slot.paused, slot.held = paused, held
        self._size += slot.counted - before
        if slot.is_open == was_open:
            return
        if slot.is_open:
            self._queue(tp, slot)
        self._notify_changed()

    def _queue(self, tp: TopicPartition, slot: _Slot) -> None:
        if slot.fetches and slot.is_open and not slot.queued:
            slot.queued = True
            self._turns.append(tp)
            self._notify()

    def _next(self) -> TopicPartition | None:
        """Return the partition whose turn it is; drop those that have nothing to hand out."""
        while self._turns:
            tp = self._turns[0]
            slot = self._slots.get(tp)
            if slot is not None and slot.fetches and slot.is_open:
                return tp
            self._turns.popleft()
            if slot is not None:
                slot.queued = False
        return None

    def _pass_turn(self, tp: TopicPartition) -> None:
        if self._turns and self._turns[0] == tp:
            self._turns.rotate(-1)

    def _rebuild(self) -> None:
        self._turns.clear()
        self._size = sum(slot.counted for slot in self._slots.values())
        for tp, slot in self._slots.items():
            slot.queued = False
            self._queue(tp, slot)

    def _notify(self) -> None:
        self._ready.notify_all()
        for watcher in self._watchers:
            watcher()

    def _notify_changed(self) -> None:
        for callback in self._changed:
            callback()
