"""Which leader epoch wrote what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kafka.testing.broker.epochs import EpochHistory


def history(*starts: tuple[int, int]) -> EpochHistory:
    epochs = EpochHistory()
    for epoch, start in starts:
        epochs.assign(epoch, start)
    return epochs


@pytest.mark.parametrize(
    ("epoch", "end"),
    [(-1, (-1, -1)), (0, (0, 10)), (1, (0, 10)), (2, (2, 20)), (5, (5, 33)), (6, (-1, -1))],
)
def test_an_epoch_ends_where_the_next_begins(epoch: int, end: tuple[int, int]) -> None:
    assert history((0, 0), (2, 10), (5, 20)).end_of(epoch, 33) == end


def test_an_epoch_before_the_first_ends_where_the_first_begins() -> None:
    assert history((3, 7)).end_of(1, 9) == (1, 7)


def test_an_epoch_that_wrote_nothing_is_replaced() -> None:
    epochs = history((0, 0), (1, 5), (2, 5))
    assert (epochs.at(5), epochs.end_of(1, 9)) == (2, (0, 5))


def test_an_old_epoch_is_not_assigned_again() -> None:
    epochs = history((4, 0))
    epochs.assign(4, 9)
    epochs.assign(3, 9)
    assert (epochs.latest, epochs.at(9)) == (4, 4)


def test_truncation_keeps_what_is_left() -> None:
    epochs = history((0, 0), (1, 10), (2, 20))
    epochs.truncate_end(20)
    assert epochs.latest == 1
    epochs.truncate_start(12)
    assert (epochs.at(11), epochs.at(12), epochs.latest) == (-1, 1, 1)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20))
def test_every_offset_belongs_to_the_epoch_that_wrote_it(steps: list[int]) -> None:
    epochs, written = EpochHistory(), []
    for epoch, count in enumerate(steps):
        epochs.assign(epoch, len(written))
        written += [epoch] * count
    assert [epochs.at(offset) for offset in range(len(written))] == written
