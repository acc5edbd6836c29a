"""What fetching and polling share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kafka.consumer.fetch_buffer import FetchBuffer
from kafka.errors import KafkaError
from kafka.subscription import Hold, PartitionState
from test.support.interruptions import interruptions
from test.support.waiting import A_DAY, once_inside
from test.unit.consumer.consumer_data import OTHER, TP, batch, fetched, started


class Calls:
    """Count calls."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def space() -> Calls:
    return Calls()


@pytest.fixture
def state() -> PartitionState:
    return started()


@pytest.fixture
def buffer(space: Calls, state: PartitionState) -> FetchBuffer:
    made = FetchBuffer(lambda _: 100, space)
    made.assign([state, started(OTHER, 2)])
    return made


def test_data_waits_in_the_order_it_arrived(buffer: FetchBuffer) -> None:
    first, second = fetched(batch(0, b"a")), fetched(batch(1, b"b"), offset=1)
    buffer.put(first)
    buffer.put(second)
    before = buffer.head()
    buffer.finish(first)
    assert (before, buffer.head()) == (first, second)


def test_partitions_take_turns(buffer: FetchBuffer) -> None:
    first, second = fetched(batch(0, b"a")), fetched(batch(1, b"b"), offset=1)
    other = fetched(batch(0, b"x"), tp=OTHER, generation=2)
    for one in (first, second, other):
        buffer.put(one)
    buffer.finish(first)
    assert buffer.head() is other


def test_data_of_an_older_start_is_refused(buffer: FetchBuffer) -> None:
    assert not buffer.put(fetched(batch(0, b"a"), generation=9))


def test_data_of_an_unassigned_partition_is_refused(buffer: FetchBuffer) -> None:
    buffer.assign([started(OTHER, 2)])
    assert not buffer.put(fetched(batch(0, b"a")))


def test_new_start_drops_what_is_buffered(buffer: FetchBuffer) -> None:
    buffer.put(fetched(batch(0, b"a")))
    buffer.restart(TP, 3, 7, -1)
    assert (buffer.head(), buffer.position(TP)) == (None, 7)


def test_assignment_drops_what_is_not_in_it(buffer: FetchBuffer) -> None:
    buffer.put(fetched(batch(0, b"a")))
    buffer.assign([started(OTHER, 2)])
    assert (buffer.head(), buffer.position(TP), buffer.position(OTHER)) == (None, None, 0)


def test_assignment_keeps_the_data_of_what_stays(buffer: FetchBuffer) -> None:
    data = fetched(batch(0, b"a"))
    buffer.put(data)
    buffer.assign([started()])
    assert buffer.head() is data


def test_position_moves_when_records_are_handed_out(buffer: FetchBuffer) -> None:
    assert buffer.advance(TP, 1, 5, 3)
    assert (buffer.position(TP), buffer.last_leader_epoch(TP)) == (5, 3)


def test_position_of_an_older_start_does_not_move(buffer: FetchBuffer) -> None:
    buffer.restart(TP, 3, 7, -1)
    assert not buffer.advance(TP, 1, 5, 3)
    assert buffer.position(TP) == 7


def test_buffer_is_full_until_data_is_read(buffer: FetchBuffer, space: Calls) -> None:
    data = fetched(batch(0, b"x" * 200))
    buffer.put(data)
    before = buffer.is_full
    buffer.finish(data)
    assert (before, buffer.is_full, space.count) == (True, False, 1)


def test_paused_partition_does_not_fill_the_buffer(buffer: FetchBuffer) -> None:
    buffer.put(fetched(batch(0, b"x" * 200)))
    buffer.hold(TP, Hold.PAUSED)
    before = buffer.is_full
    buffer.release(TP, Hold.PAUSED)
    assert (before, buffer.is_full) == (False, True)


@pytest.mark.parametrize("hold", Hold)
def test_withheld_partition_keeps_its_data(buffer: FetchBuffer, hold: Hold) -> None:
    data = fetched(batch(0, b"a"))
    buffer.put(data)
    buffer.hold(TP, hold)
    before = buffer.head()
    buffer.release(TP, hold)
    assert (before, buffer.head()) == (None, data)


def test_partition_both_paused_and_held_needs_both_lifted(buffer: FetchBuffer) -> None:
    buffer.put(fetched(batch(0, b"a")))
    buffer.hold(TP, Hold.PAUSED)
    buffer.hold(TP, Hold.VALIDATING)
    buffer.release(TP, Hold.PAUSED)
    assert not buffer.is_current(TP, 1)


def test_hold_that_is_there_already_changes_nothing(buffer: FetchBuffer) -> None:
    buffer.hold(TP, Hold.PAUSED)
    changes = Calls()
    buffer.on_change(changes)
    buffer.hold(TP, Hold.PAUSED)
    buffer.release(TP, Hold.VALIDATING)
    assert (changes.count, buffer.is_current(TP, 1)) == (0, False)


def test_assigned_partition_brings_its_holds(buffer: FetchBuffer) -> None:
    state = started(generation=3)
    state.set_hold(Hold.PAUSED, on=True)
    buffer.assign([state])
    assert not buffer.is_current(TP, 3)


def test_pause_outlasts_a_seek(buffer: FetchBuffer) -> None:
    buffer.hold(TP, Hold.PAUSED)
    buffer.restart(TP, 3, 0, -1)
    buffer.put(fetched(batch(0, b"a"), generation=3))
    assert buffer.head() is None


def test_error_waits_behind_the_data_of_its_partition(buffer: FetchBuffer) -> None:
    data, error = fetched(batch(0, b"a")), KafkaError("broken")
    buffer.put(data)
    buffer.put_error(TP, 1, error)
    before = buffer.take_error()
    buffer.finish(data)
    assert (before, buffer.take_error(), buffer.take_error()) == (None, error, None)


def test_error_of_an_older_start_is_forgotten(buffer: FetchBuffer) -> None:
    buffer.put_error(TP, 1, KafkaError("broken"))
    buffer.restart(TP, 3, 0, -1)
    assert buffer.take_error() is None


def test_taken_error_is_reported_to_the_fetcher(buffer: FetchBuffer, space: Calls) -> None:
    buffer.put_error(TP, 1, KafkaError("broken"))
    buffer.take_error()
    assert (space.count, buffer.has_error(TP)) == (1, False)
    assert [buffer.take_changes(), buffer.take_changes()] == [{TP}, set()]


def test_errors_are_raised_in_the_order_they_came(buffer: FetchBuffer) -> None:
    first, second = KafkaError("first"), KafkaError("second")
    buffer.put_error(OTHER, 2, first)
    buffer.put_error(TP, 1, second)
    assert [buffer.take_error() for _ in range(3)] == [first, second, None]


def test_error_of_a_partition_given_up_is_not_raised(buffer: FetchBuffer) -> None:
    buffer.put_error(TP, 1, KafkaError("broken"))
    buffer.assign([started(OTHER, 2)])
    assert (buffer.has_news(), buffer.take_error()) == (False, None)


def test_error_asked_for_is_not_raised_by_a_poll(buffer: FetchBuffer) -> None:
    error = KafkaError("broken")
    buffer.put_error(TP, 1, error)
    found = [buffer.take_error_of(TP), buffer.take_error_of(TP), buffer.take_error()]
    assert (found, buffer.take_changes()) == ([error, None, None], {TP})


@pytest.mark.parametrize("readable", [True, False])
def test_fetcher_learns_which_data_could_not_be_read(buffer: FetchBuffer, readable: bool) -> None:
    bad = fetched(batch(0, b"a"))
    buffer.put(bad)
    buffer.set_stuck(bad, True)
    buffer.take_changes()
    buffer.set_stuck(bad, not readable)
    assert (buffer.take_changes(), TP in buffer.stuck) == ({TP}, not readable)


def test_broken_client_fails_every_poll(buffer: FetchBuffer) -> None:
    error = KafkaError("dead")
    buffer.fail(error)
    assert [buffer.take_error() for _ in range(2)] == [error, error]


def test_refusal_is_raised_by_each_poll_until_a_broker_accepts(buffer: FetchBuffer) -> None:
    error = KafkaError("wrong password")
    buffer.put_refusal(error)
    assert buffer.has_news()
    assert [buffer.take_error() for _ in range(2)] == [error, error]
    buffer.put_refusal(None)
    assert (buffer.has_news(), buffer.take_error()) == (False, None)


def test_wakeup_is_taken_once(buffer: FetchBuffer) -> None:
    buffer.wake()
    assert [buffer.take_wakeup(), buffer.take_wakeup()] == [True, False]


@pytest.mark.parametrize(
    "event",
    [
        lambda buffer: buffer.put(fetched(batch(0, b"a"))),
        lambda buffer: buffer.put_error(TP, 1, KafkaError("broken")),
        lambda buffer: buffer.put_topic_error("t", KafkaError("forbidden")),
        lambda buffer: buffer.put_refusal(KafkaError("wrong password")),
        lambda buffer: buffer.fail(KafkaError("dead")),
        lambda buffer: buffer.wake(),
        lambda buffer: buffer.close(),
    ],
)
def test_waiting_poll_is_let_go(
    buffer: FetchBuffer, event: Callable[[FetchBuffer], object]
) -> None:
    with once_inside(FetchBuffer.wait, lambda: event(buffer)):
        buffer.wait(A_DAY)


def test_wait_ends_in_time(buffer: FetchBuffer) -> None:
    buffer.wait(0.001)
    assert not buffer.has_news()


@pytest.mark.parametrize(
    "event",
    [
        lambda buffer: buffer.restart(TP, 3, 0, -1),
        lambda buffer: buffer.assign([]),
        lambda buffer: buffer.hold(TP, Hold.PAUSED),
        lambda buffer: buffer.hold(TP, Hold.VALIDATING),
        lambda buffer: buffer.wake(),
        lambda buffer: buffer.close(),
    ],
)
def test_iterators_are_told_of_every_change(buffer: FetchBuffer, event: object) -> None:
    changes = Calls()
    buffer.on_change(changes)
    event(buffer)  # type: ignore[operator]
    assert changes.count >= 1


def test_limit_follows_the_partitions() -> None:
    buffer = FetchBuffer(lambda partitions: 100 * partitions, Calls())
    buffer.assign([started()])
    buffer.put(fetched(batch(0, bytes(100))))
    before = buffer.is_full
    buffer.assign([started(), started(OTHER, 2)])
    assert (before, buffer.is_full) == (True, False)


def test_space_is_reported_again_after_an_interruption() -> None:
    """Nothing would be fetched for half a minute: an empty buffer never stops being full."""
    calls: list[int] = []

    def on_space_available() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    buffer = FetchBuffer(lambda _: 100, on_space_available)
    buffer.assign([started()])
    full = fetched(batch(0, bytes(100)))
    buffer.put(full)
    with pytest.raises(KeyboardInterrupt):
        buffer.finish(full)
    found = [buffer.head(), buffer.head()]
    assert (found, len(calls)) == ([None, None], 2)


def test_data_that_cannot_be_read_neither_counts_nor_goes_first(
    buffer: FetchBuffer, space: Calls
) -> None:
    bad, other = fetched(batch(0, bytes(200))), fetched(batch(0, b"x"), tp=OTHER, generation=2)
    buffer.put(bad)
    buffer.put(other)
    before = buffer.is_full
    buffer.set_stuck(bad, True)
    buffer.put(fetched(batch(1, bytes(200)), offset=1))
    assert (before, buffer.is_full, buffer.stuck) == (True, False, {TP})
    assert buffer.head() is other
    assert space.count == 1


def test_data_that_can_be_read_after_all_counts_again(buffer: FetchBuffer) -> None:
    bad = fetched(batch(0, bytes(200)))
    buffer.put(bad)
    buffer.set_stuck(bad, True)
    buffer.set_stuck(bad, False)
    assert (buffer.is_full, buffer.stuck) == (True, set())


@pytest.mark.parametrize("again", ["seek", "assign"])
def test_new_start_of_a_partition_is_not_stuck(buffer: FetchBuffer, again: str) -> None:
    bad = fetched(batch(0, bytes(200)))
    buffer.put(bad)
    buffer.set_stuck(bad, True)
    if again == "seek":
        buffer.restart(TP, 3, 1, -1)
    else:
        buffer.assign([started(generation=3)])
    buffer.put(fetched(batch(1, bytes(200)), generation=3, offset=1))
    assert (buffer.is_full, buffer.stuck) == (True, set())


def test_pause_of_a_stuck_partition_changes_nothing_of_what_counts(buffer: FetchBuffer) -> None:
    bad = fetched(batch(0, bytes(200)))
    buffer.put(bad)
    buffer.set_stuck(bad, True)
    full = []
    for change in (buffer.hold, buffer.release):
        change(TP, Hold.PAUSED)
        full.append(buffer.is_full)
    buffer.finish(bad)
    assert full == [False, False]
    assert repr(buffer).endswith("size=0/100>")


class Pausing:
    """A buffer, and a loop that looks when it is told to."""

    def __init__(self) -> None:
        self.state, self.other = started(), started(OTHER, 2)
        self.space = Calls()
        self.buffer = FetchBuffer(lambda _: 100, self.space)
        self.buffer.assign([self.state, self.other])
        self.data = fetched(batch(0, bytes(200)))
        self.buffer.put(self.data)

    def set_paused(self, paused: bool) -> None:
        self.buffer.set_paused([self.state], paused=paused)

    def look(self) -> None:
        for tp in self.buffer.take_changes():
            assert tp == TP
            self.state.set_hold(Hold.PAUSED, on=self.buffer.is_paused(tp))


def test_application_pauses_and_resumes_at_once_and_the_loop_follows() -> None:
    pausing = Pausing()
    seen = []
    for paused in (True, False):
        pausing.set_paused(paused)
        seen.append((pausing.buffer.head(), pausing.buffer.paused(), pausing.buffer.is_full))
        pausing.look()
        assert pausing.state.paused is paused
    assert seen == [(None, {TP}, False), (pausing.data, set(), True)]


def test_loop_is_told_of_what_changes_only() -> None:
    pausing = Pausing()
    told = []
    for paused in (False, True, True, False):
        pausing.set_paused(paused)
        told.append(pausing.space.count)
    assert told == [0, 1, 1, 2]


def test_other_holds_stay_when_the_application_resumes() -> None:
    pausing = Pausing()
    pausing.buffer.hold(TP, Hold.VALIDATING)
    pausing.set_paused(True)
    pausing.set_paused(False)
    assert (pausing.buffer.head(), pausing.buffer.paused()) == (None, set())
    pausing.buffer.release(TP, Hold.VALIDATING)
    assert pausing.buffer.head() is pausing.data


def test_pause_meant_for_an_older_assignment_is_dropped() -> None:
    pausing = Pausing()
    older, pausing.state = pausing.state, started(generation=5)
    pausing.buffer.assign([pausing.state])
    pausing.buffer.set_paused([older, pausing.other], paused=True)
    assert (pausing.buffer.paused(), pausing.space.count) == (set(), 0)


@pytest.mark.parametrize("again", ["at another place", "at the same place"])
def test_pause_that_the_loop_has_not_seen_outlasts_an_assignment_that_keeps_it(again: str) -> None:
    pausing = Pausing()
    pausing.set_paused(True)
    if again == "at another place":
        pausing.state.seek(1, 9)
    pausing.buffer.assign([pausing.state])
    pausing.look()
    assert (pausing.buffer.paused(), pausing.state.paused) == ({TP}, True)


def test_pause_ends_with_the_assignment_it_was_made_in() -> None:
    pausing = Pausing()
    pausing.set_paused(True)
    pausing.buffer.assign([started(generation=5)])
    assert pausing.buffer.paused() == set()


@pytest.mark.parametrize("paused", [True, False])
def test_interrupted_pause_or_resume_is_made_whole_by_the_next_poll_or_not_made(
    paused: bool,
) -> None:
    def make() -> Pausing:
        pausing = Pausing()
        pausing.set_paused(not paused)
        pausing.look()
        return pausing

    outcomes = set()
    for found in interruptions(make, lambda pausing: pausing.set_paused(paused)):
        pausing = found.value
        pausing.buffer.head()
        pausing.look()
        outcomes.add(pausing.state.paused)
        assert pausing.buffer.is_paused(TP) is pausing.state.paused, found.place
        pausing.set_paused(False)
        assert (pausing.buffer.head(), pausing.buffer.is_full) == (pausing.data, True), found.place
        pausing.buffer.finish(pausing.data)
        assert (pausing.buffer.head(), pausing.buffer.is_full) == (None, False), found.place
        pausing.buffer.put(pausing.data)
        assert pausing.buffer.head() is pausing.data, found.place
    assert outcomes == {True, False}


def test_poll_interrupted_while_it_looks_for_data_finds_what_comes_later() -> None:
    def make() -> Pausing:
        pausing = Pausing()
        pausing.set_paused(True)
        return pausing

    for found in interruptions(make, lambda pausing: pausing.buffer.head()):
        buffer = found.value.buffer
        assert buffer.head() is None, found.place
        found.value.set_paused(False)
        assert buffer.head() is found.value.data, found.place


def test_place_that_is_left_has_no_data_and_no_error(
    buffer: FetchBuffer, state: PartitionState
) -> None:
    buffer.put(fetched(batch(0, bytes(200))))
    buffer.put_error(TP, 1, KafkaError("t-0"))
    buffer.leave(state, buffer.generation(TP))
    assert (buffer.head(), buffer.take_error(), buffer.is_full) == (None, None, False)
    assert not buffer.put(fetched(batch(0, b"late")))
    buffer.put_error(TP, 1, KafkaError("late"))
    assert buffer.take_error() is None
    assert not buffer.is_valid(TP, 1)


def test_place_that_is_left_is_read_again_after_its_restart(
    buffer: FetchBuffer, state: PartitionState
) -> None:
    buffer.hold(TP, Hold.PAUSED)
    buffer.leave(state, buffer.generation(TP))
    buffer.assign([state, started(OTHER, 2)])
    assert not buffer.put(fetched(batch(0, b"late")))
    buffer.restart(TP, 7, 5, -1)
    assert buffer.put(fetched(batch(5, b"a"), generation=7, offset=5))
    assert buffer.head() is None
    buffer.release(TP, Hold.PAUSED)
    assert buffer.head() is not None


def test_new_start_is_not_left_with_the_old_one(buffer: FetchBuffer, state: PartitionState) -> None:
    left = buffer.generation(TP)
    buffer.restart(TP, 7, 5, -1)
    buffer.leave(state, left)
    assert buffer.put(fetched(batch(5, b"a"), generation=7, offset=5))


def test_unassigned_partition_is_not_left(buffer: FetchBuffer, state: PartitionState) -> None:
    buffer.assign([])
    assert buffer.generation(TP) == -1
    buffer.leave(state, -1)
    assert buffer.position(TP) is None


def test_new_assignment_of_a_partition_is_not_left_with_the_old_one(
    buffer: FetchBuffer, state: PartitionState
) -> None:
    buffer.assign([started(generation=7)])
    buffer.leave(state, buffer.generation(TP))
    assert buffer.put(fetched(batch(0, b"a"), generation=7))


def test_place_left_in_an_older_assignment_is_forgotten(
    buffer: FetchBuffer, state: PartitionState
) -> None:
    buffer.leave(state, buffer.generation(TP))
    buffer.assign([started(generation=7)])
    assert buffer.put(fetched(batch(0, b"a"), generation=7))
