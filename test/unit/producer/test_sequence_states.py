"""Every event in every state of a partition's numbers."""

from __future__ import annotations

from itertools import product

import pytest

from kafka.errors import InvalidProducerEpochError, KafkaConnectionError
from kafka.producer.sequences import (
    NUMBER_TRANSITIONS,
    NumberState,
    ProducerIdentity,
    ProducerStamp,
)
from test.unit.producer.number_story import TP, Story, place

ALLOWED = {
    (NumberState.RUNNING, NumberState.GAP),
    (NumberState.RUNNING, NumberState.REFUSED),
    (NumberState.GAP, NumberState.RUNNING),
    (NumberState.GAP, NumberState.GAP),
    (NumberState.GAP, NumberState.REFUSED),
    (NumberState.REFUSED, NumberState.RUNNING),
    (NumberState.REFUSED, NumberState.REFUSED),
}


@pytest.mark.parametrize(("old", "new"), [*product(NumberState, NumberState)])
def test_a_partition_makes_the_moves_of_its_table(old: NumberState, new: NumberState) -> None:
    assert NUMBER_TRANSITIONS.allows(old, new) is ((old, new) in ALLOWED)


def in_state(state: NumberState) -> tuple[Story, ProducerStamp, ProducerStamp]:
    """Return a partition in *state* with its two open stamps."""
    story = Story().known()
    if state is NumberState.GAP:
        failed, first, second = [story.stamp() for _ in range(3)]
        story.failed(failed, in_doubt=True)
        return story, first, second
    first, second = story.stamp(), story.stamp()
    if state is NumberState.REFUSED:
        story.judge(first)
    return story, first, second


# What each event leads to, by the state before it: the state of the partition afterwards.
EVENTS = {
    "the lowest is produced": ("RUNNING", "GAP", "REFUSED"),
    "the last is produced": ("RUNNING", "RUNNING", "REFUSED"),
    "the lowest fails unwritten": ("GAP", "GAP", "REFUSED"),
    "the last fails unwritten": ("RUNNING", "GAP", "REFUSED"),
    "the last fails in doubt": ("GAP", "GAP", "REFUSED"),
    "the lowest is refused": ("REFUSED", "REFUSED", "REFUSED"),
    "the last is refused": ("RUNNING", "GAP", "REFUSED"),
    "the lowest is refused in doubt": ("RUNNING", "GAP", "REFUSED"),
    "the epoch is old": ("REFUSED", "REFUSED", "REFUSED"),
    "another error": ("RUNNING", "GAP", "REFUSED"),
    "split": ("RUNNING", "GAP", "REFUSED"),
    "another identity": ("RUNNING", "GAP", "REFUSED"),
}


@pytest.mark.parametrize(("state", "event"), [*product(NumberState, EVENTS)], ids=str)
def test_every_event_in_every_state(state: NumberState, event: str) -> None:
    story, first, last = in_state(state)
    happens = {
        "the lowest is produced": lambda: story.produced(first),
        "the last is produced": lambda: story.produced(last),
        "the lowest fails unwritten": lambda: story.failed(first, in_doubt=False),
        "the last fails unwritten": lambda: story.failed(last, in_doubt=False),
        "the last fails in doubt": lambda: story.failed(last, in_doubt=True),
        "the lowest is refused": lambda: story.judge(first),
        "the last is refused": lambda: story.judge(last),
        "the lowest is refused in doubt": lambda: story.judge(first, in_doubt=True),
        "the epoch is old": lambda: story.judge(last, InvalidProducerEpochError("no")),
        "another error": lambda: story.judge(first, KafkaConnectionError("no")),
        "split": lambda: story.sequences.split(TP, first, [0, 5]),
        "another identity": lambda: story.sequences.on_identity(ProducerIdentity(8, 0)),
    }
    happens[event]()
    expected = EVENTS[event][list(NumberState).index(state)]
    shown = "" if expected == "RUNNING" else f" t-0={expected}"
    assert repr(story.sequences).endswith(f"partitions=1{shown}>")


@pytest.mark.parametrize("state", list(NumberState))
def test_every_partition_goes_on_once_nothing_is_open(state: NumberState) -> None:
    story, first, last = in_state(state)
    for stamp in (first, last):
        story.failed(stamp, in_doubt=True)
    story.sequences.restart(TP)
    assert place(story.stamp()) == (1, 0)
