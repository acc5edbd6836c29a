"""Asking more nodes while those asked are silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.loop_clock import LoopClock
from kafka.errors import KafkaConnectionError, KafkaError
from kafka.net.endpoint import ConnectionKey
from kafka.net.hedge import Hedge
from kafka.net.node_states import NoNodeToAskError

if TYPE_CHECKING:
    from collections.abc import Collection

REFUSED = KafkaConnectionError("refused")


class Nodes:
    """Nodes that answer after some seconds, or fail after some seconds.

    Attributes:
        asked: which node was asked when.
        cancelled: whose attempt was cancelled.
    """

    def __init__(self, *delays: float, failing: Collection[int] = ()) -> None:
        self._delays = delays
        self._failing = failing
        self.asked: list[tuple[int, float]] = []
        self.cancelled: list[int] = []

    def choose(self, waiting: Collection[ConnectionKey]) -> ConnectionKey | None:
        keys = map(ConnectionKey, range(len(self._delays)))
        return next((key for key in keys if key not in waiting), None)

    async def attempt(self, key: ConnectionKey) -> int | KafkaError:
        self.asked.append((key.node_id, now()))
        try:
            await asyncio.sleep(self._delays[key.node_id])
        except asyncio.CancelledError:
            self.cancelled.append(key.node_id)
            raise
        return REFUSED if key.node_id in self._failing else key.node_id

    async def ask(self, *, interval: float | None = 1.0, until: float = 30.0) -> object:
        loop = asyncio.get_running_loop()
        return await Hedge(self.choose, self.attempt, LoopClock(loop), interval=interval).run(until)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_quick_answer_asks_nobody_else() -> None:
    nodes = Nodes(0.5, 0)
    assert await nodes.ask() == 0
    assert nodes.asked == [(0, 0)]


async def test_silent_node_has_another_one_asked_after_the_interval() -> None:
    nodes = Nodes(9, 9, 0.5)
    assert await nodes.ask() == 2
    assert nodes.asked == [(0, 0), (1, 1), (2, 2)]
    assert now() == 2.5
    assert nodes.cancelled == [0, 1]


async def test_late_answer_of_the_first_node_wins_if_it_comes_first() -> None:
    assert await Nodes(1.5, 9).ask() == 0


async def test_failure_is_returned_if_nobody_else_waits() -> None:
    nodes = Nodes(0.1, 0, failing=[0])
    assert await nodes.ask() is REFUSED
    assert nodes.asked == [(0, 0)]


async def test_failure_while_another_attempt_waits_does_not_end_the_round() -> None:
    nodes = Nodes(3.5, 0.2, failing=[1])
    assert await nodes.ask() == 0
    # Node 1 is asked again, but not more often than once an interval.
    assert nodes.asked == [(0, 0), (1, 1), (1, 2), (1, 3)]


async def test_last_failure_is_returned_when_all_have_failed() -> None:
    assert await Nodes(2.5, 1, failing=[0, 1]).ask() is REFUSED


async def test_round_without_an_answer_ends_in_time() -> None:
    nodes = Nodes(99, 99)
    assert await nodes.ask(until=5.0) is None
    assert now() == 5.0
    assert nodes.cancelled == [0, 1]


async def test_without_an_interval_one_node_is_asked() -> None:
    nodes = Nodes(9, 0)
    assert await nodes.ask(interval=None) == 0
    assert nodes.asked == [(0, 0)]


async def test_round_without_nodes_says_so() -> None:
    assert isinstance(await Nodes().ask(), NoNodeToAskError)


async def test_cancelled_round_cancels_its_attempts() -> None:
    nodes = Nodes(9, 9)
    asking = asyncio.ensure_future(nodes.ask())
    await asyncio.sleep(1.5)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert nodes.cancelled == [0, 1]
