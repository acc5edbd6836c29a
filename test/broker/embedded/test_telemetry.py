"""Metrics that clients push to the embedded cluster (KIP-714)."""

from __future__ import annotations

import gzip
from uuid import UUID

import pytest

from kafka.errors import (
    BrokerResponseError,
    InvalidRecordError,
    InvalidRequestError,
    TelemetryTooLargeError,
    ThrottlingQuotaExceededError,
    UnknownSubscriptionIdError,
    UnsupportedCompressionTypeError,
)
from kafka.protocol.messages.api_versions import ApiVersionsRequest
from kafka.protocol.messages.get_telemetry_subscriptions import (
    GetTelemetrySubscriptionsRequest,
    GetTelemetrySubscriptionsResponse,
)
from kafka.protocol.messages.push_telemetry import PushTelemetryRequest
from kafka.protocol.schema import ZERO_UUID
from kafka.testing import EmbeddedCluster
from kafka.testing.broker.telemetry import Push, Telemetry
from test.support.configs import CLIENT_METRICS, SET, change
from test.support.embedded import cluster_and_client
from test.support.raw_client import RawClient

Subscription = GetTelemetrySubscriptionsResponse
GZIP = 1


async def subscription(client: RawClient, instance_id: UUID = ZERO_UUID) -> Subscription:
    return await client.send(GetTelemetrySubscriptionsRequest(client_instance_id=instance_id), 0)


async def push(
    client: RawClient,
    found: Subscription,
    metrics: bytes = b"m",
    *,
    codec: int = 0,
    terminating: bool = False,
    subscription_id: int | None = None,
) -> int:
    request = PushTelemetryRequest(
        client_instance_id=found.client_instance_id,
        subscription_id=found.subscription_id if subscription_id is None else subscription_id,
        terminating=terminating,
        compression_type=codec,
        metrics=metrics,
    )
    return (await client.send(request, 0)).error_code


def pushes(cluster: EmbeddedCluster) -> list[Push]:
    return cluster.control.servers[0].broker.state.component(Telemetry).pushes


async def subscribe(client: RawClient, name: str = "m", **configs: str) -> None:
    changes = [(key.replace("_", "."), SET, value) for key, value in configs.items()]
    assert (await change(client, CLIENT_METRICS, name, *changes))[0] == 0


async def test_a_client_without_id_gets_one() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (_, client):
        found = await subscription(client)
        other = await subscription(client)
        assert found.client_instance_id not in {ZERO_UUID, other.client_instance_id}
        assert (found.push_interval_ms, found.requested_metrics) == (300_000, [])
        assert found.accepted_compression_types == [4, 3, 1, 2]
        assert (found.telemetry_max_bytes, found.delta_temporality) == (1 << 20, True)


async def test_subscriptions_are_put_together() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (_, client):
        await subscribe(client, "a", interval_ms="2000", metrics="x,y")
        await subscribe(client, "b", interval_ms="1000", metrics="y,z")
        found = await subscription(client)
        assert (found.push_interval_ms, found.requested_metrics) == (1000, ["x", "y", "z"])


@pytest.mark.parametrize(
    ("match", "metrics"),
    [
        ("", ["*"]),
        ("client_id=ra.", ["*"]),
        ("client_id=r", []),
        ("client_software_name=raw,client_software_version=1", ["*"]),
        ("client_software_name=raw,client_software_version=2", []),
        ("client_source_address=nowhere", []),
    ],
)
async def test_a_subscription_selects_clients(match: str, metrics: list[str]) -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (_, client):
        await client.send(
            ApiVersionsRequest(client_software_name="raw", client_software_version="1"), 3
        )
        await subscribe(client, match=match, metrics="x,*")
        assert (await subscription(client)).requested_metrics == metrics


async def test_pushes_are_kept_uncompressed() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (cluster, client):
        found = await subscription(client)
        assert await push(client, found, gzip.compress(b"metrics", mtime=0), codec=GZIP) == 0
        assert pushes(cluster) == [Push(found.client_instance_id, b"metrics", False)]


async def test_a_client_pushes_at_most_once_in_its_interval() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (cluster, client):
        found = await subscription(client)
        assert await push(client, found) == 0
        assert await push(client, found) == ThrottlingQuotaExceededError.errno
        cluster.advance(300)
        assert await push(client, found) == 0


async def test_a_subscription_is_asked_for_at_most_once_in_an_interval() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (cluster, client):
        found = await subscription(client)
        again = await subscription(client, found.client_instance_id)
        assert again.error_code == ThrottlingQuotaExceededError.errno
        cluster.advance(300)
        assert (await subscription(client, found.client_instance_id)).error_code == 0


async def test_a_client_told_to_ask_again_may_do_so_at_once() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (_, client):
        found = await subscription(client)
        await subscribe(client, metrics="*")
        assert await push(client, found) == UnknownSubscriptionIdError.errno
        again = await subscription(client, found.client_instance_id)
        assert (again.error_code, again.requested_metrics) == (0, ["*"])
        assert again.subscription_id != found.subscription_id


async def test_the_last_push_may_come_early_and_is_the_last() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (cluster, client):
        found = await subscription(client)
        await push(client, found)
        assert await push(client, found, terminating=True) == 0
        cluster.advance(300)
        assert await push(client, found, terminating=True) == InvalidRequestError.errno
        assert [each.is_terminating for each in pushes(cluster)] == [False, True]


@pytest.mark.parametrize(
    ("metrics", "codec", "error"),
    [
        (b"m", 9, UnsupportedCompressionTypeError),
        (b"m", GZIP, InvalidRecordError),
        (b"m" * 101, 0, TelemetryTooLargeError),
        (gzip.compress(b"m" * 101, mtime=0), GZIP, InvalidRecordError),
    ],
)
async def test_pushes_that_are_not_taken(
    metrics: bytes, codec: int, error: type[BrokerResponseError]
) -> None:
    async with cluster_and_client(
        EmbeddedCluster(telemetry=True, config={"telemetry.max.bytes": "100"})
    ) as (
        cluster,
        client,
    ):
        found = await subscription(client)
        assert await push(client, found, metrics, codec=codec) == error.errno
        assert pushes(cluster) == []


async def test_a_push_needs_an_instance_id() -> None:
    async with cluster_and_client(EmbeddedCluster(telemetry=True)) as (_, client):
        nobody = Subscription(client_instance_id=ZERO_UUID, subscription_id=1)
        assert await push(client, nobody) == InvalidRequestError.errno


async def advertised(cluster: EmbeddedCluster) -> set[int]:
    async with cluster_and_client(cluster) as (_, client):
        response = await client.send(ApiVersionsRequest(), 0)
    return {api.api_key for api in response.api_keys}


async def test_telemetry_is_advertised_only_if_asked_for() -> None:
    keys = {GetTelemetrySubscriptionsRequest.API_KEY, PushTelemetryRequest.API_KEY}
    assert not keys & await advertised(EmbeddedCluster())
    assert keys <= await advertised(EmbeddedCluster(telemetry=True))
    named = {GetTelemetrySubscriptionsRequest: (0, 0)}
    assert GetTelemetrySubscriptionsRequest.API_KEY in await advertised(
        EmbeddedCluster(api_versions=named)
    )
