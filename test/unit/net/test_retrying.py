"""Which failures of a request are tried again, and when that ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kafka._base.backoff import ExponentialBackoff
from kafka._base.deadline import Deadline
from kafka._base.loop_clock import LoopClock
from kafka._base.observer import Observer
from kafka._base.runtime import Runtime
from kafka._base.supervisor import Supervisor
from kafka.errors import (
    AuthorizationError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotLeaderForPartitionError,
    RequestTimedOutError,
    SaslAuthenticationFailedError,
    UnknownServerError,
    UnsupportedVersionError,
)
from kafka.errors.verdict import Verdict
from kafka.net.endpoint import ConnectionKey
from kafka.net.node_states import NoNodeToAskError
from kafka.net.retrying import Retrying
from kafka.protocol.messages.list_groups import ListGroupsRequest, ListGroupsResponse

if TYPE_CHECKING:
    from collections.abc import Collection

    from kafka.protocol.schema import Message, Request

GOOD = ListGroupsResponse()


class Node:
    """A node whose answers are given in advance; without more of them it answers well.

    Attributes:
        asked_at: when it was asked.
        refreshed: how often metadata was asked for.
    """

    def __init__(self, *answers: KafkaError | ListGroupsResponse) -> None:
        self._answers = list(answers)
        self.asked_at: list[float] = []
        self.refreshed = 0
        self.refusal: KafkaError | None = None
        loop = asyncio.get_running_loop()
        spawn = Supervisor("test").spawn
        runtime = Runtime(
            LoopClock(loop), lambda low, high: (low + high) / 2, Observer(), spawn, lambda _: None
        )
        self.retrying = Retrying(
            self._send,
            runtime,
            backoff=ExponentialBackoff(0.1, 1.0),
            request_timeout=30.0,
            refresh=self._refresh,
            refusal=lambda: self.refusal,
        )

    # The signature of NetworkClient.send; the test sends one type of request only.
    async def _send(self, request: Request[Message], node_id: int, *, channel: str) -> Message:
        self.asked_at.append(asyncio.get_running_loop().time())
        answer = self._answers.pop(0) if self._answers else GOOD
        if isinstance(answer, KafkaError):
            raise answer
        return answer

    def _refresh(self) -> None:
        self.refreshed += 1

    async def ask(self, seconds: float = 60.0, **verdicts: Verdict) -> object:
        table = {UnknownServerError: verdicts["unknown"]} if verdicts else {}
        return await self.retrying.send(
            ListGroupsRequest(),
            choose_node,
            table,
            Deadline(asyncio.get_running_loop().time() + seconds),
            refusal=refusal,
        )


def choose_node(waiting: Collection[ConnectionKey]) -> ConnectionKey | None:
    return None if ConnectionKey(0) in waiting else ConnectionKey(0)


def refusal(response: Message) -> KafkaError | None:
    assert isinstance(response, ListGroupsResponse)
    return NotLeaderForPartitionError("moved") if response.error_code else None


@pytest.mark.parametrize(
    "error",
    [
        KafkaConnectionError("refused"),
        RequestTimedOutError("silent"),
        NoNodeToAskError("all back off"),
        NotLeaderForPartitionError("moved"),
    ],
)
async def test_failure_that_may_pass_is_tried_again_with_new_metadata(error: KafkaError) -> None:
    node = Node(error)
    assert await node.ask() is GOOD
    assert node.refreshed == 1
    assert node.asked_at == pytest.approx([0.0, 0.1])


@pytest.mark.parametrize(
    "error", [UnsupportedVersionError("too old"), AuthorizationError("no"), UnknownServerError("?")]
)
async def test_failure_that_stays_is_raised(error: KafkaError) -> None:
    node = Node(error)
    with pytest.raises(type(error)):
        await node.ask()
    assert len(node.asked_at) == 1
    assert node.refreshed == 0


async def test_nobody_is_asked_while_all_refuse_the_client() -> None:
    node = Node()
    node.refusal = SaslAuthenticationFailedError("wrong")
    with pytest.raises(SaslAuthenticationFailedError, match="wrong"):
        await node.ask()
    assert node.asked_at == []


async def test_row_of_the_table_overrules_the_class_of_an_error() -> None:
    node = Node(UnknownServerError("?"))
    assert await node.ask(unknown=Verdict.RETRY) is GOOD
    assert node.refreshed == 0


async def test_refused_response_counts_as_a_failure() -> None:
    node = Node(ListGroupsResponse(error_code=6))
    assert await node.ask() is GOOD
    assert node.refreshed == 1


async def test_attempts_back_off() -> None:
    node = Node(*[KafkaConnectionError("refused")] * 5)
    await node.ask()
    assert node.asked_at == pytest.approx([0.0, 0.1, 0.3, 0.7, 1.5, 2.5])


async def test_last_failure_is_the_cause_when_time_is_up() -> None:
    node = Node(*[KafkaConnectionError("refused")] * 99)
    with pytest.raises(KafkaTimeoutError, match=r"no broker answered ListGroups in time.*refused"):
        await node.ask(seconds=3.0)
    assert asyncio.get_running_loop().time() == pytest.approx(3.0)


async def test_lack_of_nodes_does_not_hide_the_failure_before_it() -> None:
    node = Node(KafkaConnectionError("refused"), *[NoNodeToAskError("all back off")] * 99)
    with pytest.raises(KafkaTimeoutError, match="refused"):
        await node.ask(seconds=3.0)


async def test_one_round_raises_what_went_wrong() -> None:
    node = Node(KafkaConnectionError("refused"))
    with pytest.raises(KafkaConnectionError):
        await node.retrying.send_once(ListGroupsRequest(), choose_node)
    assert len(node.asked_at) == 1
