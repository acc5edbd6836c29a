"""Members that a broker refuses, for once or for good; the async face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kafka.errors import (
    GroupAuthorizationFailedError,
    GroupMaxSizeReachedError,
    UnknownError,
)
from kafka.protocol.messages.consumer_group_heartbeat import ConsumerGroupHeartbeatRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.heartbeat import HeartbeatRequest
from kafka.protocol.messages.join_group import JoinGroupRequest
from kafka.protocol.messages.sync_group import SyncGroupRequest
from kafka.testing import Fail
from test.support.group_stories import (
    ALL,
    both_protocols,
    member,
    poll_until,
    with_records,
)
from test.support.stage import cluster_of

if TYPE_CHECKING:
    from kafka.errors import KafkaError


@both_protocols
async def test_a_group_that_may_not_be_used_is_an_error_of_each_poll(protocol: str) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        cluster.inject(FindCoordinatorRequest, Fail(GroupAuthorizationFailedError), times=None)
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            for _ in range(2):
                with pytest.raises(GroupAuthorizationFailedError):
                    await reader.poll(60_000)


@pytest.mark.parametrize(
    ("protocol", "request_"),
    [
        ("classic", JoinGroupRequest),
        ("classic", SyncGroupRequest),
        ("classic", HeartbeatRequest),
        ("consumer", ConsumerGroupHeartbeatRequest),
    ],
)
async def test_a_broker_that_fails_once_does_not_cost_the_membership(
    protocol: str, request_: type
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        cluster.inject(request_, Fail(UnknownError))
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            await poll_until(reader, lambda: reader.assignment() == ALL)
            await poll_until(reader, lambda: len(cluster.requests(request_)) > 1)
            assert reader.assignment() == ALL


@pytest.mark.parametrize(
    ("protocol", "request_", "error"),
    [
        ("classic", FindCoordinatorRequest, GroupAuthorizationFailedError),
        ("consumer", FindCoordinatorRequest, GroupAuthorizationFailedError),
        ("classic", JoinGroupRequest, GroupAuthorizationFailedError),
        ("classic", JoinGroupRequest, GroupMaxSizeReachedError),
        ("classic", SyncGroupRequest, GroupAuthorizationFailedError),
    ],
)
async def test_a_refusal_is_raised_once_and_the_next_poll_tries_again(
    protocol: str, request_: type, error: type[KafkaError]
) -> None:
    async with cluster_of() as cluster:
        with_records(cluster)
        cluster.inject(request_, Fail(error))
        async with member(cluster, protocol) as reader:
            reader.subscribe(["t"])
            with pytest.raises(error):
                await reader.poll(60_000)
            await poll_until(reader, lambda: reader.assignment() == ALL)
