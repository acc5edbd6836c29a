"""Coordinators: found by any broker, looked up again when they move, fall silent or are lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    BrokerResponseError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaConnectionError,
    KafkaError,
    NotCoordinatorError,
    UnknownServerError,
    UnsupportedVersionError,
)
from kafka.net.coordinator_link import CoordinatorLink, KeyType
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from kafka.protocol.messages.list_groups import ListGroupsRequest
from kafka.testing.broker.faults import Disconnect, DropResponse, Fail
from test.support.network import connected
from test.support.stage import asked, cluster_of, inject_each

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kafka.net.network_client import NetworkClient
    from kafka.testing import EmbeddedCluster


class Stage:
    """A link to the coordinator of the group ``g``, and what it has told its listener."""

    def __init__(self, cluster: EmbeddedCluster, client: NetworkClient, link: CoordinatorLink):
        self.cluster = cluster
        self.client = client
        self.link = link
        self.told: list[int | KafkaError | None] = []
        self._came = asyncio.Event()
        link.on_coordinator.append(self._on_coordinator)

    def _on_coordinator(self, node_id: int | None, error: KafkaError | None, now: float) -> None:
        self.told.append(node_id if error is None else error)
        assert now == asyncio.get_running_loop().time()
        self._came.set()

    async def found(self) -> int | KafkaError | None:
        """Wait for the next thing that the listener is told."""
        await self._came.wait()
        self._came.clear()
        return self.told[-1]

    async def heartbeat(self, seconds: float = 30.0) -> HeartbeatResponse:
        return await self.link.send(
            HeartbeatRequest(group_id="g"), channel="group", timeout=seconds
        )


@asynccontextmanager
async def stage(nodes: int = 2, **options: object) -> AsyncIterator[Stage]:
    async with (
        cluster_of(nodes, **options) as cluster,
        connected(cluster.bootstrap_servers) as client,
    ):
        cluster.move_coordinator("group", "g", nodes - 1)
        yield Stage(cluster, client, CoordinatorLink(client, "g"))


async def test_coordinator_is_found_and_told() -> None:
    async with stage() as on:
        on.link.find()
        assert await on.found() == 1
        assert on.link.node_id == 1
        assert on.told == [1]


async def test_asking_again_while_it_is_looked_up_changes_nothing() -> None:
    async with stage() as on:
        on.link.find()
        on.link.find()
        await on.found()
        assert on.cluster.count(FindCoordinatorRequest) == 1


@pytest.mark.parametrize("version", ["0.11", "1.1", "2.8", "4.4"])
async def test_every_shape_of_the_question_is_understood(version: str) -> None:
    async with stage(version=version) as on:
        on.link.find()
        assert await on.found() == 1


async def test_transactional_id_has_a_coordinator_too() -> None:
    async with stage() as on:
        on.cluster.move_coordinator("transaction", "t", 0)
        link = CoordinatorLink(on.client, "t", KeyType.TRANSACTION)
        await link.send(ListGroupsRequest(), channel="txn", timeout=30.0)
        assert repr(link) == "<CoordinatorLink transaction=t IDLE node=0>"


@pytest.mark.parametrize(
    "error",
    [
        CoordinatorNotAvailableError,
        CoordinatorLoadInProgressError,
        NotCoordinatorError,
        UnknownServerError,
    ],
)
async def test_coordinator_that_is_not_there_yet_is_asked_for_with_back_off(
    error: type[BrokerResponseError],
) -> None:
    async with stage() as on:
        on.cluster.inject(FindCoordinatorRequest, Fail(error), times=5)
        on.link.find()
        assert await on.found() == 1
        assert on.told == [1]
        assert on.cluster.count(FindCoordinatorRequest) == 6


async def test_lost_answers_and_connections_cost_nothing_but_time() -> None:
    async with stage() as on:
        inject_each(
            on.cluster, FindCoordinatorRequest, DropResponse(), Disconnect(), Disconnect(True)
        )
        on.link.find()
        assert await on.found() == 1


async def test_missing_permission_is_final() -> None:
    async with stage() as on:
        on.cluster.fail(FindCoordinatorRequest, GroupAuthorizationFailedError)
        on.link.find()
        error = await on.found()
        assert isinstance(error, GroupAuthorizationFailedError)
        assert "group=g" in str(error)
        assert on.link.node_id is None
        on.link.find()
        assert await on.found() == 1


async def test_broker_without_groups_is_named() -> None:
    async with stage(api_versions={FindCoordinatorRequest: None}) as on:
        on.link.find()
        assert isinstance(await on.found(), UnsupportedVersionError)


async def test_request_goes_to_the_coordinator_which_is_looked_up_first() -> None:
    async with stage() as on:
        assert (await on.heartbeat()).error_code != 0
        assert len(asked(on.cluster, HeartbeatRequest, node_id=1)) == 1
        await on.heartbeat()
        assert on.cluster.count(FindCoordinatorRequest) == 1


async def test_final_error_reaches_whoever_sends_and_no_listener() -> None:
    async with stage() as on:
        on.cluster.fail(FindCoordinatorRequest, GroupAuthorizationFailedError)
        with pytest.raises(GroupAuthorizationFailedError):
            await on.heartbeat()
        assert on.told == []


async def test_request_gives_up_in_time_and_says_why_and_the_search_ends_with_it() -> None:
    async with stage() as on:
        on.cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=None)
        started = asyncio.get_running_loop().time()
        with pytest.raises(CoordinatorNotAvailableError, match=r"3\.0 s.*CoordinatorNotAvailable"):
            await on.heartbeat(3.0)
        assert asyncio.get_running_loop().time() == started + 3.0
        count = on.cluster.count(FindCoordinatorRequest)
        await asyncio.sleep(60)
        assert on.cluster.count(FindCoordinatorRequest) == count


async def test_search_that_somebody_else_wants_goes_on() -> None:
    async with stage() as on:
        on.cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=20)
        on.link.find()
        with pytest.raises(CoordinatorNotAvailableError):
            await on.heartbeat(1.0)
        assert await on.found() == 1


async def test_search_that_was_given_up_does_not_hinder_the_next() -> None:
    async with stage() as on:
        on.cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=4)
        with pytest.raises(CoordinatorNotAvailableError):
            await on.heartbeat(0.0)
        await on.heartbeat()
        assert on.link.node_id == 1


async def test_moved_coordinator_is_found_when_it_is_looked_up_again() -> None:
    async with stage() as on:
        await on.heartbeat()
        on.cluster.move_coordinator("group", "g", 0)
        assert (await on.heartbeat()).error_code == NotCoordinatorError.errno
        on.link.find()
        assert on.link.node_id is None
        await on.heartbeat()
        assert on.told == [1, 0]


async def test_coordinator_that_falls_silent_is_left_for_its_successor() -> None:
    async with stage() as on:
        await on.heartbeat()
        on.cluster.inject(HeartbeatRequest, DropResponse(), node_id=1)
        sending = asyncio.ensure_future(on.heartbeat())
        await asyncio.sleep(5)
        on.cluster.move_coordinator("group", "g", 0)
        with pytest.raises(NotCoordinatorError, match="node 1 was silent, and node 0"):
            await sending
        assert asyncio.get_running_loop().time() < 15
        assert on.told == [1, 0]
        await on.heartbeat()
        assert len(asked(on.cluster, HeartbeatRequest, node_id=0)) == 1


async def test_slow_coordinator_that_stays_coordinator_is_waited_for() -> None:
    async with stage() as on:
        on.cluster.inject(HeartbeatRequest, DropResponse(), node_id=1)
        with pytest.raises(KafkaError, match="after 20"):
            await on.heartbeat(20.0)
        assert on.told == [1]
        assert on.cluster.count(FindCoordinatorRequest) <= 7


async def test_lost_connection_is_the_business_of_whoever_sends() -> None:
    async with stage() as on:
        on.cluster.inject(HeartbeatRequest, Disconnect())
        with pytest.raises(KafkaConnectionError):
            await on.heartbeat()
        await on.heartbeat()


async def test_closed_client_ends_the_wait_for_a_coordinator() -> None:
    async with stage() as on:
        on.cluster.fail(FindCoordinatorRequest, CoordinatorNotAvailableError, times=None)
        sending = asyncio.ensure_future(on.heartbeat())
        await asyncio.sleep(1)
        await on.client.close()
        with pytest.raises(IllegalStateError, match="closed"):
            await sending
