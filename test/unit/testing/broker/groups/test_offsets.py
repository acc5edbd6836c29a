"""The store of committed offsets, and what transactions have pending in it."""

from __future__ import annotations

import pytest

from kafka.errors import InvalidProducerEpochError
from kafka.testing.broker.coordinators import slot_of
from kafka.testing.broker.groups.offsets import Committed, OffsetStore

KEY = ("t", 0)
SLOT = slot_of("g")


@pytest.mark.parametrize(("commit", "expected"), [(True, 7), (False, None)])
def test_pending_offsets_count_when_the_transaction_commits(
    commit: bool, expected: int | None
) -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 0, {KEY: Committed(7)})
    offsets = store.of("g")
    assert (offsets.get(KEY), offsets.is_unstable(KEY), offsets.keys()) == (None, True, [KEY])
    store.complete(SLOT, 1, commit=commit)
    found = offsets.get(KEY)
    assert (found and found.offset, offsets.is_unstable(KEY)) == (expected, False)


def test_a_later_plain_commit_wins_over_a_pending_one() -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 0, {KEY: Committed(7)})
    store.of("g").commit(KEY, Committed(9))
    store.complete(SLOT, 1, commit=True)
    assert store.of("g").get(KEY) == Committed(9)


def test_transactions_of_two_producers_end_apart() -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 0, {KEY: Committed(7)})
    store.pending_commit("g", 2, 0, {KEY: Committed(8)})
    store.complete(SLOT, 2, commit=False)
    assert store.of("g").is_unstable(KEY)
    store.complete(SLOT, 1, commit=True)
    assert store.of("g").get(KEY) == Committed(7)


def test_deleted_offsets_do_not_come_back_with_a_transaction() -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 0, {KEY: Committed(7)})
    store.retain_topics({"other"})
    store.complete(SLOT, 1, commit=True)
    assert not store.has("g")


def test_offsets_of_other_topics_stay_when_one_is_deleted() -> None:
    store = OffsetStore()
    store.of("g").commit(KEY, Committed(1))
    store.of("g").commit(("gone", 0), Committed(2))
    store.retain_topics({"t"})
    assert store.of("g").keys() == [KEY]


def test_offsets_that_a_transaction_may_change_do_not_expire() -> None:
    store = OffsetStore()
    offsets = store.of("g")
    offsets.commit(KEY, Committed(1))
    offsets.commit(("t", 1), Committed(2))
    store.pending_commit("g", 1, 0, {KEY: Committed(7)})
    offsets.expire(lambda *_: True)
    assert offsets.keys() == [KEY]
    assert offsets.get(KEY) == Committed(1)


def test_a_transaction_ends_only_in_the_groups_of_the_slot() -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 0, {KEY: Committed(7)})
    store.complete(SLOT + 1, 1, commit=True)
    assert store.of("g").is_unstable(KEY)
    store.complete(SLOT, 1, commit=True)
    assert store.of("g").get(KEY) == Committed(7)


@pytest.mark.parametrize(("epoch", "passes"), [(3, False), (4, True), (5, True)])
def test_an_older_epoch_than_has_written_is_refused(epoch: int, passes: bool) -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 4, {KEY: Committed(7)})
    if passes:
        store.pending_commit("g", 1, epoch, {KEY: Committed(8)})
    else:
        with pytest.raises(InvalidProducerEpochError):
            store.pending_commit("g", 1, epoch, {KEY: Committed(8)})
    store.complete(SLOT, 1, commit=True)
    assert store.of("g").get(KEY) == Committed(8 if passes else 7)


def test_other_producers_and_slots_have_epochs_of_their_own() -> None:
    store = OffsetStore()
    store.pending_commit("g", 1, 4, {KEY: Committed(7)})
    store.pending_commit("g", 2, 0, {KEY: Committed(8)})
    store.pending_commit("h", 1, 0, {KEY: Committed(9)})
    assert store.of("h").is_unstable(KEY)
