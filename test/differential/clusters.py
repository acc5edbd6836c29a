"""The two sides of a comparison: Apache Kafka, and the embedded cluster speaking like it.

Both have one broker with two listeners, an authorizer that lets the anonymous user do everything,
and the same users.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from kafka.protocol.messages.alter_user_scram_credentials import AlterUserScramCredentialsRequest
from kafka.protocol.messages.find_coordinator import FindCoordinatorRequest
from kafka.protocol.messages.init_producer_id import InitProducerIdRequest
from kafka.protocol.messages.offset_fetch import OffsetFetchRequest
from kafka.testing import EmbeddedCluster, Listener
from test.support.apache_kafka import KafkaCluster
from test.support.raw_client import RawClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Release of Apache Kafka -> release the embedded cluster speaks like.
RELEASES = {"4.4.0": "4.4", "3.9.2": "3.9"}
USERS = {"alice": "alice-secret"}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

_AUTHORIZER = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
}
_MODULES = "org.apache.kafka.common.security"
_SCRAM = f"{_MODULES}.scram.ScramLoginModule required;"
_PLAIN = " ".join(
    [
        f"{_MODULES}.plain.PlainLoginModule required",
        *(f'user_{name}="{secret}"' for name, secret in USERS.items()),
    ]
)
_SASL = {
    "listener.name.sasl.sasl.enabled.mechanisms": ",".join(MECHANISMS),
    "listener.name.sasl.plain.sasl.jaas.config": f"{_PLAIN};",
    "listener.name.sasl.scram-sha-256.sasl.jaas.config": _SCRAM,
    "listener.name.sasl.scram-sha-512.sasl.jaas.config": _SCRAM,
}
_NOT_READY = {14, 15, 16, 51}


class Side(NamedTuple):
    """Where to reach one side.

    Attributes:
        name: for messages.
        plain: ``host:port`` of every broker's open listener.
        sasl: ``host:port`` of every broker's listener with SASL.
        first_node: id of the first broker; answers are compared relative to it.
    """

    name: str
    plain: list[str]
    sasl: list[str]
    first_node: int


class Pair(NamedTuple):
    """The two sides of one release."""

    release: str
    real: Side
    embedded: Side


def real_cluster(release: str) -> KafkaCluster:
    """Return Apache Kafka, not yet started."""
    return KafkaCluster(
        release,
        properties=_AUTHORIZER | _SASL,
        listeners={"PLAINTEXT": "PLAINTEXT", "SASL": "SASL_PLAINTEXT"},
    )


def embedded_cluster(release: str) -> EmbeddedCluster:
    """Return the embedded cluster that speaks like *release*, not yet started."""
    return EmbeddedCluster(
        version=RELEASES[release],
        config={
            **_AUTHORIZER,
            "offsets.topic.num.partitions": "5",
            "transaction.state.log.num.partitions": "5",
            "group.initial.rebalance.delay.ms": "0",
        },
        listeners=[Listener(), Listener("SASL", mechanisms=MECHANISMS)],
        users=USERS,
    )


def real_side(release: str, cluster: KafkaCluster) -> Side:
    """Return the addresses of Apache Kafka."""
    name = f"Apache Kafka {release}"
    return Side(name, cluster.bootstrap_servers, cluster.listener("SASL"), cluster.nodes[0])


def embedded_side(release: str, cluster: EmbeddedCluster) -> Side:
    """Return the addresses of the embedded cluster."""
    name = f"embedded {RELEASES[release]}"
    return Side(name, cluster.addresses("PLAINTEXT"), cluster.addresses("SASL"), 0)


def pair_of(release: str, real: KafkaCluster, embedded: EmbeddedCluster) -> Pair:
    """Return both sides, with their coordinators at work."""
    pair = Pair(release, real_side(release, real), embedded_side(release, embedded))
    asyncio.run(_warm_up(pair))
    return pair


async def _warm_up(pair: Pair) -> None:
    """Let both sides make their internal topics, and forget the users made for convenience."""
    async with asyncio.timeout(180):
        for side in (pair.real, pair.embedded):
            client = await RawClient.connect(side.plain[0])
            await _forget_scram_users(client)
            await _until(lambda: _codes_of_coordinators(client))  # noqa: B023 - awaited here
            client.close()


async def _forget_scram_users(client: RawClient) -> None:
    """Delete the SCRAM credentials of the embedded cluster's users; Kafka answers 91 for none."""
    deletion = AlterUserScramCredentialsRequest.ScramCredentialDeletion
    deletions = [deletion(name=name, mechanism=mechanism) for name in USERS for mechanism in (1, 2)]
    for one in deletions:
        await client.send(AlterUserScramCredentialsRequest(deletions=[one]), 0)


async def _codes_of_coordinators(client: RawClient) -> set[int]:
    """Return the error codes of a few groups and transactional ids, enough for all partitions."""
    names = [f"warm-up-{index}" for index in range(20)]
    codes = set()
    for key_type in (0, 1):
        request = FindCoordinatorRequest(key_type=key_type, coordinator_keys=names)
        found = await client.send(request, 4)
        codes |= {coordinator.error_code for coordinator in found.coordinators}
    group = OffsetFetchRequest.OffsetFetchRequestGroup
    asked = OffsetFetchRequest(groups=[group(group_id=name, topics=None) for name in names])
    codes |= {one.error_code for one in (await client.send(asked, 8)).groups}
    for name in names:
        request = InitProducerIdRequest(transactional_id=name, transaction_timeout_ms=60_000)
        codes.add((await client.send(request, 4, seconds=30)).error_code)
    return codes


async def _until(codes: Callable[[], Awaitable[set[int]]]) -> None:
    while await codes() & _NOT_READY:  # noqa: ASYNC110 - only the brokers know
        await asyncio.sleep(0.2)
