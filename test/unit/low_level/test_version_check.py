"""Which nodes a version check asks, and when."""

from __future__ import annotations

import asyncio

import pytest

from kafka._base.deadline import Deadline
from kafka._base.loop_clock import LoopClock
from kafka.errors import NoBrokersAvailable, NodeNotReadyError, SaslAuthenticationFailedError
from kafka.low_level.version_check import first_of

SILENT = 1000.0


class Nodes:
    """Nodes that answer with their name after so many seconds, or fail.

    Args:
        behaviour: of each node, seconds or an error.
    """

    def __init__(self, *behaviour: float | Exception) -> None:
        self._behaviour = behaviour
        self._clock = LoopClock(asyncio.get_running_loop())
        self._began = self._clock.now()
        self.asked: dict[int, float] = {}
        self.given_up: list[int] = []

    def seconds(self) -> float:
        return round(self._clock.now() - self._began, 3)

    async def _ask(self, node: int, deadline: Deadline) -> str:
        self.asked[node] = self.seconds()
        behaviour = self._behaviour[node]
        if isinstance(behaviour, Exception):
            raise behaviour
        try:
            async with asyncio.timeout_at(deadline.timeout_at):
                await asyncio.sleep(behaviour)
        except TimeoutError:
            raise NodeNotReadyError(f"node {node} is silent") from None
        except asyncio.CancelledError:
            self.given_up.append(node)
            raise
        return f"node {node}"

    async def first(self, seconds: float) -> str:
        deadline = Deadline.after(self._clock.now(), seconds)
        nodes = range(len(self._behaviour))
        return await first_of(nodes, lambda node: self._ask(node, deadline), deadline, self._clock)


async def test_the_first_node_is_enough_if_it_answers() -> None:
    nodes = Nodes(0.1, 0.1)
    assert await nodes.first(1) == "node 0"
    assert list(nodes.asked) == [0]


async def test_a_silent_node_leaves_time_to_the_others() -> None:
    nodes = Nodes(SILENT, SILENT, 0.1)
    assert await nodes.first(0.9) == "node 2"
    assert nodes.asked == {0: 0, 1: 0.3, 2: 0.6}
    assert sorted(nodes.given_up) == [0, 1]


async def test_a_slow_node_may_answer_after_the_next_one_was_asked() -> None:
    nodes = Nodes(0.7, SILENT)
    assert await nodes.first(1) == "node 0"
    assert nodes.seconds() == 0.7


async def test_no_node_is_waited_for_longer_than_a_second_if_there_is_another() -> None:
    nodes = Nodes(SILENT, 0.1)
    assert await nodes.first(30) == "node 1"
    assert nodes.seconds() == 1.1


async def test_the_next_node_is_asked_at_once_if_one_refuses() -> None:
    nodes = Nodes(NodeNotReadyError("refused"), 0.1)
    assert await nodes.first(1) == "node 1"
    assert nodes.seconds() == 0.1


async def test_the_error_names_what_became_of_each() -> None:
    nodes = Nodes(SILENT, NodeNotReadyError("node 1 is refused"), SILENT)
    with pytest.raises(NoBrokersAvailable) as caught:
        await nodes.first(1)
    for reason in ("node 0 is silent", "node 1 is refused", "node 2 is silent"):
        assert reason in str(caught.value)
    assert nodes.seconds() == 1


async def test_a_refused_client_is_told_at_once() -> None:
    nodes = Nodes(SILENT, SaslAuthenticationFailedError("no"))
    with pytest.raises(SaslAuthenticationFailedError):
        await nodes.first(1)
    assert nodes.given_up == [0]


async def test_a_cluster_without_nodes_says_so() -> None:
    with pytest.raises(NoBrokersAvailable, match="the cluster has no broker"):
        await Nodes().first(1)
