"""Quotas of clients, and how they slow them down."""

from __future__ import annotations

import asyncio
import math

import pytest

from kafka.errors import (
    BrokerResponseError,
    ClusterAuthorizationFailedError,
    InvalidRequestError,
    UnsupportedVersionError,
)
from kafka.protocol.messages.alter_client_quotas import AlterClientQuotasRequest
from kafka.protocol.messages.describe_client_quotas import (
    DescribeClientQuotasRequest,
    DescribeClientQuotasResponse,
)
from kafka.protocol.messages.metadata import MetadataRequest
from kafka.testing import EmbeddedCluster
from test.support.embedded import batch, cluster_and_client, fetch_request, produce, produce_request
from test.support.raw_client import RawClient

Names = dict[str, str | None]
Found = list[tuple[Names, dict[str, float]]]
EXACT, DEFAULT, ANY = range(3)
RATE = "producer_byte_rate"
USER: Names = {"user": "u"}
BOTH: Names = {"user": None, "client-id": None}
CLIENT: Names = {"client-id": "c"}


async def alter(
    client: RawClient,
    names: Names,
    values: dict[str, float | None],
    *,
    validate_only: bool = False,
    version: int = 1,
) -> tuple[int, str | None]:
    entry = AlterClientQuotasRequest.EntryData(
        entity=[
            AlterClientQuotasRequest.EntityData(entity_type=kind, entity_name=name)
            for kind, name in names.items()
        ],
        ops=[
            AlterClientQuotasRequest.OpData(key=key, value=value or 0.0, remove=value is None)
            for key, value in values.items()
        ],
    )
    request = AlterClientQuotasRequest(entries=[entry], validate_only=validate_only)
    (result,) = (await client.send(request, version)).entries
    return result.error_code, result.error_message


async def describe(
    client: RawClient,
    *components: tuple[str, int, str | None],
    strict: bool = False,
    version: int = 1,
) -> DescribeClientQuotasResponse:
    request = DescribeClientQuotasRequest(
        components=[
            DescribeClientQuotasRequest.ComponentData(
                entity_type=kind, match_type=match_type, match=match
            )
            for kind, match_type, match in components
        ],
        strict=strict,
    )
    return await client.send(request, version)


def found(response: DescribeClientQuotasResponse) -> Found:
    assert (response.error_code, response.error_message) == (0, "")
    return [
        (
            {part.entity_type: part.entity_name for part in entry.entity},
            {each.key: each.value for each in entry.values},
        )
        for entry in response.entries or ()
    ]


@pytest.mark.parametrize("version", [0, 1])
async def test_quotas_are_set_and_removed(version: int) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        await alter(client, USER, {RATE: 10.0, "request_percentage": 0.5}, version=version)
        await alter(client, USER, {RATE: None}, version=version)
        assert found(await describe(client, version=version)) == [
            (USER, {"request_percentage": 0.5})
        ]
        await alter(client, USER, {"request_percentage": None})
        assert found(await describe(client)) == []


async def test_validating_a_quota_sets_none() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        assert await alter(client, USER, {RATE: 1.0}, validate_only=True) == (0, None)
        assert found(await describe(client)) == []


@pytest.mark.parametrize(
    ("components", "strict", "expected"),
    [
        ([], False, [USER, BOTH, CLIENT]),
        ([], True, []),
        ([("user", EXACT, "u")], False, [USER]),
        ([("user", DEFAULT, None)], False, [BOTH]),
        ([("user", ANY, None)], False, [USER, BOTH]),
        ([("user", ANY, None)], True, [USER]),
        ([("user", ANY, None), ("client-id", ANY, None)], True, [BOTH]),
        ([("client-id", EXACT, "c")], True, [CLIENT]),
        ([("ip", ANY, None)], False, []),
    ],
)
async def test_a_filter_selects_entities(
    components: list[tuple[str, int, str | None]],
    strict: bool,
    expected: list[Names],
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        for names in (USER, BOTH, CLIENT):
            await alter(client, names, {RATE: 1.0})
        response = await describe(client, *components, strict=strict)
        assert [names for names, _ in found(response)] == expected


@pytest.mark.parametrize(
    ("components", "error"),
    [
        ([("", ANY, None)], InvalidRequestError),
        ([("planet", ANY, None)], UnsupportedVersionError),
        ([("user", EXACT, None)], InvalidRequestError),
        ([("user", DEFAULT, "u")], InvalidRequestError),
        ([("user", ANY, "u")], InvalidRequestError),
        ([("user", 5, None)], InvalidRequestError),
        ([("user", ANY, None), ("user", ANY, None)], InvalidRequestError),
        ([("user", ANY, None), ("ip", ANY, None)], InvalidRequestError),
    ],
)
async def test_filters_that_make_no_sense(
    components: list[tuple[str, int, str | None]],
    error: type[BrokerResponseError],
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        response = await describe(client, *components)
        assert (response.error_code, response.entries) == (error.errno, None)


@pytest.mark.parametrize(
    ("names", "values", "message"),
    [
        ({}, {RATE: 1.0}, "Invalid empty client quota entity"),
        ({"planet": "x"}, {RATE: 1.0}, "Unhandled client quota entity type: planet"),
        ({"user": ""}, {RATE: 1.0}, "Empty user not supported"),
        ({"ip": "no!"}, {}, "no! is not a valid IP or resolvable host."),
        ({"ip": "::1"}, {RATE: 1.0}, "Invalid configuration key producer_byte_rate"),
        (USER, {"nope": 1.0}, "Invalid configuration key nope"),
        (USER, {RATE: -1.0}, "Quota producer_byte_rate must be greater than 0"),
        (USER, {RATE: 1.5}, "producer_byte_rate cannot be a fractional value."),
        (USER, {RATE: 1e30}, "Proposed value for producer_byte_rate is too large for a LONG."),
        (USER, {RATE: math.nan}, "Quota producer_byte_rate must be a finite number"),
    ],
)
async def test_quotas_that_are_refused(
    names: Names, values: dict[str, float | None], message: str
) -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        assert await alter(client, names, values) == (InvalidRequestError.errno, message)


async def test_of_two_changes_of_an_entity_the_first_is_made() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        entries = [
            AlterClientQuotasRequest.EntryData(
                entity=[AlterClientQuotasRequest.EntityData(entity_type="user", entity_name="u")],
                ops=[AlterClientQuotasRequest.OpData(key=RATE, value=value)],
            )
            for value in (1.0, 2.0)
        ]
        (result,) = (await client.send(AlterClientQuotasRequest(entries=entries), 1)).entries
        assert result.error_code == InvalidRequestError.errno
        assert found(await describe(client)) == [(USER, {RATE: 1.0})]


async def test_an_error_can_be_injected() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (cluster, client):
        cluster.fail(AlterClientQuotasRequest, ClusterAuthorizationFailedError)
        code, _ = await alter(client, USER, {RATE: 1.0})
        assert code == ClusterAuthorizationFailedError.errno


# -- throttling -----------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_a_producer_beyond_its_quota_has_to_wait() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        loop = asyncio.get_running_loop()
        records = batch(b"v" * 930)
        # The window is 10 s long at first, and what is beyond its 10 x 100 bytes takes its time.
        await alter(client, {"client-id": "raw"}, {RATE: 100.0})
        first = await client.send(produce_request("t", records), 9)
        second = await client.send(produce_request("t", records), 9)
        begin = loop.time()
        await client.send(MetadataRequest(), 9, seconds=100)
        assert first.throttle_time_ms == 0
        assert second.throttle_time_ms == pytest.approx(2 * len(records) * 10 - 10_000, abs=2)
        waited = loop.time() - begin
        assert waited == pytest.approx(second.throttle_time_ms / 1000, abs=0.1)


@pytest.mark.virtual_time
async def test_acks_0_is_throttled_without_an_answer() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        loop = asyncio.get_running_loop()
        await alter(client, {"client-id": "raw"}, {RATE: 10.0})
        begin = loop.time()
        client.post(produce_request("t", batch(b"v" * 1000), acks=0), 9)
        request = MetadataRequest()
        expected = client.post(request, 9)
        frame = await client.frame(seconds=1000)
        assert int.from_bytes(frame[:4]) == expected
        assert loop.time() - begin > 90


async def test_a_consumer_beyond_its_quota_has_to_wait() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await produce(client, "t", batch(b"v" * 2000))
        await alter(client, {"user": "ANONYMOUS"}, {"consumer_byte_rate": 100.0})
        response = await client.send(fetch_request("t", 0), 12)
        assert response.throttle_time_ms > 10_000


@pytest.mark.virtual_time
async def test_requests_are_throttled_for_a_second_at_most() -> None:
    async with cluster_and_client(EmbeddedCluster()) as (_, client):
        await alter(client, {"client-id": None}, {"request_percentage": 1e-5})
        response = await client.send(MetadataRequest(), 9)
        assert response.throttle_time_ms == 1000


async def test_other_clients_are_not_throttled() -> None:
    async with cluster_and_client(EmbeddedCluster(topics={"t": 1})) as (_, client):
        await alter(client, {"client-id": "other"}, {RATE: 1.0})
        response = await client.send(produce_request("t", batch(b"v" * 1000)), 9)
        assert response.throttle_time_ms == 0
