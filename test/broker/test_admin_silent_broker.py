"""One broker of three is silent: calls in several steps do for the others what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from kafka.admin import ConfigResource
from kafka.aio import AsyncKafkaAdminClient
from kafka.errors import KafkaError, KafkaTimeoutError, NoError
from kafka.structs import OffsetSpec, TopicPartition
from kafka.testing import EmbeddedCluster
from test.support.admins import admin_of
from test.support.stage import cluster_of

pytestmark = pytest.mark.virtual_time

LIMIT = 4000
SILENT = 1
TOPIC = ConfigResource("TOPIC", "t", {"retention.ms": "7"})
BROKER = ConfigResource("BROKER", str(SILENT), {"log.cleaner.threads": "2"})


class Scene(NamedTuple):
    """A cluster with a broker that is silent.

    Attributes:
        cluster: all brokers.
        admin: a client with a deadline of four seconds.
        of_silent: a group that the silent broker coordinates.
        of_others: a group of each of the others.
    """

    cluster: EmbeddedCluster
    admin: AsyncKafkaAdminClient
    of_silent: str
    of_others: list[str]


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    async with (
        cluster_of(3, topics={"t": 3}) as cluster,
        admin_of(cluster, request_timeout_ms=1000, default_api_timeout_ms=LIMIT) as admin,
    ):
        groups = {}
        living = [TopicPartition("t", n) for n in range(3) if n != SILENT]
        for number in range(12):
            await admin.alter_group_offsets(f"g{number}", dict.fromkeys(living, 0))
        for node in range(3):
            groups[node] = (await admin.list_groups([node]))[0]["group_id"]
        cluster.freeze(SILENT)
        loop = asyncio.get_running_loop()
        start = loop.time()
        yield Scene(cluster, admin, groups.pop(SILENT), list(groups.values()))
        assert loop.time() - start <= LIMIT / 1000 + 0.25


async def test_groups_of_the_others_are_described() -> None:
    async with scene() as on:
        with pytest.raises(KafkaTimeoutError) as caught:
            await on.admin.describe_groups([on.of_silent, *on.of_others])
        assert [caught.value.results[name]["group_state"] for name in on.of_others] == ["Empty"] * 2
        assert set(caught.value.errors) == {on.of_silent}


async def test_lag_of_the_others_is_told() -> None:
    async with scene() as on:
        lag = await on.admin.list_group_lag([on.of_silent, *on.of_others], raise_errors=False)
        assert list(lag) == on.of_others
        assert all(set(found.values()) == {0} for found in lag.values())
        assert set(lag.errors) == {on.of_silent}


async def test_configs_of_what_the_others_answer_for_are_altered() -> None:
    async with scene() as on:
        result = await on.admin.alter_configs([TOPIC, BROKER])
        assert result["topic"] == {"t": "OK"}
        assert "attempts" in result["broker"][str(SILENT)]


@pytest.mark.parametrize("incremental", [True, False])
async def test_configs_that_nobody_could_describe_tell_why(incremental: bool) -> None:
    async with scene() as on:
        for node in range(3):
            on.cluster.freeze(node)
        with pytest.raises(KafkaTimeoutError, match=r"no answer in 4\.0 s, after \d attempts"):
            await on.admin.alter_configs([TOPIC], incremental=incremental)


async def test_a_config_that_nobody_knows_is_refused_before_anything_is_altered() -> None:
    wrong = ConfigResource("TOPIC", "t", {"retention.mss": "7"})
    async with scene() as on:
        with pytest.raises(ValueError, match=r"retention\.mss"):
            await on.admin.alter_configs([wrong])


async def test_partitions_of_the_others_are_reset() -> None:
    async with scene() as on:
        specs = dict.fromkeys((TopicPartition("t", n) for n in range(3)), OffsetSpec.LATEST)
        with pytest.raises(KafkaTimeoutError) as caught:
            await on.admin.reset_group_offsets(on.of_others[0], specs)
        reset = caught.value.results
        assert len(reset) == 2
        assert {found["error"] for found in reset.values()} == {NoError}
        assert len(caught.value.errors) == 1


async def test_transactions_of_the_others_are_looked_through() -> None:
    async with scene() as on:
        found = await on.admin.find_hanging_transactions(raise_errors=False)
        assert found == []
        assert found.errors
        assert all(isinstance(error, KafkaError) for error in found.errors.values())
        assert any(getattr(key, "topic", None) == "t" for key in found.results)
