"""What the loop thread, which fetches, and the polling thread share.

Keeps fetched data still encoded, the positions the application has reached, and errors to raise.
One lock guards all of it; it is held for a few assignments at a time, never while decoding. No
call walks over all partitions but `FetchBuffer.assign` and `FetchBuffer.paused`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from kafka._base.reentrant_lock import reentrant_lock
from kafka._base.waiting import Notification
from kafka.consumer.buffer_slot import LEFT, PASSED, BufferSlot, slot_for
from kafka.structs import OffsetAndMetadata
from kafka.subscription import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from kafka.consumer.completed_fetch import CompletedFetch
    from kafka.structs import TopicPartition
    from kafka.subscription import PartitionState

# A plain number: `IntFlag` computes in Python.
_PAUSED: Final = Hold.PAUSED.value


class FetchBuffer:
    """Fetched data by partition, handed out in turns.

    Args:
        max_bytes: returns, for a number of partitions, from how many buffered bytes on it
            `is_full`. Data that nobody takes does not count, or it could starve the other
            partitions for ever: that of partitions on hold, and data that cannot be read.
        on_space_available: called on the polling thread when the buffer stops being full or
            `take_changes` has something to return: the fetcher has work.

    Attributes:
        attention: whether the next poll has something to do before it looks for records.
        stuck: the partitions whose data could not be read; fetching more of it is of no use.
        revocations: how often partitions were taken away.
    """

    def __init__(
        self, max_bytes: Callable[[int], int], on_space_available: Callable[[], None]
    ) -> None:
        self._lock = reentrant_lock()
        self._waiters: list[Notification] = []
        self._max_bytes_for = max_bytes
        self._max_bytes = max_bytes(0)
        self._on_space_available = on_space_available
        self._owes_call = False
        self.attention = False
        self.revocations = 0
        self.stuck: set[TopicPartition] = set()
        self._slots: dict[TopicPartition, BufferSlot] = {}
        # Partitions that may have an error to raise, the oldest error first.
        self._failing: dict[TopicPartition, None] = {}
        self._changes: set[TopicPartition] = set()
        # Each partition with data that may be handed out is in it once.
        self._turns: deque[TopicPartition] = deque()
        self._size = 0
        self._fatal: BaseException | None = None
        # By topic; under ``None`` that of the whole client, which stays.
        self._errors: dict[str | None, BaseException] = {}
        self._group_error: BaseException | None = None
        self._group_error_stays = False
        self._tasks: Collection[object] = ()
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

    def watch_tasks(self, tasks: Collection[object]) -> None:
        """Count *tasks* as something that a poll has to do, whenever there are any."""
        self._tasks = tasks

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

    def consumed(
        self, partitions: Collection[TopicPartition] | None = None
    ) -> dict[TopicPartition, OffsetAndMetadata]:
        """Return what the application has consumed, as it is committed.

        Args:
            partitions: which of the assigned partitions; ``None`` for all.

        Returns:
            The offset after the last record consumed and the epoch of that; partitions without a
            position, and those that were just sought, are left out.
        """
        with self._lock:
            return {
                tp: OffsetAndMetadata(slot.position, "", slot.leader_epoch)
                for tp, slot in self._slots.items()
                if slot.position is not None
                and slot.generation != LEFT
                and (partitions is None or tp in partitions)
            }

    def start(self, tp: TopicPartition) -> int | None:
        """Return where the application began to read a partition, ``None`` if it did not."""
        with self._lock:
            slot = self._slots.get(tp)
            return None if slot is None else slot.start

    def is_paused(self, tp: TopicPartition) -> bool:
        """Return whether the application has paused *tp*."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and bool(slot.holds & _PAUSED)

    def paused(self) -> set[TopicPartition]:
        """Return the partitions that the application has paused; any thread."""
        with self._lock:
            return {tp for tp, slot in self._slots.items() if slot.holds & _PAUSED}

    # -- the loop's side -------------------------------------------------------------------

    def assign(self, states: Collection[PartitionState]) -> None:
        """Keep the partitions of *states*, drop the data of all others."""
        with self._lock:
            old, self._slots = self._slots, {}
            known, before = self._slots, {tp: slot.state for tp, slot in old.items()}
            self._errors.clear()
            self._max_bytes = self._max_bytes_for(len(states))
            for state in states:
                self._slots[state.tp] = slot_for(state, old.get(state.tp))
            if any(tp not in known or known[tp].state is not state for tp, state in before.items()):
                self.revocations += 1
            self.stuck &= {tp for tp, slot in self._slots.items() if slot.stuck}
            for tp in [tp for tp in self._failing if tp not in self._slots]:
                del self._failing[tp]
            self._rebuild()
            self._notify_changed()

    def restart(
        self, tp: TopicPartition, generation: int, offset: int | None, leader_epoch: int
    ) -> None:
        """Drop the buffered data of a partition and take its new start; holds stay.

        Args:
            tp: the partition.
            generation: number of the start.
            offset: where it starts, ``None`` while that is looked up.
            leader_epoch: epoch of the record before *offset*, -1 if unknown.
        """
        with self._lock:
            old = self._slots.get(tp)
            if old is None:
                return
            self._slots[tp] = old.renewed(generation, offset, leader_epoch)
            self._failing.pop(tp, None)
            self.stuck.discard(tp)
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

    def hold(self, tp: TopicPartition, hold: Hold) -> None:
        """Hand out no records of *tp* until *hold* is released; its data stays; any thread."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is not None:
                self._set_holds(slot, slot.holds | hold.value)

    def release(self, tp: TopicPartition, hold: Hold) -> None:
        """Hand out records of *tp* again, unless there is another hold on it."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is not None:
                self._set_holds(slot, slot.holds & ~hold.value)

    def put_error(self, tp: TopicPartition, generation: int, error: BaseException) -> None:
        """Let a poll raise *error* once the data buffered before it has been handed out."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is not None and slot.generation == generation:
                slot.error = error
                self._failing[tp] = None
                self._notify()

    def has_error(self, tp: TopicPartition) -> bool:
        """Return whether an error of *tp* waits to be raised."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and slot.error is not None

    def take_changes(self) -> set[TopicPartition]:
        """Return the partitions whose error was raised, whose data has become (un)readable, or that
        the polling thread has paused or resumed; each change once.
        """
        with self._lock:
            changes, self._changes = self._changes, set()
            return changes

    def put_topic_error(self, topic: str, error: BaseException) -> None:
        """Let a poll raise *error*, which is about a topic that may have no partitions."""
        with self._lock:
            self._errors[topic] = error
            self._notify()

    def put_refusal(self, error: BaseException | None) -> None:
        """Let each poll raise *error*: all brokers have refused the client; ``None``: one has not.

        Data that has come before is handed out first.
        """
        with self._lock:
            self._errors.pop(None, None)
            if error is not None:
                self._errors[None] = error
                self._notify()

    def put_group_error(self, error: BaseException, *, fatal: bool) -> None:
        """Let the next poll raise *error*; a fatal one each poll, until it is cleared."""
        with self._lock:
            self._group_error, self._group_error_stays = error, fatal
            self._notify()

    def clear_group_error(self) -> None:
        """Raise no error of the group any more."""
        with self._lock:
            self._group_error = None

    def fail(self, error: BaseException) -> None:
        """Let every poll from now on raise *error*: the client has broken down."""
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

    def nudge(self) -> None:
        """End the wait of a poll, which looks at everything again; any thread."""
        with self._lock:
            self._notify_changed()
            self._notify()

    def call_attention(self) -> None:
        """Have the next poll, or the one that waits, call `take_attention`; any thread."""
        with self._lock:
            self.attention = True
            self._notify_changed()
            self._notify()

    def close(self) -> None:
        """Drop everything and end the poll that waits; any thread."""
        with self._lock:
            self._closed = True
            self._slots = {}
            self._failing = {}
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

    def take_attention(self) -> None:
        """Take note that there is something to do."""
        self.attention = False

    def wait(self, timeout: float, news: Callable[[], bool] | None = None) -> None:
        """Block until there may be something to look at, or *timeout* seconds have passed.

        Without a `threading.Condition`: Ctrl-C can leave one with its lock released once too often.

        Args:
            timeout: in seconds.
            news: asked once whether there is something already, by default `has_news`.
        """
        waiter = Notification()
        try:
            self._waiters.append(waiter)
            with self._lock:
                found = self.has_news() if news is None else news()
            if not found:
                waiter.wait(timeout)
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def has_news(self) -> bool:
        """Return whether a poll has something to do: data, an error, a task, the end."""
        return bool(
            self._closed
            or self._woken
            or self._tasks
            or self._group_error is not None
            or self.attention
            or self._fatal is not None
            or self._errors
            or self._next() is not None
            or self._first_failing() is not None
        )

    def head(self) -> CompletedFetch | None:
        """Return the data whose turn it is; it stays buffered until `finish`."""
        self._call_if_owed()
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
            self._owes_call |= self._size >= self._max_bytes > self._size - counted
            slot.size -= fetch.size
            self._size -= counted
            slot.fetches.popleft()
            self._pass_turn(fetch.tp)
        self._call_if_owed()

    def set_stuck(self, fetch: CompletedFetch, stuck: bool) -> None:
        """Say whether data that was tried can be read; if not, the other partitions go first."""
        with self._lock:
            slot = self._slots.get(fetch.tp)
            if slot is None or not slot.fetches or slot.fetches[0] is not fetch:
                return
            # Also without a change: the next call completes one that a signal handler interrupted.
            # No call comes after the last of these, so the sizes are right even then.
            counted = 0 if slot.holds else slot.size
            self._changes.add(fetch.tp)
            (self.stuck.add if stuck else self.stuck.discard)(fetch.tp)
            if slot.stuck != stuck:
                slot.stuck, self._owes_call = stuck, True
                self._size += -counted if stuck else counted
            if stuck:
                self._pass_turn(fetch.tp)
        self._call_if_owed()

    def generation(self, tp: TopicPartition) -> int:
        """Return the number of the present start of *tp*, -1 if it has none."""
        with self._lock:
            slot = self._slots.get(tp)
            return -1 if slot is None else slot.generation

    def leave(self, state: PartitionState, generation: int) -> None:
        """Drop the data and the error of that start of *state*; `restart` follows from the loop."""
        tp = state.tp
        with self._lock:
            old = self._slots.get(tp)
            if old is None or old.state is not state or old.generation != generation:
                return
            self._replace(tp, old, old.left())

    def set_paused(self, states: Iterable[PartitionState], *, paused: bool) -> None:
        """Hand out no more records of *states*, or do so again; `take_changes` returns them.

        What is not assigned any more is left alone.
        """
        with self._lock:
            for state in states:
                slot = self._slots.get(state.tp)
                if slot is None or slot.state is not state or bool(slot.holds & _PAUSED) is paused:
                    continue
                # Also noted if a signal handler keeps the change from being made.
                self._changes.add(state.tp)
                self._owes_call = True
                self._set_holds(slot, slot.holds | _PAUSED if paused else slot.holds & ~_PAUSED)
        self._call_if_owed()

    def is_current(self, tp: TopicPartition, generation: int) -> bool:
        """Return whether records of that start of *tp* may be handed out now."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and slot.generation == generation and not slot.holds

    def is_valid(self, tp: TopicPartition, generation: int) -> bool:
        """Return whether records of that start of *tp* are wanted, now or after a pause."""
        with self._lock:
            slot = self._slots.get(tp)
            return slot is not None and slot.generation == generation

    def advance(
        self, tp: TopicPartition, generation: int, position: int, leader_epoch: int | None
    ) -> bool:
        """Set the position the application has reached; return False if the start is outdated."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is None or slot.generation != generation:
                return False
            slot.position = position
            if leader_epoch is not None:
                slot.leader_epoch = leader_epoch
            return True

    def advance_late(
        self, tp: TopicPartition, generation: int, position: int, leader_epoch: int
    ) -> None:
        """Set the position behind a record handed out by a start that was renewed at that record.

        What is fetched since then holds the record once more, so it is dropped; `place_passed`
        returns where the loop has to start instead.
        """
        with self._lock:
            slot = self._slots.get(tp)
            if slot is None or slot.position is None or position <= slot.position:
                return
            if slot.since <= generation < slot.generation:
                self._changes.add(tp)
                self._owes_call = True
                left = slot.left(PASSED)
                left.position, left.leader_epoch = position, leader_epoch
                self._replace(tp, slot, left)
        self._call_if_owed()

    def place_passed(self, tp: TopicPartition) -> tuple[int, int] | None:
        """Return offset and leader epoch of `advance_late` if *tp* has not started there yet."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is None or slot.position is None or slot.generation != PASSED:
                return None
            return slot.position, slot.leader_epoch

    def take_error(self) -> BaseException | None:
        """Return an error to raise now, of the client or of a partition without data left."""
        with self._lock:
            if self._fatal is not None:
                return self._fatal
            if self._errors:
                topic, found = next(iter(self._errors.items()))
                if topic is not None:
                    del self._errors[topic]
                return found.with_traceback(None)
            if self._group_error is not None:
                return self._take_group_error(self._group_error)
            slot = self._first_failing()
            if slot is None:
                return None
            error = self._take_error(slot)
        self._call_if_owed()
        return error

    def take_error_of(self, tp: TopicPartition) -> BaseException | None:
        """Return the error of *tp* that waits to be raised, once."""
        with self._lock:
            slot = self._slots.get(tp)
            if slot is None or slot.error is None:
                return None
            error = self._take_error(slot)
        self._call_if_owed()
        return error

    def _call_if_owed(self) -> None:
        if self._owes_call:
            # In this order an exception out of a signal handler costs a call too many. Without any
            # the fetcher would wait until the buffer fills and empties again, which needs data.
            self._on_space_available()
            self._owes_call = False

    # -- under the lock --------------------------------------------------------------------

    def _replace(self, tp: TopicPartition, old: BufferSlot, slot: BufferSlot) -> None:
        counted = old.counted
        # No call between these: a signal handler that raised would leave the sizes wrong.
        self._slots[tp] = slot
        self._size -= counted
        self._notify_changed()

    def _set_holds(self, slot: BufferSlot, holds: int) -> None:
        if (not slot.holds) == (not holds):
            slot.holds = holds
            return
        counted = 0 if slot.stuck else slot.size
        if not holds and slot.fetches and not slot.queued:
            # First: what is queued and on hold is dropped from the queue, but not found again.
            self._turns.append(slot.state.tp)
            slot.queued = True
        # No call between these: a signal handler that raised would leave the size wrong.
        slot.holds = holds
        self._size += -counted if holds else counted
        self._notify_changed()
        if slot.queued and not holds:
            self._notify()

    def _first_failing(self) -> BufferSlot | None:
        """Return a partition whose error can be raised now: no data is left before it."""
        for tp in self._failing:
            slot = self._slots[tp]
            if slot.error is not None and not slot.fetches:
                return slot
        return None

    def _take_error(self, slot: BufferSlot) -> BaseException | None:
        # In this order a signal handler that raises in between costs one look of the fetcher.
        tp = slot.state.tp
        self._changes.add(tp)
        self._owes_call = True
        error, slot.error = slot.error, None
        self._failing.pop(tp, None)
        return error

    def _take_group_error(self, error: BaseException) -> BaseException:
        if not self._group_error_stays:
            self._group_error = None
        # Or each time that it is raised would add to its traceback.
        return error.with_traceback(None)

    def _queue(self, tp: TopicPartition, slot: BufferSlot) -> None:
        if slot.fetches and not slot.holds and not slot.queued:
            slot.queued = True
            self._turns.append(tp)
            self._notify()

    def _next(self) -> TopicPartition | None:
        """Return the partition whose turn it is; drop those that have nothing to hand out."""
        while self._turns:
            tp = self._turns[0]
            slot = self._slots.get(tp)
            if slot is not None and slot.fetches and not slot.holds:
                return tp
            # In this order an exception of a signal handler leaves it in the queue, once too often.
            if slot is not None:
                slot.queued = False
            self._turns.popleft()
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
        for waiter in tuple(self._waiters):
            waiter.notify()
        for watcher in self._watchers:
            watcher()

    def _notify_changed(self) -> None:
        for callback in self._changed:
            callback()
