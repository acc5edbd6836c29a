"""Which nodes count as slow."""

from __future__ import annotations

import math

import pytest

from kafka.producer.slow_nodes import SlowNodes


class Story:
    """Slow nodes that become so after 10 seconds, and what they have said."""

    def __init__(self) -> None:
        self.changes: list[set[int]] = []
        self.nodes = SlowNodes(10.0, on_change=lambda nodes: self.changes.append(set(nodes)))

    def look(
        self,
        now: float,
        *,
        taking: tuple[int, ...] = (),
        due: tuple[int | None, ...] = (),
        later: tuple[int, ...] = (),
    ) -> float:
        """Look at batches that are taken, due or in their back-off."""
        left = [*[(node, now - 1) for node in due], *[(node, now + 1) for node in later]]
        return self.nodes.look(taking, left, now)


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_node_is_slow_when_it_has_taken_nothing_for_the_timeout(story: Story) -> None:
    assert story.look(100.0, due=(1, None), taking=(2,)) == 110.0
    assert story.look(109.9, due=(1,)) == 110.0
    assert story.changes == []
    assert story.look(110.0, due=(1,)) == math.inf
    assert story.changes == [{1}]
    assert repr(story.nodes) == "<SlowNodes slow=[1] waited_for=[1]>"


def test_a_node_that_takes_one_of_several_batches_is_not_slow(story: Story) -> None:
    story.look(100.0, due=(1,))
    story.look(110.0, due=(1,))
    story.look(111.0, due=(1,), taking=(1,))
    assert story.changes == [{1}, set()]
    assert story.look(112.0, due=(1,)) == 122.0


def test_a_node_stays_slow_while_its_batches_are_in_their_back_off(story: Story) -> None:
    story.look(100.0, due=(1,))
    story.look(105.0, later=(1,))
    story.look(110.0, later=(1,))
    assert story.changes == [{1}]


def test_a_node_whose_batches_are_not_due_yet_is_not_slow(story: Story) -> None:
    assert story.look(100.0, later=(1,)) == math.inf
    assert story.look(120.0, due=(1,), later=(1,)) == 130.0
    assert story.changes == []


def test_a_node_that_nothing_waits_for_is_tried_again(story: Story) -> None:
    story.look(100.0, due=(1,))
    story.look(110.0, due=(1,))
    story.look(111.0, taking=(2,))
    assert story.changes == [{1}, set()]


def test_several_nodes_are_slow_at_times_of_their_own(story: Story) -> None:
    story.look(100.0, due=(1,))
    assert story.look(104.0, due=(1, 2)) == 110.0
    assert story.look(110.0, due=(1, 2)) == 114.0
    story.look(114.0, due=(1, 2))
    assert story.changes == [{1}, {1, 2}]
