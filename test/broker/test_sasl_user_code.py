"""Functions and token providers of users that fail, hang, or have another clock than the broker."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kafka.errors import SaslAuthenticationFailedError
from kafka.producer.async_producer import AsyncKafkaProducer
from kafka.producer.kafka import KafkaProducer
from kafka.protocol.messages.sasl_handshake import SaslHandshakeRequest
from test.support.connections import make_runtime
from test.support.sasl import unsecured_jwt
from test.support.sasl_clients import PASSWORD, Tokens, options, producing, secured


async def test_provider_that_fails_is_told_with_its_error() -> None:
    async with secured() as cluster:
        tokens = Tokens(60, lambda call: True)
        more = {"sasl_oauth_token_provider": tokens}
        producer = AsyncKafkaProducer(**options(cluster, "OAUTHBEARER", **more))
        with pytest.raises(SaslAuthenticationFailedError, match="the token service is down"):
            await producer.start()
        assert asyncio.get_running_loop().time() < 5
        assert tokens.calls >= 3


async def test_client_starts_if_its_provider_fails_twice_only() -> None:
    async with secured() as cluster:
        more = {"sasl_oauth_token_provider": Tokens(60, lambda call: call <= 2)}
        async with producing(cluster, "OAUTHBEARER", **more) as producer:
            await (await producer.send("t", b"x"))


class Hanging:
    """A password function of which some calls do not return before the end."""

    def __init__(self, *hanging: int) -> None:
        self._hanging = hanging
        self._released = threading.Event()
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls in self._hanging:
            self._released.wait()
        return PASSWORD

    def release(self) -> None:
        self._released.set()


@pytest.mark.parametrize("hanging", [(1,), (3,)], ids=["at the start", "at a renewal"])
def test_password_function_that_hangs_is_called_again(hanging: tuple[int, ...]) -> None:
    password = Hanging(*hanging)
    more = {"sasl_plain_password": password, "request_timeout_ms": 300}
    try:
        with (
            secured(connections_max_reauth_ms=1000) as cluster,
            KafkaProducer(**options(cluster, "PLAIN", **more)) as producer,
        ):
            while password.calls <= max(hanging):
                producer.send("t", b"x").get(60)
            producer.send("t", b"x").get(60)
    finally:
        password.release()


@pytest.mark.virtual_time
@pytest.mark.parametrize("left", [-300, 5])
async def test_client_whose_clock_is_ahead_renews_as_the_broker_says(
    left: float, caplog: pytest.LogCaptureFixture
) -> None:
    wall = make_runtime().clock.wall

    class Token:
        token = unsecured_jwt("alice", wall() + 7200)

        @property
        def expires_at_ms(self) -> float:
            return (wall() + left) * 1000

    class Provider:
        def token(self) -> Token:
            return Token()

    async with secured(connections_max_reauth_ms=600_000) as cluster:
        more = {"sasl_oauth_token_provider": Provider(), "connections_max_idle_ms": 10_000_000}
        async with producing(cluster, "OAUTHBEARER", **more) as producer:
            await (await producer.send("t", b"x"))
            handshakes = cluster.count(SaslHandshakeRequest)
            await asyncio.sleep(3600)
            assert cluster.count(SaslHandshakeRequest) - handshakes in (6, 7)
    assert len([text for text in caplog.messages if "clock" in text]) == 1
