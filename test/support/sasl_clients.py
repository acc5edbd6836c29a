"""Clients with SASL, and an embedded cluster that they authenticate to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.testing import EmbeddedCluster, Listener
from test.support.connections import make_runtime
from test.support.sasl import unsecured_jwt

MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")
PASSWORDS = MECHANISMS[:3]
NAME, PASSWORD = "al=i,ce", "wönder"


def secured(
    version: str = "4.4",
    mechanisms: tuple[str, ...] = MECHANISMS,
    *,
    brokers: int = 1,
    **config: object,
) -> EmbeddedCluster:
    """Return a cluster with one user and the topic ``t``; *config* is that of its brokers."""
    return EmbeddedCluster(
        brokers,
        version=version,
        topics={"t": 1},
        listeners=[Listener("SASL", mechanisms=mechanisms)],
        users={NAME: PASSWORD},
        config={name.replace("_", "."): str(value) for name, value in config.items()},
    )


class Tokens:
    """A provider whose tokens live so many seconds; *fails* says which of its calls do."""

    def __init__(self, life: float, fails: Callable[[int], bool] = lambda call: False) -> None:
        self._wall = make_runtime().clock.wall
        self._life = life
        self._fails = fails
        self.calls = 0

    def token(self) -> str:
        self.calls += 1
        if self._fails(self.calls):
            raise OSError("the token service is down")
        return unsecured_jwt("alice", self._wall() + self._life)


def options(cluster: EmbeddedCluster, mechanism: str, **more: object) -> dict[str, object]:
    """Return the options of a client."""
    found: dict[str, object] = {
        "bootstrap_servers": cluster.bootstrap_servers,
        "security_protocol": "sasl_plaintext",
        "sasl_mechanism": mechanism,
    }
    if mechanism != "OAUTHBEARER":
        found |= {"sasl_plain_username": NAME, "sasl_plain_password": PASSWORD}
    elif "sasl_oauth_token_provider" not in more:
        found["sasl_oauth_token_provider"] = Tokens(4)
    return {**found, **more}


@asynccontextmanager
async def producing(
    cluster: EmbeddedCluster, mechanism: str, **more: object
) -> AsyncIterator[AsyncKafkaProducer]:
    """Provide a producer that authenticates."""
    async with AsyncKafkaProducer(**options(cluster, mechanism, **more)) as producer:
        yield producer
